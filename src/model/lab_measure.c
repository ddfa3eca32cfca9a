/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a benchmark's summaries to what is drawn of them. */
#include "model/lab_measure.h"

#include "model/bench.h"

#include <string.h>

static void take_rounds(struct measure_bar *bar, const struct bench *bench, size_t lane)
{
	for (size_t i = 0; i < bench->nr_results && bar->nr_rounds < MEASURE_MAX_ROUNDS; i++) {
		const struct bench_result *result = &bench->results[i];

		if (result->lane != lane || result->state != BENCH_DONE)
			continue;
		bar->rates[bar->nr_rounds] = (float)bench_rate(result);
		bar->cpus[bar->nr_rounds++] = (float)bench_cpu_per_gib(result);
	}
}

static void take_bar(struct measure_bar *bar, const struct bench_lane *lane,
		     const struct bench_summary *summary)
{
	*bar = (struct measure_bar){
		.mode = lane->mode,
		.control = lane->control,
		.nr_done = summary->nr_done,
		.nr_contaminated = summary->nr_contaminated,
		.bytes_per_s = summary->bytes_per_s,
		.cpu_known = summary->cpu_known,
		.cpu_s_per_gib = summary->cpu_s_per_gib,
		.nr_cpu_pairs = summary->nr_cpu_pairs,
		.nr_wall_pairs = summary->nr_wall_pairs,
		.cpu_ratio = summary->cpu_ratio,
		.wall_ratio = summary->wall_ratio,
		.cpu_verdict = summary->cpu_verdict,
		.wall_verdict = summary->wall_verdict,
		.calls = summary->sender_calls,
		.minflt = summary->sender_minflt,
		.majflt = summary->sender_majflt,
		.copied_per_byte = summary->copied_per_byte,
	};
	memcpy(bar->error, summary->error, sizeof(bar->error));
}

void lab_measure_take(struct lab_measure *measure, const struct bench *bench)
{
	measure->nr_bars = 0;
	if (!bench->summaries)
		return;
	for (size_t i = 0; i < bench->nr_lanes && i < MEASURE_MAX_BARS; i++) {
		struct measure_bar *bar = &measure->bars[measure->nr_bars++];

		take_bar(bar, &bench->lanes[i], &bench->summaries[i]);
		take_rounds(bar, bench, i);
	}
}

const struct measure_bar *lab_measure_bar(const struct lab_measure *measure,
					  enum transfer_mode mode)
{
	for (size_t i = 0; i < measure->nr_bars; i++)
		if (measure->bars[i].mode == mode && !measure->bars[i].control)
			return &measure->bars[i];
	return NULL;
}
