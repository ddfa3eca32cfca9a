/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Evictions by file, by mapping and by page; and what is unknown stays unknown. */
#include "model/fault_evictions.h"
#include "model/fault_tally.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#define SHIFT 12
#define PAGE  ((uint64_t)1 << SHIFT)

static struct vma vma_of(uint64_t inode, uint64_t start_page, uint64_t first, uint64_t nr)
{
	return (struct vma){ .start_addr = start_page * PAGE,
			     .end_addr = (start_page + nr) * PAGE,
			     .off_bytes = first * PAGE,
			     .inode = inode,
			     .dev_major = 8,
			     .dev_minor = 1,
			     .kind = VMA_FILE,
			     .path = "/a/file" };
}

static void test_files(void **state)
{
	struct fault_evictions evictions = { 0 };
	struct vma vma = vma_of(7, 1, 0, 4), device = vma, other = vma;
	struct evicted_file *file = fault_evictions_add_file(&evictions, &vma);

	(void)state;
	assert_ptr_equal(fault_evictions_add_file(&evictions, &vma), file);
	assert_int_equal(evictions.nr, 1);
	/* The same number on another device is another file. */
	other.dev_minor = 2;
	assert_ptr_not_equal(fault_evictions_add_file(&evictions, &other), file);
	assert_int_equal(evictions.nr, 2);
	assert_null(fault_evictions_find(&evictions, 9, 1, 7));
	device.kind = VMA_DEVICE;
	assert_true(fault_evictions_concern(&vma));
	assert_false(fault_evictions_concern(&device));
	assert_int_equal(fault_evictions_doubt(&evictions), EVICTIONS_KNOWN);
	/* One that is not known makes the sum unknown, and no other file. */
	evictions.files[1].doubt = EVICTIONS_STACKED;
	assert_int_equal(fault_evictions_doubt(&evictions), EVICTIONS_STACKED);
	assert_int_equal(fault_evictions_doubt_of(&evictions, 8, 1, 7), EVICTIONS_KNOWN);
	assert_int_equal(fault_evictions_doubt_of(&evictions, 8, 2, 7), EVICTIONS_STACKED);
	assert_int_equal(fault_evictions_doubt_of(&evictions, 8, 1, 8), EVICTIONS_TOO_MANY);
	evictions.nr_lost = 1;
	assert_int_equal(fault_evictions_doubt_of(&evictions, 8, 1, 7), EVICTIONS_LOST);
	evictions.doubt = EVICTIONS_DENIED;
	assert_int_equal(fault_evictions_doubt_of(&evictions, 8, 1, 7), EVICTIONS_DENIED);
	assert_int_equal(fault_evictions_doubt(&evictions), EVICTIONS_DENIED);
	fault_evictions_clear(&evictions);
}

static void test_more_files_than_are_kept(void **state)
{
	struct fault_evictions evictions = { 0 };

	(void)state;
	for (uint64_t i = 1; i <= EVICTION_FILES; i++) {
		struct vma vma = vma_of(i, 1, 0, 4);

		assert_non_null(fault_evictions_add_file(&evictions, &vma));
	}
	assert_int_equal(fault_evictions_doubt(&evictions), EVICTIONS_KNOWN);
	for (uint64_t i = 1; i <= 2; i++) {
		struct vma vma = vma_of(EVICTION_FILES + i, 1, 0, 4);

		assert_null(fault_evictions_add_file(&evictions, &vma));
	}
	assert_int_equal(evictions.nr, EVICTION_FILES);
	assert_int_equal(fault_evictions_doubt(&evictions), EVICTIONS_TOO_MANY);
	fault_evictions_clear(&evictions);
}

static void test_pages(void **state)
{
	struct fault_evictions evictions = { 0 };
	struct vma vma = vma_of(7, 1, 0, 4), other = vma_of(8, 9, 0, 4);
	struct evicted_file *file = fault_evictions_add_file(&evictions, &vma);
	struct evicted_file *second = fault_evictions_add_file(&evictions, &other);
	struct fault_eviction eviction = { file, 100, 16, 1000 };

	(void)state;
	assert_false(fault_evictions_had(&evictions, file, 100, 5000));
	/* A large folio: all its pages. */
	fault_evictions_take(&evictions, &eviction);
	assert_int_equal(file->nr_pages, 16);
	assert_int_equal(file->last_ns, 1000);
	assert_int_equal(second->nr_pages, 0);
	assert_true(fault_evictions_had(&evictions, file, 100, 1001));
	assert_true(fault_evictions_had(&evictions, file, 115, 1001));
	assert_false(fault_evictions_had(&evictions, file, 99, 1001));
	assert_false(fault_evictions_had(&evictions, file, 116, 1001));
	assert_false(fault_evictions_had(&evictions, second, 100, 1001));
	/* A fault that came before it is not blamed on it, though it is told later. */
	assert_false(fault_evictions_had(&evictions, file, 100, 999));
	/* Once more: a fault between the two still had it evicted before. */
	eviction.t_ns = 3000;
	fault_evictions_take(&evictions, &eviction);
	assert_true(fault_evictions_had(&evictions, file, 100, 2000));
	assert_int_equal(file->nr_pages, 32);
	assert_int_equal(evictions.nr_pages, 32);
	assert_int_equal(file->last_ns, 3000);
	fault_evictions_clear(&evictions);
}

/* Of one file a span as long as the table is remembered; what lies beyond takes its places. */
static void test_pages_forgotten(void **state)
{
	struct fault_evictions evictions = { 0 };
	struct vma vma = vma_of(7, 1, 0, 4);
	struct evicted_file *file = fault_evictions_add_file(&evictions, &vma);
	struct fault_eviction all = { file, 0, 131072, 10 }, one = { file, 131072 + 5, 1, 20 };

	(void)state;
	fault_evictions_take(&evictions, &all);
	for (uint64_t page = 0; page < 131072; page++)
		assert_true(fault_evictions_had(&evictions, file, page, 11));
	fault_evictions_take(&evictions, &one);
	assert_false(fault_evictions_had(&evictions, file, 5, 30));
	assert_true(fault_evictions_had(&evictions, file, 131072 + 5, 30));
	assert_true(fault_evictions_had(&evictions, file, 6, 30));
	fault_evictions_clear(&evictions);
}

/* Each mapping has the pages of its part of the file, from its first fault on. */
static void test_mappings(void **state)
{
	struct fault_evictions evictions = { 0 };
	struct fault_tally *tally = fault_tally_new(8, 8);
	struct vma low = vma_of(7, 1, 0, 4), high = vma_of(7, 101, 4, 4),
		   late = vma_of(7, 201, 0, 8);
	struct vma other = vma_of(8, 301, 0, 8);
	struct fault fault = { .t_ns = 100, .pid = 5 };
	struct fault_eviction eviction = { fault_evictions_add_file(&evictions, &low), 3, 2, 200 };

	(void)state;
	fault_tally_add(tally, &fault, &low, NULL);
	fault_tally_add(tally, &fault, &high, NULL);
	fault_tally_add(tally, &fault, &other, NULL);
	fault.t_ns = 300;
	fault_tally_add(tally, &fault, &late, NULL);
	fault_tally_evict(tally, &eviction, SHIFT);
	assert_int_equal(fault_tally_vma(tally, 0)->nr_evicted, 1);
	assert_int_equal(fault_tally_vma(tally, 1)->nr_evicted, 1);
	assert_int_equal(fault_tally_vma(tally, 2)->nr_evicted, 0);
	assert_int_equal(fault_tally_vma(tally, 3)->nr_evicted, 0);
	eviction.t_ns = 400;
	eviction.page = 0;
	eviction.nr_pages = 100;
	fault_tally_evict(tally, &eviction, SHIFT);
	assert_int_equal(fault_tally_vma(tally, 0)->nr_evicted, 5);
	assert_int_equal(fault_tally_vma(tally, 1)->nr_evicted, 5);
	assert_int_equal(fault_tally_vma(tally, 2)->nr_evicted, 0);
	assert_int_equal(fault_tally_vma(tally, 3)->nr_evicted, 8);
	fault_tally_free(tally);
	fault_evictions_clear(&evictions);
}

/* Another file takes the path and the place of one: each has its own faults and evictions. */
static void test_replaced_file(void **state)
{
	struct fault_evictions evictions = { 0 };
	struct fault_tally *tally = fault_tally_new(8, 8);
	struct vma old = vma_of(7, 1, 0, 4), renamed = vma_of(8, 1, 0, 4), elsewhere = old;
	struct fault fault = { .t_ns = 100, .pid = 5 };
	struct fault_eviction eviction = { fault_evictions_add_file(&evictions, &renamed), 0, 3,
					   200 };

	(void)state;
	elsewhere.dev_minor = 2;
	fault_tally_add(tally, &fault, &old, NULL);
	fault_tally_add(tally, &fault, &renamed, NULL);
	fault_tally_add(tally, &fault, &elsewhere, NULL);
	fault_tally_add(tally, &fault, &renamed, NULL);
	fault_tally_evict(tally, &eviction, SHIFT);
	assert_int_equal(fault_tally_nr_vmas(tally), 3);
	assert_int_equal(fault_tally_vma(tally, 0)->nr_evicted, 0);
	assert_int_equal(fault_tally_vma(tally, 1)->inode, 8);
	assert_int_equal(fault_tally_vma(tally, 1)->nr_evicted, 3);
	assert_int_equal(fault_numbers_sum(&fault_tally_vma(tally, 1)->numbers), 2);
	assert_int_equal(fault_tally_vma(tally, 2)->nr_evicted, 0);
	fault_tally_free(tally);
	fault_evictions_clear(&evictions);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files),    cmocka_unit_test(test_more_files_than_are_kept),
		cmocka_unit_test(test_pages),    cmocka_unit_test(test_pages_forgotten),
		cmocka_unit_test(test_mappings), cmocka_unit_test(test_replaced_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
