/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_OUT_OUT_H
#define PAGEWALK_OUT_OUT_H

#include "model/cache.h"
#include "model/detail.h"
#include "model/mappers.h"
#include "model/runs.h"
#include "model/snapshot.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/*
 * Reports: the same snapshot as text for people, as JSON and as CSV for scripts. Each
 * function writes to `out` and returns 0 or -errno. In text, "?" is what is not known.
 */

struct map_report {
	const struct snapshot *snapshot;
	const char *kernel;
	bool states_only;
	const struct run_list *runs; /* NULL: without pages */
};

int out_map_text(FILE *out, const struct map_report *report);
int out_map_json(FILE *out, const struct map_report *report);
/* One row for each VMA, or for each run where the report has runs. */
int out_map_csv(FILE *out, const struct map_report *report);

struct translate_report {
	const struct process_info *process;
	const struct geometry *geometry;
	uint64_t taken_ns;
	const struct page_detail *details;
	size_t nr;
};

int out_translate_text(FILE *out, const struct translate_report *report);
int out_translate_json(FILE *out, const struct translate_report *report);

struct cache_file {
	const char *path; /* raw, as it was given */
	struct cache_info info;
	enum why mappers_why; /* WHY_NOT_ASKED unless asked for */
	struct mapper_list mappers;
	size_t nr_processes; /* that have it open or mapped; only of --top */
};

struct cache_report {
	uint64_t taken_ns;
	const struct cache_file *files;
	size_t nr;
	unsigned page_shift;
	bool exact; /* bytes instead of 4.00K */
	bool total; /* a last row sums the files */
	/* --top: the files with most in the cache of nr_seen, in so many processes. */
	bool is_top;
	size_t nr_seen, nr_processes, nr_denied;
};

/* Sums what is known of the files; unknown where nothing is. */
void cache_sum(const struct cache_report *report, struct cache_info *sum);
int out_cache_text(FILE *out, const struct cache_report *report);
int out_cache_json(FILE *out, const struct cache_report *report);
int out_cache_csv(FILE *out, const struct cache_report *report);

/* A field of a CSV row, quoted where RFC 4180 asks for it; text is made valid UTF-8. */
void csv_text(FILE *out, const char *raw);

#endif
