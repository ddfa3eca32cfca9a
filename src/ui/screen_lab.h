/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_UI_SCREEN_LAB_H
#define PAGEWALK_UI_SCREEN_LAB_H

#include "model/lab_view.h"
#include "ui/screen.h"

/* Screen 6: transfer modes side by side. The app frees it by ops->free. */
struct screen *screen_lab_new(void);
/* Gives it a newer view, of which it takes a reference. */
void screen_lab_set_view(struct screen *screen, struct lab_view *view);
/* Cells that each lane's file map has room for at this size of terminal. */
size_t screen_lab_wanted_cells(const struct screen *screen, const struct theme *theme, int columns,
			       int rows);

#endif
