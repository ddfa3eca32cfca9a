/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The picture of a step. Of a step on memory: each region's pages before the action and after
 * it, page by page where there is room, and those that differ are marked and counted. Of one on
 * transfer modes: the way of a byte, where each copy is told only after the action; of many
 * modes: a table that fills as the steps are done.
 */
#include "ui/learn_state.h"

#include "model/modes.h"
#include "model/page.h"
#include "ui/draw.h"

#include <inttypes.h>
#include <stdio.h>

#define GAP       3 /* between before and after */
#define MAX_WAYS  2
#define MOST_WIDE 3 /* columns of one page, where few are to be shown */

/* ---- the map, before and after ---- */

static enum page_class class_of(const struct lesson_region *region, const struct lesson_page *page)
{
	return page_classify(page->state, page->flags, region->has_flags, VMA_FILE);
}

/* Another frame, or another state; what only says who else maps the frame is no difference. */
static bool differs(const struct lesson_page *before, const struct lesson_page *after)
{
	return (before->state & ~(unsigned)PAGE_EXCLUSIVE) !=
		       (after->state & ~(unsigned)PAGE_EXCLUSIVE) ||
	       before->pfn != after->pfn;
}

static bool page_differs(const struct lesson_region *region, size_t page)
{
	static const struct lesson_page none;
	const struct lesson_page *before = page < region->nr_before ? &region->before[page] : &none;
	const struct lesson_page *after = page < region->nr_after ? &region->after[page] : &none;

	return differs(before, after);
}

/* How the pages of a region are laid out: `wide` columns each, or several to a cell. */
struct tiling {
	int columns, rows, wide;
	size_t per_cell;
};

static struct tiling make_tiling(size_t nr_pages, int columns, int rows)
{
	struct tiling tiling = { .wide = MOST_WIDE, .per_cell = 1 };

	for (; tiling.wide > 1; tiling.wide--)
		if ((size_t)(columns / tiling.wide) * (size_t)rows >= nr_pages)
			break;
	tiling.columns = columns / tiling.wide;
	/* Rows of 16, 8 or 4 pages are easier to count. */
	for (int round = 16; round >= 4; round /= 2)
		if (tiling.columns >= round && (size_t)round * (size_t)rows >= nr_pages) {
			tiling.columns = round;
			break;
		}
	if (tiling.columns < 1)
		tiling.columns = 1;
	while ((size_t)tiling.columns * (size_t)rows * tiling.per_cell < nr_pages)
		tiling.per_cell *= 2;
	tiling.rows = (int)((nr_pages + (size_t)tiling.columns * tiling.per_cell - 1) /
			    ((size_t)tiling.columns * tiling.per_cell));
	return tiling;
}

/* What most pages of a cell are; `changed` where one of them differs from before. */
static struct tile make_tile(const struct lesson_region *region, size_t first, size_t nr,
			     bool after)
{
	size_t counts[NR_CLASS] = { 0 }, nr_known = after ? region->nr_after : region->nr_before;
	const struct lesson_page *pages = after ? region->after : region->before;
	struct tile tile = { .first = CLASS_ABSENT,
			     .second = NR_CLASS,
			     .strength = NR_STRENGTH - 1 };
	size_t most = 0;

	for (size_t i = first; i < first + nr && i < region->nr_pages; i++) {
		enum page_class class = i < nr_known ? class_of(region, &pages[i]) : CLASS_ABSENT;

		counts[class]++;
		if (after && page_differs(region, i))
			tile.changed = true;
	}
	for (int class = 0; class < NR_CLASS; class ++) {
		if (counts[class] > most) {
			most = counts[class];
			tile.first = class;
		}
	}
	for (int class = 0; class < NR_CLASS; class ++)
		if (counts[class] && class != tile.first && tile.second == NR_CLASS)
			tile.second = class;
	return tile;
}

static void draw_block(struct canvas *canvas, const struct theme *theme,
		       const struct lesson_region *region, const struct tiling *tiling, int x,
		       int y, bool after)
{
	struct theme single = *theme;

	single.dense = false;
	for (size_t page = 0; page < region->nr_pages; page += tiling->per_cell) {
		int cell = (int)(page / tiling->per_cell);
		struct tile tile = make_tile(region, page, tiling->per_cell, after);
		int at_x = x + cell % tiling->columns * tiling->wide;
		/* A page wider than one column keeps a gap to the next. */
		int filled = tiling->wide > 1 ? tiling->wide - 1 : 1;

		for (int i = 0; i < filled; i++)
			draw_tile(canvas, at_x + i, y + cell / tiling->columns, &single, &tile,
				  &tile);
	}
}

static size_t count_different(const struct lesson_region *region)
{
	size_t nr = 0;

	for (size_t i = 0; i < region->nr_pages; i++)
		nr += page_differs(region, i);
	return nr;
}

/* "page 3: 1a2b3 -> 4c5d6", for as many pages that differ as there are rows. */
static void draw_frames(struct canvas *canvas, const struct lesson_region *region, struct rect at)
{
	int y = 0;

	for (size_t i = 0; i < region->nr_pages && y < at.rows; i++) {
		uint64_t before = i < region->nr_before ? region->before[i].pfn : 0;
		uint64_t after = i < region->nr_after ? region->after[i].pfn : 0;
		char from[24] = "none", to[24] = "none";

		if (before == after)
			continue;
		if (before)
			snprintf(from, sizeof(from), "%" PRIx64, before);
		if (after)
			snprintf(to, sizeof(to), "%" PRIx64, after);
		canvas_printf(canvas, at.x, at.y + y++, at.columns, COLOUR_TEXT, 0,
			      "page %3zu: frame %7s > %s", i, from, to);
	}
}

static void draw_region(const struct screen_learn *learn, struct canvas *canvas,
			const struct theme *theme, const struct lesson_region *region,
			struct rect at)
{
	int half = (at.columns - GAP) / 2, right = at.x + half + GAP, rows = at.rows - 3;
	struct tiling tiling = make_tiling(region->nr_pages, half, rows > 1 ? rows : 1);
	int grid_y = at.y + 2, y;
	bool done = learn_is_done(learn);

	canvas_printf(canvas, at.x, at.y, at.columns, COLOUR_TITLE, ATTR_BOLD, "%s: %zu page%s",
		      region->name, region->nr_pages, region->nr_pages == 1 ? "" : "s");
	canvas_text(canvas, at.x, at.y + 1, half, COLOUR_FAINT, 0,
		    region->nr_before ? "before" : "not there yet");
	canvas_text(canvas, right, at.y + 1, half, COLOUR_FAINT, 0,
		    !done              ? "after: ?"
		    : region->nr_after ? "after"
				       : "no longer there");
	if (region->nr_before)
		draw_block(canvas, theme, region, &tiling, at.x, grid_y, false);
	if (done) {
		canvas_put(canvas, at.x + half + 1, grid_y,
			   (struct glyph){ theme_glyph(theme, GLYPH_ARROW_RIGHT), COLOUR_KEY,
					   COLOUR_DEFAULT, ATTR_BOLD });
		if (region->nr_after)
			draw_block(canvas, theme, region, &tiling, right, grid_y, true);
	}
	y = grid_y + tiling.rows;
	if (tiling.per_cell > 1 && y < at.y + at.rows)
		canvas_printf(canvas, at.x, y, half, COLOUR_FAINT, 0, "1 cell = %zu pages",
			      tiling.per_cell);
	if (done && y < at.y + at.rows)
		canvas_printf(canvas, right, y, half + 2, COLOUR_TEXT, 0, "%zu differ%s",
			      count_different(region), count_different(region) == 1 ? "s" : "");
	y += 1;
	if (done && region->has_frames && y < at.y + at.rows)
		draw_frames(canvas, region,
			    (struct rect){ at.x, y, at.columns, at.y + at.rows - y });
}

/* What the cells that are drawn mean. */
static void draw_legend(struct canvas *canvas, const struct theme *theme,
			const struct step_result *result, struct rect at)
{
	bool used[NR_CLASS] = { false };
	struct theme single = *theme;
	int x = at.x;

	single.dense = false;
	for (size_t r = 0; r < result->nr_regions; r++) {
		const struct lesson_region *region = &result->regions[r];

		for (size_t i = 0; i < region->nr_before; i++)
			used[class_of(region, &region->before[i])] = true;
		for (size_t i = 0; i < region->nr_after; i++)
			used[class_of(region, &region->after[i])] = true;
	}
	for (int class = 0; class < NR_CLASS; class ++) {
		struct tile tile = { .first = class,
				     .second = NR_CLASS,
				     .strength = NR_STRENGTH - 1 };

		if (!used[class] || x + 3 >= at.x + at.columns)
			continue;
		draw_tile(canvas, x, at.y, &single, &tile, &tile);
		x += 2 +
		     canvas_text(canvas, x + 2, at.y, at.x + at.columns - x - 2, COLOUR_FAINT, 0,
				 page_class_name((enum page_class) class)) +
		     2;
	}
}

static void draw_regions(const struct screen_learn *learn, struct canvas *canvas,
			 const struct theme *theme, struct rect at)
{
	const struct step_result *result = learn->steps[learn->step].result;
	int each, y = at.y, nr;

	if (!result || !result->nr_regions) {
		draw_paragraph(canvas, at, COLOUR_FAINT, 0,
			       result ? "This step is about no memory of its own: the figures tell."
				      : "The state before the step is being brought about.");
		return;
	}
	/* A region of fewer than five rows would say nothing: the last ones are left out. */
	nr = (int)result->nr_regions;
	while (nr > 1 && (at.rows - 1) / nr < 5)
		nr--;
	each = (at.rows - 1) / nr;
	for (int i = 0; i < nr; i++, y += each)
		draw_region(learn, canvas, theme, &result->regions[i],
			    (struct rect){ at.x, y, at.columns, each });
	draw_legend(canvas, theme, result,
		    (struct rect){ at.x, at.y + at.rows - 1, at.columns, 1 });
}

/* ---- ways of a byte ---- */

static void draw_hop(struct canvas *canvas, const struct theme *theme, const struct mode_hop *hop,
		     int x, int y, int columns, bool told)
{
	bool copies = told && hop->copies;

	canvas_put(canvas, x, y,
		   (struct glyph){ theme_glyph(theme, GLYPH_ARROW_DOWN),
				   copies ? COLOUR_BAD : COLOUR_FAINT, COLOUR_DEFAULT, ATTR_BOLD });
	canvas_text(canvas, x + 2, y, columns - 2, copies ? COLOUR_BAD : COLOUR_FAINT,
		    copies ? ATTR_BOLD : 0, told ? hop->how : "?");
	canvas_text(canvas, x, y + 1, columns, COLOUR_TITLE, ATTR_BOLD, hop->to);
}

static void draw_way(const struct screen_learn *learn, struct canvas *canvas,
		     const struct theme *theme, const struct mode_info *mode, struct rect at)
{
	/* What is asked about is not told before the answer. */
	bool told = learn_is_done(learn) || !learn_lesson_step(learn)->question;
	int y = at.y + 2;

	canvas_text(canvas, at.x, at.y, at.columns, COLOUR_KEY, ATTR_BOLD, mode->key);
	canvas_text(canvas, at.x, y++, at.columns, COLOUR_TITLE, ATTR_BOLD, "disk");
	for (size_t i = 0; i < mode->nr_hops && y + 1 < at.y + at.rows; i++, y += 2)
		draw_hop(canvas, theme, &mode->hops[i], at.x, y, at.columns, told);
	if (y + 1 < at.y + at.rows)
		draw_paragraph(canvas,
			       (struct rect){ at.x, y + 1, at.columns, at.y + at.rows - y - 1 },
			       COLOUR_FAINT, 0, mode->calls);
}

/* ---- the table ---- */

enum table_column {
	TABLE_COPIES,
	TABLE_CALLS,
	TABLE_SOCKET,
	NR_TABLE_COLUMN,
};

static const struct {
	const char *title;
	enum quantity quantity;
	int x;
} table[NR_TABLE_COLUMN] = {
	[TABLE_COPIES] = { "copies", QUANTITY_COPIES, 13 },
	[TABLE_CALLS] = { "calls", QUANTITY_CALLS, 21 },
	[TABLE_SOCKET] = { "socket", QUANTITY_SHARED, 28 },
};

/* The claim of any step done so far that tells it; NULL: none. */
static const struct claim_result *find_claim(const struct screen_learn *learn, unsigned mode,
					     enum quantity quantity)
{
	for (size_t step = 0; step < learn->lesson->nr_steps && step < LEARN_MAX_STEPS; step++) {
		const struct step_result *result = learn->steps[step].result;

		for (size_t i = 0; result && result->performed && i < result->nr_claims; i++)
			if (result->claims[i].claim->quantity == quantity &&
			    result->claims[i].claim->subject == mode)
				return &result->claims[i];
	}
	return NULL;
}

static void draw_entry(const struct screen_learn *learn, struct canvas *canvas, unsigned mode,
		       enum table_column column, int x, int y)
{
	const struct claim_result *claim = find_claim(learn, mode, table[column].quantity);
	char text[24] = "-";
	uint8_t colour = COLOUR_FAINT;

	if (claim && claim->verdict == VERDICT_UNKNOWN) {
		colour = COLOUR_WARN;
		snprintf(text, sizeof(text), "?");
	} else if (claim) {
		colour = claim->verdict == VERDICT_HELD ? COLOUR_GOOD : COLOUR_BAD;
		if (column == TABLE_SOCKET)
			snprintf(text, sizeof(text), "%s", claim->measured ? "shared" : "copied");
		else
			snprintf(text, sizeof(text), "%" PRId64, claim->measured);
	}
	canvas_text(canvas, x, y, 7, colour, ATTR_BOLD, text);
}

static void draw_table(const struct screen_learn *learn, struct canvas *canvas,
		       const struct theme *theme, unsigned ways, struct rect at)
{
	int y = at.y;

	for (int column = 0; column < NR_TABLE_COLUMN; column++)
		canvas_text(canvas, at.x + table[column].x, y, 7, COLOUR_TITLE, ATTR_BOLD,
			    table[column].title);
	draw_hline(canvas, at.x, y + 1, at.columns, theme);
	y += 2;
	for (unsigned mode = 0; mode < NR_MODE && y < at.y + at.rows; mode++) {
		if (!(ways & 1u << mode))
			continue;
		canvas_text(canvas, at.x, y, 12, COLOUR_TEXT, 0,
			    mode_info((enum transfer_mode)mode)->key);
		for (int column = 0; column < NR_TABLE_COLUMN; column++)
			draw_entry(learn, canvas, mode, (enum table_column)column,
				   at.x + table[column].x, y);
		y++;
	}
	if (y + 3 < at.y + at.rows)
		draw_paragraph(canvas, (struct rect){ at.x, y + 1, at.columns, 3 }, COLOUR_FAINT, 0,
			       "- : not measured yet. Copies of each byte by the sender's CPU; "
			       "calls for 32 MiB.");
}

void learn_draw_picture(const struct screen_learn *learn, struct canvas *canvas,
			const struct theme *theme, struct rect at)
{
	unsigned ways = learn_lesson_step(learn)->ways;
	int nr = __builtin_popcount(ways), columns, x = at.x;

	if (!ways) {
		draw_regions(learn, canvas, theme, at);
		return;
	}
	if (nr > MAX_WAYS) {
		draw_table(learn, canvas, theme, ways, at);
		return;
	}
	columns = at.columns / nr;
	for (unsigned mode = 0; mode < NR_MODE; mode++) {
		if (!(ways & 1u << mode))
			continue;
		draw_way(learn, canvas, theme, mode_info((enum transfer_mode)mode),
			 (struct rect){ x, at.y, columns - 1, at.rows });
		x += columns;
	}
}
