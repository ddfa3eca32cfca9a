/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_UI_SCREEN_CACHE_H
#define PAGEWALK_UI_SCREEN_CACHE_H

#include "model/cache_view.h"
#include "ui/screen.h"

/* Screen 4: the page cache of a file. Freed by its ops. */
struct screen *screen_cache_new(void);
/* The newest view; referenced, not taken over. */
void screen_cache_set_view(struct screen *screen, struct cache_view *view);
void screen_cache_set_paused(struct screen *screen, bool paused);
/* What it wants to show on a canvas of this size. */
struct cache_request screen_cache_wanted(struct screen *screen, const struct theme *theme,
					 int columns, int rows);

#endif
