/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Physical memory in rows of cells: where a frame falls, and how coarse cells must be to fit. */
#include "model/frames.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static const struct zone zones[] = {
	{ .node = 0, .name = "DMA", .start_pfn = 1, .spanned = 4095 },
	{ .node = 0, .name = "DMA32", .start_pfn = 4096, .spanned = 1000 },
	{ .node = 1, .name = "Normal", .start_pfn = 8192, .spanned = 64 },
};

static void test_cells_of_zones(void **state)
{
	struct frame_map *map = frame_map_new(zones, 3, 64);

	(void)state;
	assert_int_equal(frame_map_zone_cells(map, 0), 64);
	assert_int_equal(frame_map_zone_cells(map, 1), 16); /* 15 and five eighths */
	assert_int_equal(frame_map_zone_cells(map, 2), 1);
	assert_int_equal(map->nr_cells, 81);
	assert_string_equal(map->zones[2].name, "Normal");
	frame_map_unref(map);
}

static void test_cell_of_a_frame(void **state)
{
	struct frame_map *map = frame_map_new(zones, 3, 64);
	static const struct {
		uint64_t pfn;
		size_t cell;
	} cases[] = {
		{ 0, SIZE_MAX },
		{ 1, 0 },
		{ 64, 0 },
		{ 65, 1 },
		{ 4095, 63 },
		{ 4096, 64 },
		{ 5095, 79 },
		{ 5096, SIZE_MAX },
		{ 8191, SIZE_MAX },
		{ 8192, 80 },
		{ 8255, 80 },
		{ 8256, SIZE_MAX },
		{ UINT64_MAX, SIZE_MAX },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(frame_map_cell(map, cases[i].pfn), cases[i].cell);
	frame_map_unref(map);
}

static void test_counting(void **state)
{
	static const uint64_t pfns[] = { 1, 2, 65, 4096, 0, 999999 };
	struct frame_map *map = frame_map_new(zones, 3, 64);
	struct page_span span = { .nr_pages = 6, .state = PAGE_PRESENT, .pfns = pfns };

	(void)state;
	frame_map_add_span(map, &span);
	assert_int_equal(map->hits[0], 2);
	assert_int_equal(map->hits[1], 1);
	assert_int_equal(map->hits[64], 1);
	assert_int_equal(map->elsewhere, 1);
	assert_int_equal(map->counted, 5); /* a frame number of 0 is unknown */
	span.state = PAGE_SWAPPED;
	frame_map_add_span(map, &span);
	span = (struct page_span){ .nr_pages = 6, .state = PAGE_PRESENT };
	frame_map_add_span(map, &span);
	assert_int_equal(map->counted, 5);
	frame_map_unref(map);
}

static size_t rows_needed(size_t nr_zones, uint64_t frames_per_cell, size_t columns)
{
	size_t rows = 0;

	for (size_t z = 0; z < nr_zones; z++) {
		uint64_t cells = (zones[z].spanned + frames_per_cell - 1) / frames_per_cell;

		rows += (cells + columns - 1) / columns;
	}
	return rows;
}

/* The least power of two that fits: half of it must not. */
static void test_fit_is_the_least_that_fits(void **state)
{
	(void)state;
	for (size_t columns = 1; columns < 200; columns += 7) {
		for (size_t rows = 3; rows < 40; rows++) {
			uint64_t fit = frame_map_fit(zones, 3, columns, rows);

			assert_int_equal(fit & (fit - 1), 0);
			assert_true(rows_needed(3, fit, columns) <= rows);
			if (fit > 1)
				assert_true(rows_needed(3, fit / 2, columns) > rows);
		}
	}
	/* Fewer rows than zones: one each. */
	assert_int_equal(frame_map_fit(zones, 3, 64, 1), frame_map_fit(zones, 3, 64, 3));
	assert_int_equal(frame_map_fit(zones, 1, 4095, 1), 1);
	assert_int_equal(frame_map_fit(zones, 1, 4094, 1), 2);
}

static void test_references(void **state)
{
	struct frame_map *map = frame_map_new(zones, 1, 64);

	(void)state;
	assert_ptr_equal(frame_map_ref(map), map);
	frame_map_unref(map);
	assert_int_equal(map->nr_zones, 1);
	frame_map_unref(map);
	frame_map_unref(NULL);
	assert_null(frame_map_ref(NULL));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cells_of_zones),
		cmocka_unit_test(test_cell_of_a_frame),
		cmocka_unit_test(test_counting),
		cmocka_unit_test(test_fit_is_the_least_that_fits),
		cmocka_unit_test(test_references),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
