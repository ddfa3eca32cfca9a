/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pagewalk translate PID ADDR...: virtual to physical. */
#include "cmd/cmd.h"

#include "base/clock.h"
#include "base/fmt.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "kernel/inspect.h"
#include "out/out.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct translate_options {
	enum report_format format;
	pid_t pid;
	uint64_t *addrs;
	size_t nr;
};

static int parse_addrs(char **texts, size_t nr, struct translate_options *options)
{
	options->addrs = xcalloc(nr, sizeof(*options->addrs));
	options->nr = nr;
	for (size_t i = 0; i < nr; i++) {
		int ret = parse_addr(texts[i], &options->addrs[i]);
		char *safe;

		if (!ret)
			continue;
		safe = text_safe_str(texts[i]);
		cmd_bad_usage(&cmd_translate, "not a hexadecimal address: %s", safe);
		free(safe);
		return STATUS_USAGE;
	}
	return STATUS_DONE;
}

static int parse_options(int argc, char **argv, struct translate_options *options)
{
	static const struct option longopts[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int opt, status;

	while ((opt = getopt_long(argc, argv, "h", longopts, NULL)) != -1) {
		switch (opt) {
		case 'j':
			options->format = FORMAT_JSON;
			break;
		case 'h':
			cmd_help(&cmd_translate);
			return -1;
		default:
			return STATUS_USAGE;
		}
	}
	if (argc - optind < 2)
		return cmd_bad_usage(&cmd_translate, "translate takes a process ID and addresses");
	status = cmd_parse_pid(&cmd_translate, argv[optind], &options->pid);
	return status ? status
		      : parse_addrs(argv + optind + 1, (size_t)(argc - optind - 1), options);
}

/* Inspects every address; *nr_done of them are to be cleared. 0 or -errno. */
static int inspect_all(struct proc *proc, const struct translate_options *options,
		       struct page_detail *details, size_t *nr_done)
{
	struct cgroup_names *cgroups;
	struct vma_list *vmas;
	int ret = proc_read_maps(proc, &vmas);

	if (ret)
		return ret;
	cgroups = cgroup_names_new(proc_host(proc));
	for (*nr_done = 0; !ret && *nr_done < options->nr; (*nr_done)++)
		ret = inspect_address(proc, vmas, cgroups, options->addrs[*nr_done],
				      &details[*nr_done]);
	cgroup_names_free(cgroups);
	vma_list_free(vmas);
	return ret;
}

/* 0 where it still is what it was before; -ESRCH once it has exited, -EAGAIN after an exec. */
static int check_same(struct proc *proc, const struct process_info *before)
{
	struct process_info after;
	int ret = proc_read_info(proc, &after);

	if (ret)
		return ret;
	if (after.life != PROCESS_LIVE)
		return -ESRCH;
	return after.exec_id == before->exec_id ? 0 : -EAGAIN;
}

/* One address's refusals stand for all: privilege does not differ between them. */
static void merge_sources(struct sources *all, const struct sources *one)
{
	for (int i = 0; i < NR_SOURCE; i++)
		if (one->why[i] != WHY_NOT_ASKED)
			all->why[i] = one->why[i];
}

static int translate_proc(struct proc *proc, const void *arg)
{
	const struct translate_options *options = arg;
	struct page_detail *details = xcalloc(options->nr, sizeof(*details));
	struct process_info process = { 0 };
	struct sources sources;
	size_t nr_done = 0;
	int ret = proc_read_info(proc, &process), status;
	struct translate_report report = {
		.process = &process,
		.geometry = &proc_host(proc)->geometry,
		.taken_ns = clock_real_ns(),
		.details = details,
		.nr = options->nr,
	};

	if (!ret)
		ret = inspect_all(proc, options, details, &nr_done);
	if (!ret)
		ret = check_same(proc, &process);
	if (ret) {
		status = cmd_fail_proc(options->pid, ret);
		goto out;
	}
	ret = options->format == FORMAT_JSON ? out_translate_json(stdout, &report)
					     : out_translate_text(stdout, &report);
	if (ret) {
		status = cmd_fail("cannot write the report: %s", strerror(-ret));
		goto out;
	}
	sources_init(&sources);
	for (size_t i = 0; i < options->nr; i++)
		merge_sources(&sources, &details[i].sources);
	status = cmd_name_refused(&sources);
out:
	for (size_t i = 0; i < nr_done; i++)
		page_detail_clear(&details[i]);
	free(details);
	return status;
}

static int run_translate(int argc, char **argv)
{
	struct translate_options options = { 0 };
	int status = parse_options(argc, argv, &options);

	if (!status)
		status = cmd_on_proc(options.pid, translate_proc, &options);
	free(options.addrs);
	return status < 0 ? STATUS_DONE : status;
}

const struct command cmd_translate = {
	.name = "translate",
	.run = run_translate,
	.only_looks = true,
	.usage = "translate PID ADDR... [--json]",
	.summary = "Virtual addresses to page table entry, frame and physical address",
	.options = "  ADDR        hexadecimal, with or without 0x\n"
		   "  --json      one JSON document\n"
		   "  -h, --help  this text\n",
};
