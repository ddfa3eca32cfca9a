/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rounds of a benchmark: files, warm-up, verifying, timed rounds in shuffled order. */
#include "lab/bench.h"

#include "base/clock.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "kernel/machine.h"
#include "lab/bench_files.h"
#include "lab/bench_transfer.h"
#include "lab/prove.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A lane that failed so often in a row is not tried again: each try may last a timeout. */
#define MOST_FAILURES 2

#define CONNECT_NS (10 * NS_PER_S)

/* What is known of a lane besides what is reported. */
struct lane_state_of_run {
	unsigned nr_failures; /* in a row */
	bool given_up;
	enum bench_state state; /* that it was given up in */
	char error[sizeof(((struct bench_result *)NULL)->error)];
};

struct run {
	const struct host *host;
	const struct bench_plan *plan;
	const struct bench_watch *watch;
	struct bench *bench;
	struct bench_files *files;
	struct lane_state_of_run *states;
	struct bench_progress progress;
};

static bool is_cancelled(const struct run *run)
{
	return atomic_load(run->watch->cancel);
}

static void add_lane(struct bench *bench, enum transfer_mode mode, bool control,
		     enum sink_kind sink)
{
	bench->lanes[bench->nr_lanes++] = (struct bench_lane){
		.mode = mode,
		.control = control,
		.sink = sink,
		.hash = HASH_NOT_ASKED,
	};
}

/* For each sink: traditional, its control, then the other modes as they were asked for. */
static void make_lanes(struct bench *bench, const struct bench_plan *plan)
{
	bench->lanes = xcalloc(plan->nr_sinks * (plan->nr_modes + 2), sizeof(*bench->lanes));
	for (size_t s = 0; s < plan->nr_sinks; s++) {
		add_lane(bench, MODE_TRADITIONAL, false, plan->sinks[s]);
		add_lane(bench, MODE_TRADITIONAL, true, plan->sinks[s]);
		for (size_t m = 0; m < plan->nr_modes; m++)
			if (plan->modes[m] != MODE_TRADITIONAL)
				add_lane(bench, plan->modes[m], false, plan->sinks[s]);
	}
}

static void describe(const struct run *run)
{
	struct bench_environment *environment = &run->bench->environment;
	const char *dir = bench_files_dir(run->files);
	char *safe = text_safe_str(dir);
	int dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	snprintf(environment->dir, sizeof(environment->dir), "%s", safe);
	snprintf(environment->fs, sizeof(environment->fs), "?");
	if (dir_fd >= 0) {
		machine_fs_name(dir_fd, environment->fs, sizeof(environment->fs));
		close(dir_fd);
	}
	free(safe);
}

static void say(struct run *run, size_t lane)
{
	struct bench_progress *progress = &run->progress;

	if (!run->watch->progress)
		return;
	progress->lane = bench_lane_key(&run->bench->lanes[lane]);
	progress->sink = sink_info(run->bench->lanes[lane].sink)->key;
	run->watch->progress(run->watch->arg, progress);
}

/* After a transfer: is this lane worth another try? */
static void note_outcome(struct lane_state_of_run *state, const struct bench_result *result)
{
	if (result->state == BENCH_DONE) {
		state->nr_failures = 0;
		return;
	}
	state->nr_failures++;
	state->given_up = result->state == BENCH_UNAVAILABLE || state->nr_failures >= MOST_FAILURES;
	state->state = result->state;
	memcpy(state->error, result->error, sizeof(state->error));
}

/* One transfer of a lane; its result is good until the next is added. */
static void transfer(struct run *run, size_t lane, bool verify, struct bench_result *result)
{
	struct lane_state_of_run *state = &run->states[lane];
	const struct bench_transfer what = {
		.host = run->host,
		.plan = run->plan,
		.lane = &run->bench->lanes[lane],
		.file = bench_files_of(run->files, &run->bench->lanes[lane]),
		.nr_cpus = run->bench->environment.machine.nr_cpus,
		.verify = verify,
		.cancel = run->watch->cancel,
	};

	result->lane = lane;
	if (state->given_up) {
		result->state = state->state;
		memcpy(result->error, state->error, sizeof(result->error));
	} else {
		say(run, lane);
		bench_transfer_run(&what, result);
		note_outcome(state, result);
		if (result->congestion[0])
			memcpy(run->bench->environment.congestion, result->congestion,
			       sizeof(result->congestion));
	}
	run->progress.nr_done++;
}

/*
 * Runs every lane once; round 0 is a warm-up whose results nobody keeps. The lanes of one
 * sink follow each other, so that what is compared lies close in time.
 */
static void run_round(struct run *run, unsigned round, unsigned stream, const char *doing)
{
	size_t per_sink = run->bench->nr_lanes / run->plan->nr_sinks;
	size_t *order = xcalloc(per_sink, sizeof(*order));

	run->progress.doing = doing;
	for (size_t s = 0; s < run->plan->nr_sinks; s++) {
		bench_order(run->plan->config.seed, stream, s * per_sink, per_sink, order);
		for (size_t i = 0; i < per_sink && !is_cancelled(run); i++) {
			struct bench_result unkept = { 0 }, *result = &unkept;

			if (round) {
				result = bench_add_result(run->bench);
				result->round = round;
				result->order = (unsigned)(s * per_sink + i + 1);
			}
			transfer(run, order[i], false, result);
		}
	}
	free(order);
}

static void verify_lane(struct run *run, size_t i)
{
	struct bench_lane *lane = &run->bench->lanes[i];
	struct bench_result result = { 0 };

	if (!sink_info(lane->sink)->can_verify) {
		lane->hash = HASH_IMPOSSIBLE;
		snprintf(lane->verify_error, sizeof(lane->verify_error), "the %s sink %s",
			 sink_info(lane->sink)->key, sink_info(lane->sink)->says);
		run->progress.nr_done++;
		return;
	}
	lane->hash = HASH_PENDING;
	transfer(run, i, true, &result);
	if (result.state == BENCH_DONE)
		lane->hash = result.hash;
	else
		memcpy(lane->verify_error, result.error, sizeof(lane->verify_error));
}

static void run_all(struct run *run)
{
	const struct bench_config *config = &run->bench->config;
	unsigned stream = 0;

	run->progress.nr_done = 0;
	run->progress.nr_total = run->bench->nr_lanes *
				 (config->warmup + config->rounds + (run->plan->verify ? 1 : 0));
	run->progress.rounds = config->warmup;
	for (unsigned i = 0; i < config->warmup; i++) {
		run->progress.round = i + 1;
		run_round(run, 0, stream++, "warm-up");
	}
	run->progress.doing = "verifying";
	for (size_t i = 0; run->plan->verify && i < run->bench->nr_lanes && !is_cancelled(run); i++)
		verify_lane(run, i);
	run->progress.rounds = config->rounds;
	/* The order of the rounds does not depend on how many warm-ups went before. */
	for (unsigned i = 1; i <= config->rounds; i++) {
		run->progress.round = i;
		run_round(run, i, UINT32_C(0x80000000) + i, "round");
		if (run->plan->live && !is_cancelled(run)) {
			bench_summarize(run->bench);
			run->progress.so_far = run->bench;
		}
	}
}

/* Whether the overwrite test of this mode was asked for. */
static bool is_planned(const struct bench_plan *plan, enum transfer_mode mode)
{
	for (size_t i = 0; i < plan->nr_modes; i++)
		if (plan->modes[i] == mode)
			return true;
	return false;
}

/* 0; what went wrong is told in the place of the proofs. -ECANCELED. */
static int prove(struct run *run)
{
	const struct prove_config config = { .dir = run->plan->dir,
					     .actor_path = run->plan->actor_path,
					     .cancel = run->watch->cancel };
	struct lab_proof all[LAB_MAX_PROOFS];
	struct bench *bench = run->bench;
	size_t nr = 0;
	int err;

	run->progress = (struct bench_progress){ .doing = "proving" };
	if (run->watch->progress)
		run->watch->progress(run->watch->arg, &run->progress);
	err = lab_prove(run->host, &config, all, &nr, bench->proofs_error,
			sizeof(bench->proofs_error));
	for (size_t i = 0; !err && i < nr; i++)
		if (is_planned(run->plan, all[i].mode))
			bench->proofs[bench->nr_proofs++] = all[i];
	return err == -ECANCELED ? err : 0;
}

static void add_prepared(void *arg, uint64_t done_bytes, uint64_t total_bytes)
{
	struct run *run = arg;

	run->progress.doing = "writing files";
	run->progress.nr_done = (size_t)(done_bytes >> 20);
	run->progress.nr_total = (size_t)(total_bytes >> 20);
	if (run->watch->progress)
		run->watch->progress(run->watch->arg, &run->progress);
}

/* A sink that is not there is found out before minutes are spent. */
static int find_sink(const struct run *run, char *error, size_t room)
{
	int fd = remote_link_connect(run->plan->remote, CONNECT_NS, run->watch->cancel, error,
				     room);

	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

static int prepare(struct run *run, char *error, size_t room)
{
	const struct bench_files_watch watch = { run->watch->cancel, add_prepared, run };
	int err = run->plan->remote ? find_sink(run, error, room) : 0;

	if (!err)
		err = bench_files_open(run->plan, run->bench, &watch, &run->files, error, room);
	if (!err)
		run->bench->config.size_bytes = bench_files_size(run->files);
	return err;
}

int bench_run(const struct host *host, const struct bench_plan *plan,
	      const struct bench_watch *watch, struct bench **out, char *error, size_t room)
{
	struct run run = { .host = host, .plan = plan, .watch = watch, .bench = bench_new() };
	int err;

	run.bench->taken_ns = clock_real_ns();
	run.bench->config = plan->config;
	snprintf(run.bench->environment.kernel, sizeof(run.bench->environment.kernel), "%s",
		 host->kernel);
	machine_read(host, &run.bench->environment.machine);
	run.bench->environment.page_bytes = UINT64_C(1) << host->geometry.page_shift;
	if (!plan->prove_only)
		make_lanes(run.bench, plan);
	run.states = xcalloc(run.bench->nr_lanes + 1, sizeof(*run.states));
	err = plan->prove_only ? 0 : prepare(&run, error, room);
	if (!err && !plan->prove_only) {
		describe(&run);
		run_all(&run);
		err = is_cancelled(&run) ? -ECANCELED : 0;
	}
	bench_files_close(run.files);
	snprintf(run.bench->proofs_error, sizeof(run.bench->proofs_error), "not run");
	if (!err && plan->prove)
		err = prove(&run);
	free(run.states);
	if (err) {
		bench_free(run.bench);
		return err;
	}
	bench_summarize(run.bench);
	*out = run.bench;
	return 0;
}
