/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every bit of a pagemap entry and of kpageflags, and the one class that a page gets from them. */
#include "model/page.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

static void test_each_bit_of_an_entry(void **state)
{
	static const struct {
		unsigned bit, expected;
	} bits[] = {
		{ 55, PAGE_SOFT_DIRTY },
		{ 56, PAGE_EXCLUSIVE },
		{ 57, PAGE_UFFD_WP },
		{ 58, PAGE_GUARD },
		{ 59, 0 },
		{ 60, 0 },
		{ 61, PAGE_FILE },
		{ 62, PAGE_SWAPPED },
		{ 63, PAGE_PRESENT },
	};

	(void)state;
	for (unsigned bit = 0; bit < 55; bit++)
		assert_int_equal(page_state_of_entry(UINT64_C(1) << bit), 0);
	for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++)
		assert_int_equal(page_state_of_entry(UINT64_C(1) << bits[i].bit), bits[i].expected);
	assert_int_equal(page_state_of_entry(0), 0);
	assert_int_equal(page_state_of_entry(UINT64_MAX), PAGE_PRESENT | PAGE_SWAPPED | PAGE_FILE |
								  PAGE_EXCLUSIVE | PAGE_SOFT_DIRTY |
								  PAGE_UFFD_WP | PAGE_GUARD);
}

static void test_frame_number(void **state)
{
	(void)state;
	assert_int_equal(page_pfn_of_entry(PM_PRESENT | 0x13d1d6), 0x13d1d6);
	/* Soft-dirty is the first bit that does not belong to the number. */
	assert_int_equal(page_pfn_of_entry(PM_PRESENT | PM_SOFT_DIRTY | 0x13d1d6), 0x13d1d6);
	assert_int_equal(page_pfn_of_entry(UINT64_MAX), (UINT64_C(1) << 55) - 1);
	/* What is swapped has no frame, though the same bits are set. */
	assert_int_equal(page_pfn_of_entry(PM_SWAPPED | 0x13d1d6), 0);
	assert_int_equal(page_pfn_of_entry(0), 0);
}

static void test_swap_slot(void **state)
{
	static const struct {
		unsigned type;
		uint64_t offset;
	} slots[] = {
		{ 0, 0 },  { 0, 1 },        { 1, 0 },
		{ 31, 0 }, { 5, 0x123456 }, { 31, (UINT64_C(1) << 50) - 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(slots) / sizeof(slots[0]); i++) {
		uint64_t entry = PM_SWAPPED | PM_SOFT_DIRTY | PM_FILE | slots[i].offset << 5 |
				 slots[i].type;

		assert_int_equal(page_swap_type(entry), slots[i].type);
		assert_int_equal(page_swap_offset(entry), slots[i].offset);
	}
}

static void test_slab_frames_are_neither_anonymous_nor_ksm(void **state)
{
	uint64_t slab = KPF_BIT(KPF_SLAB), both = KPF_BIT(KPF_ANON) | KPF_BIT(KPF_KSM);

	(void)state;
	assert_int_equal(frame_flags_clean(slab | both), slab);
	assert_int_equal(frame_flags_clean(slab | both | KPF_BIT(KPF_LRU)),
			 slab | KPF_BIT(KPF_LRU));
	assert_int_equal(frame_flags_clean(both), both);
	assert_int_equal(frame_flags_clean(0), 0);
}

/* The numbers are an interface of the kernel: each name stands at the bit it has there. */
static void test_flag_names_stand_at_the_bits_of_the_kernel(void **state)
{
	static const char *const names[] = {
		"locked",        "error",         "referenced", "uptodate",    "dirty",
		"lru",           "active",        "slab",       "writeback",   "reclaim",
		"buddy",         "mmap",          "anon",       "swapcache",   "swapbacked",
		"compound_head", "compound_tail", "huge",       "unevictable", "hwpoison",
		"nopage",        "ksm",           "thp",        "offline",     "zero_page",
		"idle",          "pgtable",
	};

	(void)state;
	for (unsigned flag = 0; flag < sizeof(names) / sizeof(names[0]); flag++)
		assert_string_equal(frame_flag_name(flag), names[flag]);
	for (unsigned flag = 27; flag < 32; flag++)
		assert_null(frame_flag_name(flag));
	assert_string_equal(frame_flag_name(32), "reserved");
	assert_string_equal(frame_flag_name(33), "mlocked");
	assert_null(frame_flag_name(NR_KPF));
	assert_null(frame_flag_name(63));
}

static void test_flags_as_text(void **state)
{
	char out[64], tiny[9];

	(void)state;
	assert_string_equal(frame_flags_text(0, out, sizeof(out)), "");
	assert_string_equal(frame_flags_text(KPF_BIT(KPF_ANON), out, sizeof(out)), "anon");
	assert_string_equal(frame_flags_text(KPF_BIT(KPF_UPTODATE) | KPF_BIT(KPF_LRU) |
						     KPF_BIT(KPF_MMAP) | KPF_BIT(30),
					     out, sizeof(out)),
			    "uptodate,lru,mmap");
	/* What does not fit is left out whole. */
	assert_string_equal(frame_flags_text(KPF_BIT(KPF_LRU) | KPF_BIT(KPF_MMAP), tiny, 8), "lru");
	assert_string_equal(frame_flags_text(KPF_BIT(KPF_LRU) | KPF_BIT(KPF_MMAP), tiny, 9),
			    "lru,mmap");
}

#define F(flag) KPF_BIT(KPF_##flag)

static void test_classify(void **state)
{
	static const struct {
		unsigned state;
		uint64_t flags;
		bool known;
		enum vma_kind kind;
		enum page_class expected;
	} cases[] = {
		{ 0, 0, false, VMA_ANON, CLASS_ABSENT },
		{ PAGE_FILE, 0, false, VMA_FILE, CLASS_ABSENT },
		{ PAGE_SWAPPED, 0, false, VMA_ANON, CLASS_SWAPPED },
		{ PAGE_SWAPPED | PAGE_FILE, 0, false, VMA_SHMEM, CLASS_SWAPPED },
		{ PAGE_PRESENT, 0, false, VMA_ANON, CLASS_ANON },
		{ PAGE_PRESENT, F(ANON) | F(LRU), true, VMA_HEAP, CLASS_ANON },
		{ PAGE_PRESENT, 0, false, VMA_STACK, CLASS_ANON },
		/* A private file page that was written to is anonymous. */
		{ PAGE_PRESENT, F(ANON) | F(DIRTY), true, VMA_FILE, CLASS_ANON },
		{ PAGE_PRESENT | PAGE_FILE, 0, false, VMA_FILE, CLASS_FILE },
		{ PAGE_PRESENT | PAGE_FILE, F(LRU), true, VMA_FILE, CLASS_FILE },
		{ PAGE_PRESENT | PAGE_FILE, F(DIRTY), true, VMA_FILE, CLASS_DIRTY },
		{ PAGE_PRESENT | PAGE_FILE, F(WRITEBACK), true, VMA_FILE, CLASS_DIRTY },
		/* Flags that nobody read say nothing. */
		{ PAGE_PRESENT | PAGE_FILE, F(DIRTY), false, VMA_FILE, CLASS_FILE },
		{ PAGE_PRESENT | PAGE_FILE, 0, false, VMA_SHMEM, CLASS_SHMEM },
		{ PAGE_PRESENT | PAGE_FILE, F(DIRTY), true, VMA_SHMEM, CLASS_SHMEM },
		/* A tmpfs file below any path shows by its frames. */
		{ PAGE_PRESENT | PAGE_FILE, F(SWAPBACKED) | F(DIRTY), true, VMA_FILE, CLASS_SHMEM },
		{ PAGE_PRESENT | PAGE_ZERO, 0, false, VMA_ANON, CLASS_ZERO },
		{ PAGE_PRESENT, F(ZERO_PAGE), true, VMA_ANON, CLASS_ZERO },
		{ PAGE_PRESENT | PAGE_ZERO | PAGE_HUGE, 0, false, VMA_ANON, CLASS_ZERO },
		{ PAGE_PRESENT | PAGE_HUGE, 0, false, VMA_ANON, CLASS_HUGE },
		{ PAGE_PRESENT | PAGE_HUGE | PAGE_FILE, F(DIRTY), true, VMA_SHMEM, CLASS_HUGE },
		{ PAGE_PRESENT | PAGE_FILE, 0, false, VMA_HUGETLB, CLASS_HUGE },
		{ PAGE_PRESENT, F(KSM) | F(ANON), true, VMA_ANON, CLASS_KSM },
		{ PAGE_PRESENT, F(KSM), false, VMA_ANON, CLASS_ANON },
		{ PAGE_PRESENT, F(SLAB) | F(KSM) | F(ANON), true, VMA_ANON, CLASS_ANON },
		{ PAGE_PRESENT | PAGE_FILE, 0, false, VMA_SPECIAL, CLASS_OTHER },
		{ PAGE_PRESENT, F(NOPAGE), true, VMA_ANON, CLASS_OTHER },
		{ PAGE_PRESENT | PAGE_FILE, 0, false, VMA_DEVICE, CLASS_OTHER },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(page_class_name(page_classify(cases[i].state, cases[i].flags,
								  cases[i].known, cases[i].kind)),
				    page_class_name(cases[i].expected));
}

static void test_counts_of_a_span(void **state)
{
	static const uint64_t entries[] = { PM_PRESENT | PM_EXCLUSIVE, PM_PRESENT,
					    PM_PRESENT | PM_EXCLUSIVE };
	static const uint64_t flags[] = { F(DIRTY) | F(ACTIVE), F(WRITEBACK) | F(REFERENCED),
					  F(SLAB) | F(KSM) };
	static const uint64_t mapcounts[] = { 1, 2, 0 };
	struct page_span span = { .vpn = 10,
				  .nr_pages = 3,
				  .state = PAGE_PRESENT | PAGE_FILE,
				  .entries = entries,
				  .flags = flags,
				  .mapcounts = mapcounts };
	struct page_counts counts = { .pages = 100 }, sum = { .pages = 7, .present = 1 };

	(void)state;
	page_counts_add_span(&counts, &span);
	assert_int_equal(counts.pages, 100);
	assert_int_equal(counts.present, 3);
	assert_int_equal(counts.file, 3);
	assert_int_equal(counts.anon, 0);
	assert_int_equal(counts.swapped, 0);
	assert_int_equal(counts.exclusive, 2);
	assert_int_equal(counts.dirty, 1);
	assert_int_equal(counts.writeback, 1);
	assert_int_equal(counts.active, 1);
	assert_int_equal(counts.referenced, 1);
	assert_int_equal(counts.ksm, 0);
	assert_int_equal(counts.shared, 1);
	page_counts_add(&sum, &counts);
	assert_int_equal(sum.pages, 107);
	assert_int_equal(sum.present, 4);
	assert_int_equal(sum.exclusive, 2);
	assert_int_equal(sum.shared, 1);
}

static void test_counts_without_arrays(void **state)
{
	struct page_counts counts = { 0 };
	struct page_span span = { .nr_pages = 512, .state = PAGE_PRESENT | PAGE_HUGE };

	(void)state;
	page_counts_add_span(&counts, &span);
	span = (struct page_span){ .nr_pages = 5, .state = PAGE_SWAPPED | PAGE_FILE };
	page_counts_add_span(&counts, &span);
	span = (struct page_span){ .nr_pages = 9, .state = PAGE_PRESENT | PAGE_ZERO };
	page_counts_add_span(&counts, &span);
	assert_int_equal(counts.present, 521);
	assert_int_equal(counts.anon, 521);
	assert_int_equal(counts.huge, 512);
	assert_int_equal(counts.zero, 9);
	assert_int_equal(counts.swapped, 5);
	assert_int_equal(counts.file, 0);
	assert_int_equal(counts.exclusive, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_bit_of_an_entry),
		cmocka_unit_test(test_frame_number),
		cmocka_unit_test(test_swap_slot),
		cmocka_unit_test(test_slab_frames_are_neither_anonymous_nor_ksm),
		cmocka_unit_test(test_flag_names_stand_at_the_bits_of_the_kernel),
		cmocka_unit_test(test_flags_as_text),
		cmocka_unit_test(test_classify),
		cmocka_unit_test(test_counts_of_a_span),
		cmocka_unit_test(test_counts_without_arrays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
