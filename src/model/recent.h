/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_MODEL_RECENT_H
#define PAGEWALK_MODEL_RECENT_H

#include "model/moment.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Which pages changed lately, how, and when: the newest change of each page, in runs in address
 * order. Changes are forgotten after RECENT_NS, and the older ones earlier when there are
 * more than RECENT_RUNS.
 */
struct recent_run {
	uint64_t vpn, nr_pages, at_ns; /* CLOCK_MONOTONIC */
	enum page_change change;
};

struct recent {
	struct recent_run *runs;
	size_t nr, room;
	uint64_t forgotten_ns; /* when runs had to be given up for want of room; 0: never */
};

#define RECENT_NS   UINT64_C(60000000000)
#define RECENT_RUNS 16384

void recent_clear(struct recent *recent);
/* Notes changes of now, which are in address order and do not overlap; CHANGE_SAME is passed over. */
void recent_add(struct recent *recent, const struct change_run *runs, size_t nr, uint64_t now_ns);
/* Index of the first run that ends behind a page. */
size_t recent_find(const struct recent *recent, uint64_t vpn);

#endif
