/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers to text and back, at every place where a digit, a unit or a claim changes. */
#include "base/fmt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#define KIB       (UINT64_C(1) << 10)
#define MIB       (UINT64_C(1) << 20)
#define GIB       (UINT64_C(1) << 30)
#define TIB       (UINT64_C(1) << 40)
#define NR(table) (sizeof(table) / sizeof(table[0]))

struct number_case {
	uint64_t value;
	const char *text;
};

static void check(char *(*fmt)(char *, uint64_t), const struct number_case *cases, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		char out[FMT_LEN];

		assert_ptr_equal(fmt(out, cases[i].value), out);
		assert_string_equal(out, cases[i].text);
	}
}

static void test_count(void **state)
{
	static const struct number_case cases[] = {
		{ 0, "0" },
		{ 1, "1" },
		{ 999, "999" },
		{ 1000, "1.00k" },
		{ 1009, "1.00k" },
		{ 1010, "1.01k" },
		{ 9999, "9.99k" },
		{ 10000, "10.0k" },
		{ 12345, "12.3k" },
		{ 99999, "99.9k" },
		{ 100000, "100k" },
		{ 999999, "999k" },
		{ 1000000, "1.00M" },
		{ 4100000, "4.10M" },
		{ UINT64_C(1000000000), "1.00G" },
		{ UINT64_C(999999999999), "999G" },
		{ UINT64_MAX, "18.4E" },
	};

	(void)state;
	check(fmt_count, cases, NR(cases));
}

static void test_bytes(void **state)
{
	static const struct number_case cases[] = {
		{ 0, "0" },
		{ 1, "1B" },
		{ 512, "512B" },
		{ 1023, "1023B" },
		{ KIB, "1.00K" },
		{ 4 * KIB, "4.00K" },
		{ 1536, "1.50K" },
		{ 10 * KIB, "10.0K" },
		{ 100 * KIB, "100K" },
		{ MIB - 1, "1023K" },
		{ MIB, "1.00M" },
		{ 131 * GIB / 100, "1.30G" },
		{ 132 * GIB / 100, "1.31G" },
		{ TIB, "1.00T" },
		{ UINT64_MAX, "15.9E" },
	};
	static const struct number_case spelled[] = {
		{ 0, "0 B" },
		{ 512, "512 B" },
		{ 4 * KIB, "4 KiB" },
		{ 2 * MIB, "2 MiB" },
		{ GIB, "1 GiB" },
		{ TIB, "1 TiB" },
		{ 1536, "1.50 KiB" },
		{ 132 * GIB / 100, "1.31 GiB" },
		{ 4 * KIB + 1, "4.00 KiB" },
		{ 1000 * KIB, "1000 KiB" },
		{ UINT64_MAX, "15.9 EiB" },
	};

	(void)state;
	check(fmt_bytes, cases, NR(cases));
	check(fmt_bytes_long, spelled, NR(spelled));
}

static void test_addresses(void **state)
{
	static const struct number_case addrs[] = {
		{ 0, "000000000000" },
		{ 0x7f59fea62000, "7f59fea62000" },
		{ 0xffffffffff600000, "ffffffffff600000" },
	};
	static const struct number_case hex[] = {
		{ 0, "0x0" },
		{ 0x13d1d6, "0x13d1d6" },
		{ UINT64_MAX, "0xffffffffffffffff" },
	};

	(void)state;
	check(fmt_addr, addrs, NR(addrs));
	check(fmt_hex, hex, NR(hex));
}

static void test_percent_never_claims_none_or_all(void **state)
{
	static const struct {
		uint64_t part, whole;
		const char *text;
	} cases[] = {
		{ 0, 0, "-" },
		{ 5, 0, "-" },
		{ 0, 10, "0 %" },
		{ 10, 10, "100 %" },
		{ 1, 1000, "<1 %" },
		{ 999, 1000, ">99 %" },
		{ 5, 1000, "1 %" },
		{ 4, 1000, "<1 %" },
		{ 994, 1000, "99 %" },
		{ 995, 1000, ">99 %" },
		{ 1, 3, "33 %" },
		{ 2, 3, "67 %" },
		{ UINT64_MAX, UINT64_MAX, "100 %" },
		{ UINT64_MAX - 1, UINT64_MAX, ">99 %" },
		{ 1, UINT64_MAX, "<1 %" },
		{ 3, 2, "150 %" },
	};

	(void)state;
	for (size_t i = 0; i < NR(cases); i++) {
		char out[FMT_LEN];

		assert_string_equal(fmt_percent(out, cases[i].part, cases[i].whole), cases[i].text);
	}
}

static void test_duration(void **state)
{
	static const struct number_case cases[] = {
		{ 0, "0ns" },
		{ 850, "850ns" },
		{ 999, "999ns" },
		{ 1000, "1.00us" },
		{ 12345, "12.3us" },
		{ 4100000, "4.10ms" },
		{ UINT64_C(2510000000), "2.51s" },
		{ UINT64_C(59999999999), "59.9s" },
		{ UINT64_C(60000000000), "1m00s" },
		{ UINT64_C(187000000000), "3m07s" },
		{ UINT64_C(3600000000000), "60m00s" },
	};

	(void)state;
	check(fmt_duration, cases, NR(cases));
}

/* The longest that any of them gives still fits. */
static void test_every_text_fits(void **state)
{
	static char *(*const fmts[])(char *, uint64_t) = {
		fmt_count, fmt_bytes, fmt_bytes_long, fmt_addr, fmt_hex, fmt_duration,
	};

	(void)state;
	for (size_t i = 0; i < NR(fmts); i++) {
		for (int bit = 0; bit < 64; bit++) {
			char out[FMT_LEN];

			assert_in_range(strlen(fmts[i](out, UINT64_MAX >> bit)), 1, FMT_LEN - 1);
		}
	}
}

struct parse_case {
	const char *text;
	int ret;
	uint64_t value;
};

#define UNTOUCHED UINT64_C(0xdead)

static void check_parse(int (*parse)(const char *, uint64_t *), const struct parse_case *cases,
			size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		uint64_t value = UNTOUCHED;

		assert_int_equal(parse(cases[i].text, &value), cases[i].ret);
		assert_int_equal(value, cases[i].ret ? UNTOUCHED : cases[i].value);
	}
}

static void test_parse_bytes(void **state)
{
	static const struct parse_case cases[] = {
		{ "0", 0, 0 },
		{ "512", 0, 512 },
		{ "512B", 0, 512 },
		{ "1k", 0, KIB },
		{ "1K", 0, KIB },
		{ "1KB", 0, KIB },
		{ "1KiB", 0, KIB },
		{ "1kib", 0, KIB },
		{ "256MiB", 0, 256 * MIB },
		{ "64M", 0, 64 * MIB },
		{ "1.5G", 0, 3 * GIB / 2 },
		{ "0.25k", 0, 256 },
		{ "2T", 0, 2 * TIB },
		{ "1P", 0, 1024 * TIB },
		{ "0.5", 0, 0 },
		{ "1.9999999999k", 0, 2047 },
		{ "18446744073709551615", 0, UINT64_MAX },
		{ "16777215T", 0, 16777215 * TIB },
		{ "16777216T", -ERANGE, 0 },
		{ "18446744073709551616", -ERANGE, 0 },
		{ "99999999999999999999k", -ERANGE, 0 },
		{ "", -EINVAL, 0 },
		{ "k", -EINVAL, 0 },
		{ "-1", -EINVAL, 0 },
		{ "+1", -EINVAL, 0 },
		{ " 1", -EINVAL, 0 },
		{ "1 k", -EINVAL, 0 },
		{ "1kk", -EINVAL, 0 },
		{ "1x", -EINVAL, 0 },
		{ "1.", -EINVAL, 0 },
		{ ".5", -EINVAL, 0 },
		{ "1.k", -EINVAL, 0 },
		{ "1ki", -EINVAL, 0 },
		{ "1Mi", -EINVAL, 0 },
		{ "1iB", -EINVAL, 0 },
		{ "1,5G", -EINVAL, 0 },
		{ "0x10", -EINVAL, 0 },
		{ "1e3", -EINVAL, 0 },
		{ "1kBB", -EINVAL, 0 },
		{ "inf", -EINVAL, 0 },
	};

	(void)state;
	check_parse(parse_bytes, cases, NR(cases));
}

static void test_parse_addr(void **state)
{
	static const struct parse_case cases[] = {
		{ "0", 0, 0 },
		{ "0x0", 0, 0 },
		{ "7f59fea62000", 0, 0x7f59fea62000 },
		{ "0X7F59FEA62000", 0, 0x7f59fea62000 },
		{ "10", 0, 16 },
		{ "ffffffffffffffff", 0, UINT64_MAX },
		{ "10000000000000000", -ERANGE, 0 },
		{ "", -EINVAL, 0 },
		{ "0x", -EINVAL, 0 },
		{ "0x0x1", -EINVAL, 0 },
		{ "-1", -EINVAL, 0 },
		{ "0x-1", -EINVAL, 0 },
		{ " 1", -EINVAL, 0 },
		{ "1 ", -EINVAL, 0 },
		{ "g", -EINVAL, 0 },
		{ "12g", -EINVAL, 0 },
	};

	(void)state;
	check_parse(parse_addr, cases, NR(cases));
}

static void test_parse_u64(void **state)
{
	static const struct {
		const char *text;
		uint64_t most;
		int ret;
		uint64_t value;
	} cases[] = {
		{ "0", 0, 0, 0 },
		{ "1", 0, -ERANGE, 0 },
		{ "100", 100, 0, 100 },
		{ "101", 100, -ERANGE, 0 },
		{ "007", 10, 0, 7 },
		{ "18446744073709551615", UINT64_MAX, 0, UINT64_MAX },
		{ "18446744073709551616", UINT64_MAX, -ERANGE, 0 },
		{ "", 9, -EINVAL, 0 },
		{ "-1", UINT64_MAX, -EINVAL, 0 },
		{ "+1", 9, -EINVAL, 0 },
		{ "1 ", 9, -EINVAL, 0 },
		{ "1a", 9, -EINVAL, 0 },
		{ "0x1", 9, -EINVAL, 0 },
		{ "99999999999999999999x", 9, -EINVAL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < NR(cases); i++) {
		uint64_t value = UNTOUCHED;

		assert_int_equal(parse_u64(cases[i].text, cases[i].most, &value), cases[i].ret);
		assert_int_equal(value, cases[i].ret ? UNTOUCHED : cases[i].value);
	}
}

static void test_parse_seconds(void **state)
{
	static const struct parse_case cases[] = {
		{ "0", 0, 0 },
		{ "1", 0, UINT64_C(1000000000) },
		{ "0.1", 0, 100000000 },
		{ "0.1s", 0, 100000000 },
		{ "0.000000001", 0, 1 },
		{ "0.0000000019", 0, 1 },
		{ "2.5", 0, UINT64_C(2500000000) },
		{ "99999999999", -ERANGE, 0 },
		{ "", -EINVAL, 0 },
		{ "s", -EINVAL, 0 },
		{ "1.", -EINVAL, 0 },
		{ ".1", -EINVAL, 0 },
		{ "-1", -EINVAL, 0 },
		{ "1m", -EINVAL, 0 },
		{ "1ss", -EINVAL, 0 },
		{ "0,1", -EINVAL, 0 },
		{ "nan", -EINVAL, 0 },
	};

	(void)state;
	check_parse(parse_seconds, cases, NR(cases));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_count),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_percent_never_claims_none_or_all),
		cmocka_unit_test(test_duration),
		cmocka_unit_test(test_every_text_fits),
		cmocka_unit_test(test_parse_bytes),
		cmocka_unit_test(test_parse_addr),
		cmocka_unit_test(test_parse_u64),
		cmocka_unit_test(test_parse_seconds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
