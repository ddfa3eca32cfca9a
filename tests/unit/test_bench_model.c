/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What rounds come to, with made-up transfers whose answers are known; and its reports. */
#include "base/clock.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "out/bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#define GIB    (UINT64_C(1) << 30)
#define ROUNDS 5

/* traditional, its control, sendfile at half the CPU, mmap-write that cannot run. */
enum { TRADITIONAL, CONTROL, SENDFILE, MMAP, NR_LANES };

static struct bench *make_bench(void)
{
	struct bench *bench = bench_new();

	bench->config = (struct bench_config){
		.size_bytes = GIB,
		.rounds = ROUNDS,
		.seed = 7,
		.start = LAB_HOT,
	};
	bench->environment.machine.nr_cpus = 2;
	strcpy(bench->environment.kernel, "6.18");
	strcpy(bench->environment.congestion, "reno");
	strcpy(bench->environment.machine.congestion, "bbr");
	bench->nr_lanes = NR_LANES;
	bench->lanes = xcalloc(NR_LANES, sizeof(*bench->lanes));
	bench->lanes[CONTROL].control = true;
	bench->lanes[SENDFILE].mode = MODE_SENDFILE;
	bench->lanes[MMAP].mode = MODE_MMAP_WRITE;
	return bench;
}

static void add(struct bench *bench, size_t lane, unsigned round, double elapsed_s, double cpu_s)
{
	struct bench_result *result = bench_add_result(bench);

	result->lane = lane;
	result->round = round;
	result->order = (unsigned)lane + 1;
	result->bytes = GIB;
	result->elapsed_ns = (uint64_t)(elapsed_s * (double)NS_PER_S);
	result->receive_ns = result->elapsed_ns;
	result->sender = (struct bench_side){
		.known = true,
		.user_ns = (uint64_t)(cpu_s * 0.25 * (double)NS_PER_S),
		.system_ns = (uint64_t)(cpu_s * 0.25 * (double)NS_PER_S),
		.calls = 100 * (lane + 1),
		.copied_bytes = lane == SENDFILE ? 0 : 2 * GIB,
	};
	result->sink = (struct bench_side){
		.known = true,
		.system_ns = (uint64_t)(cpu_s * 0.5 * (double)NS_PER_S),
	};
	result->start_verified = true;
}

/* The load of the machine changes from round to round; the ratios do not. */
static struct bench *filled(void)
{
	static const double load[ROUNDS] = { 1, 4, 2, 8, 3 };
	struct bench *bench = make_bench();

	for (unsigned round = 1; round <= ROUNDS; round++) {
		double at = load[round - 1];
		struct bench_result *result;

		add(bench, TRADITIONAL, round, at, at);
		add(bench, CONTROL, round, at, at * 1.02);
		add(bench, SENDFILE, round, at / 2, at / 2);
		result = bench_add_result(bench);
		result->lane = MMAP;
		result->round = round;
		result->state = BENCH_UNAVAILABLE;
		strcpy(result->error, "no mapping, \"here\"");
	}
	bench_summarize(bench);
	return bench;
}

static void test_summaries_are_medians_of_rounds(void **state)
{
	struct bench *bench = filled();
	const struct bench_summary *sendfile = &bench->summaries[SENDFILE];

	(void)state;
	assert_int_equal(sendfile->nr_done, ROUNDS);
	assert_float_equal(sendfile->elapsed_ns.median, 1.5e9, 1);
	assert_float_equal(sendfile->bytes_per_s.median, (double)GIB / 1.5, 1000);
	assert_float_equal(sendfile->cpu_s_per_gib.median, 1.5, 1e-6F);
	assert_float_equal(sendfile->mean_elapsed_ns, 1.8e9, 1000);
	assert_float_equal(sendfile->least_elapsed_ns, 0.5e9, 1);
	assert_float_equal(sendfile->most_elapsed_ns, 4e9, 1);
	assert_float_equal(sendfile->sender_calls, 300, 0);
	assert_float_equal(sendfile->copied_per_byte, 0, 0);
	assert_float_equal(bench->summaries[TRADITIONAL].copied_per_byte, 2, 0);
	bench_free(bench);
}

static void test_ratios_are_of_the_same_round(void **state)
{
	struct bench *bench = filled();
	const struct bench_summary *sendfile = &bench->summaries[SENDFILE];

	(void)state;
	assert_int_equal(sendfile->nr_cpu_pairs, ROUNDS);
	assert_float_equal(sendfile->cpu_ratio.median, 0.5, 1e-6F);
	assert_float_equal(sendfile->cpu_ratio.high, 0.5, 1e-6F);
	assert_int_equal(sendfile->cpu_verdict, STATS_LESS);
	assert_int_equal(sendfile->wall_verdict, STATS_LESS);
	assert_int_equal(bench->summaries[TRADITIONAL].cpu_verdict, STATS_BASELINE);
	assert_int_equal(bench->summaries[CONTROL].cpu_verdict, STATS_NOISE);
	assert_float_equal(bench->summaries[CONTROL].cpu_ratio.median, 1.02, 1e-6F);
	bench_free(bench);
}

static void test_what_did_not_run_has_its_reason(void **state)
{
	struct bench *bench = filled();
	const struct bench_summary *mmap = &bench->summaries[MMAP];

	(void)state;
	assert_int_equal(mmap->nr_done, 0);
	assert_int_equal(mmap->nr_unavailable, ROUNDS);
	assert_int_equal(mmap->nr_cpu_pairs, 0);
	assert_int_equal(mmap->cpu_verdict, STATS_UNKNOWN);
	assert_string_equal(mmap->error, "no mapping, \"here\"");
	bench_free(bench);
}

static void test_few_rounds_tell_nothing(void **state)
{
	struct bench *bench = make_bench();

	(void)state;
	for (unsigned round = 1; round < ROUNDS; round++) {
		add(bench, TRADITIONAL, round, 1, 1);
		add(bench, CONTROL, round, 1, 1);
		add(bench, SENDFILE, round, 1, 0.1);
	}
	bench_summarize(bench);
	assert_float_equal(bench->summaries[SENDFILE].cpu_ratio.median, 0.1, 1e-6F);
	assert_int_equal(bench->summaries[SENDFILE].cpu_verdict, STATS_UNKNOWN);
	bench_free(bench);
}

static void test_order_follows_from_the_seed(void **state)
{
	size_t first[8], again[8];
	unsigned nr_equal = 0;

	(void)state;
	for (unsigned round = 1; round <= 20; round++) {
		bench_order(7, round, 8, 8, first);
		bench_order(7, round, 8, 8, again);
		assert_memory_equal(first, again, sizeof(first));
		for (size_t i = 0; i < 8; i++)
			assert_in_range(first[i], 8, 15);
		bench_order(8, round, 8, 8, again);
		nr_equal += !memcmp(first, again, sizeof(first));
		bench_order(7, round + 1, 8, 8, again);
		nr_equal += !memcmp(first, again, sizeof(first));
	}
	assert_int_equal(nr_equal, 0);
}

static struct bench_result judged(uint64_t busy_ms, uint64_t steal_ms, uint64_t own_ms)
{
	const struct cpu_times before = { WHY_OK, 1000 * NS_PER_MS, 100 * NS_PER_MS };
	const struct cpu_times after = { WHY_OK, (1000 + busy_ms) * NS_PER_MS,
					 (100 + steal_ms) * NS_PER_MS };
	struct bench_result result = { 0 };

	bench_judge_load(&before, &after, NS_PER_S, own_ms * NS_PER_MS, 2, &result);
	return result;
}

static void test_load_of_others_is_told_from_our_own(void **state)
{
	const struct cpu_times unknown = { .why = WHY_DENIED }, known = { .why = WHY_OK };
	struct bench_result result = judged(1500, 0, 1490);

	(void)state;
	assert_int_equal(result.foreign_ns, 10 * NS_PER_MS);
	assert_false(result.contaminated);
	result = judged(1500, 0, 1000);
	assert_int_equal(result.foreign_ns, 500 * NS_PER_MS);
	assert_true(result.contaminated);
	assert_true(judged(1000, 300, 1000).contaminated);
	/* Ticks can make it look as if less was used than we know we used. */
	assert_int_equal(judged(900, 0, 1000).foreign_ns, 0);
	memset(&result, 0, sizeof(result));
	bench_judge_load(&known, &unknown, NS_PER_S, 0, 2, &result);
	assert_int_equal(result.load_why, WHY_DENIED);
	assert_false(result.contaminated);
}

/* What one report writes, NUL-terminated. */
__attribute__((noinline)) static char *written(int (*report)(FILE *out, const struct bench *bench),
					       const struct bench *bench)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_int_equal(report(out, bench), 0);
	fclose(out);
	return text;
}

static void test_no_line_is_wider_than_80_columns(void **state)
{
	struct bench *bench = filled();
	char *text, *rest = NULL;

	(void)state;
	bench->summaries[SENDFILE].sender_calls = 4e12;
	bench->summaries[SENDFILE].bytes_per_s = (struct quartiles){ 98e9, 99e9, 99.9e9 };
	bench->summaries[SENDFILE].cpu_s_per_gib.median = 99.999;
	bench->summaries[SENDFILE].cpu_ratio = (struct interval){ 12.34, 10.11, 13.12 };
	text = written(out_bench_text, bench);
	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		if (text_width(line) > 80)
			fail_msg("%d columns: %s", text_width(line), line);
	free(text);
	text = written(out_bench_text, bench);
	assert_non_null(strstr(text, "unavailable: no mapping"));
	assert_non_null(strstr(text, "ctrl"));
	free(text);
	bench_free(bench);
}

/* Fields of a CSV line, quotes heeded. */
static unsigned count_fields(const char *line)
{
	unsigned nr = 1;
	bool quoted = false;

	for (; *line && *line != '\n'; line++) {
		quoted ^= *line == '"';
		nr += *line == ',' && !quoted;
	}
	return nr;
}

static void check_csv(int (*report)(FILE *out, const struct bench *bench), const char *head,
		      unsigned nr_rows)
{
	struct bench *bench = filled();
	char *text, *line;
	unsigned nr = 0, fields;

	/* A locale with a decimal comma, where there is one, must not break the columns. */
	setlocale(LC_NUMERIC, "de_DE.UTF-8");
	text = written(report, bench);
	setlocale(LC_NUMERIC, "C");
	assert_int_equal(strncmp(text, head, strlen(head)), 0);
	fields = count_fields(text);
	for (line = strchr(text, '\n') + 1; *line; line = strchr(line, '\n') + 1, nr++)
		assert_int_equal(count_fields(line), fields);
	assert_int_equal(nr, nr_rows);
	assert_non_null(strstr(text, "\"no mapping, \"\"here\"\"\""));
	free(text);
	bench_free(bench);
}

static void test_csv_begins_with_the_columns_of_java_zero_copy(void **state)
{
	(void)state;
	check_csv(out_bench_results_csv,
		  "executionMode,serverMode,transferMode,iteration,bytesTransferred,elapsedMs,"
		  "serverReceiveMs,throughputMbPerSecond,cpuOverallPercent,cpuAveragePercent,"
		  "cpuPeakPercent,cpuSampleCount,",
		  ROUNDS * NR_LANES);
	check_csv(out_bench_summary_csv,
		  "executionMode,serverMode,transferMode,avgMs,minMs,maxMs,avgServerReceiveMs,"
		  "avgThroughputMbPerSecond,cpuOverallPercent,cpuAveragePercent,cpuPeakPercent,"
		  "bytesTransferred,",
		  NR_LANES);
}

static void test_text_tells_a_congestion_control_that_is_not_the_usual_one(void **state)
{
	struct bench *bench = filled();
	char *text = written(out_bench_text, bench);

	(void)state;
	assert_non_null(strstr(text, "congestion control is reno"));
	free(text);
	strcpy(bench->environment.machine.congestion, "reno");
	text = written(out_bench_text, bench);
	assert_null(strstr(text, "congestion"));
	free(text);
	bench_free(bench);
}

static void test_text_says_who_counted_the_faults(void **state)
{
	struct bench *bench = filled();
	char *text = written(out_bench_text, bench);

	(void)state;
	assert_non_null(strstr(text, "counted by perf; the task's own count is the same"));
	free(text);
	for (size_t i = 0; i < bench->nr_results; i++)
		if (bench->results[i].lane == SENDFILE)
			bench->results[i].sender.task_minflt += 250;
	bench_summarize(bench);
	text = written(out_bench_text, bench);
	assert_non_null(strstr(text, " 250.\n"));
	free(text);
	bench->results[0].sender.perf_why = WHY_DENIED;
	bench_summarize(bench);
	text = written(out_bench_text, bench);
	assert_non_null(strstr(text, "perf: denied"));
	free(text);
	bench_free(bench);
}

static void test_json_has_what_the_design_names(void **state)
{
	struct bench *bench = filled();
	char *text = written(out_bench_json, bench);
	json_t *document = json_loads(text, 0, NULL), *summary, *ratio, *environment;

	(void)state;
	assert_non_null(document);
	assert_string_equal(json_string_value(json_object_get(document, "command")), "bench");
	assert_int_equal(json_array_size(json_object_get(document, "results")), ROUNDS * NR_LANES);
	summary = json_array_get(json_object_get(document, "summaries"), SENDFILE);
	assert_string_equal(json_string_value(json_object_get(summary, "mode")), "sendfile");
	ratio = json_object_get(summary, "cpu_ratio");
	assert_float_equal(json_real_value(json_object_get(ratio, "median")), 0.5, 1e-6F);
	summary = json_array_get(json_object_get(document, "summaries"), MMAP);
	assert_true(json_is_null(json_object_get(summary, "bytes_per_s_median")));
	assert_non_null(json_object_get(json_object_get(summary, "unknown"), "bytes_per_s_median"));
	environment = json_object_get(document, "environment");
	assert_string_equal(json_string_value(json_object_get(environment, "congestion_control")),
			    "reno");
	assert_string_equal(
		json_string_value(json_object_get(environment, "congestion_control_usual")), "bbr");
	assert_true(json_is_object(json_object_get(document, "config")));
	assert_true(json_is_object(json_object_get(document, "sources")));
	json_decref(document);
	free(text);
	bench_free(bench);
}

static void test_explanation_names_what_was_measured(void **state)
{
	struct bench *bench = filled();
	char *text = written(out_bench_explain, bench);

	(void)state;
	assert_non_null(strstr(text, "transferTo"));
	assert_non_null(strstr(text, "CPU 0.50 x traditional"));
	assert_non_null(strstr(text, "no mapping"));
	assert_non_null(strstr(text, "not run"));
	free(text);
	bench_free(bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_summaries_are_medians_of_rounds),
		cmocka_unit_test(test_ratios_are_of_the_same_round),
		cmocka_unit_test(test_what_did_not_run_has_its_reason),
		cmocka_unit_test(test_few_rounds_tell_nothing),
		cmocka_unit_test(test_order_follows_from_the_seed),
		cmocka_unit_test(test_load_of_others_is_told_from_our_own),
		cmocka_unit_test(test_no_line_is_wider_than_80_columns),
		cmocka_unit_test(test_csv_begins_with_the_columns_of_java_zero_copy),
		cmocka_unit_test(test_text_tells_a_congestion_control_that_is_not_the_usual_one),
		cmocka_unit_test(test_text_says_who_counted_the_faults),
		cmocka_unit_test(test_json_has_what_the_design_names),
		cmocka_unit_test(test_explanation_names_what_was_measured),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
