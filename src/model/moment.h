/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_MODEL_MOMENT_H
#define PAGEWALK_MODEL_MOMENT_H

#include "model/page.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The pages of a range at one moment, kept as runs of frames that follow each other, so that
 * a later moment can be compared with it page by page. It grows to a fixed number of runs:
 * past it the frame numbers are given up, which leaves few runs, and past it again all of them.
 */
enum moment_level {
	MOMENT_FRAMES, /* everything */
	MOMENT_STATES, /* which pages there were, but not in which frames */
	MOMENT_COUNTS, /* too many runs: nothing but how many there were */
};

enum moment_bit {
	MOMENT_PRESENT = 1 << 0,
	MOMENT_SWAPPED = 1 << 1,
	MOMENT_FILE = 1 << 2,
	MOMENT_HAS_FLAGS = 1 << 3, /* MOMENT_DIRTY is known */
	MOMENT_DIRTY = 1 << 4,
	MOMENT_ONE_FRAME = 1 << 5, /* every page has the same frame: the zero page */
};

struct moment_run {
	uint64_t vpn;
	uint64_t pfn; /* of the first page; 0: unknown or none */
	uint64_t nr_pages : 48;
	uint64_t bits : 16; /* enum moment_bit */
};

struct moment {
	uint64_t start_vpn, end_vpn; /* what it covers */
	enum moment_level level;
	size_t nr, room, max;
	struct moment_run *runs;
	uint64_t nr_seen; /* runs that would have been kept without a limit */
};

/* What happened to a page between two moments. */
enum page_change {
	CHANGE_CAME,
	CHANGE_WENT,
	CHANGE_MOVED, /* another frame: copy on write, migration */
	CHANGE_DIRTIED,
	CHANGE_OTHER, /* between swapped and absent; or written back */
	CHANGE_SAME,
	NR_PAGE_CHANGE,
};

struct page_changes {
	uint64_t nr[NR_PAGE_CHANGE]; /* pages; CHANGE_SAME is not counted */
};

/* Of pages [start_vpn, end_vpn), in at most max_runs runs. The caller frees it. */
struct moment *moment_new(uint64_t start_vpn, uint64_t end_vpn, size_t max_runs);
void moment_free(struct moment *moment);
/* Adds what lies in its range; spans come in address order. */
void moment_add_span(struct moment *moment, const struct page_span *span);

/* Pages of one fate, present now or not. */
struct change_run {
	uint64_t vpn, nr_pages;
	enum page_change change;
	bool present;
};

/* True where two moments can be compared at all. */
bool moment_comparable(const struct moment *before, const struct moment *now);
/*
 * Hands every page of [start_vpn, end_vpn) that both cover to `fn`, in address order, unchanged
 * and absent ones (CHANGE_SAME) too. Frames that either does not know have not moved.
 */
void moment_diff(const struct moment *before, const struct moment *now, uint64_t start_vpn,
		 uint64_t end_vpn, void (*fn)(void *arg, const struct change_run *run), void *arg);
uint64_t page_changes_total(const struct page_changes *changes);

#endif
