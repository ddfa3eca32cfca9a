/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A command that is started to be watched: it stands before its first instruction with its
 * program mapped and nobody tracing it, runs when it is let go, and leaves its output and
 * its status. $PAGEWALK_GATE names the program between.
 */
#include "kernel/launch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define WAIT_MS 20000

static struct launch_options options(void)
{
	const char *gate = getenv("PAGEWALK_GATE");

	if (!gate)
		fail_msg("PAGEWALK_GATE is not set");
	return (struct launch_options){ .gate = gate };
}

static struct launch *start(char *const argv[])
{
	struct launch_options how = options();
	struct launch *launch = NULL;
	char error[256] = "";

	if (launch_start(argv, &how, &launch, error, sizeof(error)))
		fail_msg("%s", error);
	return launch;
}

static int start_fails(const char *command, char *error, size_t room)
{
	char *argv[] = { (char *)command, NULL };
	struct launch_options how = options();
	struct launch *launch = NULL;
	int ret = launch_start(argv, &how, &launch, error, room);

	assert_true(ret < 0);
	assert_null(launch);
	return ret;
}

static char *read_proc(pid_t pid, const char *name)
{
	static char text[16384];
	char path[64];
	FILE *in;
	size_t got;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	in = fopen(path, "r");
	assert_non_null(in);
	got = fread(text, 1, sizeof(text) - 1, in);
	fclose(in);
	text[got] = '\0';
	return text;
}

static void wait_end(struct launch *launch, char *out, size_t room)
{
	struct pollfd fds[2] = { { .fd = launch_event_fd(launch), .events = POLLIN } };
	size_t used = 0, got;
	int status;

	while (!launch_has_ended(launch, &status) || launch_output_fd(launch) >= 0) {
		fds[1] = (struct pollfd){ .fd = launch_output_fd(launch), .events = POLLIN };
		/* Only what still is to come is waited for. */
		if (launch_has_ended(launch, &status))
			fds[0].fd = -1;
		assert_true(poll(fds, 2, WAIT_MS) > 0);
		while ((got = launch_read_output(launch, out + used, room - 1 - used)) > 0)
			used += got;
	}
	out[used] = '\0';
}

static void test_stands_before_its_first_instruction(void **state)
{
	char *argv[] = { (char *)"sh", (char *)"-c", (char *)"exit 7", NULL };
	struct launch *launch = start(argv);
	char out[256], *text;
	int status;

	(void)state;
	text = read_proc(launch_pid(launch), "status");
	assert_non_null(strstr(text, "State:\tT (stopped)"));
	assert_non_null(strstr(text, "TracerPid:\t0\n"));
	/* It is the shell itself, whose libraries the loader has not yet mapped. */
	text = read_proc(launch_pid(launch), "cmdline");
	assert_string_equal(text, "sh");
	text = read_proc(launch_pid(launch), "maps");
	assert_non_null(strstr(text, "[stack]"));
	assert_null(strstr(text, "pagewalk-gate"));
	assert_null(strstr(text, "libc.so"));
	assert_false(launch_has_ended(launch, &status));
	launch_go(launch);
	launch_go(launch);
	wait_end(launch, out, sizeof(out));
	assert_true(launch_has_ended(launch, &status));
	assert_int_equal(launch_exit_status(status), 7);
	assert_int_equal(launch_end(launch, &status), LAUNCH_ENDED);
	assert_int_equal(WEXITSTATUS(status), 7);
}

static void test_output_and_input(void **state)
{
	char *argv[] = { (char *)"sh", (char *)"-c",
			 (char *)"test -t 1 && echo tty; wc -c; echo two >&2; "
				 "(exec </dev/tty) 2>/dev/null || echo no tty of its own; ls -l "
				 "/proc/self/fd | wc -l",
			 NULL };
	struct launch *launch = start(argv);
	char out[1024];
	int status;

	(void)state;
	launch_go(launch);
	wait_end(launch, out, sizeof(out));
	/* ls: 0, 1 (the pipe), 2 and the directory; the line "total" makes five. */
	assert_string_equal(out, "tty\n0\ntwo\nno tty of its own\n5\n");
	assert_int_equal(launch_end(launch, &status), LAUNCH_ENDED);
	assert_int_equal(status, 0);
}

static void test_a_signal(void **state)
{
	char *argv[] = { (char *)"sh", (char *)"-c", (char *)"kill -SEGV $$", NULL };
	struct launch *launch = start(argv);
	char out[256];
	int status;

	(void)state;
	launch_go(launch);
	wait_end(launch, out, sizeof(out));
	assert_int_equal(launch_end(launch, &status), LAUNCH_ENDED);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(launch_exit_status(status), 128 + SIGSEGV);
}

static bool is_gone(pid_t pid)
{
	return kill(pid, 0) && errno == ESRCH;
}

static void test_is_ended(void **state)
{
	char *deaf[] = { (char *)"sh", (char *)"-c",
			 (char *)"trap '' TERM; echo deaf; while :; do sleep 1; done", NULL };
	char *argv[] = { (char *)"sleep", (char *)"1000", NULL };
	struct launch *launch = start(argv);
	pid_t pid = launch_pid(launch);
	char out[8];
	int status;

	(void)state;
	/* One that never was let go, too. */
	assert_int_equal(launch_end(launch, &status), LAUNCH_WAS_ENDED);
	assert_true(is_gone(pid));
	launch = start(deaf);
	pid = launch_pid(launch);
	launch_go(launch);
	while (!launch_read_output(launch, out, sizeof(out)))
		poll(&(struct pollfd){ .fd = launch_output_fd(launch), .events = POLLIN }, 1,
		     WAIT_MS);
	assert_int_equal(launch_end(launch, &status), LAUNCH_WAS_ENDED);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	assert_true(is_gone(pid));
}

static void test_keeps_running(void **state)
{
	char *argv[] = { (char *)"sleep", (char *)"1000", NULL };
	struct launch_options how = options();
	struct launch *launch;
	char error[256];
	int status;
	pid_t pid;

	(void)state;
	how.keeps_running = true;
	assert_int_equal(launch_start(argv, &how, &launch, error, sizeof(error)), 0);
	pid = launch_pid(launch);
	assert_int_equal(launch_end(launch, &status), LAUNCH_KEPT_RUNNING);
	assert_false(is_gone(pid));
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
}

static void test_what_cannot_run(void **state)
{
	char error[256], path[] = "/tmp/pagewalk-launch-XXXXXX";
	int fd = mkstemp(path), ret;

	(void)state;
	assert_true(fd >= 0);
	ret = start_fails("/no/such/program", error, sizeof(error));
	assert_int_equal(ret, -ENOENT);
	assert_int_equal(launch_failure_status(ret), 127);
	assert_string_equal(error, "cannot run /no/such/program: No such file or directory");
	assert_int_equal(start_fails("no-such-program-on-the-path", error, sizeof(error)), -ENOENT);
	assert_int_equal(start_fails("", error, sizeof(error)), -ENOENT);
	ret = start_fails(path, error, sizeof(error));
	assert_int_equal(ret, -EACCES);
	assert_int_equal(launch_failure_status(ret), 126);
	close(fd);
	assert_int_equal(start_fails("/", error, sizeof(error)), -EACCES);
	/* Escape sequences in a name do not reach the terminal. */
	start_fails("/no/\033[2J", error, sizeof(error));
	assert_null(strchr(error, 033));
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stands_before_its_first_instruction),
		cmocka_unit_test(test_output_and_input),
		cmocka_unit_test(test_a_signal),
		cmocka_unit_test(test_is_ended),
		cmocka_unit_test(test_keeps_running),
		cmocka_unit_test(test_what_cannot_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
