/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pagewalk learn: the lessons, to read or to be checked without a screen. An interrupted check
 * leaves nothing behind without any help of this process: the pupil is killed with it, its files
 * have no names, and the keeper of the zram device removes that by itself.
 */
#include "cmd/cmd.h"

#include "base/clock.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "kernel/helper_path.h"
#include "learn/lesson.h"
#include "learn/runner.h"
#include "out/learn.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct learn_options {
	bool all, check, json;
	struct runner_config runner;
	const struct lesson *lesson; /* NULL: none named */
};

enum learn_option {
	OPTION_ALL = 1,
	OPTION_CHECK,
	OPTION_JSON,
	OPTION_ZRAM,
	OPTION_DIR,
};

static int take_lesson(const char *name, struct learn_options *options)
{
	options->lesson = lesson_find(name);
	if (!options->lesson) {
		char *safe = text_safe_str(name);
		int status = cmd_bad_usage(&cmd_learn, "no lesson is called %s", safe);

		free(safe);
		return status;
	}
	return STATUS_DONE;
}

static int check_options(const struct learn_options *options)
{
	if (options->all && options->lesson)
		return cmd_bad_usage(&cmd_learn,
				     "--all and the name of a lesson exclude each other");
	if (options->all && !options->check)
		return cmd_bad_usage(&cmd_learn, "--all goes with --check");
	if (options->check && !options->all && !options->lesson)
		return cmd_bad_usage(&cmd_learn, "--check takes a lesson or --all");
	if (options->lesson && options->json && !options->check)
		return cmd_bad_usage(&cmd_learn, "a lesson as --json goes with --check");
	return STATUS_DONE;
}

static int parse_options(int argc, char **argv, struct learn_options *options)
{
	static const struct option longopts[] = {
		{ "all", no_argument, NULL, OPTION_ALL },
		{ "check", no_argument, NULL, OPTION_CHECK },
		{ "json", no_argument, NULL, OPTION_JSON },
		{ "zram", no_argument, NULL, OPTION_ZRAM },
		{ "dir", required_argument, NULL, OPTION_DIR },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int opt, status;

	while ((opt = getopt_long(argc, argv, "h", longopts, NULL)) != -1) {
		switch (opt) {
		case OPTION_ALL:
			options->all = true;
			break;
		case OPTION_CHECK:
			options->check = true;
			break;
		case OPTION_JSON:
			options->json = true;
			break;
		case OPTION_ZRAM:
			options->runner.zram = true;
			break;
		case OPTION_DIR:
			options->runner.dir = optarg;
			break;
		case 'h':
			cmd_help(&cmd_learn);
			return -1;
		default:
			return STATUS_USAGE;
		}
	}
	if (argc - optind > 1)
		return cmd_bad_usage(&cmd_learn, "learn takes one lesson");
	if (optind < argc) {
		status = take_lesson(argv[optind], options);
		if (status)
			return status;
	}
	return check_options(options);
}

/* ---- the check ---- */

struct check {
	const struct learn_options *options;
	struct runner *runner;
	struct step_result **results;
	size_t nr, room;
	size_t nr_claims; /* printed so far */
	int ret;          /* of writing */
};

static void check_lesson(struct check *check, const struct lesson *lesson)
{
	runner_begin(check->runner, lesson);
	for (size_t i = 0; i < lesson->nr_steps; i++) {
		struct step_result *result;

		step_result_unref(runner_prepare(check->runner, i));
		result = runner_perform(check->runner);
		if (!check->options->json && !check->ret)
			check->ret = out_tap_step(stdout, result, &check->nr_claims);
		check->results = xgrow(check->results, check->nr, &check->room,
				       sizeof(*check->results));
		check->results[check->nr++] = result;
	}
}

static size_t count_claims(const struct learn_options *options)
{
	size_t sum = 0;

	for (size_t i = 0; i < nr_lessons; i++) {
		size_t nr, nr_frames;

		lesson_count_claims(lessons[i], &nr, &nr_frames);
		if (options->all || options->lesson == lessons[i])
			sum += nr;
	}
	return sum;
}

/* True for what this machine or user does not have; anything else is a failure of pagewalk. */
static bool is_lack(int error)
{
	static const int lacks[] = { EOPNOTSUPP, EPERM, EACCES, ENOSPC, EROFS, ENOMEM };

	for (size_t i = 0; i < sizeof(lacks) / sizeof(lacks[0]); i++)
		if (error == -lacks[i])
			return true;
	return false;
}

/* Names what failed, and what could not be measured, once for each reason of a lesson. */
static int judge(const struct check *check)
{
	int status = STATUS_DONE;

	for (size_t i = 0; i < check->nr; i++) {
		const struct step_result *result = check->results[i];
		const char *last = "";

		if (result->error && !is_lack(result->error)) {
			status = cmd_fail("%s %zu: %s", result->lesson->name, result->step + 1,
					  result->error_text);
			continue;
		}
		for (size_t j = 0; j < result->nr_claims; j++) {
			const struct claim_result *claim = &result->claims[j];

			if (claim->verdict == VERDICT_HELD)
				continue;
			if (claim->verdict == VERDICT_NOT_HELD) {
				status = cmd_fail("%s %zu: not held: %s", result->lesson->name,
						  result->step + 1, claim->claim->text);
				continue;
			}
			if (status == STATUS_DONE)
				status = STATUS_PARTLY;
			if (strcmp(last, claim->reason))
				fprintf(stderr, "pagewalk: not measured: %s %zu: %s\n",
					result->lesson->name, result->step + 1, claim->reason);
			last = claim->reason;
		}
	}
	return status;
}

static int run_check(const struct host *host, const struct learn_options *options)
{
	struct check check = { .options = options };
	uint64_t taken_ns = clock_real_ns();
	char error[LESSON_REASON];
	int status;

	if (runner_new(host, &options->runner, &check.runner, error, sizeof(error)))
		return cmd_fail("%s", error);
	if (!options->json)
		check.ret = out_tap_begin(stdout, count_claims(options));
	for (size_t i = 0; i < nr_lessons; i++)
		if (options->all || options->lesson == lessons[i])
			check_lesson(&check, lessons[i]);
	runner_free(check.runner);
	if (options->json)
		check.ret = out_learn_json(stdout, check.results, check.nr, taken_ns);
	status = judge(&check);
	if (check.ret)
		status = cmd_fail("cannot write the report: %s", strerror(-check.ret));
	for (size_t i = 0; i < check.nr; i++)
		step_result_unref(check.results[i]);
	free(check.results);
	return status;
}

/* What there is to read, where there is no screen. */
static int print_lessons(const struct host *host, const struct learn_options *options)
{
	struct lesson_powers powers = learn_powers(host, options->runner.zram);
	int ret;

	if (options->lesson)
		ret = out_lesson_text(stdout, options->lesson);
	else if (options->json)
		ret = out_lessons_json(stdout, lessons, nr_lessons, &powers, clock_real_ns());
	else
		ret = out_lessons_text(stdout, lessons, nr_lessons, &powers);
	return ret ? cmd_fail("cannot write the report: %s", strerror(-ret)) : STATUS_DONE;
}

static int run_learn(int argc, char **argv)
{
	struct learn_options options = { 0 };
	int status = parse_options(argc, argv, &options);
	struct host *host;
	char *pupil, *actor;

	if (status)
		return status < 0 ? STATUS_DONE : status;
	host = host_new("");
	pupil = helper_path("pagewalk-pupil");
	actor = helper_path("pagewalk-actor");
	options.runner.pupil_path = pupil;
	options.runner.actor_path = actor;
	status = options.check ? run_check(host, &options) : print_lessons(host, &options);
	free(pupil);
	free(actor);
	host_free(host);
	return status;
}

const struct command cmd_learn = {
	.name = "learn",
	.run = run_learn,
	.usage = "learn [LESSON] [OPTION...]",
	.summary = "Lessons on memory that measure whether what they say is so",
	.options = "  --check     do all steps of the lesson and measure; prints TAP\n"
		   "  --all       with --check: all lessons\n"
		   "  --json      the list, or what --check measured, as one JSON document\n"
		   "  --zram      make a small zram device for swap, and remove it (root)\n"
		   "  --dir DIR   where files are made (default: $TMPDIR or /var/tmp)\n"
		   "  -h, --help  this text\n",
};
