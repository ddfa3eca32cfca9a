/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The picture of a step on memory: each region's pages before the action and after it, page by
 * page where there is room, and those that differ are marked and counted.
 */
#include "ui/learn_state.h"

#include "model/page.h"
#include "ui/draw.h"

#include <inttypes.h>
#include <stdio.h>

#define GAP        3  /* between before and after */
#define ROOMY_ROWS 16 /* of a region that has room for the list of frames as well */
#define FRAME_ROWS 4
#define LEAST_ROWS 5  /* of a region */
#define CACHE_ROWS 10 /* of each, where the page cache is one of them */

static enum page_class class_of(const struct lesson_region *region, const struct lesson_page *page)
{
	return page_classify(page->state, page->flags, region->has_flags, VMA_FILE);
}

/*
 * Another frame, or another state, or another class, as dirty is; what only says who else maps the
 * frame is no difference.
 */
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

	return differs(before, after) || class_of(region, before) != class_of(region, after);
}

/*
 * How the pages of a region are laid out: each page (or some) takes wide x high characters, of
 * which fill_wide x fill_high are filled, so that pages stand apart where there is room.
 */
struct tiling {
	int columns, rows; /* of pages */
	int wide, high, fill_wide, fill_high;
	size_t per_cell;
};

/* From what fills a large terminal with a few pages to one character for a page. */
static const struct tiling sizes[] = {
	{ .wide = 7, .high = 4, .fill_wide = 6, .fill_high = 3, .per_cell = 1 },
	{ .wide = 5, .high = 3, .fill_wide = 4, .fill_high = 2, .per_cell = 1 },
	{ .wide = 3, .high = 2, .fill_wide = 2, .fill_high = 1, .per_cell = 1 },
	{ .wide = 3, .high = 1, .fill_wide = 2, .fill_high = 1, .per_cell = 1 },
	{ .wide = 2, .high = 1, .fill_wide = 1, .fill_high = 1, .per_cell = 1 },
	{ .wide = 1, .high = 1, .fill_wide = 1, .fill_high = 1, .per_cell = 1 },
};

/* Rows of 16, 8 or 4 pages are easier to count; any other number only where nothing else fits. */
static bool try_tiling(struct tiling *tiling, size_t nr_pages, int columns, int rows)
{
	/* The gap behind the last page may stand outside. */
	int most = (columns + tiling->wide - tiling->fill_wide) / tiling->wide;

	for (int round = 16; round >= 4; round /= 2) {
		int nr = (int)((nr_pages + (size_t)round - 1) / (size_t)round);

		if (round > most || nr * tiling->high - (tiling->high - tiling->fill_high) > rows)
			continue;
		tiling->columns = round;
		tiling->rows = nr;
		return true;
	}
	return false;
}

static struct tiling make_tiling(size_t nr_pages, int columns, int rows)
{
	struct tiling tiling;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		tiling = sizes[i];
		if (try_tiling(&tiling, nr_pages, columns, rows))
			return tiling;
	}
	tiling.columns = columns < 1 ? 1 : columns < 16 ? columns : 16;
	while ((size_t)tiling.columns * (size_t)rows * tiling.per_cell < nr_pages)
		tiling.per_cell *= 2;
	tiling.rows = (int)((nr_pages + (size_t)tiling.columns * tiling.per_cell - 1) /
			    ((size_t)tiling.columns * tiling.per_cell));
	return tiling;
}

/* Rows of the canvas that it takes. */
static int tiling_rows(const struct tiling *tiling)
{
	return tiling->rows * tiling->high - (tiling->high - tiling->fill_high);
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
		int at_y = y + cell / tiling->columns * tiling->high;

		for (int i = 0; i < tiling->fill_wide * tiling->fill_high; i++)
			draw_tile(canvas, at_x + i % tiling->fill_wide,
				  at_y + i / tiling->fill_wide, &single, &tile, &tile);
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
	int half = (at.columns - GAP) / 2, right = at.x + half + GAP;
	int rows = at.rows - 3 - (at.rows >= ROOMY_ROWS && region->has_frames ? FRAME_ROWS : 0) -
		   (region->index ? 0 : (int)learn_lesson_step(learn)->nr_split * LEARN_SPLIT_ROWS);
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
	y = grid_y + tiling_rows(&tiling);
	if (tiling.per_cell > 1 && y < at.y + at.rows)
		canvas_printf(canvas, at.x, y, half, COLOUR_FAINT, 0, "1 cell = %zu pages",
			      tiling.per_cell);
	if (done && y < at.y + at.rows)
		canvas_printf(canvas, right, y, half + 2, COLOUR_TEXT, 0, "%zu differ%s",
			      count_different(region), count_different(region) == 1 ? "s" : "");
	y += 1;
	y += learn_draw_addresses(learn, canvas, region,
				  (struct rect){ at.x, y, at.columns, at.y + at.rows - y });
	if (done && region->has_frames && y < at.y + at.rows)
		draw_frames(canvas, region,
			    (struct rect){ at.x, y, at.columns, at.y + at.rows - y });
}

/* What the cells that are drawn mean. */
static void draw_legend(struct canvas *canvas, const struct theme *theme,
			const struct lesson_region *const regions[], size_t nr, struct rect at)
{
	bool used[NR_CLASS] = { false };
	struct theme single = *theme;
	int x = at.x;

	single.dense = false;
	for (size_t r = 0; r < nr; r++) {
		const struct lesson_region *region = regions[r];

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

/*
 * The regions that are drawn: those of the address space, as many as have five rows, for fewer
 * would say nothing; and the page cache beside them where all have room for their pages.
 */
static size_t choose_regions(const struct step_result *result, int rows,
			     const struct lesson_region *out[])
{
	const struct lesson_region *cache = NULL;
	size_t nr = 0;

	for (size_t i = 0; i < result->nr_regions; i++) {
		if (result->regions[i].index == LESSON_CACHE)
			cache = &result->regions[i];
		else if (!nr || rows / (int)(nr + 1) >= LEAST_ROWS)
			out[nr++] = &result->regions[i];
	}
	if (cache && (!nr || rows / (int)(nr + 1) >= CACHE_ROWS))
		out[nr++] = cache;
	return nr;
}

void learn_draw_regions(const struct screen_learn *learn, struct canvas *canvas,
			const struct theme *theme, struct rect at)
{
	const struct step_result *result = learn->steps[learn->step].result;
	const struct lesson_region *regions[LESSON_SUBJECTS];
	int each, y = at.y;
	size_t nr;

	if (!result || !result->nr_regions) {
		draw_paragraph(canvas, at, COLOUR_FAINT, 0,
			       result ? "This step is about no memory of its own: the figures tell."
				      : "The state before the step is being brought about.");
		return;
	}
	nr = choose_regions(result, at.rows - 1, regions);
	each = (at.rows - 1) / (int)nr;
	for (size_t i = 0; i < nr; i++, y += each)
		draw_region(learn, canvas, theme, regions[i],
			    (struct rect){ at.x, y, at.columns, each });
	draw_legend(canvas, theme, regions, nr,
		    (struct rect){ at.x, at.y + at.rows - 1, at.columns, 1 });
}
