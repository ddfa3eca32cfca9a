/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/runs.h"

#include "base/xalloc.h"

#include <stdlib.h>

static struct page_run run_of_page(const struct page_span *span, uint64_t i)
{
	struct page_run run = {
		.vpn = span->vpn + i,
		.nr_pages = 1,
		.state = span->state,
		.pfn = span->pfns ? span->pfns[i] : 0,
		.flags = span->flags ? frame_flags_clean(span->flags[i]) : 0,
		.mapcount = span->mapcounts ? span->mapcounts[i] : 0,
		.has_flags = span->flags && span->state & PAGE_PRESENT,
		.has_mapcount = span->mapcounts && span->state & PAGE_PRESENT,
	};

	if (span->entries && span->entries[i] & PM_EXCLUSIVE)
		run.state |= PAGE_EXCLUSIVE;
	return run;
}

static bool follows(const struct page_run *run, const struct page_run *next)
{
	uint64_t expected_pfn = run->pfn ? run->pfn + run->nr_pages : 0;

	return next->vpn == run->vpn + run->nr_pages && next->pfn == expected_pfn &&
	       next->state == run->state && next->flags == run->flags &&
	       next->mapcount == run->mapcount && next->has_flags == run->has_flags &&
	       next->has_mapcount == run->has_mapcount;
}

static void add_run(struct run_list *list, const struct page_run *run)
{
	struct page_run *last = list->nr ? &list->items[list->nr - 1] : NULL;

	if (last && last->nr_pages && follows(last, run)) {
		last->nr_pages += run->nr_pages;
		return;
	}
	/* A cut leaves an empty run behind, which the next one replaces. */
	if (last && !last->nr_pages) {
		*last = *run;
		return;
	}
	list->items = xgrow(list->items, list->nr, &list->room, sizeof(*list->items));
	list->items[list->nr++] = *run;
}

void run_list_add_span(struct run_list *list, const struct page_span *span)
{
	if (!span->entries) {
		struct page_run run = {
			.vpn = span->vpn,
			.nr_pages = span->nr_pages,
			.state = span->state,
		};

		add_run(list, &run);
		return;
	}
	for (uint64_t i = 0; i < span->nr_pages; i++) {
		struct page_run run = run_of_page(span, i);

		add_run(list, &run);
	}
}

void run_list_cut(struct run_list *list)
{
	if (!list->nr || !list->items[list->nr - 1].nr_pages)
		return;
	list->items = xgrow(list->items, list->nr, &list->room, sizeof(*list->items));
	list->items[list->nr++] = (struct page_run){ .vpn = UINT64_MAX };
}

void run_list_clear(struct run_list *list)
{
	free(list->items);
	*list = (struct run_list){ 0 };
}

static size_t lower_bound(const struct run_list *list, uint64_t vpn)
{
	size_t low = 0, high = list->nr;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (list->items[middle].vpn < vpn)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

size_t run_list_within(const struct run_list *list, uint64_t start_vpn, uint64_t end_vpn,
		       size_t *nr)
{
	size_t first = lower_bound(list, start_vpn);

	*nr = lower_bound(list, end_vpn) - first;
	return first;
}
