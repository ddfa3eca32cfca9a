/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Moments compared: which pages came, went, moved and became dirty, page by page, in as few
 * runs as there are; what a full list gives up; and the memory of recent changes.
 */
#include "base/clock.h"
#include "model/history.h"
#include "model/moment.h"
#include "model/paint.h"
#include "model/recent.h"
#include "model/snapshot.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { NR = 64 };

struct page {
	unsigned state;
	uint64_t pfn, flags;
};

static void add_pages(struct moment *moment, uint64_t vpn, const struct page *pages, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		struct page_span span = {
			.vpn = vpn + i,
			.nr_pages = 1,
			.state = pages[i].state,
			.pfns = pages[i].pfn ? &pages[i].pfn : NULL,
			.flags = &pages[i].flags,
		};

		if (pages[i].state)
			moment_add_span(moment, &span);
	}
}

static struct moment *moment_of(const struct page *pages, size_t nr, size_t max)
{
	struct moment *moment = moment_new(0, nr, max);

	add_pages(moment, 0, pages, nr);
	return moment;
}

struct seen {
	enum page_change change[NR];
	uint64_t next;
};

static void see(void *arg, const struct change_run *run)
{
	struct seen *seen = arg;

	assert_int_equal(run->vpn, seen->next);
	assert_true(run->nr_pages > 0);
	for (uint64_t i = 0; i < run->nr_pages; i++)
		seen->change[run->vpn + i] = run->change;
	seen->next += run->nr_pages;
}

#define ANON(pfn)                                                                                  \
	{                                                                                          \
		PAGE_PRESENT, pfn, 0                                                               \
	}
#define FILE_(pfn)                                                                                 \
	{                                                                                          \
		PAGE_PRESENT | PAGE_FILE, pfn, 0                                                   \
	}
#define DIRTY(pfn)                                                                                 \
	{                                                                                          \
		PAGE_PRESENT | PAGE_FILE, pfn, KPF_BIT(KPF_DIRTY)                                  \
	}
#define SWAPPED                                                                                    \
	{                                                                                          \
		PAGE_SWAPPED, 0, 0                                                                 \
	}
#define ABSENT                                                                                     \
	{                                                                                          \
		0, 0, 0                                                                            \
	}

static void test_each_fate(void **state)
{
	static const struct {
		struct page before, now;
		enum page_change change;
	} cases[] = {
		{ ABSENT, ABSENT, CHANGE_SAME },        { ANON(7), ANON(7), CHANGE_SAME },
		{ ABSENT, ANON(7), CHANGE_CAME },       { SWAPPED, ANON(7), CHANGE_CAME },
		{ ANON(7), ABSENT, CHANGE_WENT },       { ANON(7), SWAPPED, CHANGE_WENT },
		{ ANON(7), ANON(8), CHANGE_MOVED },     { FILE_(7), ANON(8), CHANGE_MOVED },
		{ FILE_(7), ANON(0), CHANGE_MOVED },    { ANON(7), ANON(0), CHANGE_SAME },
		{ FILE_(7), DIRTY(7), CHANGE_DIRTIED }, { FILE_(7), DIRTY(9), CHANGE_MOVED },
		{ DIRTY(7), FILE_(7), CHANGE_OTHER },   { SWAPPED, ABSENT, CHANGE_OTHER },
		{ ABSENT, SWAPPED, CHANGE_OTHER },      { SWAPPED, SWAPPED, CHANGE_SAME },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct moment *before = moment_of(&cases[i].before, 1, 8);
		struct moment *now = moment_of(&cases[i].now, 1, 8);
		struct seen seen = { 0 };

		moment_diff(before, now, 0, UINT64_MAX, see, &seen);
		assert_int_equal(seen.next, 1);
		assert_int_equal(seen.change[0], cases[i].change);
		moment_free(before);
		moment_free(now);
	}
}

/* Made-up pages: a cheap generator, the same every time. */
static void make_pages(struct page *pages, unsigned seed)
{
	uint64_t pfn = 1000;

	for (int i = 0; i < NR; i++) {
		seed = seed * 1103515245 + 12345;
		switch (seed >> 16 & 7) {
		case 0:
			pages[i] = (struct page)ABSENT;
			break;
		case 1:
			pages[i] = (struct page)SWAPPED;
			break;
		case 2:
			pages[i] = (struct page)FILE_(500 + (uint64_t)i);
			break;
		case 3:
			pages[i] = (struct page)DIRTY(500 + (uint64_t)i);
			break;
		case 4:
			pages[i] = (struct page)ANON(4); /* the zero page, again and again */
			break;
		default:
			pages[i] = (struct page)ANON(pfn++);
		}
	}
}

/* Whatever the runs are, each page has the fate that it has when compared alone. */
static void test_runs_change_nothing(void **state)
{
	(void)state;
	for (unsigned seed = 0; seed < 500; seed++) {
		struct page before[NR], now[NR];
		struct moment *old, *new;
		struct seen seen = { 0 };

		make_pages(before, seed);
		make_pages(now, seed % 3 ? seed + 1 : seed);
		if (!(seed % 3))
			now[seed % NR] = (struct page)ANON(77777);
		old = moment_of(before, NR, NR);
		new = moment_of(now, NR, NR);
		assert_int_equal(old->level, MOMENT_FRAMES);
		moment_diff(old, new, 0, NR, see, &seen);
		assert_int_equal(seen.next, NR);
		for (int i = 0; i < NR; i++) {
			struct moment *a = moment_of(&before[i], 1, 4),
				      *b = moment_of(&now[i], 1, 4);
			struct seen alone = { 0 };

			moment_diff(a, b, 0, 1, see, &alone);
			assert_int_equal(seen.change[i], alone.change[0]);
			moment_free(a);
			moment_free(b);
		}
		moment_free(old);
		moment_free(new);
	}
}

static void test_frames_in_a_row_are_one_run(void **state)
{
	struct page pages[NR];
	struct moment *moment;

	(void)state;
	for (int i = 0; i < NR; i++)
		pages[i] = (struct page)ANON(100 + (uint64_t)i);
	moment = moment_of(pages, NR, NR);
	assert_int_equal(moment->nr, 1);
	moment_free(moment);
	for (int i = 0; i < NR; i++)
		pages[i] = (struct page)ANON(4);
	moment = moment_of(pages, NR, NR);
	assert_int_equal(moment->nr, 1);
	moment_free(moment);
}

/* Frames are given up first, then everything; at no time more runs than allowed are kept. */
static void test_a_full_list_gives_up_in_steps(void **state)
{
	struct page pages[NR], later[NR];
	struct moment *moment, *now;
	struct seen seen = { 0 };

	(void)state;
	for (int i = 0; i < NR; i++)
		later[i] = pages[i] = (struct page)ANON(1000 - 2 * (uint64_t)i);
	later[5] = (struct page)ABSENT;
	later[9].pfn = 5;
	moment = moment_of(pages, NR, 8);
	now = moment_of(later, NR, NR);
	assert_int_equal(moment->level, MOMENT_STATES);
	assert_int_equal(moment->nr, 1);
	assert_int_equal(now->level, MOMENT_FRAMES);
	assert_true(moment_comparable(moment, now));
	moment_diff(moment, now, 0, NR, see, &seen);
	assert_int_equal(seen.change[5], CHANGE_WENT);
	assert_int_equal(seen.change[9], CHANGE_SAME); /* not known any more */
	moment_free(moment);
	for (int i = 0; i < NR; i += 2)
		pages[i] = (struct page)ABSENT;
	moment = moment_of(pages, NR, 8);
	assert_int_equal(moment->level, MOMENT_COUNTS);
	assert_null(moment->runs);
	assert_int_equal(moment->nr_seen, NR / 2);
	assert_false(moment_comparable(moment, now));
	moment_free(moment);
	moment_free(now);
}

static void test_only_what_both_cover_is_compared(void **state)
{
	static const struct page page = ANON(7);
	struct moment *before = moment_new(10, 20, 8), *now = moment_new(15, 30, 8);
	struct seen seen = { .next = 15 };

	(void)state;
	add_pages(before, 12, &page, 1);
	add_pages(now, 25, &page, 1);
	moment_diff(before, now, 0, UINT64_MAX, see, &seen);
	assert_int_equal(seen.next, 20);
	for (int i = 15; i < 20; i++)
		assert_int_equal(seen.change[i], CHANGE_SAME);
	moment_free(before);
	moment_free(now);
}

static void expect_run(const struct recent *recent, size_t i, uint64_t vpn, uint64_t nr,
		       enum page_change change, uint64_t at_ns)
{
	assert_true(i < recent->nr);
	assert_int_equal(recent->runs[i].vpn, vpn);
	assert_int_equal(recent->runs[i].nr_pages, nr);
	assert_int_equal(recent->runs[i].change, change);
	assert_int_equal(recent->runs[i].at_ns, at_ns);
}

static void test_newer_changes_cover_older_ones(void **state)
{
	static const struct change_run first[] = { { 10, 10, CHANGE_CAME, true },
						   { 30, 5, CHANGE_WENT, false } };
	static const struct change_run second[] = { { 0, 3, CHANGE_SAME, true },
						    { 14, 2, CHANGE_MOVED, true },
						    { 19, 13, CHANGE_WENT, false } };
	struct recent recent = { 0 };

	(void)state;
	recent_add(&recent, first, 2, 100);
	recent_add(&recent, second, 3, 200);
	assert_int_equal(recent.nr, 5);
	expect_run(&recent, 0, 10, 4, CHANGE_CAME, 100);
	expect_run(&recent, 1, 14, 2, CHANGE_MOVED, 200);
	expect_run(&recent, 2, 16, 3, CHANGE_CAME, 100);
	expect_run(&recent, 3, 19, 13, CHANGE_WENT, 200);
	expect_run(&recent, 4, 32, 3, CHANGE_WENT, 100);
	assert_int_equal(recent_find(&recent, 15), 1);
	assert_int_equal(recent_find(&recent, 35), 5);
	/* A minute later the old is forgotten. */
	recent_add(&recent, NULL, 0, 150 + RECENT_NS);
	assert_int_equal(recent.nr, 2);
	expect_run(&recent, 0, 14, 2, CHANGE_MOVED, 200);
	recent_clear(&recent);
}

static void test_memory_of_changes_is_bounded(void **state)
{
	enum { MANY = RECENT_RUNS / 2 + 10 };
	struct change_run *runs = calloc(MANY, sizeof(*runs));
	struct recent recent = { 0 };

	(void)state;
	assert_non_null(runs);
	for (uint64_t round = 1; round <= 3; round++) {
		for (uint64_t i = 0; i < MANY; i++)
			runs[i] = (struct change_run){ round + i * 8, 1, CHANGE_CAME, true };
		recent_add(&recent, runs, MANY, round * 1000);
		assert_true(recent.nr <= RECENT_RUNS);
	}
	assert_int_equal(recent.forgotten_ns, 3000);
	/* The newest are kept. */
	expect_run(&recent, recent_find(&recent, 3), 3, 1, CHANGE_CAME, 3000);
	recent_clear(&recent);
	free(runs);
}

static void test_paint_of_changes(void **state)
{
	static const struct page before[] = { ANON(1), ANON(2), ABSENT, ANON(4), ABSENT, FILE_(6) };
	static const struct page now[] = { ANON(1), ANON(9), ANON(3), ABSENT, ABSENT, DIRTY(6) };
	static const struct change_run changes[] = { { 1, 2, CHANGE_MOVED, true } };
	struct moment *mark = moment_of(before, 6, 16), *later = moment_of(now, 6, 16);
	struct paint_context context = { MODE_COMPARE, 0, NULL, 0 };
	struct grid *grid = grid_new(0, 6, 4);
	struct recent recent = { 0 };
	struct painter painter;

	(void)state;
	painter_begin(&painter, grid, &context);
	grid_finish(grid, WHY_OK);
	paint_compare(grid, later, mark);
	assert_int_equal(grid->paint->nr[BUCKET_NONE], 1);
	for (int change = 0; change < NR_PAGE_CHANGE; change++)
		assert_int_equal(grid->paint->nr[BUCKET_FIRST + change], change != CHANGE_OTHER);
	assert_int_equal(grid->paint->cells[1].nr[BUCKET_FIRST + CHANGE_DIRTIED], 1);
	grid_unref(grid);

	context.mode = MODE_RECENT;
	grid = grid_new(0, 6, 2);
	painter_begin(&painter, grid, &context);
	grid_finish(grid, WHY_OK);
	recent_add(&recent, changes, 1, 50);
	paint_recent(grid, later, &recent);
	assert_int_equal(grid->paint->nr[BUCKET_FIRST + CHANGE_MOVED], 2);
	assert_int_equal(grid->paint->nr[BUCKET_FIRST + CHANGE_SAME], 2);
	assert_int_equal(grid->paint->nr[BUCKET_NONE], 2);
	assert_int_equal(grid->paint->cells[0].changed_ns, 50);
	assert_int_equal(grid->paint->cells[2].changed_ns, 0);
	grid_unref(grid);

	/* Without a mark nothing is known, which is not "same". */
	context.mode = MODE_COMPARE;
	grid = grid_new(0, 6, 2);
	painter_begin(&painter, grid, &context);
	grid_finish(grid, WHY_OK);
	paint_compare(grid, later, NULL);
	assert_int_equal(grid->paint->nr[BUCKET_UNKNOWN], 6);
	grid_unref(grid);
	recent_clear(&recent);
	moment_free(mark);
	moment_free(later);
}

static struct vma_table *table_of(const char *maps)
{
	static const struct geometry geometry = { .page_shift = 12, .user_addr_bits = 47 };

	return vma_table_new(vma_parse_maps(maps, strlen(maps), NULL), &geometry);
}

static void test_changes_by_vma(void **state)
{
	static const struct geometry geometry = { .page_shift = 12, .user_addr_bits = 47 };
	static const struct page present[] = {
		ANON(1), ANON(2), ANON(3), ANON(4), ANON(5), ANON(6)
	};
	/* Pages 0-1 and 4-5 mapped; 2-3 no longer. */
	struct vma_table *table = table_of("00000000-00002000 rw-p 00000000 00:00 0\n"
					   "00004000-00006000 rw-p 00000000 00:00 0\n");
	struct vma_table *other = table_of("00004000-00006000 rw-p 00000000 00:00 0\n");
	struct moment *mark = moment_of(present, 6, 16), *now = moment_new(0, 6, 16);
	struct vma_changes *changes, *carried;

	(void)state;
	add_pages(now, 0, present, 1);
	changes = vma_changes_new(table, &geometry, mark, now);
	assert_int_equal(changes->by_vma[0].nr[CHANGE_WENT], 1);
	assert_int_equal(changes->gone.nr[CHANGE_WENT], 2);
	assert_int_equal(changes->by_vma[1].nr[CHANGE_WENT], 2);
	assert_int_equal(changes->total.nr[CHANGE_WENT], 5);
	assert_int_equal(page_changes_total(&changes->total), 5);
	carried = vma_changes_carry(changes, table, other);
	assert_int_equal(carried->nr, 1);
	assert_int_equal(carried->by_vma[0].nr[CHANGE_WENT], 2);
	assert_null(vma_changes_carry(NULL, table, other));
	vma_changes_free(carried);
	vma_changes_free(changes);

	/* By counts alone: the net, and the whole of what is gone. */
	table->counts[0].present = 7;
	table->counts[1].present = 3;
	other->counts[0].present = 5;
	changes = vma_changes_new_net(other, table);
	assert_int_equal(changes->level, MOMENT_COUNTS);
	assert_int_equal(changes->gone.nr[CHANGE_WENT], 7);
	assert_int_equal(changes->by_vma[0].nr[CHANGE_CAME], 2);
	vma_changes_free(changes);
	vma_table_unref(table);
	vma_table_unref(other);
	moment_free(mark);
	moment_free(now);
}

static void test_history_is_a_ring(void **state)
{
	struct history *history = calloc(1, sizeof(*history));
	struct process_info process = { 0 };

	(void)state;
	assert_non_null(history);
	assert_null(history_at(history, 0));
	for (uint64_t i = 0; i < HISTORY_POINTS + 10; i++) {
		process.rss_anon_bytes = i + 1;
		process.swap_bytes = 1000 - i;
		history_add(history, &process, i * HISTORY_STEP_NS);
		/* Within a step, the newest value stands. */
		process.rss_file_bytes = 5;
		history_add(history, &process, i * HISTORY_STEP_NS + 1);
	}
	assert_int_equal(history->nr, HISTORY_POINTS);
	assert_int_equal(history_at(history, 0)->bytes[SERIES_ANON], HISTORY_POINTS + 10);
	assert_int_equal(history_at(history, HISTORY_POINTS - 1)->bytes[SERIES_ANON], 11);
	assert_null(history_at(history, HISTORY_POINTS));
	assert_int_equal(history_resident(history_at(history, 0)), HISTORY_POINTS + 15);
	assert_int_equal(history_peak(history, 3), 1001 + 5);
	history_clear(history);
	assert_null(history_at(history, 0));
	free(history);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_fate),
		cmocka_unit_test(test_runs_change_nothing),
		cmocka_unit_test(test_frames_in_a_row_are_one_run),
		cmocka_unit_test(test_a_full_list_gives_up_in_steps),
		cmocka_unit_test(test_only_what_both_cover_is_compared),
		cmocka_unit_test(test_newer_changes_cover_older_ones),
		cmocka_unit_test(test_memory_of_changes_is_bounded),
		cmocka_unit_test(test_paint_of_changes),
		cmocka_unit_test(test_changes_by_vma),
		cmocka_unit_test(test_history_is_a_ring),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
