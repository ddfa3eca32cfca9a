/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Screen 1 drawn. Every figure has a fixed place and width; what is not known is "?" and the
 * reason stands in the lines at the bottom.
 */
#include "ui/map_state.h"

#include "base/clock.h"
#include "base/fmt.h"
#include "base/text.h"
#include "model/paint.h"
#include "ui/draw.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

static struct tile tile_of_cell(const struct grid_cell *cell, uint64_t pages, uint64_t now_ns)
{
	struct tile tile = { .second = NR_CLASS };
	uint64_t shown;

	enum page_class first, second;

	grid_cell_classes(cell, &first, &second);
	tile.first = first == NR_CLASS ? CLASS_ABSENT : (int)first;
	tile.second = (int)second;
	/* A few strangers among many do not make a cell mixed; an eighth does. */
	if (tile.second != NR_CLASS && cell->nr[tile.second] * 8 < pages)
		tile.second = NR_CLASS;
	shown = pages - cell->nr[CLASS_ABSENT];
	tile.strength = NR_STRENGTH - 1;
	if (tile.first != CLASS_ABSENT && shown < pages)
		tile.strength = (int)(shown * NR_STRENGTH / pages);
	if (tile.strength > NR_STRENGTH - 2 && shown < pages && tile.first != CLASS_ABSENT)
		tile.strength = NR_STRENGTH - 2;
	tile.changed = cell->changed_ns && now_ns - cell->changed_ns < MAP_CHANGE_NS;
	return tile;
}

static void draw_bar_line(struct canvas *canvas, const struct rect *rect)
{
	canvas_fill(canvas, *rect, (struct glyph){ ' ', COLOUR_TEXT, COLOUR_BAR_BG, 0 });
}

/* True when the whole is being walked and the last one is old: a short walk is not news. */
static bool is_behind(const struct snapshot *snapshot)
{
	return snapshot->scanning && snapshot->vmas &&
	       snapshot->taken_mono_ns - snapshot->vmas->counted_mono_ns > 3 * NS_PER_S;
}

/* "exit 3: last picture": how it ended, as short as the title needs it. */
static void past_text(const struct snapshot *snapshot, char *out, size_t room)
{
	int status = snapshot->process.wait_status;
	char name[32];

	if (snapshot->process.exit_why != WHY_OK)
		snprintf(out, room, "exited: last picture ");
	else if (WIFEXITED(status))
		snprintf(out, room, "exit %d: last picture ", WEXITSTATUS(status));
	else
		snprintf(out, room, "%s: last picture ",
			 signal_text(name, sizeof(name), WTERMSIG(status)));
}

/* How fresh the picture is, at the right of the title. */
static void draw_freshness(const struct map_screen *map, struct canvas *canvas)
{
	const struct snapshot *snapshot = map->snapshot;
	const struct rect *at = &map->layout.title;
	char text[64];
	uint8_t colour = COLOUR_GOOD;

	if (!snapshot) {
		snprintf(text, sizeof(text), "reading ");
	} else if (snapshot->process.life == PROCESS_GONE ||
		   snapshot->process.life == PROCESS_ZOMBIE) {
		past_text(snapshot, text, sizeof(text));
		colour = COLOUR_BAD;
	} else if (map->paused) {
		snprintf(text, sizeof(text), "paused ");
		colour = COLOUR_WARN;
	} else {
		snprintf(text, sizeof(text), "%slive %g Hz ",
			 is_behind(snapshot) ? "scanning " : "",
			 (double)(10000000000 / snapshot->period_ns) / 10);
	}
	canvas_text_right(canvas, at->x, at->y, at->columns, colour, ATTR_BOLD, text);
}

static void draw_title(const struct map_screen *map, struct canvas *canvas)
{
	const struct snapshot *snapshot = map->snapshot;
	const struct rect *at = &map->layout.title;
	char rss[FMT_LEN], pss[FMT_LEN], swap[FMT_LEN], minor[FMT_LEN], major[FMT_LEN], *comm;
	int x = 1, room = at->columns - 22;

	draw_bar_line(canvas, at);
	x += canvas_text(canvas, x, at->y, room, COLOUR_TITLE, ATTR_BOLD, "pagewalk") + 2;
	draw_freshness(map, canvas);
	if (!snapshot)
		return;
	comm = text_safe_str(snapshot->process.comm);
	x += canvas_printf(canvas, x, at->y, 20, COLOUR_TEXT, ATTR_BOLD, "%d %s",
			   (int)snapshot->process.pid, comm) +
	     2;
	free(comm);
	if (x < 32)
		x = 32;
	fmt_bytes(rss, snapshot->process.rss_bytes);
	fmt_bytes(swap, snapshot->process.swap_bytes);
	fmt_count(minor, (uint64_t)snapshot->minflt_per_s);
	fmt_count(major, (uint64_t)snapshot->majflt_per_s);
	if (snapshot->pss_why == WHY_OK)
		fmt_bytes(pss, snapshot->pss_bytes);
	else
		snprintf(pss, sizeof(pss), "?");
	room = at->columns - x - 22;
	if (room < 42)
		canvas_printf(canvas, x, at->y, room + 8, COLOUR_TEXT, 0, "rss %-5s flt %5s/s", rss,
			      minor);
	else if (room < 66)
		canvas_printf(canvas, x, at->y, room, COLOUR_TEXT, 0,
			      "rss %-5s pss %-5s swap %-5s flt %5s/s", rss, pss, swap, minor);
	else
		canvas_printf(canvas, x, at->y, room, COLOUR_TEXT, 0,
			      "%4u thr  rss %-5s pss %-5s swap %-5s flt %5s/s (%s major)",
			      snapshot->process.nr_threads, rss, pss, swap, minor, major);
}

/* In the columns of a user address; what lies beyond (vsyscall) has its first digits cut. */
static int draw_address(struct canvas *canvas, int x, int y, uint64_t addr)
{
	char text[FMT_LEN];
	size_t len = strlen(fmt_addr(text, addr));

	if (len > 12)
		snprintf(text, sizeof(text), "~%011" PRIx64, addr & ((UINT64_C(1) << 44) - 1));
	return canvas_text(canvas, x, y, 12, COLOUR_FAINT, 0, text);
}

/* One VMA of the list: address, permissions, size, bar, name. */
static void draw_vma_line(const struct map_screen *map, struct canvas *canvas,
			  const struct theme *theme, size_t index, int y, bool chosen)
{
	const struct vma_table *table = map->snapshot->vmas;
	const struct vma *vma = vma_list_at(table->list, index);
	const struct page_counts *counts = &table->counts[index];
	const struct rect *at = &map->layout.list;
	int x = at->x + 2, bar = at->columns >= 60 ? 12 : 8;
	char text[FMT_LEN], perms[5], fitted[256], *name = vma_short_name(vma);
	enum page_class class = vma_has_file(vma) ? CLASS_FILE : CLASS_ANON;
	uint8_t weight = chosen ? ATTR_BOLD : 0;

	if (vma->kind == VMA_SHMEM)
		class = CLASS_SHMEM;
	if (map->layout.list_has_addrs)
		x += draw_address(canvas, x, y, vma->start_addr) + 1;
	x += canvas_text(canvas, x, y, 4, COLOUR_TEXT, weight, vma_perms_text(vma, perms)) + 1;
	canvas_text_right(canvas, x, y, 5, COLOUR_TEXT, weight,
			  fmt_bytes(text, vma_len_bytes(vma)));
	x += 6;
	if (map->colour.mode == MODE_COMPARE && table->comparison)
		map_draw_vma_changes(table->comparison, canvas, x, y,
				     bar = map->layout.list_has_addrs ? 14 : bar, index);
	else if (table->why[index] == WHY_OK)
		draw_thin_bar(canvas, x, y, bar, theme, colour_of_class(class, NR_STRENGTH - 1),
			      counts->present, counts->pages);
	else
		canvas_text(canvas, x, y, bar, COLOUR_FAINT, 0,
			    table->why[index] == WHY_NOT_ASKED ? "..." : "?");
	x += bar + 1;
	text_fit(fitted, sizeof(fitted), name, at->x + at->columns - x, false);
	canvas_text(canvas, x, y, at->x + at->columns - x, COLOUR_TEXT, weight, fitted);
	free(name);
}

static void draw_gap_line(const struct map_screen *map, struct canvas *canvas, size_t index, int y)
{
	const struct vma_list *list = map->snapshot->vmas->list;
	uint64_t gap = vma_list_at(list, index)->start_addr -
		       vma_list_at(list, index - 1)->end_addr;
	const struct rect *at = &map->layout.list;
	char size[FMT_LEN];

	canvas_printf(canvas, at->x + 2, y, at->columns - 2, COLOUR_FAINT, 0, "---- gap %s ----",
		      fmt_bytes_long(size, gap));
}

/* It holds a page of the frames under the cursor. */
static bool line_is_lit(const struct map_screen *map, size_t line)
{
	const struct vma *vma = vma_list_at(map->snapshot->vmas->list, map->lines[line].vma);
	unsigned shift = map->snapshot->geometry.page_shift;

	return !map->lines[line].gap &&
	       frame_pages_touch(map_lit_pages(map), vma->start_addr >> shift,
				 vma->end_addr >> shift);
}

static void draw_list(const struct map_screen *map, struct canvas *canvas,
		      const struct theme *theme)
{
	const struct rect *at = &map->layout.list;
	bool focused = map->focus == FOCUS_LIST;
	char pointer[5] = { 0 };

	if (map->filter)
		canvas_printf(canvas, at->x + 1, at->y, at->columns - 1, COLOUR_WARN, ATTR_BOLD,
			      "ONLY %s  %zu of %zu", vma_filter_name(map->filter),
			      map->nr_vma_lines, vma_list_nr(map->snapshot->vmas->list));
	else
		canvas_printf(canvas, at->x + 1, at->y, at->columns - 1, COLOUR_FAINT, ATTR_BOLD,
			      "ADDRESS SPACE  %zu mappings",
			      vma_list_nr(map->snapshot->vmas->list));
	utf8_encode(theme_glyph(theme, GLYPH_POINTER), pointer);
	for (int row = 1; row < at->rows; row++) {
		size_t line = map->top_line + (size_t)row - 1;
		bool chosen = line == map->chosen_line;
		int y = at->y + row;

		if (line >= map->nr_lines)
			break;
		if (chosen && focused)
			canvas_fill(canvas, (struct rect){ at->x, y, at->columns, 1 },
				    (struct glyph){ ' ', COLOUR_TEXT, COLOUR_SELECT_BG, 0 });
		if (chosen)
			canvas_text(canvas, at->x, y, 1, COLOUR_KEY, ATTR_BOLD, pointer);
		if (line_is_lit(map, line))
			canvas_text(canvas, at->x + 1, y, 1, COLOUR_GOOD, ATTR_BOLD, "*");
		if (map->lines[line].gap)
			draw_gap_line(map, canvas, map->lines[line].vma, y);
		else
			draw_vma_line(map, canvas, theme, map->lines[line].vma, y, chosen);
	}
}

/* "  cell 417 pages (1.62M)", the size of a cell only where there is room for it. */
static void scale_text(const struct map_screen *map, bool wide, int columns, char *out, size_t room)
{
	unsigned shift = map->snapshot->geometry.page_shift;
	char cell[FMT_LEN];
	int used;

	used = snprintf(out, room,
			wide ? "   1 cell = %" PRIu64 " page%s" : "  cell %" PRIu64 " page%s",
			map->pages_per_cell, map->pages_per_cell == 1 ? "" : "s");
	fmt_bytes(cell, map->pages_per_cell << shift);
	if (used + 3 + (int)strlen(cell) <= columns)
		snprintf(out + used, room - (size_t)used, " (%s)", cell);
}

/* What the whole view leaves out, and at what scale it is drawn. */
static void draw_scale(const struct map_screen *map, struct canvas *canvas, int x)
{
	const struct rect *at = &map->layout.head;
	unsigned shift = map->snapshot->geometry.page_shift;
	bool wide = at->columns >= (map->view == VIEW_WHOLE ? 100 : 62);
	char scale[64], left_out[FMT_LEN], nr[FMT_LEN];
	int end = at->x + at->columns;

	if (map->view == VIEW_ROWS) {
		canvas_text(canvas, x, at->y + 1, end - x, COLOUR_FAINT, 0,
			    wide ? "   each row one mapping, all of it" : "  a row a mapping");
		return;
	}
	scale_text(map, wide, map->view == VIEW_WHOLE && at->columns < 62 ? 0 : end - x, scale,
		   sizeof(scale));
	x += canvas_text(canvas, x, at->y + 1, end - x, COLOUR_FAINT, 0, scale);
	if (map->view != VIEW_WHOLE || !map->fold || !map->fold->nr_left_out)
		return;
	fmt_bytes(left_out, map->fold->pages_left_out << shift);
	fmt_count(nr, map->fold->nr_left_out);
	canvas_printf(canvas, x, at->y + 1, end - x, COLOUR_FAINT, 0,
		      wide ? ", %zu blank (%s) left out" : ", %zu blank out",
		      map->fold->nr_left_out, left_out);
}

static void draw_head(const struct map_screen *map, struct canvas *canvas)
{
	const struct snapshot *snapshot = map->snapshot;
	const struct rect *at = &map->layout.head;
	const struct vma *vma = map_chosen(map);
	size_t index = map->lines[map->chosen_line].vma;
	const struct page_counts *counts = &snapshot->vmas->counts[index];
	char start[FMT_LEN], end[FMT_LEN], size[FMT_LEN], resident[FMT_LEN] = "?", perms[5];
	char fitted[256], *name;
	int x = at->x + 1, room = at->columns - 2;

	name = vma->path[0] ? text_safe_str(vma->path) : text_safe_str("anon");
	x += canvas_printf(canvas, x, at->y, room, COLOUR_TEXT, ATTR_BOLD, "%s-%s %s ",
			   fmt_addr(start, vma->start_addr), fmt_addr(end, vma->end_addr),
			   vma_perms_text(vma, perms));
	text_fit(fitted, sizeof(fitted), name, at->x + at->columns - x, true);
	canvas_text(canvas, x, at->y, at->x + at->columns - x, COLOUR_TEXT, ATTR_BOLD, fitted);
	free(name);
	x = at->x + 1;
	if (map->view == VIEW_WHOLE && map->fold) {
		fmt_bytes(size, map->fold->nr_pages << snapshot->geometry.page_shift);
		x += canvas_printf(canvas, x, at->y + 1, room, COLOUR_KEY, 0,
				   at->columns >= 62 ? "WHOLE %s in %zu mappings" : "WHOLE %s",
				   size, map->fold->nr);
	} else {
		if (snapshot->vmas->why[index] == WHY_OK)
			fmt_percent(resident, counts->present, counts->pages);
		fmt_bytes(size, vma_len_bytes(vma));
		x += canvas_printf(canvas, x, at->y + 1, room, COLOUR_TEXT, 0, "%s, %s resident",
				   size, resident);
	}
	draw_scale(map, canvas, x);
}

/* ---- the cells ---- */

struct tile map_tile(const struct map_screen *map, const struct map_cell *cell, uint64_t first_vpn,
		     uint64_t past_vpn, uint64_t now_ns)
{
	const struct grid_cell *counted = &cell->grid->cells[cell->index];
	struct tile tile;
	uint64_t pages = 0;

	for (int class = 0; class < NR_CLASS; class ++)
		pages += counted->nr[class];
	tile = tile_of_cell(counted, pages, now_ns);
	if (cell->grid->paint) {
		bool changed = tile.changed;

		tile = map_paint_tile(cell->grid->paint, cell->index, now_ns);
		tile.changed = changed;
	}
	map_heat_tile(&map->heat, first_vpn, past_vpn, pages, now_ns, &tile);
	tile.lit = frame_pages_touch(map_lit_pages(map), first_vpn, past_vpn);
	return tile;
}

/* One place in the grid. False past the last page; *read is false where no cell tells of it. */
static bool tile_at(const struct map_screen *map, int column, int row, uint64_t now_ns,
		    struct tile *tile, bool *read)
{
	uint64_t at = (uint64_t)row * (uint64_t)map->cell_columns + (uint64_t)column;
	uint64_t index = map->start_index + at * map->pages_per_cell, last;
	struct map_cell cell;

	if (index >= map->fold->nr_pages)
		return false;
	last = index + map->pages_per_cell < map->fold->nr_pages ? index + map->pages_per_cell
								 : map->fold->nr_pages;
	*read = map_find_cell(map, fold_vpn(map->fold, index), &cell);
	if (!*read)
		return true;
	*tile = map_tile(map, &cell, fold_vpn(map->fold, index), fold_vpn(map->fold, last - 1) + 1,
			 now_ns);
	tile->cursor = map->focus == FOCUS_GRID && index == map_cursor_index(map) &&
		       map_cursor_is_in_view(map);
	return true;
}

static void draw_grid(const struct map_screen *map, struct canvas *canvas,
		      const struct theme *theme, uint64_t now_ns)
{
	const struct rect *at = &map->layout.grid;
	int step = map->cell_rows / at->rows;

	for (int row = 0; map->fold && row < at->rows; row++) {
		for (int column = 0; column < map->cell_columns; column++) {
			struct tile upper, lower;
			bool read, has_lower, lower_read = false;

			if (!tile_at(map, column, row * step, now_ns, &upper, &read))
				return;
			has_lower = step == 2 && tile_at(map, column, row * step + 1, now_ns,
							 &lower, &lower_read);
			if (read)
				draw_tile(canvas, at->x + column, at->y + row, theme, &upper,
					  has_lower && lower_read ? &lower : NULL);
		}
	}
}

/* Why there is no map, in the middle of the screen. */
static void draw_no_map(const struct map_screen *map, struct canvas *canvas)
{
	const struct snapshot *snapshot = map->snapshot;
	int y = canvas_rows(canvas) / 2 - 1, columns = canvas_columns(canvas);
	struct rect rect = { 4, y, columns - 8, 3 };
	char reason[128], text[256];
	const char *say = "reading...";

	if (snapshot && snapshot->process.life == PROCESS_KTHREAD)
		say = "A kernel thread: it has no user address space, so there is nothing to map.";
	else if (snapshot && snapshot->process.life == PROCESS_ZOMBIE)
		say = "A zombie: it has exited and its memory is given back; only its exit "
		      "status waits to be fetched by its parent.";
	else if (snapshot && snapshot->process.life == PROCESS_GONE)
		say = "The process has exited.";
	else if (snapshot && snapshot->maps_why == WHY_OK)
		say = "This process has no mappings.";
	if (snapshot && snapshot->process.life == PROCESS_LIVE && snapshot->maps_why != WHY_OK &&
	    snapshot->maps_why != WHY_NOT_ASKED) {
		snprintf(text, sizeof(text), "Its mappings are not shown: %s",
			 source_refusal(SOURCE_MAPS, snapshot->maps_why, reason, sizeof(reason)));
		say = text;
	}
	draw_paragraph(canvas, rect, snapshot ? COLOUR_WARN : COLOUR_FAINT, 0, say);
}

/* For some seconds, in place of the keys: what has just become of the process. */
static bool draw_turn(const struct map_screen *map, struct canvas *canvas, uint64_t now_ns)
{
	const struct snapshot *snapshot = map->snapshot;
	int y = map->layout.keys.y, columns = canvas_columns(canvas);
	char *exe;

	if (!map_is_turning(map, now_ns))
		return false;
	exe = text_safe_str(snapshot->exe[0] ? snapshot->exe : snapshot->process.comm);
	canvas_fill(canvas, (struct rect){ 0, y, columns, 1 },
		    (struct glyph){ ' ', COLOUR_TITLE, COLOUR_SELECT_BG, 0 });
	canvas_printf(canvas, 1, y, columns - 2, COLOUR_TITLE, ATTR_BOLD,
		      "exec: another program, the map starts afresh: %s", exe);
	free(exe);
	return true;
}

void map_draw(struct screen *screen, struct canvas *canvas, const struct theme *theme,
	      uint64_t now_ns)
{
	struct map_screen *map = (struct map_screen *)screen;
	struct key_row keys[48];

	if (canvas_columns(canvas) < SCREEN_MIN_COLUMNS || canvas_rows(canvas) < SCREEN_MIN_ROWS) {
		draw_too_small(canvas);
		return;
	}
	map->layout = map_layout_now(map, canvas_columns(canvas), canvas_rows(canvas));
	draw_title(map, canvas);
	if (!draw_turn(map, canvas, now_ns))
		draw_keys(canvas, map->layout.keys.y, keys,
			  map_keys(screen, keys, sizeof(keys) / sizeof(keys[0])));
	if (!map->snapshot || !map->nr_lines) {
		draw_no_map(map, canvas);
		return;
	}
	draw_list(map, canvas, theme);
	draw_head(map, canvas);
	if (map->view == VIEW_ROWS)
		map_draw_rows(map, canvas, theme, now_ns);
	else
		draw_grid(map, canvas, theme, now_ns);
	map_draw_refusal(map, canvas);
	map_draw_legend(map, canvas, theme, now_ns);
	map_draw_timeline(map, canvas, theme);
	map_draw_frames(map, canvas, theme);
	map_draw_rules(map, canvas, theme);
	if (map->focus == FOCUS_FRAMES)
		map_draw_frame_detail(map, canvas);
	else
		map_draw_detail(map, canvas, now_ns);
	map_draw_find(map, canvas, theme);
	map_flags_draw(&map->colour.flags,
		       map->snapshot->has_detail ? &map->snapshot->detail : NULL, canvas, theme,
		       map->layout.keys.y);
	map_draw_peek(map, canvas);
}
