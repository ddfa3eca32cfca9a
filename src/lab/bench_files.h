/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_LAB_BENCH_FILES_H
#define PAGEWALK_LAB_BENCH_FILES_H

#include "lab/bench.h"

#include <sys/types.h>

/*
 * The files that a benchmark sends. Each transfer mode has one of its own, the control too, so
 * that one lane's page cache is not another's; with `share` there is one for all.
 */
struct bench_files;

struct bench_file {
	char *path;
	uint64_t size_bytes;
	uint64_t hash; /* XXH3, 64 bits, of the content */
	/* Which file that was: its name may come to stand for another one. */
	dev_t dev;
	ino_t ino;
};

/* Notes which file has the name. 0 or -errno. */
int bench_file_know(struct bench_file *file);

struct bench_files_watch {
	const atomic_bool *cancel;
	void (*progress)(void *arg, uint64_t done_bytes, uint64_t total_bytes);
	void *arg;
};

/* Writes the files. 0, -ECANCELED, or -errno with one line in error[room]. */
int bench_files_open(const struct bench_plan *plan, const struct bench *bench,
		     const struct bench_files_watch *watch, struct bench_files **out, char *error,
		     size_t room);
/* Removes them, unless they are to be kept. */
void bench_files_close(struct bench_files *files);
/* The file that this lane sends, borrowed. */
const struct bench_file *bench_files_of(const struct bench_files *files,
					const struct bench_lane *lane);
/* The size of each. */
uint64_t bench_files_size(const struct bench_files *files);
/* The directory of the run, borrowed. */
const char *bench_files_dir(const struct bench_files *files);

#endif
