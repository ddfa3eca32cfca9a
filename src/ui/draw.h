/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_UI_DRAW_H
#define PAGEWALK_UI_DRAW_H

#include "ui/canvas.h"
#include "ui/screen.h"
#include "ui/theme.h"

/* What several screens draw alike. */

/* One cell of a map, reduced to what is drawn. */
struct tile {
	int first;    /* hue (a class is one) of most of its pages */
	int second;   /* of the next most; HUE_NONE (NR_CLASS) where there is none worth showing */
	int strength; /* 0 to NR_STRENGTH - 1: share of its pages that are not absent */
	bool changed; /* mark it */
	bool cursor;
	char sign; /* what stands for it where a cell is one character; 0: the glyph of its hue */
	bool lit;  /* it has what is chosen in another panel */
};

/*
 * Draws one tile as one character, or two tiles (upper and lower half) as one where the
 * theme is dense; `lower` is NULL at the last row of an odd number.
 */
void draw_tile(struct canvas *canvas, int x, int y, const struct theme *theme,
	       const struct tile *upper, const struct tile *lower);
/* A bar of `columns` characters, `part` of `whole` filled, by eighths where possible. */
void draw_bar(struct canvas *canvas, int x, int y, int columns, const struct theme *theme,
	      uint8_t colour, uint64_t part, uint64_t whole);
/* The same, half as high, so that bars in neighbouring rows stay apart. */
void draw_thin_bar(struct canvas *canvas, int x, int y, int columns, const struct theme *theme,
		   uint8_t colour, uint64_t part, uint64_t whole);
/* A horizontal or vertical rule. */
void draw_hline(struct canvas *canvas, int x, int y, int columns, const struct theme *theme);
void draw_vline(struct canvas *canvas, int x, int y, int rows, const struct theme *theme);
/* The border of a box, just inside the rectangle. */
void draw_box(struct canvas *canvas, struct rect rect, uint8_t fg, const struct theme *theme);
/* The bottom line: keys and labels, as many as fit, separated by two blanks. */
void draw_keys(struct canvas *canvas, int y, const struct key_row *rows, size_t nr);
/* Bytes of `text` that fit into one line of `columns`, broken between words where possible. */
size_t draw_wrap_bytes(const char *text, int columns);
/* Safe text in lines that do not break words; returns how many lines were drawn. */
int draw_paragraph(struct canvas *canvas, struct rect rect, uint8_t fg, uint8_t attrs,
		   const char *text);
/* Says that the terminal is smaller than 80x24 and what it is. */
void draw_too_small(struct canvas *canvas);

#endif
