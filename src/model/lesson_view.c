/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/lesson_view.h"

#include "base/xalloc.h"

#include <stdlib.h>

struct lesson_view *lesson_view_new(void)
{
	struct lesson_view *view = xcalloc(1, sizeof(*view));

	atomic_init(&view->refs, 1);
	return view;
}

struct lesson_view *lesson_view_ref(struct lesson_view *view)
{
	atomic_fetch_add(&view->refs, 1);
	return view;
}

void lesson_view_unref(struct lesson_view *view)
{
	if (!view || atomic_fetch_sub(&view->refs, 1) != 1)
		return;
	step_result_unref(view->result);
	free(view);
}
