/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_UI_CANVAS_H
#define PAGEWALK_UI_CANVAS_H

#include "ui/colour.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What is to be on the screen: a grid of characters with colours, drawn by the screens
 * and shown by the terminal (ui/term_curses.c). Pure; everything clips.
 */
enum attr {
	ATTR_BOLD = 1,
	ATTR_DIM = 2,
	ATTR_REVERSE = 4,
	ATTR_UNDERLINE = 8,
};

struct glyph {
	uint32_t ch; /* Unicode; 0: the right half of a wide character */
	uint8_t fg, bg;
	uint8_t attrs; /* enum attr */
};

struct canvas;

struct rect {
	int x, y, columns, rows;
};

struct canvas *canvas_new(int columns, int rows);
void canvas_free(struct canvas *canvas);
int canvas_columns(const struct canvas *canvas);
int canvas_rows(const struct canvas *canvas);
/* Everything blank in the default colours. */
void canvas_clear(struct canvas *canvas);
/* NULL outside. */
const struct glyph *canvas_at(const struct canvas *canvas, int x, int y);

void canvas_put(struct canvas *canvas, int x, int y, struct glyph glyph);
/* Adds attributes to what is already there. */
void canvas_mark(struct canvas *canvas, int x, int y, int columns, uint8_t attrs);
/*
 * Draws safe UTF-8 text (base/text.h) from x on, cut at `columns` and at the canvas's
 * edge; "~" marks a cut. Returns the columns drawn.
 */
int canvas_text(struct canvas *canvas, int x, int y, int columns, uint8_t fg, uint8_t attrs,
		const char *text);
/* The same with a printf format; the text must be safe. */
int canvas_printf(struct canvas *canvas, int x, int y, int columns, uint8_t fg, uint8_t attrs,
		  const char *format, ...) __attribute__((format(printf, 7, 8)));
/* The same, right-aligned in `columns`. */
int canvas_text_right(struct canvas *canvas, int x, int y, int columns, uint8_t fg, uint8_t attrs,
		      const char *text);
/* Fills a rectangle with one glyph. */
void canvas_fill(struct canvas *canvas, struct rect rect, struct glyph glyph);
/* A line of text as UTF-8 with trailing blanks cut, for tests and dumps; caller frees. */
char *canvas_line(const struct canvas *canvas, int y);

#endif
