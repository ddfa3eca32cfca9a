/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_MODEL_FRAMES_H
#define PAGEWALK_MODEL_FRAMES_H

#include "model/page.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One zone of physical memory; frame numbers are physical address / page size. */
struct zone {
	unsigned node;
	char name[16];
	uint64_t start_pfn;
	uint64_t spanned; /* frames from the first to the last, holes included */
	uint64_t present; /* frames that exist */
	uint64_t managed; /* frames that the allocator hands out */
};

/*
 * Where a process's frames lie: for each zone a row of cells, each counting the
 * process's present pages whose frame is in it. Reference counted, because a
 * snapshot may carry the one before it on; not changed once it is shared.
 */
struct frame_map {
	atomic_uint refs;
	uint64_t frames_per_cell; /* a power of two, the same in every zone */
	bool is_part;             /* of one zone, not all of memory */
	size_t nr_zones;
	struct zone *zones;
	size_t *first_cell; /* nr_zones + 1 entries: zone z has cells first_cell[z].. */
	size_t nr_cells;
	uint32_t *hits;     /* pages of the process by cell */
	uint64_t elsewhere; /* frames outside every zone: device memory */
	uint64_t counted;   /* pages whose frame was known */
};

/* An empty map over copies of the zones. The caller unrefs it. */
struct frame_map *frame_map_new(const struct zone *zones, size_t nr_zones,
				uint64_t frames_per_cell);
/*
 * The least power of two of frames per cell so that every zone, beginning a row of its own,
 * fits into rows of `columns` cells, `rows` in all; with fewer rows than zones, one each.
 */
uint64_t frame_map_fit(const struct zone *zones, size_t nr_zones, size_t columns, size_t rows);
/*
 * An empty map of nr_frames from first_pfn on, which must lie in one zone; or, where nr_frames
 * is 0 or no zone has them, of all zones at the scale that fits. The caller unrefs it.
 */
struct frame_map *frame_map_of_part(const struct zone *zones, size_t nr_zones, size_t columns,
				    size_t rows, uint64_t first_pfn, uint64_t nr_frames,
				    uint64_t frames_per_cell);
struct frame_map *frame_map_ref(struct frame_map *map);
void frame_map_unref(struct frame_map *map);
/* Counts the frames of a span that has entries. */
void frame_map_add_span(struct frame_map *map, const struct page_span *span);
/* The cell of a frame, or SIZE_MAX outside every zone. */
size_t frame_map_cell(const struct frame_map *map, uint64_t pfn);
/* The first frame of a cell, and how many it has; false where there is no such cell. */
bool frame_map_cell_frames(const struct frame_map *map, size_t cell, uint64_t *first_pfn,
			   uint64_t *nr_frames);
/* Cells of zone z. */
size_t frame_map_zone_cells(const struct frame_map *map, size_t zone);

#endif
