/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pages into cells. Digests are sums of a mix of (page, value), so the order in which spans
 * arrive does not matter; a cell whose pages trade places with equal counts still shows.
 * Two different contents give the same sum with a chance of 2^-64.
 */
#include "model/grid.h"

#include "base/xalloc.h"

#include <stdlib.h>

struct grid *grid_new(uint64_t start_vpn, uint64_t nr_pages, uint64_t pages_per_cell)
{
	size_t nr_cells = (size_t)((nr_pages + pages_per_cell - 1) / pages_per_cell);
	struct grid *grid = xcalloc(1, sizeof(*grid) + nr_cells * sizeof(grid->cells[0]));

	grid->refs = 1;
	grid->start_vpn = start_vpn;
	grid->nr_pages = nr_pages;
	grid->pages_per_cell = pages_per_cell;
	grid->why = WHY_NOT_ASKED;
	grid->nr_cells = nr_cells;
	return grid;
}

struct grid *grid_ref(struct grid *grid)
{
	if (grid)
		atomic_fetch_add(&grid->refs, 1);
	return grid;
}

void grid_unref(struct grid *grid)
{
	if (grid && atomic_fetch_sub(&grid->refs, 1) == 1)
		free(grid);
}

static uint64_t mix(uint64_t vpn, uint64_t pfn)
{
	uint64_t x = (vpn ^ pfn << 40 ^ pfn >> 24) * UINT64_C(0x9e3779b97f4a7c15);

	x ^= x >> 32;
	return x * UINT64_C(0xd6e8feb86659fd93);
}

/*
 * The class digest of nr pages from place `at` of a cell on: the sum of a polynomial in
 * each page's place. In closed form, so that a terabyte costs no more than a page, and
 * the same however the run was cut into spans.
 */
static uint64_t class_digest(uint64_t at, uint64_t nr, enum page_class class)
{
	__uint128_t pairs = (__uint128_t)nr * (nr - 1) / 2;
	__uint128_t squares = (__uint128_t)(nr - 1) * nr * (2 * nr - 1) / 6;
	__uint128_t sum_1 = (__uint128_t)nr * at + pairs;
	__uint128_t sum_2 = (__uint128_t)nr * at * at + 2 * (__uint128_t)at * pairs + squares;
	uint64_t sum = nr + (uint64_t)sum_1 * UINT64_C(0x9e3779b97f4a7c15) +
		       (uint64_t)sum_2 * UINT64_C(0xd6e8feb86659fd93);

	return sum * (UINT64_C(0xa0761d6478bd642f) * (uint64_t)(2 * class + 1));
}

/* Pages vpn to vpn + nr - 1 of one class, all within cell `index`. */
static void add_run(struct grid *grid, uint64_t index, uint64_t vpn, uint64_t nr,
		    enum page_class class)
{
	struct grid_cell *cell = &grid->cells[index];
	uint64_t at = vpn - grid->start_vpn - index * grid->pages_per_cell;

	cell->nr[class] += nr;
	cell->class_digest += class_digest(at, nr, class);
}

/* The pages [first, past) of a span, within one cell, class by class. */
static void add_pages(struct grid *grid, uint64_t index, uint64_t first, uint64_t past,
		      const struct page_span *span, enum vma_kind kind)
{
	uint64_t run = first;
	enum page_class class = NR_CLASS;

	for (uint64_t vpn = first; vpn < past; vpn++) {
		uint64_t i = vpn - span->vpn;
		uint64_t flags = span->flags ? span->flags[i] : 0;
		enum page_class here = page_classify(span->state, flags, span->flags, kind);

		if (span->pfns && span->pfns[i])
			grid->cells[index].frame_digest += mix(vpn, span->pfns[i]);
		if (here == class)
			continue;
		if (vpn > run)
			add_run(grid, index, run, vpn - run, class);
		run = vpn;
		class = here;
	}
	add_run(grid, index, run, past - run, class);
}

void grid_add_span(struct grid *grid, const struct page_span *span, enum vma_kind kind)
{
	uint64_t first = span->vpn, past = span->vpn + span->nr_pages;
	uint64_t grid_past = grid->start_vpn + grid->nr_pages;

	if (first < grid->start_vpn)
		first = grid->start_vpn;
	if (past > grid_past)
		past = grid_past;
	if (span->pfns)
		grid->frames_known = true;
	while (first < past) {
		uint64_t index = (first - grid->start_vpn) / grid->pages_per_cell;
		uint64_t stop = grid->start_vpn + (index + 1) * grid->pages_per_cell;

		if (stop > past)
			stop = past;
		if (span->pfns || span->flags)
			add_pages(grid, index, first, stop, span, kind);
		else
			add_run(grid, index, first, stop - first,
				page_classify(span->state, 0, false, kind));
		first = stop;
	}
}

uint64_t grid_cell_pages(const struct grid *grid, size_t i)
{
	uint64_t before = (uint64_t)i * grid->pages_per_cell;
	uint64_t left = grid->nr_pages - before;

	return left < grid->pages_per_cell ? left : grid->pages_per_cell;
}

void grid_finish(struct grid *grid, enum why why)
{
	grid->why = why;
	for (size_t i = 0; i < grid->nr_cells; i++) {
		struct grid_cell *cell = &grid->cells[i];
		uint64_t counted = 0, pages = grid_cell_pages(grid, i);

		for (int class = 0; class < NR_CLASS; class ++)
			counted += cell->nr[class];
		if (counted < pages)
			cell->nr[why == WHY_OK ? CLASS_ABSENT : CLASS_UNKNOWN] += pages - counted;
	}
}

static uint64_t present_in(const struct grid_cell *cell)
{
	uint64_t nr = 0;

	for (int class = 0; class < NR_CLASS; class ++)
		if (class != CLASS_ABSENT && class != CLASS_SWAPPED && class != CLASS_UNKNOWN)
			nr += cell->nr[class];
	return nr;
}

static enum cell_change change_between(const struct grid_cell *before, const struct grid_cell *now,
				       bool frames_known)
{
	uint64_t present_before, present_now;

	/* What was or became unknown is no change of the target. */
	if (before->nr[CLASS_UNKNOWN] || now->nr[CLASS_UNKNOWN])
		return CELL_SAME;
	if (before->class_digest == now->class_digest) {
		bool moved = frames_known && before->frame_digest != now->frame_digest;

		return moved ? CELL_MOVED : CELL_SAME;
	}
	present_before = present_in(before);
	present_now = present_in(now);
	if (present_now != present_before)
		return present_now > present_before ? CELL_ARRIVED : CELL_LEFT;
	return now->nr[CLASS_DIRTY] > before->nr[CLASS_DIRTY] ? CELL_DIRTIED : CELL_OTHER;
}

void grid_compare(struct grid *now, const struct grid *before, uint64_t now_ns)
{
	bool frames_known;

	if (!before || before->start_vpn != now->start_vpn || before->nr_pages != now->nr_pages ||
	    before->pages_per_cell != now->pages_per_cell)
		return;
	frames_known = before->frames_known && now->frames_known;
	for (size_t i = 0; i < now->nr_cells; i++) {
		enum cell_change change = change_between(&before->cells[i], &now->cells[i],
							 frames_known);

		now->cells[i].change = change == CELL_SAME ? before->cells[i].change : change;
		now->cells[i].changed_ns = change == CELL_SAME ? before->cells[i].changed_ns
							       : now_ns;
	}
}

void grid_cell_classes(const struct grid_cell *cell, enum page_class *first,
		       enum page_class *second)
{
	*first = *second = NR_CLASS;
	for (enum page_class class = 0; class < NR_CLASS; class ++) {
		if (class == CLASS_ABSENT || !cell->nr[class])
			continue;
		if (*first == NR_CLASS || cell->nr[class] > cell->nr[*first]) {
			*second = *first;
			*first = class;
		} else if (*second == NR_CLASS || cell->nr[class] > cell->nr[*second]) {
			*second = class;
		}
	}
}

const char *cell_change_name(enum cell_change change)
{
	static const char *const names[] = {
		[CELL_SAME] = "unchanged",  [CELL_ARRIVED] = "arrived",   [CELL_LEFT] = "left",
		[CELL_DIRTIED] = "dirtied", [CELL_MOVED] = "moved frame", [CELL_OTHER] = "changed",
	};

	return names[change];
}
