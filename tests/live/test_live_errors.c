/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Targets that are not there, go away, change under the reader's eyes or may not be looked
 * at: always an exit status of the contract, one clear line, and never a broken document.
 */
#include "run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROUNDS 60

static struct run run_on(const char *command, pid_t pid, const char *a, const char *b)
{
	char text[16];
	const char *const args[] = { command, text, a, b, NULL };

	snprintf(text, sizeof(text), "%d", (int)pid);
	return run_pagewalk(args);
}

/* Nothing on standard output, and one line that holds the reason. */
static void expect_failed(struct run run, const char *reason)
{
	run_expect(&run, 1);
	assert_string_equal(run.out, "");
	assert_true(run_said_one_line(&run));
	if (!strstr(run.err, reason))
		fail_msg("\"%s\" is not in: %s", reason, run.err);
	run_clear(&run);
}

static void expect_failed_all(pid_t pid, const char *reason)
{
	expect_failed(run_on("map", pid, NULL, NULL), reason);
	expect_failed(run_on("map", pid, "--json", "--pages"), reason);
	expect_failed(run_on("map", pid, "--csv", NULL), reason);
	expect_failed(run_on("translate", pid, "1000", "--json"), reason);
}

static void test_a_pid_that_does_not_exist(void **state)
{
	pid_t child = fork();

	(void)state;
	if (!child)
		_exit(0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	expect_failed_all(child, "no process");
	expect_failed_all(2147483647, "no process");
}

/* True where PID 2 is the parent of all kernel threads, as it is outside PID namespaces. */
static bool has_kthreadd(void)
{
	FILE *in = fopen("/proc/2/comm", "r");
	char comm[32] = "";
	bool has = in && fgets(comm, sizeof(comm), in) && !strcmp(comm, "kthreadd\n");

	if (in)
		fclose(in);
	return has;
}

static void test_a_kernel_thread(void **state)
{
	(void)state;
	if (!has_kthreadd())
		run_skip("PID 2 is no kernel thread here (a PID namespace)");
	expect_failed_all(2, "kernel thread");
}

static void test_a_zombie(void **state)
{
	pid_t child = fork();
	siginfo_t info;

	(void)state;
	if (!child)
		_exit(0);
	assert_return_code(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), errno);
	expect_failed_all(child, "zombie");
	waitpid(child, NULL, 0);
}

static void test_a_process_of_another_user(void **state)
{
	static const char *const argv[] = { "mkmaps", "dense", NULL };
	struct helper *helper;
	char pid[16];
	const char *const map[] = { "map", pid, "--json", NULL };
	const char *const translate[] = { "translate", pid, "1000", NULL };

	(void)state;
	if (!run_is_privileged())
		run_skip("only root can become another user");
	helper = helper_start(argv);
	snprintf(pid, sizeof(pid), "%d", (int)helper->pid);
	expect_failed(run_pagewalk_as(65534, map), "denied");
	expect_failed(run_pagewalk_as(65534, translate), "denied");
	helper_stop(helper);
}

/* What a map of one's own process ends with: states alone need no privilege. */
static int expected_status(const char *option)
{
	return run_is_privileged() || (option && !strcmp(option, "--states")) ? 0 : 3;
}

/* Done with a whole document, or failed with one line; nothing in between. */
static void expect_done_or_failed(const struct run *run, const char *option)
{
	if (run->status == 1) {
		assert_string_equal(run->out, "");
		assert_true(run_said_one_line(run));
		return;
	}
	run_expect(run, expected_status(option));
	if (!run->json)
		fail_msg("no JSON: %.400s", run->out);
	/* What has given its memory back is no report with nothing in it. */
	assert_string_equal(json_string_value(json_object_get(run->json, "life")), "live");
	assert_true(json_array_size(json_object_get(run->json, "vmas")) > 0);
}

static json_t *vmas_in_order(const struct run *run)
{
	json_t *vmas = json_object_get(run->json, "vmas"), *vma;
	uint64_t end_addr = 0;
	size_t i;

	json_array_foreach(vmas, i, vma)
	{
		uint64_t start_addr = json_get_u64(vma, "start");
		json_t *present = json_object_get(vma, "present");

		assert_true(start_addr >= end_addr);
		end_addr = json_get_u64(vma, "end");
		assert_true(end_addr > start_addr);
		if (json_is_integer(present))
			assert_true((uint64_t)json_integer_value(present) <=
				    json_get_u64(vma, "pages"));
	}
	return vmas;
}

/* One program at a time: never the mappings of two, and never those of half a one. */
static void test_a_target_that_execs_all_the_time(void **state)
{
	static const char *const argv[] = { "mkmaps", "exec", NULL };
	static const char *const options[] = { "--pages", "--states", NULL };
	struct helper *helper = helper_start(argv);

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		struct run run = run_on("map", helper->pid, "--json", options[i % 3]);

		expect_done_or_failed(&run, options[i % 3]);
		if (run.status != 1) {
			json_t *vmas = vmas_in_order(&run), *vma;
			size_t v, stacks = 0;

			json_array_foreach(vmas, v, vma) stacks += !strcmp(
				json_string_value(json_object_get(vma, "kind")), "stack");
			assert_int_equal(stacks, 1);
		}
		run_clear(&run);
	}
	helper_stop(helper);
}

/* Reports of a target that is at work are whole, whatever it does. */
static void expect_whole(const char *work)
{
	const char *const argv[] = { "mkmaps", work, NULL };
	static const char *const options[] = { "--pages", "--states", NULL };
	struct helper *helper = helper_start(argv);

	for (int i = 0; i < ROUNDS; i++) {
		struct run run = run_on("map", helper->pid, "--json", options[i % 3]);

		run_expect(&run, expected_status(options[i % 3]));
		assert_non_null(run.json);
		vmas_in_order(&run);
		run_clear(&run);
	}
	helper_stop(helper);
}

static void test_a_target_that_maps_and_unmaps(void **state)
{
	(void)state;
	expect_whole("churn");
	expect_whole("flicker");
}

static void test_a_target_that_forks(void **state)
{
	(void)state;
	expect_whole("fork");
}

/*
 * Killed while it is read: a child kills it after ever more turns of an empty loop, so that
 * the kill strikes in every part of the scan, without a clock.
 */
static void test_a_target_killed_meanwhile(void **state)
{
	static const char *const argv[] = { "mkmaps", "stripes", NULL };
	int nr_failed = 0;

	(void)state;
	for (int i = 0; i < 24; i++) {
		struct helper *helper = helper_start(argv);
		pid_t killer = fork();
		struct run run;

		if (!killer) {
			for (volatile long turn = 0; turn < i * 1500000L; turn++)
				;
			_exit(kill(helper->pid, SIGKILL));
		}
		run = run_on("map", helper->pid, "--json", "--pages");
		expect_done_or_failed(&run, "--pages");
		nr_failed += run.status == 1;
		run_clear(&run);
		waitpid(killer, NULL, 0);
		run = run_on("map", helper->pid, "--json", NULL);
		expect_failed(run, "zombie");
		helper_stop(helper);
	}
	print_message("killed in time %d of 24 times\n", nr_failed);
}

/* The same for addresses: that nothing maps them would be said of a process that is gone. */
static void test_translate_of_a_target_killed_meanwhile(void **state)
{
	static const char *const argv[] = { "mkmaps", "stripes", NULL };

	(void)state;
	for (int i = 0; i < 24; i++) {
		struct helper *helper = helper_start(argv);
		struct area area = helper_area(helper, "stripes");
		char addr[24];
		pid_t killer = fork();
		struct run run;

		if (!killer) {
			for (volatile long turn = 0; turn < i * 400000L; turn++)
				;
			_exit(kill(helper->pid, SIGKILL));
		}
		snprintf(addr, sizeof(addr), "%llx", (unsigned long long)area.start_addr);
		run = run_on("translate", helper->pid, addr, "--json");
		if (run.status != 1) {
			json_t *results = json_object_get(run.json, "results");

			run_expect(&run, expected_status(NULL));
			assert_true(
				json_is_object(json_object_get(json_array_get(results, 0), "vma")));
		}
		run_clear(&run);
		waitpid(killer, NULL, 0);
		helper_stop(helper);
	}
}

static void test_wrong_usage(void **state)
{
	static const char *const cases[][5] = {
		{ "map" },
		{ "map", "x" },
		{ "map", "0" },
		{ "map", "-1" },
		{ "map", "1", "2" },
		{ "map", "99999999999" },
		{ "map", "1", "--nonsense" },
		{ "translate" },
		{ "translate", "1" },
		{ "translate", "1", "xyz" },
		{ "translate", "1", "0x" },
		{ "translate", "1", "10000000000000000" },
		{ "cache" },
		{ "cache", "/etc/passwd", "--source", "nonsense" },
		{ "cache", "/etc/passwd", "--cells", "0" },
		{ "cache", "/etc/passwd", "--cells", "1k" },
		{ "cache", "--cells" },
		{ "lab", "--size", "huge" },
		{ "--nonsense" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct run run = run_pagewalk(cases[i]);

		run_expect(&run, 2);
		assert_string_equal(run.out, "");
		assert_true(strlen(run.err) > 0);
		run_clear(&run);
	}
}

/* Text of the user's comes back safe. */
static void test_wrong_usage_does_not_echo_escapes(void **state)
{
	static const char *const args[] = { "map", "\x1b[2J", NULL };
	struct run run = run_pagewalk(args);

	(void)state;
	run_expect(&run, 2);
	assert_null(strchr(run.err, '\x1b'));
	run_clear(&run);
}

static void test_help_and_version(void **state)
{
	static const char *const cases[][4] = {
		{ "--help" },          { "map", "--help" }, { "translate", "--help" },
		{ "cache", "--help" }, { "lab", "--help" }, { "--version" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct run run = run_pagewalk(cases[i]);

		run_expect(&run, 0);
		assert_string_equal(run.err, "");
		assert_non_null(strstr(run.out, "pagewalk"));
		run_clear(&run);
	}
}

/* Each command stands in the list of --help, with the summary that its own --help gives. */
static void test_help_lists_every_command(void **state)
{
	static const char *const names[] = { "map", "translate", "faults", "objects", "cache",
					     "lab", "bench",     "sink",   "learn" };
	static const char *const args[] = { "--help", NULL };
	struct run all = run_pagewalk(args);

	(void)state;
	run_expect(&all, 0);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *const own_args[] = { names[i], "--help", NULL };
		struct run own = run_pagewalk(own_args);
		char line[128], *summary;
		const char *at;

		run_expect(&own, 0);
		snprintf(line, sizeof(line), "\n  %-10s ", names[i]);
		at = strstr(all.out, line);
		if (!at)
			fail_msg("%s is not listed in: %s", names[i], all.out);
		at += strlen(line);
		summary = strndup(at, strcspn(at, "\n"));
		assert_true(strlen(summary) > 10);
		assert_non_null(strstr(own.out, summary));
		free(summary);
		run_clear(&own);
	}
	run_clear(&all);
}

/* A full disk or a closed pipe is a failure, not a report. */
static void test_output_that_cannot_be_written(void **state)
{
	const char *program = getenv("PAGEWALK");
	char command[512];
	int status;

	(void)state;
	assert_non_null(program);
	snprintf(command, sizeof(command), "'%s' map $$ --json >/dev/full 2>/dev/null", program);
	status = system(command);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_pid_that_does_not_exist),
		cmocka_unit_test(test_a_kernel_thread),
		cmocka_unit_test(test_a_zombie),
		cmocka_unit_test(test_a_process_of_another_user),
		cmocka_unit_test(test_a_target_that_execs_all_the_time),
		cmocka_unit_test(test_a_target_that_maps_and_unmaps),
		cmocka_unit_test(test_a_target_that_forks),
		cmocka_unit_test(test_a_target_killed_meanwhile),
		cmocka_unit_test(test_translate_of_a_target_killed_meanwhile),
		cmocka_unit_test(test_wrong_usage),
		cmocka_unit_test(test_wrong_usage_does_not_echo_escapes),
		cmocka_unit_test(test_help_and_version),
		cmocka_unit_test(test_help_lists_every_command),
		cmocka_unit_test(test_output_that_cannot_be_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
