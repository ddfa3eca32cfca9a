/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Looking for pages. Which pages lie in some frames costs a walk over all frame numbers of the
 * process, so it is done once for each range that is asked about and again only after the
 * whole was walked anyway.
 */
#include "app/finder.h"

#include "kernel/frame_pages.h"
#include "kernel/walk.h"

#include <errno.h>

/* Frames shown before and behind the one under the cursor. */
#define NEIGHBOURS 8

struct frame_map *finder_new_frame_map(const struct zone *zones, size_t nr_zones,
				       const struct map_request *request)
{
	size_t columns = request->frame_columns ? request->frame_columns : 64;

	if (!nr_zones)
		return NULL;
	return frame_map_of_part(zones, nr_zones, columns, request->frame_rows, request->shown_pfn,
				 request->nr_shown, request->frames_per_cell);
}

/* The range that is asked about; false: none. */
static bool asked_range(const struct map_request *request, const struct parts *parts,
			uint64_t *first_pfn, uint64_t *nr_frames)
{
	const struct page_detail *detail = &parts->detail;

	*first_pfn = request->asked_pfn;
	*nr_frames = request->nr_asked;
	if (!request->neighbours)
		return request->nr_asked > 0;
	if (!parts->has_detail || detail->pfn_why != WHY_OK)
		return false;
	*first_pfn = detail->pfn > NEIGHBOURS ? detail->pfn - NEIGHBOURS : 0;
	*nr_frames = detail->pfn + NEIGHBOURS + 1 - *first_pfn;
	return true;
}

void finder_forget(struct parts *parts)
{
	parts->frame_pages_old = true;
}

int finder_read_frame_pages(struct proc *proc, const struct map_request *request,
			    int (*hook)(void *arg), void *arg, struct parts *parts)
{
	const struct host *host = proc_host(proc);
	uint64_t first_pfn, nr_frames;
	struct frame_pages *pages;
	struct walker *walker;
	struct fold *fold;
	int ret;

	if (!parts->vmas || !asked_range(request, parts, &first_pfn, &nr_frames)) {
		frame_pages_unref(parts->frame_pages);
		parts->frame_pages = NULL;
		return 0;
	}
	pages = parts->frame_pages;
	if (pages && !parts->frame_pages_old && pages->first_pfn == first_pfn &&
	    pages->nr_frames == nr_frames)
		return 0;
	ret = walker_new(proc, WALK_CHUNK_PAGES, &walker);
	if (ret)
		return ret;
	walker_set_hook(walker, hook, arg);
	pages = frame_pages_new(first_pfn, nr_frames);
	frame_pages_read_uses(host, pages);
	fold = fold_of_table(parts->vmas, &host->geometry, VMAS_ALL, false);
	ret = frame_pages_read(walker, host, fold, pages);
	fold_unref(fold);
	walker_free(walker);
	if (ret == -EAGAIN || ret == -ECANCELED) {
		frame_pages_unref(pages);
		return ret;
	}
	frame_pages_unref(parts->frame_pages);
	parts->frame_pages = pages;
	parts->frame_pages_old = false;
	return ret;
}

void finder_seek(struct proc *proc, const struct map_seek *seek, struct parts *parts)
{
	struct walker *walker;

	if (seek->serial == parts->seek_serial)
		return;
	parts->seek_serial = seek->serial;
	parts->seek_found = false;
	if (walker_new(proc, WALK_CHUNK_PAGES, &walker))
		return;
	parts->seek_found = walk_seek(walker, seek->from_vpn, seek->past_vpn, seek->back,
				      &parts->seek_vpn) == 0;
	walker_free(walker);
}
