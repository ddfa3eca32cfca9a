/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_UI_FAULTS_STATE_H
#define PAGEWALK_UI_FAULTS_STATE_H

#include "model/fault_part.h"
#include "model/fault_view.h"
#include "ui/screen.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The inside of screen 2, shared by the files that make it up. */

#define FAULTS_NONE_PASSES "None of the faults that are kept passes the filter (Backspace: all)."

enum faults_table {
	TABLE_STREAM,
	TABLE_VMAS,
	TABLE_SITES,
	TABLE_KINDS,
	NR_TABLE,
};

enum faults_sort {
	SORT_ALL, /* minor, major and failed together */
	SORT_MINOR,
	SORT_MAJOR,
	SORT_FAILED,
	SORT_NAME, /* mappings: by address */
	NR_SORT,
};

struct faults_layout {
	struct rect plot;                /* its first row is the heading */
	struct rect kinds;               /* at the right of it, with a heading too */
	int tabs_y, filter_y, columns_y; /* filter_y: 0 where no filter is set */
	struct rect list;
	int rule_y;
	struct rect detail;
	int keys_y;
};

struct faults_screen {
	struct screen base;
	struct fault_view *live;  /* the newest; NULL before the first */
	struct fault_view *still; /* that is looked at while `live` goes on; NULL: the newest */
	enum faults_table table;
	enum faults_sort sort[NR_TABLE];
	struct fault_filter filter;
	/* What the filter leaves of a view, kept for as long as both are the same; faults_part(). */
	struct fault_part *part;
	struct fault_view *part_view;
	struct fault_filter part_filter;
	bool logarithmic;
	uint64_t cursor, bottom;   /* faults by number: the chosen one, and that of the last line */
	uint32_t chosen[NR_TABLE]; /* row of a table; FAULT_NO_ROW: the first one shown */
	size_t top[NR_TABLE];
	/* The rows of the open table as they are sorted now. */
	uint32_t *order;
	size_t nr_order, order_room;
	int cursor_line; /* where the cursor was drawn in the stream */
	struct faults_layout layout;
};

/* With the line of the filter, or without. */
struct faults_layout faults_layout(int columns, int rows, bool filtered);
/* The view that is looked at, or NULL. */
const struct fault_view *faults_shown(const struct faults_screen *screen);
/* The fault under the cursor, or NULL: there is none that passes the filter. */
const struct fault_row *faults_chosen(const struct faults_screen *screen);
/* Sorts those rows of the open table that the filter leaves; the place of the chosen one. */
size_t faults_sort_rows(struct faults_screen *screen);
/* The row that is chosen of those sorted last; FAULT_NO_ROW: there is none. */
uint32_t faults_chosen_row(const struct faults_screen *screen);
/* The counts of a mapping or an instruction, and those of all, under the filter. */
const struct fault_count *faults_row_count(struct faults_screen *screen, uint32_t row);
const struct fault_numbers *faults_passed(struct faults_screen *screen);
/* "minor", "address": what the open table is sorted by. */
const char *faults_sort_name(const struct faults_screen *screen);
/* True where a table can be sorted so. */
bool faults_can_sort(enum faults_table table, enum faults_sort sort);

/* The filter, in faults_filter.c. */
/* What it leaves of the view that is looked at, borrowed until the next call; NULL: it is not set. */
const struct fault_part *faults_part(struct faults_screen *screen);
void faults_drop_part(struct faults_screen *screen);
/* Enter in a table: to the faults of the chosen row, in the stream. */
struct action faults_show_row(struct faults_screen *screen);
/* K V T I: by what the fault or the row under the cursor has; the same key again takes it away. */
struct action faults_filter_key(struct faults_screen *screen, uint32_t key);
struct action faults_clear_filter(struct faults_screen *screen);

/* How a kind looks. */
int faults_kind_hue(enum fault_kind kind);
char faults_kind_sign(enum fault_kind kind);
/* Draws the sign of a kind in its colour. */
void faults_draw_kind_sign(struct canvas *canvas, int x, int y, enum fault_kind kind);

/* Words, in faults_words.c. All fill and return `out`, safe to draw. */
/* "libc.so.6", "anon", "[heap]"; of a row of the view's names. */
char *faults_vma_text(const struct fault_view *view, uint32_t row, char *out, size_t room);
/* "main+0x1c", "libc.so.6+0x8a1f0", "... " while it is looked up; with `full` module and line too. */
char *faults_site_text(const struct fault_view *view, uint32_t row, bool full, char *out,
		       size_t room);
/* What the CPU found and what the kernel did, in a sentence or three. */
char *faults_explain(const struct fault_row *row, char *out, size_t room);
/* How many pages of a mapping's file were evicted, a sentence; "" where it is of no file. */
char *faults_evicted_text(const struct fault_count *count, char *out, size_t room);
/* What a kind is, for the table of kinds. */
const char *faults_kind_sentence(enum fault_kind kind);
/* What the kernel has counted and what was not seen of it. */
char *faults_balance_text(const struct fault_view *view, bool brief, char *out, size_t room);
/* Why less is told than could be; "" where nothing is missing. */
char *faults_refusal_text(const struct fault_view *view, char *out, size_t room);

/* Drawing. */
void faults_draw(struct screen *screen, struct canvas *canvas, const struct theme *theme,
		 uint64_t now_ns);
void faults_draw_plot(const struct faults_screen *screen, struct canvas *canvas,
		      const struct theme *theme);
void faults_draw_kinds(const struct faults_screen *screen, struct canvas *canvas);
void faults_draw_table(struct faults_screen *screen, struct canvas *canvas,
		       const struct theme *theme);
void faults_draw_filter(struct faults_screen *screen, struct canvas *canvas);
/* The bottom line's keys. */
size_t faults_keys(const struct screen *screen, struct key_row *rows, size_t room);

#endif
