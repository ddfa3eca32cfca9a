/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Moving in screen 1: what keys and the mouse do to the cursor, the scale and the part that is
 * in sight. The cursor is remembered by its page; zooming keeps it in sight.
 */
#include "ui/map_state.h"

/* In the whole space the cursor takes the choice in the list along. */
static void put_cursor(struct map_screen *map, uint64_t index)
{
	uint64_t vpn = fold_vpn(map->fold, index);

	if (map->view != VIEW_WHOLE || !map_choose_page(map, vpn))
		map->cursor_vpn = vpn;
	map->settled = true;
}

/* Moves the cursor by cells, without leaving the view's pages. */
static void move_cursor(struct map_screen *map, int64_t cells)
{
	uint64_t index, last;

	if (!map->fold || !map->fold->nr_pages)
		return;
	index = map_cursor_index(map) / map->pages_per_cell;
	last = (map->fold->nr_pages - 1) / map->pages_per_cell;
	if (cells < 0 && (uint64_t)-cells > index)
		index = cells == -1 ? 0 : index % (uint64_t)map->cell_columns;
	else if (cells > 0 && index + (uint64_t)cells > last)
		index = last;
	else
		index += (uint64_t)cells;
	put_cursor(map, index * map->pages_per_cell);
}

/* The next scale: powers of two, and at the far end the one that fits. */
static uint64_t next_scale(uint64_t pages_per_cell, bool in)
{
	uint64_t power = 1;

	if (!in)
		return pages_per_cell * 2;
	while (power * 2 < pages_per_cell)
		power *= 2;
	return power;
}

/* Puts the cursor's row into the middle; map_settle_view() does the rest. */
static void centre(struct map_screen *map)
{
	uint64_t index = map_cursor_index(map);
	uint64_t half = map_row_pages(map) * (uint64_t)map->cell_rows / 2;

	map->start_index = index > half ? index - half : 0;
}

static void set_view(struct map_screen *map, enum map_view view)
{
	map->view = view;
	map->fit = true;
	map->start_index = 0;
	map_settle_view(map);
}

static void zoom(struct map_screen *map, bool in)
{
	if (map->view == VIEW_ROWS) {
		/* A row is as wide as it can be: closer is the mapping by itself. */
		if (in)
			set_view(map, VIEW_VMA);
		return;
	}
	if (!map->fold || (in && map->pages_per_cell == 1))
		return;
	map->pages_per_cell = next_scale(map->pages_per_cell, in);
	map->fit = !in && map->pages_per_cell >= map_fitting_pages_per_cell(map);
	if (map->fit)
		map->pages_per_cell = map_fitting_pages_per_cell(map);
	centre(map);
}

/* Rows of cells out of sight above, or in again; the cursor stays within what is in sight. */
static void pan(struct map_screen *map, int64_t rows)
{
	uint64_t row_pages = map_row_pages(map), room = (uint64_t)map->cell_rows, all, top, row, at;

	if (!map->fold || !map->fold->nr_pages || map->view == VIEW_ROWS)
		return;
	all = (map->fold->nr_pages + row_pages - 1) / row_pages;
	top = map->start_index / row_pages;
	top = rows < 0 && (uint64_t)-rows > top ? 0 : top + (uint64_t)rows;
	if (top + room > all)
		top = all > room ? all - room : 0;
	map->start_index = top * row_pages;
	row = map_cursor_index(map) / row_pages;
	if (row >= top && row < top + room)
		return;
	at = map_cursor_index(map) % row_pages + (row < top ? top : top + room - 1) * row_pages;
	put_cursor(map, at < map->fold->nr_pages ? at : map->fold->nr_pages - 1);
}

static void go_to_end(struct map_screen *map, bool last)
{
	uint64_t first, nr_pages;

	if (map->focus == FOCUS_LIST || map->view == VIEW_ROWS) {
		map_step_lines(map, last ? (int)map->nr_lines : -(int)map->nr_lines);
		return;
	}
	map_chosen_pages(map, &first, &nr_pages);
	if (map->view == VIEW_VMA)
		map->cursor_vpn = last && nr_pages ? first + nr_pages - 1 : first;
	else if (map->fold && map->fold->nr_pages)
		put_cursor(map, last ? map->fold->nr_pages - 1 : 0);
}

/* To another row of VIEW_ROWS, as far to the right as the cursor was. */
static void move_to_row(struct map_screen *map, int rows)
{
	uint64_t first, nr_pages, cell, column;

	map_chosen_pages(map, &first, &nr_pages);
	column = (map->cursor_vpn - first) / map_row_pages_per_cell(map, nr_pages);
	map_step_lines(map, rows);
	map_chosen_pages(map, &first, &nr_pages);
	cell = map_row_pages_per_cell(map, nr_pages);
	if (column > (nr_pages - 1) / cell)
		column = (nr_pages - 1) / cell;
	map->cursor_vpn = first + column * cell;
}

/* Up, down and pages: lines in the list, rows in the grid. */
static void move_rows(struct map_screen *map, int rows)
{
	if (map->focus == FOCUS_LIST)
		map_step_lines(map, rows);
	else if (map->view == VIEW_ROWS)
		move_to_row(map, rows);
	else
		move_cursor(map, (int64_t)rows * map->cell_columns);
}

static void move_in_row(struct map_screen *map, int step)
{
	uint64_t first, nr_pages, cell, column;

	map_chosen_pages(map, &first, &nr_pages);
	cell = map_row_pages_per_cell(map, nr_pages);
	column = (map->cursor_vpn - first) / cell;
	if (step < 0 ? column > 0 : (column + 1) * cell < nr_pages)
		column += (uint64_t)(int64_t)step;
	map->cursor_vpn = first + column * cell;
}

static void move_sideways(struct map_screen *map, int step)
{
	if (map->focus == FOCUS_GRID && map->view == VIEW_ROWS)
		move_in_row(map, step);
	else if (map->focus == FOCUS_GRID)
		move_cursor(map, step);
	else if (step > 0)
		map->focus = FOCUS_GRID;
}

static bool inside(const struct rect *rect, int x, int y)
{
	return x >= rect->x && x < rect->x + rect->columns && y >= rect->y &&
	       y < rect->y + rect->rows;
}

static void click_list(struct map_screen *map, int y)
{
	size_t line = map->top_line + (size_t)(y - map->layout.list.y - 1);

	map->focus = FOCUS_LIST;
	map->settled = true;
	if (line < map->nr_lines)
		map_choose_line(map, line + (map->lines[line].gap ? 1 : 0));
}

static void click_row(struct map_screen *map, int column, int row)
{
	size_t at = map->top_row + (size_t)row;
	uint64_t first, nr_pages, cell;

	if (at >= map->nr_vma_lines)
		return;
	map_choose_line(map, map->vma_lines[at]);
	map_chosen_pages(map, &first, &nr_pages);
	cell = map_row_pages_per_cell(map, nr_pages);
	column -= map_row_label_columns(map);
	map->cursor_vpn = first;
	if (column > 0)
		map->cursor_vpn += (uint64_t)column * cell < nr_pages ? (uint64_t)column * cell
								      : nr_pages - 1;
}

static void click_cell(struct map_screen *map, int column, int row)
{
	int rows_per_line = map->cell_rows / map->layout.grid.rows;
	uint64_t cell = (uint64_t)(row * rows_per_line) * (uint64_t)map->cell_columns +
			(uint64_t)column;
	uint64_t index = map->start_index + cell * map->pages_per_cell;

	if (map->fold && map->fold->nr_pages)
		put_cursor(map, index < map->fold->nr_pages ? index : map->fold->nr_pages - 1);
}

static void click(struct map_screen *map, int x, int y)
{
	const struct rect *grid = &map->layout.grid, *list = &map->layout.list;

	map->drag_x = x;
	map->drag_y = y;
	if (inside(list, x, y) && y > list->y) {
		click_list(map, y);
	} else if (inside(grid, x, y)) {
		map->focus = FOCUS_GRID;
		map->settled = true;
		if (map->view == VIEW_ROWS)
			click_row(map, x - grid->x, y - grid->y);
		else
			click_cell(map, x - grid->x, y - grid->y);
	} else if (map_frames_click(map, x, y)) {
		map->focus = FOCUS_FRAMES;
	}
}

/* What was grabbed goes with the pointer. */
static void drag(struct map_screen *map, int x, int y)
{
	int rows = map->drag_y - y;
	bool in_grid = inside(&map->layout.grid, map->drag_x, map->drag_y);

	if (in_grid && map->view == VIEW_ROWS)
		map_step_lines(map, rows);
	else if (in_grid)
		pan(map, (int64_t)rows * (map->cell_rows / map->layout.grid.rows));
	else if (inside(&map->layout.list, map->drag_x, map->drag_y))
		map_step_lines(map, rows);
	map->drag_x = x;
	/* A drag that leaves what it began in goes on moving that. */
	if (inside(&map->layout.grid, x, y) == in_grid)
		map->drag_y = y;
}

static void wheel(struct map_screen *map, int x, int y, bool up)
{
	if (inside(&map->layout.list, x, y)) {
		map_step_lines(map, up ? -3 : 3);
	} else if (inside(&map->layout.grid, x, y)) {
		click(map, x, y);
		zoom(map, up);
	} else if (map_frames_click(map, x, y)) {
		map->focus = FOCUS_FRAMES;
		map_frames_zoom(map, up);
	}
}

static bool handle_mouse(struct map_screen *map, const struct ui_event *event)
{
	switch (event->key) {
	case KEY_UI_CLICK:
		click(map, event->x, event->y);
		return true;
	case KEY_UI_DRAG:
		drag(map, event->x, event->y);
		return true;
	case KEY_UI_WHEEL_UP:
	case KEY_UI_WHEEL_DOWN:
		wheel(map, event->x, event->y, event->key == KEY_UI_WHEEL_UP);
		return true;
	default:
		return false;
	}
}

bool map_handle_move(struct map_screen *map, const struct ui_event *event)
{
	int page = map->focus == FOCUS_LIST ? map->layout.list.rows - 2
		   : map->view == VIEW_ROWS ? map->layout.grid.rows - 1
					    : map->cell_rows / 2;

	if (map->focus == FOCUS_FRAMES && map_frames_key(map, event))
		return true;
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
	default:
		return handle_mouse(map, event);
	}
}

/* From the cells to the frames: to that of the page under the cursor. */
static void step_focus(struct map_screen *map, int step)
{
	if (map->focus == FOCUS_GRID)
		map->frames.has_cursor = false;
	map->focus = (enum map_focus)(((int)map->focus + step) % NR_FOCUS);
	map->frames.next = 0;
}

/* Keys that change what is shown how; false for any other. */
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
	case '{':
	case '}':
		pan(map, event->key == '}' ? map->cell_rows / 4 + 1 : -(map->cell_rows / 4 + 1));
		return true;
	case 'v':
		set_view(map, (enum map_view)((map->view + 1) % NR_MAP_VIEW));
		return true;
	case 'E':
		map->with_empty = !map->with_empty;
		return true;
	case KEY_UI_TAB:
		step_focus(map, 1);
		return true;
	case KEY_UI_BACK_TAB:
		step_focus(map, NR_FOCUS - 1);
		return true;
	case KEY_UI_ENTER:
		map->focus = FOCUS_GRID;
		return true;
	default:
		return false;
	}
}
