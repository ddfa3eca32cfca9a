/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pagewalk cache FILE...: what of files lies in the page cache. */
#include "cmd/cmd.h"

#include "base/clock.h"
#include "base/fmt.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "kernel/filecache.h"
#include "kernel/mappers.h"
#include "out/out.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_CELLS (1 << 20)

struct cache_options {
	enum report_format format;
	enum filecache_source source;
	size_t nr_cells;
	bool mapped_by, exact;
};

static int parse_source(const char *text, enum filecache_source *source)
{
	static const char *const names[] = {
		[FILECACHE_AUTO] = "auto",
		[FILECACHE_CACHESTAT] = "cachestat",
		[FILECACHE_MINCORE] = "mincore",
	};
	char *safe;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!strcmp(text, names[i])) {
			*source = (enum filecache_source)i;
			return STATUS_DONE;
		}
	}
	safe = text_safe_str(text);
	cmd_bad_usage(&cmd_cache, "--source takes cachestat, mincore or auto, not %s", safe);
	free(safe);
	return STATUS_USAGE;
}

static int parse_cells(const char *text, size_t *nr_cells)
{
	uint64_t value;

	if (parse_u64(text, MOST_CELLS, &value) || !value)
		return cmd_bad_usage(&cmd_cache, "--cells takes a number from 1 to %d", MOST_CELLS);
	*nr_cells = (size_t)value;
	return STATUS_DONE;
}

static int parse_options(int argc, char **argv, struct cache_options *options)
{
	static const struct option longopts[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "csv", no_argument, NULL, 'c' },
		{ "cells", required_argument, NULL, 'n' },
		{ "source", required_argument, NULL, 's' },
		{ "mapped-by", no_argument, NULL, 'm' },
		{ "bytes", no_argument, NULL, 'b' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int opt, status = STATUS_DONE;

	while (!status && (opt = getopt_long(argc, argv, "bh", longopts, NULL)) != -1) {
		switch (opt) {
		case 'j':
			options->format = FORMAT_JSON;
			break;
		case 'c':
			options->format = FORMAT_CSV;
			break;
		case 'n':
			status = parse_cells(optarg, &options->nr_cells);
			break;
		case 's':
			status = parse_source(optarg, &options->source);
			break;
		case 'm':
			options->mapped_by = true;
			break;
		case 'b':
			options->exact = true;
			break;
		case 'h':
			cmd_help(&cmd_cache);
			return -1;
		default:
			return STATUS_USAGE;
		}
	}
	if (!status && optind == argc)
		return cmd_bad_usage(&cmd_cache, "cache takes at least one file");
	return status;
}

/* Why a file is left out, said on standard error. Returns STATUS_FAILED. */
static int fail_file(const char *path, int error)
{
	char *safe = text_safe_str(path);
	const char *reason = strerror(-error);

	if (error == -EISDIR)
		reason = "is a directory, not a file";
	else if (error == -ENODEV)
		reason = "is not a regular file: only those have a page cache of their own";
	cmd_fail("%s: %s", safe, reason);
	free(safe);
	return STATUS_FAILED;
}

static int read_file(const struct host *host, const struct cache_options *options, const char *path,
		     struct cache_file *file)
{
	struct filecache *cache;
	int ret = filecache_open(host, path, options->source, &cache);

	if (ret)
		return ret;
	file->path = path;
	ret = filecache_read(cache, options->nr_cells, &file->info);
	filecache_close(cache);
	file->mappers_why = WHY_NOT_ASKED;
	if (!ret && options->mapped_by)
		file->mappers_why = why_from_errno(-mappers_find(host, file->info.dev_major,
								 file->info.dev_minor,
								 file->info.inode, &file->mappers));
	return ret;
}

/* Files whose cache could not be known, named on standard error. */
static int name_unknown(const struct cache_report *report)
{
	int status = STATUS_DONE;

	for (size_t i = 0; i < report->nr; i++) {
		const struct cache_info *info = &report->files[i].info;
		char reason[128], *safe;

		if (info->why == WHY_OK)
			continue;
		safe = text_safe_str(report->files[i].path);
		fprintf(stderr, "pagewalk: unknown: %s: %s\n", safe,
			source_refusal(info->source, info->why, reason, sizeof(reason)));
		free(safe);
		status = STATUS_PARTLY;
	}
	return status;
}

static int print_report(const struct cache_report *report, enum report_format format)
{
	static int (*const printers[])(FILE *, const struct cache_report *) = {
		[FORMAT_TEXT] = out_cache_text,
		[FORMAT_JSON] = out_cache_json,
		[FORMAT_CSV] = out_cache_csv,
	};
	int ret = printers[format](stdout, report);

	return ret ? cmd_fail("cannot write the report: %s", strerror(-ret)) : STATUS_DONE;
}

static int run_cache(int argc, char **argv)
{
	struct cache_options options = { 0 };
	int status = parse_options(argc, argv, &options), partly;
	struct cache_file *files;
	struct cache_report report = { .taken_ns = clock_real_ns() };
	struct host *host;

	if (status)
		return status < 0 ? STATUS_DONE : status;
	host = host_new("");
	files = xcalloc((size_t)(argc - optind), sizeof(*files));
	for (int i = optind; i < argc; i++) {
		int ret = read_file(host, &options, argv[i], &files[report.nr]);

		if (ret)
			status = fail_file(argv[i], ret);
		else
			report.nr++;
	}
	report.files = files;
	report.page_shift = host->geometry.page_shift;
	report.exact = options.exact;
	partly = print_report(&report, options.format);
	if (!partly)
		partly = name_unknown(&report);
	for (size_t i = 0; i < report.nr; i++) {
		cache_info_clear(&files[i].info);
		mapper_list_clear(&files[i].mappers);
	}
	free(files);
	host_free(host);
	return status ? status : partly;
}

const struct command cmd_cache = {
	.name = "cache",
	.run = run_cache,
	.only_looks = true,
	.usage = "cache FILE... [OPTION...]",
	.summary = "How much of files lies in the page cache, and where",
	.options = "  --cells N       also a map of the file by offset, in at most N cells\n"
		   "  --source NAME   cachestat, mincore, or auto (cachestat where there is one)\n"
		   "  --mapped-by     also which processes map the file\n"
		   "  -b, --bytes     exact bytes instead of 4.00K\n"
		   "  --json, --csv   for scripts\n"
		   "  -h, --help      this text\n",
};
