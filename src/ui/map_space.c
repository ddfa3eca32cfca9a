/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What screen 1 lays out where. Every view is a fold: one VMA, or VMAs end to end with the gaps
 * between them left out; a cell is a run of places in it, so that moving and zooming are the
 * same in all. At the scale that fits, a cell stands for as many pages as are needed to fill
 * the panel; the scales below it are powers of two, so that they are the same whatever the
 * terminal's size. Until a new view is read, cells of the one before stand in its place.
 */
#include "ui/map_state.h"

uint64_t map_row_pages(const struct map_screen *map)
{
	return (uint64_t)map->cell_columns * map->pages_per_cell;
}

uint64_t map_fitting_pages_per_cell(const struct map_screen *map)
{
	uint64_t room = (uint64_t)map->cell_columns * (uint64_t)map->cell_rows;
	uint64_t nr_pages = map->fold ? map->fold->nr_pages : 0;

	return nr_pages > room ? (nr_pages + room - 1) / room : 1;
}

uint64_t map_cursor_index(const struct map_screen *map)
{
	uint64_t index = 0;

	if (map->fold)
		fold_index(map->fold, map->cursor_vpn, &index);
	return index - index % map->pages_per_cell;
}

int map_row_label_columns(const struct map_screen *map)
{
	return map->layout.grid.columns < 60 ? 14 : 26;
}

uint64_t map_row_pages_per_cell(const struct map_screen *map, uint64_t nr_pages)
{
	uint64_t columns = (uint64_t)(map->layout.grid.columns - map_row_label_columns(map));

	return nr_pages > columns ? (nr_pages + columns - 1) / columns : 1;
}

static bool cell_of(const struct grid *grid, uint64_t vpn, struct map_cell *cell)
{
	uint64_t place;

	if (!grid || !grid_place(grid, vpn, &place))
		return false;
	*cell = (struct map_cell){ grid, (size_t)(place / grid->pages_per_cell),
				   place % grid->pages_per_cell == 0 };
	return true;
}

bool map_find_cell(const struct map_screen *map, uint64_t vpn, struct map_cell *cell)
{
	const struct snapshot *snapshot = map->snapshot;

	if (map->view != VIEW_ROWS) {
		if (!cell_of(snapshot->view, vpn, cell))
			return false;
		/* A fold and a VMA by itself have their cells at different places. */
		cell->exact = cell->exact && cell->grid->pages_per_cell == map->pages_per_cell &&
			      (cell->grid->fold != NULL) == (map->view == VIEW_WHOLE);
		return true;
	}
	for (size_t i = 0; snapshot->rows && i < snapshot->rows->nr; i++)
		if (cell_of(snapshot->rows->grids[i], vpn, cell))
			return true;
	return false;
}

uint64_t map_cursor_cell_pages(const struct map_screen *map)
{
	uint64_t first, nr_pages;

	map_chosen_pages(map, &first, &nr_pages);
	return map->view == VIEW_ROWS ? map_row_pages_per_cell(map, nr_pages) : map->pages_per_cell;
}

bool map_cursor_is_in_view(const struct map_screen *map)
{
	uint64_t index;

	return map->view == VIEW_ROWS ||
	       (map->fold && fold_index(map->fold, map->cursor_vpn, &index));
}

uint64_t map_cursor_cell_vpn(const struct map_screen *map)
{
	uint64_t first, nr_pages, pages = map_cursor_cell_pages(map);

	if (map->view != VIEW_ROWS)
		return map_cursor_is_in_view(map) ? fold_vpn(map->fold, map_cursor_index(map))
						  : map->cursor_vpn;
	map_chosen_pages(map, &first, &nr_pages);
	return map->cursor_vpn - (map->cursor_vpn - first) % pages;
}

const struct grid *map_nth_grid(const struct map_screen *map, size_t i)
{
	const struct snapshot *snapshot = map->snapshot;

	if (!snapshot || map->view != VIEW_ROWS)
		return snapshot && i == 0 ? snapshot->view : NULL;
	return snapshot->rows && i < snapshot->rows->nr ? snapshot->rows->grids[i] : NULL;
}

static void make_fold(struct map_screen *map)
{
	const struct snapshot *snapshot = map->snapshot;
	const struct vma *vma = map_chosen(map);
	uint64_t first, nr_pages;

	fold_unref(map->fold);
	map_chosen_pages(map, &first, &nr_pages);
	map->leave_out_empty = map->view == VIEW_WHOLE && !map->with_empty;
	if (map->view == VIEW_WHOLE)
		map->fold = fold_of_table(snapshot->vmas, &snapshot->geometry, map->filter,
					  map->leave_out_empty);
	else
		map->fold = fold_of_range(first, nr_pages, vma ? vma->kind : VMA_ANON);
	/* Nothing of it is in memory: then all of it is nothing, and is drawn so. */
	if (map->view == VIEW_WHOLE && !map->fold->nr_pages) {
		fold_unref(map->fold);
		map->leave_out_empty = false;
		map->fold = fold_of_table(snapshot->vmas, &snapshot->geometry, map->filter, false);
	}
}

static void settle_scale(struct map_screen *map)
{
	uint64_t fitting = map_fitting_pages_per_cell(map);

	if (map->fit || map->pages_per_cell >= fitting || !map->pages_per_cell) {
		map->pages_per_cell = fitting;
		map->fit = true;
	}
}

/* The cursor may stand in a VMA that the view leaves out, but not outside of all. */
static void settle_cursor(struct map_screen *map)
{
	uint64_t index;

	if (!fold_index(map->fold, map->cursor_vpn, &index) &&
	    (map->view != VIEW_WHOLE || map_line_at(map, map->cursor_vpn) == SIZE_MAX))
		map->cursor_vpn = fold_vpn(map->fold, index);
}

static void settle_rows(struct map_screen *map)
{
	size_t row = map->lines[map->chosen_line].row, rows = (size_t)map->layout.grid.rows;

	if (row < map->top_row)
		map->top_row = row;
	if (row >= map->top_row + rows)
		map->top_row = row - rows + 1;
	if (map->top_row + rows > map->nr_vma_lines)
		map->top_row = map->nr_vma_lines > rows ? map->nr_vma_lines - rows : 0;
}

void map_settle_view(struct map_screen *map)
{
	uint64_t rows, row, top, room = (uint64_t)map->cell_rows;

	if (map->cell_columns <= 0 || map->cell_rows <= 0)
		return;
	make_fold(map);
	if (!map->fold->nr_pages)
		return;
	settle_scale(map);
	settle_cursor(map);
	rows = (map->fold->nr_pages + map_row_pages(map) - 1) / map_row_pages(map);
	row = map_cursor_index(map) / map_row_pages(map);
	top = map->start_index / map_row_pages(map);
	if (row < top)
		top = row;
	if (row >= top + room)
		top = row - room + 1;
	if (rows <= room)
		top = 0;
	else if (top + room > rows)
		top = rows - room;
	map->start_index = top * map_row_pages(map);
	settle_rows(map);
}

static void request_rows(const struct map_screen *map, struct map_request *request)
{
	const struct vma_list *list = map->snapshot->vmas->list;
	unsigned shift = map->snapshot->geometry.page_shift;

	for (int i = 0; i < map->layout.grid.rows && request->nr_rows < MAP_ROWS_MAX; i++) {
		struct map_row *row = &request->rows[request->nr_rows];
		const struct vma *vma;

		if (map->top_row + (size_t)i >= map->nr_vma_lines)
			break;
		vma = vma_list_at(list, map->lines[map->vma_lines[map->top_row + (size_t)i]].vma);
		row->start_vpn = vma->start_addr >> shift;
		row->nr_pages = vma_len_bytes(vma) >> shift;
		row->pages_per_cell = map_row_pages_per_cell(map, row->nr_pages);
		request->nr_rows++;
	}
}

void map_request_view(const struct map_screen *map, struct map_request *request)
{
	uint64_t room = (uint64_t)map->cell_rows * map_row_pages(map);

	request->view = map->view;
	if (map->view == VIEW_ROWS) {
		request_rows(map, request);
		return;
	}
	if (!map->fold || !map->fold->nr_pages)
		return;
	request->start_vpn = fold_vpn(map->fold, map->start_index);
	request->nr_pages = map->fold->nr_pages - map->start_index;
	if (request->nr_pages > room)
		request->nr_pages = room;
	request->pages_per_cell = map->pages_per_cell;
	if (map->view != VIEW_WHOLE)
		return;
	request->start_index = map->start_index;
	request->filter = map->filter;
	request->leave_out_empty = map->leave_out_empty;
}
