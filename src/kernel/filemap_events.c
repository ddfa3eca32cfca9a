/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An insert does not say why it happens. What a thread asked for is told by another event,
 * which for read(2) comes after the inserts; so inserts wait a moment for what explains
 * them. An insert that nothing asked for is readahead when the same thread asked for other
 * pages of the file at that time; else it was written, or came by readahead(2).
 */
#include "kernel/filemap_events.h"

#include "base/clock.h"
#include "base/xalloc.h"
#include "kernel/filemap_rings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RING_BYTES ((size_t)512 << 10)
#define ASKS       256
/* In a flood nothing waits for its cause longer than to the next look. */
#define MOST_WAITING 8192

enum kind {
	KIND_INSERT,
	KIND_DELETE,
	KIND_READ,
	KIND_FAULT,
	NR_KIND,
};

static const struct filemap_point kinds[NR_KIND] = {
	[KIND_INSERT] = { .event = "filemap/mm_filemap_add_to_page_cache", .wanted = true },
	[KIND_DELETE] = { .event = "filemap/mm_filemap_delete_from_page_cache", .wanted = true },
	[KIND_READ] = { .event = "filemap/mm_filemap_get_pages" },
	[KIND_FAULT] = { .event = "filemap/mm_filemap_fault" },
};

/* Pages that a thread wanted. */
struct ask {
	uint64_t t_ns, first, last;
	pid_t tid;
};

struct filemap_events {
	struct filemap_point points[NR_KIND];
	struct filemap_rings *rings;
	struct ask asks[ASKS]; /* a ring: the newest overwrites the oldest */
	size_t next_ask;
	struct cache_event *waiting; /* in the order in which they were read */
	size_t nr_waiting, room;
};

static int find_points(const struct host *host, struct filemap_events *events)
{
	struct filemap_point *read = &events->points[KIND_READ];
	int ret;

	memcpy(events->points, kinds, sizeof(kinds));
	ret = filemap_points_find(host, events->points, NR_KIND);
	read->exists = read->exists && read->last;
	return ret;
}

/* They begin when all of them are there: else an insert's reason might be missed. */
static int add_events(struct filemap_events *events, const struct file_key *key)
{
	char filter[FILEMAP_FILTER_LEN], others[FILEMAP_FILTER_LEN + 40];
	int ret = 0;

	filemap_filter(filter, key);
	/* The touches of kernel/ownmap.c, by this thread, ask for nothing. */
	snprintf(others, sizeof(others), "%s && common_pid != %d", filter, (int)gettid());
	for (int kind = 0; kind < NR_KIND && !ret; kind++)
		if (events->points[kind].exists)
			ret = filemap_rings_add(events->rings, &events->points[kind],
						kind == KIND_FAULT ? others : filter);
	return ret ? ret : filemap_rings_start(events->rings);
}

int filemap_events_open(const struct host *host, const struct file_key *key,
			struct filemap_events **out)
{
	struct filemap_events *events = xcalloc(1, sizeof(*events));
	int ret = find_points(host, events);

	if (!ret)
		ret = filemap_rings_new(host, RING_BYTES, &events->rings);
	if (!ret)
		ret = add_events(events, key);
	if (ret)
		filemap_events_close(events);
	else
		*out = events;
	return ret;
}

void filemap_events_close(struct filemap_events *events)
{
	if (!events)
		return;
	filemap_rings_free(events->rings);
	free(events->waiting);
	free(events);
}

static void take_ask(struct filemap_events *events, const struct perf_sample *sample,
		     uint64_t first, uint64_t last)
{
	events->asks[events->next_ask++ % ASKS] = (struct ask){
		.t_ns = sample->t_ns,
		.first = first,
		.last = last,
		.tid = sample->tid,
	};
}

static void take_move(struct filemap_events *events, const struct perf_sample *sample,
		      const struct filemap_point *point, bool inserted)
{
	uint64_t order = filemap_value(point->order, sample);

	if (order > 63)
		return;
	events->waiting = xgrow(events->waiting, events->nr_waiting, &events->room,
				sizeof(*events->waiting));
	events->waiting[events->nr_waiting++] = (struct cache_event){
		.t_ns = sample->t_ns,
		.inserted = inserted,
		.page = filemap_value(point->index, sample),
		.nr_pages = UINT64_C(1) << order,
		.nr_folios = 1,
		.order = (unsigned)order,
		.pfn = filemap_value(point->pfn, sample),
		.pid = sample->pid,
		.tid = sample->tid,
	};
}

static void take_sample(void *arg, const struct filemap_point *point,
			const struct perf_sample *sample)
{
	struct filemap_events *events = arg;
	enum kind kind = (enum kind)(point - events->points);
	uint64_t first = filemap_value(point->index, sample);

	if (kind == KIND_READ)
		take_ask(events, sample, first, filemap_value(point->last, sample));
	else if (kind == KIND_FAULT)
		take_ask(events, sample, first, first);
	else
		take_move(events, sample, point, kind == KIND_INSERT);
}

static bool is_near(uint64_t a_ns, uint64_t b_ns)
{
	return (a_ns > b_ns ? a_ns - b_ns : b_ns - a_ns) < CAUSE_WAIT_NS;
}

/* CAUSE_ASKED, or what else the thread's asks of that time make of an insert. */
static enum cache_cause cause_of(const struct filemap_events *events,
				 const struct cache_event *event)
{
	enum cache_cause cause = CAUSE_OTHER;

	for (size_t i = 0; i < ASKS && i < events->next_ask; i++) {
		const struct ask *ask = &events->asks[i];

		if (ask->tid != event->tid || !is_near(ask->t_ns, event->t_ns))
			continue;
		if (ask->first < event->page + event->nr_pages && ask->last >= event->page)
			return CAUSE_ASKED;
		cause = CAUSE_READAHEAD;
	}
	return cause;
}

static int by_time(const void *a, const void *b)
{
	const struct cache_event *x = a, *y = b;

	return (x->t_ns > y->t_ns) - (x->t_ns < y->t_ns);
}

/* Reads the rings, and marks in the grid what is new. Events lost so far. */
static uint64_t drain(struct filemap_events *events, struct cache_grid *grid, uint64_t now_ns)
{
	size_t nr_before = events->nr_waiting;
	uint64_t lost = filemap_rings_drain(events->rings, take_sample, events);

	for (size_t i = nr_before; grid && i < events->nr_waiting; i++)
		cache_grid_mark(grid, events->waiting[i].page, events->waiting[i].nr_pages,
				events->waiting[i].inserted ? CACHE_INSERTED : CACHE_EVICTED,
				now_ns);
	if (events->nr_waiting > nr_before)
		qsort(events->waiting, events->nr_waiting, sizeof(*events->waiting), by_time);
	return lost;
}

uint64_t filemap_events_each(struct filemap_events *events, bool last, struct cache_grid *grid,
			     filemap_events_fn *fn, void *arg)
{
	uint64_t now_ns = clock_mono_ns(), lost = drain(events, grid, now_ns);
	size_t kept = 0;

	for (size_t i = 0; i < events->nr_waiting; i++) {
		struct cache_event *event = &events->waiting[i];

		event->cause = event->inserted ? cause_of(events, event) : CAUSE_OTHER;
		/* A later ask can still explain what is young. Order is kept. */
		if (!last && events->nr_waiting <= MOST_WAITING &&
		    (kept || (now_ns - event->t_ns < CAUSE_WAIT_NS && event->inserted &&
			      event->cause != CAUSE_ASKED)))
			events->waiting[kept++] = *event;
		else
			fn(arg, event);
	}
	events->nr_waiting = kept;
	return lost;
}

static void add_to_log(void *arg, const struct cache_event *event)
{
	cache_log_add(arg, event);
}

void filemap_events_read(struct filemap_events *events, struct cache_log *log,
			 struct cache_grid *grid)
{
	log->lost = filemap_events_each(events, false, grid, add_to_log, log);
}
