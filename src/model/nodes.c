/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/nodes.h"

#include "base/xalloc.h"

#include <stdlib.h>

void node_map_add(struct node_map *map, uint64_t start_pfn, uint64_t nr_frames, unsigned node)
{
	if (!nr_frames)
		return;
	map->ranges = xgrow(map->ranges, map->nr, &map->room, sizeof(*map->ranges));
	map->ranges[map->nr++] = (struct node_range){ start_pfn, nr_frames, node };
}

static int by_pfn(const void *a, const void *b)
{
	const struct node_range *one = a, *two = b;

	return one->start_pfn < two->start_pfn ? -1 : one->start_pfn > two->start_pfn;
}

static bool is_new_node(const struct node_map *map, size_t range)
{
	for (size_t i = 0; i < range; i++)
		if (map->ranges[i].node == map->ranges[range].node)
			return false;
	return true;
}

void node_map_finish(struct node_map *map)
{
	size_t kept = 0;

	if (map->nr)
		qsort(map->ranges, map->nr, sizeof(*map->ranges), by_pfn);
	for (size_t i = 0; i < map->nr; i++) {
		struct node_range *last = kept ? &map->ranges[kept - 1] : NULL, *range;

		range = &map->ranges[i];
		if (last && last->node == range->node &&
		    last->start_pfn + last->nr_frames == range->start_pfn)
			last->nr_frames += range->nr_frames;
		else
			map->ranges[kept++] = *range;
	}
	map->nr = kept;
	map->nr_nodes = 0;
	for (size_t i = 0; i < map->nr; i++)
		map->nr_nodes += is_new_node(map, i);
}

void node_map_add_zones(struct node_map *map, const struct zone *zones, size_t nr_zones)
{
	for (size_t i = 0; i < nr_zones; i++)
		node_map_add(map, zones[i].start_pfn, zones[i].spanned, zones[i].node);
	node_map_finish(map);
}

void node_map_clear(struct node_map *map)
{
	free(map->ranges);
	*map = (struct node_map){ 0 };
}

int node_map_find(const struct node_map *map, uint64_t pfn, uint64_t *nr_frames)
{
	size_t low = 0, high = map->nr;

	/* The first range that ends behind the frame. */
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (map->ranges[middle].start_pfn + map->ranges[middle].nr_frames <= pfn)
			low = middle + 1;
		else
			high = middle;
	}
	*nr_frames = UINT64_MAX - pfn;
	if (low == map->nr)
		return -1;
	if (map->ranges[low].start_pfn > pfn) {
		*nr_frames = map->ranges[low].start_pfn - pfn;
		return -1;
	}
	*nr_frames = map->ranges[low].start_pfn + map->ranges[low].nr_frames - pfn;
	return (int)map->ranges[low].node;
}
