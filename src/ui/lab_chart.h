/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_UI_LAB_CHART_H
#define PAGEWALK_UI_LAB_CHART_H

#include "model/lab_view.h"
#include "ui/canvas.h"
#include "ui/theme.h"

#include <stddef.h>

/*
 * Screen 6 while it measures and afterwards: progress, a bar for the median of each lane
 * with its quartiles, and how it compares with traditional.
 */
void lab_chart_draw(const struct lab_measure *measure, size_t chosen, struct canvas *canvas,
		    const struct theme *theme);
/* The row of this line of the screen, or SIZE_MAX. */
size_t lab_chart_row_at(const struct lab_measure *measure, int y, int rows);

#endif
