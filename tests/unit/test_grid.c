/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pages into cells: at every zoom a cell counts every page it stands for, whatever spans the
 * pages came in; two grids compared say what changed, and unknown is never taken for absent.
 */
#include "model/grid.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define START 0x7f000

static struct page_span span_of(uint64_t vpn, uint64_t nr, unsigned page_state)
{
	return (struct page_span){ .vpn = vpn, .nr_pages = nr, .state = page_state };
}

static void add(struct grid *grid, uint64_t vpn, uint64_t nr, unsigned page_state)
{
	struct page_span span = span_of(vpn, nr, page_state);

	grid_add_span(grid, &span, VMA_ANON);
}

/* Every second page present, from START on; spans of one page each. */
static struct grid *striped(uint64_t nr_pages, uint64_t pages_per_cell)
{
	struct grid *grid = grid_new(START, nr_pages, pages_per_cell);

	for (uint64_t i = 0; i < nr_pages; i += 2)
		add(grid, START + i, 1, PAGE_PRESENT);
	grid_finish(grid, WHY_OK);
	return grid;
}

static uint64_t all_pages_of(const struct grid_cell *cell)
{
	uint64_t nr = 0;

	for (int class = 0; class < NR_CLASS; class ++)
		nr += cell->nr[class];
	return nr;
}

/* 1000 is no power of two: the last cell is partial at nearly every zoom. */
static void test_stripes_count_exactly_at_every_zoom(void **state)
{
	(void)state;
	for (uint64_t nr_pages = 1; nr_pages <= 1000; nr_pages = nr_pages * 3 + 1) {
		for (uint64_t zoom = 1; zoom <= 2048; zoom *= 2) {
			struct grid *grid = striped(nr_pages, zoom);
			uint64_t present = 0;

			assert_int_equal(grid->nr_cells, (nr_pages + zoom - 1) / zoom);
			for (size_t i = 0; i < grid->nr_cells; i++) {
				const struct grid_cell *cell = &grid->cells[i];
				uint64_t pages = grid_cell_pages(grid, i);
				/* Even places of the cell, or of the whole where a cell is a page. */
				uint64_t expected = zoom > 1 ? (pages + 1) / 2 : (i + 1) % 2;

				assert_int_equal(all_pages_of(cell), pages);
				assert_int_equal(cell->nr[CLASS_ANON], expected);
				assert_int_equal(cell->nr[CLASS_ABSENT], pages - expected);
				present += cell->nr[CLASS_ANON];
			}
			assert_int_equal(present, (nr_pages + 1) / 2);
			grid_unref(grid);
		}
	}
}

static void test_last_cell_is_partial(void **state)
{
	struct grid *grid = grid_new(START, 10, 4);

	(void)state;
	assert_int_equal(grid->nr_cells, 3);
	assert_int_equal(grid_cell_pages(grid, 0), 4);
	assert_int_equal(grid_cell_pages(grid, 1), 4);
	assert_int_equal(grid_cell_pages(grid, 2), 2);
	grid_finish(grid, WHY_OK);
	assert_int_equal(grid->cells[2].nr[CLASS_ABSENT], 2);
	grid_unref(grid);
}

static void test_spans_are_cut_at_cells_and_at_the_view(void **state)
{
	struct grid *grid = grid_new(START, 16, 4);

	(void)state;
	add(grid, START - 5, 8, PAGE_PRESENT);   /* pages 0 to 2 */
	add(grid, START + 6, 4, PAGE_SWAPPED);   /* pages 6 to 9: across a border */
	add(grid, START + 14, 99, PAGE_PRESENT); /* pages 14 and 15 */
	add(grid, START - 10, 10, PAGE_PRESENT); /* all before */
	add(grid, START + 16, 4, PAGE_PRESENT);  /* all behind */
	grid_finish(grid, WHY_OK);
	assert_int_equal(grid->cells[0].nr[CLASS_ANON], 3);
	assert_int_equal(grid->cells[0].nr[CLASS_ABSENT], 1);
	assert_int_equal(grid->cells[1].nr[CLASS_SWAPPED], 2);
	assert_int_equal(grid->cells[2].nr[CLASS_SWAPPED], 2);
	assert_int_equal(grid->cells[3].nr[CLASS_ANON], 2);
	assert_int_equal(grid->cells[3].nr[CLASS_ABSENT], 2);
	grid_unref(grid);
}

static void test_flags_decide_the_class_page_by_page(void **state)
{
	static const uint64_t flags[] = { 0, KPF_BIT(KPF_DIRTY),    KPF_BIT(KPF_DIRTY), 0,
					  0, KPF_BIT(KPF_WRITEBACK) };
	struct page_span span = {
		.vpn = START, .nr_pages = 6, .flags = flags, .state = PAGE_PRESENT | PAGE_FILE
	};
	struct grid *grid = grid_new(START, 6, 4);

	(void)state;
	grid_add_span(grid, &span, VMA_FILE);
	grid_finish(grid, WHY_OK);
	assert_int_equal(grid->cells[0].nr[CLASS_FILE], 2);
	assert_int_equal(grid->cells[0].nr[CLASS_DIRTY], 2);
	assert_int_equal(grid->cells[1].nr[CLASS_FILE], 1);
	assert_int_equal(grid->cells[1].nr[CLASS_DIRTY], 1);
	grid_unref(grid);
}

/* The same pages in one span, in single pages, and from the end: equal digests. */
static void test_digest_does_not_depend_on_the_spans(void **state)
{
	enum { NR = 64 };
	uint64_t pfns[NR];
	struct grid *grids[4];

	(void)state;
	for (uint64_t i = 0; i < NR; i++)
		pfns[i] = 1000 + i * 7 % NR;
	for (int g = 0; g < 4; g++)
		grids[g] = grid_new(START, NR, 16);
	for (int g = 0; g < 4; g++) {
		static const uint64_t steps[] = { NR, 1, 5, 1 };

		for (uint64_t i = 0; i < NR; i += steps[g]) {
			uint64_t at = g == 3 ? NR - 1 - i : i;
			uint64_t nr = NR - at < steps[g] ? NR - at : steps[g];
			struct page_span span = span_of(START + at, nr, PAGE_PRESENT);

			span.pfns = pfns + at;
			grid_add_span(grids[g], &span, VMA_ANON);
		}
		grid_finish(grids[g], WHY_OK);
	}
	for (int g = 1; g < 4; g++) {
		for (size_t i = 0; i < grids[0]->nr_cells; i++) {
			assert_int_equal(grids[g]->cells[i].class_digest,
					 grids[0]->cells[i].class_digest);
			assert_int_equal(grids[g]->cells[i].frame_digest,
					 grids[0]->cells[i].frame_digest);
		}
	}
	for (int g = 0; g < 4; g++)
		grid_unref(grids[g]);
}

/* A terabyte's span: the closed form must give what adding page by page gives. */
static void test_digest_of_a_long_run_is_that_of_its_parts(void **state)
{
	const uint64_t nr = UINT64_C(1) << 28;
	struct grid *whole = grid_new(START, nr, nr), *parts = grid_new(START, nr, nr);

	(void)state;
	add(whole, START, nr, PAGE_PRESENT);
	for (uint64_t at = 0; at < nr; at += nr / 4 + 1)
		add(parts, START + at, nr - at < nr / 4 + 1 ? nr - at : nr / 4 + 1, PAGE_PRESENT);
	assert_int_equal(whole->cells[0].nr[CLASS_ANON], nr);
	assert_int_equal(parts->cells[0].nr[CLASS_ANON], nr);
	assert_int_equal(whole->cells[0].class_digest, parts->cells[0].class_digest);
	grid_unref(whole);
	grid_unref(parts);
}

struct page_case {
	unsigned state;
	enum vma_kind kind;
	uint64_t pfn, flags;
};

/* A grid of one cell of four pages, of which the first two are as given. */
static struct grid *two_pages(const struct page_case *pages)
{
	struct grid *grid = grid_new(START, 4, 4);

	for (uint64_t i = 0; i < 2; i++) {
		struct page_span span = span_of(START + i, 1, pages[i].state);

		span.pfns = &pages[i].pfn;
		span.flags = &pages[i].flags;
		if (pages[i].state)
			grid_add_span(grid, &span, pages[i].kind);
	}
	grid_finish(grid, WHY_OK);
	return grid;
}

#define ANON(pfn)                                                                                  \
	{                                                                                          \
		PAGE_PRESENT, VMA_ANON, pfn, KPF_BIT(KPF_ANON)                                     \
	}
#define FILE_PAGE(pfn)                                                                             \
	{                                                                                          \
		PAGE_PRESENT | PAGE_FILE, VMA_FILE, pfn, 0                                         \
	}
#define DIRTY_PAGE(pfn)                                                                            \
	{                                                                                          \
		PAGE_PRESENT | PAGE_FILE, VMA_FILE, pfn, KPF_BIT(KPF_DIRTY)                        \
	}
#define SWAPPED                                                                                    \
	{                                                                                          \
		PAGE_SWAPPED, VMA_ANON, 0, 0                                                       \
	}
#define ABSENT                                                                                     \
	{                                                                                          \
		0, VMA_ANON, 0, 0                                                                  \
	}

static void test_compare(void **state)
{
	static const struct {
		struct page_case before[2], now[2];
		enum cell_change expected;
	} cases[] = {
		{ { ANON(7), ANON(8) }, { ANON(7), ANON(8) }, CELL_SAME },
		{ { ABSENT, ABSENT }, { ABSENT, ABSENT }, CELL_SAME },
		{ { ANON(7), ABSENT }, { ANON(7), ANON(8) }, CELL_ARRIVED },
		{ { SWAPPED, ABSENT }, { ANON(7), ABSENT }, CELL_ARRIVED },
		{ { ANON(7), ANON(8) }, { ABSENT, ANON(8) }, CELL_LEFT },
		{ { ANON(7), ABSENT }, { SWAPPED, ABSENT }, CELL_LEFT },
		{ { ANON(7), ANON(8) }, { ANON(7), ANON(9) }, CELL_MOVED },
		/* They trade frames: the sum of the frames is equal, the picture is not. */
		{ { ANON(7), ANON(8) }, { ANON(8), ANON(7) }, CELL_MOVED },
		{ { FILE_PAGE(7), FILE_PAGE(8) }, { DIRTY_PAGE(7), FILE_PAGE(8) }, CELL_DIRTIED },
		{ { DIRTY_PAGE(7), FILE_PAGE(8) }, { FILE_PAGE(7), FILE_PAGE(8) }, CELL_OTHER },
		/* A copy was made on write: file became anonymous. */
		{ { FILE_PAGE(7), ABSENT }, { ANON(9), ABSENT }, CELL_OTHER },
		/* One came and one went: equal counts, another page. */
		{ { ANON(7), ABSENT }, { ABSENT, ANON(7) }, CELL_OTHER },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct grid *before = two_pages(cases[i].before), *now = two_pages(cases[i].now);

		grid_compare(now, before, 123);
		assert_string_equal(cell_change_name(now->cells[0].change),
				    cell_change_name(cases[i].expected));
		assert_int_equal(now->cells[0].changed_ns,
				 cases[i].expected == CELL_SAME ? 0 : 123);
		grid_unref(before);
		grid_unref(now);
	}
}

static void test_marks_are_carried_on(void **state)
{
	static const struct page_case one[2] = { ANON(7), ABSENT }, two[2] = { ANON(7), ANON(8) };
	struct grid *first = two_pages(one), *second = two_pages(two), *third = two_pages(two);

	(void)state;
	grid_compare(second, first, 100);
	grid_compare(third, second, 200);
	assert_int_equal(third->cells[0].change, CELL_ARRIVED);
	assert_int_equal(third->cells[0].changed_ns, 100);
	grid_unref(first);
	grid_unref(second);
	grid_unref(third);
}

static void test_other_ranges_and_zooms_are_not_compared(void **state)
{
	static const struct {
		uint64_t start, nr, zoom;
	} others[] = { { START + 1, 8, 4 }, { START, 9, 4 }, { START, 8, 2 } };

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		struct grid *before = grid_new(others[i].start, others[i].nr, others[i].zoom);
		struct grid *now = grid_new(START, 8, 4);

		grid_finish(before, WHY_OK);
		add(now, START, 4, PAGE_PRESENT);
		grid_finish(now, WHY_OK);
		grid_compare(now, before, 5);
		assert_int_equal(now->cells[0].changed_ns, 0);
		grid_unref(before);
		grid_unref(now);
	}
}

static void test_unknown_is_never_absent(void **state)
{
	struct grid *grid = grid_new(START, 6, 4), *later = grid_new(START, 6, 4);

	(void)state;
	assert_int_equal(grid->why, WHY_NOT_ASKED);
	add(grid, START, 1, PAGE_PRESENT);
	grid_finish(grid, WHY_DENIED);
	assert_int_equal(grid->why, WHY_DENIED);
	assert_int_equal(grid->cells[0].nr[CLASS_ANON], 1);
	assert_int_equal(grid->cells[0].nr[CLASS_UNKNOWN], 3);
	assert_int_equal(grid->cells[0].nr[CLASS_ABSENT], 0);
	assert_int_equal(grid->cells[1].nr[CLASS_UNKNOWN], 2);
	/* That it is known now is no change of the target. */
	add(later, START, 4, PAGE_PRESENT);
	grid_finish(later, WHY_OK);
	grid_compare(later, grid, 9);
	assert_int_equal(later->cells[0].change, CELL_SAME);
	assert_int_equal(later->cells[1].changed_ns, 0);
	grid_unref(grid);
	grid_unref(later);
}

static void test_two_classes_of_a_cell(void **state)
{
	struct grid_cell cell = { 0 };
	enum page_class first, second;

	(void)state;
	cell.nr[CLASS_ABSENT] = 100;
	grid_cell_classes(&cell, &first, &second);
	assert_int_equal(first, NR_CLASS);
	assert_int_equal(second, NR_CLASS);
	cell.nr[CLASS_FILE] = 3;
	grid_cell_classes(&cell, &first, &second);
	assert_int_equal(first, CLASS_FILE);
	assert_int_equal(second, NR_CLASS);
	cell.nr[CLASS_SWAPPED] = 5;
	cell.nr[CLASS_ANON] = 4;
	grid_cell_classes(&cell, &first, &second);
	assert_int_equal(first, CLASS_SWAPPED);
	assert_int_equal(second, CLASS_ANON);
	cell.nr[CLASS_UNKNOWN] = 6;
	grid_cell_classes(&cell, &first, &second);
	assert_int_equal(first, CLASS_UNKNOWN);
	assert_int_equal(second, CLASS_SWAPPED);
}

static void test_references(void **state)
{
	struct grid *grid = grid_new(START, 1, 1);

	(void)state;
	assert_ptr_equal(grid_ref(grid), grid);
	grid_unref(grid);
	assert_int_equal(grid->nr_pages, 1); /* still there */
	grid_unref(grid);
	grid_unref(NULL);
	assert_null(grid_ref(NULL));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stripes_count_exactly_at_every_zoom),
		cmocka_unit_test(test_last_cell_is_partial),
		cmocka_unit_test(test_spans_are_cut_at_cells_and_at_the_view),
		cmocka_unit_test(test_flags_decide_the_class_page_by_page),
		cmocka_unit_test(test_digest_does_not_depend_on_the_spans),
		cmocka_unit_test(test_digest_of_a_long_run_is_that_of_its_parts),
		cmocka_unit_test(test_compare),
		cmocka_unit_test(test_marks_are_carried_on),
		cmocka_unit_test(test_other_ranges_and_zooms_are_not_compared),
		cmocka_unit_test(test_unknown_is_never_absent),
		cmocka_unit_test(test_two_classes_of_a_cell),
		cmocka_unit_test(test_references),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
