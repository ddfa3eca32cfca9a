/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pages of a file into at most so many cells. */
#include "model/cache.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

static void test_known_cases(void **state)
{
	static const struct {
		uint64_t nr_pages;
		size_t nr_cells;
		uint64_t expected;
	} cases[] = {
		{ 0, 1, 1 },
		{ 1, 1, 1 },
		{ 2, 1, 2 },
		{ 3, 1, 4 },
		{ 64, 64, 1 },
		{ 65, 64, 2 },
		{ 128, 64, 2 },
		{ 129, 64, 4 },
		{ 1, 1000, 1 },
		{ UINT64_C(1) << 28, 4096, 65536 }, /* 1 TiB of 4 KiB pages */
		{ UINT64_C(1) << 52, 1, UINT64_C(1) << 52 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(cache_pages_per_cell(cases[i].nr_pages, cases[i].nr_cells),
				 cases[i].expected);
}

static void test_least_power_of_two_that_fits(void **state)
{
	(void)state;
	for (uint64_t nr_pages = 1; nr_pages < 5000; nr_pages += 13) {
		for (size_t nr_cells = 1; nr_cells < 300; nr_cells += 11) {
			uint64_t got = cache_pages_per_cell(nr_pages, nr_cells);

			assert_int_equal(got & (got - 1), 0);
			assert_true(got * nr_cells >= nr_pages);
			if (got > 1)
				assert_true(got / 2 * nr_cells < nr_pages);
		}
	}
}

static void test_clear_can_be_repeated(void **state)
{
	struct cache_info info = { .nr_cells = 4 };

	(void)state;
	info.cells = calloc(4, sizeof(*info.cells));
	cache_info_clear(&info);
	assert_null(info.cells);
	assert_int_equal(info.nr_cells, 0);
	cache_info_clear(&info);
}

static void test_runs_of_frames(void **state)
{
	static const struct cache_frame one[] = { { 7, 3, 0 }, { 8, 3, 0 }, { 0 }, { 10, 3, 0 } };
	static const struct cache_frame two[] = { { 11, 3, 0 }, { 12, 3, 1 }, { 13, 4, 1 } };
	static const struct cache_run expected[] = {
		{ 100, 2, { 7, 3, 0 } },  /* two that follow each other */
		{ 103, 2, { 10, 3, 0 } }, /* on over the end of what was given */
		{ 105, 1, { 12, 3, 1 } }, /* another map count */
		{ 106, 1, { 13, 4, 1 } }, /* other flags */
	};
	struct cache_info info = { 0 };

	(void)state;
	cache_info_add_frames(&info, 100, one, 4);
	cache_info_add_frames(&info, 104, two, 3);
	assert_int_equal(info.nr_runs, 4);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(info.runs[i].first_page, expected[i].first_page);
		assert_int_equal(info.runs[i].pages, expected[i].pages);
		assert_int_equal(info.runs[i].first.pfn, expected[i].first.pfn);
	}
	cache_info_clear(&info);
	assert_int_equal(info.nr_runs, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_cases),
		cmocka_unit_test(test_least_power_of_two_that_fits),
		cmocka_unit_test(test_runs_of_frames),
		cmocka_unit_test(test_clear_can_be_repeated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
