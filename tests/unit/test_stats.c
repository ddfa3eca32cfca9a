/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The benchmark's statistics against answers worked out by hand, and what must always hold. */
#include "model/stats.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#define EXACT 1e-6F

static void test_quartiles_lie_between_values(void **state)
{
	const double even[] = { 4, 1, 3, 2 }, odd[] = { 5, 1, 4, 2, 3 };
	struct quartiles got;

	(void)state;
	assert_true(stats_quartiles(even, 4, &got));
	assert_float_equal(got.low, 1.75, EXACT);
	assert_float_equal(got.median, 2.5, EXACT);
	assert_float_equal(got.high, 3.25, EXACT);
	assert_true(stats_quartiles(odd, 5, &got));
	assert_float_equal(got.low, 2, EXACT);
	assert_float_equal(got.median, 3, EXACT);
	assert_float_equal(got.high, 4, EXACT);
}

static void test_one_value_is_all_quartiles(void **state)
{
	const double one[] = { 7 };
	struct quartiles got;

	(void)state;
	assert_true(stats_quartiles(one, 1, &got));
	assert_float_equal(got.low, 7, 0);
	assert_float_equal(got.median, 7, 0);
	assert_float_equal(got.high, 7, 0);
}

static void test_no_values_give_nothing(void **state)
{
	struct quartiles got = { 1, 2, 3 };
	struct interval ratio = { 1, 2, 3 };
	const double none[] = { 0, -1 }, some[] = { 1, 1 };

	(void)state;
	assert_false(stats_quartiles(none, 0, &got));
	assert_float_equal(got.median, 2, 0);
	assert_int_equal(stats_paired_ratio(none, some, 2, 1, &ratio), 0);
	assert_int_equal(stats_paired_ratio(some, none, 2, 1, &ratio), 0);
	assert_float_equal(ratio.median, 1, 0);
}

/* The first words of SplitMix64 from state 0, as its author's reference code gives them. */
static void test_generator_is_the_published_one(void **state)
{
	struct stats_rng rng = stats_rng_make(0);

	(void)state;
	assert_true(stats_rng_next(&rng) == UINT64_C(0xe220a8397b1dcdaf));
	assert_true(stats_rng_next(&rng) == UINT64_C(0x6e789e6aa1b965f4));
	assert_true(stats_rng_next(&rng) == UINT64_C(0x06c45d188009454f));
}

static void test_numbers_below_a_bound_are_even(void **state)
{
	struct stats_rng rng = stats_rng_make(1);
	unsigned seen[3] = { 0 };

	(void)state;
	for (int i = 0; i < 3000; i++) {
		uint64_t got = stats_rng_below(&rng, 3);

		assert_true(got < 3);
		seen[got]++;
	}
	for (int i = 0; i < 3; i++)
		assert_in_range(seen[i], 900, 1100);
	assert_int_equal(stats_rng_below(&rng, 1), 0);
}

static void test_shuffle_keeps_items_and_follows_the_seed(void **state)
{
	size_t first[8], again[8], other[8];
	struct stats_rng rng = stats_rng_make(5), same = stats_rng_make(5);
	struct stats_rng different = stats_rng_make(6);
	unsigned seen = 0;

	(void)state;
	for (size_t i = 0; i < 8; i++)
		first[i] = again[i] = other[i] = i;
	stats_shuffle(&rng, first, 8);
	stats_shuffle(&same, again, 8);
	stats_shuffle(&different, other, 8);
	assert_memory_equal(first, again, sizeof(first));
	assert_memory_not_equal(first, other, sizeof(first));
	for (size_t i = 0; i < 8; i++)
		seen |= 1U << first[i];
	assert_int_equal(seen, 0xff);
}

/* Each of the 6 orders of 3 items comes up about as often. */
static void test_shuffle_favours_no_order(void **state)
{
	struct stats_rng rng = stats_rng_make(7);
	unsigned seen[27] = { 0 };

	(void)state;
	for (int i = 0; i < 6000; i++) {
		size_t items[] = { 0, 1, 2 };

		stats_shuffle(&rng, items, 3);
		seen[items[0] * 9 + items[1] * 3 + items[2]]++;
	}
	for (size_t i = 0; i < 27; i++)
		if (seen[i])
			assert_in_range(seen[i], 880, 1120);
}

static void test_ratio_is_paired(void **state)
{
	/* The moment doubles both; the ratio of the medians would be 1.5. */
	const double a[] = { 1, 10, 3, 40, 5 }, b[] = { 2, 20, 6, 80, 10 };
	struct interval got;

	(void)state;
	assert_int_equal(stats_paired_ratio(a, b, 5, 1, &got), 5);
	assert_float_equal(got.median, 0.5, EXACT);
	assert_float_equal(got.low, 0.5, EXACT);
	assert_float_equal(got.high, 0.5, EXACT);
}

static void test_pairs_with_a_gap_are_left_out(void **state)
{
	const double a[] = { 1, 0, 3 }, b[] = { 2, 2, 6 };
	struct interval got;

	(void)state;
	assert_int_equal(stats_paired_ratio(a, b, 3, 1, &got), 2);
	assert_float_equal(got.median, 0.5, EXACT);
}

/*
 * Of 9 ordered values the median's 95 % interval by binomial counting is the 2nd to the
 * 8th; the bootstrap must come close to it and hold the median.
 */
static void test_interval_is_of_the_right_width(void **state)
{
	const double one[] = { 1, 1, 1, 1, 1, 1, 1, 1, 1 };
	const double a[] = { 9, 1, 8, 2, 7, 3, 6, 4, 5 };
	struct interval got, again, other;

	(void)state;
	assert_int_equal(stats_paired_ratio(a, one, 9, 42, &got), 9);
	assert_float_equal(got.median, 5, EXACT);
	assert_true(got.low >= 2 && got.low <= 3);
	assert_true(got.high >= 7 && got.high <= 8);
	stats_paired_ratio(a, one, 9, 42, &again);
	assert_memory_equal(&got, &again, sizeof(got));
	stats_paired_ratio(a, one, 9, 43, &other);
	assert_float_equal(other.median, 5, EXACT);
}

static void test_verdict_needs_a_gap_to_the_control(void **state)
{
	const struct interval control = { 1.01, 0.95, 1.04 };
	const struct interval less = { 0.65, 0.62, 0.94 }, more = { 1.1, 1.05, 1.2 };
	const struct interval touches = { 0.9, 0.85, 0.95 }, inside = { 1, 0.99, 1.01 };
	const struct interval over = { 1, 0.5, 2 };

	(void)state;
	assert_int_equal(stats_compare(&less, &control), STATS_LESS);
	assert_int_equal(stats_compare(&more, &control), STATS_MORE);
	assert_int_equal(stats_compare(&touches, &control), STATS_ALIKE);
	assert_int_equal(stats_compare(&inside, &control), STATS_ALIKE);
	assert_int_equal(stats_compare(&over, &control), STATS_ALIKE);
}

/* A control that came out beside 1 by chance makes nothing of what lies between. */
static void test_control_is_widened_to_one(void **state)
{
	const struct interval high = { 1.1, 1.05, 1.2 }, low = { 0.9, 0.8, 0.95 };
	const struct interval equal = { 1, 0.99, 1.01 };

	(void)state;
	assert_int_equal(stats_compare(&equal, &high), STATS_ALIKE);
	assert_int_equal(stats_compare(&equal, &low), STATS_ALIKE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_quartiles_lie_between_values),
		cmocka_unit_test(test_one_value_is_all_quartiles),
		cmocka_unit_test(test_no_values_give_nothing),
		cmocka_unit_test(test_generator_is_the_published_one),
		cmocka_unit_test(test_numbers_below_a_bound_are_even),
		cmocka_unit_test(test_shuffle_keeps_items_and_follows_the_seed),
		cmocka_unit_test(test_shuffle_favours_no_order),
		cmocka_unit_test(test_ratio_is_paired),
		cmocka_unit_test(test_pairs_with_a_gap_are_left_out),
		cmocka_unit_test(test_interval_is_of_the_right_width),
		cmocka_unit_test(test_verdict_needs_a_gap_to_the_control),
		cmocka_unit_test(test_control_is_widened_to_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
