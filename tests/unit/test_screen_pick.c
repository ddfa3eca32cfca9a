/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The picker from made-up lists: order, filter, choice, keys, and the explanation over it.
 */
#include "base/xalloc.h"
#include "ui/screen_help.h"
#include "ui/screen_pick.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct theme ascii = { .palette = PALETTE_DARK, .ascii = true };

static void add(struct plist *list, pid_t pid, const char *user, const char *command,
		uint64_t rss_bytes)
{
	struct plist_row row = {
		.pid = pid,
		.ppid = 1,
		.state = 'S',
		.nr_threads = 3,
		.rss_bytes = rss_bytes,
		.minflt = 1000,
		.majflt = 234,
		.has_rate = true,
		.faults_per_s = 1234,
		.user = xstrdup(user),
		.comm = xstrdup("comm"),
		.command = xstrdup(command),
		.kthread = command[0] == '[',
	};

	plist_add(list, &row);
}

static const struct pick_settings usual = { .sort = PLIST_RSS, .kernel_threads = true };

static struct plist *make_list(void)
{
	struct plist *list = plist_new();

	add(list, 2, "root", "[kthreadd]", 0);
	add(list, 300, "alice", "/usr/bin/python3 train.py", 5 << 20);
	add(list, 4312, "bob", "java -jar Server.jar", 64 << 20);
	add(list, 77, "alice", "vim notes", 1 << 20);
	plist_sort(list, PLIST_RSS, false, false);
	return list;
}

static struct screen *make_screen(const char *filter)
{
	struct screen *screen = screen_pick_new(filter, &usual);

	screen_pick_set_list(screen, make_list());
	return screen;
}

static struct canvas *draw(struct screen *screen, int columns, int rows)
{
	struct canvas *canvas = canvas_new(columns, rows);

	screen->ops->draw(screen, canvas, &ascii, 0);
	return canvas;
}

static void expect_at(const struct canvas *canvas, int y, const char *text)
{
	char *line = canvas_line(canvas, y);

	if (!strstr(line, text))
		fail_msg("line %d is \"%s\", without \"%s\"", y, line, text);
	free(line);
}

static struct action press(struct screen *screen, uint32_t key)
{
	struct ui_event event = { .key = key };

	return screen->ops->event(screen, &event);
}

static void type(struct screen *screen, const char *text)
{
	for (; *text; text++)
		press(screen, (unsigned char)*text);
}

static void test_filter_matches_words(void **state)
{
	struct plist *list = make_list();
	const struct plist_row *java = &list->rows[0];

	(void)state;
	assert_int_equal(java->pid, 4312);
	assert_int_equal(list->rows[3].pid, 2);
	assert_true(plist_row_matches(java, ""));
	assert_true(plist_row_matches(java, "  "));
	assert_true(plist_row_matches(java, "SERVER java"));
	assert_true(plist_row_matches(java, "bob"));
	assert_true(plist_row_matches(java, "431"));
	assert_false(plist_row_matches(java, "java alice"));
	plist_free(list);
}

static void test_list_is_drawn(void **state)
{
	static const int sizes[][2] = { { 80, 24 }, { 120, 36 }, { 200, 50 } };
	struct screen *screen = make_screen(NULL);

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct canvas *canvas = draw(screen, sizes[i][0], sizes[i][1]);

		expect_at(canvas, 0, "pagewalk  choose a process");
		expect_at(canvas, 0, "4 of 4");
		expect_at(canvas, 3, "PID  USER      S   THR    RSS FAULTS/s  COMMAND");
		expect_at(canvas, 4,
			  "4312  bob       S     3  64.0M    1.23k  java -jar Server.jar");
		expect_at(canvas, 7, "2  root      S     3      -        -  [kthreadd]");
		assert_int_equal(canvas_at(canvas, 0, 4)->bg, COLOUR_SELECT_BG);
		assert_int_equal(canvas_at(canvas, 60, 7)->bg, COLOUR_DEFAULT);
		assert_int_equal(canvas_at(canvas, 47, 7)->fg, COLOUR_FAINT);
		expect_at(canvas, sizes[i][1] - 2, "Enter shows where the pages of 4312 lie");
		expect_at(canvas, sizes[i][1] - 1, "Esc quit");
		canvas_free(canvas);
	}
	screen->ops->free(screen);
}

static void test_typing_filters(void **state)
{
	struct screen *screen = make_screen(NULL);
	struct canvas *canvas;

	(void)state;
	type(screen, "aliceq");
	canvas = draw(screen, 80, 24);
	expect_at(canvas, 0, "0 of 4");
	expect_at(canvas, 22, "No process matches");
	assert_int_equal(press(screen, KEY_UI_ENTER).kind, ACTION_NONE);
	canvas_free(canvas);
	press(screen, KEY_UI_BACKSPACE);
	canvas = draw(screen, 80, 24);
	expect_at(canvas, 1, "alice_");
	expect_at(canvas, 0, "2 of 4");
	canvas_free(canvas);
	assert_int_equal(press(screen, KEY_UI_ENTER).pid, 300);
	/* Escape clears the filter first, and quits only then. */
	assert_int_equal(press(screen, KEY_UI_ESCAPE).kind, ACTION_REDRAW);
	assert_int_equal(press(screen, KEY_UI_ENTER).pid, 300);
	assert_int_equal(press(screen, KEY_UI_ESCAPE).kind, ACTION_QUIT);
	screen->ops->free(screen);
}

static void test_filter_holds_whole_characters(void **state)
{
	struct screen *screen = make_screen(NULL);

	(void)state;
	press(screen, 0xe9);
	press(screen, 0x202e); /* turns the writing direction: not taken */
	press(screen, KEY_UI_BACKSPACE);
	press(screen, KEY_UI_BACKSPACE);
	assert_int_equal(press(screen, KEY_UI_ESCAPE).kind, ACTION_QUIT);
	for (int i = 0; i < 300; i++)
		press(screen, 0x65e5);
	canvas_free(draw(screen, 80, 24));
	screen->ops->free(screen);
}

static void test_choice_moves_and_stays(void **state)
{
	struct screen *screen = make_screen(NULL);
	struct plist *list;

	(void)state;
	press(screen, KEY_UI_UP);
	assert_int_equal(press(screen, KEY_UI_ENTER).pid, 4312);
	press(screen, KEY_UI_DOWN);
	assert_int_equal(press(screen, KEY_UI_ENTER).pid, 300);
	/* A newer list with another order: the same process stays chosen. */
	list = make_list();
	add(list, 9, "root", "bigger", UINT64_C(1) << 40);
	screen_pick_set_list(screen, list);
	assert_int_equal(press(screen, KEY_UI_ENTER).pid, 300);
	press(screen, KEY_UI_END);
	assert_int_equal(press(screen, KEY_UI_ENTER).pid, 2);
	press(screen, KEY_UI_PAGE_DOWN);
	assert_int_equal(press(screen, KEY_UI_ENTER).pid, 2);
	press(screen, KEY_UI_HOME);
	assert_int_equal(press(screen, KEY_UI_ENTER).pid, 9);
	/* The chosen one is gone: the first takes its place. */
	screen_pick_set_list(screen, make_list());
	assert_int_equal(press(screen, KEY_UI_ENTER).pid, 4312);
	screen->ops->free(screen);
}

static void test_long_lists_scroll(void **state)
{
	struct screen *screen = screen_pick_new("", &usual);
	struct plist *list = plist_new();
	struct canvas *canvas;
	struct ui_event click = { .key = KEY_UI_CLICK, .x = 10, .y = 4 };

	(void)state;
	for (int i = 0; i < 500; i++)
		add(list, 1000 + i, "root", "worker", (uint64_t)(1000 - i) << 20);
	screen_pick_set_list(screen, list);
	canvas_free(draw(screen, 80, 24));
	press(screen, KEY_UI_END);
	canvas = draw(screen, 80, 24);
	expect_at(canvas, 20, "1499");
	expect_at(canvas, 4, "1483");
	canvas_free(canvas);
	press(screen, KEY_UI_PAGE_UP);
	canvas_free(draw(screen, 80, 24));
	assert_int_equal(press(screen, KEY_UI_ENTER).pid, 1482);
	/* A click chooses, a second one opens. */
	click.y = 6;
	assert_int_equal(screen->ops->event(screen, &click).kind, ACTION_REDRAW);
	assert_int_equal(screen->ops->event(screen, &click).kind, ACTION_OPEN_PID);
	click.y = 0;
	assert_int_equal(screen->ops->event(screen, &click).kind, ACTION_NONE);
	/* A larger terminal afterwards leaves no gap at the end. */
	press(screen, KEY_UI_END);
	canvas = draw(screen, 80, 60);
	expect_at(canvas, 56, "1499");
	canvas_free(canvas);
	screen->ops->free(screen);
}

static void test_without_a_list(void **state)
{
	struct screen *screen = screen_pick_new("java", &usual);
	struct canvas *canvas = draw(screen, 80, 24);

	(void)state;
	expect_at(canvas, 1, "java_");
	expect_at(canvas, 22, "Reading the processes");
	assert_int_equal(press(screen, KEY_UI_ENTER).kind, ACTION_NONE);
	assert_int_equal(press(screen, KEY_UI_DOWN).kind, ACTION_REDRAW);
	canvas_free(canvas);
	for (int rows = 1; rows < 30; rows++)
		canvas_free(draw(screen, rows * 4, rows));
	screen_pick_set_list(screen, make_list());
	assert_int_equal(press(screen, KEY_UI_ENTER).pid, 4312);
	screen->ops->free(screen);
}

static void test_help_explains_the_keys(void **state)
{
	struct screen *screen = make_screen(NULL);
	struct canvas *canvas = canvas_new(80, 24);
	int nr_lines = screen_help_draw(screen, canvas, &ascii, 0);

	(void)state;
	expect_at(canvas, 1, "What this screen shows: choose a process");
	expect_at(canvas, 3, "All processes of this machine");
	expect_at(canvas, 22, "Esc: back");
	assert_true(nr_lines > 10);
	/* Every line can be scrolled to, and scrolling beyond the end does no harm. */
	canvas_clear(canvas);
	screen_help_draw(screen, canvas, &ascii, nr_lines - 1);
	expect_at(canvas, 3, "light.");
	screen_help_draw(screen, canvas, &ascii, 1000);
	canvas_free(canvas);
	screen->ops->free(screen);
}

static void expect_first(struct screen *screen, int y, const char *text)
{
	struct canvas *canvas = draw(screen, 80, 24);

	expect_at(canvas, y, text);
	canvas_free(canvas);
}

static void test_orders(void **state)
{
	struct screen *screen = make_screen(NULL);
	struct pick_settings settings;
	struct ui_event click = { .key = KEY_UI_CLICK, .x = 4, .y = 3 };

	(void)state;
	expect_first(screen, 2, "by rss");
	expect_first(screen, 4, "4312  bob");
	press(screen, KEY_UI_F1 + 7);
	expect_first(screen, 2, "by rss, reversed");
	expect_first(screen, 4, "2  root");
	press(screen, '<');
	expect_first(screen, 2, "by threads");
	press(screen, '>');
	press(screen, KEY_UI_F1 + 5);
	press(screen, '>');
	expect_first(screen, 2, "by command");
	expect_first(screen, 4, "/usr/bin/python3");
	/* A click on a heading, and a second one the other way round. */
	screen->ops->event(screen, &click);
	expect_first(screen, 2, "by pid");
	expect_first(screen, 4, "2  root");
	screen->ops->event(screen, &click);
	expect_first(screen, 4, "4312  bob");
	press(screen, KEY_UI_F1 + 6);
	expect_first(screen, 2, "without kernel threads");
	expect_first(screen, 0, "3 of 4");
	screen_pick_get_settings(screen, &settings);
	assert_int_equal(settings.sort, PLIST_PID);
	assert_true(settings.reversed);
	assert_false(settings.kernel_threads);
	assert_false(settings.tree);
	screen->ops->free(screen);
}

static void test_tree(void **state)
{
	struct screen *screen = screen_pick_new("", &usual);
	struct plist *list = make_list();

	(void)state;
	for (size_t i = 0; i < list->nr; i++)
		if (list->rows[i].pid == 77)
			list->rows[i].ppid = 300;
	screen_pick_set_list(screen, list);
	press(screen, KEY_UI_F1 + 4);
	expect_first(screen, 2, "as a tree");
	expect_first(screen, 5, "  /usr/bin/python3 train.py");
	expect_first(screen, 6, "`-vim notes");
	press(screen, 0x14);
	expect_first(screen, 6, "  vim notes");
	screen->ops->free(screen);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_filter_matches_words),
		cmocka_unit_test(test_list_is_drawn),
		cmocka_unit_test(test_typing_filters),
		cmocka_unit_test(test_filter_holds_whole_characters),
		cmocka_unit_test(test_choice_moves_and_stays),
		cmocka_unit_test(test_long_lists_scroll),
		cmocka_unit_test(test_without_a_list),
		cmocka_unit_test(test_help_explains_the_keys),
		cmocka_unit_test(test_orders),
		cmocka_unit_test(test_tree),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
