/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every transfer mode into every sink, with real actors, files and sockets: the right bytes
 * arrive, the counts are what the mode must make of them, and what cannot run says why.
 */
#include "base/clock.h"
#include "lab_drive.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#define SKIPPED 77

/* What may be missing on a machine that runs this test, and is then named and passed over. */
static bool may_be_unavailable(const struct lane_view *lane)
{
	enum transfer_mode mode = lane->setup.mode;

	return mode == MODE_URING || mode == MODE_URING_ZC || mode == MODE_ODIRECT;
}

/* What no machine can do. */
static bool must_be_unavailable(const struct lane_view *lane)
{
	enum transfer_mode mode = lane->setup.mode;
	bool zerocopy = mode == MODE_ZEROCOPY || mode == MODE_URING_ZC;

	return (lane->setup.sink == SINK_UNIX && zerocopy) ||
	       (lane->setup.sink != SINK_DISK && mode == MODE_COPY_FILE_RANGE);
}

/* True where the lane ran. */
static bool assert_right_or_refused(const struct lane_view *lane)
{
	if (must_be_unavailable(lane))
		assert_int_equal(lane->state, LANE_UNAVAILABLE);
	if (lane->state != LANE_UNAVAILABLE) {
		drive_assert_right(lane);
		return true;
	}
	assert_true(must_be_unavailable(lane) || may_be_unavailable(lane));
	assert_true(strlen(lane->error) > 10);
	assert_int_equal(lane->received_bytes, 0);
	assert_int_equal(lane->sender.why, WHY_NOT_ASKED);
	if (!must_be_unavailable(lane))
		fprintf(stderr, "passed over: %s: %s\n", mode_info(lane->setup.mode)->key,
			lane->error);
	return false;
}

static struct lab_config all_modes(const struct fixture *fixture, enum sink_kind sink,
				   uint64_t size_bytes)
{
	struct lab_config config = drive_config(fixture, 0, sink, size_bytes);

	config.nr_modes = NR_MODE;
	for (int mode = 0; mode < NR_MODE; mode++)
		config.modes[mode] = (enum transfer_mode)mode;
	return config;
}

static void run_all(struct fixture *fixture, const struct lab_config *config)
{
	struct lab_view *view;

	drive_start(fixture, config);
	view = drive_await(fixture, drive_is_done);
	for (size_t i = 0; i < view->nr_lanes; i++)
		assert_right_or_refused(&view->lanes[i]);
	lab_view_unref(view);
	drive_end(fixture);
}

static void test_every_mode_into_every_sink(void **state)
{
	for (int sink = 0; sink < NR_SINK; sink++) {
		struct lab_config config = all_modes(*state, (enum sink_kind)sink, 9 * MIB + 4321);

		config.one_at_a_time = sink % 2;
		config.start = sink % 2 ? LAB_COLD : LAB_HOT;
		run_all(*state, &config);
	}
}

static void test_sizes_at_the_edges(void **state)
{
	static const uint64_t sizes[] = { 0, 1, 511, 4097, 65536, 8 * MIB, 8 * MIB + 1 };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		for (int sink = 0; sink < NR_SINK; sink++) {
			struct lab_config config = all_modes(*state, (enum sink_kind)sink,
							     sizes[i]);

			run_all(*state, &config);
		}
}

/* Parts that are no divisor of anything; a receiving buffer smaller than a sender's. */
static void test_odd_parts(void **state)
{
	for (int sink = 0; sink < NR_SINK; sink++) {
		struct lab_config config = all_modes(*state, (enum sink_kind)sink, 3 * MIB + 7);

		config.setup.buffer_bytes = 12288;
		config.setup.window_bytes = 64 * 1024 * 3;
		config.setup.receive_bytes = 1000;
		run_all(*state, &config);
	}
}

static void test_paced(void **state)
{
	struct lab_config config = all_modes(*state, SINK_DISK, 4 * MIB + 1);

	config.pace_bytes_per_s = 16 * MIB;
	run_all(*state, &config);
}

static void test_nothing_is_hashed_unasked(void **state)
{
	struct lab_config config = all_modes(*state, SINK_MEMORY, 2 * MIB);

	config.setup.verify = false;
	run_all(*state, &config);
}

/* The ratio of bytes that went through user memory to those of the file, exact. */
static void test_copied_bytes_are_those_of_the_table(void **state)
{
	struct fixture *fixture = *state;
	const uint64_t size_bytes = 5 * MIB + 99;
	struct lab_config config = all_modes(fixture, SINK_DISK, size_bytes);
	struct lab_view *view;

	drive_start(fixture, &config);
	view = drive_await(fixture, drive_is_done);
	for (size_t i = 0; i < view->nr_lanes; i++) {
		const struct lane_view *lane = &view->lanes[i];
		const struct mode_info *mode = mode_info(lane->setup.mode);
		/* Where the copy is the kernel's own affair, user memory sees none of it. */
		uint64_t copies = mode->file_to_file ? 0 : mode->copies;
		uint64_t headers = lane->setup.mode == MODE_DIRECT ? 16 * 21 : 0;
		uint64_t received = mode->file_to_file ? 0 : 2 * size_bytes;

		if (!assert_right_or_refused(lane))
			continue;
		assert_int_equal(lane->sender.copied_bytes, copies * size_bytes + headers);
		assert_int_equal(lane->sink.copied_bytes, received + headers);
	}
	lab_view_unref(view);
}

/* 20 MiB hot: each call does what it can do at most. */
static void test_calls_by_kind(void **state)
{
	static const struct {
		enum transfer_mode mode;
		enum call_kind kind;
		uint64_t nr;
	} right[] = {
		{ MODE_HEAP, CALL_READ, 320 },
		{ MODE_HEAP, CALL_WRITE, 320 },
		{ MODE_SPLICE, CALL_SPLICE, 40 },
		{ MODE_ZEROCOPY, CALL_MMAP, 3 },
		{ MODE_ZEROCOPY, CALL_MUNMAP, 2 },
		{ MODE_ZEROCOPY, CALL_SEND, 20 },
		{ MODE_URING, CALL_URING_ENTER, 3 },
		{ MODE_URING, CALL_SEND, 0 },
		{ MODE_ODIRECT, CALL_READ, 20 },
		{ MODE_ODIRECT, CALL_WRITE, 20 },
		{ MODE_COPY_FILE_RANGE, CALL_COPY_FILE_RANGE, 2 },
		{ MODE_COPY_FILE_RANGE, CALL_SEND, 0 },
	};
	struct fixture *fixture = *state;
	struct lab_config config = all_modes(fixture, SINK_DISK, 20 * MIB);
	struct lab_view *view;

	config.one_at_a_time = true;
	drive_start(fixture, &config);
	view = drive_await(fixture, drive_is_done);
	for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++) {
		const struct lane_view *lane = &view->lanes[right[i].mode];
		const struct lane_side *sender = &lane->sender;

		if (!assert_right_or_refused(lane))
			continue;
		assert_int_equal(sender->kinds[right[i].kind], right[i].nr);
		assert_true(lane->sink.kinds[CALL_FDATASYNC] == 1 && lane->sink.calls > 1);
		assert_int_equal(sender->why_switches, WHY_OK);
	}
	lab_view_unref(view);
}

/* Each send has its completion, and over loopback each says that it was copied. */
static void test_completions_say_copied(void **state)
{
	static const enum transfer_mode modes[] = { MODE_ZEROCOPY, MODE_URING_ZC };
	struct fixture *fixture = *state;

	for (size_t i = 0; i < 2; i++) {
		struct lab_config config = drive_config(fixture, modes[i], SINK_MEMORY, 20 * MIB);
		struct lab_view *view;

		drive_start(fixture, &config);
		view = drive_await(fixture, drive_is_done);
		if (assert_right_or_refused(&view->lanes[0])) {
			assert_true(view->lanes[0].nr_completions >= 20);
			assert_int_equal(view->lanes[0].nr_copied_completions,
					 view->lanes[0].nr_completions);
			assert_non_null(strstr(view->lanes[0].note, "COPIED"));
		}
		lab_view_unref(view);
		drive_end(fixture);
	}
}

/* The page cache stays as empty as it was: that is what direct reading means. */
static void test_odirect_leaves_the_cache_alone(void **state)
{
	struct fixture *fixture = *state;
	struct lab_config config = drive_config(fixture, MODE_ODIRECT, SINK_MEMORY, 4 * MIB + 5);
	struct lab_view *view;

	config.start = LAB_COLD;
	drive_start(fixture, &config);
	view = drive_await(fixture, drive_is_done);
	if (assert_right_or_refused(&view->lanes[0]) && view->lanes[0].start_verified) {
		assert_int_equal(view->lanes[0].cache.why, WHY_OK);
		assert_int_equal(view->lanes[0].cache.total.cached, 0);
		assert_string_equal(view->lanes[0].note, "");
	}
	lab_view_unref(view);
}

static void test_shrunk_file_fails_its_lane(void **state)
{
	struct fixture *fixture = *state;
	struct lab_config config = all_modes(fixture, SINK_DISK, 12 * MIB);
	struct lab_view *view;

	config.start_at_once = false;
	drive_start(fixture, &config);
	view = drive_await(fixture, drive_is_ready);
	for (size_t i = 0; i < view->nr_lanes; i++)
		if (view->lanes[i].state == LANE_READY)
			assert_int_equal(truncate(view->lanes[i].path, 9 * MIB + 100), 0);
	lab_view_unref(view);
	lab_command(fixture->lab, LAB_CMD_START, 0);
	view = drive_await(fixture, drive_is_done);
	for (size_t i = 0; i < view->nr_lanes; i++) {
		const struct lane_view *lane = &view->lanes[i];

		if (lane->state == LANE_UNAVAILABLE && may_be_unavailable(lane))
			continue;
		assert_int_equal(lane->state, LANE_FAILED);
		if (!strstr(lane->error, "shrank"))
			fail_msg("%s: %s", mode_info(lane->setup.mode)->key, lane->error);
	}
	lab_view_unref(view);
}

/*
 * Cut off under a transfer that runs: what reads finds the end, what sends from a mapping gets an
 * error of its call and no signal; each mode says the same one thing, and none hangs.
 */
static void test_file_cut_off_in_mid_transfer(void **state)
{
	struct fixture *fixture = *state;
	struct lab_config config = all_modes(fixture, SINK_DISK, 16 * MIB);
	struct lab_view *view;

	config.pace_bytes_per_s = 8 * MIB;
	drive_start(fixture, &config);
	view = drive_await(fixture, drive_is_flowing);
	for (size_t i = 0; i < view->nr_lanes; i++)
		if (!lane_state_is_final(view->lanes[i].state))
			assert_int_equal(truncate(view->lanes[i].path, 0), 0);
	lab_view_unref(view);
	view = drive_await(fixture, drive_is_done);
	for (size_t i = 0; i < view->nr_lanes; i++) {
		const struct lane_view *lane = &view->lanes[i];

		if (lane->state == LANE_UNAVAILABLE && may_be_unavailable(lane))
			continue;
		assert_int_equal(lane->state, LANE_FAILED);
		if (!strstr(lane->error, "the file shrank"))
			fail_msg("%s: %s", mode_info(lane->setup.mode)->key, lane->error);
		assert_int_not_equal(lane->hash_state, HASH_EQUAL);
	}
	lab_view_unref(view);
}

/* Another file takes the name of this one. */
static void replace_file(const char *path)
{
	char other[300];
	int fd;

	snprintf(other, sizeof(other), "%s.new", path);
	fd = open(other, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "other", 5), 5);
	close(fd);
	assert_int_equal(rename(other, path), 0);
}

/* Who holds a file open sends that file, but what then has its name is another one. */
static void check_replaced(struct fixture *fixture, bool in_mid_transfer)
{
	struct lab_config config = all_modes(fixture, SINK_DISK, 12 * MIB);
	struct lab_view *view;

	config.start_at_once = in_mid_transfer;
	config.pace_bytes_per_s = in_mid_transfer ? 6 * MIB : 0;
	drive_start(fixture, &config);
	view = drive_await(fixture, in_mid_transfer ? drive_is_flowing : drive_is_ready);
	/* Every other one, so that it is seen which. */
	for (size_t i = 0; i < view->nr_lanes; i += 2)
		if (!lane_state_is_final(view->lanes[i].state))
			replace_file(view->lanes[i].path);
	lab_view_unref(view);
	if (!in_mid_transfer)
		lab_command(fixture->lab, LAB_CMD_START, 0);
	view = drive_await(fixture, drive_is_done);
	for (size_t i = 0; i < view->nr_lanes; i++) {
		const struct lane_view *lane = &view->lanes[i];

		if (i % 2 || lane->state == LANE_UNAVAILABLE) {
			assert_right_or_refused(lane);
			continue;
		}
		assert_int_equal(lane->state, LANE_FAILED);
		if (!strstr(lane->error, "was replaced"))
			fail_msg("%s: %s", mode_info(lane->setup.mode)->key, lane->error);
	}
	lab_view_unref(view);
	drive_end(fixture);
}

static void test_replaced_file_is_told(void **state)
{
	check_replaced(*state, false);
	check_replaced(*state, true);
}

/* A bus error in a sender is told as what it is; the other lane goes on. */
static void test_bus_error_is_caught(void **state)
{
	struct fixture *fixture = *state;
	struct lab_config config = drive_config(fixture, MODE_MMAP_WRITE, SINK_MEMORY, 16 * MIB);
	struct lab_view *view;

	config.pace_bytes_per_s = 16 * MIB;
	config.modes[config.nr_modes++] = MODE_URING;
	drive_start(fixture, &config);
	view = drive_await(fixture, drive_is_flowing);
	assert_int_equal(kill(view->lanes[0].sender.pid, SIGBUS), 0);
	lab_view_unref(view);
	view = drive_await(fixture, drive_is_done);
	assert_int_equal(view->lanes[0].state, LANE_FAILED);
	assert_non_null(strstr(view->lanes[0].error, "SIGBUS"));
	assert_right_or_refused(&view->lanes[1]);
	lab_view_unref(view);
}

/* The peer goes in mid-transfer: each mode notices, and none hangs. */
static void test_peer_gone(void **state)
{
	struct fixture *fixture = *state;
	struct lab_config config = all_modes(fixture, SINK_MEMORY, 16 * MIB);
	struct lab_view *view;

	config.nr_modes--; /* copy-file-range has no peer that could miss anything */
	config.pace_bytes_per_s = 8 * MIB;
	drive_start(fixture, &config);
	view = drive_await(fixture, drive_is_flowing);
	for (size_t i = 0; i < view->nr_lanes; i++)
		assert_int_equal(kill(view->lanes[i].sink.pid, SIGKILL), 0);
	lab_view_unref(view);
	view = drive_await(fixture, drive_is_done);
	for (size_t i = 0; i < view->nr_lanes; i++) {
		assert_int_equal(view->lanes[i].state, LANE_FAILED);
		assert_non_null(strstr(view->lanes[i].error, "sink was killed by signal 9"));
	}
	lab_view_unref(view);
}

static bool all_run(const struct lab_view *view)
{
	return view->phase == LAB_RUNNING;
}

/* Stopped peers: full sockets in every mode. The end must come all the same. */
static void test_end_while_peers_are_stuck(void **state)
{
	struct fixture *fixture = *state;
	struct lab_config config = all_modes(fixture, SINK_MEMORY, 64 * MIB);
	struct lab_view *view;

	config.nr_modes--;
	config.start_at_once = false;
	drive_start(fixture, &config);
	view = drive_await(fixture, drive_is_ready);
	for (size_t i = 0; i < view->nr_lanes; i++)
		assert_int_equal(kill(view->lanes[i].sink.pid, SIGSTOP), 0);
	lab_view_unref(view);
	lab_command(fixture->lab, LAB_CMD_START, 0);
	view = drive_await(fixture, all_run);
	lab_view_unref(view);
	drive_end(fixture);
	assert_int_equal(drive_count_names(fixture->dir), 0);
}

/* In a child with a mount namespace of its own: a lab in a tmpfs of 24 MiB. */
static int lab_in_small_tmpfs(struct fixture *fixture)
{
	struct lab_config config = all_modes(fixture, SINK_DISK, 0);
	struct lab_view *view;
	struct statvfs fs;
	char path[128];
	int fd;

	config.size_bytes = 1 * MIB;
	config.start_at_once = false;
	drive_start(fixture, &config);
	view = drive_await(fixture, drive_is_ready);
	/* A tmpfs takes O_DIRECT and reads its pages all the same: no pretending. */
	assert_int_equal(view->lanes[MODE_ODIRECT].state, LANE_UNAVAILABLE);
	lab_view_unref(view);
	snprintf(path, sizeof(path), "%s/filler", fixture->dir);
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_int_equal(fstatvfs(fd, &fs), 0);
	assert_int_equal(fallocate(fd, 0, 0, (off_t)(fs.f_bavail * fs.f_frsize - 64 * 1024)), 0);
	close(fd);
	lab_command(fixture->lab, LAB_CMD_START, 0);
	view = drive_await(fixture, drive_is_done);
	for (size_t i = 0; i < view->nr_lanes; i++) {
		if (view->lanes[i].state == LANE_UNAVAILABLE)
			continue;
		assert_int_equal(view->lanes[i].state, LANE_FAILED);
		if (!strstr(view->lanes[i].error, "No space left"))
			fail_msg("%s: %s", mode_info(view->lanes[i].setup.mode)->key,
				 view->lanes[i].error);
	}
	lab_view_unref(view);
	drive_end(fixture);
	unlink(path);
	return drive_count_names(fixture->dir);
}

static void test_no_space_for_the_disk_sink(void **state)
{
	struct fixture *fixture = *state;
	pid_t child = fork();
	int status;

	if (!child) {
		if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
		    mount("tmpfs", fixture->dir, "tmpfs", 0, "size=32m"))
			_exit(SKIPPED);
		_exit(lab_in_small_tmpfs(fixture) ? 1 : 0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == SKIPPED)
		skip(); /* no privilege to mount */
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* Both modes that pin, as a process without privilege would find them. 0 where all is right. */
static int pin_within(struct fixture *fixture, rlim_t limit_bytes, uint32_t buffer_bytes,
		      bool enough)
{
	const struct rlimit limit = { limit_bytes, limit_bytes };
	struct lab_config config = drive_config(fixture, MODE_ZEROCOPY, SINK_MEMORY, 20 * MIB);
	struct lab_view *view;
	int wrong = 0;

	config.modes[config.nr_modes++] = MODE_URING_ZC;
	config.setup.buffer_bytes = buffer_bytes;
	config.one_at_a_time = true;
	if (setrlimit(RLIMIT_MEMLOCK, &limit))
		return SKIPPED;
	drive_start(fixture, &config);
	view = drive_await(fixture, drive_is_done);
	for (size_t i = 0; i < view->nr_lanes; i++) {
		const struct lane_view *lane = &view->lanes[i];

		if (lane->state == LANE_UNAVAILABLE && may_be_unavailable(lane))
			continue;
		if (enough ? lane->hash_state != HASH_EQUAL
			   : !strstr(lane->error, "RLIMIT_MEMLOCK"))
			wrong = 1;
		if (wrong)
			fprintf(stderr, "%s: %s\n", mode_info(lane->setup.mode)->key, lane->error);
	}
	lab_view_unref(view);
	drive_end(fixture);
	return wrong;
}

/* What a process may pin is bounded: less goes out at once, or the lane fails and says why. */
static void test_locked_memory_is_bounded(void **state)
{
	struct fixture *fixture = *state;
	pid_t child = fork();
	int status;

	if (!child) {
		int ret;

		/* The actors are to be without it, and get it from the bounding set. */
		if (prctl(PR_CAPBSET_DROP, CAP_IPC_LOCK, 0, 0, 0) && !geteuid())
			_exit(SKIPPED);
		ret = pin_within(fixture, 8 * MIB, 4 * MIB, true);
		if (!ret)
			ret = pin_within(fixture, 8 * MIB, 0, true);
		if (!ret)
			ret = pin_within(fixture, MIB / 4, 0, false);
		_exit(ret);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == SKIPPED)
		skip();
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void test_impossible_setups_are_refused(void **state)
{
	struct lane_setup setup = { .mode = MODE_COPY_FILE_RANGE, .sink = SINK_MEMORY };
	char why[120];

	(void)state;
	assert_false(setup_is_possible(&setup, why, sizeof(why)));
	assert_non_null(strstr(why, "disk sink"));
	setup.sink = SINK_DISK;
	assert_true(setup_is_possible(&setup, why, sizeof(why)));
	setup.buffer_bytes = SETUP_MIN_BUFFER_BYTES - 1;
	assert_false(setup_is_possible(&setup, why, sizeof(why)));
	setup.buffer_bytes = SETUP_MAX_BUFFER_BYTES;
	assert_true(setup_is_possible(&setup, why, sizeof(why)));
	setup.window_bytes = SETUP_WINDOW_UNIT + 4096;
	assert_false(setup_is_possible(&setup, why, sizeof(why)));
	setup.window_bytes = SETUP_WINDOW_UNIT;
	assert_true(setup_is_possible(&setup, why, sizeof(why)));
}

#define LAB_TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		LAB_TEST(test_every_mode_into_every_sink),
		LAB_TEST(test_sizes_at_the_edges),
		LAB_TEST(test_odd_parts),
		LAB_TEST(test_paced),
		LAB_TEST(test_nothing_is_hashed_unasked),
		LAB_TEST(test_copied_bytes_are_those_of_the_table),
		LAB_TEST(test_calls_by_kind),
		LAB_TEST(test_completions_say_copied),
		LAB_TEST(test_odirect_leaves_the_cache_alone),
		LAB_TEST(test_shrunk_file_fails_its_lane),
		LAB_TEST(test_file_cut_off_in_mid_transfer),
		LAB_TEST(test_replaced_file_is_told),
		LAB_TEST(test_bus_error_is_caught),
		LAB_TEST(test_peer_gone),
		LAB_TEST(test_end_while_peers_are_stuck),
		LAB_TEST(test_no_space_for_the_disk_sink),
		LAB_TEST(test_locked_memory_is_bounded),
		LAB_TEST(test_impossible_setups_are_refused),
	};
	const char *actor = getenv("PAGEWALK_ACTOR");

	if (!actor || access(actor, X_OK)) {
		fputs("skipped: PAGEWALK_ACTOR does not name pagewalk-actor\n", stderr);
		return SKIPPED;
	}
	/* One test alone, by its name or a pattern of it. */
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
