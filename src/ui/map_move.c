/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The cells of screen 1: what part of the chosen mapping is in sight, and what keys and the
 * mouse do to it. The cursor is remembered by its page. A cell stands for a power of two of
 * pages; zooming keeps the page under the cursor in sight.
 */
#include "ui/map_state.h"

const struct grid_cell *map_cell_at(const struct map_screen *map, uint64_t vpn)
{
	const struct grid *grid = map->snapshot ? map->snapshot->view : NULL;

	if (!grid || grid->pages_per_cell != map->pages_per_cell || vpn < grid->start_vpn ||
	    vpn >= grid->start_vpn + grid->nr_pages ||
	    (vpn - grid->start_vpn) % grid->pages_per_cell)
		return NULL;
	return &grid->cells[(vpn - grid->start_vpn) / grid->pages_per_cell];
}

/* Pages from the view's start on that one row of cells stands for. */
uint64_t map_row_pages(const struct map_screen *map)
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
void map_settle_view(struct map_screen *map)
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
	rows = (nr_pages + map_row_pages(map) - 1) / map_row_pages(map);
	cursor_row = (map->cursor_vpn - first) / map_row_pages(map);
	top_row = map->start_vpn > first ? (map->start_vpn - first) / map_row_pages(map) : 0;
	if (cursor_row < top_row)
		top_row = cursor_row;
	if (cursor_row >= top_row + (uint64_t)map->cell_rows)
		top_row = cursor_row - (uint64_t)map->cell_rows + 1;
	if (rows <= (uint64_t)map->cell_rows)
		top_row = 0;
	else if (top_row + (uint64_t)map->cell_rows > rows)
		top_row = rows - (uint64_t)map->cell_rows;
	map->start_vpn = first + top_row * map_row_pages(map);
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
		/* The cursor's row goes to the middle, map_settle_view() does the rest. */
		map->start_vpn = map->cursor_vpn;
		if (map->start_vpn - first > map_row_pages(map) * (uint64_t)map->cell_rows / 2)
			map->start_vpn -= map_row_pages(map) * (uint64_t)map->cell_rows / 2;
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
		map_step_lines(map, last ? (int)map->nr_lines : -(int)map->nr_lines);
		return;
	}
	map_chosen_pages(map, &first, &nr_pages);
	map->cursor_vpn = last && nr_pages ? first + nr_pages - 1 : first;
}

/* Up, down and pages: lines in the list, rows in the grid. */
static void move_rows(struct map_screen *map, int rows)
{
	if (map->focus == FOCUS_LIST)
		map_step_lines(map, rows);
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
			map_choose_line(map, line + (map->lines[line].gap ? 1 : 0));
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
		map_step_lines(map, up ? -3 : 3);
	} else if (inside(&map->layout.grid, x, y)) {
		click(map, x, y);
		zoom(map, up);
	}
}

/* Keys that move; false for any other. */
bool map_handle_move(struct map_screen *map, const struct ui_event *event)
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
		map_step_line(map, event->key == ']' ? 1 : -1);
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
bool map_handle_view(struct map_screen *map, const struct ui_event *event)
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
