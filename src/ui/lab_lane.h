/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_UI_LAB_LANE_H
#define PAGEWALK_UI_LAB_LANE_H

#include "model/lab_view.h"
#include "ui/canvas.h"
#include "ui/theme.h"

#include <stdbool.h>
#include <stddef.h>

/* Where everything of screen 6 stands: pure geometry of the terminal's size. */
struct lab_layout {
	int gutter;             /* columns for labels at the left */
	int lane_columns;       /* of each lane, the rule before the next one included */
	int pad;                /* blank columns at both sides of a lane, where there is room */
	int inner;              /* of each lane, without rule and blanks */
	size_t first, nr_lanes; /* lanes in sight; the chosen one always is */
	bool roomy;             /* there are rows for more figures and blanks */
	bool tall;              /* and for what a single step moved */
	int path_y, map_rows, rule_y, figures_y;
	int sentence_y, sentence_rows, keys_y;
};

struct lab_layout lab_layout_make(size_t nr_lanes, size_t chosen, int columns, int rows);
/* Puts lane `first` at the left where that keeps the chosen one, and no gap, in sight. */
void lab_layout_scroll(struct lab_layout *at, size_t nr_lanes, size_t chosen, size_t first);
/* First column of the lane in this place. */
int lab_layout_lane_x(const struct lab_layout *at, size_t slot);

/* How a lane's cells are drawn: `merge` of them as one tile, `width` tiles in a row. */
struct lab_tiling {
	size_t nr, merge;
	int width;
};

/* No more rows for the maps than they fill; what is below moves up. */
void lab_layout_fit_map(struct lab_layout *at, const struct lab_view *view,
			const struct theme *theme);

struct lab_tiling lab_tiling_make(const struct cache_info *cache, const struct lab_layout *at,
				  const struct theme *theme);

/*
 * Draws one lane into its place; `before`, which may be NULL, is the lane in the view
 * before, and tells which cells changed. `proof` is of its mode, or NULL while there is none.
 */
void lab_lane_draw(struct canvas *canvas, const struct lab_layout *at, size_t slot,
		   const struct theme *theme, const struct lane_view *lane,
		   const struct lane_view *before, const struct lab_proof *proof, bool chosen);
/* How many rows of figures there are at this size. */
int lab_nr_figures(const struct lab_layout *at);
/* Draws the figures of one lane from column x on. */
void lab_draw_figures(struct canvas *canvas, const struct lab_layout *at, int x,
		      const struct theme *theme, const struct lane_view *lane,
		      const struct lab_proof *proof);
/* "copied", "shared", or "?" where it could not be found out. */
const char *lab_proof_word(const struct lab_proof *proof);
/* The labels of the rows, at the left. */
void lab_lane_draw_labels(struct canvas *canvas, const struct lab_layout *at);

#endif
