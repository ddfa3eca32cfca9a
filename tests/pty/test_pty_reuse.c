/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A PID that is used again while it is watched: what is on the screen stays that of the process
 * that was chosen, marked as past, and nothing of the new one comes under the old name.
 */
#include "drive.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Of another size, so that each can be told from the other. */
#define OLD_MIB 64
#define NEW_MIB 24

struct fixture {
	struct target before, after;
	struct pty *pty;
	char after_start[20]; /* as it would stand on the screen */
};

static void open_before(struct fixture *fixture)
{
	char pid[16];
	const char *const args[] = { pid, NULL };

	memset(fixture, 0, sizeof(*fixture));
	target_start(&fixture->before, OLD_MIB, 1, false, NULL);
	snprintf(pid, sizeof(pid), "%d", (int)fixture->before.pid);
	fixture->pty = drive_start(120, 36, args, NULL);
	drive_see(fixture->pty, "64.0M, 50 %% resident");
	/* Its cells have been read as well. */
	drive_see(fixture->pty, "absent 8.19k");
	drive_see(fixture->pty, " = PGD ");
}

/* The watched one ends, is reaped, and another process gets its PID. */
static void reuse(struct fixture *fixture)
{
	pid_t pid = fixture->before.pid;
	int ret;

	target_kill(&fixture->before);
	ret = target_start_as(&fixture->after, pid, NEW_MIB, 4, false, NULL);
	if (ret) {
		pty_signal(fixture->pty, SIGCONT);
		drive_quit(fixture->pty);
		target_end(&fixture->before);
		print_message("the PID cannot be used again on purpose: %s\n", strerror(-ret));
		skip();
	}
	assert_int_equal(fixture->after.pid, pid);
	/* Its name is another one from now on, and its memory is at another place. */
	target_do(&fixture->after, 'r', "renamed");
	snprintf(fixture->after_start, sizeof(fixture->after_start), "%" PRIx64 "-",
		 fixture->after.start_addr);
	if (fixture->after.start_addr == fixture->before.start_addr)
		fixture->after_start[0] = '\0';
}

static void expect_only_before(struct fixture *fixture)
{
	static const char *const of_after[] = { "target-of-pty", "24.0M" };
	struct pty *pty = fixture->pty;

	for (size_t i = 0; i < sizeof(of_after) / sizeof(of_after[0]); i++)
		if (pty_find(pty, of_after[i], NULL, NULL))
			drive_fail(pty, "\"%s\" of the new process is shown", of_after[i]);
	if (fixture->after_start[0] && pty_find(pty, fixture->after_start, NULL, NULL))
		drive_fail(pty, "memory of the new process is shown");
}

/* The picture can be walked through in every way, and stays that of the process before. */
static void walk_through(struct fixture *fixture)
{
	static const char *const keys[] = { "\t", "+++", "v",  "v", "v", "0", "M", "m",
					    "]",  "[",   "\t", "E", "x", "X", "X" };

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		pty_keys(fixture->pty, keys[i]);
		/* More than one period of the sampler, which would read a new process. */
		drive_observe(fixture->pty, 150);
		expect_only_before(fixture);
		drive_see(fixture->pty, "last picture");
	}
}

static void end(struct fixture *fixture)
{
	drive_quit(fixture->pty);
	target_end(&fixture->after);
	close(fixture->before.to_fd);
	close(fixture->before.from_fd);
}

static void test_reused_between_two_samples(void **state)
{
	struct fixture fixture;

	(void)state;
	open_before(&fixture);
	/* pagewalk sleeps meanwhile: it never sees that there was nobody of this PID. */
	pty_signal(fixture.pty, SIGSTOP);
	reuse(&fixture);
	pty_signal(fixture.pty, SIGCONT);
	drive_see(fixture.pty, "SIGKILL: last picture");
	drive_see(fixture.pty, "64.0M, 50 %% resident");
	walk_through(&fixture);
	end(&fixture);
}

static void test_reused_after_the_end_was_seen(void **state)
{
	struct fixture fixture;

	(void)state;
	open_before(&fixture);
	reuse(&fixture);
	drive_see(fixture.pty, "SIGKILL: last picture");
	walk_through(&fixture);
	end(&fixture);
}

/* Faults, objects and files too are those of the process that was chosen. */
static void test_other_screens(void **state)
{
	struct fixture fixture;

	(void)state;
	open_before(&fixture);
	pty_signal(fixture.pty, SIGSTOP);
	reuse(&fixture);
	pty_signal(fixture.pty, SIGCONT);
	drive_see(fixture.pty, "SIGKILL: last picture");
	for (const char *screen = "2345"; *screen; screen++) {
		char key[] = { *screen, '\0' };

		pty_keys(fixture.pty, key);
		/* It may open, or say that the process is gone. */
		target_do(&fixture.after, 't', "touched");
		drive_observe(fixture.pty, 300);
		expect_only_before(&fixture);
		if (pty_find(fixture.pty, "anon-write", NULL, NULL))
			drive_fail(fixture.pty, "faults of the new process are shown");
		pty_keys(fixture.pty, "1");
		drive_see(fixture.pty, "SIGKILL: last picture");
	}
	end(&fixture);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reused_between_two_samples),
		cmocka_unit_test(test_reused_after_the_end_was_seen),
		cmocka_unit_test(test_other_screens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
