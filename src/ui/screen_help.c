/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The explanation of a screen, in a panel over it: what it shows, what the colours and
 * glyphs mean, the keys that apply now. It is made from the screen's own tables, so it
 * cannot tell of keys that do not exist.
 */
#include "ui/screen_help.h"

#include "ui/draw.h"

#include <string.h>

#define PANEL_COLUMNS 76
#define KEYS_COLUMNS  14
#define MAX_KEYS      48

/* Where the next line of the explanation goes; lines above `scroll` are only counted. */
struct pen {
	struct canvas *canvas;
	const struct theme *theme;
	struct rect inner;
	int scroll, line;
};

/* The row of the present line on the canvas, or -1 where it is scrolled out of sight. */
static int pen_row(const struct pen *pen)
{
	int row = pen->line - pen->scroll;

	return row >= 0 && row < pen->inner.rows ? pen->inner.y + row : -1;
}

/* Text in lines of `columns` from column x of the panel on; the pen ends on its last line. */
static void pen_wrap(struct pen *pen, int x, int columns, uint8_t fg, uint8_t attrs,
		     const char *text)
{
	char line[256];

	for (;;) {
		size_t len = draw_wrap_bytes(text, columns);

		if (len >= sizeof(line))
			len = sizeof(line) - 1;
		memcpy(line, text, len);
		line[len] = '\0';
		if (pen_row(pen) >= 0)
			canvas_text(pen->canvas, pen->inner.x + x, pen_row(pen), columns, fg, attrs,
				    line);
		text += len;
		while (*text == ' ')
			text++;
		if (!*text)
			return;
		pen->line++;
	}
}

static void pen_paragraph(struct pen *pen, const char *text)
{
	pen_wrap(pen, 0, pen->inner.columns, COLOUR_TEXT, 0, text);
	pen->line++;
}

static void pen_heading(struct pen *pen, const char *text)
{
	pen->line++;
	pen_wrap(pen, 0, pen->inner.columns, COLOUR_TITLE, ATTR_BOLD, text);
	pen->line++;
}

/* A class from its weakest strength to its strongest, and its name. */
static void draw_sample(struct pen *pen, int x, enum page_class class, const char *name)
{
	int y = pen_row(pen);

	if (y < 0)
		return;
	for (int strength = 0; strength < NR_STRENGTH; strength++) {
		struct tile tile = { .first = class, .second = NR_CLASS, .strength = strength };

		draw_tile(pen->canvas, pen->inner.x + x + strength, y, pen->theme, &tile, &tile);
	}
	canvas_text(pen->canvas, pen->inner.x + x + NR_STRENGTH + 1, y, 20, COLOUR_TEXT, 0, name);
}

/* The buckets of a mode, from their weakest strength to their strongest. */
static void pen_buckets(struct pen *pen, const struct colour_mode_row *row)
{
	int third = pen->inner.columns / 3;

	pen_heading(pen, row->title);
	for (size_t i = 0; i < row->nr_buckets; i++) {
		const struct bucket *bucket = &row->buckets[i];
		int x = pen->inner.x + (int)(i % 3) * third, y = pen_row(pen);
		struct tile tile = { .first = bucket->hue, .second = HUE_NONE };

		for (int strength = 0; strength < NR_STRENGTH && y >= 0; strength++) {
			tile.strength = strength;
			tile.sign = strength < NR_STRENGTH - 1 ? bucket->part : bucket->full;
			draw_tile(pen->canvas, x + strength, y, pen->theme, &tile, &tile);
		}
		if (y >= 0)
			canvas_printf(pen->canvas, x + NR_STRENGTH + 1, y, third - NR_STRENGTH - 2,
				      COLOUR_TEXT, 0, "%s%s", bucket->step ? row->phrase : "",
				      bucket->label);
		if (i % 3 == 2 || i + 1 == row->nr_buckets)
			pen->line++;
	}
}

static void pen_legend(struct pen *pen, const struct screen *screen)
{
	const struct colour_mode_row *row = screen->ops->legend ? screen->ops->legend(screen)
								: NULL;
	int third = pen->inner.columns / 3, nr = 0;

	if (row)
		pen_buckets(pen, row);
	pen_heading(pen, "What a cell shows");
	for (int class = 0; class < NR_CLASS; class ++) {
		const char *name = screen->ops->class_name
					   ? screen->ops->class_name((enum page_class) class)
					   : page_class_name((enum page_class) class);

		if (!name)
			continue;
		draw_sample(pen, nr % 3 * third, (enum page_class) class, name);
		if (++nr % 3 == 0)
			pen->line++;
	}
	if (nr % 3)
		pen->line++;
	pen_paragraph(
		pen,
		pen->theme->dense
			? "The fuller a colour, the more of the cell's pages are there. A "
			  "character "
			  "holds two cells, one above the other. Two colours side by side: the "
			  "cell "
			  "has pages of both kinds. Lighter than full: it changed just now."
			: "The first sign: some of the cell's pages are there. The second: all of "
			  "them. *: pages of several kinds. Underlined: it changed just now.");
}

static void pen_keys(struct pen *pen, const struct screen *screen)
{
	struct key_row rows[MAX_KEYS];
	size_t nr = screen->ops->keys(screen, rows, MAX_KEYS);

	pen_heading(pen, "Keys");
	for (size_t i = 0; i < nr; i++) {
		const char *help = rows[i].help ? rows[i].help : rows[i].label;

		if (!help)
			continue;
		if (pen_row(pen) >= 0)
			canvas_text(pen->canvas, pen->inner.x, pen_row(pen), KEYS_COLUMNS - 1,
				    COLOUR_KEY, ATTR_BOLD, rows[i].keys);
		pen_wrap(pen, KEYS_COLUMNS, pen->inner.columns - KEYS_COLUMNS, COLOUR_TEXT, 0,
			 help);
		pen->line++;
	}
}

static void draw_frame(struct canvas *canvas, const struct theme *theme, struct rect panel,
		       const char *name)
{
	struct glyph bar = { ' ', COLOUR_TITLE, COLOUR_BAR_BG, 0 };
	int bottom = panel.y + panel.rows - 1;

	(void)theme;
	canvas_fill(canvas, panel, (struct glyph){ ' ', COLOUR_TEXT, COLOUR_DEFAULT, 0 });
	canvas_fill(canvas, (struct rect){ panel.x, panel.y, panel.columns, 1 }, bar);
	canvas_fill(canvas, (struct rect){ panel.x, bottom, panel.columns, 1 }, bar);
	canvas_fill(canvas, (struct rect){ panel.x, panel.y, 1, panel.rows }, bar);
	canvas_fill(canvas, (struct rect){ panel.x + panel.columns - 1, panel.y, 1, panel.rows },
		    bar);
	canvas_printf(canvas, panel.x + 2, panel.y, panel.columns - 4, COLOUR_TITLE, ATTR_BOLD,
		      "What this screen shows: %s", name);
}

static void draw_footer(struct canvas *canvas, struct rect panel, int scroll, int nr_lines)
{
	int bottom = panel.y + panel.rows - 1, inside = panel.rows - 2;

	canvas_text(canvas, panel.x + 2, bottom, panel.columns - 4, COLOUR_TEXT, 0,
		    "Up Down: read on   Esc: back to the screen");
	if (nr_lines > inside + scroll)
		canvas_text_right(canvas, panel.x + 2, bottom, panel.columns - 4, COLOUR_KEY,
				  ATTR_BOLD, "more below");
}

int screen_help_draw(const struct screen *screen, struct canvas *canvas, const struct theme *theme,
		     int scroll)
{
	int columns = canvas_columns(canvas), rows = canvas_rows(canvas);
	int width = columns - 4 > 2 * PANEL_COLUMNS ? 100 : PANEL_COLUMNS;
	struct rect panel = { (columns - width) / 2, 1, width, rows - 2 };
	struct pen pen = {
		canvas, theme, { panel.x + 3, 3, width - 6, panel.rows - 4 }, scroll, 0
	};

	if (columns < SCREEN_MIN_COLUMNS || rows < SCREEN_MIN_ROWS) {
		draw_too_small(canvas);
		return 0;
	}
	draw_frame(canvas, theme, panel, screen->ops->name);
	pen_paragraph(&pen, screen->ops->about);
	if (screen->ops->marks) {
		pen_heading(&pen, "Marks");
		pen_paragraph(&pen, screen->ops->marks);
	} else if (screen->ops->number) {
		pen_legend(&pen, screen);
	}
	pen_keys(&pen, screen);
	draw_footer(canvas, panel, scroll, pen.line + 2);
	return pen.line;
}
