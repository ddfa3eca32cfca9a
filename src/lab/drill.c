/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Transfers for lessons. A transfer is the benchmark's own (lab/bench_transfer.h), so that what
 * a lesson shows is what the benchmark measures; only its rounds and lanes are left out.
 */
#include "lab/drill.h"

#include "base/clock.h"
#include "base/xalloc.h"
#include "kernel/machine.h"
#include "lab/bench_transfer.h"
#include "lab/files.h"
#include "lab/prove.h"
#include "lab/rundir.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SEED       (UINT64_C(0x7e) << 48)
#define TIMEOUT_NS (20 * NS_PER_S)
#define SAMPLE_NS  NS_PER_S
/* More rounds than this do not make a lesson better. */
#define MOST_ROUNDS 15

struct drill {
	const struct host *host;
	struct bench_plan plan;
	struct bench_file file;
	struct run_dir *run;
	const atomic_bool *cancel;
	char *dir, *actor_path;
	unsigned nr_cpus;
};

static void ignore_progress(void *arg, uint64_t len_bytes)
{
	(void)arg;
	(void)len_bytes;
}

static int make_file(struct drill *drill, char *error, size_t room)
{
	const struct files_watch watch = { drill->cancel, ignore_progress, NULL };
	int err = run_dir_check_space(drill->run, drill->file.size_bytes, error, room);

	if (err)
		return err;
	drill->file.path = xasprintf("%s/lane-drill.bin", run_dir_path(drill->run));
	err = files_generate(drill->file.path, drill->file.size_bytes, SEED, &watch,
			     &drill->file.hash);
	if (!err)
		err = bench_file_know(&drill->file);
	if (err)
		snprintf(error, room, "the file to send: %s", strerror(-err));
	return err;
}

int drill_open(const struct host *host, const struct drill_config *config, struct drill **out,
	       char *error, size_t room)
{
	struct drill *drill = xcalloc(1, sizeof(*drill));
	long nr_cpus = sysconf(_SC_NPROCESSORS_ONLN);
	int err;

	drill->host = host;
	drill->cancel = config->cancel;
	drill->dir = config->dir ? xstrdup(config->dir) : NULL;
	drill->actor_path = xstrdup(config->actor_path);
	drill->nr_cpus = nr_cpus > 0 ? (unsigned)nr_cpus : 1;
	drill->file.size_bytes = config->size_bytes;
	drill->plan = (struct bench_plan){
		.config = { .size_bytes = config->size_bytes,
			    .start = LAB_HOT,
			    .sample_ns = SAMPLE_NS,
			    .timeout_ns = TIMEOUT_NS },
		.actor_path = drill->actor_path,
		.dir = drill->dir,
	};
	err = run_dir_open(drill->dir, false, drill->actor_path, &drill->run, error, room);
	if (!err)
		err = make_file(drill, error, room);
	if (err) {
		drill_close(drill);
		return err;
	}
	*out = drill;
	return 0;
}

void drill_close(struct drill *drill)
{
	if (!drill)
		return;
	if (drill->run)
		run_dir_close(drill->run);
	free(drill->file.path);
	free(drill->dir);
	free(drill->actor_path);
	free(drill);
}

uint64_t drill_size_bytes(const struct drill *drill)
{
	return drill->file.size_bytes;
}

static uint64_t cpu_of(const struct bench_result *result)
{
	return result->sender.user_ns + result->sender.system_ns + result->sink.user_ns +
	       result->sink.system_ns;
}

/* 0, or why this transfer says nothing. */
static int check(const struct bench_result *result, char *error, size_t room)
{
	if (result->state == BENCH_DONE && result->sender.known && result->sink.known)
		return 0;
	if (result->state == BENCH_DONE)
		snprintf(error, room, "what the transfer has used is not known");
	else
		snprintf(error, room, "%s", result->error);
	return result->state == BENCH_UNAVAILABLE ? -EOPNOTSUPP : -EIO;
}

static int transfer(struct drill *drill, enum transfer_mode mode, bool verify,
		    struct bench_result *result, char *error, size_t room)
{
	const struct bench_lane lane = { .mode = mode, .sink = SINK_MEMORY };
	const struct bench_transfer what = {
		.host = drill->host,
		.plan = &drill->plan,
		.lane = &lane,
		.file = &drill->file,
		.nr_cpus = drill->nr_cpus,
		.verify = verify,
		.cancel = drill->cancel,
	};

	memset(result, 0, sizeof(*result));
	bench_transfer_run(&what, result);
	return check(result, error, room);
}

int drill_send(struct drill *drill, enum transfer_mode mode, struct drill_figures *out, char *error,
	       size_t room)
{
	struct bench_result result;
	int err = transfer(drill, mode, true, &result, error, room);

	if (err)
		return err;
	*out = (struct drill_figures){
		.bytes = result.bytes,
		.copied_bytes = result.sender.copied_bytes,
		.calls = result.sender.calls,
		.minflt = result.sender.task_minflt,
		.cpu_ns = cpu_of(&result),
		.intact = result.hash == HASH_EQUAL,
	};
	return 0;
}

int drill_prove(struct drill *drill, enum transfer_mode mode, enum proof_socket socket,
		struct lab_proof *out, char *error, size_t room)
{
	const struct prove_config config = {
		.dir = drill->dir,
		.actor_path = drill->actor_path,
		.cancel = drill->cancel,
	};
	int err;

	*out = (struct lab_proof){ .mode = mode, .socket = socket };
	err = lab_prove_one(drill->host, &config, out, error, room);
	if (!err && out->verdict == PROOF_UNKNOWN) {
		snprintf(error, room, "%s", out->evidence);
		err = -EIO;
	}
	return err;
}

int drill_compare(struct drill *drill, enum transfer_mode mode, enum transfer_mode other,
		  unsigned nr_rounds, unsigned *percent, char *error, size_t room)
{
	double ours[MOST_ROUNDS], theirs[MOST_ROUNDS];
	struct interval ratio;
	int err = 0;

	if (nr_rounds > MOST_ROUNDS)
		nr_rounds = MOST_ROUNDS;
	for (unsigned i = 0; i < nr_rounds && !err; i++) {
		struct bench_result first, second;
		bool turned = i % 2;

		err = transfer(drill, turned ? other : mode, false, &first, error, room);
		if (!err)
			err = transfer(drill, turned ? mode : other, false, &second, error, room);
		if (err)
			return err;
		ours[i] = (double)cpu_of(turned ? &second : &first);
		theirs[i] = (double)cpu_of(turned ? &first : &second);
	}
	if (!stats_paired_ratio(ours, theirs, nr_rounds, SEED, &ratio)) {
		snprintf(error, room, "no CPU time was counted");
		return -EIO;
	}
	*percent = (unsigned)(ratio.median * 100 + 0.5);
	return err;
}
