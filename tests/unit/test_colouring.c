/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Modes of colour: each page of each cell is in exactly one bucket, the right one, whatever
 * the zoom and however the pages were cut into spans; what was refused is unknown.
 */
#include "model/colouring.h"
#include "model/flag_about.h"
#include "model/paint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#define START 0x1000

static void test_every_mode_can_be_told_apart(void **state)
{
	(void)state;
	for (int mode = 0; mode < NR_COLOUR_MODE; mode++) {
		const struct colour_mode_row *row = colour_mode_row((enum colour_mode)mode);

		assert_in_range(row->nr_buckets, 4, NR_BUCKET);
		for (size_t a = 0; a < row->nr_buckets; a++) {
			assert_non_null(row->buckets[a].label);
			/* In vt100 the sign is all there is, in 256 colours the hue. */
			for (size_t b = a + 1; b < row->nr_buckets; b++) {
				const struct bucket *one = &row->buckets[a],
						    *two = &row->buckets[b];

				assert_int_not_equal(one->hue, two->hue);
				assert_string_not_equal(one->label, two->label);
				if (one->full && two->full) {
					assert_int_not_equal(one->full, two->full);
					assert_int_not_equal(one->part, two->part);
				}
			}
		}
	}
}

static void test_sharing(void **state)
{
	static const struct {
		uint64_t mapcount;
		unsigned bucket;
	} cases[] = { { 0, SHARING_UNCOUNTED }, { 1, SHARING_1 },   { 2, SHARING_2 },
		      { 3, SHARING_3 },         { 7, SHARING_3 },   { 8, SHARING_8 },
		      { 31, SHARING_8 },        { 32, SHARING_32 }, { 5000, SHARING_32 } };
	uint64_t exclusive = PM_PRESENT | PM_EXCLUSIVE, shared = PM_PRESENT;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(bucket_of_sharing(PAGE_PRESENT, &cases[i].mapcount, &shared),
				 cases[i].bucket);
	assert_int_equal(bucket_of_sharing(PAGE_PRESENT, NULL, &exclusive), SHARING_EXCLUSIVE);
	assert_int_equal(bucket_of_sharing(PAGE_PRESENT, NULL, &shared), SHARING_SHARED);
	assert_int_equal(bucket_of_sharing(PAGE_PRESENT | PAGE_ZERO, NULL, &shared),
			 SHARING_UNCOUNTED);
	/* Nothing was told: not "exclusive", not "shared". */
	assert_int_equal(bucket_of_sharing(PAGE_PRESENT, NULL, NULL), BUCKET_UNKNOWN);
	assert_int_equal(bucket_of_sharing(PAGE_SWAPPED, &shared, &shared), BUCKET_NONE);
}

static void test_contiguity(void **state)
{
	static const uint64_t lengths[] = { 1, 2, 3, 4, 15, 16, 511, 512, 100000 };
	static const unsigned steps[] = { 0, 1, 1, 2, 2, 3, 3, 4, 4 };

	(void)state;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
		assert_int_equal(bucket_of_contiguity(lengths[i]), BUCKET_FIRST + steps[i]);
}

static void test_flags(void **state)
{
	unsigned flag = 0, seen = 0;

	(void)state;
	assert_int_equal(bucket_of_flag(KPF_BIT(KPF_LRU), KPF_LRU), FLAG_SET);
	assert_int_equal(bucket_of_flag(KPF_BIT(KPF_LRU), KPF_ACTIVE), FLAG_CLEAR);
	/* Slab frames carry bits that mean nothing there. */
	assert_int_equal(bucket_of_flag(KPF_BIT(KPF_SLAB) | KPF_BIT(KPF_KSM), KPF_KSM), FLAG_CLEAR);
	/* All named flags come by, and then the first one again. */
	do {
		assert_non_null(frame_flag_name(flag));
		assert_non_null(frame_flag_about(flag));
		/* Both stand in one line of 72 columns. */
		assert_in_range(strlen(frame_flag_name(flag)) + strlen(frame_flag_about(flag)), 20,
				70);
		flag = colouring_step_flag(flag, 1);
		assert_in_range(++seen, 1, NR_KPF);
	} while (flag);
	assert_true(seen > 30);
	assert_int_equal(colouring_step_flag(colouring_step_flag(5, 1), -1), 5);
}

static void test_nodes(void **state)
{
	struct node_map map = { 0 };
	uint64_t nr;

	(void)state;
	node_map_add(&map, 3000, 1000, 1);
	node_map_add(&map, 0, 1000, 0);
	node_map_add(&map, 1000, 1000, 0);
	node_map_add(&map, 4000, 1, 0); /* nodes take turns */
	node_map_finish(&map);
	assert_int_equal(map.nr, 3);
	assert_int_equal(map.nr_nodes, 2);
	assert_int_equal(node_map_find(&map, 1999, &nr), 0);
	assert_int_equal(nr, 1);
	assert_int_equal(node_map_find(&map, 2000, &nr), -1);
	assert_int_equal(nr, 1000);
	assert_int_equal(node_map_find(&map, 3999, &nr), 1);
	assert_int_equal(node_map_find(&map, 4000, &nr), 0);
	assert_int_equal(node_map_find(&map, 4001, &nr), -1);
	assert_int_equal(bucket_of_node(-1), NODE_OUTSIDE);
	assert_int_equal(bucket_of_node(6), NODE_FIRST + 6);
	assert_int_equal(bucket_of_node(7), NODE_MORE);
	assert_int_equal(bucket_of_node(1000), NODE_MORE);
	node_map_clear(&map);
}

enum { NR = 1024 };

/* Pages with every thing that a mode may ask; some absent, frames in runs of 1, 2, 4, ... */
struct memory {
	bool present[NR];
	uint64_t pfns[NR], flags[NR], mapcounts[NR], entries[NR];
};

static void make_memory(struct memory *memory)
{
	uint64_t at = 0, pfn = 100;

	memset(memory, 0, sizeof(*memory));
	for (uint64_t len = 1; at < NR; len = len < 256 ? len * 2 : 1) {
		for (uint64_t i = 0; i < len && at < NR; i++, at++) {
			memory->present[at] = true;
			memory->pfns[at] = pfn + i;
			memory->flags[at] = at % 3 ? 0 : KPF_BIT(KPF_ACTIVE);
			memory->mapcounts[at] = at % 40;
			memory->entries[at] = PM_PRESENT;
		}
		pfn += len + 7;
		at += len % 5; /* absent pages in between */
	}
}

/* The bucket that a page must have, worked out by itself. */
static unsigned expected_bucket(const struct memory *memory, const struct paint_context *context,
				uint64_t page)
{
	uint64_t first = page, past = page + 1, nr;

	if (!memory->present[page])
		return BUCKET_NONE;
	switch (context->mode) {
	case MODE_SHARING:
		return bucket_of_sharing(PAGE_PRESENT, &memory->mapcounts[page], NULL);
	case MODE_FLAG:
		return bucket_of_flag(memory->flags[page], context->flag);
	case MODE_NODE:
		return bucket_of_node(node_map_find(context->nodes, memory->pfns[page], &nr));
	default:
		while (first && memory->present[first - 1] &&
		       memory->pfns[first - 1] + 1 == memory->pfns[first])
			first--;
		while (past < NR && memory->present[past] &&
		       memory->pfns[past] == memory->pfns[past - 1] + 1)
			past++;
		return bucket_of_contiguity(past - first);
	}
}

/* Paints `nr` pages from `first` on, in spans of at most `step`. */
static struct grid *paint(const struct memory *memory, const struct paint_context *context,
			  uint64_t first, uint64_t nr, uint64_t zoom, uint64_t step)
{
	struct grid *grid = grid_new(START + first, nr, zoom);
	struct painter painter;

	painter_begin(&painter, grid, context);
	for (uint64_t at = 0; at < NR;) {
		uint64_t end = at + 1;
		struct page_span span = {
			.vpn = START + at,
			.state = PAGE_PRESENT,
			.pfns = memory->pfns + at,
			.flags = memory->flags + at,
			.mapcounts = memory->mapcounts + at,
			.entries = memory->entries + at,
		};

		while (end < NR && end - at < step && memory->present[end] == memory->present[at])
			end++;
		span.nr_pages = end - at;
		if (memory->present[at])
			painter_add_span(&painter, &span);
		at = end;
	}
	painter_end(&painter, WHY_OK);
	return grid;
}

static void expect_painted(const struct memory *memory, const struct paint_context *context,
			   uint64_t first, uint64_t nr, uint64_t zoom, uint64_t step)
{
	struct grid *grid = paint(memory, context, first, nr, zoom, step);
	uint64_t total[NR_BUCKET] = { 0 };

	for (size_t i = 0; i < grid->nr_cells; i++) {
		uint64_t expected[NR_BUCKET] = { 0 };

		for (uint64_t page = 0; page < grid_cell_pages(grid, i); page++)
			expected[expected_bucket(memory, context, first + i * zoom + page)]++;
		for (int bucket = 0; bucket < NR_BUCKET; bucket++) {
			assert_int_equal(grid->paint->cells[i].nr[bucket], expected[bucket]);
			total[bucket] += expected[bucket];
		}
	}
	assert_memory_equal(grid->paint->nr, total, sizeof(total));
	grid_unref(grid);
}

static void test_every_page_at_every_zoom(void **state)
{
	static const enum colour_mode modes[] = { MODE_SHARING, MODE_FLAG, MODE_NODE,
						  MODE_CONTIGUITY };
	static const uint64_t steps[] = { 1, 7, NR };
	struct node_map nodes = { 0 };
	struct memory memory;

	(void)state;
	make_memory(&memory);
	for (unsigned node = 0; node < 9; node++)
		node_map_add(&nodes, 120 + node * 90, 80, node);
	node_map_finish(&nodes);
	for (size_t m = 0; m < sizeof(modes) / sizeof(modes[0]); m++) {
		struct paint_context context = { modes[m], KPF_ACTIVE, &nodes, 0 };

		for (uint64_t zoom = 1; zoom <= 2 * NR; zoom *= 4)
			for (size_t s = 0; s < sizeof(steps) / sizeof(steps[0]); s++) {
				expect_painted(&memory, &context, 0, NR, zoom, steps[s]);
				/* A view from the middle of a run to the middle of another. */
				expect_painted(&memory, &context, 301, 333, zoom, steps[s]);
			}
	}
	node_map_clear(&nodes);
}

static void test_what_is_refused_is_unknown(void **state)
{
	static const enum colour_mode modes[] = { MODE_SHARING, MODE_FLAG, MODE_NODE,
						  MODE_CONTIGUITY };
	struct page_span span = { .vpn = START + 2, .nr_pages = 5, .state = PAGE_PRESENT };

	(void)state;
	for (size_t m = 0; m < sizeof(modes) / sizeof(modes[0]); m++) {
		struct paint_context context = { modes[m], KPF_ACTIVE, NULL, 0 };
		struct grid *grid = grid_new(START, 10, 4);
		struct painter painter;

		painter_begin(&painter, grid, &context);
		painter_add_span(&painter, &span);
		painter_end(&painter, WHY_OK);
		assert_int_equal(grid->paint->nr[BUCKET_UNKNOWN], 5);
		assert_int_equal(grid->paint->nr[BUCKET_NONE], 5);
		assert_int_equal(grid->paint->why, WHY_DENIED);
		grid_unref(grid);
		/* A walk that failed leaves the rest unknown, not absent. */
		grid = grid_new(START, 10, 4);
		painter_begin(&painter, grid, &context);
		painter_end(&painter, WHY_GONE);
		assert_int_equal(grid->paint->nr[BUCKET_UNKNOWN], 10);
		assert_int_equal(grid->paint->why, WHY_GONE);
		grid_unref(grid);
	}
}

static void test_a_terabyte_of_nothing(void **state)
{
	struct paint_context context = { MODE_SHARING, 0, NULL, 0 };
	struct grid *grid = grid_new(START, UINT64_C(1) << 28, UINT64_C(1) << 20);
	struct painter painter;

	(void)state;
	painter_begin(&painter, grid, &context);
	painter_end(&painter, WHY_OK);
	assert_int_equal(grid->paint->nr[BUCKET_NONE], UINT64_C(1) << 28);
	assert_int_equal(grid->paint->cells[255].nr[BUCKET_NONE], UINT64_C(1) << 20);
	grid_unref(grid);
}

static void test_state_needs_no_paint(void **state)
{
	struct paint_context context = { MODE_STATE, 0, NULL, 0 };
	struct grid *grid = grid_new(START, 4, 1);
	struct painter painter;

	(void)state;
	painter_begin(&painter, grid, &context);
	painter_end(&painter, WHY_OK);
	assert_null(grid->paint);
	grid_unref(grid);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_mode_can_be_told_apart),
		cmocka_unit_test(test_sharing),
		cmocka_unit_test(test_contiguity),
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_nodes),
		cmocka_unit_test(test_every_page_at_every_zoom),
		cmocka_unit_test(test_what_is_refused_is_unknown),
		cmocka_unit_test(test_a_terabyte_of_nothing),
		cmocka_unit_test(test_state_needs_no_paint),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
