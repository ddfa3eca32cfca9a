/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Heat of pages and rates of faults: decay, bounds, sums over any range. */
#include "base/clock.h"
#include "model/fault_heat.h"
#include "model/fault_rates.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static bool is_near(double a, double b)
{
	double off = a > b ? a - b : b - a;

	return off <= 0.003 * (b > 1 ? b : 1);
}

static void test_heat_halves_each_second(void **state)
{
	struct fault_heat *heat = fault_heat_new(64);
	struct heat_map *map;
	uint64_t t_ns = 5 * NS_PER_S;

	(void)state;
	for (int i = 0; i < 8; i++)
		fault_heat_add(heat, 100, t_ns);
	fault_heat_add(heat, 102, t_ns);
	map = fault_heat_map(heat, t_ns);
	assert_true(is_near(heat_map_sum(map, 100, 101, t_ns), 8));
	assert_true(is_near(heat_map_sum(map, 100, 103, t_ns), 9));
	assert_true(is_near(heat_map_sum(map, 101, 102, t_ns), 0));
	assert_true(is_near(heat_map_sum(map, 0, 100, t_ns), 0));
	assert_true(is_near(heat_map_sum(map, 103, UINT64_C(1) << 36, t_ns), 0));
	assert_true(is_near(heat_map_total(map, t_ns + NS_PER_S), 4.5));
	assert_true(is_near(heat_map_sum(map, 100, 101, t_ns + 3 * NS_PER_S), 1));
	assert_int_equal(heat_map_pages(map), 1);
	heat_map_unref(map);
	/* What was added at once and in two steps cools alike. */
	map = fault_heat_map(heat, t_ns + NS_PER_S / 3);
	assert_true(is_near(heat_map_sum(map, 100, 101, t_ns + NS_PER_S), 4));
	heat_map_unref(map);
	map = fault_heat_map(heat, t_ns + 20 * NS_PER_S);
	assert_true(heat_map_total(map, t_ns + 20 * NS_PER_S) == 0);
	heat_map_unref(map);
	assert_true(heat_map_sum(NULL, 0, 1, 0) == 0);
	fault_heat_free(heat);
}

/* More hot pages than there is room for: nothing is forgotten, places become coarser. */
static void test_heat_is_bounded(void **state)
{
	struct fault_heat *heat = fault_heat_new(64);
	uint64_t t_ns = NS_PER_S;
	struct heat_map *map;
	double parts = 0;

	(void)state;
	for (uint64_t vpn = 1000; vpn < 5000; vpn++)
		fault_heat_add(heat, vpn, t_ns);
	map = fault_heat_map(heat, t_ns);
	assert_true(is_near(heat_map_total(map, t_ns), 4000));
	assert_true(heat_map_pages(map) >= 4000 / 64);
	assert_true(is_near(heat_map_sum(map, 0, 100000, t_ns), 4000));
	/* Any cut into ranges has the same sum. */
	for (uint64_t vpn = 0; vpn < 8192; vpn += 7)
		parts += heat_map_sum(map, vpn, vpn + 7, t_ns);
	assert_true(is_near(parts, 4000));
	assert_true(is_near(heat_map_sum(map, 3000, 3128, t_ns), 128));
	heat_map_unref(map);
	/* Once it has cooled, pages are told apart again. */
	t_ns += 20 * NS_PER_S;
	for (int i = 0; i < 20; i++)
		heat_map_unref(fault_heat_map(heat, t_ns));
	fault_heat_add(heat, 7, t_ns);
	map = fault_heat_map(heat, t_ns);
	assert_int_equal(heat_map_pages(map), 1);
	assert_true(is_near(heat_map_sum(map, 7, 8, t_ns), 1));
	heat_map_unref(map);
	fault_heat_free(heat);
}

static void test_rates(void **state)
{
	static struct fault_rates rates;
	const uint64_t step = FAULT_RATE_STEP_NS, begin = 1000 * step;

	(void)state;
	fault_rates_init(&rates, begin);
	assert_int_equal(fault_rates_now(&rates, FAULT_MINOR), 0);
	fault_rates_add(&rates, FAULT_MINOR, begin, 10);
	fault_rates_add(&rates, FAULT_MAJOR, begin + step, 2);
	fault_rates_add(&rates, FAULT_MINOR, begin + 2 * step, 30);
	assert_int_equal(fault_rates_at(&rates, 0)->nr[FAULT_MINOR], 30);
	assert_int_equal(fault_rates_at(&rates, 1)->nr[FAULT_MAJOR], 2);
	assert_int_equal(fault_rates_at(&rates, 2)->nr[FAULT_MINOR], 10);
	assert_null(fault_rates_at(&rates, 3));
	/* Two whole steps so far, 10 and none: 25 a second. */
	assert_int_equal(fault_rates_now(&rates, FAULT_MINOR), 25);
	fault_rates_advance(&rates, begin + 3 * step);
	assert_int_equal(fault_rates_peak(&rates, 100), 150);
	assert_int_equal(fault_rates_peak(&rates, 1), 150);
	/* One that comes late is counted where it was. */
	fault_rates_add(&rates, FAULT_MINOR, begin + step, 1);
	assert_int_equal(fault_rates_at(&rates, 2)->nr[FAULT_MINOR], 1);
	/* A long silence leaves nothing behind, and what is older than the ring is passed over. */
	fault_rates_advance(&rates, begin + 5 * FAULT_RATE_POINTS * step);
	fault_rates_add(&rates, FAULT_MINOR, begin, 9);
	for (unsigned back = 0; back < FAULT_RATE_POINTS; back++)
		assert_int_equal(fault_rates_at(&rates, back)->nr[FAULT_MINOR], 0);
	assert_null(fault_rates_at(&rates, FAULT_RATE_POINTS));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_heat_halves_each_second),
		cmocka_unit_test(test_heat_is_bounded),
		cmocka_unit_test(test_rates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
