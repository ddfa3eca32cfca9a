/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/frame_pages.h"

#include "base/xalloc.h"

#include <stdlib.h>

/* In this order: the first set of flags that a frame has decides. */
static const struct {
	uint64_t flags;
	enum frame_use use;
} uses[] = {
	{ KPF_BIT(KPF_NOPAGE), FRAME_HOLE },
	{ KPF_BIT(KPF_BUDDY), FRAME_FREE },
	{ KPF_BIT(KPF_PGTABLE), FRAME_PAGE_TABLE },
	{ KPF_BIT(KPF_SLAB), FRAME_SLAB },
	{ KPF_BIT(KPF_HUGE), FRAME_HUGETLB },
	{ KPF_BIT(KPF_ANON), FRAME_ANON },
	{ KPF_BIT(KPF_SWAPBACKED), FRAME_SHMEM },
	{ KPF_BIT(KPF_LRU) | KPF_BIT(KPF_MMAP), FRAME_FILE },
	{ KPF_BIT(KPF_RESERVED) | KPF_BIT(KPF_OFFLINE) | KPF_BIT(KPF_HWPOISON), FRAME_RESERVED },
};

static const char *const use_names[NR_FRAME_USE] = {
	[FRAME_FREE] = "free",       [FRAME_ANON] = "anon",
	[FRAME_FILE] = "file",       [FRAME_SHMEM] = "shmem",
	[FRAME_SLAB] = "slab",       [FRAME_PAGE_TABLE] = "page table",
	[FRAME_HUGETLB] = "hugetlb", [FRAME_RESERVED] = "reserved",
	[FRAME_HOLE] = "no memory",  [FRAME_KERNEL] = "kernel",
	[FRAME_UNKNOWN] = "unknown",
};

enum frame_use frame_use_of_flags(uint64_t flags)
{
	flags = frame_flags_clean(flags);
	for (size_t i = 0; i < sizeof(uses) / sizeof(uses[0]); i++)
		if (flags & uses[i].flags)
			return uses[i].use;
	return FRAME_KERNEL;
}

const char *frame_use_name(enum frame_use use)
{
	return use_names[use];
}

struct frame_pages *frame_pages_new(uint64_t first_pfn, uint64_t nr_frames)
{
	struct frame_pages *pages = xcalloc(1, sizeof(*pages));

	pages->refs = 1;
	pages->first_pfn = first_pfn;
	pages->nr_frames = nr_frames;
	pages->why = WHY_NOT_ASKED;
	pages->uses_why = WHY_NOT_ASKED;
	return pages;
}

struct frame_pages *frame_pages_ref(struct frame_pages *pages)
{
	if (pages)
		atomic_fetch_add(&pages->refs, 1);
	return pages;
}

void frame_pages_unref(struct frame_pages *pages)
{
	if (!pages || atomic_fetch_sub(&pages->refs, 1) > 1)
		return;
	free(pages->runs);
	free(pages);
}

static void add_page(struct frame_pages *pages, uint64_t vpn, uint64_t pfn)
{
	struct frame_run *last = pages->nr_runs ? &pages->runs[pages->nr_runs - 1] : NULL;

	pages->nr_pages++;
	/* Once one page was not kept, none behind it is: "the first N of M". */
	if (pages->nr_pages_kept + 1 < pages->nr_pages)
		return;
	if (last && last->vpn + last->nr_pages == vpn && last->pfn + last->nr_pages == pfn) {
		last->nr_pages++;
	} else if (pages->nr_runs < FRAME_RUNS_MAX) {
		pages->runs = xgrow(pages->runs, pages->nr_runs, &pages->room,
				    sizeof(*pages->runs));
		pages->runs[pages->nr_runs++] = (struct frame_run){ vpn, pfn, 1 };
	} else {
		return;
	}
	pages->nr_pages_kept++;
}

void frame_pages_add_span(struct frame_pages *pages, const struct page_span *span)
{
	if (!span->pfns || !(span->state & PAGE_PRESENT))
		return;
	for (uint64_t i = 0; i < span->nr_pages; i++)
		/* Frame 0 is how an unknown one is given. */
		if (span->pfns[i] && span->pfns[i] - pages->first_pfn < pages->nr_frames)
			add_page(pages, span->vpn + i, span->pfns[i]);
}

bool frame_pages_at(const struct frame_pages *pages, uint64_t i, uint64_t *vpn, uint64_t *pfn)
{
	for (size_t r = 0; r < pages->nr_runs; r++) {
		const struct frame_run *run = &pages->runs[r];

		if (i < run->nr_pages) {
			*vpn = run->vpn + i;
			*pfn = run->pfn + i;
			return true;
		}
		i -= run->nr_pages;
	}
	return false;
}

bool frame_pages_touch(const struct frame_pages *pages, uint64_t first_vpn, uint64_t past_vpn)
{
	size_t low = 0, high = pages ? pages->nr_runs : 0;

	/* The first run that ends behind the range's first page. */
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (pages->runs[middle].vpn + pages->runs[middle].nr_pages > first_vpn)
			high = middle;
		else
			low = middle + 1;
	}
	return pages && low < pages->nr_runs && pages->runs[low].vpn < past_vpn;
}

bool frame_pages_hold(const struct frame_pages *pages, uint64_t pfn)
{
	for (size_t r = 0; r < pages->nr_runs; r++)
		if (pfn - pages->runs[r].pfn < pages->runs[r].nr_pages)
			return true;
	return false;
}
