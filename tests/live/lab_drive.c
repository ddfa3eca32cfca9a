/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What tests of the lab's modes share: a lab, its end, and waiting for a published state. */
#include "lab_drive.h"

#include "base/clock.h"
#include "base/xalloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define WAIT_NS (60 * NS_PER_S)

int drive_count_names(const char *path)
{
	DIR *dir = opendir(path);
	const struct dirent *entry;
	int nr = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir)))
		nr += entry->d_name[0] != '.';
	closedir(dir);
	return nr;
}

int fixture_setup(void **state)
{
	struct fixture *fixture = xcalloc(1, sizeof(*fixture));

	strcpy(fixture->dir, "/var/tmp/pagewalk-test-XXXXXX");
	assert_non_null(mkdtemp(fixture->dir));
	fixture->host = host_new("");
	fixture->nr_fds = drive_count_names("/proc/self/fd");
	*state = fixture;
	return 0;
}

int fixture_teardown(void **state)
{
	struct fixture *fixture = *state;

	lab_free(fixture->lab);
	errno = 0;
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	assert_int_equal(drive_count_names(fixture->dir), 0);
	assert_int_equal(drive_count_names("/proc/self/fd"), fixture->nr_fds);
	assert_int_equal(rmdir(fixture->dir), 0);
	host_free(fixture->host);
	free(fixture);
	return 0;
}

struct lab_config drive_config(const struct fixture *fixture, enum transfer_mode mode,
			       enum sink_kind sink, uint64_t size_bytes)
{
	return (struct lab_config){
		.size_bytes = size_bytes,
		.dir = fixture->dir,
		.start_at_once = true,
		.start = LAB_HOT,
		.actor_path = getenv("PAGEWALK_ACTOR"),
		.setup = { .sink = sink, .verify = true },
		.nr_modes = 1,
		.modes = { mode },
	};
}

void drive_start(struct fixture *fixture, const struct lab_config *config)
{
	char error[200] = "";

	if (lab_new(fixture->host, config, &fixture->lab, error, sizeof(error)))
		fail_msg("lab_new: %s", error);
}

/* Where everything stands, for whoever must find out why it goes no further. */
static void tell_lanes(struct fixture *fixture)
{
	struct lab_view *view = lab_view_get(fixture->lab);

	fprintf(stderr, "phase %d %s %s\n", (int)view->phase, view->doing, view->error);
	for (size_t i = 0; i < view->nr_lanes; i++) {
		const struct lane_view *lane = &view->lanes[i];

		fprintf(stderr, "%s: %s, %llu sent, %llu received %s\n",
			mode_info(lane->setup.mode)->key, lane_state_name(lane->state),
			(unsigned long long)lane->sent_bytes,
			(unsigned long long)lane->received_bytes, lane->error);
	}
	lab_view_unref(view);
}

struct lab_view *drive_await(struct fixture *fixture, bool (*is)(const struct lab_view *view))
{
	struct pollfd event = { .fd = lab_event_fd(fixture->lab), .events = POLLIN };
	uint64_t end_ns = clock_mono_ns() + WAIT_NS, nr;

	while (clock_mono_ns() < end_ns) {
		struct lab_view *view = lab_view_get(fixture->lab);

		if (is(view))
			return view;
		lab_view_unref(view);
		if (poll(&event, 1, 1000) > 0)
			assert_int_equal(read(event.fd, &nr, sizeof(nr)), sizeof(nr));
	}
	tell_lanes(fixture);
	fail_msg("the lab did not get there in time");
	return NULL;
}

void drive_end(struct fixture *fixture)
{
	lab_free(fixture->lab);
	fixture->lab = NULL;
}

bool drive_is_ready(const struct lab_view *view)
{
	return view->phase == LAB_READY;
}

bool drive_is_done(const struct lab_view *view)
{
	if (view->phase == LAB_FAILED)
		fail_msg("the lab failed: %s", view->error);
	return view->phase == LAB_DONE;
}

bool drive_is_flowing(const struct lab_view *view)
{
	for (size_t i = 0; i < view->nr_lanes; i++)
		if (view->lanes[i].state != LANE_RUNNING || !view->lanes[i].sent_bytes)
			return false;
	return view->phase == LAB_RUNNING;
}

void drive_assert_right(const struct lane_view *lane)
{
	const struct sink_info *sink = sink_info(lane->setup.sink);

	if (lane->state != LANE_DONE)
		fail_msg("%s to %s: %s", mode_info(lane->setup.mode)->key, sink->key, lane->error);
	assert_int_equal(lane->received_bytes, lane->size_bytes);
	assert_int_equal(lane->sent_bytes, lane->size_bytes);
	if (!lane->setup.verify)
		assert_int_equal(lane->hash_state, HASH_NOT_ASKED);
	else
		assert_int_equal(lane->hash_state, sink->can_verify ? HASH_EQUAL : HASH_IMPOSSIBLE);
	assert_int_equal(lane->sender.why, WHY_OK);
	assert_int_equal(lane->sink.why, WHY_OK);
}
