/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Screen 6 from made-up views: what is known is on it in its place, what is not is "?",
 * at every size, and keys give the actions that they should.
 */
#include "base/xalloc.h"
#include "ui/screen_lab.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MIB (UINT64_C(1) << 20)

static void fill_cache(struct cache_info *cache, size_t nr_cells, size_t nr_cached)
{
	cache->size_bytes = 256 * MIB;
	cache->total.pages = 65536;
	cache->pages_per_cell = 65536 / nr_cells;
	cache->nr_cells = nr_cells;
	cache->cells = xcalloc(nr_cells, sizeof(*cache->cells));
	for (size_t i = 0; i < nr_cells; i++) {
		cache->cells[i].pages = cache->pages_per_cell;
		cache->cells[i].cached = i < nr_cached ? cache->pages_per_cell : 0;
	}
}

#define NR_LANES 4

/* Four lanes of 256 MiB that have sent a half; 64 cells each, half of them cached. */
static struct lab_view *make_view(enum lab_phase phase, enum lane_state lane_state)
{
	static const enum transfer_mode modes[NR_LANES] = { MODE_TRADITIONAL, MODE_DIRECT,
							    MODE_MMAP_WRITE, MODE_SENDFILE };
	struct lab_view *view = lab_view_new();

	view->phase = phase;
	view->size_bytes = 256 * MIB;
	view->pace_bytes_per_s = 64 * MIB;
	view->nr_lanes = NR_LANES;
	for (int i = 0; i < NR_LANES; i++) {
		struct lane_view *lane = &view->lanes[i];

		lane->setup.mode = modes[i];
		lane->state = lane_state;
		lane->size_bytes = 256 * MIB;
		lane->sent_bytes = 128 * MIB;
		lane->rate_bytes_per_s = 64 * MIB;
		lane->elapsed_ns = UINT64_C(2000000000);
		lane->start_verified = true;
		lane->start_pages = 65536;
		lane->sender = (struct lane_side){ .pid = 100 + i,
						   .user_ns = 12500000,
						   .system_ns = 62500000,
						   .cpu_ns = 75000000,
						   .minflt = 1234,
						   .majflt = 7,
						   .calls = 4096 };
		lane->sink = (struct lane_side){ .pid = 200 + i,
						 .system_ns = 25000000,
						 .cpu_ns = 25000000 };
		fill_cache(&lane->cache, 64, 32);
	}
	return view;
}

/* A screen that shows the view, which it takes over. */
static struct screen *show(struct lab_view *view)
{
	struct screen *screen = screen_lab_new();

	screen_lab_set_view(screen, view);
	lab_view_unref(view);
	return screen;
}

static struct canvas *draw(struct screen *screen, int columns, int rows, const struct theme *theme)
{
	struct canvas *canvas = canvas_new(columns, rows);

	screen->ops->draw(screen, canvas, theme, 0);
	return canvas;
}

/* The first line that holds the text, or -1. */
static int find_line(const struct canvas *canvas, const char *text)
{
	for (int y = 0; y < canvas_rows(canvas); y++) {
		char *line = canvas_line(canvas, y);
		bool found = strstr(line, text) != NULL;

		free(line);
		if (found)
			return y;
	}
	return -1;
}

static void expect(const struct canvas *canvas, const char *text)
{
	if (find_line(canvas, text) < 0)
		fail_msg("\"%s\" is not on the screen", text);
}

static const struct theme ascii = { .palette = PALETTE_DARK, .ascii = true };

static void test_everything_is_there_at_every_size(void **state)
{
	static const int sizes[][2] = {
		{ 80, 24 }, { 80, 29 }, { 120, 36 }, { 200, 50 }, { 300, 90 }
	};
	static const char *const texts[] = {
		"pagewalk lab",
		"256 MiB",
		"cold: verified 0 % cached",
		"pace 64 MiB/s",
		"running",
		"traditional",
		"direct",
		"mmap + write",
		"sendfile",
		"page cache",
		"readahead",
		"copy by CPU",
		"same frame",
		"frame reference",
		"socket buffer",
		"network",
		"heap buffer",
		"aligned pool",
		"no user page",
		"cached",
		"dirty",
		"absent",
		"1 cell = ",
		"50 %",
		"2 per byte",
		"0 per byte",
		"4.09k",
		"1.23k min 7 maj",
		"0.60 s/GiB",
		"0.20 s/GiB",
		"64 MiB/s",
		"read(2), write(2)",
		"q quit",
	};

	(void)state;
	for (size_t size = 0; size < sizeof(sizes) / sizeof(sizes[0]); size++) {
		struct screen *screen = show(make_view(LAB_RUNNING, LANE_RUNNING));
		struct canvas *canvas = draw(screen, sizes[size][0], sizes[size][1], &ascii);

		for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
			expect(canvas, texts[i]);
		canvas_free(canvas);
		screen->ops->free(screen);
	}
}

static void test_any_size_is_survived(void **state)
{
	struct theme dense = theme_make(PALETTE_DARK, 256, true);

	(void)state;
	for (int columns = 1; columns < 260; columns += 13) {
		for (int rows = 1; rows < 70; rows += 5) {
			struct screen *screen = show(make_view(LAB_RUNNING, LANE_RUNNING));

			canvas_free(draw(screen, columns, rows, &dense));
			assert_true(screen_lab_wanted_cells(screen, &dense, columns, rows) > 0);
			screen->ops->free(screen);
		}
	}
}

static void test_small_terminals_are_told(void **state)
{
	struct screen *screen = show(make_view(LAB_RUNNING, LANE_RUNNING));
	struct canvas *canvas = draw(screen, 79, 24, &ascii);

	(void)state;
	expect(canvas, "79x24");
	expect(canvas, "needs 80x24");
	canvas_free(canvas);
	canvas = draw(screen, 1, 1, &ascii);
	assert_int_equal(find_line(canvas, "~"), 0);
	canvas_free(canvas);
	screen->ops->free(screen);
}

static char *map_line(const struct canvas *canvas, int row)
{
	return canvas_line(canvas, find_line(canvas, "page cache") + 1 + row);
}

static void test_map_shows_the_file_by_offset(void **state)
{
	struct screen *screen = show(make_view(LAB_READY, LANE_READY));
	struct canvas *canvas = draw(screen, 80, 24, &ascii);
	char *first = map_line(canvas, 0), *second = map_line(canvas, 1);

	(void)state;
	/* 64 cells in two rows of at most 17: merged by two, 16 in a row. */
	assert_memory_equal(first + 8, "FFFFFFFFFFFFFFFF ", 17);
	assert_memory_equal(second + 8, "................ ", 17);
	expect(canvas, "1 cell = 8 MiB");
	free(first);
	free(second);
	canvas_free(canvas);
	screen->ops->free(screen);
}

static void test_partial_and_dirty_cells_look_so(void **state)
{
	struct lab_view *view = make_view(LAB_READY, LANE_READY);
	struct cache_counts *cells = view->lanes[0].cache.cells;
	struct screen *screen;
	struct canvas *canvas;
	char *line;

	(void)state;
	cells[0].cached = cells[1].cached = 1;                              /* part */
	cells[2].dirty = cells[2].cached, cells[3].dirty = cells[3].cached; /* all dirty */
	cells[4].dirty = 1;                                                 /* a mixture */
	cells[63].cached = 1;                                               /* one page of many */
	screen = show(view);
	canvas = draw(screen, 80, 24, &ascii);
	line = map_line(canvas, 0);
	assert_memory_equal(line + 8, "fD*FFFFF", 8);
	free(line);
	line = map_line(canvas, 1);
	assert_memory_equal(line + 8, "...............f", 16);
	free(line);
	canvas_free(canvas);
	screen->ops->free(screen);
}

static void test_sender_is_marked_while_it_runs(void **state)
{
	struct screen *screen = show(make_view(LAB_RUNNING, LANE_RUNNING));
	struct canvas *canvas = draw(screen, 80, 24, &ascii);
	int y = find_line(canvas, "page cache") + 2;

	(void)state;
	/* Half of the file is sent: the first cell of the second half. */
	assert_true(canvas_at(canvas, 8, y)->attrs & ATTR_REVERSE);
	assert_false(canvas_at(canvas, 9, y)->attrs & ATTR_REVERSE);
	canvas_free(canvas);
	screen->ops->free(screen);

	screen = show(make_view(LAB_DONE, LANE_DONE));
	canvas = draw(screen, 80, 24, &ascii);
	assert_false(canvas_at(canvas, 8, y)->attrs & ATTR_REVERSE);
	canvas_free(canvas);
	screen->ops->free(screen);
}

static void test_new_pages_are_marked(void **state)
{
	struct screen *screen = show(make_view(LAB_RUNNING, LANE_RUNNING));
	struct lab_view *view = make_view(LAB_RUNNING, LANE_RUNNING);
	struct canvas *canvas;
	int y;

	(void)state;
	view->lanes[0].cache.cells[40].cached = 5;
	screen_lab_set_view(screen, view);
	lab_view_unref(view);
	canvas = draw(screen, 80, 24, &ascii);
	y = find_line(canvas, "page cache") + 2;
	assert_true(canvas_at(canvas, 8 + 4, y)->attrs & ATTR_UNDERLINE);
	assert_false(canvas_at(canvas, 8 + 5, y)->attrs & ATTR_UNDERLINE);
	canvas_free(canvas);
	screen->ops->free(screen);
}

static void test_unknown_is_not_zero(void **state)
{
	struct lab_view *view = make_view(LAB_RUNNING, LANE_RUNNING);
	struct screen *screen;
	struct canvas *canvas;
	char *line;
	int y;

	(void)state;
	view->lanes[0].sender.why = WHY_DENIED;
	view->lanes[0].cache.why = WHY_UNSUPPORTED;
	screen = show(view);
	canvas = draw(screen, 80, 24, &ascii);
	line = map_line(canvas, 0);
	assert_memory_equal(line + 8, "?????????????????", 17);
	free(line);
	y = find_line(canvas, " calls");
	assert_int_equal(canvas_at(canvas, 8, y)->ch, '?');
	assert_int_equal(canvas_at(canvas, 8, y + 1)->ch, '?');
	assert_int_equal(canvas_at(canvas, 8, y + 2)->ch, '?');
	/* The sink's figures are known all the same. */
	assert_int_equal(canvas_at(canvas, 8, y + 3)->ch, '0');
	canvas_free(canvas);
	canvas = draw(screen, 200, 50, &ascii);
	expect(canvas, "the sender's figures: denied");
	expect(canvas, "The file's map: unsupported");
	canvas_free(canvas);
	screen->ops->free(screen);
}

static void test_nothing_moves_when_figures_grow(void **state)
{
	struct lab_view *view = make_view(LAB_RUNNING, LANE_RUNNING);
	struct screen *screen = show(make_view(LAB_RUNNING, LANE_RUNNING));
	struct canvas *before = draw(screen, 80, 24, &ascii), *after;

	(void)state;
	for (size_t i = 0; i < view->nr_lanes; i++) {
		view->lanes[i].sender.calls = UINT64_MAX;
		view->lanes[i].sender.minflt = view->lanes[i].sender.majflt = UINT64_MAX;
		view->lanes[i].sender.cpu_ns = UINT64_MAX / 2;
		view->lanes[i].rate_bytes_per_s = UINT64_MAX;
	}
	screen_lab_set_view(screen, view);
	lab_view_unref(view);
	after = draw(screen, 80, 24, &ascii);
	for (int y = 1; y < 21; y++)
		for (int lane = 1; lane < NR_LANES; lane++)
			assert_int_equal(canvas_at(before, 8 + lane * 18 - 1, y)->ch,
					 canvas_at(after, 8 + lane * 18 - 1, y)->ch);
	canvas_free(before);
	canvas_free(after);
	screen->ops->free(screen);
}

static void test_results_and_failures(void **state)
{
	struct lab_view *view = make_view(LAB_DONE, LANE_DONE);
	struct screen *screen;
	struct canvas *canvas;

	(void)state;
	view->lanes[0].hash_state = HASH_EQUAL;
	view->lanes[1].hash_state = HASH_DIFFERS;
	view->lanes[2].state = LANE_FAILED;
	strcpy(view->lanes[2].error, "the sink went away");
	screen = show(view);
	canvas = draw(screen, 80, 24, &ascii);
	expect(canvas, "done, hash equal");
	expect(canvas, "done, hash WRONG");
	expect(canvas, "failed");
	expect(canvas, "the sink went");
	canvas_free(canvas);
	screen->ops->free(screen);
}

static void test_preparing_shows_progress(void **state)
{
	struct lab_view *view = make_view(LAB_PREPARING, LANE_PREPARING);
	struct screen *screen;
	struct canvas *canvas;

	(void)state;
	strcpy(view->doing, "writing file 2 of 4");
	view->prepared_bytes = 512 * MIB;
	view->prepare_total_bytes = 1024 * MIB;
	for (size_t i = 0; i < view->nr_lanes; i++) {
		view->lanes[i].start_verified = false;
		view->lanes[i].sender.pid = 0;
	}
	screen = show(view);
	canvas = draw(screen, 80, 24, &ascii);
	expect(canvas, "Preparing: writing file 2 of 4");
	expect(canvas, "512M of 1.00G");
	expect(canvas, "cold: not verified yet");
	assert_int_equal(canvas_at(canvas, 8, find_line(canvas, " calls"))->ch, '-');
	canvas_free(canvas);
	screen->ops->free(screen);
}

static void test_no_view_and_no_lab(void **state)
{
	struct screen *screen = screen_lab_new();
	struct canvas *canvas = draw(screen, 80, 24, &ascii);
	struct lab_view *view = lab_view_new();

	(void)state;
	expect(canvas, "Starting the lab");
	canvas_free(canvas);
	view->phase = LAB_FAILED;
	strcpy(view->error, "no space left in /var/tmp");
	screen_lab_set_view(screen, view);
	lab_view_unref(view);
	canvas = draw(screen, 80, 24, &ascii);
	expect(canvas, "The lab cannot run: no space left in /var/tmp");
	canvas_free(canvas);
	screen->ops->free(screen);
}

static struct action press(struct screen *screen, uint32_t key)
{
	struct ui_event event = { .key = key };

	return screen->ops->event(screen, &event);
}

static void expect_command(struct action action, enum lab_command command, uint64_t arg)
{
	assert_int_equal(action.kind, ACTION_LAB);
	assert_int_equal(action.lab_command, command);
	assert_int_equal(action.arg, arg);
}

static void test_keys_command_the_lab(void **state)
{
	struct screen *screen = show(make_view(LAB_RUNNING, LANE_RUNNING));

	(void)state;
	expect_command(press(screen, ' '), LAB_CMD_PAUSE, 0);
	expect_command(press(screen, 'c'), LAB_CMD_RESTART, LAB_COLD);
	expect_command(press(screen, 'h'), LAB_CMD_RESTART, LAB_HOT);
	expect_command(press(screen, '+'), LAB_CMD_PACE, 128 * MIB);
	/* Each key counts from the one before, not from a view that lags behind. */
	expect_command(press(screen, '-'), LAB_CMD_PACE, 64 * MIB);
	expect_command(press(screen, '-'), LAB_CMD_PACE, 32 * MIB);
	expect_command(press(screen, 'f'), LAB_CMD_PACE, 0);
	assert_int_equal(press(screen, 'q').kind, ACTION_QUIT);
	assert_int_equal(press(screen, '?').kind, ACTION_HELP);
	screen->ops->free(screen);

	screen = show(make_view(LAB_PAUSED, LANE_PAUSED));
	expect_command(press(screen, ' '), LAB_CMD_START, 0);
	expect_command(press(screen, 's'), LAB_CMD_STEP, 0);
	expect_command(press(screen, 'a'), LAB_CMD_STEP, LAB_ALL_LANES);
	screen->ops->free(screen);
}

static void test_pace_ends(void **state)
{
	struct lab_view *view = make_view(LAB_RUNNING, LANE_RUNNING);
	struct screen *screen;

	(void)state;
	view->pace_bytes_per_s = 0;
	screen = show(view);
	assert_int_equal(press(screen, '+').kind, ACTION_NONE);
	assert_int_equal(press(screen, 'f').kind, ACTION_NONE);
	expect_command(press(screen, '-'), LAB_CMD_PACE, 1024 * MIB);
	screen->ops->free(screen);

	view = make_view(LAB_RUNNING, LANE_RUNNING);
	view->pace_bytes_per_s = 4096 * MIB;
	screen = show(view);
	expect_command(press(screen, '+'), LAB_CMD_PACE, 0);
	screen->ops->free(screen);

	view = make_view(LAB_RUNNING, LANE_RUNNING);
	view->pace_bytes_per_s = MIB;
	screen = show(view);
	assert_int_equal(press(screen, '-').kind, ACTION_NONE);
	screen->ops->free(screen);
}

static void test_lanes_are_chosen_and_opened(void **state)
{
	struct screen *screen = show(make_view(LAB_RUNNING, LANE_RUNNING));
	struct ui_event click = { .key = KEY_UI_CLICK, .x = 8 + 2 * 18 + 3, .y = 5 };

	(void)state;
	assert_int_equal(press(screen, KEY_UI_ENTER).pid, 100);
	assert_int_equal(press(screen, KEY_UI_LEFT).kind, ACTION_NONE);
	press(screen, KEY_UI_RIGHT);
	assert_int_equal(press(screen, KEY_UI_ENTER).pid, 101);
	press(screen, KEY_UI_BACK_TAB);
	press(screen, KEY_UI_BACK_TAB);
	assert_int_equal(press(screen, KEY_UI_ENTER).pid, 103);
	press(screen, KEY_UI_TAB);
	assert_int_equal(press(screen, KEY_UI_ENTER).pid, 100);
	canvas_free(draw(screen, 80, 24, &ascii));
	screen->ops->event(screen, &click);
	assert_int_equal(press(screen, KEY_UI_ENTER).pid, 102);
	screen->ops->free(screen);
}

static bool is_offered(struct screen *screen, const char *keys)
{
	struct key_row rows[32];
	size_t nr = screen->ops->keys(screen, rows, 32);

	for (size_t i = 0; i < nr; i++)
		if (!strcmp(rows[i].keys, keys))
			return true;
	return false;
}

static void test_what_does_not_apply_is_not_offered(void **state)
{
	struct screen *screen = show(make_view(LAB_RUNNING, LANE_RUNNING));

	(void)state;
	assert_true(is_offered(screen, "Enter"));
	assert_true(is_offered(screen, "Space"));
	screen->ops->free(screen);

	screen = show(make_view(LAB_DONE, LANE_DONE));
	/* A sender that is done waits to be looked at. */
	assert_true(is_offered(screen, "Enter"));
	assert_false(is_offered(screen, "Space"));
	assert_true(is_offered(screen, "c"));
	assert_int_equal(press(screen, KEY_UI_ENTER).kind, ACTION_OPEN_PID);
	assert_int_equal(press(screen, ' ').kind, ACTION_NONE);
	screen->ops->free(screen);

	screen = show(make_view(LAB_PREPARING, LANE_PREPARING));
	assert_false(is_offered(screen, "c"));
	assert_int_equal(press(screen, 'c').kind, ACTION_NONE);
	screen->ops->free(screen);
}

static void test_more_lanes_than_fit_scroll(void **state)
{
	struct lab_view *view = make_view(LAB_RUNNING, LANE_RUNNING);
	struct screen *screen;
	struct canvas *canvas;

	(void)state;
	view->nr_lanes = 6;
	for (size_t i = 4; i < 6; i++) {
		view->lanes[i].setup.mode = MODE_SENDFILE;
		view->lanes[i].size_bytes = 256 * MIB;
		fill_cache(&view->lanes[i].cache, 64, 10);
	}
	screen = show(view);
	canvas = draw(screen, 80, 24, &ascii);
	expect(canvas, "traditional");
	canvas_free(canvas);
	for (int i = 0; i < 5; i++)
		press(screen, KEY_UI_RIGHT);
	canvas = draw(screen, 80, 24, &ascii);
	assert_int_equal(find_line(canvas, "traditional"), -1);
	expect(canvas, "sendfile: sendfile(2)");
	canvas_free(canvas);
	screen->ops->free(screen);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_everything_is_there_at_every_size),
		cmocka_unit_test(test_any_size_is_survived),
		cmocka_unit_test(test_small_terminals_are_told),
		cmocka_unit_test(test_map_shows_the_file_by_offset),
		cmocka_unit_test(test_partial_and_dirty_cells_look_so),
		cmocka_unit_test(test_sender_is_marked_while_it_runs),
		cmocka_unit_test(test_new_pages_are_marked),
		cmocka_unit_test(test_unknown_is_not_zero),
		cmocka_unit_test(test_nothing_moves_when_figures_grow),
		cmocka_unit_test(test_results_and_failures),
		cmocka_unit_test(test_preparing_shows_progress),
		cmocka_unit_test(test_no_view_and_no_lab),
		cmocka_unit_test(test_keys_command_the_lab),
		cmocka_unit_test(test_pace_ends),
		cmocka_unit_test(test_lanes_are_chosen_and_opened),
		cmocka_unit_test(test_what_does_not_apply_is_not_offered),
		cmocka_unit_test(test_more_lanes_than_fit_scroll),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
