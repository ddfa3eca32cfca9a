/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `pagewalk translate` against pagemap as the test reads it, from addresses to frames and back. */
#include "run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PRESENT  (UINT64_C(1) << 63)
#define PFN_MASK ((UINT64_C(1) << 55) - 1)
#define NR_ADDRS 16

static const char *text_of(const json_t *object, const char *field)
{
	return json_string_value(json_object_get(object, field));
}

static struct helper *start(const char *a, const char *b)
{
	const char *const argv[] = { "mkmaps", a, b, NULL };

	return helper_start(argv);
}

static struct run translate(pid_t pid, const uint64_t *addrs, size_t nr, int status)
{
	char texts[NR_ADDRS][24], pid_text[16];
	const char *args[NR_ADDRS + 4] = { "translate", pid_text, "--json" };
	struct run run;

	snprintf(pid_text, sizeof(pid_text), "%d", (int)pid);
	for (size_t i = 0; i < nr; i++) {
		/* With and without 0x, both are taken. */
		snprintf(texts[i], sizeof(texts[i]), i % 2 ? "0x%llx" : "%llx",
			 (unsigned long long)addrs[i]);
		args[i + 3] = texts[i];
	}
	run = run_pagewalk(args);
	run_expect(&run, status);
	assert_non_null(run.json);
	assert_int_equal(json_array_size(json_object_get(run.json, "results")), nr);
	return run;
}

static json_t *result_at(const struct run *run, size_t i)
{
	return json_array_get(json_object_get(run->json, "results"), i);
}

/* Pages of the stripes, present and absent in turn, at several bytes of the page. */
static void test_addresses_to_frames(void **state)
{
	struct helper *helper;
	struct area area;
	uint64_t addrs[NR_ADDRS], entries[NR_ADDRS], page_size;
	struct run run;

	(void)state;
	if (!run_is_privileged())
		run_skip("frame numbers need root");
	helper = start("stripes", NULL);
	area = helper_area(helper, "stripes");
	page_size = json_get_u64(helper->said, "page_size");
	for (uint64_t i = 0; i < NR_ADDRS; i++)
		addrs[i] = area.start_addr + i * page_size + i * 17;
	run = translate(helper->pid, addrs, NR_ADDRS, 0);
	read_pagemap(helper->pid, area.start_addr / page_size, NR_ADDRS, entries);
	for (size_t i = 0; i < NR_ADDRS; i++) {
		json_t *result = result_at(&run, i);
		bool present = entries[i] & PRESENT;

		assert_int_equal(present, i % 2 == 0);
		assert_int_equal(json_get_u64(result, "address"), addrs[i]);
		assert_int_equal(json_is_true(json_object_get(result, "present")), present);
		if (present) {
			uint64_t pfn = entries[i] & PFN_MASK;

			assert_int_equal(json_get_u64(result, "pfn"), pfn);
			assert_int_equal(json_get_u64(result, "physical"),
					 pfn * page_size + i * 17);
			assert_int_equal(json_get_u64(result, "mapcount"), 1);
		} else {
			assert_true(json_is_null(json_object_get(result, "pfn")));
			assert_non_null(strstr(text_of(json_object_get(result, "unknown"), "pfn"),
					       "not present"));
		}
	}
	run_clear(&run);
	helper_stop(helper);
}

/* Back from indexes to the address, and from the frame to the page that has it. */
static void test_both_directions(void **state)
{
	static const char *const names[] = { "pgd", "p4d", "pud", "pmd", "pte" };
	struct helper *helper;
	struct area area;
	uint64_t page_size, addr, sum, unit;
	struct run run;
	json_t *indexes;

	(void)state;
	helper = start("dense", NULL);
	area = helper_area(helper, "dense");
	page_size = json_get_u64(helper->said, "page_size");
	addr = area.start_addr + 77 * page_size + 0x123;
	run = translate(helper->pid, &addr, 1, run_is_privileged() ? 0 : 3);
	indexes = json_object_get(result_at(&run, 0), "indexes");
	sum = json_get_u64(indexes, "offset");
	assert_int_equal(sum, 0x123);
	unit = page_size;
	for (int i = 4; i >= 0; i--) {
		json_t *index = json_object_get(indexes, names[i]);

		assert_non_null(index);
		if (json_is_null(index)) {
			assert_non_null(text_of(json_object_get(indexes, "unknown"), names[i]));
			continue;
		}
		assert_in_range(json_integer_value(index), 0, page_size / 8 - 1);
		sum += (uint64_t)json_integer_value(index) * unit;
		unit *= page_size / 8;
	}
	assert_int_equal(sum, addr);
	if (run_is_privileged()) {
		uint64_t pfn = json_get_u64(result_at(&run, 0), "pfn"), nr = 0;
		uint64_t *entries = calloc(area.nr_pages, sizeof(*entries));

		read_pagemap(helper->pid, area.start_addr / page_size, area.nr_pages, entries);
		for (uint64_t i = 0; i < area.nr_pages; i++)
			if (entries[i] & PRESENT && (entries[i] & PFN_MASK) == pfn) {
				assert_int_equal(i, 77);
				nr++;
			}
		assert_int_equal(nr, 1);
		free(entries);
	}
	run_clear(&run);
	helper_stop(helper);
}

static void test_two_addresses_of_a_page_share_its_frame(void **state)
{
	struct helper *helper;
	struct area area;
	uint64_t addrs[3], page_size;
	struct run run;

	(void)state;
	if (!run_is_privileged())
		run_skip("frame numbers need root");
	helper = start("dense", NULL);
	area = helper_area(helper, "dense");
	page_size = json_get_u64(helper->said, "page_size");
	addrs[0] = area.start_addr + 5 * page_size;
	addrs[1] = addrs[0] + page_size - 1;
	addrs[2] = addrs[0] + page_size;
	run = translate(helper->pid, addrs, 3, 0);
	assert_int_equal(json_get_u64(result_at(&run, 0), "pfn"),
			 json_get_u64(result_at(&run, 1), "pfn"));
	assert_int_equal(json_get_u64(result_at(&run, 1), "physical"),
			 json_get_u64(result_at(&run, 0), "physical") + page_size - 1);
	assert_int_not_equal(json_get_u64(result_at(&run, 0), "pfn"),
			     json_get_u64(result_at(&run, 2), "pfn"));
	run_clear(&run);
	helper_stop(helper);
}

static void test_a_file_page_names_its_place_in_the_file(void **state)
{
	struct helper *helper = start("shared-file", NULL);
	struct area area = helper_area(helper, "shared-file");
	uint64_t page_size = json_get_u64(helper->said, "page_size"), addr;
	struct run run;
	json_t *file;

	(void)state;
	if (area.skip)
		run_skip(area.skip);
	addr = area.start_addr + 3 * page_size + 9;
	run = translate(helper->pid, &addr, 1, run_is_privileged() ? 0 : 3);
	file = json_object_get(result_at(&run, 0), "file");
	assert_string_equal(text_of(file, "path"), area.path);
	assert_int_equal(json_get_u64(file, "page_index"), 3);
	assert_int_equal(json_get_u64(file, "offset_bytes"), 3 * page_size);
	run_clear(&run);
	helper_stop(helper);
}

static void test_an_address_that_nothing_maps(void **state)
{
	struct helper *helper = start("dense", NULL);
	static const uint64_t addrs[] = { 0x10, UINT64_MAX - 5 };
	struct run run = translate(helper->pid, addrs, 2, 0);

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		json_t *result = result_at(&run, i);

		assert_true(json_is_null(json_object_get(result, "vma")));
		assert_non_null(strstr(text_of(result, "sentence"), "SIGSEGV"));
		assert_true(json_is_null(json_object_get(result, "pfn")));
	}
	run_clear(&run);
	helper_stop(helper);
}

static void test_the_leaf_of_a_huge_page(void **state)
{
	struct helper *helper = start("huge", NULL);
	struct area area = helper_area(helper, "huge");
	uint64_t addr = area.start_addr + 12345;
	struct run run;
	json_t *leaf;

	(void)state;
	if (area.skip) {
		print_message("%s\n", area.skip);
		helper_stop(helper);
		run_skip("no huge page");
	}
	run = translate(helper->pid, &addr, 1, run_is_privileged() ? 0 : 3);
	leaf = json_object_get(result_at(&run, 0), "leaf_bytes");
	if (json_is_null(leaf))
		assert_non_null(
			text_of(json_object_get(result_at(&run, 0), "unknown"), "leaf_bytes"));
	else
		assert_int_equal(json_integer_value(leaf),
				 area.nr_pages * json_get_u64(helper->said, "page_size"));
	run_clear(&run);
	helper_stop(helper);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses_to_frames),
		cmocka_unit_test(test_both_directions),
		cmocka_unit_test(test_two_addresses_of_a_page_share_its_frame),
		cmocka_unit_test(test_a_file_page_names_its_place_in_the_file),
		cmocka_unit_test(test_an_address_that_nothing_maps),
		cmocka_unit_test(test_the_leaf_of_a_huge_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
