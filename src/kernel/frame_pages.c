/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Walks that look for something: the pages in some frames, the next page that is there. Looking
 * backwards is done in windows that double, because a walk only goes forwards.
 */
#include "kernel/frame_pages.h"

#include "kernel/kpage.h"

#include <errno.h>

#define FIRST_WINDOW_PAGES 4096

static int take_span(void *arg, const struct page_span *span)
{
	frame_pages_add_span(arg, span);
	return 0;
}

/* Without PAGEMAP_SCAN a walk across a gap would read the gap, so VMA by VMA then. */
static int walk_fold(struct walker *walker, const struct host *host, const struct fold *fold,
		     struct frame_pages *pages)
{
	const struct fold_piece *last = &fold->pieces[fold->nr - 1];
	int ret = 0;

	if (host->pagemap_scan == WHY_OK)
		return walk_pages(walker, fold->pieces[0].start_vpn,
				  last->start_vpn + last->nr_pages, WALK_FRAMES, take_span, pages);
	for (size_t i = 0; i < fold->nr && !ret; i++) {
		const struct fold_piece *piece = &fold->pieces[i];

		ret = walk_pages(walker, piece->start_vpn, piece->start_vpn + piece->nr_pages,
				 WALK_FRAMES, take_span, pages);
	}
	return ret;
}

int frame_pages_read(struct walker *walker, const struct host *host, const struct fold *fold,
		     struct frame_pages *pages)
{
	int ret = 0;

	pages->why = host->may_see_frames ? WHY_OK : WHY_DENIED;
	if (pages->why != WHY_OK || !fold->nr)
		return 0;
	ret = walk_fold(walker, host, fold, pages);
	if (ret)
		pages->why = why_from_errno(-ret);
	return ret;
}

void frame_pages_read_uses(const struct host *host, struct frame_pages *pages)
{
	uint64_t pfns[FRAME_USES_MAX], flags[FRAME_USES_MAX];
	struct kpage *kpage;
	int ret;

	if (!pages->nr_frames || pages->nr_frames > FRAME_USES_MAX)
		return;
	kpage = kpage_open(host);
	pages->uses_why = kpage_why(kpage, SOURCE_KPAGEFLAGS);
	if (pages->uses_why != WHY_OK)
		goto out;
	for (uint64_t i = 0; i < pages->nr_frames; i++)
		pfns[i] = pages->first_pfn + i;
	ret = kpage_read(kpage, SOURCE_KPAGEFLAGS, pfns, pages->nr_frames, KPF_BIT(KPF_NOPAGE),
			 flags);
	pages->uses_why = ret ? why_from_errno(-ret) : WHY_OK;
	for (uint64_t i = 0; i < pages->nr_frames && !ret; i++)
		/* Frame 0 stands for "none" in a list of frames. */
		pages->uses[i] = pfns[i] ? frame_use_of_flags(flags[i]) : FRAME_RESERVED;
out:
	kpage_close(kpage);
}

struct seeking {
	uint64_t first_vpn, last_vpn;
	bool back, found;
};

static int seek_span(void *arg, const struct page_span *span)
{
	struct seeking *seeking = arg;

	if (!seeking->found)
		seeking->first_vpn = span->vpn;
	seeking->last_vpn = span->vpn + span->nr_pages - 1;
	seeking->found = true;
	return !seeking->back;
}

static int seek_in(struct walker *walker, uint64_t from_vpn, uint64_t past_vpn, bool back,
		   uint64_t *vpn)
{
	struct seeking seeking = { .back = back };
	int ret = walk_pages(walker, from_vpn, past_vpn, WALK_STATES, seek_span, &seeking);

	if (ret < 0)
		return ret;
	*vpn = back ? seeking.last_vpn : seeking.first_vpn;
	return seeking.found ? 0 : -ENOENT;
}

int walk_seek(struct walker *walker, uint64_t from_vpn, uint64_t past_vpn, bool back, uint64_t *vpn)
{
	uint64_t window = FIRST_WINDOW_PAGES;

	if (from_vpn >= past_vpn)
		return -ENOENT;
	if (!back)
		return seek_in(walker, from_vpn, past_vpn, false, vpn);
	for (;; window *= 2) {
		bool all = past_vpn - from_vpn <= window;
		uint64_t first = all ? from_vpn : past_vpn - window;
		int ret = seek_in(walker, first, past_vpn, true, vpn);

		if (ret != -ENOENT || all)
			return ret;
		past_vpn = first;
	}
}
