/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_UI_LAYOUT_H
#define PAGEWALK_UI_LAYOUT_H

#include "ui/canvas.h"

#include <stdbool.h>

/* Where the parts of screen 1 lie on a canvas of a given size: pure geometry. */
struct map_layout {
	struct rect title;       /* the top line */
	struct rect list;        /* VMAs and gaps */
	struct rect head;        /* two lines about the chosen VMA */
	struct rect grid;        /* its cells */
	struct rect frames_head; /* one line */
	struct rect frames;      /* the map of physical memory */
	struct rect detail;      /* lines about the cell and the page under the cursor */
	struct rect keys;        /* the bottom line */
	struct rect legend;      /* of the colours, below the grid */
	struct rect timeline;    /* below that; no rows: hidden */
	int rule_x;              /* column of the rule between list and grid */
	int detail_rule_y;       /* row of the rule above the detail */
	int frames_rule_y;       /* row of the rule above the frames */
	bool list_has_addrs;     /* the list has room for whole addresses */
};

/* For at least SCREEN_MIN_COLUMNS x SCREEN_MIN_ROWS. */
struct map_layout layout_map(int columns, int rows);
/* Takes rows from the grid for the timeline. */
void layout_map_add_timeline(struct map_layout *at);
/* Columns of a zone's label at the left of the frames. */
#define LAYOUT_ZONE_COLUMNS 12

#endif
