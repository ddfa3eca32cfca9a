/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pagewalk bench: the lab, measured; its reports and its exit status. */
#include "cmd/cmd.h"

#include "base/clock.h"
#include "base/fmt.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "cmd/bench_options.h"
#include "kernel/helper_path.h"
#include "out/bench.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEFAULT_SIZE    (UINT64_C(256) << 20)
#define DEFAULT_ROUNDS  9
#define DEFAULT_SAMPLE  (50 * NS_PER_MS)
#define DEFAULT_TIMEOUT (60 * NS_PER_S)
#define PROGRESS_NS     (50 * NS_PER_MS)

static atomic_bool interrupted;

static void on_signal(int number)
{
	(void)number;
	atomic_store(&interrupted, true);
}

static void heed_signals(void)
{
	const struct sigaction action = { .sa_handler = on_signal };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* One line that is written over, on a terminal only. */
struct progress_line {
	bool shown;
	uint64_t next_ns;
};

static void show_progress(void *arg, const struct bench_progress *progress)
{
	struct progress_line *line = arg;
	uint64_t now_ns = clock_mono_ns();
	char what[64] = "", round[32] = "";

	if (now_ns < line->next_ns)
		return;
	line->next_ns = now_ns + PROGRESS_NS;
	line->shown = true;
	if (progress->lane)
		snprintf(what, sizeof(what), "%s -> %s", progress->lane, progress->sink);
	if (progress->rounds && progress->lane)
		snprintf(round, sizeof(round), "%u/%u", progress->round, progress->rounds);
	fprintf(stderr, "\r%-13s %-9s %-28s %6zu of %zu %s\x1b[K", progress->doing, round, what,
		progress->nr_done, progress->nr_total, progress->lane ? "transfers" : "MiB");
}

static void clear_progress(const struct progress_line *line)
{
	if (line->shown)
		fputs("\r\x1b[K", stderr);
}

/* 0, or STATUS_USAGE: a file has the size that it has. */
static int check_size(const struct bench_options *options)
{
	struct stat st;
	int status;
	char *safe;

	if (!options->plan.file || !options->size_given || stat(options->plan.file, &st) ||
	    (uint64_t)st.st_size == options->plan.config.size_bytes)
		return STATUS_DONE;
	safe = text_safe_str(options->plan.file);
	status = cmd_bad_usage(&cmd_bench,
			       "%s has %llu bytes, not %llu: leave --file or --size out", safe,
			       (unsigned long long)st.st_size,
			       (unsigned long long)options->plan.config.size_bytes);
	free(safe);
	return status;
}

/* Before minutes are spent: can the reports be written at all? */
static int check_targets(const struct bench_options *options)
{
	int status = STATUS_DONE;
	char *safe;

	if (options->csv_dir && mkdir(options->csv_dir, 0777) && errno != EEXIST) {
		safe = text_safe_str(options->csv_dir);
		status = cmd_fail("bench: cannot make the directory %s: %m", safe);
		free(safe);
	} else if (options->csv_dir && access(options->csv_dir, W_OK | X_OK)) {
		safe = text_safe_str(options->csv_dir);
		status = cmd_fail("bench: cannot write into %s: %m", safe);
		free(safe);
	}
	return status;
}

static int write_file(const char *path, const struct bench *bench,
		      int (*write_report)(FILE *out, const struct bench *bench))
{
	FILE *out = fopen(path, "we");
	int err = out ? write_report(out, bench) : -errno;
	char *safe;

	if (out && fclose(out) && !err)
		err = -errno;
	if (!err)
		return STATUS_DONE;
	safe = text_safe_str(path);
	cmd_fail("bench: cannot write %s: %s", safe, strerror(-err));
	free(safe);
	return STATUS_FAILED;
}

static int write_csv(const struct bench_options *options, const struct bench *bench)
{
	const char *dash = options->prefix ? "-" : "", *prefix = options->prefix;
	char *results = xasprintf("%s/%s%sresults.csv", options->csv_dir, prefix ? prefix : "",
				  dash);
	char *summary = xasprintf("%s/%s%ssummary.csv", options->csv_dir, prefix ? prefix : "",
				  dash);
	int status = write_file(results, bench, out_bench_results_csv);

	if (!status)
		status = write_file(summary, bench, out_bench_summary_csv);
	free(summary);
	free(results);
	return status;
}

static int write_reports(const struct bench_options *options, const struct bench *bench)
{
	bool json_only = options->json && !strcmp(options->json, "-");
	int status = STATUS_DONE, err = 0;

	if (options->csv_dir)
		status = write_csv(options, bench);
	if (json_only)
		err = out_bench_json(stdout, bench);
	else if (options->json && write_file(options->json, bench, out_bench_json))
		status = STATUS_FAILED;
	if (!json_only && !options->plan.prove_only)
		err = options->explain ? out_bench_explain(stdout, bench)
				       : out_bench_text(stdout, bench);
	if (!json_only && !err && options->plan.prove_only)
		err = out_bench_proofs(stdout, bench);
	if (err)
		status = cmd_fail("bench: cannot write the report: %s", strerror(-err));
	return status;
}

/* What failed and what could not be known, each named on standard error. */
static int judge(const struct bench_options *options, const struct bench *bench)
{
	int status = STATUS_DONE;

	for (size_t i = 0; i < bench->nr_lanes; i++) {
		const struct bench_lane *lane = &bench->lanes[i];
		const struct bench_summary *summary = &bench->summaries[i];
		const char *key = bench_lane_key(lane), *sink = sink_info(lane->sink)->key;

		if (lane->hash == HASH_DIFFERS) {
			status = cmd_fail("bench: %s, %s: the sink received other bytes", key,
					  sink);
		} else if (summary->nr_failed) {
			status = cmd_fail("bench: %s, %s: %s", key, sink, summary->error);
		} else if (summary->nr_unavailable && options->modes_given) {
			fprintf(stderr, "pagewalk: unknown: %s, %s: %s\n", key, sink,
				summary->error);
			if (!status)
				status = STATUS_PARTLY;
		}
	}
	return status;
}

/* A proof that was asked for by name and could not be had. */
static int judge_proofs(const struct bench_options *options, const struct bench *bench)
{
	int status = STATUS_DONE;

	if (!bench->nr_proofs && options->plan.prove_only)
		return cmd_fail("bench: proofs: %s", bench->proofs_error);
	for (size_t i = 0; options->modes_given && i < bench->nr_proofs; i++) {
		const struct lab_proof *proof = &bench->proofs[i];

		if (proof->verdict != PROOF_UNKNOWN)
			continue;
		fprintf(stderr, "pagewalk: unknown: proof of %s, %s: %s\n",
			mode_info(proof->mode)->key, proof_socket_name(proof->socket),
			proof->evidence);
		status = STATUS_PARTLY;
	}
	return status;
}

static int run_and_report(const struct host *host, struct bench_options *options)
{
	struct progress_line line = { .shown = false };
	const struct bench_watch watch = {
		.cancel = &interrupted,
		.progress = isatty(STDERR_FILENO) && !options->quiet ? show_progress : NULL,
		.arg = &line,
	};
	struct bench *bench;
	char error[400] = "";
	int err, status, judged;

	heed_signals();
	err = bench_run(host, &options->plan, &watch, &bench, error, sizeof(error));
	clear_progress(&line);
	if (err == -ECANCELED || atomic_load(&interrupted))
		error[0] = '\0';
	if (err)
		return cmd_fail("bench: %s", error[0] ? error : "interrupted");
	status = write_reports(options, bench);
	judged = judge(options, bench);
	if (!judged && options->plan.prove_only)
		judged = judge_proofs(options, bench);
	bench_free(bench);
	return status ? status : judged;
}

static int run_bench(int argc, char **argv)
{
	struct bench_options options = {
		.plan = {
			.config = {
				.size_bytes = DEFAULT_SIZE,
				.rounds = DEFAULT_ROUNDS,
				.warmup = 1,
				.start = LAB_HOT,
				.sample_ns = DEFAULT_SAMPLE,
				.timeout_ns = DEFAULT_TIMEOUT,
			},
			.verify = true,
			.prove = true,
		},
		.remote = { "127.0.0.1", "9090" },
	};
	int status = bench_options_parse(argc, argv, &options);
	struct host *host;
	char *actor;

	if (status)
		return status < 0 ? STATUS_DONE : status;
	status = check_size(&options);
	if (!status)
		status = check_targets(&options);
	if (status)
		return status;
	if (!options.seed_given)
		options.plan.config.seed = clock_real_ns() / NS_PER_MS % 1000000;
	host = host_new("");
	actor = helper_path("pagewalk-actor");
	options.plan.actor_path = actor;
	status = run_and_report(host, &options);
	free(actor);
	host_free(host);
	return status;
}

const struct command cmd_bench = {
	.name = "bench",
	.run = run_bench,
	.usage = "bench [OPTION...]",
	.summary = "The lab, measured: ways to send a file against each other and noise",
	.options =
		"      --modes LIST       traditional,sendfile,... or all (default); traditional "
		"and\n"
		"                         its control always run\n"
		"      --sinks LIST       memory (default), discard, disk, unix, or all\n"
		"      --size SIZE        of the generated files (default 256MiB)\n"
		"      --file FILE        send copies of this file\n"
		"      --one-file         one file for all modes; with --file, the file itself\n"
		"      --rounds N         timed rounds (default 9)\n"
		"      --warmup N         rounds before them that do not count (default 1)\n"
		"      --seed N           of the order of the lanes (default: chosen and printed)\n"
		"      --start hot|cold   in the page cache or not, verified (default hot)\n"
		"      --buffer SIZE      of the sender, instead of each mode's own\n"
		"      --window SIZE      of the modes that map the file\n"
		"      --no-verify        leave the round out in which every byte is hashed\n"
		"      --csv DIR          write results.csv and summary.csv\n"
		"      --json FILE        write everything as JSON; - is standard output\n"
		"      --prove            only prove for each mode whether it copies\n"
		"      --explain          what each way is for, with what was measured here\n"
		"      --connect ADDR:PORT  send to a `pagewalk sink` there\n"
		"      --dir DIR          where the files go (default $XDG_CACHE_HOME/pagewalk)\n"
		"      --keep             leave the files behind\n"
		"      --timeout SECONDS  a transfer that stands still so long fails (default 60)\n"
		"  -q, --quiet            no progress line\n"
		"  -h, --help             this text\n"
		"The options of java-zero-copy are understood too: --mode, --server-mode,\n"
		"--file-size, --iterations, --buffer-size, --mapped-chunk-size, --result-dir, "
		"...\n",
};
