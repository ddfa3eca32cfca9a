/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_LAB_BENCH_TRANSFER_H
#define PAGEWALK_LAB_BENCH_TRANSFER_H

#include "lab/bench.h"
#include "lab/bench_files.h"

/* One transfer: what of what into what. */
struct bench_transfer {
	const struct host *host;
	const struct bench_plan *plan;
	const struct bench_lane *lane;
	const struct bench_file *file;
	unsigned nr_cpus;
	bool verify;
	const atomic_bool *cancel;
};

/*
 * Makes the transfer with new processes and a new connection, and fills everything in the
 * result but its place in the rounds. What goes wrong is in the result.
 */
void bench_transfer_run(const struct bench_transfer *what, struct bench_result *result);

#endif
