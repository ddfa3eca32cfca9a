/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two hash tables of cells that keep their place, without the thread and with it: a program that
 * starts a thread for each request has no end of those, which must not cost the filters that do
 * not ask for a thread. A fault mostly finds the cell of the one before.
 */
#include "model/fault_cross.h"

#include "base/xalloc.h"

#include <stdlib.h>

struct cells {
	struct fault_cell *cells; /* NULL: there were too many */
	uint32_t *slots;          /* cell + 1 by hash; 0 is free */
	size_t nr, last;
};

struct fault_cross {
	size_t most_cells, mask;
	struct cells places, threads;
};

static void cells_init(struct cells *cells, const struct fault_cross *cross)
{
	cells->cells = xcalloc(cross->most_cells, sizeof(*cells->cells));
	cells->slots = xcalloc(cross->mask + 1, sizeof(*cells->slots));
}

static void cells_clear(struct cells *cells)
{
	free(cells->cells);
	free(cells->slots);
	*cells = (struct cells){ 0 };
}

struct fault_cross *fault_cross_new(size_t most_cells)
{
	struct fault_cross *cross = xcalloc(1, sizeof(*cross));
	size_t slots = 16;

	while (slots < most_cells * 2)
		slots *= 2;
	cross->most_cells = most_cells;
	cross->mask = slots - 1;
	cells_init(&cross->places, cross);
	cells_init(&cross->threads, cross);
	return cross;
}

void fault_cross_free(struct fault_cross *cross)
{
	if (!cross)
		return;
	cells_clear(&cross->places);
	cells_clear(&cross->threads);
	free(cross);
}

static bool is_same(const struct fault_cell *cell, const struct fault_cell *other)
{
	return cell->vma == other->vma && cell->site == other->site && cell->tid == other->tid &&
	       cell->kind == other->kind;
}

static size_t first_slot(const struct fault_cell *cell, size_t mask)
{
	uint64_t hash = (uint64_t)cell->vma << 32 | cell->site;

	hash ^= hash >> 33;
	hash *= UINT64_C(0xff51afd7ed558ccd);
	hash ^= (uint64_t)(uint32_t)cell->tid << 8 | cell->kind;
	hash *= UINT64_C(0xc4ceb9fe1a85ec53);
	return (size_t)(hash ^ hash >> 33) & mask;
}

/* The place of a cell; SIZE_MAX: it has none and there is no room. */
static size_t find(const struct fault_cross *cross, struct cells *cells,
		   const struct fault_cell *cell)
{
	size_t at;

	if (cells->nr && is_same(&cells->cells[cells->last], cell))
		return cells->last;
	for (at = first_slot(cell, cross->mask); cells->slots[at]; at = (at + 1) & cross->mask)
		if (is_same(&cells->cells[cells->slots[at] - 1], cell))
			return cells->slots[at] - 1;
	if (cells->nr == cross->most_cells)
		return SIZE_MAX;
	cells->slots[at] = (uint32_t)cells->nr + 1;
	cells->cells[cells->nr] = *cell;
	return cells->nr++;
}

static void count(const struct fault_cross *cross, struct cells *cells,
		  const struct fault_cell *cell, enum fault_severity severity)
{
	size_t at;

	if (!cells->cells)
		return;
	at = find(cross, cells, cell);
	if (at == SIZE_MAX) {
		/* Counts that lack a part are of no use. */
		cells_clear(cells);
		return;
	}
	cells->last = at;
	cells->cells[at].by_severity[severity]++;
}

void fault_cross_add(struct fault_cross *cross, const struct fault *fault, uint32_t vma,
		     uint32_t site)
{
	struct fault_cell cell = { .vma = vma, .site = site, .kind = fault->kind };
	enum fault_severity severity = (enum fault_severity)fault->severity;

	count(cross, &cross->places, &cell, severity);
	cell.tid = fault->tid;
	count(cross, &cross->threads, &cell, severity);
}

const struct fault_cell *fault_cross_cells(const struct fault_cross *cross, bool by_thread,
					   size_t *nr)
{
	const struct cells *cells = by_thread ? &cross->threads : &cross->places;

	*nr = cells->nr;
	return cells->cells;
}
