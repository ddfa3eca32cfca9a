/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs: pages are joined where everything about them goes on, and nowhere else. */
#include "model/runs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define PRESENT PM_PRESENT
#define OWN     (PM_PRESENT | PM_EXCLUSIVE)

struct page {
	uint64_t entry, pfn, flags, mapcount;
};

/* Adds pages one after the other from vpn on, as one span. */
static void add_pages(struct run_list *list, uint64_t vpn, const struct page *pages, size_t nr)
{
	uint64_t entries[16], pfns[16], flags[16], mapcounts[16];
	struct page_span span = {
		.vpn = vpn,
		.nr_pages = nr,
		.state = PAGE_PRESENT,
		.entries = entries,
		.pfns = pfns,
		.flags = flags,
		.mapcounts = mapcounts,
	};

	for (size_t i = 0; i < nr; i++) {
		entries[i] = pages[i].entry;
		pfns[i] = pages[i].pfn;
		flags[i] = pages[i].flags;
		mapcounts[i] = pages[i].mapcount;
	}
	run_list_add_span(list, &span);
}

static void test_what_joins_and_what_does_not(void **state)
{
	static const struct {
		struct page first, second;
		bool joined;
	} cases[] = {
		{ { PRESENT, 100, 4, 1 }, { PRESENT, 101, 4, 1 }, true },
		{ { PRESENT, 100, 4, 1 }, { PRESENT, 102, 4, 1 }, false },
		{ { PRESENT, 100, 4, 1 }, { PRESENT, 99, 4, 1 }, false },
		{ { PRESENT, 100, 4, 1 }, { PRESENT, 100, 4, 1 }, false },
		{ { PRESENT, 100, 4, 1 }, { PRESENT, 101, 5, 1 }, false },
		{ { PRESENT, 100, 4, 1 }, { PRESENT, 101, 4, 2 }, false },
		{ { PRESENT, 100, 4, 1 }, { OWN, 101, 4, 1 }, false },
		{ { OWN, 100, 4, 1 }, { OWN, 101, 4, 1 }, true },
		/* Frames that are hidden are hidden in both. */
		{ { PRESENT, 0, 4, 1 }, { PRESENT, 0, 4, 1 }, true },
		{ { PRESENT, 0, 4, 1 }, { PRESENT, 1, 4, 1 }, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct page pages[2] = { cases[i].first, cases[i].second };
		struct run_list in_one = { 0 }, in_two = { 0 };

		add_pages(&in_one, 50, pages, 2);
		add_pages(&in_two, 50, pages, 1);
		add_pages(&in_two, 51, pages + 1, 1);
		assert_int_equal(in_one.nr, cases[i].joined ? 1 : 2);
		assert_int_equal(in_two.nr, in_one.nr);
		assert_int_equal(in_one.items[0].nr_pages, cases[i].joined ? 2 : 1);
		assert_int_equal(in_one.items[0].pfn, cases[i].first.pfn);
		run_list_clear(&in_one);
		run_list_clear(&in_two);
	}
}

static void test_a_hole_in_the_addresses_parts(void **state)
{
	static const struct page page = { PRESENT, 100, 0, 1 }, next = { PRESENT, 101, 0, 1 };
	struct run_list list = { 0 };

	(void)state;
	add_pages(&list, 50, &page, 1);
	add_pages(&list, 52, &next, 1);
	assert_int_equal(list.nr, 2);
	run_list_clear(&list);
}

static void test_a_cut_parts_neighbours(void **state)
{
	static const struct page page = { PRESENT, 100, 0, 1 }, next = { PRESENT, 101, 0, 1 };
	struct run_list list = { 0 };
	size_t nr;

	(void)state;
	run_list_cut(&list);
	add_pages(&list, 50, &page, 1);
	run_list_cut(&list);
	run_list_cut(&list);
	add_pages(&list, 51, &next, 1);
	assert_int_equal(list.nr, 2);
	assert_int_equal(list.items[0].nr_pages, 1);
	assert_int_equal(list.items[1].vpn, 51);
	/* The mark that a cut leaves at the end belongs to no range. */
	run_list_cut(&list);
	assert_int_equal(run_list_within(&list, 0, UINT64_MAX, &nr), 0);
	assert_int_equal(nr, 2);
	run_list_clear(&list);
	assert_int_equal(list.nr, 0);
}

static void test_spans_without_entries(void **state)
{
	struct page_span span = { .vpn = 10, .nr_pages = 5, .state = PAGE_PRESENT };
	struct run_list list = { 0 };

	(void)state;
	run_list_add_span(&list, &span);
	span = (struct page_span){ .vpn = 15, .nr_pages = 3, .state = PAGE_PRESENT };
	run_list_add_span(&list, &span);
	span = (struct page_span){ .vpn = 18, .nr_pages = 1, .state = PAGE_PRESENT | PAGE_HUGE };
	run_list_add_span(&list, &span);
	span = (struct page_span){ .vpn = 19, .nr_pages = 1, .state = PAGE_SWAPPED };
	run_list_add_span(&list, &span);
	assert_int_equal(list.nr, 3);
	assert_int_equal(list.items[0].nr_pages, 8);
	assert_false(list.items[0].has_flags);
	assert_false(list.items[0].has_mapcount);
	assert_int_equal(list.items[1].state, PAGE_PRESENT | PAGE_HUGE);
	assert_int_equal(list.items[2].state, PAGE_SWAPPED);
	run_list_clear(&list);
}

static void test_slab_flags_are_cleaned(void **state)
{
	static const struct page page = { PRESENT, 9, KPF_BIT(KPF_SLAB) | KPF_BIT(KPF_KSM), 1 };
	struct run_list list = { 0 };

	(void)state;
	add_pages(&list, 1, &page, 1);
	assert_int_equal(list.items[0].flags, KPF_BIT(KPF_SLAB));
	assert_true(list.items[0].has_flags);
	run_list_clear(&list);
}

static void test_within(void **state)
{
	static const struct page page = { PRESENT, 0, 0, 1 };
	static const struct {
		uint64_t start, end;
		size_t first, nr;
	} cases[] = {
		{ 0, 10, 0, 0 },  { 0, 11, 0, 1 },  { 10, 21, 0, 2 }, { 11, 20, 1, 0 },
		{ 20, 31, 1, 2 }, { 31, 99, 3, 0 }, { 0, 99, 0, 3 },
	};
	struct run_list list = { 0 };

	(void)state;
	for (uint64_t vpn = 10; vpn <= 30; vpn += 10)
		add_pages(&list, vpn, &page, 1);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t nr;

		assert_int_equal(run_list_within(&list, cases[i].start, cases[i].end, &nr),
				 cases[i].first);
		assert_int_equal(nr, cases[i].nr);
	}
	run_list_clear(&list);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_joins_and_what_does_not),
		cmocka_unit_test(test_a_hole_in_the_addresses_parts),
		cmocka_unit_test(test_a_cut_parts_neighbours),
		cmocka_unit_test(test_spans_without_entries),
		cmocka_unit_test(test_slab_flags_are_cleaned),
		cmocka_unit_test(test_within),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
