/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses split as machines of several page sizes and depths split them, worked out by hand. */
#include "model/geometry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define KIB    UINT64_C(1024)
#define ABSENT UINT64_MAX

struct machine {
	const char *name;
	uint64_t page_size_bytes;
	unsigned user_addr_bits, levels;
	uint64_t level_bytes[NR_LEVELS]; /* ABSENT: the level is folded */
};

static const struct machine machines[] = {
	{ "x86-64, 4 levels",
	  4 * KIB,
	  47,
	  4,
	  { UINT64_C(1) << 39, ABSENT, UINT64_C(1) << 30, UINT64_C(1) << 21, UINT64_C(1) << 12 } },
	{ "x86-64, 5 levels",
	  4 * KIB,
	  56,
	  5,
	  { UINT64_C(1) << 48, UINT64_C(1) << 39, UINT64_C(1) << 30, UINT64_C(1) << 21,
	    UINT64_C(1) << 12 } },
	{ "arm64, 4K, 48 bits",
	  4 * KIB,
	  48,
	  4,
	  { UINT64_C(1) << 39, ABSENT, UINT64_C(1) << 30, UINT64_C(1) << 21, UINT64_C(1) << 12 } },
	{ "arm64, 4K, 39 bits",
	  4 * KIB,
	  39,
	  3,
	  { UINT64_C(1) << 30, ABSENT, ABSENT, UINT64_C(1) << 21, UINT64_C(1) << 12 } },
	{ "arm64, 4K, 52 bits",
	  4 * KIB,
	  52,
	  5,
	  { UINT64_C(1) << 48, UINT64_C(1) << 39, UINT64_C(1) << 30, UINT64_C(1) << 21,
	    UINT64_C(1) << 12 } },
	{ "arm64, 16K, 47 bits",
	  16 * KIB,
	  47,
	  3,
	  { UINT64_C(1) << 36, ABSENT, ABSENT, UINT64_C(1) << 25, UINT64_C(1) << 14 } },
	{ "arm64, 16K, 48 bits",
	  16 * KIB,
	  48,
	  4,
	  { UINT64_C(1) << 47, ABSENT, UINT64_C(1) << 36, UINT64_C(1) << 25, UINT64_C(1) << 14 } },
	{ "arm64, 64K, 42 bits",
	  64 * KIB,
	  42,
	  2,
	  { UINT64_C(1) << 29, ABSENT, ABSENT, ABSENT, UINT64_C(1) << 16 } },
	{ "arm64, 64K, 48 bits",
	  64 * KIB,
	  48,
	  3,
	  { UINT64_C(1) << 42, ABSENT, ABSENT, UINT64_C(1) << 29, UINT64_C(1) << 16 } },
	{ "arm64, 64K, 52 bits",
	  64 * KIB,
	  52,
	  3,
	  { UINT64_C(1) << 42, ABSENT, ABSENT, UINT64_C(1) << 29, UINT64_C(1) << 16 } },
};

#define NR_MACHINES (sizeof(machines) / sizeof(machines[0]))

static void test_levels_and_what_they_map(void **state)
{
	(void)state;
	for (size_t i = 0; i < NR_MACHINES; i++) {
		const struct machine *m = &machines[i];
		struct geometry g = geometry_make(m->page_size_bytes, m->user_addr_bits);

		assert_int_equal(geometry_page_size(&g), m->page_size_bytes);
		assert_int_equal(g.levels, m->levels);
		assert_int_equal(g.user_addr_bits, m->user_addr_bits);
		for (enum level level = LEVEL_PGD; level < NR_LEVELS; level++) {
			bool has = m->level_bytes[level] != ABSENT;

			assert_int_equal(geometry_has_level(&g, level), has);
			if (has)
				assert_int_equal(geometry_level_bytes(&g, level),
						 m->level_bytes[level]);
		}
	}
}

struct split_case {
	uint64_t page_size_bytes;
	unsigned user_addr_bits;
	uint64_t addr;
	unsigned index[NR_LEVELS]; /* of folded levels: 0 */
	uint64_t offset_bytes;
};

static const struct split_case splits[] = {
	/* 0x7f59fea62000: 0x0fe 0x167 0x1f5 0x062, each nine bits. */
	{ 4 * KIB, 47, 0x7f59fea62000, { 254, 0, 359, 501, 98 }, 0 },
	{ 4 * KIB, 47, 0x7f59fea62abc, { 254, 0, 359, 501, 98 }, 0xabc },
	{ 4 * KIB, 47, 0, { 0, 0, 0, 0, 0 }, 0 },
	{ 4 * KIB, 47, 0xfff, { 0, 0, 0, 0, 0 }, 0xfff },
	{ 4 * KIB, 47, 0x1000, { 0, 0, 0, 0, 1 }, 0 },
	{ 4 * KIB, 47, 0x200000, { 0, 0, 0, 1, 0 }, 0 },
	{ 4 * KIB, 47, 0x40000000, { 0, 0, 1, 0, 0 }, 0 },
	{ 4 * KIB, 47, 0x8000000000, { 1, 0, 0, 0, 0 }, 0 },
	{ 4 * KIB, 47, 0x7fffffffffff, { 255, 0, 511, 511, 511 }, 0xfff },
	/* With five levels the same bits go to P4D, and PGD takes what is above. */
	{ 4 * KIB, 56, 0x7f59fea62abc, { 0, 254, 359, 501, 98 }, 0xabc },
	{ 4 * KIB, 56, 0x1000000000000, { 1, 0, 0, 0, 0 }, 0 },
	{ 4 * KIB, 56, 0xffffffffffffff, { 255, 511, 511, 511, 511 }, 0xfff },
	/* 16 KiB: eleven bits a level. */
	{ 16 * KIB, 47, 0x4000, { 0, 0, 0, 0, 1 }, 0 },
	{ 16 * KIB, 47, 0x2000000, { 0, 0, 0, 1, 0 }, 0 },
	{ 16 * KIB, 47, 0x7fffffffffff, { 2047, 0, 0, 2047, 2047 }, 0x3fff },
	/* arm64 with 48 bits: one bit is left for the top. */
	{ 16 * KIB, 48, 0xffffffffffff, { 1, 0, 2047, 2047, 2047 }, 0x3fff },
	/* 64 KiB: thirteen bits a level. */
	{ 64 * KIB, 42, 0x3ffffffffff, { 8191, 0, 0, 0, 8191 }, 0xffff },
	{ 64 * KIB, 48, 0xffffffffffff, { 63, 0, 0, 8191, 8191 }, 0xffff },
	{ 64 * KIB, 52, 0xfffffffffffff, { 1023, 0, 0, 8191, 8191 }, 0xffff },
	{ 64 * KIB, 52, 0x40000000000, { 1, 0, 0, 0, 0 }, 0 },
};

static void test_split(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(splits) / sizeof(splits[0]); i++) {
		const struct split_case *c = &splits[i];
		struct geometry g = geometry_make(c->page_size_bytes, c->user_addr_bits);
		struct addr_split split = geometry_split(&g, c->addr);

		for (enum level level = LEVEL_PGD; level < NR_LEVELS; level++)
			assert_int_equal(split.index[level], c->index[level]);
		assert_int_equal(split.offset_bytes, c->offset_bytes);
	}
}

static void test_split_and_level_bytes_give_the_address_back(void **state)
{
	static const uint64_t patterns[] = { 0x5555555555555555, 0xaaaaaaaaaaaaaaaa,
					     0x123456789abcdef0, 0xffffffffffffffff, 1 };

	(void)state;
	for (size_t i = 0; i < NR_MACHINES; i++) {
		const struct machine *m = &machines[i];
		struct geometry g = geometry_make(m->page_size_bytes, m->user_addr_bits);

		for (size_t p = 0; p < sizeof(patterns) / sizeof(patterns[0]); p++) {
			uint64_t addr = patterns[p] & ((UINT64_C(1) << m->user_addr_bits) - 1);
			struct addr_split split = geometry_split(&g, addr);
			uint64_t sum = split.offset_bytes;

			for (enum level level = LEVEL_PGD; level < NR_LEVELS; level++)
				if (geometry_has_level(&g, level))
					sum += split.index[level] * geometry_level_bytes(&g, level);
			assert_int_equal(sum, addr);
		}
	}
}

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(level_name(LEVEL_PGD), "PGD");
	assert_string_equal(level_name(LEVEL_P4D), "P4D");
	assert_string_equal(level_name(LEVEL_PTE), "PTE");
	assert_string_equal(level_key(LEVEL_PUD), "pud");
	assert_string_equal(level_key(LEVEL_PMD), "pmd");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_levels_and_what_they_map),
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_split_and_level_bytes_give_the_address_back),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
