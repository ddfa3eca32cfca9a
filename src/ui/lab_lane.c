/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One lane of the lab: the way of a byte from the disk to the network from top to bottom,
 * with the map of the lane's file where the page cache stands, and below it its figures.
 * Every place depends on the size of the terminal alone, so lanes compare row by row and
 * nothing moves while figures grow.
 */
#include "ui/lab_lane.h"

#include "base/clock.h"
#include "base/fmt.h"
#include "ui/draw.h"

#include <stdio.h>
#include <string.h>

#define GIB (UINT64_C(1) << 30)

#define LANE_MIN_COLUMNS  18
#define LANE_MAX_COLUMNS  64
#define NR_LANES_AT_FIRST 4
#define NR_PATH_HOPS      4 /* rows are laid out for this many */

enum figure {
	FIGURE_PROGRESS,
	FIGURE_STATE,
	FIGURE_COPIES,
	FIGURE_CALLS,
	FIGURE_FAULTS,
	FIGURE_CPU,
	FIGURE_SINK,
	FIGURE_RATE,
	FIGURE_BYTES, /* from here on only where there is room */
	FIGURE_TIME,
	NR_FIGURES,
};

#define NR_FIGURES_ALWAYS FIGURE_BYTES

static const struct {
	const char *narrow, *wide;
} figure_label[NR_FIGURES] = {
	[FIGURE_PROGRESS] = { "sent", "sent" },        [FIGURE_STATE] = { "state", "state" },
	[FIGURE_COPIES] = { "copies", "CPU copies" },  [FIGURE_CALLS] = { "calls", "system calls" },
	[FIGURE_FAULTS] = { "faults", "page faults" }, [FIGURE_CPU] = { "sender", "sender's CPU" },
	[FIGURE_SINK] = { "sink", "sink's CPU" },      [FIGURE_RATE] = { "rate", "throughput" },
	[FIGURE_BYTES] = { "bytes", "bytes sent" },    [FIGURE_TIME] = { "time", "time sending" },
};

static int nr_figures(const struct lab_layout *at)
{
	return at->roomy ? NR_FIGURES : NR_FIGURES_ALWAYS;
}

/* Rows of the path without the map: an arrow and a place for each hop, and the disk. */
static int path_rows(const struct lab_layout *at)
{
	return 2 * NR_PATH_HOPS + at->roomy;
}

struct lab_layout lab_layout_make(size_t nr_lanes, size_t chosen, int columns, int rows)
{
	struct lab_layout at = { .roomy = rows >= 30, .gutter = columns >= 110 ? 16 : 8 };
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
	at.sentence_rows = 2;
	at.sentence_y = at.keys_y - at.sentence_rows;
	at.figures_y = at.sentence_y - at.roomy - nr_figures(&at);
	at.rule_y = at.figures_y - 1;
	at.path_y = 2 + at.roomy;
	at.map_rows = at.rule_y - at.path_y - path_rows(&at);
	if (at.map_rows < 1)
		at.map_rows = 1; /* below 80x24 nothing is drawn, but sizes are asked for */
	return at;
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

/* ---- figures ---- */

#define FIGURE_TEXT 48

/* Seconds for each GiB sent, two digits after the point. */
static void per_gib(char *out, size_t room, uint64_t t_ns, uint64_t sent_bytes)
{
	double seconds = (double)t_ns / (double)NS_PER_S / ((double)sent_bytes / (double)GIB);

	snprintf(out, room, seconds < 10 ? "%.2f" : "%.1f", seconds);
}

static void figure_faults(const struct lane_view *lane, char *out)
{
	char minor[FMT_LEN], major[FMT_LEN];

	snprintf(out, FIGURE_TEXT, "%s min %s maj", fmt_count(minor, lane->sender.minflt),
		 fmt_count(major, lane->sender.majflt));
}

static void figure_cpu(const struct lane_side *side, uint64_t sent_bytes, bool split, char *out)
{
	char user[16], kernel[16];

	if (!sent_bytes) {
		strcpy(out, "-");
	} else if (split) {
		per_gib(user, sizeof(user), side->user_ns, sent_bytes);
		per_gib(kernel, sizeof(kernel), side->system_ns, sent_bytes);
		snprintf(out, FIGURE_TEXT, "%s+%s s/GiB", user, kernel);
	} else {
		per_gib(user, sizeof(user), side->cpu_ns, sent_bytes);
		snprintf(out, FIGURE_TEXT, "%s s/GiB", user);
	}
}

static void figure_rate(const struct lane_view *lane, char *out)
{
	char rate[FMT_LEN];
	/* A rate takes two looks; after a while, though, none means that nothing moves. */
	bool unknown = !lane->rate_bytes_per_s && lane->elapsed_ns < NS_PER_S;

	if (!lane->sent_bytes || lane->state == LANE_PAUSED || unknown)
		strcpy(out, "-");
	else
		snprintf(out, FIGURE_TEXT, "%s/s", fmt_bytes_long(rate, lane->rate_bytes_per_s));
}

static uint8_t figure_state(const struct lane_view *lane, char *out)
{
	static const uint8_t colours[NR_LANE_STATE] = {
		[LANE_PREPARING] = COLOUR_FAINT,  [LANE_READY] = COLOUR_TEXT,
		[LANE_RUNNING] = COLOUR_KEY,      [LANE_PAUSED] = COLOUR_WARN,
		[LANE_DONE] = COLOUR_GOOD,        [LANE_FAILED] = COLOUR_BAD,
		[LANE_UNAVAILABLE] = COLOUR_WARN,
	};

	if (lane->state != LANE_DONE) {
		snprintf(out, FIGURE_TEXT, "%s", lane_state_name(lane->state));
		return colours[lane->state];
	}
	if (lane->hash_state == HASH_NOT_ASKED || lane->hash_state == HASH_IMPOSSIBLE) {
		strcpy(out, "done, no hash");
		return COLOUR_GOOD;
	}
	snprintf(out, FIGURE_TEXT, "done, hash %s",
		 lane->hash_state == HASH_DIFFERS ? "WRONG" : hash_state_name(lane->hash_state));
	return lane->hash_state == HASH_DIFFERS ? COLOUR_BAD : COLOUR_GOOD;
}

/* The text of one figure; returns its colour. "?" where it is not known. */
static uint8_t figure_text(const struct lane_view *lane, enum figure figure, char *out)
{
	const struct mode_info *mode = mode_info(lane->setup.mode);
	const struct lane_side *side = figure == FIGURE_SINK ? &lane->sink : &lane->sender;
	char sent[FMT_LEN], size[FMT_LEN];

	strcpy(out, "-");
	if (figure >= FIGURE_CALLS && figure <= FIGURE_SINK && !side->pid)
		return COLOUR_FAINT; /* it is not yet started */
	strcpy(out, "?");
	if (figure >= FIGURE_CALLS && figure <= FIGURE_SINK && side->why != WHY_OK)
		return COLOUR_WARN;
	switch (figure) {
	case FIGURE_STATE:
		return figure_state(lane, out);
	case FIGURE_COPIES:
		snprintf(out, FIGURE_TEXT, "%u per byte", mode->copies);
		return mode->copies ? COLOUR_WARN : COLOUR_GOOD;
	case FIGURE_CALLS:
		fmt_count(out, lane->sender.calls);
		break;
	case FIGURE_FAULTS:
		figure_faults(lane, out);
		break;
	case FIGURE_CPU:
	case FIGURE_SINK:
		figure_cpu(side, lane->sent_bytes, figure == FIGURE_CPU && lane->state == LANE_DONE,
			   out);
		break;
	case FIGURE_RATE:
		figure_rate(lane, out);
		break;
	case FIGURE_BYTES:
		snprintf(out, FIGURE_TEXT, "%s of %s", fmt_bytes(sent, lane->sent_bytes),
			 fmt_bytes(size, lane->size_bytes));
		break;
	case FIGURE_TIME:
		fmt_duration(out, lane->elapsed_ns);
		break;
	default:
		break;
	}
	return COLOUR_TEXT;
}

static void draw_progress(struct canvas *canvas, const struct lab_layout *at, int x,
			  const struct theme *theme, const struct lane_view *lane)
{
	char percent[FMT_LEN];

	draw_bar(canvas, x, at->figures_y, at->inner - 6, theme,
		 colour_of_class(CLASS_FILE, NR_STRENGTH - 1), lane->sent_bytes, lane->size_bytes);
	fmt_percent(percent, lane->sent_bytes, lane->size_bytes);
	canvas_text_right(canvas, x + at->inner - 6, at->figures_y, 6, COLOUR_TEXT, 0, percent);
}

static void draw_figures(struct canvas *canvas, const struct lab_layout *at, int x,
			 const struct theme *theme, const struct lane_view *lane)
{
	char text[FIGURE_TEXT];

	draw_progress(canvas, at, x, theme, lane);
	for (int figure = FIGURE_STATE; figure < nr_figures(at); figure++) {
		uint8_t colour = figure_text(lane, (enum figure)figure, text);

		canvas_text(canvas, x, at->figures_y + figure, at->inner, colour,
			    colour == COLOUR_TEXT ? 0 : ATTR_BOLD, text);
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

void lab_lane_draw_labels(struct canvas *canvas, const struct lab_layout *at)
{
	bool wide = at->gutter > 8;

	if (!at->roomy)
		canvas_text(canvas, 1, at->path_y, at->gutter - 1, COLOUR_FAINT, 0,
			    wide ? "from the disk" : "disk");
	for (int i = 0; i < nr_figures(at); i++)
		canvas_text(canvas, 1, at->figures_y + i, at->gutter - 1, COLOUR_FAINT, 0,
			    wide ? figure_label[i].wide : figure_label[i].narrow);
}

void lab_lane_draw(struct canvas *canvas, const struct lab_layout *at, size_t slot,
		   const struct theme *theme, const struct lane_view *lane,
		   const struct lane_view *before, bool chosen)
{
	int x = lab_layout_lane_x(at, slot);

	if (slot)
		draw_vline(canvas, x - 1 - at->pad, 1, at->figures_y + nr_figures(at) - 1, theme);
	draw_header(canvas, at, x, theme, lane, chosen);
	draw_path(canvas, at, x, theme, lane, before);
	draw_figures(canvas, at, x, theme, lane);
}
