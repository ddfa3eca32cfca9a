/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What screen 6 can tell the lab besides start and pause, with real actors: a single step
 * moves exactly one buffer in every mode, lanes come and go, and a measurement ends as it was
 * asked to, leaving nothing behind (fixture_teardown()).
 */
#include "base/clock.h"
#include "base/why.h"
#include "lab_drive.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* No multiple of any mode's buffer, so that the last step is a short one. */
#define SIZE_BYTES (3 * MIB + 12345)
#define PACE       (64 * MIB)

static unsigned awaited_step;

static bool has_stepped(const struct lab_view *view)
{
	const struct lane_view *lane = &view->lanes[0];

	if (view->phase == LAB_FAILED)
		fail_msg("the lab failed: %s", view->error);
	return lane_state_is_final(lane->state) ||
	       (lane->step.nr == awaited_step && !lane->step.pending &&
		lane->step.received_bytes == lane->step.moved_bytes);
}

static bool is_unavailable(const struct lane_view *lane)
{
	if (lane->state != LANE_UNAVAILABLE)
		return false;
	print_message("%s cannot run here: %s\n", mode_info(lane->setup.mode)->key, lane->error);
	return true;
}

/* Steps the lane once; the view in which all that it moved has been received. */
static struct lab_view *step_once(struct fixture *fixture)
{
	awaited_step++;
	lab_command(fixture->lab, LAB_CMD_STEP, 0);
	return drive_await(fixture, has_stepped);
}

static void start_standing(struct fixture *fixture, enum transfer_mode mode, enum sink_kind sink,
			   enum lab_start start, uint64_t pace_bytes_per_s)
{
	struct lab_config config = drive_config(fixture, mode, sink, SIZE_BYTES);

	config.start_at_once = false;
	config.start = start;
	config.pace_bytes_per_s = pace_bytes_per_s;
	awaited_step = 0;
	drive_start(fixture, &config);
}

static bool is_ready_or_done(const struct lab_view *view)
{
	return view->phase == LAB_READY || view->phase == LAB_DONE;
}

/* To the end of the file in steps; each is one buffer, or what is left. */
static void step_through(struct fixture *fixture, enum transfer_mode mode, enum sink_kind sink)
{
	struct lab_view *view;
	uint64_t buffer_bytes, sent_bytes = 0;

	start_standing(fixture, mode, sink, LAB_HOT, PACE);
	view = drive_await(fixture, is_ready_or_done);
	if (is_unavailable(&view->lanes[0])) {
		lab_view_unref(view);
		drive_end(fixture);
		return;
	}
	buffer_bytes = view->lanes[0].buffer_bytes;
	assert_true(buffer_bytes > 0 && buffer_bytes < SIZE_BYTES);
	while (sent_bytes + buffer_bytes < SIZE_BYTES) {
		const struct lane_view *lane;

		lab_view_unref(view);
		view = step_once(fixture);
		lane = &view->lanes[0];
		assert_int_equal(lane->step.moved_bytes, buffer_bytes);
		assert_int_equal(lane->sent_bytes, sent_bytes + buffer_bytes);
		assert_int_equal(lane->received_bytes, sent_bytes + buffer_bytes);
		assert_int_equal(lane->state, LANE_PAUSED);
		assert_true(lane->step.calls > 0);
		assert_int_equal(lane->step.why_cache, WHY_OK);
		sent_bytes += buffer_bytes;
	}
	lab_view_unref(view);
	/* The last one is shorter, and with it the lane is done. */
	lab_command(fixture->lab, LAB_CMD_STEP, 0);
	view = drive_await(fixture, drive_is_done);
	assert_int_equal(view->lanes[0].step.moved_bytes, SIZE_BYTES - sent_bytes);
	drive_assert_right(&view->lanes[0]);
	lab_view_unref(view);
	drive_end(fixture);
}

static void test_a_step_is_one_buffer_in_every_mode(void **state)
{
	for (int mode = 0; mode < NR_MODE; mode++)
		if (!mode_info((enum transfer_mode)mode)->file_to_file)
			step_through(*state, (enum transfer_mode)mode, SINK_MEMORY);
}

static void test_a_step_into_an_af_unix_socket(void **state)
{
	step_through(*state, MODE_TRADITIONAL, SINK_UNIX);
	step_through(*state, MODE_SENDFILE, SINK_UNIX);
}

/* What has no buffer of its own moves as little at full speed as at a pace. */
static void test_a_step_at_full_speed_is_small(void **state)
{
	struct fixture *fixture = *state;
	struct lab_view *view;

	start_standing(fixture, MODE_SENDFILE, SINK_MEMORY, LAB_HOT, 0);
	lab_view_unref(drive_await(fixture, drive_is_ready));
	view = step_once(fixture);
	assert_int_equal(view->lanes[0].step.moved_bytes, 1 * MIB);
	assert_int_equal(view->lanes[0].step.copied_bytes, 0);
	lab_view_unref(view);
	/* And it goes on at full speed from there. */
	lab_command(fixture->lab, LAB_CMD_START, 0);
	view = drive_await(fixture, drive_is_done);
	drive_assert_right(&view->lanes[0]);
	lab_view_unref(view);
}

static void test_a_step_into_a_file(void **state)
{
	struct fixture *fixture = *state;
	struct lab_view *view;

	start_standing(fixture, MODE_COPY_FILE_RANGE, SINK_DISK, LAB_HOT, PACE);
	view = drive_await(fixture, is_ready_or_done);
	if (!is_unavailable(&view->lanes[0])) {
		uint64_t left_bytes = SIZE_BYTES;

		/* Nothing of it comes through the socket: only the end is awaited. */
		for (int i = 0; left_bytes; i++) {
			left_bytes -= left_bytes < MIB ? left_bytes : MIB;
			lab_command(fixture->lab, LAB_CMD_STEP, 0);
		}
		lab_view_unref(view);
		view = drive_await(fixture, drive_is_done);
		assert_int_equal(view->lanes[0].step.nr, 4);
		assert_int_equal(view->lanes[0].step.moved_bytes, SIZE_BYTES - 3 * MIB);
		drive_assert_right(&view->lanes[0]);
	}
	lab_view_unref(view);
}

/* A cold file comes into the page cache by the step, through user memory by two copies. */
static void test_a_step_shows_where_it_moved(void **state)
{
	struct fixture *fixture = *state;
	uint64_t page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
	struct lab_view *view;
	const struct lane_step *step;
	bool cold;

	start_standing(fixture, MODE_TRADITIONAL, SINK_MEMORY, LAB_COLD, PACE);
	view = drive_await(fixture, drive_is_ready);
	cold = view->lanes[0].start_verified;
	lab_view_unref(view);
	view = step_once(fixture);
	step = &view->lanes[0].step;
	assert_int_equal(step->moved_bytes, 64 * 1024);
	assert_int_equal(step->copied_bytes, 2 * 64 * 1024);
	assert_int_equal(step->calls, 2);
	assert_int_equal(step->why_cache, WHY_OK);
	assert_int_equal(step->why_queued, WHY_OK);
	/* The buffer came from malloc(3) and was never touched before. */
	assert_true(step->minflt + step->majflt >= 64 * 1024 / page_bytes - 1);
	if (cold) {
		assert_int_equal(step->cached_before_pages, 0);
		assert_true(step->cached_pages >= 64 * 1024 / page_bytes);
	}
	lab_view_unref(view);
}

static bool is_paused_in_the_middle(const struct lab_view *view)
{
	return view->phase == LAB_PAUSED;
}

/* A lane that was stopped while it ran goes on by whole buffers. */
static void test_a_step_after_a_pause(void **state)
{
	struct fixture *fixture = *state;
	struct lab_config config = drive_config(fixture, MODE_TRADITIONAL, SINK_MEMORY, 64 * MIB);
	struct lab_view *view;
	uint64_t before_bytes;

	config.pace_bytes_per_s = 8 * MIB;
	awaited_step = 0;
	drive_start(fixture, &config);
	lab_view_unref(drive_await(fixture, drive_is_flowing));
	lab_command(fixture->lab, LAB_CMD_PAUSE, 0);
	lab_view_unref(drive_await(fixture, is_paused_in_the_middle));
	lab_view_unref(step_once(fixture));
	view = step_once(fixture);
	before_bytes = view->lanes[0].sent_bytes;
	assert_int_equal(before_bytes % (64 * 1024), 0);
	lab_view_unref(view);
	view = step_once(fixture);
	assert_int_equal(view->lanes[0].step.moved_bytes, 64 * 1024);
	assert_int_equal(view->lanes[0].sent_bytes, before_bytes + 64 * 1024);
	lab_view_unref(view);
}

static bool has_sendfile_second(const struct lab_view *view)
{
	return drive_is_done(view) && view->nr_lanes == 2 &&
	       view->lanes[1].setup.mode == MODE_SENDFILE;
}

static bool has_sendfile_first(const struct lab_view *view)
{
	return drive_is_done(view) && view->nr_lanes == 2 &&
	       view->lanes[0].setup.mode == MODE_SENDFILE;
}

/* Steps in quick succession are all made, and each is told apart from the one before. */
static void test_steps_without_a_pause(void **state)
{
	struct fixture *fixture = *state;
	struct lab_view *view;

	start_standing(fixture, MODE_SENDFILE, SINK_MEMORY, LAB_HOT, PACE);
	lab_view_unref(drive_await(fixture, drive_is_ready));
	lab_command(fixture->lab, LAB_CMD_STEP, 0);
	awaited_step = 1;
	view = step_once(fixture);
	assert_int_equal(view->lanes[0].step.nr, 2);
	assert_int_equal(view->lanes[0].step.received_bytes, MIB);
	assert_int_equal(view->lanes[0].received_bytes, 2 * MIB);
	lab_view_unref(view);
}

static void test_lanes_come_and_go(void **state)
{
	struct fixture *fixture = *state;
	struct lab_view *view;

	start_standing(fixture, MODE_TRADITIONAL, SINK_MEMORY, LAB_HOT, 0);
	lab_view_unref(drive_await(fixture, drive_is_ready));
	lab_command(fixture->lab, LAB_CMD_MODES,
		    UINT64_C(1) << MODE_HEAP | UINT64_C(1) << MODE_SENDFILE);
	lab_command(fixture->lab, LAB_CMD_START, 0);
	view = drive_await(fixture, has_sendfile_second);
	assert_int_equal(view->nr_lanes, 2);
	assert_string_equal(view->notice, "");
	assert_int_equal(view->lanes[0].setup.mode, MODE_HEAP);
	drive_assert_right(&view->lanes[0]);
	drive_assert_right(&view->lanes[1]);
	lab_view_unref(view);
	/* One that stays keeps its file. */
	lab_command(fixture->lab, LAB_CMD_MODES,
		    UINT64_C(1) << MODE_SENDFILE | UINT64_C(1) << MODE_TRADITIONAL);
	lab_command(fixture->lab, LAB_CMD_START, 0);
	view = drive_await(fixture, has_sendfile_first);
	assert_int_equal(view->nr_lanes, 2);
	assert_non_null(strstr(view->lanes[0].path, "lane-3-sendfile.bin"));
	drive_assert_right(&view->lanes[0]);
	drive_assert_right(&view->lanes[1]);
	lab_view_unref(view);
}

static void test_every_lane_is_proved(void **state)
{
	struct fixture *fixture = *state;
	struct lab_view *view;

	start_standing(fixture, MODE_TRADITIONAL, SINK_MEMORY, LAB_HOT, 0);
	view = drive_await(fixture, drive_is_ready);
	assert_true(view->proved);
	assert_int_equal(view->proofs[MODE_TRADITIONAL].verdict, PROOF_COPIED);
	assert_int_equal(view->proofs[MODE_MMAP_WRITE].verdict, PROOF_COPIED);
	assert_int_equal(view->proofs[MODE_SENDFILE].verdict, PROOF_SHARED);
	assert_int_equal(view->proofs[MODE_SENDFILE].socket, PROOF_TCP);
	lab_view_unref(view);
	drive_end(fixture);

	start_standing(fixture, MODE_TRADITIONAL, SINK_UNIX, LAB_HOT, 0);
	view = drive_await(fixture, drive_is_ready);
	assert_int_equal(view->proofs[MODE_SENDFILE].socket, PROOF_UNIX);
	lab_view_unref(view);
}

static bool is_measured(const struct lab_view *view)
{
	return view->phase == LAB_MEASURED;
}

static bool is_in_a_round(const struct lab_view *view)
{
	return view->phase == LAB_MEASURED ||
	       (view->phase == LAB_MEASURING && view->measure.nr_done > 0);
}

static void start_measuring(struct fixture *fixture, uint64_t size_bytes, unsigned rounds)
{
	struct lab_config config = drive_config(fixture, MODE_SENDFILE, SINK_MEMORY, size_bytes);

	config.start_at_once = false;
	config.rounds = rounds;
	drive_start(fixture, &config);
	lab_view_unref(drive_await(fixture, drive_is_ready));
	lab_command(fixture->lab, LAB_CMD_MEASURE, LAB_HOT);
}

static void test_a_measurement_has_the_rounds_asked_for(void **state)
{
	struct fixture *fixture = *state;
	const struct measure_bar *bar;
	struct lab_view *view;

	start_measuring(fixture, MIB, 2);
	view = drive_await(fixture, is_measured);
	assert_int_equal(view->measure.state, MEASURE_DONE);
	assert_int_equal(view->measure.nr_rounds_kept, 2);
	bar = lab_measure_bar(&view->measure, MODE_SENDFILE);
	assert_non_null(bar);
	assert_int_equal(bar->nr_rounds, 2);
	assert_true(bar->rates[0] > 0 && bar->rates[1] > 0);
	lab_view_unref(view);
}

static void test_measuring_ends_in_bars(void **state)
{
	struct fixture *fixture = *state;
	const struct measure_bar *bar;
	struct lab_view *view;

	start_standing(fixture, MODE_SENDFILE, SINK_MEMORY, LAB_HOT, PACE);
	lab_view_unref(drive_await(fixture, drive_is_ready));
	lab_command(fixture->lab, LAB_CMD_MEASURE, LAB_HOT);
	view = drive_await(fixture, is_measured);
	if (view->measure.state != MEASURE_DONE)
		fail_msg("not measured: %s", view->measure.error);
	assert_int_equal(view->lanes[0].sender.pid, 0);
	/* Traditional and its control are always there to compare with. */
	assert_int_equal(view->measure.nr_bars, 3);
	assert_int_equal(view->measure.nr_rounds_kept, view->measure.rounds);
	bar = lab_measure_bar(&view->measure, MODE_SENDFILE);
	assert_non_null(bar);
	assert_int_equal(bar->nr_done, view->measure.rounds);
	assert_true(bar->bytes_per_s.low > 0 && bar->bytes_per_s.low <= bar->bytes_per_s.median &&
		    bar->bytes_per_s.median <= bar->bytes_per_s.high);
	assert_true(bar->cpu_known);
	assert_int_equal(bar->nr_wall_pairs, view->measure.rounds);
	lab_view_unref(view);
	/* And back: the lanes are as they were at first. */
	lab_command(fixture->lab, LAB_CMD_WATCH, 0);
	lab_view_unref(drive_await(fixture, drive_is_ready));
	lab_command(fixture->lab, LAB_CMD_START, 0);
	view = drive_await(fixture, drive_is_done);
	drive_assert_right(&view->lanes[0]);
	lab_view_unref(view);
}

static void test_measuring_can_be_stopped(void **state)
{
	struct fixture *fixture = *state;
	struct lab_view *view;

	/* Far more than can be done between its first transfer and our order. */
	start_measuring(fixture, 16 * MIB, 99);
	lab_view_unref(drive_await(fixture, is_in_a_round));
	lab_command(fixture->lab, LAB_CMD_STOP, 0);
	view = drive_await(fixture, is_measured);
	assert_int_equal(view->measure.state, MEASURE_STOPPED);
	assert_true(view->measure.nr_done < view->measure.nr_total);
	lab_view_unref(view);
	/* Its directory is gone at once, not only with the lab. */
	assert_int_equal(drive_count_names(fixture->dir), 1);
	/* Orders that wait before it begins are not lost either. */
	lab_command(fixture->lab, LAB_CMD_MEASURE, LAB_HOT);
	lab_command(fixture->lab, LAB_CMD_WATCH, 0);
	lab_view_unref(drive_await(fixture, drive_is_ready));
}

/* The teardown looks for what is left. */
static void test_a_lab_that_measures_ends_at_once(void **state)
{
	struct fixture *fixture = *state;

	start_standing(fixture, MODE_SENDFILE, SINK_MEMORY, LAB_HOT, PACE);
	lab_view_unref(drive_await(fixture, drive_is_ready));
	lab_command(fixture->lab, LAB_CMD_MEASURE, LAB_COLD);
	lab_view_unref(drive_await(fixture, is_in_a_round));
	drive_end(fixture);
	assert_int_equal(drive_count_names(fixture->dir), 0);
}

#define LAB_TEST(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LAB_TEST(test_a_step_is_one_buffer_in_every_mode),
		LAB_TEST(test_a_step_into_an_af_unix_socket),
		LAB_TEST(test_a_step_at_full_speed_is_small),
		LAB_TEST(test_a_step_into_a_file),
		LAB_TEST(test_a_step_shows_where_it_moved),
		LAB_TEST(test_a_step_after_a_pause),
		LAB_TEST(test_steps_without_a_pause),
		LAB_TEST(test_lanes_come_and_go),
		LAB_TEST(test_every_lane_is_proved),
		LAB_TEST(test_a_measurement_has_the_rounds_asked_for),
		LAB_TEST(test_measuring_ends_in_bars),
		LAB_TEST(test_measuring_can_be_stopped),
		LAB_TEST(test_a_lab_that_measures_ends_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
