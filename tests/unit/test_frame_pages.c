/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames back to pages: what is kept of a walk, where it ends, and what flags say of a frame. */
#include "model/frame_pages.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

static void add(struct frame_pages *pages, uint64_t vpn, const uint64_t *pfns, uint64_t nr)
{
	struct page_span span = { .vpn = vpn, .nr_pages = nr, .state = PAGE_PRESENT, .pfns = pfns };

	frame_pages_add_span(pages, &span);
}

static void test_pages_in_the_range_only(void **state)
{
	static const uint64_t pfns[] = { 99, 100, 101, 0, 109, 110, 103, 102 };
	struct frame_pages *pages = frame_pages_new(100, 10);
	uint64_t vpn = 0, pfn = 0;

	(void)state;
	add(pages, 50, pfns, 8);
	assert_int_equal(pages->nr_pages, 5);
	assert_int_equal(pages->nr_pages_kept, 5);
	assert_int_equal(pages->nr_runs, 4);
	assert_true(frame_pages_at(pages, 1, &vpn, &pfn));
	assert_int_equal(vpn, 52);
	assert_int_equal(pfn, 101);
	assert_true(frame_pages_at(pages, 4, &vpn, &pfn));
	assert_int_equal(vpn, 57);
	assert_int_equal(pfn, 102);
	assert_false(frame_pages_at(pages, 5, &vpn, &pfn));
	for (uint64_t first = 45; first < 65; first++)
		for (uint64_t past = first + 1; past < 66; past++) {
			bool expected = false;

			for (uint64_t i = first; i < past; i++)
				expected = expected || i == 51 || i == 52 || i == 54 || i == 56 ||
					   i == 57;
			assert_int_equal(frame_pages_touch(pages, first, past), expected);
		}
	assert_true(frame_pages_hold(pages, 109));
	assert_false(frame_pages_hold(pages, 110));
	assert_false(frame_pages_hold(pages, 99));
	assert_false(frame_pages_touch(NULL, 0, 1000));
	frame_pages_unref(pages);
}

/* Beyond the room runs are counted, and those that are kept are the first ones. */
static void test_more_than_there_is_room_for(void **state)
{
	struct frame_pages *pages = frame_pages_new(1, 1 << 20);
	uint64_t vpn, pfn;

	(void)state;
	for (uint64_t i = 0; i < FRAME_RUNS_MAX + 100; i++) {
		pfn = 1 + i * 2;
		add(pages, i * 2, &pfn, 1);
	}
	assert_int_equal(pages->nr_runs, FRAME_RUNS_MAX);
	assert_int_equal(pages->nr_pages, FRAME_RUNS_MAX + 100);
	assert_int_equal(pages->nr_pages_kept, FRAME_RUNS_MAX);
	assert_true(frame_pages_at(pages, FRAME_RUNS_MAX - 1, &vpn, &pfn));
	assert_int_equal(vpn, (FRAME_RUNS_MAX - 1) * 2);
	frame_pages_unref(pages);
}

static void test_hidden_frames_are_no_hits(void **state)
{
	static const uint64_t hidden[] = { 0, 0 };
	struct frame_pages *pages = frame_pages_new(0, 10);

	(void)state;
	add(pages, 5, hidden, 2);
	add(pages, 5, NULL, 2);
	assert_int_equal(pages->nr_pages, 0);
	frame_pages_unref(pages);
}

static void test_uses(void **state)
{
	static const struct {
		uint64_t flags;
		enum frame_use expected;
	} cases[] = {
		{ KPF_BIT(KPF_BUDDY), FRAME_FREE },
		{ KPF_BIT(KPF_NOPAGE), FRAME_HOLE },
		{ KPF_BIT(KPF_ANON) | KPF_BIT(KPF_LRU) | KPF_BIT(KPF_SWAPBACKED), FRAME_ANON },
		{ KPF_BIT(KPF_LRU) | KPF_BIT(KPF_UPTODATE), FRAME_FILE },
		{ KPF_BIT(KPF_LRU) | KPF_BIT(KPF_SWAPBACKED), FRAME_SHMEM },
		/* Slab carries bits that mean nothing there. */
		{ KPF_BIT(KPF_SLAB) | KPF_BIT(KPF_ANON), FRAME_SLAB },
		{ KPF_BIT(KPF_PGTABLE), FRAME_PAGE_TABLE },
		{ KPF_BIT(KPF_HUGE) | KPF_BIT(KPF_COMPOUND_HEAD), FRAME_HUGETLB },
		{ KPF_BIT(KPF_RESERVED), FRAME_RESERVED },
		{ 0, FRAME_KERNEL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(frame_use_of_flags(cases[i].flags), cases[i].expected);
	for (int use = 0; use < NR_FRAME_USE; use++)
		assert_true(strlen(frame_use_name((enum frame_use)use)) > 2);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pages_in_the_range_only),
		cmocka_unit_test(test_more_than_there_is_room_for),
		cmocka_unit_test(test_hidden_frames_are_no_hits),
		cmocka_unit_test(test_uses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
