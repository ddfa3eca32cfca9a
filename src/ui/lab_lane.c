/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One lane of the lab: the way of a byte from the disk to the network from top to bottom,
 * with the map of the lane's file where the page cache stands, and below it its figures.
 * Every place depends on the size of the terminal alone, so lanes compare row by row and
 * nothing moves while figures grow.
 */
#include "ui/lab_lane.h"

#include "ui/draw.h"

#include <stdio.h>
#include <string.h>

#define LANE_MIN_COLUMNS  18
#define LANE_MAX_COLUMNS  64
#define NR_LANES_AT_FIRST 4
#define NR_PATH_HOPS      4 /* rows are laid out for this many */

/* Rows of the path without the map: an arrow and a place for each hop, and the disk. */
static int path_rows(const struct lab_layout *at)
{
	return 2 * NR_PATH_HOPS + at->roomy;
}

struct lab_layout lab_layout_make(size_t nr_lanes, size_t chosen, int columns, int rows)
{
	struct lab_layout at = { .roomy = rows >= 31,
				 .tall = rows >= 36,
				 .gutter = columns >= 110 ? 16 : 8 };
	int room = (columns - at.gutter) / LANE_MIN_COLUMNS;

	/* Before the first view, cells are asked for as for the lanes that 80 columns show. */
	at.nr_lanes = nr_lanes ? nr_lanes : NR_LANES_AT_FIRST;
	if (room < (int)at.nr_lanes)
		at.nr_lanes = room > 0 ? (size_t)room : 1;
	at.lane_columns = (columns - at.gutter) / (int)at.nr_lanes;
	if (at.lane_columns > LANE_MAX_COLUMNS)
		at.lane_columns = LANE_MAX_COLUMNS;
	at.pad = at.lane_columns > 21;
	at.inner = at.lane_columns - 1 - 2 * at.pad;
	if (chosen >= at.nr_lanes)
		at.first = chosen - at.nr_lanes + 1;
	at.keys_y = rows - 1;
	at.sentence_rows = 2 + at.tall;
	at.sentence_y = at.keys_y - at.sentence_rows;
	at.figures_y = at.sentence_y - at.roomy - lab_nr_figures(&at);
	at.rule_y = at.figures_y - 1;
	at.path_y = 2 + at.roomy;
	at.map_rows = at.rule_y - at.path_y - path_rows(&at);
	if (at.map_rows < 1)
		at.map_rows = 1; /* below 80x24 nothing is drawn, but sizes are asked for */
	return at;
}

void lab_layout_scroll(struct lab_layout *at, size_t nr_lanes, size_t chosen, size_t first)
{
	if (nr_lanes <= at->nr_lanes) {
		at->first = 0;
		return;
	}
	if (first > nr_lanes - at->nr_lanes)
		first = nr_lanes - at->nr_lanes;
	if (chosen < first)
		first = chosen;
	if (chosen >= first + at->nr_lanes)
		first = chosen - at->nr_lanes + 1;
	at->first = first;
}

int lab_layout_lane_x(const struct lab_layout *at, size_t slot)
{
	return at->gutter + (int)slot * at->lane_columns + at->pad;
}

void lab_layout_fit_map(struct lab_layout *at, const struct lab_view *view,
			const struct theme *theme)
{
	int per_row = theme->dense ? 2 : 1, used = 0;

	for (size_t i = 0; i < view->nr_lanes; i++) {
		const struct cache_info *cache = &view->lanes[i].cache;
		struct lab_tiling tiling = lab_tiling_make(cache, at, theme);
		int rows;

		if (cache->why != WHY_OK || !tiling.nr)
			continue;
		rows = ((int)tiling.nr + tiling.width - 1) / tiling.width;
		rows = (rows + per_row - 1) / per_row;
		if (rows > used)
			used = rows;
	}
	if (!used)
		return;
	at->rule_y -= at->map_rows - used;
	at->figures_y -= at->map_rows - used;
	at->map_rows = used;
}

/* ---- the map of a lane's file ---- */

/* The cells [from, from + nr) of the file as one. */
static struct cache_counts sum_cells(const struct cache_info *cache, size_t from, size_t nr)
{
	struct cache_counts sum = { 0 };

	for (size_t i = from; i < from + nr && i < cache->nr_cells; i++) {
		sum.pages += cache->cells[i].pages;
		sum.cached += cache->cells[i].cached;
		sum.dirty += cache->cells[i].dirty;
		sum.writeback += cache->cells[i].writeback;
	}
	return sum;
}

static struct tile tile_of(const struct cache_counts *counts, bool states_known)
{
	struct tile tile = { .first = CLASS_ABSENT, .second = NR_CLASS };
	uint64_t dirty = states_known ? counts->dirty + counts->writeback : 0;

	if (!counts->cached)
		return tile;
	/* The full strength is kept for cells of which nothing is missing. */
	tile.strength = counts->cached >= counts->pages
				? NR_STRENGTH - 1
				: (int)(counts->cached * (NR_STRENGTH - 1) / counts->pages);
	tile.first = dirty * 2 >= counts->cached ? CLASS_DIRTY : CLASS_FILE;
	if (dirty && dirty < counts->cached)
		tile.second = tile.first == CLASS_DIRTY ? CLASS_FILE : CLASS_DIRTY;
	return tile;
}

struct lab_tiling lab_tiling_make(const struct cache_info *cache, const struct lab_layout *at,
				  const struct theme *theme)
{
	size_t inner = (size_t)at->inner,
	       room = inner * (size_t)at->map_rows * (theme->dense ? 2 : 1);
	struct lab_tiling tiling = { .nr = cache->nr_cells, .merge = 1, .width = at->inner };
	size_t rows;

	while (tiling.nr > room) {
		tiling.merge *= 2;
		tiling.nr = (cache->nr_cells + tiling.merge - 1) / tiling.merge;
	}
	/* Rows of equal length look like one file; a last row of two cells does not. */
	rows = (tiling.nr + inner - 1) / inner;
	if (rows)
		tiling.width = (int)((tiling.nr + rows - 1) / rows);
	return tiling;
}

/* The page where the sender stands, or UINT64_MAX where it does not. */
static uint64_t sender_page(const struct lane_view *lane)
{
	if (lane->state != LANE_RUNNING && lane->state != LANE_PAUSED)
		return UINT64_MAX;
	if (!lane->sent_bytes || lane->sent_bytes >= lane->size_bytes)
		return UINT64_MAX;
	return (uint64_t)((double)lane->sent_bytes / (double)lane->size_bytes *
			  (double)lane->cache.total.pages);
}

static struct tile lane_tile(const struct lane_view *lane, const struct lane_view *before,
			     const struct lab_tiling *tiling, size_t index)
{
	size_t from = index * tiling->merge;
	struct cache_counts counts = sum_cells(&lane->cache, from, tiling->merge);
	struct tile tile = tile_of(&counts, lane->cache.why_states == WHY_OK);
	uint64_t pages_per_tile = lane->cache.pages_per_cell * tiling->merge;
	uint64_t stands = sender_page(lane);

	if (pages_per_tile && stands != UINT64_MAX)
		tile.cursor = stands / pages_per_tile == index;
	if (before && before->cache.why == WHY_OK &&
	    before->cache.nr_cells == lane->cache.nr_cells && lane->state == LANE_RUNNING)
		tile.changed = sum_cells(&before->cache, from, tiling->merge).cached <
			       counts.cached;
	return tile;
}

static void draw_unknown_map(struct canvas *canvas, const struct lab_layout *at, int x, int y,
			     const struct theme *theme)
{
	struct tile unknown = { .first = CLASS_UNKNOWN,
				.second = NR_CLASS,
				.strength = NR_STRENGTH - 1 };

	for (int row = 0; row < at->map_rows; row++)
		for (int i = 0; i < at->inner; i++)
			draw_tile(canvas, x + i, y + row, theme, &unknown, &unknown);
}

static void draw_map(struct canvas *canvas, const struct lab_layout *at, int x, int y,
		     const struct theme *theme, const struct lane_view *lane,
		     const struct lane_view *before)
{
	struct lab_tiling tiling = lab_tiling_make(&lane->cache, at, theme);
	size_t width = (size_t)tiling.width, step = theme->dense ? 2 * width : width;

	if (lane->cache.why != WHY_OK) {
		draw_unknown_map(canvas, at, x, y, theme);
		return;
	}
	for (size_t start = 0; start < tiling.nr; start += step, y++) {
		for (size_t i = 0; i < width && start + i < tiling.nr; i++) {
			struct tile upper = lane_tile(lane, before, &tiling, start + i);
			struct tile lower;
			bool two = theme->dense && start + width + i < tiling.nr;

			if (two)
				lower = lane_tile(lane, before, &tiling, start + width + i);
			draw_tile(canvas, x + (int)i, y, theme, &upper, two ? &lower : NULL);
		}
	}
}

/* ---- the path of a byte ---- */

/* Where a text is too wide, what stands after its last fitting comma is left out. */
static void draw_clause(struct canvas *canvas, int x, int y, int columns, uint8_t fg, uint8_t attrs,
			const char *text)
{
	char fits[64];

	snprintf(fits, sizeof(fits), "%s", text);
	for (char *comma; (int)strlen(fits) > columns && (comma = strrchr(fits, ','));)
		*comma = '\0';
	canvas_text(canvas, x, y, columns, fg, attrs, fits);
}

/*
 * A copy by the CPU is what this screen is about; what avoids one is its opposite. The
 * first and the last hop are the same in every lane and stay in the background.
 */
static uint8_t hop_colour(const struct mode_info *mode, size_t hop)
{
	if (mode->hops[hop].copies)
		return COLOUR_WARN;
	return hop == 0 || hop + 1 == mode->nr_hops ? COLOUR_FAINT : COLOUR_GOOD;
}

static void draw_hop(struct canvas *canvas, const struct lab_layout *at, int x, int y,
		     const struct theme *theme, const struct mode_info *mode, size_t hop)
{
	uint8_t colour = hop_colour(mode, hop), attrs = colour == COLOUR_FAINT ? 0 : ATTR_BOLD;
	bool cache = mode->hops[hop].page_cache;

	canvas_put(canvas, x, y,
		   (struct glyph){ theme_glyph(theme, GLYPH_ARROW_DOWN), colour, COLOUR_DEFAULT,
				   attrs });
	draw_clause(canvas, x + 2, y, at->inner - 2, colour, attrs, mode->hops[hop].how);
	draw_clause(canvas, x, y + 1, at->inner,
		    cache ? colour_of_class(CLASS_FILE, NR_STRENGTH - 1) : COLOUR_TEXT,
		    cache ? ATTR_BOLD : 0, mode->hops[hop].to);
}

static void draw_path(struct canvas *canvas, const struct lab_layout *at, int x,
		      const struct theme *theme, const struct lane_view *lane,
		      const struct lane_view *before)
{
	const struct mode_info *mode = mode_info(lane->setup.mode);
	int y = at->path_y;

	if (lane->state == LANE_FAILED || lane->state == LANE_UNAVAILABLE) {
		struct rect box = { x, y, at->inner, at->rule_y - y };

		draw_paragraph(canvas, box, COLOUR_BAD, 0, lane->error);
		return;
	}
	if (at->roomy)
		canvas_text(canvas, x, y++, at->inner, COLOUR_TEXT, 0, "disk");
	for (size_t hop = 0; hop < mode->nr_hops && hop < NR_PATH_HOPS; hop++) {
		draw_hop(canvas, at, x, y, theme, mode, hop);
		y += 2;
		if (!mode->hops[hop].page_cache)
			continue;
		draw_map(canvas, at, x, y, theme, lane, before);
		y += at->map_rows;
	}
}

static void draw_header(struct canvas *canvas, const struct lab_layout *at, int x,
			const struct theme *theme, const struct lane_view *lane, bool chosen)
{
	if (chosen) {
		canvas_fill(canvas, (struct rect){ x - 1, 1, at->inner + 1 + at->pad, 1 },
			    (struct glyph){ ' ', COLOUR_TITLE, COLOUR_SELECT_BG, 0 });
		canvas_put(canvas, x - 1, 1,
			   (struct glyph){ theme_glyph(theme, GLYPH_POINTER), COLOUR_KEY,
					   COLOUR_SELECT_BG, ATTR_BOLD });
	}
	canvas_text(canvas, x, 1, at->inner, COLOUR_TITLE, ATTR_BOLD,
		    mode_info(lane->setup.mode)->title);
}

void lab_lane_draw(struct canvas *canvas, const struct lab_layout *at, size_t slot,
		   const struct theme *theme, const struct lane_view *lane,
		   const struct lane_view *before, const struct lab_proof *proof, bool chosen)
{
	int x = lab_layout_lane_x(at, slot);

	if (slot)
		draw_vline(canvas, x - 1 - at->pad, 1, at->figures_y + lab_nr_figures(at) - 1,
			   theme);
	draw_header(canvas, at, x, theme, lane, chosen);
	draw_path(canvas, at, x, theme, lane, before);
	lab_draw_figures(canvas, at, x, theme, lane, proof);
}
