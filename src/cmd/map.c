/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pagewalk map PID: the report behind screen 1. */
#include "cmd/cmd.h"

#include "kernel/collect.h"
#include "out/out.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

/* A target that execs while it is read is read again this often. */
#define MOST_TRIES 5

struct map_options {
	enum report_format format;
	bool pages, states_only;
	pid_t pid;
};

static int parse_options(int argc, char **argv, struct map_options *options)
{
	static const struct option longopts[] = {
		{ "json", no_argument, NULL, 'j' },  { "csv", no_argument, NULL, 'c' },
		{ "pages", no_argument, NULL, 'p' }, { "states", no_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' },  { 0 },
	};
	int opt;

	while ((opt = getopt_long(argc, argv, "h", longopts, NULL)) != -1) {
		switch (opt) {
		case 'j':
			options->format = FORMAT_JSON;
			break;
		case 'c':
			options->format = FORMAT_CSV;
			break;
		case 'p':
			options->pages = true;
			break;
		case 's':
			options->states_only = true;
			break;
		case 'h':
			cmd_help(&cmd_map);
			return -1;
		default:
			return STATUS_USAGE;
		}
	}
	if (argc - optind != 1)
		return cmd_bad_usage(&cmd_map, "map takes one process ID");
	return cmd_parse_pid(&cmd_map, argv[optind], &options->pid);
}

static int print_report(const struct map_report *report, enum report_format format)
{
	static int (*const printers[])(FILE *, const struct map_report *) = {
		[FORMAT_TEXT] = out_map_text,
		[FORMAT_JSON] = out_map_json,
		[FORMAT_CSV] = out_map_csv,
	};
	int ret = printers[format](stdout, report);

	return ret ? cmd_fail("cannot write the report: %s", strerror(-ret)) : STATUS_DONE;
}

static int report_proc(struct proc *proc, const void *arg)
{
	const struct map_options *options = arg;
	unsigned want = options->states_only ? WALK_STATES : WALK_ALL;
	struct run_list runs = { 0 };
	struct snapshot *snapshot;
	struct map_report report = { .kernel = proc_host(proc)->kernel,
				     .states_only = options->states_only };
	int ret = -EAGAIN, status;

	for (int tries = 0; ret == -EAGAIN && tries < MOST_TRIES; tries++) {
		run_list_clear(&runs);
		ret = collect_report(proc, want, options->pages ? &runs : NULL, &snapshot);
	}
	/* It had memory when it was opened: what is empty now has exited. */
	if (!ret && snapshot->process.life != PROCESS_LIVE) {
		snapshot_unref(snapshot);
		ret = -ESRCH;
	}
	if (ret) {
		run_list_clear(&runs);
		return cmd_fail_proc(options->pid, ret);
	}
	report.snapshot = snapshot;
	report.runs = options->pages ? &runs : NULL;
	status = print_report(&report, options->format);
	if (!status)
		status = cmd_name_refused(&snapshot->sources);
	run_list_clear(&runs);
	snapshot_unref(snapshot);
	return status;
}

static int run_map(int argc, char **argv)
{
	struct map_options options = { 0 };
	int status = parse_options(argc, argv, &options);

	if (status)
		return status < 0 ? STATUS_DONE : status;
	return cmd_on_proc(options.pid, report_proc, &options);
}

const struct command cmd_map = {
	.name = "map",
	.run = run_map,
	.only_looks = true,
	.usage = "map PID [OPTION...]",
	.summary = "Every mapping of a process, and what of it is in memory",
	.options = "  --json      one JSON document\n"
		   "  --csv       a row for each mapping, or for each run with --pages\n"
		   "  --pages     also the runs of pages: address, state, frame, flags, map count\n"
		   "  --states    only what needs no frame (present, swapped, file, ...): fast\n"
		   "  -h, --help  this text\n",
};
