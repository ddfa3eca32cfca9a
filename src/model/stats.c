/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The statistics of the benchmark. Figures of one machine are neither normal nor
 * independent of the moment they were taken in: so medians and quartiles instead of means,
 * ratios within one round instead of ratios of medians, and an interval that assumes no
 * distribution (the percentile bootstrap). An identical control lane says what a ratio
 * of two equal things looks like here and now.
 */
#include "model/stats.h"

#include "base/xalloc.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NR_RESAMPLES 2000
#define TAIL         0.025 /* on each side of the interval */

struct stats_rng stats_rng_make(uint64_t seed)
{
	return (struct stats_rng){ .state = seed };
}

/* SplitMix64: every seed is a good one, 0 included. */
uint64_t stats_rng_next(struct stats_rng *rng)
{
	uint64_t word;

	rng->state += UINT64_C(0x9e3779b97f4a7c15);
	word = rng->state;
	word = (word ^ word >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	word = (word ^ word >> 27) * UINT64_C(0x94d049bb133111eb);
	return word ^ word >> 31;
}

uint64_t stats_rng_below(struct stats_rng *rng, uint64_t bound)
{
	/* The first 2^64 mod bound words would make low numbers likelier. */
	uint64_t surplus = -bound % bound, word;

	do {
		word = stats_rng_next(rng);
	} while (word < surplus);
	return word % bound;
}

void stats_shuffle(struct stats_rng *rng, size_t *items, size_t nr)
{
	for (size_t left = nr; left > 1; left--) {
		size_t chosen = (size_t)stats_rng_below(rng, left);
		size_t item = items[chosen];

		items[chosen] = items[left - 1];
		items[left - 1] = item;
	}
}

static int compare_doubles(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;

	return (a > b) - (a < b);
}

/* The value at a part of the sorted values, between two of them in proportion. */
static double quantile(const double *sorted, size_t nr, double part)
{
	double at = part * (double)(nr - 1);
	size_t below = (size_t)at;
	size_t above = below + 1 < nr ? below + 1 : below;

	return sorted[below] + (at - (double)below) * (sorted[above] - sorted[below]);
}

static double *sorted_copy(const double *values, size_t nr)
{
	double *sorted = xcalloc(nr, sizeof(*sorted));

	memcpy(sorted, values, nr * sizeof(*sorted));
	qsort(sorted, nr, sizeof(*sorted), compare_doubles);
	return sorted;
}

bool stats_quartiles(const double *values, size_t nr, struct quartiles *out)
{
	double *sorted;

	if (!nr)
		return false;
	sorted = sorted_copy(values, nr);
	*out = (struct quartiles){
		.low = quantile(sorted, nr, 0.25),
		.median = quantile(sorted, nr, 0.5),
		.high = quantile(sorted, nr, 0.75),
	};
	free(sorted);
	return true;
}

/* `medians` has room for NR_RESAMPLES, `drawn` for nr values. */
static void resample(const double *ratios, size_t nr, uint64_t seed, double *drawn, double *medians)
{
	struct stats_rng rng = stats_rng_make(seed);

	for (size_t i = 0; i < NR_RESAMPLES; i++) {
		for (size_t j = 0; j < nr; j++)
			drawn[j] = ratios[stats_rng_below(&rng, nr)];
		qsort(drawn, nr, sizeof(*drawn), compare_doubles);
		medians[i] = quantile(drawn, nr, 0.5);
	}
	qsort(medians, NR_RESAMPLES, sizeof(*medians), compare_doubles);
}

size_t stats_paired_ratio(const double *a, const double *b, size_t nr, uint64_t seed,
			  struct interval *out)
{
	double *ratios = xcalloc(nr ? nr : 1, sizeof(*ratios));
	double *drawn, *medians;
	struct quartiles middle;
	size_t used = 0;

	for (size_t i = 0; i < nr; i++)
		if (a[i] > 0 && b[i] > 0 && isfinite(a[i]) && isfinite(b[i]))
			ratios[used++] = a[i] / b[i];
	if (!stats_quartiles(ratios, used, &middle)) {
		free(ratios);
		return 0;
	}
	drawn = xcalloc(used, sizeof(*drawn));
	medians = xcalloc(NR_RESAMPLES, sizeof(*medians));
	resample(ratios, used, seed, drawn, medians);
	out->median = middle.median;
	out->low = quantile(medians, NR_RESAMPLES, TAIL);
	out->high = quantile(medians, NR_RESAMPLES, 1 - TAIL);
	free(medians);
	free(drawn);
	free(ratios);
	return used;
}

enum stats_verdict stats_compare(const struct interval *mode, const struct interval *control)
{
	double low = control->low < 1 ? control->low : 1;
	double high = control->high > 1 ? control->high : 1;

	if (mode->high < low)
		return STATS_LESS;
	if (mode->low > high)
		return STATS_MORE;
	return STATS_ALIKE;
}

const char *stats_verdict_name(enum stats_verdict verdict)
{
	static const char *const names[NR_STATS_VERDICT] = {
		[STATS_UNKNOWN] = "unknown",
		[STATS_BASELINE] = "baseline",
		[STATS_NOISE] = "noise",
		[STATS_LESS] = "less",
		[STATS_ALIKE] = "not distinguishable",
		[STATS_MORE] = "more",
	};

	return names[verdict];
}
