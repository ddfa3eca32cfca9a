/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The benchmark as CSV (RFC 4180 with newlines alone). The first columns are those of
 * java-zero-copy, in its order and units (ms, MiB/s, percent of all processors), so that
 * what reads its files reads these; then ours. What is not known is an empty field.
 */
#include "out/bench.h"

#include "base/clock.h"
#include "out/out.h"

#include <errno.h>
#include <inttypes.h>

#define MIB 1048576.0

static int csv_done(FILE *out)
{
	return fflush(out) || ferror(out) ? -EIO : 0;
}

static double ms(double t_ns)
{
	return t_ns / (double)NS_PER_MS;
}

static void csv_count(FILE *out, uint64_t count, bool known)
{
	if (known)
		fprintf(out, ",%" PRIu64, count);
	else
		fputc(',', out);
}

static void csv_number(FILE *out, double value, bool known)
{
	if (known)
		fprintf(out, ",%.6g", value);
	else
		fputc(',', out);
}

/* executionMode,serverMode,transferMode */
static void csv_lane(FILE *out, const struct bench *bench, const struct bench_lane *lane)
{
	fprintf(out, "%s,%s,%s", bench->config.remote[0] ? "remote" : "local",
		sink_info(lane->sink)->key, bench_lane_key(lane));
}

static void csv_side(FILE *out, const struct bench_side *side, bool done)
{
	bool known = done && side->known;

	csv_count(out, side->user_ns, known);
	csv_count(out, side->system_ns, known);
	csv_count(out, side->calls, done);
	csv_count(out, side->copied_bytes, done);
	csv_count(out, side->minflt, known);
	csv_count(out, side->majflt, known);
	csv_count(out, side->voluntary, known);
	csv_count(out, side->involuntary, known);
}

static void csv_result(FILE *out, const struct bench *bench, const struct bench_result *result)
{
	bool done = result->state == BENCH_DONE;
	bool cpu = done && result->sender.known && result->sink.known;
	bool load = done && result->load_why == WHY_OK;
	double s = (double)result->elapsed_ns / (double)NS_PER_S;

	csv_lane(out, bench, &bench->lanes[result->lane]);
	fprintf(out, ",%u,%" PRIu64, result->round, result->bytes);
	if (done)
		fprintf(out, ",%.2f,%.2f,%.2f", ms((double)result->elapsed_ns),
			ms((double)result->receive_ns),
			s > 0 ? (double)result->bytes / MIB / s : 0);
	else
		fputs(",,,", out);
	if (cpu)
		fprintf(out, ",%.2f,%.2f,%.2f,%zu", result->cpu.overall, result->cpu.average,
			result->cpu.peak, result->cpu.nr);
	else
		fputs(",,,,", out);
	fprintf(out, ",%u,%s,", result->order, bench_state_name(result->state));
	csv_text(out, result->error);
	csv_count(out, result->elapsed_ns, done);
	csv_side(out, &result->sender, done);
	csv_side(out, &result->sink, done);
	fprintf(out, ",%d", result->start_verified);
	csv_count(out, result->start_cached_pages, result->start_why == WHY_OK);
	csv_count(out, result->start_pages, result->start_why == WHY_OK);
	csv_count(out, result->steal_ns, load);
	csv_count(out, result->foreign_ns, load);
	csv_count(out, result->contaminated, load);
	csv_count(out, result->sender.task_minflt, done && result->sender.known);
	csv_count(out, result->sender.task_majflt, done && result->sender.known);
	csv_count(out, result->sink.task_minflt, done && result->sink.known);
	csv_count(out, result->sink.task_majflt, done && result->sink.known);
	fputs(!done ? "," : result->sender.perf_why == WHY_OK ? ",perf" : ",getrusage", out);
	fputc('\n', out);
}

int out_bench_results_csv(FILE *out, const struct bench *bench)
{
	fputs("executionMode,serverMode,transferMode,iteration,bytesTransferred,elapsedMs,"
	      "serverReceiveMs,throughputMbPerSecond,cpuOverallPercent,cpuAveragePercent,"
	      "cpuPeakPercent,cpuSampleCount,"
	      "order,state,error,elapsed_ns,"
	      "sender_user_ns,sender_system_ns,sender_calls,sender_copied_bytes,sender_minflt,"
	      "sender_majflt,sender_voluntary_switches,sender_involuntary_switches,"
	      "sink_user_ns,sink_system_ns,sink_calls,sink_copied_bytes,sink_minflt,"
	      "sink_majflt,sink_voluntary_switches,sink_involuntary_switches,"
	      "start_verified,start_cached_pages,start_pages,steal_ns,foreign_ns,contaminated,"
	      "sender_minflt_task,sender_majflt_task,sink_minflt_task,sink_majflt_task,faults_by\n",
	      out);
	for (size_t i = 0; i < bench->nr_results; i++)
		csv_result(out, bench, &bench->results[i]);
	return csv_done(out);
}

static void csv_interval(FILE *out, const struct interval *interval, size_t nr_pairs)
{
	bool known = nr_pairs > 0, enough = nr_pairs >= STATS_LEAST_PAIRS;

	csv_number(out, interval->median, known);
	csv_number(out, interval->low, enough);
	csv_number(out, interval->high, enough);
}

static void csv_quartiles(FILE *out, const struct quartiles *quartiles, bool known)
{
	csv_number(out, quartiles->median, known);
	csv_number(out, quartiles->low, known);
	csv_number(out, quartiles->high, known);
}

static void csv_summary(FILE *out, const struct bench *bench, const struct bench_summary *summary)
{
	const struct bench_lane *lane = &bench->lanes[summary->lane];
	bool done = summary->nr_done;

	csv_lane(out, bench, lane);
	if (done)
		fprintf(out, ",%.2f,%.2f,%.2f,%.2f,%.2f", ms(summary->mean_elapsed_ns),
			ms(summary->least_elapsed_ns), ms(summary->most_elapsed_ns),
			ms(summary->mean_receive_ns), summary->mean_bytes_per_s / MIB);
	else
		fputs(",,,,,", out);
	if (done && summary->cpu_known)
		fprintf(out, ",%.2f,%.2f,%.2f", summary->cpu.overall, summary->cpu.average,
			summary->cpu.peak);
	else
		fputs(",,,", out);
	csv_count(out, bench->config.size_bytes, done);
	fprintf(out, ",%u,%u,%u,%u", summary->nr_done, summary->nr_failed, summary->nr_unavailable,
		summary->nr_contaminated);
	csv_quartiles(out, &summary->bytes_per_s, done);
	csv_quartiles(out, &summary->cpu_s_per_gib, done && summary->cpu_known);
	csv_interval(out, &summary->cpu_ratio, summary->nr_cpu_pairs);
	fprintf(out, ",%s", stats_verdict_name(summary->cpu_verdict));
	csv_interval(out, &summary->wall_ratio, summary->nr_wall_pairs);
	fprintf(out, ",%s", stats_verdict_name(summary->wall_verdict));
	csv_number(out, summary->sender_calls, done);
	csv_number(out, summary->sender_minflt, done && summary->cpu_known);
	csv_number(out, summary->sender_majflt, done && summary->cpu_known);
	csv_number(out, summary->copied_per_byte, done);
	fprintf(out, ",%s,", hash_state_name(lane->hash));
	csv_text(out, summary->error);
	fputc('\n', out);
}

int out_bench_summary_csv(FILE *out, const struct bench *bench)
{
	fputs("executionMode,serverMode,transferMode,avgMs,minMs,maxMs,avgServerReceiveMs,"
	      "avgThroughputMbPerSecond,cpuOverallPercent,cpuAveragePercent,cpuPeakPercent,"
	      "bytesTransferred,"
	      "rounds_done,rounds_failed,rounds_unavailable,rounds_contaminated,"
	      "bytes_per_s_median,bytes_per_s_q1,bytes_per_s_q3,"
	      "cpu_s_per_gib_median,cpu_s_per_gib_q1,cpu_s_per_gib_q3,"
	      "cpu_ratio_median,cpu_ratio_low,cpu_ratio_high,cpu_verdict,"
	      "wall_ratio_median,wall_ratio_low,wall_ratio_high,wall_verdict,"
	      "sender_calls,sender_minflt,sender_majflt,sender_copied_per_byte,hash,error\n",
	      out);
	for (size_t i = 0; i < bench->nr_lanes; i++)
		csv_summary(out, bench, &bench->summaries[i]);
	return csv_done(out);
}
