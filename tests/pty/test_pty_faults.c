/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Screen 2 of the real program: faults come, stand still, lead to the map; heat; exec; the end. */
#include "drive.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct pty *open_faults(const struct target *target, int columns, int rows)
{
	char pid[16];
	const char *const args[] = { pid, NULL };
	struct pty *pty;

	snprintf(pid, sizeof(pid), "%d", (int)target->pid);
	pty = drive_start(columns, rows, args, NULL);
	drive_see(pty, "PHYSICAL FRAMES");
	pty_keys(pty, "2");
	drive_see(pty, "FAULTS A SECOND");
	return pty;
}

/* The address of page `page` of the target's memory, as screens write it. */
static const char *page_text(const struct target *target, uint64_t page, char out[24])
{
	uint64_t page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);

	snprintf(out, 24, "%012llx", (unsigned long long)(target->start_addr + page * page_bytes));
	return out;
}

static void test_stream_pause_and_map(void **state)
{
	struct target target;
	struct pty *pty;
	char last[24], before[24];

	(void)state;
	target_start(&target, 1, 4, false, NULL);
	pty = open_faults(&target, 80, 24);
	drive_see(pty, "live");
	target_do(&target, 't', "touched");
	drive_see(pty, "%s in anon", page_text(&target, 7, last));
	/* Another stripe while it is paused: counted, but what is read stands still. */
	pty_keys(pty, "k");
	drive_see(pty, "paused");
	drive_see(pty, "%s in anon", page_text(&target, 6, before));
	target_do(&target, 't', "touched");
	drive_see(pty, "%s in anon", before);
	pty_keys(pty, " ");
	drive_see(pty, "%s in anon", page_text(&target, 15, last));
	/* To its page on the map. */
	pty_key(pty, PTY_KEY_ENTER);
	drive_see(pty, "PHYSICAL FRAMES");
	drive_see(pty, "%s = PGD", last);
	pty_keys(pty, "2");
	drive_see(pty, "FAULTS A SECOND");
	drive_quit(pty);
	target_end(&target);
}

static void test_tables_and_filter(void **state)
{
	struct target target;
	struct pty *pty;

	(void)state;
	target_start(&target, 1, 4, false, NULL);
	pty = open_faults(&target, 120, 36);
	target_do(&target, 't', "touched");
	drive_see(pty, " in anon");
	pty_key(pty, PTY_KEY_TAB);
	drive_see(pty, "sorted by all");
	drive_see(pty, "rw-p");
	pty_keys(pty, "\n");
	drive_see(pty, "only ");
	pty_key(pty, PTY_KEY_BACKSPACE);
	drive_gone(pty, "only anon");
	pty_keys(pty, "?");
	drive_see(pty, "What this screen shows: faults");
	pty_key(pty, PTY_KEY_ESCAPE);
	drive_gone(pty, "What this screen shows");
	pty_keys(pty, "L");
	drive_see(pty, "logarithmic");
	pty_resize(pty, 60, 10);
	drive_see(pty, "is too small:");
	pty_resize(pty, 200, 50);
	drive_see(pty, "FAULTS A SECOND");
	drive_quit(pty);
	target_end(&target);
}

/* The filter set in the stream holds for the tables, and they count on under it. */
static void test_filter_of_tables(void **state)
{
	struct target target;
	struct pty *pty;
	char last[24];

	(void)state;
	target_start(&target, 1, 4, false, NULL);
	pty = open_faults(&target, 80, 24);
	drive_see(pty, "live");
	target_do(&target, 't', "touched");
	drive_see(pty, "%s in anon", page_text(&target, 7, last));
	pty_keys(pty, "V");
	drive_see(pty, "only anon ");
	drive_see(pty, " 4 of ");
	pty_key(pty, PTY_KEY_TAB);
	drive_see(pty, "[BY MAPPING]");
	drive_see(pty, " 4 of ");
	drive_see(pty, "     4      -      -  ");
	target_do(&target, 't', "touched");
	drive_see(pty, "     8      -      -  ");
	drive_see(pty, " 8 of ");
	/* By kind of that mapping, and all again. */
	pty_key(pty, PTY_KEY_TAB);
	pty_key(pty, PTY_KEY_TAB);
	drive_see(pty, "[BY KIND]");
	drive_see(pty, "    8 100 %%");
	pty_keys(pty, "K");
	drive_see(pty, ", anon ");
	pty_key(pty, PTY_KEY_BACKSPACE);
	drive_gone(pty, " 8 of ");
	drive_quit(pty);
	target_end(&target);
}

static void test_heat_on_the_map(void **state)
{
	struct target target;
	struct pty *pty;
	char pid[16];
	const char *const args[] = { pid, NULL };

	(void)state;
	target_start(&target, 1, 4, false, NULL);
	snprintf(pid, sizeof(pid), "%d", (int)target.pid);
	pty = drive_start(100, 30, args, NULL);
	drive_see(pty, "PHYSICAL FRAMES");
	pty_keys(pty, "H");
	drive_see(pty, "heat: page faults");
	drive_see(pty, "halved each second");
	pty_keys(pty, "H");
	drive_gone(pty, "heat: page faults");
	drive_quit(pty);
	target_end(&target);
}

static void test_exec_and_kill(void **state)
{
	struct target target;
	struct pty *pty;
	char addr[24];

	(void)state;
	target_start(&target, 1, 4, false, NULL);
	pty = open_faults(&target, 120, 36);
	drive_see(pty, "live");
	target_exec(&target);
	drive_see(pty, "through exec");
	/* The new program's memory is watched as well. */
	target_do(&target, 't', "touched");
	drive_see(pty, "%s in anon", page_text(&target, target.stripe * 2 - 1, addr));
	target_kill(&target);
	drive_see(pty, "SIGKILL");
	drive_see(pty, "%s in anon", addr);
	drive_quit(pty);
	target_end(&target);
}

/* A command is watched before its first instruction, though screen 2 is opened later. */
static void test_command_from_the_start(void **state)
{
	const char *const args[] = { "--", getenv("PAGEWALK_TARGET"), "1", "4", NULL };
	struct pty *pty = drive_start(120, 36, args, NULL);

	(void)state;
	drive_see(pty, "PHYSICAL FRAMES");
	/* Its input is empty: it ends at once. */
	drive_see(pty, "exit 0");
	pty_keys(pty, "2");
	drive_see(pty, "since its first instruction");
	drive_see(pty, "exit 0");
	drive_see(pty, "anon-write");
	pty_keys(pty, "q");
	drive_exits(pty, 0);
	pty_free(pty);
}

static void test_nobody(void **state)
{
	struct target target;
	struct pty *pty;
	char pid[16];
	const char *const args[] = { pid, NULL };

	(void)state;
	if (!drive_has_nobody())
		skip();
	target_start(&target, 1, 4, true, NULL);
	snprintf(pid, sizeof(pid), "%d", (int)target.pid);
	pty = drive_start_nobody(80, 24, args);
	drive_see(pty, "ADDRESS SPACE");
	pty_keys(pty, "2");
	drive_see(pty, "FAULTS A SECOND");
	/* Either the kernel refuses, or it hides what it must: both are said. */
	drive_see(pty, "tracepoints denied");
	drive_quit(pty);
	target_end(&target);
}

/* Another user's process: the events are refused, with the reason; the counters are not. */
static void test_refused(void **state)
{
	struct target target;
	struct pty *pty;
	char pid[16];
	const char *const args[] = { pid, NULL };

	(void)state;
	if (!drive_has_nobody())
		skip();
	target_start(&target, 1, 4, false, NULL);
	snprintf(pid, sizeof(pid), "%d", (int)target.pid);
	pty = drive_start_nobody(80, 24, args);
	drive_see(pty, "mappings are not shown");
	pty_keys(pty, "2");
	drive_see(pty, "cannot be shown: perf_event_open is refused");
	drive_see(pty, "counters only");
	target_do(&target, 't', "touched");
	drive_see(pty, "the kernel counted 4 minor, 0 major; no events");
	drive_quit(pty);
	target_end(&target);
}

int main(int argc, char *argv[])
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stream_pause_and_map),
		cmocka_unit_test(test_tables_and_filter),
		cmocka_unit_test(test_filter_of_tables),
		cmocka_unit_test(test_heat_on_the_map),
		cmocka_unit_test(test_exec_and_kill),
		cmocka_unit_test(test_command_from_the_start),
		cmocka_unit_test(test_nobody),
		cmocka_unit_test(test_refused),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
