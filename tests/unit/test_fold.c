/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Gaps folded away: every place and page of small address spaces against a plain array, and
 * grids over a fold, whose cells cross the borders of VMAs, against counting page by page.
 */
#include "model/fold.h"
#include "model/geometry.h"
#include "model/grid.h"
#include "model/snapshot.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

static const struct geometry geometry = { .page_shift = 12, .levels = 4, .user_addr_bits = 47 };

/* Pages 2-4, 5 (without a gap), 9-15, 20: one empty, one of a file, one beyond the user's. */
static const char maps[] = "2000-5000 rw-p 0 00:00 0 \n"
			   "5000-6000 r-xp 0 fe:00 5 /bin/a\n"
			   "9000-10000 ---p 0 00:00 0 \n"
			   "14000-15000 rw-p 0 00:00 0 [stack]\n"
			   "ffffffffff600000-ffffffffff601000 --xp 0 00:00 0 [vsyscall]\n";
#define NR_VPN 30

static struct vma_table *make_table(void)
{
	struct vma_table *table = vma_table_new(vma_parse_maps(maps, strlen(maps), NULL),
						&geometry);

	for (size_t i = 0; i < 4; i++)
		table->counts[i].present = i != 2;
	vma_table_finish(table);
	return table;
}

static bool is_mapped(uint64_t vpn, bool without_empty)
{
	return (vpn >= 2 && vpn <= 5) || vpn == 20 || (!without_empty && vpn >= 9 && vpn <= 15);
}

static void test_places_and_pages(void **state)
{
	struct vma_table *table = make_table();

	(void)state;
	for (int without_empty = 0; without_empty < 2; without_empty++) {
		struct fold *fold = fold_of_table(table, &geometry, VMAS_ALL, without_empty);
		uint64_t expected = 0, index;

		assert_int_equal(fold->nr_pages, without_empty ? 5 : 12);
		assert_int_equal(fold->nr_left_out, without_empty);
		assert_int_equal(fold->pages_left_out, without_empty ? 7 : 0);
		for (uint64_t vpn = 0; vpn < NR_VPN; vpn++) {
			bool held = fold_index(fold, vpn, &index);

			assert_int_equal(held, is_mapped(vpn, without_empty));
			/* Of a page in a gap it is the place of the next, or of the last. */
			assert_int_equal(index,
					 expected < fold->nr_pages ? expected : fold->nr_pages - 1);
			if (!held)
				continue;
			assert_int_equal(fold_vpn(fold, index), vpn);
			assert_true(vpn - fold_piece_at(fold, index)->start_vpn <
				    fold_piece_at(fold, index)->nr_pages);
			expected++;
		}
		assert_int_equal(expected, fold->nr_pages);
		fold_unref(fold);
	}
	vma_table_unref(table);
}

static void test_what_is_not_counted_is_not_empty(void **state)
{
	struct vma_table *table = make_table();
	struct fold *fold;

	(void)state;
	table->why[2] = WHY_DENIED;
	fold = fold_of_table(table, &geometry, VMAS_ALL, true);
	assert_int_equal(fold->nr_pages, 12);
	fold_unref(fold);
	vma_table_unref(table);
}

static void test_filters(void **state)
{
	static const uint64_t pages[NR_VMA_FILTER] = {
		[VMAS_ALL] = 12,     [VMAS_ANON] = 10,      [VMAS_STACK] = 1,     [VMAS_FILE] = 1,
		[VMAS_WRITABLE] = 4, [VMAS_EXECUTABLE] = 1, [VMAS_NON_EMPTY] = 5,
	};
	struct vma_table *table = make_table();

	(void)state;
	for (int filter = 0; filter < NR_VMA_FILTER; filter++) {
		struct fold *fold = fold_of_table(table, &geometry, (enum vma_filter)filter, false);

		assert_int_equal(fold->nr_pages, pages[filter]);
		assert_true(strlen(vma_filter_name((enum vma_filter)filter)) > 2);
		fold_unref(fold);
	}
	vma_table_unref(table);
}

/* A state for each page, so that a page counted in a wrong cell is seen. */
static unsigned state_of(uint64_t vpn)
{
	return vpn % 3 == 0 ? PAGE_SWAPPED : vpn % 3 == 1 ? PAGE_PRESENT : 0;
}

static void fill(struct grid *grid, uint64_t span_pages)
{
	for (uint64_t vpn = 0; vpn < NR_VPN;) {
		struct page_span span = { .vpn = vpn, .state = state_of(vpn) };

		while (span.nr_pages < span_pages && vpn < NR_VPN && state_of(vpn) == span.state) {
			span.nr_pages++;
			vpn++;
		}
		if (span.state)
			grid_add_span(grid, &span, VMA_ANON);
	}
	grid_finish(grid, WHY_OK);
}

static void expect_cell(const struct grid *grid, size_t i, const struct fold *fold)
{
	uint64_t present = 0, swapped = 0, nr = 0;
	uint64_t first = grid->start_index + i * grid->pages_per_cell;

	for (uint64_t at = first; at < first + grid->pages_per_cell; at++) {
		if (at >= grid->start_index + grid->nr_pages)
			break;
		present += state_of(fold_vpn(fold, at)) == PAGE_PRESENT;
		swapped += state_of(fold_vpn(fold, at)) == PAGE_SWAPPED;
		nr++;
	}
	assert_int_equal(grid->cells[i].nr[CLASS_SWAPPED], swapped);
	assert_int_equal(grid->cells[i].nr[CLASS_ANON] + grid->cells[i].nr[CLASS_FILE] +
				 grid->cells[i].nr[CLASS_OTHER],
			 present);
	assert_int_equal(grid->cells[i].nr[CLASS_ABSENT], nr - present - swapped);
	assert_int_equal(grid_cell_pages(grid, i), nr);
}

static void test_cells_across_borders(void **state)
{
	struct vma_table *table = make_table();
	struct fold *fold = fold_of_table(table, &geometry, VMAS_ALL, false);

	(void)state;
	for (uint64_t start = 0; start < fold->nr_pages; start++) {
		for (uint64_t nr = 1; nr <= fold->nr_pages - start; nr++) {
			for (uint64_t zoom = 1; zoom <= nr + 1; zoom++) {
				struct grid *grid = grid_new_folded(fold, start, nr, zoom);

				fill(grid, 1 + zoom % 3);
				for (size_t i = 0; i < grid->nr_cells; i++)
					expect_cell(grid, i, fold);
				assert_int_equal(grid->start_vpn, fold_vpn(fold, start));
				assert_int_equal(grid_past_vpn(grid),
						 fold_vpn(fold, start + nr - 1) + 1);
				grid_unref(grid);
			}
		}
	}
	fold_unref(fold);
	vma_table_unref(table);
}

/* 1 PiB without anything costs no more than a page. */
static void test_a_huge_reserve(void **state)
{
	struct fold *fold = fold_of_range(1 << 20, UINT64_C(1) << 38, VMA_ANON);
	struct grid *grid = grid_new_folded(fold, 0, UINT64_C(1) << 38, (UINT64_C(1) << 38) / 10);
	struct page_span span = { .vpn = (1 << 20) + (UINT64_C(1) << 37),
				  .nr_pages = 1,
				  .state = PAGE_PRESENT };

	(void)state;
	grid_add_span(grid, &span, VMA_ANON);
	grid_finish(grid, WHY_OK);
	assert_int_equal(grid->nr_cells, 11);
	assert_int_equal(grid->cells[5].nr[CLASS_ANON], 1);
	assert_int_equal(grid->cells[4].nr[CLASS_ANON], 0);
	grid_unref(grid);
	fold_unref(fold);
}

static void test_equal_means_the_same_places(void **state)
{
	struct fold *a = fold_of_range(5, 10, VMA_ANON), *b = fold_of_range(5, 10, VMA_ANON);
	struct fold *c = fold_of_range(6, 10, VMA_ANON);
	struct grid *x = grid_new_folded(a, 2, 4, 2), *y = grid_new_folded(b, 2, 4, 2);
	struct grid *z = grid_new_folded(b, 4, 4, 2);

	(void)state;
	assert_true(fold_equal(a, b));
	assert_false(fold_equal(a, c));
	assert_true(grid_same_range(x, y));
	assert_false(grid_same_range(x, z));
	grid_unref(x);
	grid_unref(y);
	grid_unref(z);
	fold_unref(a);
	fold_unref(b);
	fold_unref(c);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_places_and_pages),
		cmocka_unit_test(test_what_is_not_counted_is_not_empty),
		cmocka_unit_test(test_filters),
		cmocka_unit_test(test_cells_across_borders),
		cmocka_unit_test(test_a_huge_reserve),
		cmocka_unit_test(test_equal_means_the_same_places),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
