/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_UI_SCREEN_MAP_H
#define PAGEWALK_UI_SCREEN_MAP_H

#include "model/fault_view.h"
#include "model/snapshot.h"
#include "ui/screen.h"

/* Screen 1: virtual to physical. The app frees it by ops->free. */
struct screen *screen_map_new(void);
/* Gives it a newer snapshot, of which it takes a reference. */
void screen_map_set_snapshot(struct screen *screen, struct snapshot *snapshot);
/* pagewalk started a command: the key O shows what it writes. */
void screen_map_set_command(struct screen *screen);
/* The newest page faults, for the heat; it takes a reference. */
void screen_map_set_faults(struct screen *screen, struct fault_view *view);
/* Said in the title: sampling stands still. */
void screen_map_set_paused(struct screen *screen, bool paused);
/* Puts the cursor on an address; where no mapping holds it, that is said. */
void screen_map_go_to(struct screen *screen, uint64_t addr);
/*
 * Lays the screen out for a terminal of this size and says what data it wants. Call it after
 * every event, snapshot and change of size.
 */
struct map_request screen_map_wanted(struct screen *screen, const struct theme *theme, int columns,
				     int rows);

#endif
