/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_UI_MAP_STATE_H
#define PAGEWALK_UI_MAP_STATE_H

#include "model/snapshot.h"
#include "ui/layout.h"
#include "ui/screen.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The inside of screen 1, shared by its keys (screen_map.c) and its drawing (map_draw.c). */

/* A line of the list: a VMA, or the gap before it. */
struct map_line {
	bool gap;
	size_t vma; /* index; of a gap: the VMA behind it */
};

enum map_focus {
	FOCUS_LIST,
	FOCUS_GRID,
};

struct map_screen {
	struct screen base;
	struct snapshot *snapshot; /* NULL before the first */
	bool paused;
	enum map_focus focus;

	/* The list, remade when the mappings change. */
	const struct vma_list *lines_of;
	struct map_line *lines;
	size_t nr_lines, room;
	size_t chosen_line, top_line;
	uint64_t chosen_addr; /* start of the chosen VMA: it survives new snapshots */
	bool settled;         /* the user has moved, or a while has gone by: the choice stays */
	uint64_t counted_ns;  /* when its mappings were first seen counted; 0: not yet */

	/* The view of the chosen VMA. */
	struct map_layout layout;
	int cell_columns, cell_rows; /* room for cells */
	uint64_t pages_per_cell;
	bool fit;            /* zoom follows the VMA's size */
	uint64_t start_vpn;  /* first page shown, on a row of cells */
	uint64_t cursor_vpn; /* first page of the cell under the cursor */
};

/* The chosen VMA, or NULL. */
const struct vma *map_chosen(const struct map_screen *map);
/* Pages of the chosen VMA: first and how many. */
void map_chosen_pages(const struct map_screen *map, uint64_t *first_vpn, uint64_t *nr_pages);
/* The cell of the snapshot's view that holds a page; NULL where the view is another one. */
const struct grid_cell *map_cell_at(const struct map_screen *map, uint64_t vpn);

void map_draw(struct screen *screen, struct canvas *canvas, const struct theme *theme,
	      uint64_t now_ns);
/* Parts of the drawing, in map_detail.c: physical memory, the page under the cursor, the rules. */
void map_draw_frames(const struct map_screen *map, struct canvas *canvas,
		     const struct theme *theme);
void map_draw_detail(const struct map_screen *map, struct canvas *canvas, uint64_t now_ns);
void map_draw_rules(const struct map_screen *map, struct canvas *canvas, const struct theme *theme);
/* Fills rows[] with the keys that apply now; returns how many. */
size_t map_keys(const struct screen *screen, struct key_row *rows, size_t room);

/* A program that has just begun shows its largest mapping for so long, unless a key is typed. */
#define MAP_SETTLE_NS UINT64_C(1000000000)
/* How long the mark of a change stays. */
#define MAP_CHANGE_NS UINT64_C(1200000000)

#endif
