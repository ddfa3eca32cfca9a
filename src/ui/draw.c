/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What several screens draw alike: cells of a map, bars, rules, the key line. In dense
 * drawings a character is four quarters in two colours: each of its two tiles takes two
 * of them, side by side, so that a tile of two classes shows both where the colours allow.
 */
#include "ui/draw.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

static uint8_t tile_colour(const struct tile *tile, int hue)
{
	if (tile->cursor)
		return COLOUR_CURSOR;
	if (tile->lit)
		return COLOUR_KEY;
	if (tile->changed)
		return colour_of_change(hue);
	return colour_of_hue(hue, tile->strength);
}

static bool tile_is_mixed(const struct tile *tile)
{
	return tile->second != NR_CLASS && tile->second != tile->first && !tile->cursor;
}

/* The colours of a tile's two quarters; `swap` puts the second class to the left. */
static void tile_quarters(const struct tile *tile, bool swap, uint8_t out[2])
{
	out[0] = out[1] = tile_colour(tile, tile->first);
	if (tile_is_mixed(tile))
		out[!swap] = tile_colour(tile, tile->second);
}

static bool two_colours_at_most(const uint8_t quarters[4])
{
	uint8_t other = quarters[0];

	for (int i = 1; i < 4; i++) {
		if (quarters[i] == quarters[0] || quarters[i] == other)
			continue;
		if (other != quarters[0])
			return false;
		other = quarters[i];
	}
	return true;
}

/* A character cannot hold more than two colours: give up mixture where there are more. */
static void quarters_reduce(uint8_t quarters[4])
{
	uint8_t second = quarters[2];

	if (two_colours_at_most(quarters))
		return;
	quarters[2] = quarters[3];
	if (two_colours_at_most(quarters))
		return;
	quarters[1] = quarters[0];
	quarters[2] = second;
	if (!two_colours_at_most(quarters))
		quarters[2] = quarters[3];
}

static void draw_quarters(struct canvas *canvas, int x, int y, const struct theme *theme,
			  const uint8_t quarters[4])
{
	uint8_t fg = quarters[0], bg = quarters[0];
	unsigned set = 0;

	for (unsigned i = 0; i < 4; i++) {
		if (quarters[i] == fg)
			set |= 1u << i;
		else
			bg = quarters[i];
	}
	canvas_put(canvas, x, y,
		   (struct glyph){ theme_glyph(theme, GLYPH_QUADRANT + set), fg, bg, 0 });
}

static bool tile_is_hatched(const struct tile *tile)
{
	return !tile || (tile->first == CLASS_UNKNOWN && !tile->cursor);
}

static void draw_dense(struct canvas *canvas, int x, int y, const struct theme *theme,
		       const struct tile *upper, const struct tile *lower)
{
	uint8_t quarters[4] = { COLOUR_DEFAULT, COLOUR_DEFAULT, COLOUR_DEFAULT, COLOUR_DEFAULT };

	if (tile_is_hatched(upper) && tile_is_hatched(lower) && upper) {
		canvas_put(canvas, x, y,
			   (struct glyph){ theme_glyph(theme, GLYPH_CLASS_FULL + CLASS_UNKNOWN),
					   tile_colour(upper, CLASS_UNKNOWN), COLOUR_BG, 0 });
		return;
	}
	tile_quarters(upper, false, quarters);
	if (lower) {
		tile_quarters(lower, true, quarters + 2);
		quarters_reduce(quarters);
	} else {
		quarters[1] = quarters[0];
	}
	draw_quarters(canvas, x, y, theme, quarters);
}

static void draw_single(struct canvas *canvas, int x, int y, const struct theme *theme,
			const struct tile *tile)
{
	bool part = tile->strength < NR_STRENGTH - 1;
	unsigned name = (part ? GLYPH_CLASS_PART : GLYPH_CLASS_FULL) + (unsigned)tile->first;
	struct glyph glyph = { .bg = COLOUR_BG };

	if (tile->second != NR_CLASS && tile->second != tile->first)
		name = GLYPH_MIXED;
	glyph.ch = tile->sign && name != GLYPH_MIXED ? (uint32_t)tile->sign
						     : theme_glyph(theme, name);
	/* The glyph tells the strength; dark shades of small glyphs would be hard to read. */
	glyph.fg = tile->changed ? colour_of_change(tile->first)
				 : colour_of_hue(tile->first, NR_STRENGTH - 1);
	if (tile->first == CLASS_ABSENT && !tile->changed)
		glyph.fg = COLOUR_FAINT;
	if (tile->changed)
		glyph.attrs |= ATTR_BOLD | ATTR_UNDERLINE;
	if (tile->lit)
		glyph.fg = COLOUR_KEY;
	if (tile->cursor || tile->lit)
		glyph.attrs |= ATTR_REVERSE | ATTR_BOLD;
	canvas_put(canvas, x, y, glyph);
}

void draw_tile(struct canvas *canvas, int x, int y, const struct theme *theme,
	       const struct tile *upper, const struct tile *lower)
{
	if (theme->dense)
		draw_dense(canvas, x, y, theme, upper, lower);
	else
		draw_single(canvas, x, y, theme, upper);
}

/* Eighths of a bar that are filled: none only of nothing, all only of everything. */
static uint64_t bar_eighths(uint64_t part, uint64_t whole, int columns)
{
	uint64_t all = (uint64_t)columns * 8, filled;

	if (!whole || !part)
		return 0;
	if (part >= whole)
		return all;
	filled = (uint64_t)((double)part / (double)whole * (double)all);
	if (filled >= all)
		filled = all - 1;
	return filled ? filled : 1;
}

void draw_bar(struct canvas *canvas, int x, int y, int columns, const struct theme *theme,
	      uint8_t colour, uint64_t part, uint64_t whole)
{
	bool shaded = !theme->ascii && theme->colours >= 256;
	uint8_t ground = shaded ? colour_of_class(CLASS_ABSENT, 0) : COLOUR_DEFAULT;
	struct glyph empty = { theme_glyph(theme, GLYPH_CLASS_FULL + CLASS_ABSENT), COLOUR_FAINT,
			       COLOUR_DEFAULT, 0 };
	uint64_t left;

	if (columns <= 0)
		return;
	if (shaded)
		empty = (struct glyph){ ' ', COLOUR_DEFAULT, ground, 0 };
	left = bar_eighths(part, whole, columns);
	for (int i = 0; i < columns; i++) {
		unsigned eighths = left > 8 ? 8 : (unsigned)left;
		struct glyph glyph = empty;

		if (eighths)
			glyph = (struct glyph){ theme_glyph(theme, GLYPH_BAR_1 + eighths - 1),
						colour, ground, 0 };
		canvas_put(canvas, x + i, y, glyph);
		left -= eighths;
	}
}

void draw_thin_bar(struct canvas *canvas, int x, int y, int columns, const struct theme *theme,
		   uint8_t colour, uint64_t part, uint64_t whole)
{
	uint64_t halves = (bar_eighths(part, whole, columns) + 3) / 4;

	if (theme->ascii || theme->colours < 256) {
		draw_bar(canvas, x, y, columns, theme, colour, part, whole);
		return;
	}
	for (int i = 0; i < columns; i++) {
		uint64_t here = halves > 2u * (unsigned)i ? halves - 2u * (unsigned)i : 0;
		uint32_t lower = theme_glyph(theme, GLYPH_LOWER_HALF);
		uint8_t ground = colour_of_class(CLASS_ABSENT, 0);
		struct glyph glyph = { lower, here ? colour : ground, COLOUR_DEFAULT, 0 };

		/* Half a column: its lower left quarter over the ground. */
		if (here == 1)
			glyph.ch = theme_glyph(theme, GLYPH_QUADRANT + 4);
		canvas_put(canvas, x + i, y, glyph);
	}
}

void draw_hline(struct canvas *canvas, int x, int y, int columns, const struct theme *theme)
{
	struct glyph line = { theme_glyph(theme, GLYPH_HLINE), COLOUR_FAINT, COLOUR_DEFAULT, 0 };

	canvas_fill(canvas, (struct rect){ x, y, columns, 1 }, line);
}

void draw_vline(struct canvas *canvas, int x, int y, int rows, const struct theme *theme)
{
	struct glyph line = { theme_glyph(theme, GLYPH_VLINE), COLOUR_FAINT, COLOUR_DEFAULT, 0 };

	canvas_fill(canvas, (struct rect){ x, y, 1, rows }, line);
}

void draw_box(struct canvas *canvas, struct rect rect, uint8_t fg, const struct theme *theme)
{
	int right = rect.x + rect.columns - 1, bottom = rect.y + rect.rows - 1;
	const struct {
		int x, y;
		enum glyph_name name;
	} corners[] = {
		{ rect.x, rect.y, GLYPH_CORNER_UPPER_LEFT },
		{ right, rect.y, GLYPH_CORNER_UPPER_RIGHT },
		{ rect.x, bottom, GLYPH_CORNER_LOWER_LEFT },
		{ right, bottom, GLYPH_CORNER_LOWER_RIGHT },
	};
	struct glyph glyph = { theme_glyph(theme, GLYPH_HLINE), fg, COLOUR_DEFAULT, 0 };

	for (int x = rect.x + 1; x < right; x++) {
		canvas_put(canvas, x, rect.y, glyph);
		canvas_put(canvas, x, bottom, glyph);
	}
	glyph.ch = theme_glyph(theme, GLYPH_VLINE);
	for (int y = rect.y + 1; y < bottom; y++) {
		canvas_put(canvas, rect.x, y, glyph);
		canvas_put(canvas, right, y, glyph);
	}
	for (size_t i = 0; i < sizeof(corners) / sizeof(corners[0]); i++) {
		glyph.ch = theme_glyph(theme, corners[i].name);
		canvas_put(canvas, corners[i].x, corners[i].y, glyph);
	}
}

void draw_keys(struct canvas *canvas, int y, const struct key_row *rows, size_t nr)
{
	int x = 1, room = canvas_columns(canvas) - 1;

	canvas_fill(canvas, (struct rect){ 0, y, canvas_columns(canvas), 1 },
		    (struct glyph){ ' ', COLOUR_TEXT, COLOUR_BAR_BG, 0 });
	for (size_t i = 0; i < nr; i++) {
		int keys_width, label_width;

		if (!rows[i].label)
			continue;
		keys_width = text_width(rows[i].keys);
		label_width = text_width(rows[i].label);
		if (x + keys_width + 1 + label_width > room)
			continue;
		canvas_text(canvas, x, y, keys_width, COLOUR_KEY, ATTR_BOLD, rows[i].keys);
		x += keys_width + 1;
		canvas_text(canvas, x, y, label_width, COLOUR_TEXT, 0, rows[i].label);
		x += label_width + 2;
	}
}

size_t draw_wrap_bytes(const char *text, int columns)
{
	size_t len = strlen(text), at = 0, good = 0;
	int width = 0;

	while (at < len) {
		uint32_t ch;
		size_t used = utf8_decode(text + at, len - at, &ch);

		used = used ? used : 1;
		width += text_char_width(ch);
		/* A word longer than the line is broken; a line holds one character at least. */
		if (width > columns)
			return good ? good : at ? at : used;
		at += used;
		if (at == len || text[at] == ' ')
			good = at;
	}
	return len;
}

int draw_paragraph(struct canvas *canvas, struct rect rect, uint8_t fg, uint8_t attrs,
		   const char *text)
{
	char line[512];
	int row = 0;

	for (; *text && row < rect.rows && rect.columns > 0; row++) {
		size_t len = draw_wrap_bytes(text, rect.columns);

		/* The last row shows by its cut that there is more. */
		if (row == rect.rows - 1)
			len = strlen(text);
		if (len >= sizeof(line))
			len = sizeof(line) - 1;
		memcpy(line, text, len);
		line[len] = '\0';
		canvas_text(canvas, rect.x, rect.y + row, rect.columns, fg, attrs, line);
		text += len;
		while (*text == ' ')
			text++;
	}
	return row;
}

void draw_too_small(struct canvas *canvas)
{
	int columns = canvas_columns(canvas), rows = canvas_rows(canvas);
	char lines[3][48];
	int y = rows > 3 ? (rows - 3) / 2 : 0;

	snprintf(lines[0], sizeof(lines[0]), "%dx%d", columns, rows);
	snprintf(lines[1], sizeof(lines[1]), "is too small:");
	snprintf(lines[2], sizeof(lines[2]), "needs %dx%d", SCREEN_MIN_COLUMNS, SCREEN_MIN_ROWS);
	for (int i = 0; i < 3; i++) {
		int width = (int)strlen(lines[i]);
		int x = width < columns ? (columns - width) / 2 : 0;

		canvas_text(canvas, x, y + i, columns, COLOUR_WARN, ATTR_BOLD, lines[i]);
	}
}
