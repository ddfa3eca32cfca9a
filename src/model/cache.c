/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/cache.h"

#include "base/xalloc.h"

#include <stdlib.h>

void cache_info_clear(struct cache_info *info)
{
	free(info->cells);
	info->cells = NULL;
	info->nr_cells = 0;
	free(info->runs);
	info->runs = NULL;
	info->nr_runs = info->runs_room = 0;
}

static bool continues(const struct cache_run *run, uint64_t page, const struct cache_frame *frame)
{
	return run->first_page + run->pages == page && run->first.pfn + run->pages == frame->pfn &&
	       run->first.flags == frame->flags && run->first.mapcount == frame->mapcount;
}

void cache_info_add_frames(struct cache_info *info, uint64_t first_page,
			   const struct cache_frame *frames, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		struct cache_run *last = info->nr_runs ? &info->runs[info->nr_runs - 1] : NULL;

		if (!frames[i].pfn)
			continue;
		if (last && continues(last, first_page + i, &frames[i])) {
			last->pages++;
			continue;
		}
		info->runs = xgrow(info->runs, info->nr_runs, &info->runs_room,
				   sizeof(*info->runs));
		info->runs[info->nr_runs++] = (struct cache_run){
			.first_page = first_page + i,
			.pages = 1,
			.first = frames[i],
		};
	}
}

uint64_t cache_pages_per_cell(uint64_t nr_pages, size_t nr_cells)
{
	uint64_t pages_per_cell = 1;

	while (pages_per_cell < (UINT64_C(1) << 62) && nr_pages > pages_per_cell * nr_cells)
		pages_per_cell *= 2;
	return pages_per_cell;
}
