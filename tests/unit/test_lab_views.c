/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What screen 6 has besides its lanes, from made-up views: the list of modes, lanes out of
 * sight, the proof and the last step of a lane, and the chart of a measurement.
 */
#include "base/xalloc.h"
#include "model/bench.h"
#include "ui/screen_lab.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MIB (UINT64_C(1) << 20)
#define GIB (1024.0 * 1024 * 1024)

static const struct theme ascii = { .palette = PALETTE_DARK, .ascii = true };

/* All modes that go into a socket, paused, each proved as copied but for sendfile. */
static struct lab_view *make_view(enum lab_phase phase, size_t nr_lanes)
{
	struct lab_view *view = lab_view_new();

	view->phase = phase;
	view->size_bytes = 64 * MIB;
	view->pace_bytes_per_s = 64 * MIB;
	view->nr_lanes = nr_lanes;
	view->proved = true;
	for (int i = 0; i < NR_MODE; i++) {
		view->proofs[i].mode = (enum transfer_mode)i;
		view->proofs[i].verdict = i == MODE_SENDFILE ? PROOF_SHARED : PROOF_COPIED;
		strcpy(view->proofs[i].evidence, "overwritten: some bytes arrived");
	}
	for (size_t i = 0; i < nr_lanes; i++) {
		struct lane_view *lane = &view->lanes[i];

		lane->setup.mode = (enum transfer_mode)i;
		lane->state = LANE_PAUSED;
		lane->size_bytes = 64 * MIB;
		lane->cache.why = lane->cache.why_states = WHY_NOT_ASKED;
	}
	return view;
}

static struct screen *show(struct lab_view *view)
{
	struct screen *screen = screen_lab_new();

	screen_lab_set_view(screen, view);
	lab_view_unref(view);
	return screen;
}

/* The whole screen as one text; the caller frees it. */
static char *draw(struct screen *screen, int columns, int rows)
{
	struct canvas *canvas = canvas_new(columns, rows);
	char *text = xstrdup("");

	screen->ops->draw(screen, canvas, &ascii, 0);
	for (int y = 0; y < rows; y++) {
		char *line = canvas_line(canvas, y), *longer = xasprintf("%s%s\n", text, line);

		free(line);
		free(text);
		text = longer;
	}
	canvas_free(canvas);
	return text;
}

static void expect_at(struct screen *screen, int columns, int rows, const char *wanted, bool there)
{
	char *text = draw(screen, columns, rows);

	if ((strstr(text, wanted) != NULL) != there)
		fail_msg("\"%s\" is%s on the screen of %dx%d:\n%s", wanted, there ? " not" : "",
			 columns, rows, text);
	free(text);
}

static void expect(struct screen *screen, const char *wanted)
{
	expect_at(screen, 80, 24, wanted, true);
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

#define BIT(mode) (UINT64_C(1) << (mode))

static void test_modes_are_chosen(void **state)
{
	struct screen *screen = show(make_view(LAB_READY, 2));

	(void)state;
	press(screen, 'l');
	expect(screen, "Which modes have a lane");
	expect(screen, "[x] heap array");
	expect(screen, "[ ] sendfile");
	expect(screen, "overwritten: some bytes arrived.");
	/* From traditional four down, to sendfile; and heap is given up. */
	press(screen, KEY_UI_DOWN);
	press(screen, ' ');
	for (int i = 0; i < 3; i++)
		press(screen, KEY_UI_DOWN);
	press(screen, ' ');
	expect(screen, "[ ] heap array");
	expect(screen, "[x] sendfile");
	expect_command(press(screen, KEY_UI_ENTER), LAB_CMD_MODES,
		       BIT(MODE_TRADITIONAL) | BIT(MODE_SENDFILE));
	expect_at(screen, 80, 24, "Which modes", false);
	screen->ops->free(screen);
}

static void test_a_choice_can_be_left(void **state)
{
	struct screen *screen = show(make_view(LAB_READY, 1));

	(void)state;
	press(screen, 'l');
	press(screen, ' ');
	/* With nothing ticked there is nothing to apply. */
	expect(screen, "Tick at least one");
	assert_int_equal(press(screen, KEY_UI_ENTER).kind, ACTION_NONE);
	expect(screen, "Which modes");
	assert_int_equal(press(screen, KEY_UI_ESCAPE).kind, ACTION_REDRAW);
	expect_at(screen, 80, 24, "Which modes", false);
	press(screen, 'l');
	expect(screen, "[x] traditional");
	screen->ops->free(screen);
}

static void test_what_cannot_run_says_why_and_cannot_be_ticked(void **state)
{
	struct lab_view *view = make_view(LAB_READY, 1);
	struct screen *screen;

	(void)state;
	view->proofs[MODE_URING].unavailable = true;
	strcpy(view->proofs[MODE_URING].evidence, "unavailable: io_uring is switched off");
	screen = show(view);
	press(screen, 'l');
	expect(screen, "cannot run here: io_uring is switched off");
	/* Into a socket there is no copy from file to file, whatever the machine can do. */
	expect(screen, "copy range        cannot run here: ");
	for (int i = 0; i < MODE_URING; i++)
		press(screen, KEY_UI_DOWN);
	assert_int_equal(press(screen, ' ').kind, ACTION_NONE);
	expect(screen, "[ ] io_uring ");
	press(screen, 'a');
	expect_command(press(screen, KEY_UI_ENTER), LAB_CMD_MODES,
		       (BIT(NR_MODE) - 1) & ~BIT(MODE_URING) & ~BIT(MODE_COPY_FILE_RANGE));
	screen->ops->free(screen);
}

static void test_lanes_out_of_sight_are_counted(void **state)
{
	struct screen *screen = show(make_view(LAB_PAUSED, 10));

	(void)state;
	expect(screen, "    6> >traditional");
	expect_at(screen, 80, 24, "sendfile", false);
	for (int i = 0; i < 4; i++)
		press(screen, KEY_UI_RIGHT);
	expect(screen, "<1  5>");
	expect(screen, ">sendfile");
	/* Going back moves the choice, not the lanes, while it is in sight. */
	press(screen, KEY_UI_LEFT);
	expect(screen, "<1  5>");
	expect(screen, ">mmap + write");
	for (int i = 0; i < 6; i++)
		press(screen, KEY_UI_RIGHT);
	expect(screen, "<6");
	expect(screen, ">O_DIRECT");
	expect_at(screen, 80, 24, "0>", false);
	/* Where all fit, none is counted. */
	expect_at(screen, 220, 50, "traditional", true);
	expect_at(screen, 220, 50, "<", false);
	screen->ops->free(screen);
}

static void test_the_proof_stands_beside_its_lane(void **state)
{
	struct lab_view *view = make_view(LAB_PAUSED, 5);
	struct screen *screen;

	(void)state;
	view->proofs[MODE_HEAP].verdict = PROOF_UNKNOWN;
	screen = show(view);
	expect(screen, "2 per byte copied");
	expect(screen, "4 per byte ?");
	for (int i = 0; i < 4; i++)
		press(screen, KEY_UI_RIGHT);
	expect(screen, "0 per byte shared");
	expect_at(screen, 120, 36, "page in socket copied", true);
	screen->ops->free(screen);

	view = make_view(LAB_PAUSED, 5);
	view->proved = false;
	screen = show(view);
	expect_at(screen, 80, 24, "per byte copied", false);
	screen->ops->free(screen);
}

static void set_step(struct lane_step *step)
{
	*step = (struct lane_step){ .nr = 3,
				    .last = true,
				    .moved_bytes = 65536,
				    .calls = 2,
				    .copied_bytes = 131072,
				    .minflt = 16,
				    .majflt = 1,
				    .queued_bytes = 32768,
				    .cached_before_pages = 64,
				    .cached_pages = 96,
				    .received_bytes = 49152 };
}

static void test_a_step_says_what_moved_where(void **state)
{
	struct lab_view *view = make_view(LAB_PAUSED, 2);
	struct screen *screen;

	(void)state;
	set_step(&view->lanes[0].step);
	screen = show(view);
	expect(screen, "traditional, step 3: 64.0K by 2 calls; page cache 64 to 96 pages; user");
	expect(screen, "128K copied, 17 faults; socket 32.0K at return; sink +48.0K.");
	expect_at(screen, 120, 36, "3: 64.0K", true);
	expect_at(screen, 120, 36, "+32, now 96", true);
	expect_at(screen, 120, 36, "128K, 17 flt", true);
	expect_at(screen, 120, 36, "+48.0K", true);
	screen->ops->free(screen);

	/* What is not known is no 0. */
	view = make_view(LAB_PAUSED, 2);
	set_step(&view->lanes[0].step);
	view->lanes[0].step.why_cache = WHY_DENIED;
	view->lanes[0].step.why_queued = WHY_UNSUPPORTED;
	screen = show(view);
	expect(screen, "page cache ? (");
	expect(screen, "socket ? (");
	expect_at(screen, 80, 24, "32.0K", false);
	screen->ops->free(screen);

	/* While it is under way nothing is said of what it moved. */
	view = make_view(LAB_PAUSED, 2);
	view->lanes[0].step = (struct lane_step){ .nr = 1, .pending = true, .last = true };
	screen = show(view);
	expect(screen, "step 1 is under way");
	screen->ops->free(screen);
}

/* A benchmark of traditional, its control and sendfile, with so many rounds. */
static struct bench *make_bench(unsigned rounds)
{
	static const enum transfer_mode modes[] = { MODE_TRADITIONAL, MODE_TRADITIONAL,
						    MODE_SENDFILE, MODE_URING };
	struct bench *bench = bench_new();

	bench->config.rounds = rounds;
	bench->nr_lanes = 4;
	bench->lanes = xcalloc(bench->nr_lanes, sizeof(*bench->lanes));
	for (size_t i = 0; i < bench->nr_lanes; i++) {
		bench->lanes[i].mode = modes[i];
		bench->lanes[i].control = i == 1;
	}
	for (unsigned round = 1; round <= rounds; round++)
		for (size_t i = 0; i < bench->nr_lanes; i++) {
			struct bench_result *result = bench_add_result(bench);
			uint64_t t_ns = i == 2 ? 250000000 : 500000000;

			result->lane = i;
			result->round = round;
			if (i == 3) {
				result->state = BENCH_UNAVAILABLE;
				strcpy(result->error, "io_uring is switched off");
				continue;
			}
			result->bytes = (uint64_t)GIB;
			result->elapsed_ns = t_ns + round;
			result->sender.known = result->sink.known = true;
			result->sender.system_ns = t_ns + round;
		}
	bench_summarize(bench);
	return bench;
}

static struct lab_view *make_measured(enum lab_phase phase, enum measure_state state,
				      unsigned rounds)
{
	struct bench *bench = make_bench(rounds);
	struct lab_view *view = make_view(phase, 5);

	view->measure.state = state;
	view->measure.start = LAB_HOT;
	view->measure.rounds = 9;
	view->measure.nr_rounds_kept = rounds;
	lab_measure_take(&view->measure, bench);
	bench_free(bench);
	return view;
}

static void test_the_chart_compares_medians(void **state)
{
	struct screen *screen = show(make_measured(LAB_MEASURED, MEASURE_DONE, 9));

	(void)state;
	expect(screen, "Measured, files hot: 9 rounds");
	expect(screen, "2.00");
	expect(screen, "4.00");
	expect(screen, "0.50 0.50-0.50  less");
	expect(screen, "noise");
	expect(screen, "io_uring is switched off");
	expect_at(screen, 140, 36, "time to traditional", true);
	press(screen, KEY_UI_DOWN);
	expect(screen, "control is traditional once more, its ratio is the noise");
	press(screen, KEY_UI_DOWN);
	expect(screen, "sendfile: 4.00 GiB/s (quartiles 4.00 to 4.00) in 9 rounds");
	screen->ops->free(screen);
}

/* Figures of every length keep to their columns. */
static void test_a_ratio_of_two_digits_has_its_column(void **state)
{
	struct lab_view *view = make_measured(LAB_MEASURED, MEASURE_DONE, 9);
	struct screen *screen;

	(void)state;
	view->measure.bars[2].wall_ratio =
		(struct interval){ .median = 26.63, .low = 1.67, .high = 136.2 };
	screen = show(view);
	expect_at(screen, 140, 36, "26.6 1.67-136   ", true);
	screen->ops->free(screen);
}

/* A high window is used: thicker bars, the rounds themselves, what the sender did. */
static void test_the_chart_fills_a_high_window(void **state)
{
	struct screen *screen = show(make_measured(LAB_MEASURED, MEASURE_DONE, 9));
	char *text = draw(screen, 200, 50), *last = NULL;
	int lines = 0;

	(void)state;
	for (char *at = strstr(text, "  sender"); at; at = strstr(at + 1, "  sender"))
		last = at;
	assert_non_null(last);
	for (char *at = text; at < last; at++)
		lines += *at == '\n';
	assert_true(lines > 25);
	/* All nine rounds of a lane lay in one place. */
	expect_at(screen, 200, 50, "rounds", true);
	assert_non_null(strstr(strstr(text, "rounds  "), "9"));
	expect_at(screen, 200, 50, "copies 0.0 per byte", true);
	expect_at(screen, 80, 24, "copies 0.0 per byte", false);
	free(text);
	screen->ops->free(screen);
}

static void test_too_few_rounds_judge_nothing(void **state)
{
	struct screen *screen = show(make_measured(LAB_MEASURED, MEASURE_STOPPED, 2));

	(void)state;
	expect(screen, "Stopped, files hot: 2 whole rounds");
	expect_at(screen, 80, 24, "less", false);
	expect_at(screen, 140, 36, "too few rounds", true);
	screen->ops->free(screen);
}

static void test_keys_of_measuring(void **state)
{
	struct lab_view *view = make_measured(LAB_MEASURING, MEASURE_RUNNING, 3);
	struct screen *screen;

	(void)state;
	strcpy(view->measure.doing, "round");
	strcpy(view->measure.lane, "sendfile");
	view->measure.round = 4;
	screen = show(view);
	expect(screen, "Measuring, files hot: round 4 of 9: sendfile");
	expect(screen, "Esc stop");
	expect_command(press(screen, KEY_UI_ESCAPE), LAB_CMD_STOP, 0);
	expect_command(press(screen, 'm'), LAB_CMD_WATCH, 0);
	expect_command(press(screen, 'c'), LAB_CMD_MEASURE, LAB_COLD);
	assert_int_equal(press(screen, 'q').kind, ACTION_QUIT);
	/* No lane runs: nothing of theirs applies. */
	assert_int_equal(press(screen, ' ').kind, ACTION_NONE);
	assert_int_equal(press(screen, KEY_UI_ENTER).kind, ACTION_NONE);
	screen->ops->free(screen);

	screen = show(make_measured(LAB_MEASURED, MEASURE_DONE, 9));
	expect_command(press(screen, KEY_UI_ESCAPE), LAB_CMD_WATCH, 0);
	screen->ops->free(screen);
	screen = show(make_view(LAB_PAUSED, 2));
	expect_command(press(screen, 'm'), LAB_CMD_MEASURE, LAB_HOT);
	screen->ops->free(screen);
	screen = show(make_view(LAB_PREPARING, 2));
	assert_int_equal(press(screen, 'm').kind, ACTION_NONE);
	screen->ops->free(screen);
}

/* Nothing of it depends on a view that has bars, or on the size. */
static void test_views_are_drawn_at_every_size(void **state)
{
	static const int sizes[][2] = { { 79, 23 }, { 80, 24 }, { 100, 30 }, { 300, 90 } };
	struct lab_view *empty = make_view(LAB_MEASURING, 1);

	(void)state;
	empty->measure.state = MEASURE_RUNNING;
	for (int which = 0; which < 3; which++) {
		struct lab_view *view = which == 0   ? lab_view_ref(empty)
					: which == 1 ? make_measured(LAB_MEASURED, MEASURE_DONE, 9)
						     : make_view(LAB_READY, NR_MODE - 1);
		struct screen *screen = show(view);

		if (which == 2)
			press(screen, 'l');
		for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
			free(draw(screen, sizes[i][0], sizes[i][1]));
		screen->ops->free(screen);
	}
	lab_view_unref(empty);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_modes_are_chosen),
		cmocka_unit_test(test_a_choice_can_be_left),
		cmocka_unit_test(test_what_cannot_run_says_why_and_cannot_be_ticked),
		cmocka_unit_test(test_lanes_out_of_sight_are_counted),
		cmocka_unit_test(test_the_proof_stands_beside_its_lane),
		cmocka_unit_test(test_a_step_says_what_moved_where),
		cmocka_unit_test(test_the_chart_compares_medians),
		cmocka_unit_test(test_a_ratio_of_two_digits_has_its_column),
		cmocka_unit_test(test_the_chart_fills_a_high_window),
		cmocka_unit_test(test_too_few_rounds_judge_nothing),
		cmocka_unit_test(test_keys_of_measuring),
		cmocka_unit_test(test_views_are_drawn_at_every_size),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
