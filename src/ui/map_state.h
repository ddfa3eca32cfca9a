/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_UI_MAP_STATE_H
#define PAGEWALK_UI_MAP_STATE_H

#include "model/snapshot.h"
#include "ui/layout.h"
#include "ui/map_colour.h"
#include "ui/screen.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The inside of screen 1, shared by the files that make it up. */

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

	struct map_colour colour; /* mode, mark, timeline */

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

/* The list, in map_list.c. */
void map_make_lines(struct map_screen *map);
/* Where a newcomer looks first: the mapping that has most in memory. */
size_t map_most_resident_line(const struct map_screen *map);
/* The line of the VMA that was chosen, or of the one that now lies nearest behind. */
size_t map_line_of_chosen(const struct map_screen *map);
void map_choose_line(struct map_screen *map, size_t line);
/* Steps to the next line in a direction that is a VMA; stays where there is none. */
void map_step_line(struct map_screen *map, int step);
void map_step_lines(struct map_screen *map, int steps);
/* Scrolls the list so that the chosen line is in sight. */
void map_settle_list(struct map_screen *map);

/* The cells, in map_move.c. */
/* Pages that one row of cells stands for. */
uint64_t map_row_pages(const struct map_screen *map);
/* Brings cursor and view back into the VMA, and the cursor into the view. */
void map_settle_view(struct map_screen *map);
/* Keys and the mouse: those that move, those that change how it is shown; false: another. */
bool map_handle_move(struct map_screen *map, const struct ui_event *event);
bool map_handle_view(struct map_screen *map, const struct ui_event *event);

/* True for some seconds after the process has executed another program. */
bool map_is_turning(const struct map_screen *map, uint64_t now_ns);
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
/* How long it is said that another program was executed. */
#define MAP_TURN_NS UINT64_C(5000000000)
/* How long the mark of a change stays. */
#define MAP_CHANGE_NS UINT64_C(1200000000)

#endif
