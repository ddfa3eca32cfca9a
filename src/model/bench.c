/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the rounds of a benchmark come to. Contaminated rounds are marked but kept: leaving
 * out what looks wrong is how a benchmark comes to say what one wants; the median bears
 * them, and the interval shows them.
 */
#include "model/bench.h"

#include "base/clock.h"
#include "base/xalloc.h"

#include <stdlib.h>
#include <string.h>

#define GIB 1073741824.0

/* Below this, load cannot be told from the granularity of the clock tick. */
#define LEAST_LOAD_NS (40 * NS_PER_MS)
#define LOAD_PART     10

struct bench *bench_new(void)
{
	return xcalloc(1, sizeof(struct bench));
}

void bench_free(struct bench *bench)
{
	if (!bench)
		return;
	free(bench->lanes);
	free(bench->results);
	free(bench->summaries);
	free(bench);
}

const char *bench_lane_key(const struct bench_lane *lane)
{
	return lane->control ? "control" : mode_info(lane->mode)->key;
}

const char *bench_state_name(enum bench_state state)
{
	static const char *const names[NR_BENCH_STATE] = {
		[BENCH_DONE] = "done",
		[BENCH_FAILED] = "failed",
		[BENCH_UNAVAILABLE] = "unavailable",
	};

	return names[state];
}

struct bench_result *bench_add_result(struct bench *bench)
{
	struct bench_result *result;

	bench->results = xgrow(bench->results, bench->nr_results, &bench->results_room,
			       sizeof(*bench->results));
	result = &bench->results[bench->nr_results++];
	memset(result, 0, sizeof(*result));
	return result;
}

void bench_order(uint64_t seed, unsigned round, size_t first, size_t nr, size_t *order)
{
	struct stats_rng rng = stats_rng_make(seed);
	uint64_t of_seed = stats_rng_next(&rng);

	/* Each round and sink has a stream of its own: what was left out changes no other. */
	rng = stats_rng_make(of_seed ^ ((uint64_t)round << 32) ^ first);
	for (size_t i = 0; i < nr; i++)
		order[i] = first + i;
	stats_shuffle(&rng, order, nr);
}

static uint64_t above(uint64_t value, uint64_t base)
{
	return value > base ? value - base : 0;
}

void bench_judge_load(const struct cpu_times *before, const struct cpu_times *after,
		      uint64_t wall_ns, uint64_t own_ns, unsigned nr_cpus,
		      struct bench_result *result)
{
	uint64_t had_ns = wall_ns * nr_cpus, taken_ns;

	result->load_why = before->why != WHY_OK ? before->why : after->why;
	if (result->load_why != WHY_OK)
		return;
	result->steal_ns = above(after->steal_ns, before->steal_ns);
	result->foreign_ns = above(above(after->busy_ns, before->busy_ns), own_ns);
	taken_ns = result->steal_ns + result->foreign_ns;
	result->contaminated = taken_ns > LEAST_LOAD_NS && taken_ns > had_ns / LOAD_PART;
}

static double cpu_s(const struct bench_result *result)
{
	return (double)(result->sender.user_ns + result->sender.system_ns + result->sink.user_ns +
			result->sink.system_ns) /
	       (double)NS_PER_S;
}

double bench_cpu_per_gib(const struct bench_result *result)
{
	if (!result->bytes || !result->sender.known || !result->sink.known)
		return 0;
	return cpu_s(result) / ((double)result->bytes / GIB);
}

double bench_rate(const struct bench_result *result)
{
	return result->elapsed_ns
		       ? (double)result->bytes * (double)NS_PER_S / (double)result->elapsed_ns
		       : 0;
}

static double elapsed(const struct bench_result *result)
{
	return (double)result->elapsed_ns;
}

static double receive(const struct bench_result *result)
{
	return (double)result->receive_ns;
}

static double sender_calls(const struct bench_result *result)
{
	return (double)result->sender.calls;
}

static double sink_calls(const struct bench_result *result)
{
	return (double)result->sink.calls;
}

static double sender_minflt(const struct bench_result *result)
{
	return (double)result->sender.minflt;
}

static double sender_majflt(const struct bench_result *result)
{
	return (double)result->sender.majflt;
}

static double sender_task_faults(const struct bench_result *result)
{
	return (double)(result->sender.task_minflt + result->sender.task_majflt);
}

static double copied_per_byte(const struct bench_result *result)
{
	return result->bytes ? (double)result->sender.copied_bytes / (double)result->bytes : 0;
}

static double switches(const struct bench_result *result)
{
	return (double)(result->sender.voluntary + result->sender.involuntary +
			result->sink.voluntary + result->sink.involuntary);
}

/* Room for one value of each round. */
struct series {
	double *values;
	size_t nr;
};

/* The figure of each transfer of a lane that was done. */
static void collect(const struct bench *bench, size_t lane,
		    double (*of)(const struct bench_result *), struct series *series)
{
	series->nr = 0;
	for (size_t i = 0; i < bench->nr_results; i++)
		if (bench->results[i].lane == lane && bench->results[i].state == BENCH_DONE)
			series->values[series->nr++] = of(&bench->results[i]);
}

/* The same by round, 0 where there is none: for pairs. */
static void collect_rounds(const struct bench *bench, size_t lane,
			   double (*of)(const struct bench_result *), double *values)
{
	memset(values, 0, bench->config.rounds * sizeof(*values));
	for (size_t i = 0; i < bench->nr_results; i++) {
		const struct bench_result *result = &bench->results[i];

		if (result->lane == lane && result->state == BENCH_DONE && result->round &&
		    result->round <= bench->config.rounds)
			values[result->round - 1] = of(result);
	}
}

static struct quartiles quartiles_of(const struct bench *bench, size_t lane,
				     double (*of)(const struct bench_result *),
				     struct series *series)
{
	struct quartiles got = { 0 };

	collect(bench, lane, of, series);
	stats_quartiles(series->values, series->nr, &got);
	return got;
}

static double mean_of(const struct bench *bench, size_t lane,
		      double (*of)(const struct bench_result *), struct series *series)
{
	double sum = 0;

	collect(bench, lane, of, series);
	for (size_t i = 0; i < series->nr; i++)
		sum += series->values[i];
	return series->nr ? sum / (double)series->nr : 0;
}

static void take_result(struct bench_summary *summary, const struct bench_result *result)
{
	summary->nr_contaminated += result->contaminated;
	if (result->note[0] && !summary->note[0])
		memcpy(summary->note, result->note, sizeof(summary->note));
	if (result->state == BENCH_DONE) {
		double ns = elapsed(result);

		if (!summary->nr_done++) {
			summary->least_elapsed_ns = ns;
			summary->cpu_known = summary->receive_known = true;
		}
		if (ns < summary->least_elapsed_ns)
			summary->least_elapsed_ns = ns;
		if (ns > summary->most_elapsed_ns)
			summary->most_elapsed_ns = ns;
		summary->cpu_known &= result->sender.known && result->sink.known && result->bytes;
		summary->receive_known &= result->receive_ns > 0;
		if (summary->perf_why == WHY_OK)
			summary->perf_why = result->sender.perf_why;
		summary->cpu.overall += result->cpu.overall;
		summary->cpu.average += result->cpu.average;
		summary->cpu.nr += result->cpu.nr;
		if (result->cpu.peak > summary->cpu.peak)
			summary->cpu.peak = result->cpu.peak;
		return;
	}
	if (result->state == BENCH_FAILED)
		summary->nr_failed++;
	else
		summary->nr_unavailable++;
	if (!summary->error[0])
		memcpy(summary->error, result->error, sizeof(summary->error));
}

/* Everything about a lane that needs no other lane. */
static void summarize_alone(const struct bench *bench, struct bench_summary *summary,
			    struct series *series)
{
	size_t lane = summary->lane;

	for (size_t i = 0; i < bench->nr_results; i++)
		if (bench->results[i].lane == lane)
			take_result(summary, &bench->results[i]);
	if (!summary->nr_done)
		return;
	summary->cpu.overall /= summary->nr_done;
	summary->cpu.average /= summary->nr_done;
	summary->bytes_per_s = quartiles_of(bench, lane, bench_rate, series);
	summary->elapsed_ns = quartiles_of(bench, lane, elapsed, series);
	summary->receive_ns = quartiles_of(bench, lane, receive, series);
	summary->cpu_s_per_gib = quartiles_of(bench, lane, bench_cpu_per_gib, series);
	summary->mean_elapsed_ns = mean_of(bench, lane, elapsed, series);
	summary->mean_receive_ns = mean_of(bench, lane, receive, series);
	summary->mean_bytes_per_s = mean_of(bench, lane, bench_rate, series);
	summary->sender_calls = quartiles_of(bench, lane, sender_calls, series).median;
	summary->sink_calls = quartiles_of(bench, lane, sink_calls, series).median;
	summary->sender_minflt = quartiles_of(bench, lane, sender_minflt, series).median;
	summary->sender_majflt = quartiles_of(bench, lane, sender_majflt, series).median;
	summary->sender_task_faults = quartiles_of(bench, lane, sender_task_faults, series).median;
	summary->copied_per_byte = quartiles_of(bench, lane, copied_per_byte, series).median;
	summary->switches = quartiles_of(bench, lane, switches, series).median;
}

/* The lane of this sink that the others are compared with, or nr_lanes. */
static size_t find_lane(const struct bench *bench, enum sink_kind sink, bool control)
{
	for (size_t i = 0; i < bench->nr_lanes; i++) {
		const struct bench_lane *lane = &bench->lanes[i];

		if (lane->mode == MODE_TRADITIONAL && lane->control == control &&
		    lane->sink == sink)
			return i;
	}
	return bench->nr_lanes;
}

static void compare_with(const struct bench *bench, struct bench_summary *summary, size_t baseline,
			 double *own, double *base)
{
	unsigned rounds = bench->config.rounds;
	uint64_t seed = bench->config.seed + summary->lane;

	collect_rounds(bench, summary->lane, bench_cpu_per_gib, own);
	collect_rounds(bench, baseline, bench_cpu_per_gib, base);
	summary->nr_cpu_pairs = stats_paired_ratio(own, base, rounds, seed, &summary->cpu_ratio);
	collect_rounds(bench, summary->lane, elapsed, own);
	collect_rounds(bench, baseline, elapsed, base);
	summary->nr_wall_pairs = stats_paired_ratio(own, base, rounds, ~seed, &summary->wall_ratio);
}

static enum stats_verdict judge(const struct bench_lane *lane, size_t nr_pairs,
				const struct interval *ratio, size_t nr_control_pairs,
				const struct interval *control)
{
	if (lane->control)
		return STATS_NOISE;
	if (lane->mode == MODE_TRADITIONAL)
		return STATS_BASELINE;
	if (nr_pairs < STATS_LEAST_PAIRS || nr_control_pairs < STATS_LEAST_PAIRS)
		return STATS_UNKNOWN;
	return stats_compare(ratio, control);
}

static void judge_all(struct bench *bench)
{
	for (size_t i = 0; i < bench->nr_lanes; i++) {
		const struct bench_lane *lane = &bench->lanes[i];
		struct bench_summary *own = &bench->summaries[i];
		static const struct bench_summary none;
		size_t at = find_lane(bench, lane->sink, true);
		const struct bench_summary *control = at < bench->nr_lanes ? &bench->summaries[at]
									   : &none;

		own->cpu_verdict = judge(lane, own->nr_cpu_pairs, &own->cpu_ratio,
					 control->nr_cpu_pairs, &control->cpu_ratio);
		own->wall_verdict = judge(lane, own->nr_wall_pairs, &own->wall_ratio,
					  control->nr_wall_pairs, &control->wall_ratio);
	}
}

void bench_summarize(struct bench *bench)
{
	size_t room = bench->nr_results + bench->config.rounds + 1;
	struct series series = { xcalloc(room, sizeof(double)), 0 };
	double *base = xcalloc(room, sizeof(double));

	free(bench->summaries);
	bench->summaries = xcalloc(bench->nr_lanes ? bench->nr_lanes : 1,
				   sizeof(*bench->summaries));
	for (size_t i = 0; i < bench->nr_lanes; i++) {
		struct bench_summary *summary = &bench->summaries[i];
		size_t baseline = find_lane(bench, bench->lanes[i].sink, false);

		summary->lane = i;
		summarize_alone(bench, summary, &series);
		if (baseline < bench->nr_lanes)
			compare_with(bench, summary, baseline, series.values, base);
	}
	judge_all(bench);
	free(base);
	free(series.values);
}

enum why bench_faults_why(const struct bench *bench, bool *any)
{
	*any = false;
	for (size_t i = 0; i < bench->nr_lanes; i++) {
		const struct bench_summary *summary = &bench->summaries[i];

		if (!summary->nr_done)
			continue;
		*any = true;
		if (summary->perf_why != WHY_OK)
			return summary->perf_why;
	}
	return WHY_OK;
}
