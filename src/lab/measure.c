/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lab's second way to run: the benchmark's method (lab/bench.h) on the modes of the
 * lanes, in the lab's own thread. The lanes' processes end first, so that nothing of the lab
 * takes part but what is measured. All transfers read the file of the first lane: nothing
 * has to be written, and its residency is brought about before each of them anyway.
 */
#include "lab/bench.h"
#include "lab/coordinator.h"

#include "base/clock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define WARMUP     1
#define SAMPLE_NS  (100 * NS_PER_MS)
#define TIMEOUT_NS (30 * NS_PER_S)

static void take_progress(void *arg, const struct bench_progress *progress)
{
	struct lab *lab = arg;
	struct lab_measure *measure = &lab->measure;

	snprintf(measure->doing, sizeof(measure->doing), "%s", progress->doing);
	snprintf(measure->lane, sizeof(measure->lane), "%s", progress->lane ? progress->lane : "");
	measure->round = progress->round;
	measure->rounds = progress->rounds;
	measure->nr_done = progress->nr_done;
	measure->nr_total = progress->nr_total;
	if (progress->so_far) {
		lab_measure_take(measure, progress->so_far);
		measure->nr_rounds_kept = progress->round - 1;
	}
	lab_publish(lab);
}

static void add_mode(struct bench_plan *plan, enum transfer_mode mode)
{
	for (size_t i = 0; i < plan->nr_modes; i++)
		if (plan->modes[i] == mode)
			return;
	plan->modes[plan->nr_modes++] = mode;
}

static void make_plan(const struct lab *lab, enum lab_start start, struct bench_plan *plan)
{
	*plan = (struct bench_plan){
		.config = {
			.size_bytes = lab->size_bytes,
			.rounds = lab->rounds,
			.warmup = WARMUP,
			.seed = clock_real_ns(),
			.start = start,
			.buffer_bytes = lab->setup.buffer_bytes,
			.window_bytes = lab->setup.window_bytes,
			.sample_ns = SAMPLE_NS,
			.timeout_ns = TIMEOUT_NS,
			.share = true,
		},
		.file = lab->lanes[0].path,
		.dir = lab->dir,
		.actor_path = lab->actor_path,
		.verify = lab->setup.verify,
		.live = true,
		.nr_sinks = 1,
		.sinks = { lab->setup.sink },
	};
	for (size_t i = 0; i < lab->nr_lanes; i++)
		add_mode(plan, lab->lanes[i].view.setup.mode);
}

/* Without processes; their files stay. */
static void end_lanes(struct lab *lab)
{
	lanes_end(lab->lanes, lab->nr_lanes);
	for (size_t i = 0; i < lab->nr_lanes; i++)
		lane_reset(&lab->lanes[i]);
}

void lab_measure(struct lab *lab, enum lab_start start)
{
	const struct bench_watch watch = { &lab->stop, take_progress, lab };
	struct lab_measure *measure = &lab->measure;
	struct bench *bench = NULL;
	struct bench_plan plan;
	int err;

	*measure = (struct lab_measure){ .state = MEASURE_RUNNING, .start = start };
	lab->phase = LAB_MEASURING;
	lab_publish(lab);
	end_lanes(lab);
	make_plan(lab, start, &plan);
	err = lab_arm_stop(lab) ? -ECANCELED
				: bench_run(lab->host, &plan, &watch, &bench, measure->error,
					    sizeof(measure->error));
	if (!err) {
		lab_measure_take(measure, bench);
		measure->nr_rounds_kept = measure->rounds;
		measure->state = MEASURE_DONE;
		bench_free(bench);
	} else {
		measure->state = err == -ECANCELED ? MEASURE_STOPPED : MEASURE_FAILED;
		if (err != -ECANCELED && !measure->error[0])
			snprintf(measure->error, sizeof(measure->error), "%s", strerror(-err));
	}
	measure->lane[0] = '\0';
	lab->phase = LAB_MEASURED;
	lab_publish(lab);
}
