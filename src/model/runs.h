/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_MODEL_RUNS_H
#define PAGEWALK_MODEL_RUNS_H

#include "model/page.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Pages that follow each other in virtual and in physical memory, with equal state, flags
 * and map count: what `map --pages` prints. Swapped pages make runs, absent ones do not.
 */
struct page_run {
	uint64_t vpn, nr_pages;
	unsigned state; /* enum page_state, PAGE_EXCLUSIVE included where known */
	uint64_t pfn;   /* of the first page; 0 unknown or none */
	uint64_t flags; /* cleaned */
	uint64_t mapcount;
	bool has_flags, has_mapcount;
};

struct run_list {
	struct page_run *items;
	size_t nr, room;
};

/* Adds a span's pages; spans come in address order and do not cross a VMA's border. */
void run_list_add_span(struct run_list *list, const struct page_span *span);
/* From here on nothing is joined to what was added before (a new VMA begins). */
void run_list_cut(struct run_list *list);
void run_list_clear(struct run_list *list);
/*
 * The runs that begin at page start_vpn or later and before end_vpn: index of the first, and
 * how many.
 */
size_t run_list_within(const struct run_list *list, uint64_t start_vpn, uint64_t end_vpn,
		       size_t *nr);

#endif
