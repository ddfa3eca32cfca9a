/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * By the tracepoints of filemap where they may be used; else by looking ten times a second at
 * what is cached. What was there and gone between two looks is then not seen.
 */
#include "cmd/cache_watch.h"

#include "base/clock.h"
#include "base/text.h"
#include "cmd/cmd.h"
#include "kernel/filemap_events.h"
#include "out/cache_watch.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ROUND_NS   (NS_PER_S / 10)
#define MOST_CELLS 4096

struct watch {
	const struct host *host;
	bool json;
	struct filecache *file;
	struct filemap_events *events; /* NULL: by difference */
	enum why events_why;
	uint64_t began_ns;
	struct cache_info first, now;
	struct cache_info before; /* with cells, for the difference */
	struct cache_event last;  /* what may go on; nr_pages 0: none */
	struct cache_watch_summary summary;
};

static volatile sig_atomic_t interrupted;

static void note_interrupt(int number)
{
	interrupted = number;
}

/* A second one ends the program, should a file system hold it. */
static void heed_signals(void)
{
	const struct sigaction action = { .sa_handler = note_interrupt, .sa_flags = SA_RESETHAND };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

static void flush_last(struct watch *watch)
{
	const struct cache_event *last = &watch->last;

	if (last->nr_pages)
		out_cache_watch_event(
			stdout, watch->json,
			last->t_ns > watch->began_ns ? last->t_ns - watch->began_ns : 0, last);
	watch->last.nr_pages = 0;
}

static void take_event(void *arg, const struct cache_event *event)
{
	struct watch *watch = arg;

	if (event->inserted) {
		watch->summary.inserted[event->cause] += event->nr_pages;
		watch->summary.came += event->nr_pages;
	} else {
		watch->summary.evicted += event->nr_pages;
		watch->summary.went += event->nr_pages;
	}
	if (watch->last.nr_pages && cache_event_join(&watch->last, event))
		return;
	flush_last(watch);
	watch->last = *event;
}

static void flush_difference(struct watch *watch, struct cache_difference *difference)
{
	if (difference->nr_pages)
		out_cache_watch_difference(stdout, watch->json, clock_mono_ns() - watch->began_ns,
					   difference);
	difference->nr_pages = 0;
}

/* Neighbours that changed the same way share a line. */
static void take_difference(struct watch *watch, struct cache_difference *last, uint64_t page,
			    const struct cache_counts *before, const struct cache_counts *now)
{
	bool more = now->cached > before->cached;

	if (now->cached == before->cached)
		return;
	if (more)
		watch->summary.came += now->cached - before->cached;
	else
		watch->summary.went += before->cached - now->cached;
	if (last->page + last->nr_pages != page || more != (last->now > last->before))
		flush_difference(watch, last);
	if (!last->nr_pages)
		*last = (struct cache_difference){ .page = page };
	last->nr_pages += now->pages;
	last->before += before->cached;
	last->now += now->cached;
}

/* Prints what has changed, and keeps the new counts. 0 or -errno. */
static int compare(struct watch *watch)
{
	struct cache_info *before = &watch->before, now;
	struct cache_difference last = { 0 };
	int ret = filecache_read(watch->file, MOST_CELLS, &now);
	size_t nr;

	if (ret)
		return ret;
	/* A file that has grown much has other cells: what changed just then is not told. */
	nr = now.why == WHY_OK && before->pages_per_cell == now.pages_per_cell ? now.nr_cells : 0;
	for (size_t i = 0; i < nr && i < before->nr_cells; i++)
		take_difference(watch, &last, i * now.pages_per_cell, &before->cells[i],
				&now.cells[i]);
	flush_difference(watch, &last);
	cache_info_clear(before);
	*before = now;
	return 0;
}

static int look(struct watch *watch, bool last)
{
	if (!watch->events)
		return compare(watch);
	watch->summary.lost = filemap_events_each(watch->events, last, NULL, take_event, watch);
	if (last)
		flush_last(watch);
	return 0;
}

static void wait_round(uint64_t until_ns)
{
	uint64_t now_ns = clock_mono_ns(), next_ns = now_ns + ROUND_NS;
	struct timespec until;

	if (until_ns < next_ns)
		next_ns = until_ns;
	until = (struct timespec){ (time_t)(next_ns / NS_PER_S), (long)(next_ns % NS_PER_S) };
	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
}

static int open_events(struct watch *watch)
{
	struct statx st;
	struct file_key key;
	int ret = filecache_stat(watch->file, &st);

	if (ret)
		return ret;
	key = (struct file_key){ st.stx_dev_major, st.stx_dev_minor, st.stx_ino };
	return filemap_events_open(watch->host, &key, &watch->events);
}

static void print_head(struct watch *watch, const char *path)
{
	const struct cache_watch_head head = {
		.taken_ns = clock_real_ns(),
		.path = path,
		.info = &watch->first,
		.page_shift = watch->host->geometry.page_shift,
		.events_why = watch->events_why,
		.pages_per_cell = watch->before.pages_per_cell,
	};

	out_cache_watch_head(stdout, watch->json, &head);
}

static int follow(struct watch *watch, uint64_t duration_ns)
{
	uint64_t until_ns = watch->began_ns + duration_ns;
	int ret = 0;

	while (!ret && !interrupted && !ferror(stdout) && clock_mono_ns() < until_ns) {
		fflush(stdout);
		wait_round(until_ns);
		ret = look(watch, false);
	}
	if (!ret)
		ret = look(watch, true);
	if (!ret)
		ret = filecache_read(watch->file, 0, &watch->now);
	watch->summary.elapsed_ns = clock_mono_ns() - watch->began_ns;
	watch->summary.events_why = watch->events_why;
	watch->summary.before = &watch->first;
	watch->summary.now = &watch->now;
	return ret;
}

/* Neither events nor counts: there is nothing to wait for. */
static int say_unknown(const struct watch *watch, const char *path)
{
	char *safe = text_safe_str(path), reason[128];

	fprintf(stderr, "pagewalk: unknown: %s: %s\n", safe,
		source_refusal(watch->first.source, watch->first.why, reason, sizeof(reason)));
	free(safe);
	return STATUS_PARTLY;
}

static int watch_file(struct watch *watch, const char *path, uint64_t duration_ns, int *status)
{
	int ret = filecache_read(watch->file, 0, &watch->first);

	if (ret)
		return ret;
	watch->events_why = why_from_errno(-open_events(watch));
	if (!watch->events) {
		if (watch->first.why != WHY_OK) {
			*status = say_unknown(watch, path);
			return 0;
		}
		ret = filecache_read(watch->file, MOST_CELLS, &watch->before);
		if (ret)
			return ret;
	}
	watch->began_ns = clock_mono_ns();
	print_head(watch, path);
	ret = follow(watch, duration_ns);
	if (!ret)
		out_cache_watch_summary(stdout, watch->json, &watch->summary);
	return ret;
}

int cache_watch_run(const struct host *host, const char *path, enum filecache_source source,
		    bool json, uint64_t duration_ns, int *error)
{
	struct watch watch = { .host = host, .json = json };
	int status = STATUS_DONE;

	/* Before signals are heeded: what does not answer can be ended. */
	*error = filecache_open(host, path, source, &watch.file);
	if (*error)
		return STATUS_FAILED;
	heed_signals();
	*error = watch_file(&watch, path, duration_ns, &status);
	if (!*error && (fflush(stdout) || ferror(stdout)))
		*error = -EIO;
	filemap_events_close(watch.events);
	cache_info_clear(&watch.before);
	filecache_close(watch.file);
	return *error ? STATUS_FAILED : status;
}
