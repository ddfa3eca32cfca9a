/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The settings as text: what is taken, what is complained of, and what a change leaves alone. */
#include "model/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct complaints {
	unsigned nr, line;
	char what[256];
};

static void complain(void *arg, unsigned line, const char *what)
{
	struct complaints *complaints = arg;

	complaints->nr++;
	complaints->line = line;
	snprintf(complaints->what, sizeof(complaints->what), "%s", what);
}

static struct config parse(const char *text, struct complaints *complaints)
{
	struct config config = config_default();

	*complaints = (struct complaints){ 0 };
	config_parse(text, strlen(text), &config, complain, complaints);
	return config;
}

static void test_takes(void **state)
{
	struct complaints complaints;
	struct config config = parse(
		"# settings\n\n  palette=light # day\ncolor = no\nascii = yes\n"
		"dense = off\nmouse = false\r\n\tdelay\t=\t0.5\n"
		"sort = command\nsort_reversed = yes\ntree = true\n"
		"kernel_threads = no",
		&complaints);

	(void)state;
	assert_int_equal(complaints.nr, 0);
	assert_int_equal(config.palette, PALETTE_LIGHT);
	assert_false(config.colour);
	assert_true(config.ascii);
	assert_false(config.dense);
	assert_false(config.mouse);
	assert_int_equal(config.period_ns, 500000000);
	assert_int_equal(config.sort, PLIST_COMMAND);
	assert_true(config.sort_reversed);
	assert_true(config.tree);
	assert_false(config.kernel_threads);
}

static void test_complains_and_goes_on(void **state)
{
	static const struct {
		const char *text;
		unsigned line;
		const char *what;
	} cases[] = {
		{ "palette\n", 1, "\"palette\" is no \"key = value\"" },
		{ "\n\nx = 1\n", 3, "there is no setting \"x\"" },
		{ "= 1\n", 1, "there is no setting \"\"" },
		{ "mouse = maybe\n", 1, "mouse cannot be \"maybe\"" },
		{ "mouse =\n", 1, "mouse cannot be \"\"" },
		{ "delay = 0\n", 1, "delay cannot be \"0\"" },
		{ "delay = 1e9\n", 1, "delay cannot be \"1e9\"" },
		{ "sort = \033[2J\n", 1, "sort cannot be \"\\x1b[2J\"" },
		{ "\377\001 = x", 1, "there is no setting \"\\xff\\x01\"" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[256];
		struct complaints complaints;
		struct config config, fresh = config_default();

		config = parse(cases[i].text, &complaints);
		assert_int_equal(complaints.nr, 1);
		assert_int_equal(complaints.line, cases[i].line);
		assert_string_equal(complaints.what, cases[i].what);
		assert_int_equal(config.period_ns, fresh.period_ns);
		assert_int_equal(config.mouse, fresh.mouse);
		/* What follows the bad line still counts. */
		snprintf(text, sizeof(text), "%s\npalette = contrast\n", cases[i].text);
		config = parse(text, &complaints);
		assert_int_equal(config.palette, PALETTE_CONTRAST);
	}
}

static void test_update_keeps_what_is_there(void **state)
{
	static const char before[] = "# mine\n  palette =dark   # at night\n\nnonsense\n"
				     "mouse=yes\npalette = contrast\nx = y";
	struct config config = config_default();
	struct complaints complaints;
	char *text, *again;

	(void)state;
	config.palette = PALETTE_LIGHT;
	config.mouse = false;
	config.period_ns = 250000000;
	text = config_update(before, strlen(before), &config);
	assert_int_equal(strncmp(text,
				 "# mine\n  palette =light   # at night\n\nnonsense\nmouse=no\n"
				 "x = y\n",
				 62),
			 0);
	assert_non_null(strstr(text, "\ndelay = 0.25\n"));
	assert_null(strstr(text, "contrast\n"));
	/* A second time nothing changes. */
	again = config_update(text, strlen(text), &config);
	assert_string_equal(text, again);
	config = parse(text, &complaints);
	assert_int_equal(complaints.nr, 2);
	assert_int_equal(config.palette, PALETTE_LIGHT);
	assert_false(config.mouse);
	free(text);
	free(again);
}

static void test_a_new_file_says_all(void **state)
{
	struct config config = config_default(), read;
	struct complaints complaints;
	char *text;

	(void)state;
	config.sort = PLIST_FAULTS;
	config.tree = true;
	config.colour = false;
	text = config_update("", 0, &config);
	read = parse(text, &complaints);
	assert_int_equal(complaints.nr, 0);
	assert_int_equal(read.sort, PLIST_FAULTS);
	assert_true(read.tree);
	assert_false(read.colour);
	assert_int_equal(read.period_ns, config.period_ns);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_takes),
		cmocka_unit_test(test_complains_and_goes_on),
		cmocka_unit_test(test_update_keeps_what_is_there),
		cmocka_unit_test(test_a_new_file_says_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
