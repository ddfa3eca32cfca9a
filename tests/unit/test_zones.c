/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Zones from a recording of /proc/zoneinfo, and from text cut anywhere. */
#include "kernel/zones.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *load(size_t *len_bytes)
{
	const char *top = getenv("TEST_SRCDIR");
	char path[4096], *text = malloc(65536);
	FILE *in;

	snprintf(path, sizeof(path), "%s/tests/unit/data/zoneinfo-24g.txt", top ? top : ".");
	in = fopen(path, "r");
	assert_non_null(in);
	*len_bytes = fread(text, 1, 65536, in);
	fclose(in);
	return text;
}

static void test_recording(void **state)
{
	static const struct zone expected[] = {
		{ .name = "DMA", .start_pfn = 1, .spanned = 4095, .present = 3998 },
		{ .name = "DMA32", .start_pfn = 4096, .spanned = 1044480, .present = 782336 },
		{ .name = "Normal", .start_pfn = 1048576, .spanned = 5505024, .present = 5505024 },
	};
	size_t len_bytes;
	char *text = load(&len_bytes);
	struct zone *zones;

	(void)state;
	/* Movable and Device span nothing here and are left out. */
	assert_int_equal(zones_parse(text, len_bytes, &zones), 3);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(zones[i].node, 0);
		assert_string_equal(zones[i].name, expected[i].name);
		assert_int_equal(zones[i].start_pfn, expected[i].start_pfn);
		assert_int_equal(zones[i].spanned, expected[i].spanned);
		assert_int_equal(zones[i].present, expected[i].present);
		assert_in_range(zones[i].managed, 1, zones[i].present);
	}
	free(zones);
	free(text);
}

static size_t parse(const char *text, struct zone **zones)
{
	return zones_parse(text, strlen(text), zones);
}

static void test_two_nodes_and_odd_lines(void **state)
{
	static const char text[] = "  spanned 5\n" /* before any zone */
				   "Node 0, zone   Normal\n  per-node stats\n"
				   "        spanned  100\n        present  90\n"
				   "        managed  80\n  start_pfn:           16\n"
				   "        presentish 7\n"
				   "Node 1, zone   Normal\n        spanned  200\n"
				   "  start_pfn:           1000"; /* without newline */
	struct zone *zones;

	(void)state;
	assert_int_equal(parse(text, &zones), 2);
	assert_int_equal(zones[0].present, 90);
	assert_int_equal(zones[0].managed, 80);
	assert_int_equal(zones[1].node, 1);
	assert_int_equal(zones[1].spanned, 200);
	assert_int_equal(zones[1].start_pfn, 1000);
	free(zones);
}

static void test_nothing(void **state)
{
	struct zone *zones;

	(void)state;
	assert_int_equal(parse("", &zones), 0);
	free(zones);
	assert_int_equal(parse("\n\n\nNode x, zone\n", &zones), 0);
	free(zones);
	/* A name longer than a zone's is cut, not written past its end. */
	assert_int_equal(parse("Node 0, zone ABCDEFGHIJKLMNOPQRSTUVWXYZ\nspanned 1\n", &zones), 1);
	assert_string_equal(zones[0].name, "ABCDEFGHIJKLMNO");
	free(zones);
}

static void test_text_cut_anywhere(void **state)
{
	size_t len_bytes, last = 0;
	char *text = load(&len_bytes);

	(void)state;
	for (size_t cut = 0; cut < len_bytes; cut += 7) {
		char *part = malloc(cut ? cut : 1);
		struct zone *zones;
		size_t nr;

		memcpy(part, text, cut);
		nr = zones_parse(part, cut, &zones);
		assert_in_range(nr, last, 3);
		last = nr;
		free(zones);
		free(part);
	}
	free(text);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_recording),
		cmocka_unit_test(test_two_nodes_and_odd_lines),
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_text_cut_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
