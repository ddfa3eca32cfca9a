/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_TESTS_BENCH_H
#define PAGEWALK_TESTS_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * What `make bench` measures: each entry is one bar that pagewalk must hold, alone or against
 * a named peer in the same run. To add one: a function and a line in a table of entries; to add
 * a table: a line in bench.c.
 */
struct bench_row {
	char ours[24], peer[24], figure[24]; /* as they are printed; "" where there is none */
	char note[120];                      /* more that was seen; "" none */
	char skip[160];                      /* why it could not be measured; "" it was */
	bool held;
};

struct bench_entry {
	const char *name; /* make bench BENCH=name */
	const char *work;
	const char *bar;
	void (*run)(struct bench_row *row);
};

/* Tables; each ends with an entry without a name. */
extern const struct bench_entry bench_cache[];
extern const struct bench_entry bench_faults[];
extern const struct bench_entry bench_lab[];
extern const struct bench_entry bench_pagemon[];
extern const struct bench_entry bench_reference[];
extern const struct bench_entry bench_reports[];
extern const struct bench_entry bench_screens[];

/* Programs, from the environment that `make bench` sets; the run ends where one is missing. */
const char *bench_pagewalk(void);
/* A program of tests/bench: "bare_read". */
const char *bench_own(const char *name);

/* What a command cost from start to end. */
struct bench_usage {
	uint64_t wall_ns, cpu_ns, peak_bytes;
};

/* Runs argv[0] (found by PATH) to its end, its output to nowhere; false where it failed. */
bool bench_run(const char *const argv[], struct bench_usage *usage);
/* True where such a program can be found by PATH. */
bool bench_has(const char *program);

/* A target of tests/bench/target.c. */
struct bench_target {
	pid_t pid;
	int to_fd, from_fd;
	char pid_text[16];
	uint64_t start_addr;
};

/* False, with row->skip said, where the memory is not there or it could not be made. */
bool bench_target_start(struct bench_target *target, const char *kind, uint64_t n,
			uint64_t need_bytes, struct bench_row *row);
/* Sends a command and returns the number in its answer, 0 where it is none. */
uint64_t bench_target_do(struct bench_target *target, char command);
void bench_target_end(struct bench_target *target);

#define BENCH_FILE_PATH 64

/* A file in /var/tmp, in the page cache; false, with row->skip said, where there is no room. */
bool bench_make_file(char path[BENCH_FILE_PATH], uint64_t size_bytes, struct bench_row *row);
/* The nanoseconds of one lane of pagewalk bench in one round, with this file, or 0. */
double bench_run_lane(const char *path, const char *mode);

uint64_t bench_now_ns(void);
/* CPU time that a process has used, exact. */
uint64_t bench_cpu_ns(pid_t pid);
/* The most memory that a running process had resident (VmHWM). */
uint64_t bench_peak_bytes(pid_t pid);
/* The median of nr values, which it sorts. */
double bench_median(double *values, size_t nr);

/*
 * Runs ours and theirs in turn, nr_rounds times, the order changed each round, once before
 * for warmth. Fills the medians of wall time (ns) and of the paired ratio; false where one
 * failed, with row->skip said.
 */
struct bench_pair {
	double ours_ns, peer_ns, ratio;
	uint64_t ours_peak_bytes;
};

bool bench_compare(const char *const ours[], const char *const peer[], int nr_rounds,
		   struct bench_pair *pair, struct bench_row *row);

void bench_say(char *out, size_t room, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
#define BENCH_SAY(field, ...) bench_say(field, sizeof(field), __VA_ARGS__)

#endif
