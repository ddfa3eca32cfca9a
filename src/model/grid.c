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

struct grid *grid_new_folded(struct fold *fold, uint64_t start_index, uint64_t nr_pages,
			     uint64_t pages_per_cell)
{
	struct grid *grid = grid_new(fold_vpn(fold, start_index), nr_pages, pages_per_cell);

	grid->fold = fold_ref(fold);
	grid->start_index = start_index;
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
	if (!grid || atomic_fetch_sub(&grid->refs, 1) > 1)
		return;
	fold_unref(grid->fold);
	free(grid->paint);
	free(grid);
}

uint64_t grid_past_vpn(const struct grid *grid)
{
	if (!grid->fold || !grid->nr_pages)
		return grid->start_vpn + grid->nr_pages;
	return fold_vpn(grid->fold, grid->start_index + grid->nr_pages - 1) + 1;
}

bool grid_place(const struct grid *grid, uint64_t vpn, uint64_t *at)
{
	uint64_t place = vpn, start = grid->start_vpn;
	bool held = true;

	if (grid->fold) {
		held = fold_index(grid->fold, vpn, &place);
		start = grid->start_index;
	}
	if (place < start || !grid->nr_pages) {
		*at = 0;
		return false;
	}
	*at = place - start;
	if (*at < grid->nr_pages)
		return held;
	*at = grid->nr_pages - 1;
	return false;
}

bool grid_same_range(const struct grid *a, const struct grid *b)
{
	return a->start_vpn == b->start_vpn && a->start_index == b->start_index &&
	       a->nr_pages == b->nr_pages && a->pages_per_cell == b->pages_per_cell &&
	       fold_equal(a->fold, b->fold);
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

/* nr pages of one class from place `at` of the grid on, all within cell `index`. */
static void add_run(struct grid *grid, uint64_t index, uint64_t at, uint64_t nr,
		    enum page_class class)
{
	struct grid_cell *cell = &grid->cells[index];

	cell->nr[class] += nr;
	cell->class_digest += class_digest(at - index * grid->pages_per_cell, nr, class);
}

/* nr pages of a span from its page `from` on, within one cell, class by class. */
static void add_pages(struct grid *grid, uint64_t index, uint64_t at, uint64_t nr,
		      const struct page_span *span, uint64_t from, enum vma_kind kind)
{
	uint64_t run = 0;
	enum page_class class = NR_CLASS;

	for (uint64_t i = 0; i < nr; i++) {
		uint64_t flags = span->flags ? span->flags[from + i] : 0;
		enum page_class here = page_classify(span->state, flags, span->flags, kind);

		if (span->pfns && span->pfns[from + i])
			grid->cells[index].frame_digest += mix(span->vpn + from + i,
							       span->pfns[from + i]);
		if (here == class)
			continue;
		if (i > run)
			add_run(grid, index, at + run, i - run, class);
		run = i;
		class = here;
	}
	add_run(grid, index, at + run, nr - run, class);
}

/* Pages [from, past) of a span, which have places in the grid from `at` on. */
static void add_part(struct grid *grid, uint64_t at, const struct page_span *span, uint64_t from,
		     uint64_t past, enum vma_kind kind)
{
	while (from < past) {
		uint64_t index = at / grid->pages_per_cell;
		uint64_t nr = (index + 1) * grid->pages_per_cell - at;

		if (nr > past - from)
			nr = past - from;
		if (span->pfns || span->flags)
			add_pages(grid, index, at, nr, span, from, kind);
		else
			add_run(grid, index, at, nr, page_classify(span->state, 0, false, kind));
		at += nr;
		from += nr;
	}
}

/* A span whose first page has a place, counted from the start of the fold or of memory. */
static void add_span_at(struct grid *grid, uint64_t place, const struct page_span *span,
			enum vma_kind kind)
{
	uint64_t start = grid->fold ? grid->start_index : grid->start_vpn;
	uint64_t from = 0, past = span->nr_pages;

	if (place < start)
		from = start - place;
	if (place + past > start + grid->nr_pages)
		past = start + grid->nr_pages > place ? start + grid->nr_pages - place : 0;
	if (from < past)
		add_part(grid, place + from - start, span, from, past, kind);
}

static void add_folded(void *arg, uint64_t place, const struct page_span *part, enum vma_kind kind)
{
	add_span_at(arg, place, part, kind);
}

void grid_add_span(struct grid *grid, const struct page_span *span, enum vma_kind kind)
{
	size_t cursor;

	if (span->pfns)
		grid->frames_known = true;
	if (!grid->fold) {
		add_span_at(grid, span->vpn, span, kind);
		return;
	}
	cursor = fold_find(grid->fold, span->vpn);
	fold_split(grid->fold, span, &cursor, add_folded, grid);
}

struct cutting {
	const struct grid *grid;
	void (*fn)(void *arg, size_t index, uint64_t nr_pages);
	void *arg;
};

/* Pages from a place of the fold, or of memory, on. */
static void cut_pages(void *arg, uint64_t place, const struct page_span *part, enum vma_kind kind)
{
	const struct cutting *cutting = arg;
	const struct grid *grid = cutting->grid;
	uint64_t start = grid->fold ? grid->start_index : grid->start_vpn;
	uint64_t past = place + part->nr_pages, end = start + grid->nr_pages;

	(void)kind;
	place = place < start ? start : place;
	past = past > end ? end : past;
	while (place < past) {
		uint64_t index = (place - start) / grid->pages_per_cell;
		uint64_t stop = start + (index + 1) * grid->pages_per_cell;

		stop = stop > past ? past : stop;
		cutting->fn(cutting->arg, (size_t)index, stop - place);
		place = stop;
	}
}

void grid_each_cell(const struct grid *grid, uint64_t vpn, uint64_t nr_pages,
		    void (*fn)(void *arg, size_t index, uint64_t nr_pages), void *arg)
{
	struct page_span span = { .vpn = vpn, .nr_pages = nr_pages };
	struct cutting cutting = { grid, fn, arg };
	size_t cursor;

	if (!grid->fold) {
		cut_pages(&cutting, vpn, &span, VMA_ANON);
		return;
	}
	cursor = fold_find(grid->fold, vpn);
	fold_split(grid->fold, &span, &cursor, cut_pages, &cutting);
}

struct note {
	struct grid *grid;
	enum cell_change change;
	uint64_t at_ns;
};

static void note_cell(void *arg, size_t index, uint64_t nr_pages)
{
	const struct note *note = arg;
	struct grid_cell *cell = &note->grid->cells[index];

	(void)nr_pages;
	if (cell->changed_ns > note->at_ns)
		return;
	cell->change = cell->changed_ns == note->at_ns && cell->change != note->change
			       ? CELL_OTHER
			       : note->change;
	cell->changed_ns = note->at_ns;
}

void grid_note_change(struct grid *grid, uint64_t vpn, uint64_t nr_pages, enum cell_change change,
		      uint64_t at_ns)
{
	struct note note = { grid, change, at_ns };

	grid_each_cell(grid, vpn, nr_pages, note_cell, &note);
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

	if (!before || !grid_same_range(before, now))
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
