/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The benchmark as a table, one for each sink: a row for each lane, medians with their
 * quartiles, the CPU's ratio to traditional with its interval, and whether that can be told
 * from the noise, which the control's row shows.
 */
#include "out/bench.h"

#include "base/fmt.h"
#include "out/wrap.h"

#include <errno.h>
#include <string.h>

#define GIB  1073741824.0
#define LINE 400

static const char *verdict_word(enum stats_verdict verdict)
{
	static const char *const words[NR_STATS_VERDICT] = {
		[STATS_UNKNOWN] = "?",  [STATS_BASELINE] = "base", [STATS_NOISE] = "ctrl",
		[STATS_ALIKE] = "n.d.", [STATS_LESS] = "less",     [STATS_MORE] = "more",
	};

	return words[verdict];
}

static void write_head(FILE *out, const struct bench *bench)
{
	const struct bench_config *config = &bench->config;
	const struct bench_environment *env = &bench->environment;
	char size[FMT_LEN], memory[FMT_LEN], line[LINE];

	fprintf(out, "bench  %s  %s start  %u rounds, %u warm-up  seed %llu\n",
		fmt_bytes_long(size, config->size_bytes),
		config->start == LAB_COLD ? "cold" : "hot", config->rounds, config->warmup,
		(unsigned long long)config->seed);
	snprintf(line, sizeof(line), "%s%s%u CPUs, %s, Linux %s, %s", env->machine.cpu,
		 env->machine.cpu[0] ? ", " : "", env->machine.nr_cpus,
		 fmt_bytes_long(memory, env->machine.memory_bytes), env->kernel, env->fs);
	out_wrapped(out, "       ", line);
}

static void write_ratio(FILE *out, const struct bench_summary *summary)
{
	int digits = summary->cpu_ratio.high < 9.995 ? 2 : 1;
	char interval[32] = "-";

	if (summary->cpu_verdict == STATS_BASELINE) {
		fprintf(out, " %5s %9s", "1", "");
		return;
	}
	if (!summary->nr_cpu_pairs) {
		fprintf(out, " %5s %9s", "?", "");
		return;
	}
	if (summary->nr_cpu_pairs >= STATS_LEAST_PAIRS)
		snprintf(interval, sizeof(interval), "%.*f-%.*f", digits, summary->cpu_ratio.low,
			 digits, summary->cpu_ratio.high);
	fprintf(out, " %5.2f %9s", summary->cpu_ratio.median, interval);
}

static void write_lane(FILE *out, const struct bench *bench, size_t i)
{
	const struct bench_summary *summary = &bench->summaries[i];
	const char *key = bench_lane_key(&bench->lanes[i]);
	char quartiles[32], calls[FMT_LEN], faults[FMT_LEN], head[32];

	if (!summary->nr_done) {
		char line[LINE];

		snprintf(head, sizeof(head), "%-16s", key);
		snprintf(line, sizeof(line), "%s: %s",
			 summary->nr_unavailable ? "unavailable" : "failed", summary->error);
		out_wrapped(out, head, line);
		return;
	}
	snprintf(quartiles, sizeof(quartiles), "%.2f-%.2f", summary->bytes_per_s.low / GIB,
		 summary->bytes_per_s.high / GIB);
	fprintf(out, "%-15s %5.2f %11s", key, summary->bytes_per_s.median / GIB, quartiles);
	if (summary->cpu_known)
		fprintf(out, " %6.3f", summary->cpu_s_per_gib.median);
	else
		fprintf(out, " %6s", "?");
	write_ratio(out, summary);
	fmt_count(calls, (uint64_t)summary->sender_calls);
	fmt_count(faults, (uint64_t)(summary->sender_minflt + summary->sender_majflt));
	fprintf(out, " %6s %6s %4.1f %4s\n", calls, faults, summary->copied_per_byte,
		verdict_word(summary->cpu_verdict));
}

static void write_table(FILE *out, const struct bench *bench, enum sink_kind sink)
{
	const struct bench_config *config = &bench->config;
	const struct sink_info *info = sink_info(sink);

	if (config->remote[0])
		fprintf(out, "\n%s sink at %s\n", info->key, config->remote);
	else
		fprintf(out, "\n%s sink: %s, %s\n", info->key, info->calls,
			transport_name(info->transport));
	fputs("                 GiB/s                CPU  to traditional   sender's\n"
	      "mode            median  quartiles  s/GiB ratio  interval  calls faults copy  CPU\n",
	      out);
	for (size_t i = 0; i < bench->nr_lanes; i++)
		if (bench->lanes[i].sink == sink)
			write_lane(out, bench, i);
}

/* Lanes of this hash state by name; returns how many. */
static size_t list_lanes(const struct bench *bench, enum hash_state state, char *out, size_t room)
{
	size_t nr = 0, at = 0;

	out[0] = '\0';
	for (size_t i = 0; i < bench->nr_lanes; i++) {
		int added;

		if (bench->lanes[i].hash != state)
			continue;
		nr++;
		added = snprintf(out + at, room - at, "%s%s", at ? ", " : "",
				 bench_lane_key(&bench->lanes[i]));
		if (added > 0 && (size_t)added < room - at)
			at += (size_t)added;
	}
	return nr;
}

static void write_verified(FILE *out, const struct bench *bench)
{
	char names[LINE], line[LINE + 100];
	size_t nr = list_lanes(bench, HASH_EQUAL, names, sizeof(names));

	if (nr) {
		snprintf(
			line, sizeof(line),
			"in a round of its own, outside the timing, every byte of %zu lanes hashed "
			"by XXH3 at the sink: equal to the file.",
			nr);
		out_wrapped(out, "  verified   ", line);
	}
	if (list_lanes(bench, HASH_DIFFERS, names, sizeof(names))) {
		snprintf(line, sizeof(line), "the sink received OTHER BYTES from: %s.", names);
		out_wrapped(out, "  verified   ", line);
	}
	if (list_lanes(bench, HASH_IMPOSSIBLE, names, sizeof(names)))
		out_wrapped(out, "  verified   ",
			    "the discard sink drops bytes unread: only their "
			    "number was checked there.");
}

static void write_load(FILE *out, const struct bench *bench)
{
	unsigned contaminated = 0, unknown = 0, decayed = 0, done = 0;
	char line[LINE];

	for (size_t i = 0; i < bench->nr_results; i++) {
		const struct bench_result *result = &bench->results[i];

		if (result->state != BENCH_DONE)
			continue;
		done++;
		contaminated += result->contaminated;
		unknown += result->load_why != WHY_OK;
		decayed += !result->start_verified && result->start_pages;
	}
	snprintf(line, sizeof(line),
		 "%u of %u transfers had other work or steal on more than %d %% of the processors; "
		 "they are marked, not left out.",
		 contaminated, done, 10);
	if (unknown)
		snprintf(line, sizeof(line),
			 "unknown: the kernel does not tell the machine's CPU.");
	out_wrapped(out, "  load       ", line);
	if (decayed) {
		snprintf(line, sizeof(line), "%u transfers did not start %s as asked for.", decayed,
			 bench->config.start == LAB_COLD ? "cold" : "hot");
		out_wrapped(out, "  residency  ", line);
	}
}

/* One line of what all proofs of this verdict and kind of socket have shown. */
static void write_proof(FILE *out, const struct bench *bench, enum proof_verdict verdict,
			enum proof_socket socket, const char *shown)
{
	char names[LINE] = "", line[LINE + 100];
	size_t at = 0;

	for (size_t i = 0; i < bench->nr_proofs; i++) {
		const struct lab_proof *proof = &bench->proofs[i];
		int added;

		if (proof->verdict != verdict || proof->socket != socket)
			continue;
		added = snprintf(names + at, sizeof(names) - at, "%s%s", at ? ", " : "",
				 mode_info(proof->mode)->key);
		if (added > 0 && (size_t)added < sizeof(names) - at)
			at += (size_t)added;
	}
	if (!at)
		return;
	snprintf(line, sizeof(line), "%s: %s.", shown, names);
	out_wrapped(out, "  proved     ", line);
}

/* The proofs in a few lines; the evidence is in --prove and in the JSON. */
static void write_proofs(FILE *out, const struct bench *bench)
{
	write_proof(out, bench, PROOF_SHARED, PROOF_TCP,
		    "the receiver got the file's own pages from");
	write_proof(out, bench, PROOF_COPIED, PROOF_TCP, "the receiver got a copy from");
	write_proof(out, bench, PROOF_SHARED, PROOF_FILE,
		    "the sink's file got the file's own blocks (reflink) from");
	write_proof(out, bench, PROOF_COPIED, PROOF_FILE, "the sink's file got a copy from");
}

static void write_lane_notes(FILE *out, const struct bench *bench)
{
	for (size_t i = 0; i < bench->nr_lanes; i++) {
		const struct bench_summary *summary = &bench->summaries[i];
		const char *key = bench_lane_key(&bench->lanes[i]);
		const char *sink = sink_info(bench->lanes[i].sink)->key;
		char line[LINE];

		if (summary->nr_done && summary->nr_failed) {
			snprintf(line, sizeof(line), "%s, %s: %u of %u rounds failed: %s", key,
				 sink, summary->nr_failed, bench->config.rounds, summary->error);
			out_wrapped(out, "  failed     ", line);
		}
		if (summary->note[0]) {
			snprintf(line, sizeof(line), "%s, %s: %s", key, sink, summary->note);
			out_wrapped(out, "  note       ", line);
		}
		if (bench->lanes[i].verify_error[0] && summary->nr_done &&
		    bench->lanes[i].hash == HASH_PENDING) {
			snprintf(line, sizeof(line), "%s, %s: not verified: %s", key, sink,
				 bench->lanes[i].verify_error);
			out_wrapped(out, "  note       ", line);
		}
	}
}

static void write_legend(FILE *out, const struct bench *bench)
{
	fputc('\n', out);
	out_wrapped(out, "  CPU        ",
		    "user + system of sender and sink; the ratio is the median of the rounds' own "
		    "ratios, with the interval that holds it 95 times of 100.");
	out_wrapped(out, "  n.d.       ",
		    "not distinguishable: its interval meets that of the control, which is "
		    "the traditional mode once more.");
	if (bench->config.rounds < STATS_LEAST_PAIRS)
		out_wrapped(out, "  ?          ", "fewer than 5 rounds tell nothing apart.");
	out_wrapped(out, "  copy       ",
		    "bytes that the sender's system calls move in or out of user memory, per byte "
		    "of the file.");
}

/* Faults by get_user_pages, which perf has no event for, as a list of lanes. */
static size_t list_pinned(const struct bench *bench, char *out, size_t room)
{
	size_t at = 0;

	out[0] = '\0';
	for (size_t i = 0; i < bench->nr_lanes; i++) {
		const struct bench_summary *summary = &bench->summaries[i];
		double more = summary->sender_task_faults - summary->sender_minflt -
			      summary->sender_majflt;
		char count[FMT_LEN];
		int added;

		if (!summary->nr_done || more < 0.5)
			continue;
		added = snprintf(out + at, room - at, "%s%s %s", at ? ", " : "",
				 bench_lane_key(&bench->lanes[i]),
				 fmt_count(count, (uint64_t)more));
		if (added > 0 && (size_t)added < room - at)
			at += (size_t)added;
	}
	return at;
}

static void write_faults(FILE *out, const struct bench *bench)
{
	char names[LINE], line[LINE + 200];
	bool any;
	enum why why = bench_faults_why(bench, &any);

	if (!any || why == WHY_NOT_ASKED)
		return;
	if (why != WHY_OK)
		snprintf(line, sizeof(line), "by the task's own count (getrusage); perf: %s.",
			 why_name(why));
	else if (list_pinned(bench, names, sizeof(names)))
		snprintf(line, sizeof(line),
			 "counted by perf; what the kernel takes in by get_user_pages is an event "
			 "for nobody, and the task's own count has more: %s.",
			 names);
	else
		snprintf(line, sizeof(line), "counted by perf; the task's own count is the same.");
	out_wrapped(out, "  faults     ", line);
}

/* What the connections were given in place of what the machine would have given them. */
static void write_congestion(FILE *out, const struct bench *bench)
{
	const struct bench_environment *env = &bench->environment;
	char line[LINE];

	if (!env->congestion[0] || !strcmp(env->congestion, env->machine.congestion))
		return;
	snprintf(line, sizeof(line),
		 "the connections' congestion control is %s, which does not pace; this machine's "
		 "usual one is %s.",
		 env->congestion,
		 env->machine.congestion[0] ? env->machine.congestion : "not known");
	out_wrapped(out, "  tcp        ", line);
}

int out_bench_text(FILE *out, const struct bench *bench)
{
	bool written[NR_SINK] = { false };

	write_head(out, bench);
	for (size_t i = 0; i < bench->nr_lanes; i++) {
		enum sink_kind sink = bench->lanes[i].sink;

		if (!written[sink])
			write_table(out, bench, sink);
		written[sink] = true;
	}
	write_legend(out, bench);
	write_faults(out, bench);
	write_verified(out, bench);
	write_proofs(out, bench);
	write_load(out, bench);
	write_congestion(out, bench);
	write_lane_notes(out, bench);
	return fflush(out) || ferror(out) ? -EIO : 0;
}
