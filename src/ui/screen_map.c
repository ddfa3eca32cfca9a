/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Screen 1: the state of the map and what keys do to it. The chosen VMA is remembered by its
 * address and the cursor by its page, so that both stay where they are when mappings come and
 * go around them. A cell stands for a power of two of pages; zooming keeps the page under the
 * cursor in sight.
 */
#include "ui/screen_map.h"

#include "base/xalloc.h"
#include "ui/map_state.h"

#include <stdlib.h>

static struct map_screen *map_of(struct screen *screen)
{
	return (struct map_screen *)screen;
}

const struct vma *map_chosen(const struct map_screen *map)
{
	const struct vma_table *table = map->snapshot ? map->snapshot->vmas : NULL;

	if (!table || !map->nr_lines)
		return NULL;
	return vma_list_at(table->list, map->lines[map->chosen_line].vma);
}

void map_chosen_pages(const struct map_screen *map, uint64_t *first_vpn, uint64_t *nr_pages)
{
	const struct vma *vma = map_chosen(map);
	unsigned shift = map->snapshot ? map->snapshot->geometry.page_shift : 0;

	*first_vpn = vma ? vma->start_addr >> shift : 0;
	*nr_pages = vma ? vma_len_bytes(vma) >> shift : 0;
}

const struct grid_cell *map_cell_at(const struct map_screen *map, uint64_t vpn)
{
	const struct grid *grid = map->snapshot ? map->snapshot->view : NULL;

	if (!grid || grid->pages_per_cell != map->pages_per_cell || vpn < grid->start_vpn ||
	    vpn >= grid->start_vpn + grid->nr_pages ||
	    (vpn - grid->start_vpn) % grid->pages_per_cell)
		return NULL;
	return &grid->cells[(vpn - grid->start_vpn) / grid->pages_per_cell];
}

static void make_lines(struct map_screen *map)
{
	const struct vma_list *list = map->snapshot->vmas->list;
	uint64_t end_addr = 0;

	map->nr_lines = 0;
	for (size_t i = 0; i < vma_list_nr(list); i++) {
		const struct vma *vma = vma_list_at(list, i);

		for (int gap = i && vma->start_addr > end_addr; gap >= 0; gap--) {
			map->lines = xgrow(map->lines, map->nr_lines, &map->room,
					   sizeof(*map->lines));
			map->lines[map->nr_lines++] = (struct map_line){ gap, i };
		}
		end_addr = vma->end_addr;
	}
	map->lines_of = list;
}

/* Where a newcomer looks first: the mapping that has most in memory. */
static size_t most_resident_line(const struct map_screen *map)
{
	const struct vma_table *table = map->snapshot->vmas;
	size_t best = 0;
	uint64_t most = 0;

	for (size_t i = 0; i < map->nr_lines; i++) {
		uint64_t present = table->counts[map->lines[i].vma].present;

		if (!map->lines[i].gap && present > most) {
			most = present;
			best = i;
		}
	}
	return best;
}

/* The line of the VMA that was chosen, or of the one that now lies nearest behind. */
static size_t line_of_chosen(const struct map_screen *map)
{
	const struct vma_list *list = map->snapshot->vmas->list;
	size_t last = 0;

	for (size_t i = 0; i < map->nr_lines; i++) {
		const struct vma *vma = vma_list_at(list, map->lines[i].vma);

		if (map->lines[i].gap)
			continue;
		last = i;
		if (vma->end_addr > map->chosen_addr)
			return i;
	}
	return last;
}

static void choose_line(struct map_screen *map, size_t line)
{
	const struct vma *vma;
	uint64_t first_vpn, nr_pages;

	map->chosen_line = line;
	vma = map_chosen(map);
	if (!vma)
		return;
	if (vma->start_addr != map->chosen_addr) {
		map->chosen_addr = vma->start_addr;
		map->fit = true;
		map_chosen_pages(map, &first_vpn, &nr_pages);
		map->start_vpn = map->cursor_vpn = first_vpn;
	}
}

/* Steps to the next line in a direction that is a VMA; stays where there is none. */
static void step_line(struct map_screen *map, int step)
{
	size_t line = map->chosen_line;

	do {
		if ((step < 0 && line == 0) || (step > 0 && line + 1 >= map->nr_lines))
			return;
		line += (size_t)step;
	} while (map->lines[line].gap);
	map->settled = true;
	choose_line(map, line);
}

static void step_lines(struct map_screen *map, int steps)
{
	int step = steps < 0 ? -1 : 1;

	for (; steps; steps -= step)
		step_line(map, step);
}

void screen_map_set_snapshot(struct screen *screen, struct snapshot *snapshot)
{
	struct map_screen *map = map_of(screen);

	/* Another program: what was chosen in the one before means nothing now. */
	if (map->snapshot && map->snapshot->execed_mono_ns != snapshot->execed_mono_ns) {
		map->settled = false;
		map->counted_ns = 0;
		map->focus = FOCUS_LIST;
		map->chosen_addr = 0;
	}
	/* The new one is referenced before the old is let go: they may be the same. */
	snapshot_ref(snapshot);
	snapshot_unref(map->snapshot);
	map->snapshot = snapshot;
	if (!snapshot->vmas || !vma_list_nr(snapshot->vmas->list)) {
		map->nr_lines = 0;
		map->lines_of = NULL;
		return;
	}
	if (map->lines_of != snapshot->vmas->list)
		make_lines(map);
	if (!map->settled && map->focus == FOCUS_LIST)
		choose_line(map, most_resident_line(map));
	else
		map->chosen_line = line_of_chosen(map);
	if (!map->counted_ns)
		map->counted_ns = snapshot->vmas->counted_mono_ns;
	if (map->counted_ns && snapshot->taken_mono_ns - map->counted_ns >= MAP_SETTLE_NS)
		map->settled = true;
}

void screen_map_set_paused(struct screen *screen, bool paused)
{
	map_of(screen)->paused = paused;
}

/* Pages from the view's start on that one row of cells stands for. */
static uint64_t row_pages(const struct map_screen *map)
{
	return (uint64_t)map->cell_columns * map->pages_per_cell;
}

static uint64_t fitting_pages_per_cell(const struct map_screen *map, uint64_t nr_pages)
{
	uint64_t room = (uint64_t)map->cell_columns * (uint64_t)map->cell_rows;
	uint64_t pages_per_cell = 1;

	while (nr_pages > pages_per_cell * room)
		pages_per_cell *= 2;
	return pages_per_cell;
}

/* Brings cursor and view back into the VMA, and the cursor into the view. */
static void settle_view(struct map_screen *map)
{
	uint64_t first, nr_pages, cell, rows, cursor_row, top_row;

	map_chosen_pages(map, &first, &nr_pages);
	if (!nr_pages || map->cell_columns <= 0)
		return;
	cell = fitting_pages_per_cell(map, nr_pages);
	if (map->fit || map->pages_per_cell > cell || !map->pages_per_cell)
		map->pages_per_cell = cell;
	if (map->cursor_vpn < first)
		map->cursor_vpn = first;
	if (map->cursor_vpn >= first + nr_pages)
		map->cursor_vpn = first + nr_pages - 1;
	map->cursor_vpn -= (map->cursor_vpn - first) % map->pages_per_cell;
	rows = (nr_pages + row_pages(map) - 1) / row_pages(map);
	cursor_row = (map->cursor_vpn - first) / row_pages(map);
	top_row = map->start_vpn > first ? (map->start_vpn - first) / row_pages(map) : 0;
	if (cursor_row < top_row)
		top_row = cursor_row;
	if (cursor_row >= top_row + (uint64_t)map->cell_rows)
		top_row = cursor_row - (uint64_t)map->cell_rows + 1;
	if (rows <= (uint64_t)map->cell_rows)
		top_row = 0;
	else if (top_row + (uint64_t)map->cell_rows > rows)
		top_row = rows - (uint64_t)map->cell_rows;
	map->start_vpn = first + top_row * row_pages(map);
}

static void settle_list(struct map_screen *map)
{
	size_t rows = (size_t)map->layout.list.rows - 1; /* below its heading */

	if (map->chosen_line < map->top_line)
		map->top_line = map->chosen_line;
	/* The gap before the chosen mapping belongs to it. */
	if (map->top_line == map->chosen_line && map->top_line && map->lines[map->top_line - 1].gap)
		map->top_line--;
	if (map->chosen_line >= map->top_line + rows)
		map->top_line = map->chosen_line - rows + 1;
	if (map->top_line + rows > map->nr_lines)
		map->top_line = map->nr_lines > rows ? map->nr_lines - rows : 0;
}

struct map_request screen_map_wanted(struct screen *screen, const struct theme *theme, int columns,
				     int rows)
{
	struct map_screen *map = map_of(screen);
	struct map_request request = { 0 };
	uint64_t first, nr_pages, room;

	if (columns < SCREEN_MIN_COLUMNS || rows < SCREEN_MIN_ROWS)
		return request;
	map->layout = layout_map(columns, rows);
	map->cell_columns = map->layout.grid.columns;
	map->cell_rows = map->layout.grid.rows * (theme->dense ? 2 : 1);
	request.frame_columns = (size_t)(map->layout.frames.columns - LAYOUT_ZONE_COLUMNS);
	request.frame_rows = (size_t)map->layout.frames.rows;
	map_chosen_pages(map, &first, &nr_pages);
	if (!nr_pages)
		return request;
	settle_list(map);
	settle_view(map);
	room = (uint64_t)map->cell_rows * row_pages(map);
	request.start_vpn = map->start_vpn;
	request.nr_pages = first + nr_pages - map->start_vpn;
	if (request.nr_pages > room)
		request.nr_pages = room;
	request.pages_per_cell = map->pages_per_cell;
	request.has_cursor = true;
	request.cursor_addr = map->cursor_vpn << map->snapshot->geometry.page_shift;
	return request;
}

/* Moves the cursor by cells, without leaving the VMA. */
static void move_cursor(struct map_screen *map, int64_t cells)
{
	uint64_t first, nr_pages, index, last;

	map_chosen_pages(map, &first, &nr_pages);
	if (!nr_pages)
		return;
	index = (map->cursor_vpn - first) / map->pages_per_cell;
	last = (nr_pages - 1) / map->pages_per_cell;
	if (cells < 0 && (uint64_t)-cells > index)
		index = cells == -1 ? 0 : index % (uint64_t)map->cell_columns;
	else if (cells > 0 && index + (uint64_t)cells > last)
		index = last;
	else
		index += (uint64_t)cells;
	map->cursor_vpn = first + index * map->pages_per_cell;
}

static void zoom(struct map_screen *map, bool in)
{
	uint64_t first, nr_pages;

	map_chosen_pages(map, &first, &nr_pages);
	if (in && map->pages_per_cell > 1) {
		map->pages_per_cell /= 2;
		map->fit = false;
		/* The cursor's row goes to the middle, settle_view() does the rest. */
		map->start_vpn = map->cursor_vpn;
		if (map->start_vpn - first > row_pages(map) * (uint64_t)map->cell_rows / 2)
			map->start_vpn -= row_pages(map) * (uint64_t)map->cell_rows / 2;
		else
			map->start_vpn = first;
	} else if (!in) {
		map->pages_per_cell *= 2;
		map->fit = map->pages_per_cell >= fitting_pages_per_cell(map, nr_pages);
	}
}

static void go_to_end(struct map_screen *map, bool last)
{
	uint64_t first, nr_pages;

	if (map->focus == FOCUS_LIST) {
		step_lines(map, last ? (int)map->nr_lines : -(int)map->nr_lines);
		return;
	}
	map_chosen_pages(map, &first, &nr_pages);
	map->cursor_vpn = last && nr_pages ? first + nr_pages - 1 : first;
}

/* Up, down and pages: lines in the list, rows in the grid. */
static void move_rows(struct map_screen *map, int rows)
{
	if (map->focus == FOCUS_LIST)
		step_lines(map, rows);
	else
		move_cursor(map, (int64_t)rows * map->cell_columns);
}

static void move_sideways(struct map_screen *map, int step)
{
	if (map->focus == FOCUS_GRID)
		move_cursor(map, step);
	else if (step > 0)
		map->focus = FOCUS_GRID;
}

static bool inside(const struct rect *rect, int x, int y)
{
	return x >= rect->x && x < rect->x + rect->columns && y >= rect->y &&
	       y < rect->y + rect->rows;
}

static void click(struct map_screen *map, int x, int y)
{
	const struct rect *grid = &map->layout.grid, *list = &map->layout.list;

	if (inside(list, x, y) && y > list->y) {
		size_t line = map->top_line + (size_t)(y - list->y - 1);

		map->focus = FOCUS_LIST;
		map->settled = true;
		if (line < map->nr_lines)
			choose_line(map, line + (map->lines[line].gap ? 1 : 0));
	} else if (inside(grid, x, y)) {
		int rows_per_line = map->cell_rows / grid->rows;
		uint64_t cell = (uint64_t)((y - grid->y) * rows_per_line) *
					(uint64_t)map->cell_columns +
				(uint64_t)(x - grid->x);

		map->focus = FOCUS_GRID;
		map->cursor_vpn = map->start_vpn + cell * map->pages_per_cell;
	}
}

static void wheel(struct map_screen *map, int x, int y, bool up)
{
	if (inside(&map->layout.list, x, y)) {
		step_lines(map, up ? -3 : 3);
	} else if (inside(&map->layout.grid, x, y)) {
		click(map, x, y);
		zoom(map, up);
	}
}

/* Keys that move; false for any other. */
static bool handle_move(struct map_screen *map, const struct ui_event *event)
{
	int page = map->focus == FOCUS_LIST ? map->layout.list.rows - 2 : map->cell_rows / 2;

	switch (event->key) {
	case KEY_UI_UP:
	case 'k':
		move_rows(map, -1);
		return true;
	case KEY_UI_DOWN:
	case 'j':
		move_rows(map, 1);
		return true;
	case KEY_UI_LEFT:
	case 'h':
		move_sideways(map, -1);
		return true;
	case KEY_UI_RIGHT:
	case 'l':
		move_sideways(map, 1);
		return true;
	case KEY_UI_PAGE_UP:
		move_rows(map, -page);
		return true;
	case KEY_UI_PAGE_DOWN:
		move_rows(map, page);
		return true;
	case KEY_UI_HOME:
	case KEY_UI_END:
		go_to_end(map, event->key == KEY_UI_END);
		return true;
	case '[':
	case ']':
		step_line(map, event->key == ']' ? 1 : -1);
		return true;
	case KEY_UI_CLICK:
		click(map, event->x, event->y);
		return true;
	case KEY_UI_WHEEL_UP:
	case KEY_UI_WHEEL_DOWN:
		wheel(map, event->x, event->y, event->key == KEY_UI_WHEEL_UP);
		return true;
	default:
		return false;
	}
}

/* Keys that change how the VMA is shown; false for any other. */
static bool handle_view(struct map_screen *map, const struct ui_event *event)
{
	switch (event->key) {
	case '+':
	case '=':
	case '-':
		zoom(map, event->key != '-');
		return true;
	case '0':
	case 'f':
		map->fit = true;
		return true;
	case KEY_UI_TAB:
		map->focus = map->focus == FOCUS_LIST ? FOCUS_GRID : FOCUS_LIST;
		return true;
	case KEY_UI_ENTER:
		map->focus = FOCUS_GRID;
		return true;
	default:
		return false;
	}
}

static struct action handle_event(struct screen *screen, const struct ui_event *event)
{
	struct map_screen *map = map_of(screen);

	if (map->nr_lines && (handle_move(map, event) || handle_view(map, event)))
		return (struct action){ .kind = ACTION_REQUEST };
	switch (event->key) {
	case ' ':
		return (struct action){ .kind = ACTION_PAUSE };
	case 'p':
		return (struct action){ .kind = ACTION_PICK };
	case 'c':
		return (struct action){ .kind = ACTION_THEME, .arg = THEME_NEXT_PALETTE };
	case 'd':
		return (struct action){ .kind = ACTION_THEME, .arg = THEME_DENSE };
	case '?':
	case KEY_UI_F1:
		return (struct action){ .kind = ACTION_HELP };
	case KEY_UI_ESCAPE:
		if (map->focus == FOCUS_GRID) {
			map->focus = FOCUS_LIST;
			return (struct action){ .kind = ACTION_REDRAW };
		}
		return (struct action){ .kind = ACTION_BACK };
	case 'q':
		return (struct action){ .kind = ACTION_QUIT };
	default:
		return (struct action){ .kind = ACTION_NONE };
	}
}

static bool animates(const struct screen *screen, uint64_t now_ns)
{
	const struct map_screen *map = (const struct map_screen *)screen;
	const struct grid *grid = map->snapshot ? map->snapshot->view : NULL;

	for (size_t i = 0; grid && i < grid->nr_cells; i++)
		if (grid->cells[i].changed_ns && now_ns - grid->cells[i].changed_ns < MAP_CHANGE_NS)
			return true;
	return false;
}

static void free_map(struct screen *screen)
{
	struct map_screen *map = map_of(screen);

	snapshot_unref(map->snapshot);
	free(map->lines);
	free(map);
}

static const struct screen_ops map_ops = {
	.number = 1,
	.name = "map",
	.about = "The address space of a process and where its pages lie. Left: its mappings "
		 "(VMAs), each with the share of it that is in memory, and the gaps between "
		 "them. Right: the pages of the chosen mapping as cells; a cell stands for the "
		 "number of pages that the heading names and counts every one of them: its "
		 "strength says how many are present, its hue what they are. Below: physical "
		 "memory by zone, lit where frames of this process lie. At the bottom: the page "
		 "under the cursor, from its address through the page table to its frame. "
		 "Looking never faults a page in.",
	.draw = map_draw,
	.event = handle_event,
	.keys = map_keys,
	.animates = animates,
	.free = free_map,
};

struct screen *screen_map_new(void)
{
	struct map_screen *map = xcalloc(1, sizeof(*map));

	map->base.ops = &map_ops;
	map->fit = true;
	return &map->base;
}
