/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lessons on this kernel: all claims hold; without privilege none fails; where the action of
 * a step is left out, or finds another state, a claim of it does fail.
 */
#include "kernel/zram.h"
#include "learn/runner.h"
#include "run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NOBODY 65534

static const char *pupil_path(void)
{
	return getenv("PAGEWALK_PUPIL");
}

static bool can_swap(void)
{
	return swap_is_on() || zram_is_possible();
}

/*
 * How many claims held, failed, were not measured: in the whole document, and of these in lessons
 * that the pupil carries out. What the others measure by the lab is judged by their own tests.
 */
struct tally {
	size_t held, failed, unknown;
	size_t pupil_failed;
};

static bool by_pupil(const json_t *lesson)
{
	const char *name = json_string_value(json_object_get(lesson, "name"));

	assert_non_null(lesson_find(name));
	return !lesson_find(name)->driver;
}

static struct tally count_claims(const json_t *document)
{
	struct tally tally = { 0 };
	size_t i, j, k;
	json_t *lesson, *step, *claim;

	json_array_foreach(json_object_get(document, "lessons"), i, lesson)
		json_array_foreach(json_object_get(lesson, "steps"), j, step)
			json_array_foreach(json_object_get(step, "claims"), k, claim)
	{
		const json_t *holds = json_object_get(claim, "holds");

		tally.held += json_is_true(holds);
		tally.failed += json_is_false(holds);
		tally.pupil_failed += json_is_false(holds) && by_pupil(lesson);
		tally.unknown += json_is_null(holds);
		/* What is not known says why. */
		if (json_is_null(holds))
			assert_non_null(
				json_object_get(json_object_get(claim, "unknown"), "holds"));
		else
			assert_true(json_is_integer(json_object_get(claim, "measured")));
	}
	return tally;
}

static size_t claims_in_tables(void)
{
	size_t sum = 0;

	for (size_t i = 0; i < nr_lessons; i++) {
		size_t nr, nr_frames;

		lesson_count_claims(lessons[i], &nr, &nr_frames);
		sum += nr;
	}
	return sum;
}

static void test_all_hold(void **state)
{
	const char *const args[] = {
		"learn", "--all", "--check", "--json", zram_is_possible() ? "--zram" : NULL, NULL
	};
	struct run run = run_pagewalk(args);
	struct tally tally;

	(void)state;
	tally = count_claims(run.json);
	assert_int_equal(tally.held + tally.failed + tally.unknown, claims_in_tables());
	if (tally.pupil_failed)
		fail_msg("%s", run.err);
	assert_int_equal(run.status, tally.failed ? 1 : tally.unknown ? 3 : 0);
	/* With all that lessons need only a huge page may be missing on a crowded machine. */
	if (run_is_privileged() && can_swap() && run.status == 3)
		assert_non_null(strstr(run.err, "huge page"));
	run_clear(&run);
}

static void test_tap_agrees(void **state)
{
	const char *const args[] = { "learn", "vma", "--check", NULL };
	struct run run = run_pagewalk(args);
	size_t nr = 0, nr_frames, said = 0;

	(void)state;
	run_expect(&run, 0);
	lesson_count_claims(lesson_find("vma"), &nr, &nr_frames);
	assert_int_equal(sscanf(run.out, "TAP version 13\n1..%zu", &said), 1);
	assert_int_equal(said, nr);
	said = 0;
	for (const char *at = run.out; (at = strstr(at, "\nok ")); at++)
		said++;
	assert_int_equal(said, nr);
	run_clear(&run);
}

static void test_nobody_sees_none_fail(void **state)
{
	const char *const args[] = { "learn", "--all",    "--check", "--json",
				     "--dir", "/var/tmp", NULL };
	struct run run;
	struct tally tally;

	(void)state;
	if (geteuid()) {
		run_skip("only root can become nobody");
		return;
	}
	run = run_pagewalk_as(NOBODY, args);
	tally = count_claims(run.json);
	if (tally.pupil_failed)
		fail_msg("%s", run.err);
	assert_int_equal(run.status, tally.failed ? 1 : 3);
	/* Frames are refused, and most of the rest is not. */
	assert_true(tally.unknown > 0 && tally.held > 3 * tally.unknown);
	assert_non_null(strstr(run.err, "CAP_SYS_ADMIN"));
	run_clear(&run);
}

/* Pages of tmpfs are the only copy: lessons that drop them say that they cannot. */
static void test_in_memory_files_are_said(void **state)
{
	const char *const args[] = { "learn", "cache",    "--check", "--json",
				     "--dir", "/dev/shm", NULL };
	struct run run = run_pagewalk(args);
	struct tally tally = count_claims(run.json);

	(void)state;
	run_expect(&run, 3);
	assert_int_equal(tally.held + tally.failed, 0);
	assert_non_null(strstr(run.err, "tmpfs"));
	run_clear(&run);
}

static void test_usage(void **state)
{
	const char *const wrong[][4] = {
		{ "learn", "nonsense" },    { "learn", "--check" },       { "learn", "--all" },
		{ "learn", "vma", "file" }, { "learn", "vma", "--json" },
	};
	const char *const list[] = { "learn", NULL }, *const one[] = { "learn", "vma", NULL };
	struct run run;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		const char *const args[] = { wrong[i][0], wrong[i][1], wrong[i][2], NULL };

		run = run_pagewalk(args);
		run_expect(&run, 2);
		assert_true(run_said_one_line(&run));
		run_clear(&run);
	}
	run = run_pagewalk(list);
	run_expect(&run, 0);
	for (size_t i = 0; i < nr_lessons; i++)
		assert_non_null(strstr(run.out, lessons[i]->name));
	run_clear(&run);
	run = run_pagewalk(one);
	run_expect(&run, 0);
	assert_non_null(strstr(run.out, lesson_find("vma")->steps[0].title));
	run_clear(&run);
}

/* ---- what is claimed must come from what is done ---- */

/*
 * Steps that claim that nothing happens, or about what the action makes: they must fail where another
 * thing is done.
 */
static const struct {
	const char *lesson;
	size_t step;
	const char *prepare, *action;
} others[] = {
	{ "task", 0, "stand-alone", "clone-vm" },
	{ "address", 1, "map-16-touch-byte", "write-all" },
	{ "file", 2, "make-two-opens", "map-both" },
	{ "file", 3, "fill-16", "fork-16" },
	{ "cache", 1, "make-cold", "pread-first" },
	{ "fault-anon", 3, "map-256", "write-all" },
};

static const char *otherwise(const struct lesson *lesson, size_t step, const char **prepare)
{
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (!strcmp(others[i].lesson, lesson->name) && others[i].step == step) {
			*prepare = others[i].prepare;
			return others[i].action;
		}
	return "rest";
}

static void expect_cross(struct runner *runner, const struct lesson *lesson, size_t index)
{
	struct lesson_step step = lesson->steps[index];
	struct lesson other = *lesson;
	struct step_result *result;

	step.action = otherwise(lesson, index, &step.prepare);
	other.steps = &step;
	other.nr_steps = 1;
	runner_begin(runner, &other);
	step_result_unref(runner_prepare(runner, 0));
	result = runner_perform(runner);
	if (result->error == -EOPNOTSUPP) {
		print_message("%s %zu: %s\n", lesson->name, index + 1, result->error_text);
	} else if (result->error || result->verdict != VERDICT_NOT_HELD) {
		fail_msg("%s %zu without its action: %s %s", lesson->name, index + 1,
			 verdict_text(result->verdict), result->error_text);
	} else {
		/* It was tried again before it was believed. */
		assert_int_equal(result->nr_tries, LEARN_TRIES);
	}
	step_result_unref(result);
	/* The changed table ends here, so the runner turns to another. */
	runner_begin(runner, lesson);
}

static void test_without_its_action_a_step_fails(void **state)
{
	const struct runner_config config = { .pupil_path = pupil_path(),
					      .zram = zram_is_possible() };
	struct host *host = host_new("");
	struct runner *runner;
	char error[LESSON_REASON];

	(void)state;
	assert_return_code(runner_new(host, &config, &runner, error, sizeof(error)), 0);
	for (size_t i = 0; i < nr_lessons; i++)
		for (size_t j = 0; j < lessons[i]->nr_steps && !lessons[i]->driver; j++)
			expect_cross(runner, lessons[i], j);
	runner_free(runner);
	host_free(host);
}

static void test_a_pupil_that_died_is_replaced(void **state)
{
	const struct runner_config config = { .pupil_path = pupil_path() };
	struct host *host = host_new("");
	struct step_result *result;
	struct runner *runner;
	char error[LESSON_REASON];

	(void)state;
	assert_return_code(runner_new(host, &config, &runner, error, sizeof(error)), 0);
	runner_begin(runner, lesson_find("vma"));
	step_result_unref(runner_prepare(runner, 0));
	assert_true(runner_pid(runner) > 0);
	kill(runner_pid(runner), SIGKILL);
	result = runner_perform(runner);
	assert_true(result->error < 0);
	assert_int_equal(result->verdict, VERDICT_UNKNOWN);
	step_result_unref(result);
	step_result_unref(runner_prepare(runner, 0));
	result = runner_perform(runner);
	assert_int_equal(result->verdict, VERDICT_HELD);
	step_result_unref(result);
	runner_free(runner);
	host_free(host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_hold),
		cmocka_unit_test(test_tap_agrees),
		cmocka_unit_test(test_nobody_sees_none_fail),
		cmocka_unit_test(test_in_memory_files_are_said),
		cmocka_unit_test(test_usage),
		cmocka_unit_test(test_without_its_action_a_step_fails),
		cmocka_unit_test(test_a_pupil_that_died_is_replaced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
