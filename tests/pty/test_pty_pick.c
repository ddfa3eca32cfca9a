/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The list of processes of the real program: it appears, typing narrows it, Enter watches, Esc
 * goes, and what is no process with memory says so. The processes looked for are our own,
 * known by PID or by a word in their command line.
 */
#include "drive.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const no_args[] = { NULL };

static struct pty *open_list(void)
{
	struct pty *pty = drive_start(80, 24, no_args, NULL);

	drive_see(pty, "choose a process");
	drive_see(pty, "COMMAND");
	drive_see(pty, "Enter shows where the pages of ");
	return pty;
}

static void leave(struct pty *pty)
{
	pty_keys(pty, "\x03");
	drive_exits(pty, 0);
	drive_restored(pty);
	pty_free(pty);
}

/* A word that stands in no other command line. */
static char *make_word(char word[32], const char *what)
{
	snprintf(word, 32, "pick-%s-%d", what, (int)getpid());
	return word;
}

static void test_filter_and_open(void **state)
{
	struct target one, other;
	char word[32], pid[16];
	struct pty *pty;

	(void)state;
	target_start(&one, 8, 16, false, make_word(word, "one"));
	target_start(&other, 16, 16, false, word);
	snprintf(pid, sizeof(pid), "%d", (int)one.pid);
	pty = open_list();
	pty_keys(pty, word);
	drive_see(pty, "filter: %s_", word);
	drive_see(pty, "2 of ");
	/* The larger comes first. */
	drive_see(pty, "Enter shows where the pages of %d lie", (int)other.pid);
	pty_key(pty, PTY_KEY_DOWN);
	drive_see(pty, "Enter shows where the pages of %d lie", (int)one.pid);
	pty_key(pty, PTY_KEY_UP);
	drive_see(pty, "Enter shows where the pages of %d lie", (int)other.pid);
	pty_key(pty, PTY_KEY_END);
	drive_see(pty, "Enter shows where the pages of %d lie", (int)one.pid);
	pty_key(pty, PTY_KEY_ENTER);
	drive_see(pty, "pagewalk  %d target", (int)one.pid);
	drive_see(pty, "PHYSICAL FRAMES");
	drive_see(pty, "8.00M, 50 %% resident");
	drive_quit(pty);
	target_end(&one);
	target_end(&other);
}

static void test_typing(void **state)
{
	struct pty *pty = open_list();

	(void)state;
	pty_keys(pty, "no such process, surely");
	drive_see(pty, "No process matches.");
	drive_see(pty, "0 of ");
	pty_key(pty, PTY_KEY_ENTER);
	pty_key(pty, PTY_KEY_DOWN);
	pty_key(pty, PTY_KEY_END);
	drive_see(pty, "No process matches.");
	pty_key(pty, PTY_KEY_BACKSPACE);
	drive_see(pty, "filter: no such process, surel_");
	/* Letters that are commands elsewhere, and characters of more bytes, are only typed. */
	pty_keys(pty, "q?pé");
	drive_see(pty, "surelq?pé_");
	pty_key(pty, PTY_KEY_BACKSPACE);
	drive_see(pty, "surelq?p_");
	pty_key(pty, PTY_KEY_ESCAPE);
	drive_gone(pty, "filter: no");
	drive_see(pty, "type a part of the command");
	pty_key(pty, PTY_KEY_ESCAPE);
	drive_exits(pty, 0);
	drive_restored(pty);
	pty_free(pty);
}

static void test_commands_as_they_are(void **state)
{
	struct target target;
	char word[48];
	struct pty *pty;

	(void)state;
	snprintf(word, sizeof(word), "na\xc3\xafve-\xe6\xbc\xa2-%d", (int)getpid());
	target_start(&target, 1, 1, false, word);
	pty = open_list();
	pty_keys(pty, "na\xc3\xafve-");
	drive_see(pty, "1 of ");
	drive_see(pty, "na\xc3\xafve-");
	drive_see(pty, "Enter shows where the pages of %d lie", (int)target.pid);
	leave(pty);
	target_end(&target);
}

static void test_processes_come_and_go(void **state)
{
	struct target target;
	char word[32];
	struct pty *pty = open_list();

	(void)state;
	pty_keys(pty, make_word(word, "late"));
	drive_see(pty, "No process matches.");
	target_start(&target, 1, 1, false, word);
	drive_see(pty, "Enter shows where the pages of %d lie", (int)target.pid);
	kill(target.pid, SIGKILL);
	/* Not waited for: a zombie has no command line, so its PID finds it. */
	pty_key(pty, PTY_KEY_ESCAPE);
	drive_see(pty, "type a part of the command");
	snprintf(word, sizeof(word), "%d", (int)target.pid);
	pty_keys(pty, word);
	drive_see(pty, "%s has exited and waits for its parent %d", word, (int)getpid());
	target_end(&target);
	drive_see(pty, "0 of ");
	leave(pty);
}

static void test_kernel_threads_are_marked(void **state)
{
	char comm[32] = "";
	struct pty *pty;
	int fd = open("/proc/2/comm", O_RDONLY);

	(void)state;
	if (fd < 0 || read(fd, comm, sizeof(comm) - 1) < 0 || strcmp(comm, "kthreadd\n")) {
		print_message("process 2 is not a kernel thread here\n");
		skip();
	}
	close(fd);
	pty = open_list();
	pty_keys(pty, "kthreadd");
	drive_see(pty, "[kthreadd]");
	drive_see(pty, "2 [kthreadd] is a kernel thread: it has no memory of its own to show.");
	pty_key(pty, PTY_KEY_ENTER);
	drive_see(pty, "A kernel thread: it has no user address space");
	pty_keys(pty, "p");
	drive_see(pty, "[kthreadd]");
	leave(pty);
}

static void test_help_and_size(void **state)
{
	struct pty *pty = open_list();

	(void)state;
	pty_keys(pty, "\033OP"); /* F1 */
	drive_see(pty, "What this screen shows: choose a process");
	pty_key(pty, PTY_KEY_ESCAPE);
	drive_gone(pty, "What this screen shows");
	pty_resize(pty, 60, 10);
	drive_see(pty, "is too small:");
	pty_resize(pty, 200, 50);
	drive_see(pty, "choose a process");
	pty_key(pty, PTY_KEY_PAGE_DOWN);
	pty_key(pty, PTY_KEY_HOME);
	pty_key(pty, PTY_KEY_END);
	pty_resize(pty, 80, 24);
	drive_see(pty, "choose a process");
	leave(pty);
}

static void test_by_name(void **state)
{
	struct target one, other;
	const char *const args[] = { "target-of-pty", NULL };
	struct pty *pty;

	(void)state;
	target_start(&one, 8, 16, false, NULL);
	target_do(&one, 'r', "renamed");
	pty = drive_start(80, 24, args, NULL);
	drive_see(pty, "pagewalk  %d target-of-pty", (int)one.pid);
	drive_see(pty, "8.00M, 50 %% resident");
	drive_quit(pty);
	/* Of several one has to choose. */
	target_start(&other, 8, 16, false, NULL);
	target_do(&other, 'r', "renamed");
	pty = drive_start(80, 24, args, NULL);
	drive_see(pty, "filter: target-of-pty_");
	drive_see(pty, "%d  ", (int)one.pid);
	drive_see(pty, "%d  ", (int)other.pid);
	leave(pty);
	target_end(&one);
	target_end(&other);
}

static void test_nobody_there(void **state)
{
	static const struct {
		const char *arg, *says;
	} cases[] = {
		{ "no-such-process-1", "no process is called no-such-process-1" },
		{ "4194304", "process 4194304: there is none" },
		{ "99999999999", "not a process ID" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *const args[] = { cases[i].arg, NULL };
		struct pty *pty = drive_start(80, 24, args, NULL);
		int status;

		assert_true(pty_wait_exit(pty, DRIVE_MS, &status));
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) != 0);
		if (!pty_find(pty, cases[i].says, NULL, NULL) || drive_count_lines(pty) != 1)
			drive_fail(pty, "not one line with \"%s\"", cases[i].says);
		drive_restored(pty);
		pty_free(pty);
	}
}

int main(int argc, char *argv[])
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_filter_and_open),
		cmocka_unit_test(test_typing),
		cmocka_unit_test(test_commands_as_they_are),
		cmocka_unit_test(test_processes_come_and_go),
		cmocka_unit_test(test_kernel_threads_are_marked),
		cmocka_unit_test(test_help_and_size),
		cmocka_unit_test(test_by_name),
		cmocka_unit_test(test_nobody_there),
	};

	/* One test alone, by its name or a pattern of it. */
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
