/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_CMD_BENCH_OPTIONS_H
#define PAGEWALK_CMD_BENCH_OPTIONS_H

#include "lab/bench.h"

#include <stdbool.h>

/* What `pagewalk bench` was asked for. Strings are borrowed from the arguments. */
struct bench_options {
	struct bench_plan plan;
	struct remote_address remote;
	const char *csv_dir; /* NULL: none */
	const char *json;    /* "-" is standard output; NULL: none */
	const char *prefix;  /* of the file names, "" or "benchmark-" */
	bool size_given, modes_given, sinks_given, seed_given;
	bool explain, quiet;
};

/*
 * Takes the command line, java-zero-copy's option names among it. 0; or -1 where --help has
 * been printed; or STATUS_USAGE after one line.
 */
int bench_options_parse(int argc, char **argv, struct bench_options *options);

#endif
