/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The timeline of screen 1: what was resident and swapped, kind upon kind, the newest at the
 * right. A character's eighths are used where it can have two colours; else each kind has
 * its letter.
 */
#include "base/clock.h"
#include "base/fmt.h"
#include "ui/map_colour.h"
#include "ui/map_state.h"

#include <string.h>

static const enum page_class series_class[NR_SERIES] = {
	[SERIES_ANON] = CLASS_ANON,
	[SERIES_FILE] = CLASS_FILE,
	[SERIES_SHMEM] = CLASS_SHMEM,
	[SERIES_SWAP] = CLASS_SWAPPED,
};

static uint8_t series_colour(int series)
{
	return colour_of_class(series_class[series], NR_STRENGTH - 1);
}

/* Tops of the kinds in eighths of a row from below; what there is at all has one at least. */
static void stack(const struct history_point *point, uint64_t peak, int eighths,
		  int tops[NR_SERIES])
{
	uint64_t sum = 0;
	int below = 0;

	for (int series = 0; series < NR_SERIES; series++) {
		sum += point->bytes[series];
		tops[series] = (int)((double)sum / (double)peak * eighths + 0.5);
		if (point->bytes[series] && tops[series] <= below && below < eighths)
			tops[series] = below + 1;
		if (tops[series] < below)
			tops[series] = below;
		below = tops[series];
	}
}

/* The kind at one eighth; -1: above all. */
static int series_at(const int tops[NR_SERIES], int eighth)
{
	for (int series = 0; series < NR_SERIES; series++)
		if (eighth < tops[series])
			return series;
	return -1;
}

/* One character of the plot, whose lowest eighth is `from`. */
static struct glyph plot_glyph(const struct theme *theme, const int tops[NR_SERIES], int from)
{
	int lower = series_at(tops, from), upper = series_at(tops, from + 7), height = 1;
	struct glyph glyph = { ' ', COLOUR_DEFAULT, COLOUR_DEFAULT, 0 };

	if (theme->ascii || theme->colours < 256) {
		int middle = series_at(tops, from + 3);

		if (middle < 0)
			middle = lower;
		if (middle < 0)
			return glyph;
		glyph.ch = theme_glyph(theme, GLYPH_CLASS_FULL + series_class[middle]);
		glyph.fg = series_colour(middle);
		return glyph;
	}
	if (lower < 0)
		return glyph;
	while (height < 8 && series_at(tops, from + height) == lower)
		height++;
	glyph.ch = theme_glyph(theme, GLYPH_RISE_1 + (unsigned)height - 1);
	glyph.fg = series_colour(lower);
	/* A third kind in between gives way to the one above. */
	if (height < 8 && upper >= 0)
		glyph.bg = series_colour(upper);
	else if (height < 8 && series_at(tops, from + height) >= 0)
		glyph.bg = series_colour(series_at(tops, from + height));
	return glyph;
}

static void draw_plot(const struct history *history, struct canvas *canvas,
		      const struct theme *theme, const struct rect *at, uint64_t peak)
{
	for (int column = 0; column < at->columns; column++) {
		const struct history_point *point = history_at(history, (size_t)column);
		int tops[NR_SERIES];

		if (!point)
			return;
		stack(point, peak, at->rows * 8, tops);
		for (int row = 0; row < at->rows; row++)
			canvas_put(canvas, at->x + at->columns - 1 - column,
				   at->y + at->rows - 1 - row, plot_glyph(theme, tops, row * 8));
	}
}

static void draw_head(const struct history *history, struct canvas *canvas,
		      const struct theme *theme, const struct rect *at, uint64_t peak)
{
	const struct history_point *now = history_at(history, 0);
	int x = at->x, end = at->x + at->columns;
	char size[FMT_LEN];

	if (at->columns >= 62)
		x += canvas_printf(canvas, x, at->y, end - x, COLOUR_FAINT, 0,
				   at->columns >= 80 ? "TIMELINE %3u s, top %-5s  "
						     : "%3u s, top %-5s ",
				   (unsigned)((uint64_t)at->columns * HISTORY_STEP_NS / NS_PER_S),
				   fmt_bytes(size, peak));
	for (int series = 0; series < NR_SERIES; series++) {
		struct tile tile = { .first = (int)series_class[series],
				     .second = HUE_NONE,
				     .strength = NR_STRENGTH - 1 };

		draw_tile(canvas, x, at->y, theme, &tile, &tile);
		x += 1 + canvas_printf(canvas, x + 1, at->y, end - x - 1, COLOUR_TEXT, 0, "%s %-5s",
				       history_series_name((enum history_series)series),
				       fmt_bytes(size, now->bytes[series]));
	}
}

void map_draw_timeline(const struct map_screen *map, struct canvas *canvas,
		       const struct theme *theme)
{
	const struct history *history = &map->colour.history;
	const struct rect *at = &map->layout.timeline;
	struct rect plot = { at->x + 1, at->y + 1, at->columns - 2, at->rows - 1 };
	struct rect head = { at->x + 1, at->y, at->columns - 2, 1 };
	uint64_t peak = history_peak(history, (size_t)plot.columns);

	if (at->rows < 2 || !history->nr)
		return;
	draw_head(history, canvas, theme, &head, peak);
	if (peak)
		draw_plot(history, canvas, theme, &plot, peak);
}
