/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pagewalk cache FILE... | --top: what of files lies in the page cache. */
#include "cmd/cache_files.h"
#include "cmd/cache_watch.h"
#include "cmd/cmd.h"

#include "base/clock.h"
#include "base/fmt.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "kernel/filecache.h"
#include "kernel/mappers.h"
#include "kernel/topfiles.h"
#include "out/out.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MOST_CELLS (1 << 20)
#define MOST_TOP   1000000
#define USUAL_TOP  20
/* How long a file system may take to answer for one file. */
#define LIMIT_NS (2 * NS_PER_S)
/* Its pages one by one are work, not silence: 3 GiB in the cache took 0.9 s. */
#define LIMIT_PAGES_NS (60 * NS_PER_S)

struct cache_options {
	enum report_format format;
	enum filecache_source source;
	size_t nr_cells;
	bool mapped_by, exact, recursive, total, pages;
	size_t top; /* 0: the files that are named */
	uint64_t limit_ns;
	uint64_t watch_ns; /* 0: a report */
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

/* The number may stand apart: --top 5. */
static int parse_top(int argc, char **argv, size_t *top)
{
	const char *text = optarg;
	uint64_t value = USUAL_TOP;

	if (!text && optind < argc && argv[optind][0] >= '0' && argv[optind][0] <= '9')
		text = argv[optind++];
	if (text && (parse_u64(text, MOST_TOP, &value) || !value))
		return cmd_bad_usage(&cmd_cache, "--top takes a number from 1 to %d", MOST_TOP);
	*top = (size_t)value;
	return STATUS_DONE;
}

static int parse_limit(const char *text, uint64_t *limit_ns)
{
	if (parse_seconds(text, limit_ns) || *limit_ns < NS_PER_MS || *limit_ns > 3600 * NS_PER_S)
		return cmd_bad_usage(&cmd_cache, "--timeout takes seconds from 0.001 to 3600");
	return STATUS_DONE;
}

static int parse_watch(const char *text, uint64_t *watch_ns)
{
	if (parse_seconds(text, watch_ns) || *watch_ns < NS_PER_MS)
		return cmd_bad_usage(&cmd_cache, "--watch takes seconds from 0.001 on");
	return STATUS_DONE;
}

static int check_watch(int argc, const struct cache_options *options)
{
	if (options->watch_ns && argc - optind != 1)
		return cmd_bad_usage(&cmd_cache, "--watch takes one file");
	if (options->watch_ns &&
	    (options->nr_cells || options->mapped_by || options->recursive || options->total ||
	     options->pages || options->exact || options->format == FORMAT_CSV))
		return cmd_bad_usage(&cmd_cache, "--watch goes with --json and --source only");
	return STATUS_DONE;
}

static int check_operands(int argc, const struct cache_options *options)
{
	if (options->top && optind < argc)
		return cmd_bad_usage(&cmd_cache, "--top takes no files");
	if (options->top &&
	    (options->watch_ns || options->nr_cells || options->mapped_by || options->recursive ||
	     options->pages || options->source != FILECACHE_AUTO))
		return cmd_bad_usage(&cmd_cache,
				     "--top goes with -b, --total, --json and --csv only");
	if (options->pages && options->format == FORMAT_CSV)
		return cmd_bad_usage(&cmd_cache, "--pages goes with text and --json");
	if (!options->top && optind == argc)
		return cmd_bad_usage(&cmd_cache, "cache takes at least one file");
	return check_watch(argc, options);
}

static int parse_options(int argc, char **argv, struct cache_options *options)
{
	static const struct option longopts[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "csv", no_argument, NULL, 'c' },
		{ "cells", required_argument, NULL, 'n' },
		{ "source", required_argument, NULL, 's' },
		{ "mapped-by", no_argument, NULL, 'm' },
		{ "pages", no_argument, NULL, 'p' },
		{ "bytes", no_argument, NULL, 'b' },
		{ "recursive", no_argument, NULL, 'r' },
		{ "top", optional_argument, NULL, 't' },
		{ "total", no_argument, NULL, 'a' },
		{ "timeout", required_argument, NULL, 'l' },
		{ "watch", required_argument, NULL, 'w' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int opt, status = STATUS_DONE;

	while (!status && (opt = getopt_long(argc, argv, "brh", longopts, NULL)) != -1) {
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
		case 'p':
			options->pages = true;
			break;
		case 'b':
			options->exact = true;
			break;
		case 'r':
			options->recursive = true;
			break;
		case 't':
			status = parse_top(argc, argv, &options->top);
			break;
		case 'a':
			options->total = true;
			break;
		case 'l':
			status = parse_limit(optarg, &options->limit_ns);
			break;
		case 'w':
			status = parse_watch(optarg, &options->watch_ns);
			break;
		case 'h':
			cmd_help(&cmd_cache);
			return -1;
		default:
			return STATUS_USAGE;
		}
	}
	return status ? status : check_operands(argc, options);
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
	else if (error == -ETIMEDOUT)
		reason = "no answer in time: its file system does not respond (see --timeout)";
	cmd_fail("%s: %s", safe, reason);
	free(safe);
	return STATUS_FAILED;
}

static int read_file(const struct host *host, const struct cache_options *options,
		     struct cache_reader *reader, const char *path, struct cache_file *file)
{
	int ret = cache_reader_read(reader, path, &file->info);

	if (ret)
		return ret;
	file->path = path;
	file->mappers_why = WHY_NOT_ASKED;
	if (options->mapped_by)
		file->mappers_why = why_from_errno(-mappers_find(host, file->info.dev_major,
								 file->info.dev_minor,
								 file->info.inode, &file->mappers));
	return 0;
}

/* Files whose cache could not be known, named on standard error. */
static int name_unknown(const struct cache_report *report)
{
	int status = STATUS_DONE;

	for (size_t i = 0; i < report->nr; i++) {
		const struct cache_info *info = &report->files[i].info;
		bool no_frames = info->frames_why != WHY_OK && info->frames_why != WHY_NOT_ASKED;
		char reason[128], *safe;

		if (info->why == WHY_OK && !no_frames)
			continue;
		safe = text_safe_str(report->files[i].path);
		fprintf(stderr, "pagewalk: unknown: %s%s: %s\n", no_frames ? "frames of " : "",
			safe,
			no_frames
				? source_refusal(SOURCE_OWN_MAPPING, info->frames_why, reason,
						 sizeof(reason))
				: source_refusal(info->source, info->why, reason, sizeof(reason)));
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

/* Prints, and names what is unknown. */
static int finish(const struct host *host, const struct cache_options *options,
		  struct cache_report *report)
{
	int status;

	report->page_shift = host->geometry.page_shift;
	report->exact = options->exact;
	report->total = options->total;
	status = print_report(report, options->format);
	return status ? status : name_unknown(report);
}

/* The files that were named. *stuck: the host must outlive this. */
static int report_named(const struct host *host, const struct cache_options *options, int argc,
			char **argv, bool *stuck)
{
	struct cache_report report = { .taken_ns = clock_real_ns() };
	struct cache_reader *reader = cache_reader_new(host, options->source, options->nr_cells,
						       options->pages, options->limit_ns);
	struct path_list paths = { 0 };
	int status = STATUS_DONE, partly, ret;
	struct cache_file *files;

	for (int i = optind; i < argc; i++) {
		ret = path_list_add(&paths, argv[i], options->recursive);
		if (ret)
			status = fail_file(argv[i], ret);
	}
	files = xcalloc(paths.nr ? paths.nr : 1, sizeof(*files));
	for (size_t i = 0; i < paths.nr; i++) {
		ret = read_file(host, options, reader, paths.paths[i], &files[report.nr]);
		/* In a tree files come and go. */
		if (ret && !(options->recursive && ret == -ENOENT))
			status = fail_file(paths.paths[i], ret);
		else if (!ret)
			report.nr++;
	}
	report.files = files;
	partly = finish(host, options, &report);
	for (size_t i = 0; i < report.nr; i++) {
		cache_info_clear(&files[i].info);
		mapper_list_clear(&files[i].mappers);
	}
	free(files);
	path_list_clear(&paths);
	*stuck = cache_reader_is_stuck(reader);
	cache_reader_free(reader);
	return status ? status : partly;
}

/* Ten times a second on a terminal; nothing where standard error is a file. */
static void show_progress(void *arg, size_t done, size_t of, size_t nr_files)
{
	uint64_t *next_ns = arg, now_ns = clock_mono_ns();

	if (now_ns < *next_ns && done < of)
		return;
	*next_ns = now_ns + NS_PER_S / 10;
	fprintf(stderr, "\r%zu of %zu processes, %zu files", done, of, nr_files);
	if (done == of)
		fputs("\r\033[K", stderr);
	fflush(stderr);
}

/* The files that have most in the cache, of all that processes have open or mapped. */
static int report_top(const struct host *host, const struct cache_options *options)
{
	struct cache_report report = { .taken_ns = clock_real_ns(), .is_top = true };
	uint64_t next_ns = clock_mono_ns() + NS_PER_S / 10;
	struct cache_file *files;
	struct top_files top;
	int ret = topfiles_read(host, isatty(STDERR_FILENO) ? show_progress : NULL, &next_ns, &top);
	int status;

	if (ret)
		return cmd_fail("the list of processes cannot be read: %s", strerror(-ret));
	report.nr = top.nr < options->top ? top.nr : options->top;
	report.nr_seen = top.nr;
	report.nr_processes = top.nr_processes;
	report.nr_denied = top.nr_denied;
	files = xcalloc(report.nr ? report.nr : 1, sizeof(*files));
	for (size_t i = 0; i < report.nr; i++)
		files[i] = (struct cache_file){ .path = top.items[i].path,
						.info = top.items[i].info,
						.nr_processes = top.items[i].nr_processes,
						.mappers_why = WHY_NOT_ASKED };
	report.files = files;
	status = finish(host, options, &report);
	if (!status && top.nr_denied) {
		fprintf(stderr,
			"pagewalk: unknown: files of %zu process(es) that may not be looked into "
			"(sudo)\n",
			top.nr_denied);
		status = STATUS_PARTLY;
	}
	free(files);
	topfiles_clear(&top);
	return status;
}

static int watch_named(const struct host *host, const struct cache_options *options,
		       const char *path)
{
	int error,
		status = cache_watch_run(host, path, options->source,
					 options->format == FORMAT_JSON, options->watch_ns, &error);

	return error ? fail_file(path, error) : status;
}

static int run_cache(int argc, char **argv)
{
	struct cache_options options = { 0 };
	int status = parse_options(argc, argv, &options);
	bool stuck = false;
	struct host *host;

	if (status)
		return status < 0 ? STATUS_DONE : status;
	if (!options.limit_ns)
		options.limit_ns = options.pages ? LIMIT_PAGES_NS : LIMIT_NS;
	host = host_new("");
	status = options.top        ? report_top(host, &options)
		 : options.watch_ns ? watch_named(host, &options, argv[optind])
				    : report_named(host, &options, argc, argv, &stuck);
	/* A thread that a file system holds cannot be ended, so nothing may wait for it. */
	if (stuck) {
		fflush(NULL);
		_exit(status);
	}
	host_free(host);
	return status;
}

const struct command cmd_cache = {
	.name = "cache",
	.run = run_cache,
	.only_looks = true,
	.usage = "cache FILE... [OPTION...]\n"
		 "       pagewalk cache --top [N] [OPTION...]",
	.summary = "How much of files lies in the page cache, and where",
	.options =
		"  --top [N]       the N files (20) with most in the cache, of all that processes\n"
		"                  have open or mapped\n"
		"  -r, --recursive the regular files below directories, on one file system\n"
		"  --total         also the sum over the files\n"
		"  --timeout SEC   give a file up that has not answered after so long (2, 60\n"
		"                  with --pages)\n"
		"  --cells N       also a map of the file by offset, in at most N cells\n"
		"  --source NAME   cachestat, mincore, or auto (cachestat where there is one)\n"
		"  --mapped-by     also which processes map the file\n"
		"  --watch SEC     instead of a report: what comes and goes for so long, and what "
		"of it\n"
		"                  was asked for, what readahead brought (tracepoints: root)\n"
		"  --pages         also each cached page's frame, map count and flags (root)\n"
		"  -b, --bytes     exact bytes instead of 4.00K\n"
		"  --json, --csv   for scripts\n"
		"  -h, --help      this text\n",
};
