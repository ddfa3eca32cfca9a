/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pagewalk learn: the lessons, to read or to be checked without a screen. An interrupted check
 * leaves nothing behind without any help of this process: the pupil is killed with it, its files
 * have no names, the keeper of the zram device removes that by itself, and the files that the lab
 * sends are removed by its tidy process (lab/tidy.c).
 */
#include "cmd/cmd.h"
#include "cmd/options.h"

#include "app/learn_config.h"
#include "base/clock.h"
#include "base/replace.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "kernel/helper_path.h"
#include "learn/lesson.h"
#include "learn/runner.h"
#include "out/learn.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Set by a signal: a check ends as soon as it can, and clears up. */
static atomic_bool interrupted;

struct learn_options {
	struct app_options app;
	const char *answers; /* file that they are saved in; NULL: nowhere */
	bool all, check, json, by_itself, palette_given;
	struct runner_config runner;
	const struct lesson *lesson; /* NULL: none named */
};

enum learn_option {
	OPTION_ALL = 512,
	OPTION_CHECK,
	OPTION_JSON,
	OPTION_ZRAM,
	OPTION_DIR,
	OPTION_ANSWERS,
	OPTION_PAUSE_NONE,
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
	if (options->check && (options->answers || options->by_itself))
		return cmd_bad_usage(&cmd_learn, "--answers and --pause-none are for the screen");
	return STATUS_DONE;
}

/* One option of the lessons' own. */
static void take_option(int opt, struct learn_options *options)
{
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
	case OPTION_ANSWERS:
		options->answers = optarg;
		break;
	default:
		options->by_itself = true;
	}
}

static int parse_options(int argc, char **argv, struct learn_options *options)
{
	static const struct option longopts[] = {
		SCREEN_LONG_OPTIONS,
		{ "all", no_argument, NULL, OPTION_ALL },
		{ "check", no_argument, NULL, OPTION_CHECK },
		{ "json", no_argument, NULL, OPTION_JSON },
		{ "zram", no_argument, NULL, OPTION_ZRAM },
		{ "dir", required_argument, NULL, OPTION_DIR },
		{ "answers", required_argument, NULL, OPTION_ANSWERS },
		{ "pause-none", no_argument, NULL, OPTION_PAUSE_NONE },
		{ 0 },
	};
	int opt, status;
	bool known;

	status = screen_options_begin(argc, argv, SCREEN_SHORT_OPTIONS, longopts, &options->app);
	while (!status &&
	       (opt = getopt_long(argc, argv, SCREEN_SHORT_OPTIONS, longopts, NULL)) != -1) {
		if (opt == 'h') {
			cmd_help(&cmd_learn);
			return -1;
		}
		if (opt == '?')
			return STATUS_USAGE;
		options->palette_given |= opt == OPTION_PALETTE || opt == OPTION_CONTRAST;
		status = screen_option_take(&cmd_learn, opt, optarg, &options->app, &known);
		if (!known)
			take_option(opt, options);
	}
	if (status)
		return status;
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
	for (size_t i = 0; i < lesson->nr_steps && !atomic_load(&interrupted); i++) {
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

static void interrupt(int number)
{
	(void)number;
	atomic_store(&interrupted, true);
}

/* The lab's files and processes are cleared up by this process itself. */
static void heed_signals(void)
{
	const struct sigaction action = { .sa_handler = interrupt, .sa_flags = SA_RESTART };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
}

static int run_check(const struct host *host, const struct learn_options *options)
{
	struct check check = { .options = options };
	uint64_t taken_ns = clock_real_ns();
	char error[LESSON_REASON];
	int status;

	heed_signals();
	if (runner_new(host, &options->runner, &check.runner, error, sizeof(error)))
		return cmd_fail("%s", error);
	if (!options->json)
		check.ret = out_tap_begin(stdout, count_claims(options));
	for (size_t i = 0; i < nr_lessons; i++)
		if ((options->all || options->lesson == lessons[i]) && !atomic_load(&interrupted))
			check_lesson(&check, lessons[i]);
	runner_free(check.runner);
	if (options->json)
		check.ret = out_learn_json(stdout, check.results, check.nr, taken_ns);
	status = judge(&check);
	if (atomic_load(&interrupted))
		status = cmd_fail("interrupted");
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
	struct lesson_powers powers = learn_powers(host, &options->runner);
	int ret;

	if (options->lesson)
		ret = out_lesson_text(stdout, options->lesson);
	else if (options->json)
		ret = out_lessons_json(stdout, lessons, nr_lessons, &powers, clock_real_ns());
	else
		ret = out_lessons_text(stdout, lessons, nr_lessons, &powers);
	return ret ? cmd_fail("cannot write the report: %s", strerror(-ret)) : STATUS_DONE;
}

/* ---- the screen ---- */

/* What was in the file before the first answer is gone with that. */
static int save_answers(void *arg, const struct lesson_answer *answers, size_t nr)
{
	char *text = NULL;
	size_t len_bytes = 0;
	FILE *out = open_memstream(&text, &len_bytes);
	int ret = out ? out_answers_json(out, answers, nr, clock_real_ns()) : -errno;

	if (out && fclose(out) && !ret)
		ret = -errno;
	if (!ret)
		ret = replace_file(arg, text, len_bytes);
	free(text);
	return ret;
}

/* A file that cannot be written is told before the lesson, not after it. */
static int show_lessons(const struct host *host, struct learn_options *options)
{
	const struct learn_config config = {
		.runner = options->runner,
		.lesson = options->lesson,
		.by_itself = options->by_itself,
		.save = options->answers ? save_answers : NULL,
		.arg = (void *)options->answers,
	};
	const struct app_start start = { .place = PLACE_LEARN, .learn = &config };
	int ret = options->answers ? save_answers((void *)options->answers, NULL, 0) : 0;
	char *safe;

	if (ret) {
		safe = text_safe_str(options->answers);
		cmd_fail("%s: %s", safe, strerror(-ret));
		free(safe);
		return STATUS_FAILED;
	}
	/* Made for a projector, unless another palette was asked for. */
	if (!options->palette_given && options->app.term.palette == PALETTE_DARK)
		options->app.term.palette = PALETTE_CONTRAST;
	return app_run(host, &options->app, &start);
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
	options.runner.cancel = &interrupted;
	if (options.check)
		status = run_check(host, &options);
	else if (screen_is_possible() && !options.json)
		status = show_lessons(host, &options);
	else
		status = print_lessons(host, &options);
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
		   "  --dir DIR   where files are made (default: $TMPDIR, /var/tmp or $HOME)\n"
		   "  --answers FILE  save the predictions made on the screen, as JSON\n"
		   "  --pause-none    go through the lesson without waiting for "
		   "keys\n" SCREEN_OPTIONS_HELP,
};
