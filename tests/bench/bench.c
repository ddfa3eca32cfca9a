/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bench [NAME...]: runs the entries of that name, or all, and prints a row for each. Exit
 * status 1 when a bar is missed, 2 for a name that there is not. What is compared is measured
 * in the same run, in turns, for figures drift from day to day and ratios do not.
 */
#include "bench.h"

#include <stdio.h>
#include <string.h>

static const struct bench_entry *const tables[] = { bench_reports,  bench_cache, bench_screens,
						    bench_pagemon,  bench_lab,   bench_faults,
						    bench_reference };

#define NR_TABLES (sizeof(tables) / sizeof(tables[0]))

static bool is_wanted(const char *name, int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (!strcmp(argv[i], name))
			return true;
	return argc == 1;
}

static bool is_known(const char *name)
{
	for (size_t t = 0; t < NR_TABLES; t++)
		for (const struct bench_entry *entry = tables[t]; entry->name; entry++)
			if (!strcmp(entry->name, name))
				return true;
	return false;
}

/* False where the bar is missed. */
static bool run_entry(const struct bench_entry *entry)
{
	struct bench_row row = { 0 };

	printf("%-18s %s\n", entry->name, entry->work);
	fflush(stdout);
	entry->run(&row);
	if (row.skip[0]) {
		printf("%-18s skipped: %s\n", "", row.skip);
		return true;
	}
	printf("%-18s %12s %12s %10s   bar %-16s %s%s%s\n", "", row.ours, row.peer, row.figure,
	       entry->bar, row.held ? "held" : "MISSED", row.note[0] ? "   " : "", row.note);
	fflush(stdout);
	return row.held;
}

int main(int argc, char **argv)
{
	int nr_missed = 0;

	for (int i = 1; i < argc; i++) {
		if (is_known(argv[i]))
			continue;
		fprintf(stderr, "bench: there is no entry %s\n", argv[i]);
		return 2;
	}
	printf("%-18s %12s %12s %10s\n", "", "ours", "peer", "figure");
	for (size_t t = 0; t < NR_TABLES; t++)
		for (const struct bench_entry *entry = tables[t]; entry->name; entry++)
			if (is_wanted(entry->name, argc, argv) && !run_entry(entry))
				nr_missed++;
	if (nr_missed)
		printf("%d missed\n", nr_missed);
	return nr_missed ? 1 : 0;
}
