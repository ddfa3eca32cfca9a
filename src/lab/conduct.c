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
#include "lab/prove.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

/* Writes the file of a lane and gives it that. 0 or -errno; what was written may be there. */
static int prepare_file(struct lab *lab, struct lane *lane)
{
	const struct files_watch watch = { &lab->cancel, add_prepared, lab };
	const char *key = mode_info(lane->view.setup.mode)->key;
	unsigned number = ++lab->nr_files;
	char *path = xasprintf("%s/lane-%u-%s.bin", run_dir_path(lab->run), number, key);
	uint64_t hash, seed = (uint64_t)number << 40;
	int err;

	do_now(lab, "writing lane-%u-%s.bin", number, key);
	if (lab->source_fd >= 0)
		err = files_copy(path, lab->source_fd, lab->size_bytes, &watch, &hash);
	else
		err = files_generate(path, lab->size_bytes, seed, &watch, &hash);
	if (!err)
		err = lane_set_file(lane, path, lab->size_bytes, hash);
	if (err)
		unlink(path);
	free(path);
	return err;
}

static const char *file_error(int err)
{
	return err == -ENODATA ? "the file to copy has become shorter" : strerror(-err);
}

int lab_prepare_files(struct lab *lab)
{
	lab->prepare_total_bytes = lab->size_bytes * lab->nr_lanes;
	for (size_t i = 0; i < lab->nr_lanes; i++) {
		int err = prepare_file(lab, &lab->lanes[i]);

		if (!err)
			continue;
		snprintf(lab->error, sizeof(lab->error), "the file of lane %zu: %s", i + 1,
			 file_error(err));
		lab->phase = LAB_FAILED;
		return err;
	}
	return 0;
}

/* Removes the lane with its file, which nobody has open any more. */
static void drop_lane(struct lab *lab, size_t index)
{
	struct lane *lane = &lab->lanes[index];

	if (lane->path && !lab->keep)
		unlink(lane->path);
	lane_clear(lane);
	lab->nr_lanes--;
	memmove(lane, lane + 1, (lab->nr_lanes - index) * sizeof(*lane));
}

static bool has_mode(const struct lab *lab, enum transfer_mode mode)
{
	for (size_t i = 0; i < lab->nr_lanes; i++)
		if (lab->lanes[i].view.setup.mode == mode)
			return true;
	return false;
}

/* A lane that cannot have its file is none; why is said. */
static void add_lane(struct lab *lab, enum transfer_mode mode)
{
	struct lane *lane = &lab->lanes[lab->nr_lanes];
	struct lane_setup setup = lab->setup;
	uint64_t len_bytes = lab->size_bytes * (setup.sink == SINK_DISK ? 2 : 1);
	char why[100] = "";
	int err;

	setup.mode = mode;
	err = run_dir_check_space(lab->run, len_bytes, why, sizeof(why));
	if (err) {
		snprintf(lab->notice, sizeof(lab->notice), "No lane for %s: %.90s",
			 mode_info(mode)->title, why);
		return;
	}
	lane_init(lane, lab->host, &setup);
	err = prepare_file(lab, lane);
	lab->nr_lanes++;
	if (!err)
		return;
	drop_lane(lab, lab->nr_lanes - 1);
	snprintf(lab->notice, sizeof(lab->notice), "No lane for %s: its file: %.60s",
		 mode_info(mode)->title, file_error(err));
}

void lab_set_modes(struct lab *lab, uint64_t modes)
{
	uint64_t nr_new = 0;

	lab->phase = LAB_PREPARING;
	lab->notice[0] = '\0';
	lanes_end(lab->lanes, lab->nr_lanes);
	for (size_t i = lab->nr_lanes; i-- > 0;) {
		lane_reset(&lab->lanes[i]);
		if (!(modes >> lab->lanes[i].view.setup.mode & 1))
			drop_lane(lab, i);
	}
	for (int mode = 0; mode < NR_MODE; mode++)
		nr_new += (modes >> mode & 1) && !has_mode(lab, (enum transfer_mode)mode);
	lab->prepared_bytes = 0;
	lab->prepare_total_bytes = lab->size_bytes * nr_new;
	for (int mode = 0; mode < NR_MODE && !atomic_load(&lab->cancel); mode++)
		if ((modes >> mode & 1) && !has_mode(lab, (enum transfer_mode)mode) &&
		    lab->nr_lanes < LAB_MAX_LANES)
			add_lane(lab, (enum transfer_mode)mode);
	lab_raise(lab);
}

void lab_prove_once(struct lab *lab)
{
	const struct prove_config config = { lab->dir, lab->actor_path, &lab->cancel,
					     &lab->setup.sink };
	struct lab_proof all[LAB_MAX_PROOFS];
	char error[sizeof(all[0].evidence)] = "";
	size_t nr = 0;
	int err;

	if (lab->proved || lab->one_at_a_time)
		return;
	do_now(lab, "proving the copies of each mode");
	err = lab_prove(lab->host, &config, all, &nr, error, sizeof(error));
	for (size_t i = 0; i < nr; i++) {
		if (proof_socket_of(all[i].mode, lab->setup.sink) != all[i].socket)
			continue;
		lab->proofs[all[i].mode] = all[i];
		if (err)
			snprintf(lab->proofs[all[i].mode].evidence, sizeof(error), "%s", error);
	}
	lab->proved = true;
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
	lab->stepped_ns = 0;
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
		/* Where only some were stepped, the others start from their residency. */
		for (size_t i = 0; i < lab->nr_lanes; i++)
			if (lab->lanes[i].view.state == LANE_READY)
				reach(lab, i);
		for (size_t i = 0; i < lab->nr_lanes; i++)
			if (!lane_state_is_final(lab->lanes[i].view.state))
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

/* One lane, or all that stand, move by one buffer; together, none runs but in steps. */
static void obey_step(struct lab *lab, uint64_t arg)
{
	if (lab->one_at_a_time || (lab->phase != LAB_READY && lab->phase != LAB_PAUSED))
		return;
	for (size_t i = 0; i < lab->nr_lanes; i++)
		if (arg == LAB_ALL_LANES || arg == i)
			lane_step(&lab->lanes[i], lab->nr_cells);
	lab->stepped_ns = clock_mono_ns();
	lab->phase = LAB_PAUSED;
}

static void obey_modes(struct lab *lab, uint64_t modes)
{
	modes &= (UINT64_C(1) << NR_MODE) - 1;
	if (lab->phase != LAB_FAILED && modes)
		lab_set_modes(lab, modes);
}

static void obey_measure(struct lab *lab, uint64_t arg)
{
	if (lab->phase != LAB_FAILED && !lab->one_at_a_time && lab->nr_lanes)
		lab_measure(lab, arg == LAB_COLD ? LAB_COLD : LAB_HOT);
}

/* What it stops has ended already: the order itself did that. */
static void obey_stop(struct lab *lab, uint64_t arg)
{
	(void)lab;
	(void)arg;
}

static void obey_watch(struct lab *lab, uint64_t arg)
{
	(void)arg;
	if (lab->phase == LAB_MEASURED)
		lab_raise(lab);
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
	static void (*const obey[NR_LAB_CMD])(struct lab * lab, uint64_t arg) = {
		[LAB_CMD_START] = obey_start,     [LAB_CMD_PAUSE] = obey_pause,
		[LAB_CMD_RESTART] = obey_restart, [LAB_CMD_PACE] = obey_pace,
		[LAB_CMD_CELLS] = obey_cells,     [LAB_CMD_STEP] = obey_step,
		[LAB_CMD_MODES] = obey_modes,     [LAB_CMD_MEASURE] = obey_measure,
		[LAB_CMD_STOP] = obey_stop,       [LAB_CMD_WATCH] = obey_watch,
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
