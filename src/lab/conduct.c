/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the lab does in which phase, and how it obeys. Lanes run together (to be watched)
 * or one after the other (to be compared); in the second case each file is brought to its
 * residency right before its lane runs, so that no lane's cache has time to decay.
 */
#include "lab/coordinator.h"

#include "base/clock.h"
#include "base/xalloc.h"
#include "lab/files.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PUBLISH_NS (50 * NS_PER_MS) /* while files are written */
#define MOST_CELLS 4096

/* Looking at the page cache takes at most one part of so many of the time. */
#define THRIFT_TOGETHER 10
#define THRIFT_ALONE    50

__attribute__((format(printf, 2, 3))) static void do_now(struct lab *lab, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(lab->doing, sizeof(lab->doing), format, args);
	va_end(args);
	lab_publish(lab);
}

static void add_prepared(void *arg, uint64_t len_bytes)
{
	struct lab *lab = arg;

	lab->prepared_bytes += len_bytes;
	if (clock_mono_ns() - lab->published_ns >= PUBLISH_NS)
		lab_publish(lab);
}

static int prepare_file(struct lab *lab, size_t index)
{
	const struct files_watch watch = { &lab->cancel, add_prepared, lab };
	struct lane *lane = &lab->lanes[index];
	const char *key = mode_info(lane->view.setup.mode)->key;
	char *path = xasprintf("%s/lane-%zu-%s.bin", run_dir_path(lab->run), index + 1, key);
	uint64_t hash, seed = (uint64_t)(index + 1) << 40;
	int err;

	do_now(lab, "writing lane-%zu-%s.bin", index + 1, key);
	if (lab->source_fd >= 0)
		err = files_copy(path, lab->source_fd, lab->size_bytes, &watch, &hash);
	else
		err = files_generate(path, lab->size_bytes, seed, &watch, &hash);
	if (!err)
		err = lane_set_file(lane, path, lab->size_bytes, hash);
	free(path);
	return err;
}

int lab_prepare_files(struct lab *lab)
{
	for (size_t i = 0; i < lab->nr_lanes; i++) {
		int err = prepare_file(lab, i);

		if (!err)
			continue;
		snprintf(lab->error, sizeof(lab->error), "the file of lane %zu: %s", i + 1,
			 err == -ENODATA ? "the file to copy has become shorter" : strerror(-err));
		lab->phase = LAB_FAILED;
		return err;
	}
	return 0;
}

static void reach(struct lab *lab, size_t index)
{
	lane_reach(&lab->lanes[index], lab->start, &lab->cancel);
	lane_sample_cache(&lab->lanes[index], lab->nr_cells, 0);
}

static const char *start_verb(const struct lab *lab)
{
	return lab->start == LAB_COLD ? "evicting" : "reading in";
}

void lab_raise(struct lab *lab)
{
	lab->phase = LAB_PREPARING;
	lanes_end(lab->lanes, lab->nr_lanes);
	for (size_t i = 0; i < lab->nr_lanes; i++)
		lane_reset(&lab->lanes[i]);
	do_now(lab, "starting senders and sinks");
	for (size_t i = 0; i < lab->nr_lanes && !atomic_load(&lab->cancel); i++)
		lane_raise(&lab->lanes[i], lab->actor_path, lab->pace_bytes_per_s, &lab->cancel);
	for (size_t i = 0; i < lab->nr_lanes && !lab->one_at_a_time; i++) {
		if (atomic_load(&lab->cancel))
			return;
		do_now(lab, "%s the file of lane %zu", start_verb(lab), i + 1);
		reach(lab, i);
	}
	lab->doing[0] = '\0';
	lab->phase = LAB_READY;
}

/* Starts the first lane that waits. Residency may have decayed since: it is made sure of. */
static void start_next(struct lab *lab)
{
	for (size_t i = 0; i < lab->nr_lanes; i++) {
		struct lane *lane = &lab->lanes[i];

		if (lane->view.state != LANE_READY)
			continue;
		reach(lab, i);
		if (atomic_load(&lab->cancel))
			return;
		lane_go(lane);
		if (lane->view.state == LANE_RUNNING)
			return;
	}
}

static void start_together(struct lab *lab)
{
	for (size_t i = 0; i < lab->nr_lanes; i++)
		reach(lab, i);
	for (size_t i = 0; i < lab->nr_lanes && !atomic_load(&lab->cancel); i++)
		lane_go(&lab->lanes[i]);
}

static void obey_start(struct lab *lab, uint64_t arg)
{
	(void)arg;
	if (lab->phase == LAB_PAUSED) {
		for (size_t i = 0; i < lab->nr_lanes; i++)
			if (lab->lanes[i].view.state == LANE_PAUSED)
				lane_go(&lab->lanes[i]);
	} else if (lab->phase == LAB_READY) {
		if (lab->one_at_a_time)
			start_next(lab);
		else
			start_together(lab);
	} else {
		return;
	}
	lab->phase = LAB_RUNNING;
}

static void obey_pause(struct lab *lab, uint64_t arg)
{
	(void)arg;
	if (lab->phase != LAB_RUNNING)
		return;
	for (size_t i = 0; i < lab->nr_lanes; i++)
		lane_pause(&lab->lanes[i]);
	lab->phase = LAB_PAUSED;
}

static void obey_restart(struct lab *lab, uint64_t arg)
{
	if (lab->phase == LAB_FAILED)
		return;
	lab->start = arg == LAB_HOT ? LAB_HOT : LAB_COLD;
	lab_raise(lab);
	if (!atomic_load(&lab->cancel))
		obey_start(lab, 0);
}

static void obey_pace(struct lab *lab, uint64_t bytes_per_s)
{
	lab->pace_bytes_per_s = bytes_per_s;
	for (size_t i = 0; i < lab->nr_lanes; i++)
		lane_set_pace(&lab->lanes[i], bytes_per_s);
}

static void obey_cells(struct lab *lab, uint64_t nr_cells)
{
	if (nr_cells && nr_cells <= MOST_CELLS)
		lab->nr_cells = (size_t)nr_cells;
	lab_sample(lab, true);
}

void lab_obey(struct lab *lab, const struct lab_order *order)
{
	static void (*const obey[])(struct lab * lab, uint64_t arg) = {
		[LAB_CMD_START] = obey_start,     [LAB_CMD_PAUSE] = obey_pause,
		[LAB_CMD_RESTART] = obey_restart, [LAB_CMD_PACE] = obey_pace,
		[LAB_CMD_CELLS] = obey_cells,
	};

	obey[order->command](lab, order->arg);
}

static bool has_lane_in(const struct lab *lab, enum lane_state state)
{
	for (size_t i = 0; i < lab->nr_lanes; i++)
		if (lab->lanes[i].view.state == state)
			return true;
	return false;
}

void lab_advance(struct lab *lab)
{
	if (lab->phase != LAB_READY && lab->phase != LAB_RUNNING && lab->phase != LAB_PAUSED)
		return;
	if (lab->phase == LAB_RUNNING && lab->one_at_a_time && !has_lane_in(lab, LANE_RUNNING))
		start_next(lab);
	if (!has_lane_in(lab, LANE_RUNNING) && !has_lane_in(lab, LANE_PAUSED) &&
	    !has_lane_in(lab, LANE_READY)) {
		lab->phase = LAB_DONE;
		lab_sample(lab, true);
	}
}

void lab_sample(struct lab *lab, bool all_caches)
{
	unsigned thrift = lab->one_at_a_time ? THRIFT_ALONE : THRIFT_TOGETHER;

	for (size_t i = 0; i < lab->nr_lanes; i++) {
		struct lane *lane = &lab->lanes[i];

		lane_sample(lane);
		if (!lab->one_at_a_time || all_caches || lane->view.state == LANE_RUNNING)
			lane_sample_cache(lane, lab->nr_cells, all_caches ? 0 : thrift);
	}
}
