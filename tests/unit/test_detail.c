/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is said of one page: each state has its sentence, and unknown is said as unknown. */
#include "model/detail.h"

#include "base/xalloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static const struct geometry geometry = { .page_shift = 12, .levels = 4, .user_addr_bits = 47 };

/* A present anonymous page of which everything is known. */
static struct page_detail known_page(void)
{
	return (struct page_detail){
		.addr = 0x7f59fea62abc,
		.split = geometry_split(&geometry, 0x7f59fea62abc),
		.mapped = true,
		.vma = { .start_addr = 0x7f59fea60000,
			 .end_addr = 0x7f59fea70000,
			 .perms = VMA_READ | VMA_WRITE,
			 .path = "" },
		.state = PAGE_PRESENT,
		.leaf_bytes = 4096,
		.pfn = 0x13d1d6,
		.flags = KPF_BIT(KPF_ANON),
		.mapcount = 1,
	};
}

static void expect(const struct page_detail *detail, const char *expected)
{
	char out[256];

	assert_ptr_equal(page_detail_sentence(detail, out, sizeof(out)), out);
	assert_string_equal(out, expected);
}

static void test_present(void **state)
{
	struct page_detail detail = known_page();

	(void)state;
	expect(&detail, "anonymous, present, 4 KiB leaf, frame 13d1d6, mapped once");
	detail.mapcount = 17;
	detail.leaf_bytes = 2 << 20;
	detail.state |= PAGE_HUGE;
	expect(&detail, "huge page, present, 2 MiB leaf, frame 13d1d6, mapped 17 times");
	detail.leaf_why = WHY_UNSUPPORTED;
	detail.mapcount_why = WHY_DENIED;
	expect(&detail, "huge page, present, frame 13d1d6");
	detail = known_page();
	detail.pfn_why = detail.flags_why = detail.mapcount_why = WHY_DENIED;
	expect(&detail, "anonymous, present, 4 KiB leaf, frame hidden: needs CAP_SYS_ADMIN (sudo)");
}

static void test_not_present(void **state)
{
	struct page_detail detail = known_page();

	(void)state;
	detail.state = 0;
	expect(&detail, "absent: no page table entry; the first access faults it in");
	detail.vma.perms = 0;
	expect(&detail, "absent, and PROT_NONE: an access ends in SIGSEGV");
	detail.state = PAGE_SWAPPED;
	detail.swap_type = 1;
	detail.swap_offset = 4711;
	expect(&detail, "swapped out to area 1, slot 4711: the next access is a major fault");
	detail.swap_why = WHY_DENIED;
	expect(&detail, "swapped out: the next access is a major fault");
	detail.mapped = false;
	expect(&detail, "no VMA holds this address: an access ends in SIGSEGV");
}

static void test_unknown_is_said(void **state)
{
	struct page_detail detail = known_page();

	(void)state;
	detail.why = WHY_UNSUPPORTED;
	expect(&detail, "state unknown: unsupported: pagemap passes over memory of the kernel and "
			"of devices");
	assert_int_equal(page_detail_class(&detail), CLASS_UNKNOWN);
	detail.why = WHY_GONE;
	expect(&detail, "state unknown: gone (pagemap)");
}

/* The sentence may be cut, never written past its room. */
static void test_little_room(void **state)
{
	struct page_detail detail = known_page();

	(void)state;
	for (size_t room = 1; room < 80; room++) {
		char *out = malloc(room);

		page_detail_sentence(&detail, out, room);
		assert_true(strlen(out) < room);
		free(out);
	}
}

static void test_class(void **state)
{
	struct page_detail detail = known_page();

	(void)state;
	assert_int_equal(page_detail_class(&detail), CLASS_ANON);
	detail.state |= PAGE_FILE;
	detail.vma.kind = VMA_FILE;
	detail.flags = KPF_BIT(KPF_DIRTY);
	assert_int_equal(page_detail_class(&detail), CLASS_DIRTY);
	detail.flags_why = WHY_DENIED;
	assert_int_equal(page_detail_class(&detail), CLASS_FILE);
}

static void test_physical_and_file_offset(void **state)
{
	struct page_detail detail = known_page();
	struct geometry large = { .page_shift = 16, .levels = 3, .user_addr_bits = 48 };

	(void)state;
	assert_int_equal(page_detail_physical(&detail, &geometry), 0x13d1d6abc);
	detail.vma.off_bytes = 0x10000;
	assert_int_equal(page_detail_file_offset(&detail, &geometry), 0x12000);
	/* With pages of 64 KiB the same address lies in the first page of the mapping. */
	assert_int_equal(page_detail_file_offset(&detail, &large), 0x10000);
	detail.split = geometry_split(&large, detail.addr);
	assert_int_equal(page_detail_physical(&detail, &large), 0x13d1d62abc);
}

static void test_a_copy_owns_its_strings(void **state)
{
	struct page_detail detail = known_page(), copy;

	(void)state;
	detail.vma.path = xstrdup("/lib/libc.so.6");
	detail.cgroup = xstrdup("/user.slice");
	copy = page_detail_copy(&detail);
	page_detail_clear(&detail);
	assert_null(detail.cgroup);
	assert_string_equal(copy.vma.path, "/lib/libc.so.6");
	assert_string_equal(copy.cgroup, "/user.slice");
	page_detail_clear(&copy);
	page_detail_clear(&copy);
	copy = page_detail_copy(&copy);
	assert_null(copy.vma.path);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_present),
		cmocka_unit_test(test_not_present),
		cmocka_unit_test(test_unknown_is_said),
		cmocka_unit_test(test_little_room),
		cmocka_unit_test(test_class),
		cmocka_unit_test(test_physical_and_file_offset),
		cmocka_unit_test(test_a_copy_owns_its_strings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
