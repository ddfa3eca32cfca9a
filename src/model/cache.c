/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/cache.h"

#include <stdlib.h>

void cache_info_clear(struct cache_info *info)
{
	free(info->cells);
	info->cells = NULL;
	info->nr_cells = 0;
}

uint64_t cache_pages_per_cell(uint64_t nr_pages, size_t nr_cells)
{
	uint64_t pages_per_cell = 1;

	while (pages_per_cell < (UINT64_C(1) << 62) && nr_pages > pages_per_cell * nr_cells)
		pages_per_cell *= 2;
	return pages_per_cell;
}
