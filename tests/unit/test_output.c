/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a command wrote, by lines, in rings so small that every boundary is hit. */
#include "model/output.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void add(struct output *output, const char *text)
{
	output_add(output, text, strlen(text));
}

static void expect_line(const struct output *output, size_t index, const char *expected)
{
	char *line = output_line(output, index);

	assert_string_equal(line, expected);
	free(line);
}

static void expect_plain(const char *written, const char *expected)
{
	struct output *output = output_new(4096);

	add(output, written);
	expect_line(output, 0, expected);
	output_free(output);
}

static void test_lines(void **state)
{
	struct output *output = output_new(64);

	(void)state;
	assert_int_equal(output_nr_lines(output), 0);
	expect_line(output, 0, "");
	add(output, "one\ntw");
	assert_int_equal(output_nr_lines(output), 2);
	expect_line(output, 1, "tw");
	add(output, "o\n");
	assert_int_equal(output_nr_lines(output), 2);
	expect_line(output, 1, "two");
	add(output, "\n\nlast");
	assert_int_equal(output_nr_lines(output), 5);
	expect_line(output, 2, "");
	expect_line(output, 4, "last");
	expect_line(output, 5, "");
	assert_int_equal(output_total_bytes(output), 14);
	assert_int_equal(output_dropped_bytes(output), 0);
	output_free(output);
}

static void test_drops_the_oldest(void **state)
{
	struct output *output = output_new(8);

	(void)state;
	add(output, "abcd\nefgh\n");
	assert_int_equal(output_dropped_bytes(output), 2);
	assert_int_equal(output_nr_lines(output), 2);
	expect_line(output, 0, "cd");
	expect_line(output, 1, "efgh");
	add(output, "xy\n");
	/* Of the first line nothing is left but its end. */
	assert_int_equal(output_nr_lines(output), 2);
	expect_line(output, 0, "efgh");
	expect_line(output, 1, "xy");
	add(output, "0123456789");
	assert_int_equal(output_nr_lines(output), 1);
	expect_line(output, 0, "23456789");
	output_free(output);
}

/* Against the plain truth: the last bytes of all that was written, cut at newlines. */
static void test_any_size(void **state)
{
	char all[600];

	(void)state;
	for (size_t most = 1; most < 20; most++) {
		struct output *output = output_new(most);
		size_t total = 0;

		for (unsigned i = 0; i < 300; i++) {
			const char *piece = i % 7 == 3 ? "\n" : i % 5 ? "a" : "b\n";
			const char *kept;
			size_t lines = 0, index = 0;

			memcpy(all + total, piece, strlen(piece));
			total += strlen(piece);
			add(output, piece);
			all[total] = '\0';
			kept = total > most ? all + total - most : all;
			while (*kept) {
				size_t len = strcspn(kept, "\n");
				char *line = output_line(output, index++);

				assert_int_equal(strlen(line), len);
				assert_memory_equal(line, kept, len);
				free(line);
				kept += len + (kept[len] == '\n');
				lines++;
			}
			assert_int_equal(output_nr_lines(output), lines);
		}
		output_free(output);
	}
}

static void test_what_terminals_obey(void **state)
{
	(void)state;
	expect_plain("\033[1;31mred\033[0m.", "red.");
	expect_plain("\033]0;title\aafter", "after");
	expect_plain("\033]8;;http://x\033\\link\033]8;;\033\\", "link");
	expect_plain("\033(Bplain\033=", "plain");
	expect_plain("a\tb", "a       b");
	expect_plain("12345678\tb", "12345678        b");
	expect_plain("10 %\r50 %\r100 %", "100 %");
	expect_plain("dos\r\n", "dos");
	expect_plain("ab\bc", "ac");
	expect_plain("\303\251\bx", "x");
	expect_plain("\b\b\bx", "x");
	expect_plain("bell\a", "bell");
	/* Cut in the middle of a sequence: nothing of it is left over. */
	expect_plain("x\033", "x");
	expect_plain("x\033[", "x");
	expect_plain("x\033[12", "x");
	expect_plain("x\033]0;endless", "x");
	/* A sequence that is none does not hide what follows. */
	expect_plain("\033[\001y", "\\x01y");
	expect_plain("\377\001", "\\xff\\x01");
}

static void test_a_very_long_line(void **state)
{
	struct output *output = output_new(100000);
	char *bytes = malloc(50000), *line;

	(void)state;
	memset(bytes, 'z', 50000);
	output_add(output, bytes, 50000);
	line = output_line(output, 0);
	assert_int_equal(strlen(line), 16384);
	free(line);
	/* All tabs is the most that can become of a line. */
	memset(bytes, '\t', 50000);
	output_add(output, "\n", 1);
	output_add(output, bytes, 50000);
	line = output_line(output, 1);
	assert_int_equal(strlen(line), 16384 * 8);
	free(line);
	free(bytes);
	output_free(output);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_drops_the_oldest),
		cmocka_unit_test(test_any_size),
		cmocka_unit_test(test_what_terminals_obey),
		cmocka_unit_test(test_a_very_long_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
