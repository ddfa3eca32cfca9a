/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_UI_SCREEN_HELP_H
#define PAGEWALK_UI_SCREEN_HELP_H

#include "ui/screen.h"

/*
 * Draws the explanation of a screen over it: what it shows, the legend of classes, its
 * keys. `scroll` is the first line shown; returns how many lines there are in all.
 */
int screen_help_draw(const struct screen *screen, struct canvas *canvas, const struct theme *theme,
		     int scroll);

#endif
