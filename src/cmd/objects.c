/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pagewalk objects PID: what its tasks point to. */
#include "cmd/cmd.h"

#include "kernel/objects.h"
#include "out/objects.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

struct objects_options {
	enum report_format format;
	pid_t pid;
};

static int parse_options(int argc, char **argv, struct objects_options *options)
{
	static const struct option longopts[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int opt;

	while ((opt = getopt_long(argc, argv, "h", longopts, NULL)) != -1) {
		switch (opt) {
		case 'j':
			options->format = FORMAT_JSON;
			break;
		case 'h':
			cmd_help(&cmd_objects);
			return -1;
		default:
			return STATUS_USAGE;
		}
	}
	if (argc - optind != 1)
		return cmd_bad_usage(&cmd_objects, "objects takes one process ID");
	return cmd_parse_pid(&cmd_objects, argv[optind], &options->pid);
}

static int print_objects(struct proc *proc, const void *arg)
{
	const struct objects_options *options = arg;
	static const struct objects_limits all = { 0 };
	struct objects *objects;
	int ret = objects_read(proc, &all, &objects), status;

	if (ret)
		return cmd_fail_proc(options->pid, ret);
	ret = options->format == FORMAT_JSON ? out_objects_json(stdout, objects)
					     : out_objects_text(stdout, objects);
	status = ret ? cmd_fail("cannot write the report: %s", strerror(-ret))
		     : cmd_name_refused(&objects->sources);
	objects_unref(objects);
	return status;
}

static int run_objects(int argc, char **argv)
{
	struct objects_options options = { 0 };
	int status = parse_options(argc, argv, &options);

	if (status)
		return status < 0 ? STATUS_DONE : status;
	return cmd_on_proc(options.pid, print_objects, &options);
}

const struct command cmd_objects = {
	.name = "objects",
	.run = run_objects,
	.only_looks = true,
	.usage = "objects PID [--json]",
	.summary = "What a process's tasks point to: mm, fs, descriptors, files, inodes",
	.options = "  --json      one JSON document\n"
		   "  -h, --help  this text\n",
};
