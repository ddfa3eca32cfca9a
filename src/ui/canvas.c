/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The screen as data: a grid of glyphs that screens draw into and the terminal shows.
 * Nothing here knows a terminal. Everything clips, so no screen has to check its size;
 * a wide character takes two cells, the right one with ch 0, and is blanked as a whole
 * when one half of it is overwritten. Combining characters are not held: text made safe
 * (base/text.h) has none.
 */
#include "ui/canvas.h"

#include "base/text.h"
#include "base/xalloc.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct canvas {
	int columns, rows;
	struct glyph *cells;
};

static const struct glyph blank = { .ch = ' ' };

struct canvas *canvas_new(int columns, int rows)
{
	struct canvas *canvas = xcalloc(1, sizeof(*canvas));

	canvas->columns = columns > 0 ? columns : 1;
	canvas->rows = rows > 0 ? rows : 1;
	canvas->cells = xreallocarray(NULL, (size_t)canvas->columns * (size_t)canvas->rows,
				      sizeof(*canvas->cells));
	canvas_clear(canvas);
	return canvas;
}

void canvas_free(struct canvas *canvas)
{
	if (!canvas)
		return;
	free(canvas->cells);
	free(canvas);
}

int canvas_columns(const struct canvas *canvas)
{
	return canvas->columns;
}

int canvas_rows(const struct canvas *canvas)
{
	return canvas->rows;
}

void canvas_clear(struct canvas *canvas)
{
	size_t nr = (size_t)canvas->columns * (size_t)canvas->rows;

	for (size_t i = 0; i < nr; i++)
		canvas->cells[i] = blank;
}

static struct glyph *cell_at(const struct canvas *canvas, int x, int y)
{
	if (x < 0 || y < 0 || x >= canvas->columns || y >= canvas->rows)
		return NULL;
	return &canvas->cells[(size_t)y * (size_t)canvas->columns + (size_t)x];
}

const struct glyph *canvas_at(const struct canvas *canvas, int x, int y)
{
	return cell_at(canvas, x, y);
}

/* Before a cell is overwritten: the other half of a wide character must not stay alone. */
static void split_wide(struct canvas *canvas, int x, int y)
{
	struct glyph *cell = cell_at(canvas, x, y);
	struct glyph *right = cell_at(canvas, x + 1, y);
	struct glyph *left = cell_at(canvas, x - 1, y);

	if (!cell)
		return;
	if (right && right->ch == 0)
		right->ch = ' ';
	if (cell->ch == 0 && left)
		left->ch = ' ';
}

void canvas_put(struct canvas *canvas, int x, int y, struct glyph glyph)
{
	struct glyph *cell = cell_at(canvas, x, y);
	bool wide = glyph.ch > 0x7f && text_char_width(glyph.ch) == 2;

	if (!cell)
		return;
	split_wide(canvas, x, y);
	if (wide && !cell_at(canvas, x + 1, y)) {
		glyph.ch = ' ';
		wide = false;
	}
	*cell = glyph;
	if (!wide)
		return;
	split_wide(canvas, x + 1, y);
	glyph.ch = 0;
	*cell_at(canvas, x + 1, y) = glyph;
}

void canvas_mark(struct canvas *canvas, int x, int y, int columns, uint8_t attrs)
{
	for (int i = 0; i < columns && x + i < canvas->columns; i++) {
		struct glyph *cell = cell_at(canvas, x + i, y);

		if (cell)
			cell->attrs |= attrs;
	}
}

/* Keeps the background that is there, so that text can be laid over a bar. */
static void put_over(struct canvas *canvas, int x, int y, uint32_t ch, uint8_t fg, uint8_t attrs)
{
	const struct glyph *under = cell_at(canvas, x, y);

	if (under)
		canvas_put(canvas, x, y, (struct glyph){ ch, fg, under->bg, attrs });
}

int canvas_text(struct canvas *canvas, int x, int y, int columns, uint8_t fg, uint8_t attrs,
		const char *text)
{
	size_t left = strlen(text);
	int drawn = 0;
	bool cut;

	if (columns > canvas->columns - x)
		columns = canvas->columns - x;
	if (columns <= 0)
		return 0;
	cut = left > (size_t)columns && text_width(text) > columns;
	while (left) {
		uint32_t ch;
		size_t used = utf8_decode(text, left, &ch);
		int width = used ? text_char_width(ch) : 1;

		if (drawn + width > columns - cut)
			break;
		put_over(canvas, x + drawn, y, used ? ch : '?', fg, attrs);
		drawn += width;
		text += used ? used : 1;
		left -= used ? used : 1;
	}
	if (cut)
		put_over(canvas, x + drawn++, y, '~', fg, attrs);
	return drawn;
}

int canvas_printf(struct canvas *canvas, int x, int y, int columns, uint8_t fg, uint8_t attrs,
		  const char *format, ...)
{
	char *text;
	va_list args;
	int drawn;

	va_start(args, format);
	int failed = vasprintf(&text, format, args) < 0;
	va_end(args);
	if (failed)
		return 0;
	drawn = canvas_text(canvas, x, y, columns, fg, attrs, text);
	free(text);
	return drawn;
}

int canvas_text_right(struct canvas *canvas, int x, int y, int columns, uint8_t fg, uint8_t attrs,
		      const char *text)
{
	int width = text_width(text);

	if (width < columns) {
		x += columns - width;
		columns = width;
	}
	return canvas_text(canvas, x, y, columns, fg, attrs, text);
}

void canvas_fill(struct canvas *canvas, struct rect rect, struct glyph glyph)
{
	int right = rect.x + rect.columns, bottom = rect.y + rect.rows;

	if (right > canvas->columns)
		right = canvas->columns;
	if (bottom > canvas->rows)
		bottom = canvas->rows;
	for (int y = rect.y > 0 ? rect.y : 0; y < bottom; y++)
		for (int x = rect.x > 0 ? rect.x : 0; x < right; x++)
			canvas_put(canvas, x, y, glyph);
}

char *canvas_line(const struct canvas *canvas, int y)
{
	char *line = xmalloc((size_t)canvas->columns * 4 + 1);
	size_t at = 0, end = 0;

	for (int x = 0; x < canvas->columns; x++) {
		const struct glyph *cell = cell_at(canvas, x, y);

		if (!cell || cell->ch == 0)
			continue;
		at += utf8_encode(cell->ch, line + at);
		if (cell->ch != ' ')
			end = at;
	}
	line[end] = '\0';
	return line;
}
