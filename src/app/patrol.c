/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A look reads the pagemap of so many cells as have about SLICE_PAGES in memory and compares the
 * digests of their frames with those of the view. 8,192 pages take about 0.2 ms; kpageflags
 * and kpagecount, which take four times as long, are left to the view itself.
 */
#include "app/patrol.h"

#include "base/clock.h"
#include "kernel/collect.h"

#define SLICE_PAGES 8192

/* The cell behind the last one of a look that begins with `first`. */
static size_t slice_end(const struct grid *grid, size_t first)
{
	uint64_t pages = 0;
	size_t i = first;

	while (i < grid->nr_cells && pages < SLICE_PAGES) {
		const struct grid_cell *cell = &grid->cells[i];

		pages += grid_cell_pages(grid, i) - cell->nr[CLASS_ABSENT] -
			 cell->nr[CLASS_SWAPPED];
		i++;
	}
	return i;
}

/* An empty grid of the cells from `first` up to `past`. */
static struct grid *new_slice(const struct grid *grid, size_t first, size_t past)
{
	uint64_t start = first * grid->pages_per_cell;
	uint64_t nr_pages = (past - first) * grid->pages_per_cell;

	if (nr_pages > grid->nr_pages - start)
		nr_pages = grid->nr_pages - start;
	if (!grid->fold)
		return grid_new(grid->start_vpn + start, nr_pages, grid->pages_per_cell);
	return grid_new_folded(grid->fold, grid->start_index + start, nr_pages,
			       grid->pages_per_cell);
}

static bool slice_differs(struct patrol *patrol, const struct grid *grid, size_t past)
{
	struct grid *slice = new_slice(grid, patrol->cell, past);
	bool differs = false;

	if (!collect_frames(patrol->walker, slice) && slice->frames_known)
		for (size_t i = 0; i < slice->nr_cells; i++)
			differs = differs || slice->cells[i].frame_digest !=
						     grid->cells[patrol->cell + i].frame_digest;
	grid_unref(slice);
	return differs;
}

static const struct grid *next_grid(struct patrol *patrol, const struct grid *view,
				    const struct grid_rows *rows)
{
	size_t nr = view ? 1 : rows ? rows->nr : 0;

	if (patrol->grid >= nr)
		patrol->grid = patrol->cell = 0;
	if (!nr)
		return NULL;
	return view ? view : rows->grids[patrol->grid];
}

bool patrol_look(struct patrol *patrol, struct proc *proc, const struct grid *view,
		 const struct grid_rows *rows)
{
	const struct grid *grid = next_grid(patrol, view, rows);
	uint64_t start_ns = clock_mono_ns();
	bool differs = false;
	size_t past;

	patrol->grid += !grid; /* a row that was not read */
	if (!grid || (!patrol->walker && walker_new(proc, SLICE_PAGES, &patrol->walker)))
		return false;
	if (patrol->cell >= grid->nr_cells)
		patrol->cell = 0;
	past = slice_end(grid, patrol->cell);
	/* Where the gaps of a fold cost something they are not to be walked again and again. */
	if (grid->why == WHY_OK && grid->frames_known &&
	    (!grid->fold || walker_skips_gaps(patrol->walker)))
		differs = slice_differs(patrol, grid, past);
	patrol->cell = past;
	if (past >= grid->nr_cells) {
		patrol->cell = 0;
		patrol->grid++;
	}
	patrol->last_ns = clock_mono_ns();
	patrol->cost_ns = patrol->last_ns - start_ns;
	return differs;
}

void patrol_forget(struct patrol *patrol)
{
	walker_free(patrol->walker);
	*patrol = (struct patrol){ 0 };
}
