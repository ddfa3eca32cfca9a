/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Screen 3 of the real program: the boxes come, arrows follow links, the process goes away. */
#include "drive.h"

#include <signal.h>
#include <stdio.h>

static struct pty *open_objects(const struct target *target, int columns, int rows)
{
	char pid[16];
	const char *const args[] = { pid, NULL };
	struct pty *pty;

	snprintf(pid, sizeof(pid), "%d", (int)target->pid);
	pty = drive_start(columns, rows, args, NULL);
	drive_see(pty, "PHYSICAL FRAMES");
	pty_keys(pty, "3");
	drive_see(pty, "read in ");
	return pty;
}

static void test_links(void **state)
{
	struct target target;
	struct pty *pty;

	(void)state;
	target_start(&target, 1, 1, false, NULL);
	pty = open_objects(&target, 80, 24);
	drive_see(pty, "task_struct: thread %d", (int)target.pid);
	pty_key(pty, PTY_KEY_RIGHT);
	drive_see(pty, "Descriptor ");
	pty_key(pty, PTY_KEY_HOME);
	drive_see(pty, "Descriptor 0, slot of a table of ");
	drive_see(pty, "pipe");
	pty_key(pty, PTY_KEY_RIGHT);
	drive_see(pty, "struct file 1");
	pty_key(pty, PTY_KEY_RIGHT);
	drive_see(pty, "no file with pages of its own");
	pty_key(pty, PTY_KEY_END);
	drive_see(pty, "the file itself");
	pty_key(pty, PTY_KEY_DOWN);
	drive_see(pty, "VMA: a range of the mm");
	pty_key(pty, PTY_KEY_ENTER);
	drive_see(pty, "PHYSICAL FRAMES");
	/* What was chosen is still. */
	pty_keys(pty, "3");
	drive_see(pty, "VMA: a range of the mm");
	drive_quit(pty);
	target_end(&target);
}

static void test_help_sizes_and_pause(void **state)
{
	struct target target;
	struct pty *pty;

	(void)state;
	target_start(&target, 1, 1, false, NULL);
	pty = open_objects(&target, 120, 36);
	pty_keys(pty, "?");
	drive_see(pty, "What this screen shows: objects");
	drive_see(pty, "Marks");
	pty_key(pty, PTY_KEY_ESCAPE);
	drive_gone(pty, "What this screen shows");
	pty_keys(pty, "\t");
	drive_see(pty, "mm_struct: the address space");
	drive_see(pty, "start_code");
	pty_keys(pty, " ");
	drive_see(pty, "paused");
	pty_resize(pty, 80, 24);
	drive_see(pty, "start_code");
	pty_resize(pty, 60, 10);
	drive_see(pty, "is too small:");
	pty_resize(pty, 200, 50);
	drive_see(pty, "vm_area_struct");
	pty_keys(pty, " ");
	drive_gone(pty, "paused");
	drive_quit(pty);
	target_end(&target);
}

static void test_the_process_ends(void **state)
{
	struct target target;
	struct pty *pty;

	(void)state;
	target_start(&target, 1, 1, false, NULL);
	pty = open_objects(&target, 80, 24);
	kill(target.pid, SIGKILL);
	drive_see(pty, "exited: last picture");
	drive_see(pty, "files_struct");
	target_end(&target);
	drive_quit(pty);
}

int main(int argc, char *argv[])
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_links),
		cmocka_unit_test(test_help_sizes_and_pause),
		cmocka_unit_test(test_the_process_ends),
	};

	/* One test alone, by its name or a pattern of it. */
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
