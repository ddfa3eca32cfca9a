/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lower part of screen 1: physical memory by zone with the frames of the process lit, and
 * the page under the cursor, from its address through the page table to its frame.
 */
#include "ui/map_state.h"

#include "base/fmt.h"
#include "ui/draw.h"

#include <inttypes.h>
#include <stdio.h>

/* How full of this process a cell of physical memory is, as one of four shades. */
static struct glyph frame_glyph(const struct frame_map *frames, const struct theme *theme,
				size_t cell, bool lit)
{
	struct glyph glyph = { .fg = COLOUR_GOOD };
	uint64_t hits = frames->hits[cell];
	unsigned shade = 0;

	if (!hits) {
		glyph.ch = theme_glyph(theme, GLYPH_CLASS_FULL + CLASS_ABSENT);
		glyph.fg = COLOUR_FAINT;
	} else {
		while (shade < 3 && hits * 4 > frames->frames_per_cell * (shade + 1))
			shade++;
		glyph.ch = theme_glyph(theme, GLYPH_SHADE_1 + shade);
	}
	if (lit) {
		glyph.fg = COLOUR_CURSOR;
		glyph.attrs = ATTR_REVERSE | ATTR_BOLD;
	}
	return glyph;
}

/* One zone, on as many rows as it needs; returns them. */
static int draw_zone(const struct map_screen *map, struct canvas *canvas, const struct theme *theme,
		     size_t zone, int row, size_t lit_cell)
{
	const struct frame_map *frames = map->snapshot->frames;
	const struct rect *at = &map->layout.frames;
	size_t columns = (size_t)(at->columns - LAYOUT_ZONE_COLUMNS);
	size_t nr = frame_map_zone_cells(frames, zone), first = frames->first_cell[zone];
	int rows = (int)((nr + columns - 1) / columns);

	if (row + rows > at->rows)
		return rows;
	canvas_printf(canvas, at->x + 1, at->y + row, LAYOUT_ZONE_COLUMNS - 2, COLOUR_TEXT, 0,
		      "%u %s", frames->zones[zone].node, frames->zones[zone].name);
	for (size_t i = 0; i < nr; i++)
		canvas_put(canvas, at->x + LAYOUT_ZONE_COLUMNS + (int)(i % columns),
			   at->y + row + (int)(i / columns),
			   frame_glyph(frames, theme, first + i, first + i == lit_cell));
	return rows;
}

void map_draw_frames(const struct map_screen *map, struct canvas *canvas, const struct theme *theme)
{
	const struct snapshot *snapshot = map->snapshot;
	const struct rect *head = &map->layout.frames_head, *at = &map->layout.frames;
	const struct frame_map *frames = snapshot->frames;
	char size[FMT_LEN], reason[128];
	size_t lit_cell = SIZE_MAX;
	int row = 0;

	canvas_text(canvas, head->x + 1, head->y, head->columns - 1, COLOUR_FAINT, ATTR_BOLD,
		    "PHYSICAL FRAMES");
	if (!frames) {
		if (snapshot->frames_why != WHY_NOT_ASKED)
			draw_paragraph(canvas,
				       (struct rect){ at->x + 1, at->y, at->columns - 2, at->rows },
				       COLOUR_WARN, 0,
				       source_refusal(SOURCE_FRAMES, snapshot->frames_why, reason,
						      sizeof(reason)));
		return;
	}
	canvas_printf(
		canvas, head->x + 18, head->y, head->columns - 18, COLOUR_FAINT, 0, "1 cell = %s",
		fmt_bytes_long(size, frames->frames_per_cell << snapshot->geometry.page_shift));
	if (snapshot->has_detail && snapshot->detail.pfn_why == WHY_OK)
		lit_cell = frame_map_cell(frames, snapshot->detail.pfn);
	for (size_t zone = 0; zone < frames->nr_zones; zone++)
		row += draw_zone(map, canvas, theme, zone, row, lit_cell);
}

/* "cell: 64 pages: 40 anonymous, 24 absent" */
static void draw_cell_line(const struct map_screen *map, struct canvas *canvas, int y,
			   uint64_t now_ns)
{
	const struct grid_cell *cell = map_cell_at(map, map->cursor_vpn);
	int columns = canvas_columns(canvas), x = 1;
	const char *separator = ": ";

	if (!cell) {
		canvas_text(canvas, x, y, columns, COLOUR_FAINT, 0, "reading...");
		return;
	}
	x += canvas_text(canvas, x, y, columns - x, COLOUR_FAINT, 0,
			 map->pages_per_cell == 1 ? "page" : "cell");
	if (map->snapshot->view->paint)
		x += map_draw_buckets(map, canvas, x, y, columns - x,
				      (size_t)(cell - map->snapshot->view->cells), now_ns);
	for (int class = 0; class < NR_CLASS && !map->snapshot->view->paint; class ++) {
		if (!cell->nr[class])
			continue;
		x += canvas_text(canvas, x, y, columns - x, COLOUR_FAINT, 0, separator);
		x += canvas_printf(canvas, x, y, columns - x, COLOUR_TEXT, 0, "%" PRIu64 " %s",
				   cell->nr[class], page_class_name((enum page_class) class));
		separator = ", ";
	}
	if (cell->changed_ns && now_ns - cell->changed_ns < MAP_CHANGE_NS)
		canvas_printf(canvas, x, y, columns - x, COLOUR_CHANGED, ATTR_BOLD, ", %s",
			      cell_change_name(cell->change));
	else if (map->pages_per_cell > 1)
		canvas_text(canvas, x, y, columns - x, COLOUR_FAINT, 0, "; its first page:");
}

/* "7f59fea62000 = PGD 254 PUD 359 PMD 501 PTE 98 + 000 -> frame 13d1d6 -> 13d1d6000" */
static void draw_walk_line(const struct map_screen *map, struct canvas *canvas, int y)
{
	const struct page_detail *detail = &map->snapshot->detail;
	const struct geometry *geometry = &map->snapshot->geometry;
	int columns = canvas_columns(canvas), x = 1;
	char addr[FMT_LEN];

	x += canvas_printf(canvas, x, y, columns - x, COLOUR_KEY, ATTR_BOLD, "%s",
			   fmt_addr(addr, detail->addr));
	x += canvas_text(canvas, x, y, columns - x, COLOUR_FAINT, 0, " = ");
	for (enum level level = LEVEL_PGD; level < NR_LEVELS; level++)
		if (geometry_has_level(geometry, level))
			x += canvas_printf(canvas, x, y, columns - x, COLOUR_TEXT, 0, "%s %u ",
					   level_name(level), detail->split.index[level]);
	x += canvas_printf(canvas, x, y, columns - x, COLOUR_TEXT, 0, "+ %03" PRIx64,
			   detail->split.offset_bytes);
	x += canvas_text(canvas, x, y, columns - x, COLOUR_FAINT, 0, " -> ");
	if (!(detail->state & PAGE_PRESENT))
		canvas_text(canvas, x, y, columns - x, COLOUR_WARN, 0, "no frame");
	else if (detail->pfn_why != WHY_OK)
		canvas_text(canvas, x, y, columns - x, COLOUR_WARN, 0, "frame ?");
	else
		canvas_printf(canvas, x, y, columns - x, COLOUR_GOOD, ATTR_BOLD,
			      "frame %" PRIx64 " -> %" PRIx64, detail->pfn,
			      page_detail_physical(detail, geometry));
}

/* Flags of the frame, page of the file, cgroup. */
static void draw_facts_line(const struct map_screen *map, struct canvas *canvas, int y)
{
	const struct page_detail *detail = &map->snapshot->detail;
	const struct geometry *geometry = &map->snapshot->geometry;
	int columns = canvas_columns(canvas) - 1, x = 1;
	char flags[256];

	if (detail->flags_why == WHY_OK)
		x += canvas_printf(canvas, x, y, columns - x, COLOUR_TEXT, 0, "%s  ",
				   frame_flags_text(detail->flags, flags, sizeof(flags)));
	if (vma_has_file(&detail->vma))
		x += canvas_printf(
			canvas, x, y, columns - x, COLOUR_KEY, 0, "page %" PRIu64 " of the file  ",
			page_detail_file_offset(detail, geometry) >> geometry->page_shift);
	if (detail->cgroup)
		canvas_printf(canvas, x, y, columns - x, COLOUR_FAINT, 0, "cgroup %s",
			      detail->cgroup);
}

void map_draw_detail(const struct map_screen *map, struct canvas *canvas, uint64_t now_ns)
{
	const struct rect *at = &map->layout.detail;
	const struct snapshot *snapshot = map->snapshot;
	char sentence[256];

	draw_cell_line(map, canvas, at->y, now_ns);
	if (!snapshot->has_detail)
		return;
	draw_walk_line(map, canvas, at->y + 1);
	canvas_text(canvas, 1, at->y + 2, at->columns - 2, COLOUR_TEXT, 0,
		    page_detail_sentence(&snapshot->detail, sentence, sizeof(sentence)));
	draw_facts_line(map, canvas, at->y + 3);
}

/* Which interfaces gave what is told below. */
static void draw_sources(const struct map_screen *map, struct canvas *canvas)
{
	struct sources asked = map->snapshot->has_detail ? map->snapshot->detail.sources
							 : map->snapshot->sources;
	char text[128];

	asked.why[SOURCE_MAPS] = WHY_NOT_ASKED; /* it goes without saying */
	canvas_printf(canvas, 1, map->layout.detail_rule_y, canvas_columns(canvas) - 22,
		      COLOUR_FAINT, 0, " %s ", sources_text(&asked, text, sizeof(text)));
}

void map_draw_rules(const struct map_screen *map, struct canvas *canvas, const struct theme *theme)
{
	const struct map_layout *at = &map->layout;
	int columns = canvas_columns(canvas);
	char cost[96], calls[FMT_LEN];

	draw_vline(canvas, at->rule_x, 1, at->detail_rule_y - 1, theme);
	draw_hline(canvas, at->rule_x + 1, at->frames_rule_y, columns - at->rule_x - 1, theme);
	draw_hline(canvas, 0, at->detail_rule_y, columns, theme);
	fmt_count(calls, map->snapshot->cost.calls_per_s);
	snprintf(cost, sizeof(cost),
		 columns < 100 ? " cost %u.%u %%, %s/s " : " own cost %u.%u %% cpu, %5s calls/s ",
		 map->snapshot->cost.cpu_permille / 10, map->snapshot->cost.cpu_permille % 10,
		 calls);
	canvas_text_right(canvas, 0, at->detail_rule_y, columns - 1, COLOUR_FAINT, 0, cost);
	draw_sources(map, canvas);
}
