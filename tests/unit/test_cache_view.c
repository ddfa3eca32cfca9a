/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Grids of a file's pages, what changed in them, and the log of what came and went. */
#include "model/cache_view.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void test_lay_out(void **state)
{
	struct cache_grid grid = { 0 };

	(void)state;
	cache_grid_lay_out(&grid, 8, 10, 4);
	assert_int_equal(grid.nr_cells, 3);
	assert_int_equal(grid.cells[0].counts.pages, 4);
	assert_int_equal(grid.cells[2].counts.pages, 2);
	assert_null(cache_grid_cell(&grid, 7));
	assert_ptr_equal(cache_grid_cell(&grid, 8), &grid.cells[0]);
	assert_ptr_equal(cache_grid_cell(&grid, 17), &grid.cells[2]);
	assert_null(cache_grid_cell(&grid, 18));
	cache_grid_lay_out(&grid, 0, 0, 0);
	assert_int_equal(grid.nr_cells, 0);
	assert_null(cache_grid_cell(&grid, 0));
	cache_grid_clear(&grid);
}

static void known(struct cache_grid *grid)
{
	grid->why = grid->why_states = WHY_OK;
}

static void test_compare(void **state)
{
	struct cache_grid before = { 0 }, now = { 0 };

	(void)state;
	cache_grid_lay_out(&before, 0, 16, 4);
	cache_grid_lay_out(&now, 0, 16, 4);
	known(&before);
	before.cells[0].counts.cached = 4;
	before.cells[1].counts.cached = 2;
	before.cells[3].changed_ns = 5;
	before.cells[3].change = CACHE_DIRTIED;
	now.cells[0].counts.cached = 4;
	now.cells[0].counts.dirty = 1;
	now.cells[2].counts.cached = 1;
	/* What is not known has not changed. */
	cache_grid_compare(&now, &before, 9);
	assert_int_equal(now.cells[1].changed_ns, 0);
	known(&now);
	cache_grid_compare(&now, &before, 9);
	assert_int_equal(now.cells[0].change, CACHE_DIRTIED);
	assert_int_equal(now.cells[1].change, CACHE_EVICTED);
	assert_int_equal(now.cells[2].change, CACHE_INSERTED);
	assert_int_equal(now.cells[2].changed_ns, 9);
	assert_int_equal(now.cells[3].change, CACHE_DIRTIED);
	assert_int_equal(now.cells[3].changed_ns, 5);
	/* Another zoom is another picture. */
	cache_grid_lay_out(&now, 0, 16, 2);
	known(&now);
	cache_grid_compare(&now, &before, 9);
	assert_int_equal(now.cells[0].changed_ns, 0);
	cache_grid_clear(&now);
	cache_grid_clear(&before);
}

static void test_mark_and_map(void **state)
{
	struct cache_grid grid = { 0 };

	(void)state;
	cache_grid_lay_out(&grid, 8, 12, 4);
	/* Reaches into the grid from before it, and out of it. */
	cache_grid_mark(&grid, 0, 9, CACHE_INSERTED, 3);
	assert_int_equal(grid.cells[0].changed_ns, 3);
	assert_int_equal(grid.cells[1].changed_ns, 0);
	cache_grid_mark(&grid, 19, 100, CACHE_EVICTED, 4);
	assert_int_equal(grid.cells[2].change, CACHE_EVICTED);
	cache_grid_mark(&grid, 20, 1, CACHE_EVICTED, 5);
	cache_grid_mark(&grid, 0, 8, CACHE_EVICTED, 5);
	assert_int_equal(grid.cells[2].changed_ns, 4);
	assert_int_equal(grid.cells[0].changed_ns, 3);
	cache_grid_add_mapped(&grid, 6, 7);
	assert_int_equal(grid.cells[0].mapped, 4);
	assert_int_equal(grid.cells[1].mapped, 1);
	cache_grid_add_mapped(&grid, 18, 50);
	assert_int_equal(grid.cells[2].mapped, 2);
	cache_grid_clear(&grid);
}

static void test_classes(void **state)
{
	struct cache_cell cell = { .counts = { .pages = 16,
					       .cached = 10,
					       .dirty = 2,
					       .writeback = 1,
					       .recently_evicted = 4 },
				   .mapped = 20 };
	uint64_t nr[NR_CLASS], sum = 0;

	(void)state;
	cache_cell_classes(&cell, nr);
	assert_int_equal(nr[CLASS_DIRTY], 3);
	assert_int_equal(nr[CLASS_SHMEM], 7);
	assert_int_equal(nr[CLASS_FILE], 0);
	assert_int_equal(nr[CLASS_SWAPPED], 4);
	assert_int_equal(nr[CLASS_ABSENT], 2);
	/* Counts that are torn between two moments never give more pages than there are. */
	cell.counts = (struct cache_counts){
		.pages = 4, .cached = 9, .dirty = 7, .writeback = 7, .recently_evicted = 9
	};
	cache_cell_classes(&cell, nr);
	for (int class = 0; class < NR_CLASS; class ++) {
		sum += nr[class];
		assert_true(!nr[class] || cache_class_name((enum page_class) class));
	}
	assert_int_equal(sum, 4);
}

static struct cache_event insert(uint64_t t_ns, uint64_t page, unsigned order, pid_t tid)
{
	return (struct cache_event){ .t_ns = t_ns,
				     .inserted = true,
				     .page = page,
				     .nr_pages = UINT64_C(1) << order,
				     .nr_folios = 1,
				     .order = order,
				     .tid = tid,
				     .cause = CAUSE_READAHEAD };
}

static void test_log(void **state)
{
	struct cache_log log = { 0 };
	struct cache_event event = insert(1, 0, 2, 7);

	(void)state;
	cache_log_add(&log, &event);
	event = insert(2, 4, 2, 7);
	cache_log_add(&log, &event);
	assert_int_equal(log.nr, 1);
	assert_int_equal(log.events[0].nr_pages, 8);
	assert_int_equal(log.events[0].nr_folios, 2);
	assert_int_equal(log.inserted[CAUSE_READAHEAD], 8);
	/* Another order, another thread, a hole, a long while: each is an event of its own. */
	event = insert(3, 8, 3, 7);
	cache_log_add(&log, &event);
	event = insert(4, 16, 3, 8);
	cache_log_add(&log, &event);
	event = insert(5, 100, 3, 8);
	cache_log_add(&log, &event);
	event = insert(5000000000, 108, 3, 8);
	cache_log_add(&log, &event);
	assert_int_equal(log.nr, 5);
	event.inserted = false;
	cache_log_add(&log, &event);
	assert_int_equal(log.evicted, 8);
	for (uint64_t i = 0; i < CACHE_EVENTS; i++) {
		event = insert(i, i * 2, 0, 1);
		cache_log_add(&log, &event);
	}
	assert_int_equal(log.nr, CACHE_EVENTS);
	assert_int_equal(log.events[0].page, 0);
	assert_int_equal(log.events[CACHE_EVENTS - 1].page, 2 * (CACHE_EVENTS - 1));
}

static void test_history(void **state)
{
	struct cache_history history = { 0 };

	(void)state;
	for (uint64_t i = 1; i <= CACHE_HISTORY + 3; i++)
		cache_history_add(&history, &(struct cache_system){ .t_ns = i });
	assert_int_equal(history.nr, CACHE_HISTORY);
	assert_int_equal(history.samples[0].t_ns, 4);
	assert_int_equal(history.samples[CACHE_HISTORY - 1].t_ns, CACHE_HISTORY + 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lay_out),      cmocka_unit_test(test_compare),
		cmocka_unit_test(test_mark_and_map), cmocka_unit_test(test_classes),
		cmocka_unit_test(test_log),          cmocka_unit_test(test_history),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
