/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Physical memory as rows of cells, one row of cells for each zone, and how many pages of
 * the watched process lie in each. Its size follows the cells, not the memory.
 */
#include "model/frames.h"

#include "base/xalloc.h"

#include <stdlib.h>
#include <string.h>

static size_t cells_of(uint64_t spanned, uint64_t frames_per_cell)
{
	return (size_t)((spanned + frames_per_cell - 1) / frames_per_cell);
}

uint64_t frame_map_fit(const struct zone *zones, size_t nr_zones, size_t columns, size_t rows)
{
	uint64_t frames_per_cell = 1;

	if (rows < nr_zones)
		rows = nr_zones;
	for (;; frames_per_cell *= 2) {
		size_t need = 0;

		for (size_t z = 0; z < nr_zones; z++)
			need += (cells_of(zones[z].spanned, frames_per_cell) + columns - 1) /
				columns;
		if (need <= rows)
			return frames_per_cell;
	}
}

struct frame_map *frame_map_new(const struct zone *zones, size_t nr_zones, uint64_t frames_per_cell)
{
	struct frame_map *map = xcalloc(1, sizeof(*map));

	map->refs = 1;
	map->frames_per_cell = frames_per_cell;
	map->nr_zones = nr_zones;
	map->zones = xcalloc(nr_zones, sizeof(*zones));
	map->first_cell = xcalloc(nr_zones + 1, sizeof(*map->first_cell));
	for (size_t z = 0; z < nr_zones; z++) {
		map->zones[z] = zones[z];
		map->first_cell[z + 1] = map->first_cell[z] +
					 cells_of(zones[z].spanned, map->frames_per_cell);
	}
	map->nr_cells = map->first_cell[nr_zones];
	map->hits = xcalloc(map->nr_cells, sizeof(*map->hits));
	return map;
}

struct frame_map *frame_map_of_part(const struct zone *zones, size_t nr_zones, size_t columns,
				    size_t rows, uint64_t first_pfn, uint64_t nr_frames,
				    uint64_t frames_per_cell)
{
	for (size_t z = 0; z < nr_zones && nr_frames; z++) {
		struct zone part = zones[z];
		struct frame_map *map;

		if (first_pfn - part.start_pfn >= part.spanned)
			continue;
		part.spanned -= first_pfn - part.start_pfn;
		part.start_pfn = first_pfn;
		if (part.spanned > nr_frames)
			part.spanned = nr_frames;
		map = frame_map_new(&part, 1, frames_per_cell);
		map->is_part = true;
		return map;
	}
	return frame_map_new(zones, nr_zones, frame_map_fit(zones, nr_zones, columns, rows));
}

struct frame_map *frame_map_ref(struct frame_map *map)
{
	if (map)
		atomic_fetch_add(&map->refs, 1);
	return map;
}

void frame_map_unref(struct frame_map *map)
{
	if (!map || atomic_fetch_sub(&map->refs, 1) > 1)
		return;
	free(map->zones);
	free(map->first_cell);
	free(map->hits);
	free(map);
}

size_t frame_map_cell(const struct frame_map *map, uint64_t pfn)
{
	for (size_t z = 0; z < map->nr_zones; z++) {
		const struct zone *zone = &map->zones[z];

		if (pfn >= zone->start_pfn && pfn - zone->start_pfn < zone->spanned)
			return map->first_cell[z] +
			       (size_t)((pfn - zone->start_pfn) / map->frames_per_cell);
	}
	return SIZE_MAX;
}

void frame_map_add_span(struct frame_map *map, const struct page_span *span)
{
	if (!span->pfns || !(span->state & PAGE_PRESENT))
		return;
	for (uint64_t i = 0; i < span->nr_pages; i++) {
		size_t cell;

		if (!span->pfns[i])
			continue;
		cell = frame_map_cell(map, span->pfns[i]);
		if (cell == SIZE_MAX)
			map->elsewhere++;
		else
			map->hits[cell]++;
		map->counted++;
	}
}

bool frame_map_cell_frames(const struct frame_map *map, size_t cell, uint64_t *first_pfn,
			   uint64_t *nr_frames)
{
	for (size_t z = 0; z < map->nr_zones; z++) {
		uint64_t offset;

		if (cell < map->first_cell[z] || cell >= map->first_cell[z + 1])
			continue;
		offset = (cell - map->first_cell[z]) * map->frames_per_cell;
		*first_pfn = map->zones[z].start_pfn + offset;
		*nr_frames = map->zones[z].spanned - offset;
		if (*nr_frames > map->frames_per_cell)
			*nr_frames = map->frames_per_cell;
		return true;
	}
	return false;
}

size_t frame_map_zone_cells(const struct frame_map *map, size_t zone)
{
	return map->first_cell[zone + 1] - map->first_cell[zone];
}
