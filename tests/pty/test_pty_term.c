/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The real program and its terminal: on every way out it is given back as it was; on terminals
 * of many kinds and sizes it is used as far as it goes; nothing is written that need not be.
 */
#include "drive.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

struct fixture {
	struct target target;
	char pid[16], word[32];
	const char *args[4];
	struct pty *pty;
};

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	snprintf(fixture->word, sizeof(fixture->word), "watched-by-%d", (int)getpid());
	target_start(&fixture->target, 8, 128, false, fixture->word);
	snprintf(fixture->pid, sizeof(fixture->pid), "%d", (int)fixture->target.pid);
	fixture->args[0] = fixture->pid;
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	pty_free(fixture->pty);
	target_end(&fixture->target);
	free(fixture);
	return 0;
}

/* The map of the target, complete. */
static struct pty *open_map(struct fixture *fixture, const char *env)
{
	/* Or curses would load libgpm on TERM=linux, which leaks by itself. */
	const char *const envs[] = { "NCURSES_GPM_TERMS=none", env, NULL };

	fixture->pty = drive_start(80, 24, fixture->args, envs);
	drive_see(fixture->pty, "PHYSICAL FRAMES");
	drive_see(fixture->pty, "8.00M, 50 %% resident");
	return fixture->pty;
}

/* ---- ways out ---- */

static void test_q(void **state)
{
	struct fixture *fixture = *state;
	struct pty *pty = open_map(fixture, NULL);

	assert_true(pty_altscreen_active(pty));
	assert_false(pty_cursor_visible(pty));
	assert_true(pty_mouse_reported(pty));
	pty_keys(pty, "q");
	drive_exits(pty, 0);
	drive_restored(pty);
	/* Nothing is left on the screen that was there before. */
	assert_int_equal(drive_count_lines(pty), 0);
}

static void test_ctrl_c(void **state)
{
	struct pty *pty = open_map(*state, NULL);

	pty_keys(pty, "\x03");
	drive_exits(pty, 0);
	drive_restored(pty);
}

static void test_sigterm(void **state)
{
	struct pty *pty = open_map(*state, NULL);

	pty_signal(pty, SIGTERM);
	drive_exits(pty, 0);
	drive_restored(pty);
}

static void test_hangup(void **state)
{
	struct fixture *fixture = *state;
	struct pty *pty = open_map(fixture, NULL);

	pty_hangup(pty);
	drive_exits(pty, 0);
}

static void test_sighup(void **state)
{
	struct pty *pty = open_map(*state, NULL);

	pty_signal(pty, SIGHUP);
	drive_exits(pty, 0);
	drive_restored(pty);
}

static void test_crash(void **state)
{
	static const int crashes[] = { SIGSEGV, SIGABRT, SIGBUS };
	int status;

	if (drive_is_sanitized()) {
		print_message("the sanitizer takes crashes for itself\n");
		skip();
	}
	for (size_t i = 0; i < sizeof(crashes) / sizeof(crashes[0]); i++) {
		struct fixture *fixture = *state;
		struct pty *pty = open_map(fixture, NULL);

		pty_signal(pty, crashes[i]);
		if (!pty_wait_exit(pty, DRIVE_MS, &status))
			drive_fail(pty, "it does not end");
		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), crashes[i]);
		drive_restored(pty);
		pty_free(pty);
		fixture->pty = NULL;
	}
}

static void test_suspend_and_resume(void **state)
{
	struct pty *pty = open_map(*state, NULL);

	for (int i = 0; i < 2; i++) {
		pty_keys(pty, "\x1a");
		if (!pty_wait_stopped(pty, DRIVE_MS))
			drive_fail(pty, "Ctrl-Z does not stop it");
		drive_restored(pty);
		assert_int_equal(drive_count_lines(pty), 0);
		pty_signal(pty, SIGCONT);
		drive_see(pty, "8.00M, 50 %% resident");
		drive_see(pty, "PHYSICAL FRAMES");
		drive_see(pty, "? help");
		assert_true(pty_altscreen_active(pty));
		assert_false(pty_cursor_visible(pty));
	}
	pty_keys(pty, "+");
	drive_see(pty, "cell 2 pages (");
	pty_keys(pty, "q");
	drive_exits(pty, 0);
	drive_restored(pty);
}

/* ---- sizes ---- */

static void test_resize(void **state)
{
	struct pty *pty = open_map(*state, NULL);

	pty_resize(pty, 200, 50);
	drive_see(pty, "1 cell = 1 page (4.00K)");
	drive_see(pty, "own cost ");
	pty_resize(pty, 79, 24);
	drive_see(pty, "79x24");
	drive_see(pty, "is too small:");
	drive_gone(pty, "PHYSICAL FRAMES");
	pty_resize(pty, 1, 1);
	assert_true(pty_wait_quiet(pty, 300, DRIVE_MS));
	/* Keys on a screen that cannot be seen must not harm it. */
	pty_keys(pty, "\t+-]");
	pty_resize(pty, 80, 23);
	drive_see(pty, "80x23");
	pty_resize(pty, 80, 24);
	drive_see(pty, "PHYSICAL FRAMES");
	pty_keys(pty, "[0");
	drive_see(pty, "8.00M, 50 %% resident");
	pty_keys(pty, "?");
	drive_see(pty, "What this screen shows");
	pty_resize(pty, 300, 80);
	drive_see(pty, "What this screen shows");
	pty_key(pty, PTY_KEY_ESCAPE);
	drive_gone(pty, "What this screen shows");
	drive_see(pty, "PHYSICAL FRAMES");
	pty_resize(pty, 80, 24);
	drive_see(pty, "PHYSICAL FRAMES");
	pty_keys(pty, "q");
	drive_exits(pty, 0);
	drive_restored(pty);
}

/* ---- kinds of terminal ---- */

static void test_known_terminals(void **state)
{
	static const char *const terms[] = { "TERM=vt100",          "TERM=linux",
					     "TERM=xterm-256color", "TERM=screen-256color",
					     "TERM=tmux-256color",  "TERM=xterm" };
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(terms) / sizeof(terms[0]); i++) {
		struct pty *pty = open_map(fixture, terms[i]);

		drive_see(pty, "ADDRESS SPACE");
		pty_keys(pty, "\t");
		pty_key(pty, PTY_KEY_DOWN);
		pty_keys(pty, "?");
		drive_see(pty, "What this screen shows: map");
		pty_key(pty, PTY_KEY_ESCAPE);
		drive_gone(pty, "What this screen shows: map");
		pty_keys(pty, "q");
		drive_exits(pty, 0);
		drive_restored(pty);
		pty_free(pty);
		fixture->pty = NULL;
	}
}

static void test_unusable_terminals(void **state)
{
	static const struct {
		const char *env, *says;
	} cases[] = {
		{ "TERM=dumb", "cannot place its cursor" },
		{ "TERM=no-such-terminal", "TERM=no-such-terminal is not known" },
		{ "TERM=\033[2Jx", "TERM=\\x1b[2Jx is not known" },
		{ "TERM=", "TERM is not set" },
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *const env[] = { cases[i].env, NULL };
		struct pty *pty = drive_start(80, 24, fixture->args, env);

		drive_exits(pty, 1);
		if (!pty_find(pty, cases[i].says, NULL, NULL) || drive_count_lines(pty) != 1)
			drive_fail(pty, "not one line with \"%s\"", cases[i].says);
		assert_true(pty_find(pty, "pagewalk: ", NULL, NULL));
		drive_restored(pty);
		pty_free(pty);
	}
}

/* Runs pagewalk with these three descriptors' ends; returns what it printed. */
static char *run_piped(const char *arg, int *status)
{
	char *text = calloc(1, 65536);
	size_t len = 0;
	ssize_t got;
	int out[2];
	pid_t pid;

	assert_non_null(text);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		dup2(out[1], STDOUT_FILENO);
		dup2(out[1], STDERR_FILENO);
		execl(drive_program(), "pagewalk", arg, (char *)NULL);
		_exit(127);
	}
	close(out[1]);
	while (len < 65535 && (got = read(out[0], text + len, 65535 - len)) > 0)
		len += (size_t)got;
	close(out[0]);
	assert_int_equal(waitpid(pid, status, 0), pid);
	return text;
}

static void test_not_a_terminal(void **state)
{
	const struct fixture *fixture = *state;
	int status;
	char *text = run_piped(fixture->pid, &status);

	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), geteuid() ? 3 : 0);
	assert_non_null(strstr(text, "libc.so.6"));
	assert_non_null(strstr(text, "[heap]"));
	assert_null(strchr(text, '\033'));
	free(text);
	text = run_piped(NULL, &status);
	assert_int_equal(WEXITSTATUS(status), 2);
	assert_non_null(strstr(text, "without a terminal"));
	free(text);
}

/* ---- what is written ---- */

/* True where a sequence that sets colours (SGR 30 to 49, 90 to 107) was written. */
static bool has_colours(const struct tape *tape)
{
	for (const char *at = tape->bytes; (at = strstr(at, "\033[")); at++) {
		const char *end = at + 2 + strspn(at + 2, "0123456789;");

		if (*end != 'm')
			continue;
		for (const char *number = at + 2; number < end;
		     number += strcspn(number, ";m") + 1) {
			int code = atoi(number);

			if ((code >= 30 && code <= 38) || (code >= 40 && code <= 48) || code >= 90)
				return true;
		}
	}
	return false;
}

static void test_no_color(void **state)
{
	struct fixture *fixture = *state;
	const char *const env[] = { "NO_COLOR=1", NULL };
	struct tape tape;

	fixture->pty = drive_start(80, 24, fixture->args, NULL);
	tape_attach(&tape, fixture->pty);
	drive_see(fixture->pty, "PHYSICAL FRAMES");
	assert_true(has_colours(&tape));
	tape_end(&tape, fixture->pty);
	drive_quit(fixture->pty);
	fixture->pty = NULL;

	fixture->pty = drive_start(80, 24, fixture->args, env);
	tape_attach(&tape, fixture->pty);
	drive_see(fixture->pty, "PHYSICAL FRAMES");
	pty_keys(fixture->pty, "\t+");
	drive_see(fixture->pty, "cell ");
	pty_keys(fixture->pty, "?");
	drive_see(fixture->pty, "What this screen shows");
	assert_false(has_colours(&tape));
	tape_end(&tape, fixture->pty);
}

/* No character beyond ASCII on any of these screens. */
static void check_ascii(struct fixture *fixture, const char *const args[], const char *const env[])
{
	struct tape tape;

	fixture->pty = drive_start(80, 24, args, env);
	tape_attach(&tape, fixture->pty);
	drive_see(fixture->pty, "8.00M, 50 %% resident");
	drive_see(fixture->pty, "PHYSICAL FRAMES");
	drive_see(fixture->pty, "##..");
	pty_keys(fixture->pty, "d");
	pty_keys(fixture->pty, "\t?");
	drive_see(fixture->pty, "What this screen shows");
	pty_key(fixture->pty, PTY_KEY_PAGE_DOWN);
	pty_key(fixture->pty, PTY_KEY_ESCAPE);
	pty_keys(fixture->pty, "p");
	drive_see(fixture->pty, "choose a process");
	drive_see(fixture->pty, "COMMAND");
	pty_keys(fixture->pty, "\x03");
	drive_exits(fixture->pty, 0);
	assert_true(tape_is_ascii(&tape));
	tape_end(&tape, fixture->pty);
	drive_restored(fixture->pty);
	pty_free(fixture->pty);
	fixture->pty = NULL;
}

static void test_ascii(void **state)
{
	struct fixture *fixture = *state;
	const char *const args[] = { "--ascii", fixture->pid, NULL };
	const char *const locale[] = { "LC_ALL=C", "LANG=C", NULL };

	check_ascii(fixture, args, NULL);
	check_ascii(fixture, fixture->args, locale);
}

/* Where a line of the screen differs that is not the one of pagewalk's own cost. */
static void check_same(struct pty *pty, const char *before)
{
	char *after = pty_screen_text(pty);
	const char *old = before, *new = after;

	while (*old && *new) {
		size_t old_len = strcspn(old, "\n"), new_len = strcspn(new, "\n");

		if ((old_len != new_len || memcmp(old, new, old_len)) &&
		    !memmem(new, new_len, " cost ", 6))
			drive_fail(pty, "this line came: %.*s", (int)new_len, new);
		old += old_len + 1;
		new += new_len + 1;
	}
	free(after);
}

static void test_quiet_when_nothing_changes(void **state)
{
	struct pty *pty = open_map(*state, NULL);
	uint64_t bytes;
	char *before;

	/* Until rates and marks of the beginning have gone. */
	drive_observe(pty, 2500);
	before = pty_screen_text(pty);
	bytes = pty_output_bytes(pty);
	drive_observe(pty, 2000);
	check_same(pty, before);
	free(before);
	/* Two figures, at most ten times a second. */
	assert_true(pty_output_bytes(pty) - bytes < 20 * 60);
}

static bool clears(const struct tape *tape)
{
	return tape_has(tape, "\033[2J") || tape_has(tape, "\033[J") || tape_has(tape, "\033[3J");
}

static void test_no_flicker(void **state)
{
	struct fixture *fixture = *state;
	struct pty *pty = open_map(fixture, NULL);
	struct tape tape;

	tape_attach(&tape, pty);
	pty_keys(pty, "\t+");
	drive_see(pty, "cell 2 pages (");
	pty_key(pty, PTY_KEY_END);
	pty_keys(pty, "]]0[[dd");
	target_do(&fixture->target, 't', "touched");
	drive_see(pty, "8.00M, 56 %% resident");
	pty_keys(pty, "?");
	drive_see(pty, "What this screen shows");
	pty_key(pty, PTY_KEY_ESCAPE);
	drive_gone(pty, "What this screen shows");
	pty_keys(pty, "p");
	drive_see(pty, "choose a process");
	pty_keys(pty, fixture->word);
	drive_see(pty, "Enter shows where the pages of %s", fixture->pid);
	pty_key(pty, PTY_KEY_ENTER);
	drive_see(pty, "8.00M, 56 %% resident");
	assert_false(clears(&tape));
	tape_end(&tape, pty);
	/* Ctrl-L paints all of it again, whatever else wrote to the terminal. */
	tape_attach(&tape, pty);
	pty_keys(pty, "\x0c");
	drive_observe(pty, 500);
	assert_true(clears(&tape));
	tape_end(&tape, pty);
	drive_see(pty, "8.00M, 56 %% resident");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(int argc, char *argv[])
{
	static const struct CMUnitTest tests[] = {
		TEST(test_q),
		TEST(test_ctrl_c),
		TEST(test_sigterm),
		TEST(test_sighup),
		TEST(test_hangup),
		TEST(test_crash),
		TEST(test_suspend_and_resume),
		TEST(test_resize),
		TEST(test_known_terminals),
		TEST(test_unusable_terminals),
		TEST(test_not_a_terminal),
		TEST(test_no_color),
		TEST(test_ascii),
		TEST(test_quiet_when_nothing_changes),
		TEST(test_no_flicker),
	};
	const struct rlimit no_core = { 0, 0 };

	setrlimit(RLIMIT_CORE, &no_core);
	/* One test alone, by its name or a pattern of it. */
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
