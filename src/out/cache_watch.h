/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_OUT_CACHE_WATCH_H
#define PAGEWALK_OUT_CACHE_WATCH_H

#include "model/cache.h"
#include "model/cache_view.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* What comes into a file's page cache and leaves it, line by line (`cache --watch`). */

struct cache_watch_head {
	uint64_t taken_ns; /* CLOCK_REALTIME */
	const char *path;  /* raw */
	const struct cache_info *info;
	unsigned page_shift;
	enum why events_why;     /* why changes are told by difference; WHY_OK: by tracepoints */
	uint64_t pages_per_cell; /* of the difference */
};

/* Cached pages of a range, before and now. */
struct cache_difference {
	uint64_t page, nr_pages, before, now;
};

struct cache_watch_summary {
	uint64_t elapsed_ns;
	enum why events_why;
	uint64_t inserted[NR_CAUSE], evicted; /* pages, by tracepoints */
	uint64_t came, went;                  /* pages, by difference */
	uint64_t lost;                        /* events */
	const struct cache_info *before, *now;
};

/* Why there are no tracepoints, in words. */
#define CACHE_WATCH_NO_EVENTS                                                                      \
	"tracepoints of filemap need root and tracefs: told by difference between two looks"

void out_cache_watch_head(FILE *out, bool json, const struct cache_watch_head *head);
/* t_ns: since the watch began. */
void out_cache_watch_event(FILE *out, bool json, uint64_t t_ns, const struct cache_event *event);
void out_cache_watch_difference(FILE *out, bool json, uint64_t t_ns,
				const struct cache_difference *difference);
void out_cache_watch_summary(FILE *out, bool json, const struct cache_watch_summary *summary);

#endif
