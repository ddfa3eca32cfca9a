/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_OUT_BENCH_H
#define PAGEWALK_OUT_BENCH_H

#include "model/bench.h"

#include <stdio.h>

/*
 * The benchmark's reports. Each writes to `out` and returns 0, or -errno of writing. The
 * decimal point is a point in every locale.
 */

/* A table of 80 columns for each sink, and what is to be known to read it. */
int out_bench_text(FILE *out, const struct bench *bench);
/* One JSON document: config, environment, results, summaries, proofs. */
int out_bench_json(FILE *out, const struct bench *bench);
/* One row for each transfer: the columns of java-zero-copy's results.csv, then more. */
int out_bench_results_csv(FILE *out, const struct bench *bench);
/* One row for each lane: the columns of its summary.csv, then more. */
int out_bench_summary_csv(FILE *out, const struct bench *bench);
/* Which modes share the file's pages with the receiver, and which copy; with the evidence. */
int out_bench_proofs(FILE *out, const struct bench *bench);
/* What each way of "zero copy" is for, with what was measured of it here. */
int out_bench_explain(FILE *out, const struct bench *bench);

#endif
