/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of screens: which feed fills which place. */
#include "app/feed.h"

const struct feed_kind feed_kinds[NR_PLACE] = {
	[PLACE_PICK] = { .open = feed_pick_open },
	[PLACE_MAP] = { .open = feed_map_open, .of_process = true },
	[PLACE_FAULTS] = { .open = feed_faults_open, .of_process = true },
	[PLACE_CACHE] = { .open = feed_cache_open, .of_process = true, .is_free = true },
	[PLACE_OBJECTS] = { .open = feed_objects_open, .of_process = true },
	[PLACE_LAB] = { .open = feed_lab_open },
	[PLACE_LEARN] = { .open = feed_learn_open },
	[PLACE_OUTPUT] = { .open = feed_output_open },
};
