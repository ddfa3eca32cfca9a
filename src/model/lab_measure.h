/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_MODEL_LAB_MEASURE_H
#define PAGEWALK_MODEL_LAB_MEASURE_H

#include "model/lane_setup.h"
#include "model/stats.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bench;

/*
 * A measurement as screen 6 shows it while it runs and afterwards: how far it is, and what
 * the rounds so far come to. Taken from struct bench (model/bench.h), which has it all.
 */
enum measure_state {
	MEASURE_NONE, /* nothing has been measured */
	MEASURE_RUNNING,
	MEASURE_DONE,
	MEASURE_STOPPED, /* by the user; the bars are of the rounds before */
	MEASURE_FAILED,  /* `error` says why */
};

#define MEASURE_ROUNDS     9  /* unless others are asked for */
#define MEASURE_MAX_ROUNDS 99 /* more do not tell more */

struct measure_bar {
	enum transfer_mode mode;
	bool control;
	unsigned nr_done, nr_contaminated;
	char error[160]; /* of the first transfer that was not done, else empty */
	/* Below: only where nr_done > 0. */
	struct quartiles bytes_per_s;
	bool cpu_known;
	struct quartiles cpu_s_per_gib; /* of both sides */
	/* To traditional in the same rounds. */
	size_t nr_cpu_pairs, nr_wall_pairs;
	struct interval cpu_ratio, wall_ratio;
	enum stats_verdict cpu_verdict, wall_verdict;
	/* The rounds themselves, in no order that matters. */
	unsigned nr_rounds;
	float rates[MEASURE_MAX_ROUNDS]; /* bytes per second */
	float cpus[MEASURE_MAX_ROUNDS];  /* seconds per GiB, where cpu_known */
	/* Of the sender, medians. */
	double calls, minflt, majflt, copied_per_byte;
};

/* Every mode, and the control. */
#define MEASURE_MAX_BARS (NR_MODE + 1)

struct lab_measure {
	enum measure_state state;
	enum lab_start start;
	char doing[24]; /* "warm-up", "verifying", "round" */
	char lane[24];  /* that is transferring now */
	unsigned round, rounds;
	unsigned nr_rounds_kept;  /* that the bars are made of */
	size_t nr_done, nr_total; /* transfers */
	char error[200];
	size_t nr_bars;
	struct measure_bar bars[MEASURE_MAX_BARS];
};

/* Fills the bars from the benchmark's summaries, as far as there are any. */
void lab_measure_take(struct lab_measure *measure, const struct bench *bench);
/* The bar of this mode (not the control), or NULL. */
const struct measure_bar *lab_measure_bar(const struct lab_measure *measure,
					  enum transfer_mode mode);

#endif
