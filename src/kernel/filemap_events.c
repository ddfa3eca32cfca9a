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
#include "kernel/perf_ring.h"
#include "kernel/tracefs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
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

struct kind_row {
	const char *event;
	bool wanted;
};

static const struct kind_row kinds[NR_KIND] = {
	[KIND_INSERT] = { "filemap/mm_filemap_add_to_page_cache", true },
	[KIND_DELETE] = { "filemap/mm_filemap_delete_from_page_cache", true },
	[KIND_READ] = { "filemap/mm_filemap_get_pages", false },
	[KIND_FAULT] = { "filemap/mm_filemap_fault", false },
};

struct tracepoint {
	bool exists;
	struct trace_event format;
	/* Its fields, NULL where it has none such. */
	const struct trace_field *index, *last, *pfn, *order;
};

/* A CPU's ring, and the events that write into it. */
struct cpu_ring {
	struct perf_ring *ring;
	int fds[NR_KIND]; /* -1: none */
};

/* Pages that a thread wanted. */
struct ask {
	uint64_t t_ns, first, last;
	pid_t tid;
};

struct filemap_events {
	struct tracepoint points[NR_KIND];
	struct cpu_ring *rings; /* one for each CPU that is on line */
	size_t nr_rings;
	struct ask asks[ASKS]; /* a ring: the newest overwrites the oldest */
	size_t next_ask;
	struct cache_event *waiting; /* in the order in which they were read */
	size_t nr_waiting, room;
};

#define SAMPLE_TYPE (PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_RAW)

/* 0, or -EPROTO where a field is missing without which it is of no use. */
static int find_fields(struct tracepoint *point, enum kind kind)
{
	point->index = trace_event_field(&point->format, "index");
	point->last = trace_event_field(&point->format, "last_index");
	point->pfn = trace_event_field(&point->format, "pfn");
	/* Without it (before Linux 6.4) every event is of one page. */
	point->order = trace_event_field(&point->format, "order");
	if (!point->index || !trace_event_field(&point->format, "i_ino") ||
	    !trace_event_field(&point->format, "s_dev") || (kind == KIND_READ && !point->last))
		return -EPROTO;
	return 0;
}

static int find_points(const struct host *host, struct filemap_events *events)
{
	int fd = tracefs_open(host), ret = 0;

	if (fd < 0)
		return fd;
	for (int kind = 0; kind < NR_KIND && !ret; kind++) {
		struct tracepoint *point = &events->points[kind];
		int found = tracefs_read_event(host, fd, kinds[kind].event, &point->format);

		if (!found)
			found = find_fields(point, (enum kind)kind);
		point->exists = !found;
		if (kinds[kind].wanted)
			ret = found;
	}
	close(fd);
	return ret;
}

static void close_ring(struct cpu_ring *ring)
{
	perf_ring_free(ring->ring);
	for (int kind = 0; kind < NR_KIND; kind++)
		if (ring->fds[kind] >= 0)
			close(ring->fds[kind]);
}

static int open_event(const struct host *host, const struct tracepoint *point, enum kind kind,
		      int cpu, const char *filter)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_TRACEPOINT,
		.size = sizeof(attr),
		.config = point->format.id,
		.sample_period = 1,
		.sample_type = SAMPLE_TYPE,
		.use_clockid = 1,
		.clockid = CLOCK_MONOTONIC,
		.disabled = 1,
	};
	int fd = perf_open(host, &attr, -1, cpu), ret;
	char others[160];

	if (fd < 0)
		return fd;
	/* The touches of kernel/ownmap.c, by this thread, ask for nothing. */
	if (kind == KIND_FAULT) {
		snprintf(others, sizeof(others), "%s && common_pid != %d", filter, (int)gettid());
		filter = others;
	}
	ret = host_ioctl(host, fd, PERF_EVENT_IOC_SET_FILTER, (void *)(uintptr_t)filter);
	if (ret >= 0)
		return fd;
	close(fd);
	return ret;
}

/* The ring of one CPU; its events begin when all of them write into it. */
static int open_ring(const struct host *host, const struct filemap_events *events, int cpu,
		     const char *filter, struct cpu_ring *ring)
{
	int ret = 0;

	for (int kind = 0; kind < NR_KIND; kind++)
		ring->fds[kind] = -1;
	ring->ring = NULL;
	for (int kind = 0; kind < NR_KIND && ret >= 0; kind++) {
		if (!events->points[kind].exists)
			continue;
		ret = ring->fds[kind] = open_event(host, &events->points[kind], (enum kind)kind,
						   cpu, filter);
		if (ret < 0)
			break;
		ret = kind == KIND_INSERT
			      ? perf_ring_new(ring->fds[kind], RING_BYTES, &ring->ring)
			      : perf_share(host, ring->fds[kind], ring->fds[KIND_INSERT]);
	}
	for (int kind = 0; kind < NR_KIND && ret >= 0; kind++)
		if (ring->fds[kind] >= 0)
			ret = host_ioctl(host, ring->fds[kind], PERF_EVENT_IOC_ENABLE, NULL);
	if (ret < 0)
		close_ring(ring);
	return ret < 0 ? ret : 0;
}

int filemap_events_open(const struct host *host, const struct file_key *key,
			struct filemap_events **out)
{
	struct filemap_events *events = xcalloc(1, sizeof(*events));
	long nr_cpus = sysconf(_SC_NPROCESSORS_CONF);
	char filter[96];
	int ret = find_points(host, events);

	/* The kernel's own device number has 20 bits of minor (include/linux/kdev_t.h). */
	snprintf(filter, sizeof(filter), "i_ino == %llu && s_dev == %u",
		 (unsigned long long)key->inode, key->dev_major << 20 | key->dev_minor);
	events->rings = xcalloc(nr_cpus > 0 ? (size_t)nr_cpus : 1, sizeof(*events->rings));
	for (long cpu = 0; cpu < nr_cpus && !ret; cpu++) {
		ret = open_ring(host, events, (int)cpu, filter, &events->rings[events->nr_rings]);
		if (!ret)
			events->nr_rings++;
		else if (ret == -ENODEV)
			ret = 0; /* a CPU that is off line */
	}
	if (!ret && !events->nr_rings)
		ret = -ENODEV;
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
	for (size_t i = 0; i < events->nr_rings; i++)
		close_ring(&events->rings[i]);
	free(events->rings);
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

static uint64_t value_of(const struct trace_field *field, const struct perf_sample *sample)
{
	return trace_field_value(field, sample->raw, sample->raw_len_bytes);
}

static void take_move(struct filemap_events *events, const struct perf_sample *sample,
		      const struct tracepoint *point, bool inserted)
{
	uint64_t order = value_of(point->order, sample);

	if (order > 63)
		return;
	events->waiting = xgrow(events->waiting, events->nr_waiting, &events->room,
				sizeof(*events->waiting));
	events->waiting[events->nr_waiting++] = (struct cache_event){
		.t_ns = sample->t_ns,
		.inserted = inserted,
		.page = value_of(point->index, sample),
		.nr_pages = UINT64_C(1) << order,
		.nr_folios = 1,
		.order = (unsigned)order,
		.pfn = value_of(point->pfn, sample),
		.pid = sample->pid,
		.tid = sample->tid,
	};
}

static void take_record(void *arg, const struct perf_event_header *header)
{
	struct filemap_events *events = arg;
	struct perf_sample sample;
	uint16_t type;

	if (!perf_parse_sample(header, SAMPLE_TYPE, &sample) || !sample.raw ||
	    sample.raw_len_bytes < sizeof(type))
		return;
	memcpy(&type, sample.raw, sizeof(type)); /* common_type: the tracepoint's number */
	for (int kind = 0; kind < NR_KIND; kind++) {
		const struct tracepoint *point = &events->points[kind];

		if (!point->exists || point->format.id != type)
			continue;
		if (kind == KIND_READ)
			take_ask(events, &sample, value_of(point->index, &sample),
				 value_of(point->last, &sample));
		else if (kind == KIND_FAULT)
			take_ask(events, &sample, value_of(point->index, &sample),
				 value_of(point->index, &sample));
		else
			take_move(events, &sample, point, kind == KIND_INSERT);
	}
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
	uint64_t lost = 0;

	for (size_t i = 0; i < events->nr_rings; i++) {
		perf_ring_drain(events->rings[i].ring, 0, take_record, events);
		lost += perf_ring_lost(events->rings[i].ring);
	}
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
