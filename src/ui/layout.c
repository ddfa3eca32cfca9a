/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Geometry of the screens. Everything follows from the size alone, so that nothing moves
 * when a figure grows, and so that it can be tested without a terminal.
 */
#include "ui/layout.h"

#define DETAIL_ROWS 4
#define HEAD_ROWS   2

/* A fifth of the middle for physical memory, within reason. */
static int frames_rows(int middle_rows)
{
	int rows = middle_rows / 5;

	if (rows < 3)
		return 3;
	return rows > 10 ? 10 : rows;
}

static int list_columns(int columns)
{
	if (columns < 100)
		return 34;
	return columns < 160 ? 52 : 64;
}

/* A line that names the mode, and one or two lines of buckets. */
static int legend_rows(int grid_rows)
{
	return grid_rows < 9 ? 2 : 3;
}

struct map_layout layout_map(int columns, int rows)
{
	struct map_layout at = { 0 };
	int list = list_columns(columns), right = list + 1, right_columns = columns - right;
	int middle = rows - 1 - 1 - DETAIL_ROWS - 1; /* title, rule, detail, keys */
	int frames = frames_rows(middle);
	int grid = middle - HEAD_ROWS - 1 - 1 - frames; /* rule and head of the frames */
	int legend = legend_rows(grid);

	at.title = (struct rect){ 0, 0, columns, 1 };
	at.list = (struct rect){ 0, 1, list, middle };
	at.rule_x = list;
	at.list_has_addrs = list >= 52;
	at.head = (struct rect){ right, 1, right_columns, HEAD_ROWS };
	at.grid = (struct rect){ right, 1 + HEAD_ROWS, right_columns, grid - legend };
	at.legend = (struct rect){ right, at.grid.y + grid - legend, right_columns, legend };
	at.frames_rule_y = at.grid.y + grid;
	at.frames_head = (struct rect){ right, at.frames_rule_y + 1, right_columns, 1 };
	at.frames = (struct rect){ right, at.frames_head.y + 1, right_columns, frames };
	at.detail_rule_y = 1 + middle;
	at.detail = (struct rect){ 0, at.detail_rule_y + 1, columns, DETAIL_ROWS };
	at.keys = (struct rect){ 0, rows - 1, columns, 1 };
	return at;
}

/* 80x24 keeps three rows of cells beside it. */
static int timeline_rows(int grid_rows)
{
	if (grid_rows < 13)
		return 4;
	return grid_rows < 24 ? 6 : 8;
}

void layout_map_add_timeline(struct map_layout *at)
{
	int rows = timeline_rows(at->grid.rows), below = at->legend.y + at->legend.rows;

	at->grid.rows -= rows;
	at->legend.y -= rows;
	at->timeline = (struct rect){ at->grid.x, below - rows, at->grid.columns, rows };
}
