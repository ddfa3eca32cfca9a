/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_MODEL_NODES_H
#define PAGEWALK_MODEL_NODES_H

#include "model/frames.h"

#include <stddef.h>
#include <stdint.h>

/* Frames that belong to one NUMA node. */
struct node_range {
	uint64_t start_pfn, nr_frames;
	unsigned node;
};

/* Which NUMA node a frame belongs to: ranges in order of frames. */
struct node_map {
	struct node_range *ranges;
	size_t nr, room;
	size_t nr_nodes; /* counted by node_map_finish() */
};

void node_map_add(struct node_map *map, uint64_t start_pfn, uint64_t nr_frames, unsigned node);
/* Puts the ranges into order, joins neighbours and counts the nodes. */
void node_map_finish(struct node_map *map);
/* From the spans of zones, for want of anything better; finishes it. */
void node_map_add_zones(struct node_map *map, const struct zone *zones, size_t nr_zones);
void node_map_clear(struct node_map *map);
/* The node of a frame, -1: of none. *nr_frames: so many from pfn on have the same answer. */
int node_map_find(const struct node_map *map, uint64_t pfn, uint64_t *nr_frames);

#endif
