/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Views of the lab, shared by reference count; what they hold is freed with the last one. */
#include "model/lab_view.h"

#include "base/xalloc.h"

#include <stdlib.h>

struct lab_view *lab_view_new(void)
{
	struct lab_view *view = xcalloc(1, sizeof(*view));

	atomic_init(&view->refs, 1);
	return view;
}

struct lab_view *lab_view_ref(struct lab_view *view)
{
	if (view)
		atomic_fetch_add_explicit(&view->refs, 1, memory_order_relaxed);
	return view;
}

void lab_view_unref(struct lab_view *view)
{
	if (!view || atomic_fetch_sub_explicit(&view->refs, 1, memory_order_acq_rel) != 1)
		return;
	for (size_t i = 0; i < view->nr_lanes; i++)
		cache_info_clear(&view->lanes[i].cache);
	free(view);
}

const char *lane_state_name(enum lane_state state)
{
	static const char *const names[NR_LANE_STATE] = {
		[LANE_PREPARING] = "preparing",
		[LANE_READY] = "ready",
		[LANE_RUNNING] = "running",
		[LANE_PAUSED] = "paused",
		[LANE_DONE] = "done",
		[LANE_FAILED] = "failed",
		[LANE_UNAVAILABLE] = "unavailable",
	};

	return names[state];
}

const char *hash_state_name(enum hash_state state)
{
	static const char *const names[] = {
		[HASH_PENDING] = "pending",       [HASH_EQUAL] = "equal",
		[HASH_DIFFERS] = "differs",       [HASH_NOT_ASKED] = "not asked",
		[HASH_IMPOSSIBLE] = "impossible",
	};

	return names[state];
}

bool lane_state_is_final(enum lane_state state)
{
	return state == LANE_DONE || state == LANE_FAILED || state == LANE_UNAVAILABLE;
}
