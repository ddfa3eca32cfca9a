/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_MODEL_STATS_H
#define PAGEWALK_MODEL_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A generator of random numbers whose whole state is here, so that the same seed gives the
 * same order and the same intervals on every machine.
 */
struct stats_rng {
	uint64_t state;
};

struct stats_rng stats_rng_make(uint64_t seed);
/* 64 random bits. */
uint64_t stats_rng_next(struct stats_rng *rng);
/* A number below `bound` (> 0), each as likely as the others. */
uint64_t stats_rng_below(struct stats_rng *rng, uint64_t bound);
/* Brings the items into random order, each order as likely as the others. */
void stats_shuffle(struct stats_rng *rng, size_t *items, size_t nr);

struct quartiles {
	double low, median, high; /* at 25, 50 and 75 % */
};

/* The median and quartiles; false, and *out is left alone, where there are no values. */
bool stats_quartiles(const double *values, size_t nr, struct quartiles *out);

/* A median and the interval in which, by the bootstrap, 95 % of such medians lie. */
struct interval {
	double median, low, high;
};

/* Fewer pairs than this give an interval that misses the truth more often than it says. */
#define STATS_LEAST_PAIRS 5

/*
 * The median of the paired ratios a[i] / b[i], and its interval by the percentile
 * bootstrap, seeded. Pairs in which either value is not above 0 are left out. Returns how
 * many pairs were used; with none, *out is left alone.
 */
size_t stats_paired_ratio(const double *a, const double *b, size_t nr, uint64_t seed,
			  struct interval *out);

enum stats_verdict {
	STATS_UNKNOWN,  /* too few pairs, or nothing to compare with */
	STATS_BASELINE, /* it is what the others are compared with */
	STATS_NOISE,    /* it is the control: its interval is the noise */
	STATS_ALIKE,    /* not distinguishable from the control */
	STATS_LESS,
	STATS_MORE,
	NR_STATS_VERDICT,
};

/*
 * LESS or MORE where the interval of a mode lies wholly beside that of the control (widened
 * to hold 1, which the control should be), else ALIKE.
 */
enum stats_verdict stats_compare(const struct interval *mode, const struct interval *control);
/* "less", "more", "not distinguishable", ... */
const char *stats_verdict_name(enum stats_verdict verdict);

#endif
