/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Killed in the middle of what it does, pagewalk leaves nothing: every lesson, the lab and the
 * benchmark, by SIGKILL to the process or to its whole group, and by the signals that it heeds.
 * That it is in the middle is known by what it has printed, or by the file that it sends. All
 * that it started becomes ours to reap, so that their end is waited for and not guessed.
 */
#include "kernel/zram.h"
#include "learn/lesson.h"
#include "run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NR_TRIES  20 /* for one that was quicker than we */
#define NR_LOOKS  3000
#define MOST_ARGS 12

/* How it is ended. */
static const struct ending {
	int number;
	bool group;
} endings[] = {
	{ SIGKILL, false },
	{ SIGKILL, true },
	{ SIGTERM, false },
	{ SIGINT, true },
};

/* What is run, with files below a directory of the test; `prints` is what it says on its way. */
struct subject {
	const char *args[MOST_ARGS];
	const char *prints; /* NULL: nothing before its end, its file is looked for */
};

static char files_dir[] = "/var/tmp/pagewalk-test-XXXXXX";

static size_t count_matches(const char *pattern)
{
	char path[256];
	size_t nr;
	glob_t found;

	snprintf(path, sizeof(path), "%s/%s", files_dir, pattern);
	nr = glob(path, 0, NULL, &found) ? 0 : found.gl_pathc;
	globfree(&found);
	return nr;
}

static pid_t start(const struct subject *subject, int out_fd)
{
	pid_t pid = fork();

	assert_return_code(pid, errno);
	if (!pid) {
		int null_fd = open("/dev/null", O_RDWR);

		setpgid(0, 0);
		dup2(null_fd, STDIN_FILENO);
		dup2(out_fd, STDOUT_FILENO);
		dup2(null_fd, STDERR_FILENO);
		alarm(60);
		execv(getenv("PAGEWALK"), (char *const *)subject->args);
		_exit(127);
	}
	setpgid(pid, pid);
	return pid;
}

/* Returns when the text was printed, or all was. */
static void await_text(int fd, const char *text)
{
	char said[4096];
	size_t len = 0;
	ssize_t got;

	do {
		got = read(fd, said + len, sizeof(said) - 1 - len);
		len += got > 0 ? (size_t)got : 0;
		said[len] = '\0';
	} while (got > 0 && !strstr(said, text) && len < sizeof(said) - 1);
}

/* Returns when the file is there, or the process has ended. */
static void await_file(pid_t pid)
{
	const struct timespec nap = { 0, 1000000 };
	siginfo_t info = { 0 };

	while (!count_matches("run-*/lane-*.bin") &&
	       !waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) && !info.si_pid)
		nanosleep(&nap, NULL);
}

/*
 * True for what removes something at the end of pagewalk, the keeper of swap and what tidies up.
 * The others may end anyhow: that pagewalk is gone comes to them as an error, too.
 */
static bool cleans_up(pid_t zombie)
{
	char path[32], comm[32] = "";
	FILE *in;

	snprintf(path, sizeof(path), "/proc/%d/comm", (int)zombie);
	in = fopen(path, "r");
	if (in && !fgets(comm, sizeof(comm), in))
		comm[0] = '\0';
	if (in)
		fclose(in);
	return !strcmp(comm, "pagewalk-tidy\n") || !strcmp(comm, "pagewalk-pupil\n");
}

/*
 * 2 is of one that found its parent gone before it began, and 4 of the process by which a leak
 * checker stops the threads of a program, if it finds that program gone (no part of pagewalk has
 * that status).
 */
static bool failed_to_clean(const siginfo_t *ended)
{
	return ended->si_code == CLD_EXITED && ended->si_status && ended->si_status != 2 &&
	       ended->si_status != 4 && cleans_up(ended->si_pid);
}

/* Reaps all that was started; the status of the first. */
static int reap_all(pid_t first)
{
	int status, first_status = 0;
	siginfo_t ended = { 0 };

	/* One that stays behind is found by the end of the test's time. */
	alarm(60);
	while (!waitid(P_ALL, 0, &ended, WEXITED | WNOWAIT)) {
		bool failed = ended.si_pid != first && failed_to_clean(&ended);

		if (waitpid(ended.si_pid, &status, 0) == first)
			first_status = status;
		if (failed)
			fail_msg("one that cleans up ended with %d", ended.si_status);
	}
	assert_int_equal(errno, ECHILD);
	alarm(0);
	return first_status;
}

/* Another run that is about to remove its own has given its lock up for a moment. */
static void expect_no_zram_left(void)
{
	const struct timespec nap = { 0, 10000000 };

	for (int number = 0; number < ZRAM_MOST_DEVICES; number++)
		for (int i = 0; zram_was_left_behind(number); i++) {
			if (i == NR_LOOKS)
				fail_msg("zram%d was left behind", number);
			nanosleep(&nap, NULL);
		}
}

/* True where it was caught in the middle. */
static bool kill_once(const struct subject *subject, const struct ending *ending)
{
	int pipe_fds[2], status;
	pid_t pid;

	assert_return_code(pipe2(pipe_fds, O_CLOEXEC), errno);
	pid = start(subject, pipe_fds[1]);
	close(pipe_fds[1]);
	if (subject->prints)
		await_text(pipe_fds[0], subject->prints);
	else
		await_file(pid);
	kill(ending->group ? -pid : pid, ending->number);
	/* What it may still say is of no interest, but must not stop it. */
	await_text(pipe_fds[0], "\1");
	close(pipe_fds[0]);
	status = reap_all(pid);
	assert_int_equal(count_matches("*"), 0);
	expect_no_zram_left();
	return ending->number == SIGKILL ? WIFSIGNALED(status)
					 : WIFSIGNALED(status) || WEXITSTATUS(status) == 1;
}

static void kill_in_all_ways(struct subject *subject)
{
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		int nr = 0;

		/* A check prints after its first step, too. */
		if (subject->prints)
			subject->prints = i % 2 ? "\nok " : "\n1..";

		while (!kill_once(subject, &endings[i]))
			if (++nr == NR_TRIES)
				fail_msg("%s %s: never caught by signal %d", subject->args[1],
					 subject->args[2], endings[i].number);
	}
}

static void test_every_lesson(void **state)
{
	(void)state;
	for (size_t i = 0; i < nr_lessons; i++) {
		struct subject subject = {
			.args = { "pagewalk", "learn", lessons[i]->name, "--check", "--dir",
				  files_dir, zram_is_possible() ? "--zram" : NULL },
			.prints = "\n1..",
		};

		kill_in_all_ways(&subject);
	}
}

static void test_the_lab(void **state)
{
	struct subject subject = {
		.args = { "pagewalk", "lab", "--size", "32MiB", "--pace", "32MiB", "--dir",
			  files_dir },
	};

	(void)state;
	kill_in_all_ways(&subject);
}

static void test_the_benchmark(void **state)
{
	struct subject subject = {
		.args = { "pagewalk", "bench", "--size", "32MiB", "--rounds", "3", "--dir",
			  files_dir },
	};

	(void)state;
	kill_in_all_ways(&subject);
}

static int setup(void **state)
{
	(void)state;
	return !mkdtemp(files_dir) || prctl(PR_SET_CHILD_SUBREAPER, 1) ? -1 : 0;
}

static int teardown(void **state)
{
	(void)state;
	return rmdir(files_dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_lesson),
		cmocka_unit_test(test_the_lab),
		cmocka_unit_test(test_the_benchmark),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
