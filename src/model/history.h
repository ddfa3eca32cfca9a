/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_MODEL_HISTORY_H
#define PAGEWALK_MODEL_HISTORY_H

#include "model/process.h"

#include <stddef.h>
#include <stdint.h>

/* The kinds of memory that /proc/PID/status counts; those before the last are resident. */
enum history_series {
	SERIES_ANON,
	SERIES_FILE,
	SERIES_SHMEM,
	SERIES_SWAP,
	NR_SERIES,
};

struct history_point {
	uint64_t at_ns; /* CLOCK_MONOTONIC */
	uint64_t bytes[NR_SERIES];
};

#define HISTORY_POINTS 512
/* One point for so long: a screen of 150 columns goes back more than a minute. */
#define HISTORY_STEP_NS UINT64_C(500000000)

/* A ring of fixed size: the newest point stands for a step that is still going on. */
struct history {
	size_t nr, first;
	struct history_point points[HISTORY_POINTS];
};

void history_clear(struct history *history);
/* Notes what a process has now: a new point, or a newer value of the last one. */
void history_add(struct history *history, const struct process_info *process, uint64_t now_ns);
/* Point `back` steps before the newest (0); NULL: there is none. */
const struct history_point *history_at(const struct history *history, size_t back);
uint64_t history_resident(const struct history_point *point);
/* The most that was resident and swapped at once in the newest `nr` points. */
uint64_t history_peak(const struct history *history, size_t nr);
/* "anon", "file", "shm", "swap". */
const char *history_series_name(enum history_series series);

#endif
