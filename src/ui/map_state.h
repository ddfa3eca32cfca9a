/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_UI_MAP_STATE_H
#define PAGEWALK_UI_MAP_STATE_H

#include "model/snapshot.h"
#include "ui/layout.h"
#include "ui/map_colour.h"
#include "ui/map_heat.h"
#include "ui/prompt.h"
#include "ui/screen.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The inside of screen 1, shared by the files that make it up. */

/* A line of the list: a VMA, or the gap before it. */
struct map_line {
	bool gap;
	size_t vma; /* index; of a gap: the VMA behind it */
	size_t row; /* that VMA's place in vma_lines[] */
};

enum map_focus {
	FOCUS_LIST,
	FOCUS_GRID,
	FOCUS_FRAMES,
	NR_FOCUS,
};

/* What the prompt asks for. */
enum map_asking {
	ASKING_ADDR,
	ASKING_NAME,
};

/* The search for the next page that is there; see map_find.c. */
struct map_hunt {
	bool going, back;
	struct map_seek seek;
	size_t line; /* of the VMA that is searched */
};

/* The panel of physical memory. */
struct map_frames {
	struct frame_map *all;      /* the last map of all of it; NULL: none yet */
	struct frame_map *geometry; /* where the cells lie now; without counts */
	uint64_t cursor_pfn;
	bool has_cursor;          /* else it waits for the page under the other one */
	uint64_t frames_per_cell; /* 0: all of it, at a scale that fits */
	uint64_t shown_pfn, nr_shown;
	uint64_t next; /* page of the cell under the cursor that Enter goes to */
};

/* The pane with the bytes of a page, in map_peek.c. */
struct map_peek {
	bool open;
	unsigned serial; /* of the last request */
	int top, rows;   /* first line shown, and how many at the last drawing */
};

struct map_screen {
	struct screen base;
	struct snapshot *snapshot; /* NULL before the first */
	struct map_peek peek;
	bool paused;
	bool has_command; /* pagewalk started one, and keeps what it writes */
	enum map_focus focus;

	/* The list, remade when the mappings or the filter change. */
	const struct vma_list *lines_of;
	enum vma_filter filter, lines_filter;
	struct map_line *lines;
	size_t nr_lines, room;
	size_t *vma_lines; /* lines[] of the VMAs, gaps left out */
	size_t nr_vma_lines, vma_room;
	size_t chosen_line, top_line;
	uint64_t chosen_addr; /* start of the chosen VMA: it survives new snapshots */
	bool settled;         /* the user has moved, or a while has gone by: the choice stays */
	uint64_t counted_ns;  /* when its mappings were first seen counted; 0: not yet */

	struct map_colour colour; /* mode, mark, timeline */
	struct map_heat heat;

	/* The view: pages laid end to end by a fold, drawn from a place of it on. */
	struct map_layout layout;
	enum map_view view;
	bool with_empty;      /* VIEW_WHOLE: VMAs with nothing in memory are drawn too */
	bool leave_out_empty; /* they are not, in the present fold */
	struct fold *fold;
	int cell_columns, cell_rows; /* room for cells */
	uint64_t pages_per_cell;
	bool fit;             /* zoom follows the size */
	uint64_t start_index; /* place of the first page shown, on a row of cells */
	uint64_t cursor_vpn;  /* the page under the cursor */
	size_t top_row;       /* VIEW_ROWS: vma_lines[] of the first row */
	int drag_x, drag_y;   /* where the pointer was seen last */

	struct map_frames frames;

	/* Finding. */
	struct prompt prompt;
	enum map_asking asking;
	char name[PROMPT_CHARS * 4 + 1]; /* that was searched last */
	struct map_hunt hunt;
	bool menu; /* the choice of a filter is open */
	enum vma_filter menu_at;
	char said[80]; /* one line in place of the keys, until the next key */
	char *path;    /* of ACTION_OPEN_FILE */
};

/* The chosen VMA, or NULL. */
const struct vma *map_chosen(const struct map_screen *map);
/* Pages of the chosen VMA: first and how many. */
void map_chosen_pages(const struct map_screen *map, uint64_t *first_vpn, uint64_t *nr_pages);

/* The list, in map_list.c. */
void map_make_lines(struct map_screen *map);
/* Where a newcomer looks first: the mapping that has most in memory. */
size_t map_most_resident_line(const struct map_screen *map);
/* The line of the VMA that was chosen, or of the one that now lies nearest behind. */
size_t map_line_of_chosen(const struct map_screen *map);
/* The line of the VMA that holds a page, SIZE_MAX where the list shows none. */
size_t map_line_at(const struct map_screen *map, uint64_t vpn);
void map_choose_line(struct map_screen *map, size_t line);
/* Chooses the VMA that holds a page and puts the cursor on it; false: none on the list does. */
bool map_choose_page(struct map_screen *map, uint64_t vpn);
/* Steps to the next line in a direction that is a VMA; stays where there is none. */
void map_step_line(struct map_screen *map, int step);
void map_step_lines(struct map_screen *map, int steps);
/* Scrolls the list so that the chosen line is in sight. */
void map_settle_list(struct map_screen *map);
/* VMAs of the snapshot that a filter lets through. */
size_t map_filter_nr(const struct map_screen *map, enum vma_filter filter);

/* What the view lays out where, in map_space.c. */
/* A cell of the snapshot. */
struct map_cell {
	const struct grid *grid;
	size_t index;
	bool exact; /* it stands for the very pages; else it is that of a view before */
};

/* The cell that has a page of the view, from an older view if need be; false: none was read. */
bool map_find_cell(const struct map_screen *map, uint64_t vpn, struct map_cell *cell);
/* Pages of one row of cells. */
uint64_t map_row_pages(const struct map_screen *map);
uint64_t map_fitting_pages_per_cell(const struct map_screen *map);
/* Place of the cell that the cursor is in. */
uint64_t map_cursor_index(const struct map_screen *map);
/* Makes the fold anew, brings cursor and view into it, and the cursor into the view. */
void map_settle_view(struct map_screen *map);
/* Adds the view to what the screen wants. */
void map_request_view(const struct map_screen *map, struct map_request *request);
/* VIEW_ROWS: columns of a row's label, and pages of a cell of a VMA of nr_pages. */
int map_row_label_columns(const struct map_screen *map);
uint64_t map_row_pages_per_cell(const struct map_screen *map, uint64_t nr_pages);
/* Pages that the cell under the cursor stands for, and the first of them. */
uint64_t map_cursor_cell_pages(const struct map_screen *map);
uint64_t map_cursor_cell_vpn(const struct map_screen *map);
/* False where the cursor's VMA is left out of the view. */
bool map_cursor_is_in_view(const struct map_screen *map);
/* The i-th grid of the picture; NULL: it has no more. */
const struct grid *map_nth_grid(const struct map_screen *map, size_t i);

/* Moving, in map_move.c. Keys and the mouse: false: another. */
bool map_handle_move(struct map_screen *map, const struct ui_event *event);
bool map_handle_view(struct map_screen *map, const struct ui_event *event);

/* Physical memory, in map_frames.c. */
void map_frames_free(struct map_frames *frames);
/* Takes over a newer map; lays the panel out and adds to what the screen wants. */
void map_frames_take(struct map_screen *map);
void map_frames_request(struct map_screen *map, struct map_request *request);
bool map_frames_key(struct map_screen *map, const struct ui_event *event);
/* Puts the cursor on the cell at a place of the screen; false: there is none. */
bool map_frames_click(struct map_screen *map, int x, int y);
void map_frames_zoom(struct map_screen *map, bool in);
/* The pages of the frame cell under the cursor, or NULL. */
const struct frame_pages *map_lit_pages(const struct map_screen *map);
/* In place of the detail of a page. */
void map_draw_frame_detail(const struct map_screen *map, struct canvas *canvas);

/* Finding, in map_find.c. */
bool map_find_key(struct map_screen *map, const struct ui_event *event);
/* Goes on with a search that the newest snapshot answers. */
void map_find_take(struct map_screen *map);
/* Goes to an address; false, and says why, where it cannot. */
bool map_go_to(struct map_screen *map, uint64_t addr, char *error, size_t room);
/* The choice of filters over the list, and the prompt or what was said over the keys. */
void map_draw_find(const struct map_screen *map, struct canvas *canvas, const struct theme *theme);

/* VIEW_ROWS, in map_rows.c. */
void map_draw_rows(const struct map_screen *map, struct canvas *canvas, const struct theme *theme,
		   uint64_t now_ns);
/* What a cell is drawn as. */
struct tile map_tile(const struct map_screen *map, const struct map_cell *cell, uint64_t first_vpn,
		     uint64_t past_vpn, uint64_t now_ns);

/* True for some seconds after the process has executed another program. */
bool map_is_turning(const struct map_screen *map, uint64_t now_ns);
void map_draw(struct screen *screen, struct canvas *canvas, const struct theme *theme,
	      uint64_t now_ns);
/* Parts of the drawing, in map_detail.c: physical memory, the page under the cursor, the rules. */
void map_draw_frames(const struct map_screen *map, struct canvas *canvas,
		     const struct theme *theme);
void map_draw_detail(const struct map_screen *map, struct canvas *canvas, uint64_t now_ns);
void map_draw_rules(const struct map_screen *map, struct canvas *canvas, const struct theme *theme);
/* A key that opens the pane with a page's bytes, or any while it is open; false: another. */
bool map_peek_key(struct map_screen *map, const struct ui_event *event, struct action *action);
void map_draw_peek(struct map_screen *map, struct canvas *canvas);
size_t map_peek_keys(struct key_row *rows, size_t room);
/* Fills rows[] with the keys that apply now; returns how many. */
size_t map_keys(const struct screen *screen, struct key_row *rows, size_t room);

/* A program that has just begun shows its largest mapping for so long, unless a key is typed. */
#define MAP_SETTLE_NS UINT64_C(1000000000)
/* How long it is said that another program was executed. */
#define MAP_TURN_NS UINT64_C(5000000000)
/* How long the mark of a change stays. */
#define MAP_CHANGE_NS UINT64_C(1200000000)

#endif
