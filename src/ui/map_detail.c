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
#include <string.h>

/* "cell: 64 pages: 40 anonymous, 24 absent" */
static void draw_cell_line(const struct map_screen *map, struct canvas *canvas, int y,
			   uint64_t now_ns)
{
	uint64_t pages = map_cursor_cell_pages(map), first_vpn = map_cursor_cell_vpn(map);
	int columns = canvas_columns(canvas), x = 1;
	const char *separator = ": ";
	const struct grid_cell *cell;
	struct map_cell found;

	if (!map_cursor_is_in_view(map)) {
		canvas_text(canvas, x, y, columns, COLOUR_FAINT, 0,
			    "nothing of this mapping is in memory: the view leaves it out (E)");
		return;
	}
	if (!map_find_cell(map, first_vpn, &found) || !found.exact) {
		canvas_text(canvas, x, y, columns, COLOUR_FAINT, 0, "reading...");
		return;
	}
	cell = &found.grid->cells[found.index];
	x += canvas_text(canvas, x, y, columns - x, COLOUR_FAINT, 0, pages == 1 ? "page" : "cell");
	if (found.grid->paint)
		x += map_draw_buckets(found.grid->paint, canvas, x, y, columns - x, found.index,
				      now_ns);
	for (int class = 0; class < NR_CLASS && !found.grid->paint; class ++) {
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
	else if (pages > 1)
		canvas_text(canvas, x, y, columns - x, COLOUR_FAINT, 0,
			    map->cursor_vpn == first_vpn ? "; its first page:"
							 : "; of it this page:");
}

/* What the walk through the page table ends in; shorter where it would be cut. */
static char *walk_end(const struct page_detail *detail, const struct geometry *geometry, bool brief,
		      char *out, size_t room)
{
	if (!(detail->state & PAGE_PRESENT))
		snprintf(out, room, "no frame");
	else if (detail->pfn_why != WHY_OK)
		snprintf(out, room, "frame ?");
	else
		snprintf(out, room,
			 brief ? "frame %" PRIx64 ": %" PRIx64 : "frame %" PRIx64 " -> %" PRIx64,
			 detail->pfn, page_detail_physical(detail, geometry));
	return out;
}

/* "PGD 254 PUD 359 PMD 501 PTE 98 + 000", for as many levels as this machine has. */
static char *walk_indexes(const struct page_detail *detail, const struct geometry *geometry,
			  bool named, char *out, size_t room)
{
	int at = 0;

	for (enum level level = LEVEL_PGD; level < NR_LEVELS; level++)
		if (geometry_has_level(geometry, level))
			at += snprintf(out + at, room - (size_t)at, "%s%s%u ",
				       named ? level_name(level) : "", named ? " " : "",
				       detail->split.index[level]);
	snprintf(out + at, room - (size_t)at, "+ %03" PRIx64, detail->split.offset_bytes);
	return out;
}

/*
 * "7f59fea62000 = PGD 254 PUD 359 PMD 501 PTE 98 + 000 -> frame 13d1d6 -> 13d1d6000". The
 * physical address must not be cut: a wrong number would be read. So the arrow goes first where it
 * is narrow, and then the names of the levels.
 */
static void draw_walk_line(const struct map_screen *map, struct canvas *canvas, int y)
{
	const struct page_detail *detail = &map->snapshot->detail;
	const struct geometry *geometry = &map->snapshot->geometry;
	int columns = canvas_columns(canvas), x = 1;
	char addr[FMT_LEN], indexes[96], end[64];
	bool known = detail->state & PAGE_PRESENT && detail->pfn_why == WHY_OK;

	fmt_addr(addr, detail->addr);
	for (int brief = 0; brief < 3; brief++) {
		walk_indexes(detail, geometry, brief < 2, indexes, sizeof(indexes));
		walk_end(detail, geometry, brief > 0, end, sizeof(end));
		if (x + strlen(addr) + 3 + strlen(indexes) + 4 + strlen(end) <= (size_t)columns)
			break;
	}
	x += canvas_text(canvas, x, y, columns - x, COLOUR_KEY, ATTR_BOLD, addr);
	x += canvas_text(canvas, x, y, columns - x, COLOUR_FAINT, 0, " = ");
	x += canvas_text(canvas, x, y, columns - x, COLOUR_TEXT, 0, indexes);
	x += canvas_text(canvas, x, y, columns - x, COLOUR_FAINT, 0, " -> ");
	canvas_text(canvas, x, y, columns - x, known ? COLOUR_GOOD : COLOUR_WARN,
		    known ? ATTR_BOLD : 0, end);
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
