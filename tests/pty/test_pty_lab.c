/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Screen 6 of the real program with real actors and files: it runs to the end under keys, and
 * however it ends, no process and no file is left. Actors are known by being children of the
 * pagewalk under test and are held by pidfd, so that labs of others do not confuse it. One more
 * child tidies up where pagewalk is killed, and lives as long as that does.
 */
#include "drive.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define NR_ACTORS 8

struct fixture {
	char dir[64];
	struct pty *pty;
	int nr_actors, actor_fds[4 * NR_ACTORS];
	int tidy_fd; /* -1: not held */
};

static int count_names(const char *path)
{
	DIR *dir = opendir(path);
	const struct dirent *entry;
	int nr = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir)))
		nr += entry->d_name[0] != '.';
	closedir(dir);
	return nr;
}

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	fixture->tidy_fd = -1;
	strcpy(fixture->dir, "/var/tmp/pagewalk-pty-XXXXXX");
	assert_non_null(mkdtemp(fixture->dir));
	*state = fixture;
	return 0;
}

static void forget_actors(struct fixture *fixture)
{
	while (fixture->nr_actors)
		close(fixture->actor_fds[--fixture->nr_actors]);
}

static void forget_tidy(struct fixture *fixture)
{
	if (fixture->tidy_fd >= 0)
		close(fixture->tidy_fd);
	fixture->tidy_fd = -1;
}

static void remove_below(const char *path)
{
	DIR *dir = opendir(path);
	const struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		char name[600];

		if (entry->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
		if (unlink(name))
			remove_below(name);
	}
	if (dir)
		closedir(dir);
	rmdir(path);
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	pty_free(fixture->pty);
	forget_actors(fixture);
	forget_tidy(fixture);
	remove_below(fixture->dir);
	free(fixture);
	return 0;
}

static void start_lab(struct fixture *fixture, int columns, int rows, const char *size,
		      const char *pace)
{
	const char *const args[] = { "lab", "--size", size,         "--pace",
				     pace,  "--dir",  fixture->dir, NULL };

	fixture->pty = drive_start(columns, rows, args, NULL);
	drive_see(fixture->pty, "pagewalk lab");
}

/* What it is stands in its arguments. */
static bool is_tidy(long pid)
{
	char path[64], args[512];
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), "/proc/%ld/cmdline", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	len = read(fd, args, sizeof(args));
	close(fd);
	return len > 0 && memmem(args, (size_t)len, "\0tidy", sizeof("\0tidy"));
}

static void hold(struct fixture *fixture, long pid)
{
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);

	if (pidfd < 0)
		return;
	if (is_tidy(pid)) {
		forget_tidy(fixture);
		fixture->tidy_fd = pidfd;
		return;
	}
	assert_true(fixture->nr_actors < 4 * NR_ACTORS);
	fixture->actor_fds[fixture->nr_actors++] = pidfd;
}

/* Takes hold of the children of one thread. */
static void hold_children(struct fixture *fixture, const char *tid)
{
	char path[320], text[512], *end;
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/task/%s/children", (int)pty_pid(fixture->pty), tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	len = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[len > 0 ? len : 0] = '\0';
	for (char *at = text; strtol(at, &end, 10) > 0; at = end)
		hold(fixture, strtol(at, NULL, 10));
}

/* Takes hold of all actors that run now; returns how many those are. */
static int hold_actors(struct fixture *fixture)
{
	int before = fixture->nr_actors;
	const struct dirent *entry;
	char path[64];
	DIR *tasks;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pty_pid(fixture->pty));
	tasks = opendir(path);
	assert_non_null(tasks);
	while ((entry = readdir(tasks)))
		if (entry->d_name[0] != '.')
			hold_children(fixture, entry->d_name);
	closedir(tasks);
	return fixture->nr_actors - before;
}

/* A pidfd is readable once its process has ended (pidfd_open(2)). */
static void check_actors_end(struct fixture *fixture)
{
	for (int i = 0; i < fixture->nr_actors; i++) {
		struct pollfd wait = { .fd = fixture->actor_fds[i], .events = POLLIN };

		if (poll(&wait, 1, DRIVE_MS) != 1)
			fail_msg("actor %d of %d lives on", i + 1, fixture->nr_actors);
	}
	forget_actors(fixture);
}

/* After the program's end: no actor lives, no file lies about. */
static void check_nothing_left(struct fixture *fixture)
{
	struct pollfd tidy = { .fd = fixture->tidy_fd, .events = POLLIN };

	check_actors_end(fixture);
	if (fixture->tidy_fd >= 0 && poll(&tidy, 1, DRIVE_MS) != 1)
		fail_msg("what tidies up lives on");
	forget_tidy(fixture);
	assert_int_equal(count_names(fixture->dir), 0);
}

static void leave(struct fixture *fixture)
{
	drive_exits(fixture->pty, 0);
	drive_restored(fixture->pty);
	check_nothing_left(fixture);
	pty_free(fixture->pty);
	fixture->pty = NULL;
}

static bool title_ends_with(struct pty *pty, void *arg)
{
	char *title = pty_screen_line(pty, 0);
	const char *phase = arg;
	bool is = strlen(title) > strlen(phase) &&
		  !strcmp(title + strlen(title) - strlen(phase), phase);

	free(title);
	return is;
}

/* The phase of the whole lab stands at the right of the title; lanes have states of their own. */
static void see_phase(struct fixture *fixture, const char *phase)
{
	drive_until(fixture->pty, title_ends_with, (void *)(uintptr_t)phase, phase);
}

static bool four_are_done(struct pty *pty, void *arg)
{
	(void)arg;
	return drive_count(pty, "done, hash equal") == 4;
}

static void await_done(struct fixture *fixture)
{
	drive_until(fixture->pty, four_are_done, NULL, "four lanes done with equal hashes");
	assert_int_equal(drive_count(fixture->pty, "WRONG"), 0);
}

/* The line of the screen that begins with a label; the caller frees it. */
static char *figure(const struct fixture *fixture, const char *label)
{
	int y;

	if (!pty_find(fixture->pty, label, NULL, &y))
		drive_fail(fixture->pty, "there is no line %s", label);
	return pty_screen_line(fixture->pty, y);
}

/* ---- the way through ---- */

static void test_from_start_to_end(void **state)
{
	struct fixture *fixture = *state;
	char *copies, *sent;

	start_lab(fixture, 80, 24, "16MiB", "64MiB");
	drive_see(fixture->pty, "preparing");
	see_phase(fixture, "ready");
	drive_see(fixture->pty, "cold: verified 0 %% cached");
	drive_see(fixture->pty, "pace 64 MiB/s");
	assert_int_equal(hold_actors(fixture), NR_ACTORS);
	assert_int_equal(drive_count(fixture->pty, "done"), 0);
	pty_keys(fixture->pty, " ");
	await_done(fixture);
	drive_see(fixture->pty, "done");
	copies = figure(fixture, " copies ");
	assert_non_null(strstr(copies, "2 per byte"));
	assert_non_null(strstr(copies, "1 per byte"));
	assert_non_null(strstr(copies, "0 per byte"));
	free(copies);
	sent = figure(fixture, " sent ");
	assert_null(strstr(sent, "99 %"));
	assert_non_null(strstr(sent, "100 %"));
	free(sent);
	pty_keys(fixture->pty, "q");
	leave(fixture);
}

/* True where no lane's bytes grew within a second. */
static bool stands_still(const struct fixture *fixture)
{
	char *before = figure(fixture, " bytes sent "), *after;
	bool still;

	drive_observe(fixture->pty, 1000);
	after = figure(fixture, " bytes sent ");
	still = !strcmp(before, after) && !strstr(after, "16.0M of 16.0M");
	free(before);
	free(after);
	return still;
}

static void test_pause_and_go_on(void **state)
{
	struct fixture *fixture = *state;

	start_lab(fixture, 120, 36, "16MiB", "4MiB");
	see_phase(fixture, "ready");
	pty_keys(fixture->pty, " ");
	see_phase(fixture, "running");
	drive_see(fixture->pty, "00M of 16.0M");
	pty_keys(fixture->pty, " ");
	see_phase(fixture, "paused");
	/* What was under way may still arrive; then nothing more. */
	if (!stands_still(fixture) && !stands_still(fixture))
		drive_fail(fixture->pty, "bytes are sent in a pause");
	pty_keys(fixture->pty, "f");
	drive_see(fixture->pty, "full speed");
	pty_keys(fixture->pty, " ");
	await_done(fixture);
	pty_keys(fixture->pty, "q");
	leave(fixture);
}

static void test_pace(void **state)
{
	struct fixture *fixture = *state;

	start_lab(fixture, 80, 24, "16MiB", "4MiB");
	see_phase(fixture, "ready");
	pty_keys(fixture->pty, "+");
	drive_see(fixture->pty, "pace 8 MiB/s");
	pty_keys(fixture->pty, "--");
	drive_see(fixture->pty, "pace 2 MiB/s");
	pty_keys(fixture->pty, " ");
	see_phase(fixture, "running");
	/* At 2 MiB/s it would take 8 seconds. */
	pty_keys(fixture->pty, "f");
	drive_see(fixture->pty, "full speed");
	await_done(fixture);
	pty_keys(fixture->pty, "-");
	drive_see(fixture->pty, "pace 1 GiB/s");
	pty_keys(fixture->pty, "q");
	leave(fixture);
}

static void test_restart_cold_and_hot(void **state)
{
	struct fixture *fixture = *state;

	start_lab(fixture, 80, 24, "16MiB", "full");
	see_phase(fixture, "ready");
	assert_int_equal(hold_actors(fixture), NR_ACTORS);
	pty_keys(fixture->pty, " ");
	await_done(fixture);
	pty_keys(fixture->pty, "h");
	drive_see(fixture->pty, "hot: verified ");
	drive_see(fixture->pty, "hot: verified 100 %% cached");
	await_done(fixture);
	/* The actors of the first run are not those of the second. */
	check_actors_end(fixture);
	pty_keys(fixture->pty, "c");
	drive_see(fixture->pty, "cold: verified 0 %% cached");
	await_done(fixture);
	pty_keys(fixture->pty, "q");
	leave(fixture);
}

static void test_map_of_a_sender(void **state)
{
	struct fixture *fixture = *state;

	start_lab(fixture, 80, 24, "16MiB", "4MiB");
	see_phase(fixture, "ready");
	pty_key(fixture->pty, PTY_KEY_RIGHT);
	pty_keys(fixture->pty, "\t");
	drive_see(fixture->pty, "mmap + write: ");
	pty_key(fixture->pty, PTY_KEY_BACK_TAB);
	drive_see(fixture->pty, "direct: ");
	pty_keys(fixture->pty, "\t");
	pty_key(fixture->pty, PTY_KEY_ENTER);
	drive_see(fixture->pty, "ADDRESS SPACE");
	drive_see(fixture->pty, "pagewalk-actor");
	drive_see(fixture->pty, "PHYSICAL FRAMES");
	pty_keys(fixture->pty, "6");
	drive_see(fixture->pty, "pagewalk lab");
	see_phase(fixture, "ready");
	pty_keys(fixture->pty, " ");
	see_phase(fixture, "running");
	pty_keys(fixture->pty, "1");
	drive_see(fixture->pty, "ADDRESS SPACE");
	pty_key(fixture->pty, PTY_KEY_ESCAPE);
	drive_see(fixture->pty, "pagewalk lab");
	drive_see(fixture->pty, "mmap + write: ");
	/* A sender that is done waits to be looked at; a restart ends it. */
	await_done(fixture);
	pty_key(fixture->pty, PTY_KEY_ENTER);
	drive_see(fixture->pty, "live 10 Hz");
	pty_keys(fixture->pty, "6c");
	drive_see(fixture->pty, "pagewalk lab");
	see_phase(fixture, "running");
	pty_keys(fixture->pty, "1");
	/* "exited:" before it, or its signal, where its zombie was seen. */
	drive_see(fixture->pty, ": last picture");
	pty_keys(fixture->pty, "6f");
	await_done(fixture);
	pty_keys(fixture->pty, "q");
	leave(fixture);
}

static void test_help(void **state)
{
	struct fixture *fixture = *state;

	start_lab(fixture, 80, 24, "1MiB", "full");
	see_phase(fixture, "ready");
	pty_keys(fixture->pty, "?");
	drive_see(fixture->pty, "What this screen shows: lab");
	for (int i = 0; i < 8; i++)
		pty_key(fixture->pty, PTY_KEY_PAGE_DOWN);
	drive_see(fixture->pty, "Double or halve the pace");
	pty_key(fixture->pty, PTY_KEY_ESCAPE);
	drive_gone(fixture->pty, "What this screen shows: lab");
	pty_keys(fixture->pty, "q");
	leave(fixture);
}

static void test_resize_while_running(void **state)
{
	static const int sizes[][2] = { { 120, 36 }, { 200, 50 }, { 80, 24 } };
	struct fixture *fixture = *state;

	start_lab(fixture, 80, 24, "16MiB", "8MiB");
	see_phase(fixture, "ready");
	pty_keys(fixture->pty, " ");
	see_phase(fixture, "running");
	pty_resize(fixture->pty, 40, 10);
	drive_see(fixture->pty, "is too small:");
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		pty_resize(fixture->pty, sizes[i][0], sizes[i][1]);
		drive_gone(fixture->pty, "is too small:");
		drive_see(fixture->pty, "page cache");
		drive_see(fixture->pty, "? help");
	}
	await_done(fixture);
	pty_keys(fixture->pty, "q");
	leave(fixture);
}

static void test_suspended_while_running(void **state)
{
	struct fixture *fixture = *state;

	start_lab(fixture, 80, 24, "16MiB", "8MiB");
	see_phase(fixture, "ready");
	pty_keys(fixture->pty, " ");
	see_phase(fixture, "running");
	pty_keys(fixture->pty, "\x1a");
	if (!pty_wait_stopped(fixture->pty, DRIVE_MS))
		drive_fail(fixture->pty, "Ctrl-Z does not stop it");
	drive_restored(fixture->pty);
	/* As fg does: the whole job. */
	kill(-pty_pid(fixture->pty), SIGCONT);
	pty_signal(fixture->pty, SIGCONT);
	await_done(fixture);
	pty_keys(fixture->pty, "q");
	leave(fixture);
}

/* ---- ways out ---- */

static void test_ctrl_c_while_preparing(void **state)
{
	struct fixture *fixture = *state;

	start_lab(fixture, 80, 24, "256MiB", "64MiB");
	drive_see(fixture->pty, "writing lane-");
	pty_keys(fixture->pty, "\x03");
	leave(fixture);
}

static void test_ways_out_while_running(void **state)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		start_lab(fixture, 80, 24, "16MiB", "2MiB");
		see_phase(fixture, "ready");
		pty_keys(fixture->pty, " ");
		see_phase(fixture, "running");
		assert_int_equal(hold_actors(fixture), NR_ACTORS);
		if (signals[i] == SIGINT)
			pty_keys(fixture->pty, "\x03");
		else
			pty_signal(fixture->pty, signals[i]);
		leave(fixture);
	}
}

static void test_hangup_while_running(void **state)
{
	struct fixture *fixture = *state;

	start_lab(fixture, 80, 24, "16MiB", "2MiB");
	see_phase(fixture, "ready");
	pty_keys(fixture->pty, " ");
	see_phase(fixture, "running");
	assert_int_equal(hold_actors(fixture), NR_ACTORS);
	pty_hangup(fixture->pty);
	drive_exits(fixture->pty, 0);
	check_nothing_left(fixture);
}

static void test_killed_while_running(void **state)
{
	struct fixture *fixture = *state;
	int status;

	start_lab(fixture, 80, 24, "16MiB", "2MiB");
	see_phase(fixture, "ready");
	pty_keys(fixture->pty, " ");
	see_phase(fixture, "running");
	assert_int_equal(hold_actors(fixture), NR_ACTORS);
	pty_signal(fixture->pty, SIGKILL);
	assert_true(pty_wait_exit(fixture->pty, DRIVE_MS, &status));
	assert_true(WIFSIGNALED(status));
	assert_true(fixture->tidy_fd >= 0);
	check_nothing_left(fixture);
}

/* ---- what cannot be run ---- */

static void see_refusal(struct fixture *fixture, const char *option, const char *value,
			const char *says)
{
	const char *const args[] = { "lab", "--dir", fixture->dir, option, value, NULL };

	fixture->pty = drive_start(120, 36, args, NULL);
	drive_exits(fixture->pty, 1);
	if (!pty_find(fixture->pty, says, NULL, NULL) ||
	    !pty_find(fixture->pty, "pagewalk: lab: ", NULL, NULL) ||
	    drive_count_lines(fixture->pty) != 1)
		drive_fail(fixture->pty, "not one line with \"%s\"", says);
	drive_restored(fixture->pty);
	assert_int_equal(count_names(fixture->dir), 0);
	pty_free(fixture->pty);
	fixture->pty = NULL;
}

static void test_refusals(void **state)
{
	struct fixture *fixture = *state;
	char sparse[] = "/var/tmp/pagewalk-pty-sparse-XXXXXX";
	int fd = mkstemp(sparse);

	assert_true(fd >= 0);
	/* As large as can be, without a block on the disk. */
	assert_int_equal(ftruncate(fd, (off_t)1 << 40), 0);
	close(fd);
	see_refusal(fixture, "--file", "/var/tmp/pagewalk-there-is-none", "No such file");
	see_refusal(fixture, "--file", "/var/tmp", "it is a directory");
	see_refusal(fixture, "--file", "/dev/zero", "it is not a regular file");
	see_refusal(fixture, "--size", "1024TiB", "free");
	see_refusal(fixture, "--file", sparse, "free");
	unlink(sparse);
}

/* A file without a byte is sent like any other: it has nothing to be shown. */
static void test_empty_file(void **state)
{
	struct fixture *fixture = *state;
	char empty[] = "/var/tmp/pagewalk-pty-empty-XXXXXX";
	const char *const args[] = { "lab", "--dir", fixture->dir, "--file", empty, NULL };
	int fd = mkstemp(empty);

	assert_true(fd >= 0);
	close(fd);
	fixture->pty = drive_start(120, 36, args, NULL);
	see_phase(fixture, "ready");
	drive_see(fixture->pty, "pagewalk lab  0 B ");
	drive_see(fixture->pty, "0 of 0");
	pty_keys(fixture->pty, " ");
	await_done(fixture);
	/* Of nothing there is no share and no price. */
	assert_false(pty_find(fixture->pty, "%", NULL, NULL));
	assert_false(pty_find(fixture->pty, "s/GiB", NULL, NULL));
	pty_keys(fixture->pty, "q");
	leave(fixture);
	unlink(empty);
}

static void test_a_lane_is_chosen_and_stepped(void **state)
{
	struct fixture *fixture = *state;

	start_lab(fixture, 80, 24, "8MiB", "64MiB");
	see_phase(fixture, "ready");
	pty_keys(fixture->pty, "s");
	drive_see(fixture->pty, "traditional, step 1: 64.0K by 2 calls");
	see_phase(fixture, "paused");
	pty_keys(fixture->pty, "ss");
	drive_see(fixture->pty, "traditional, step 3: 64.0K by 2 calls");
	/* splice, in the row after sendfile, gets a lane. */
	pty_keys(fixture->pty, "l");
	drive_see(fixture->pty, "Which modes have a lane");
	for (int i = 0; i < 5; i++)
		pty_key(fixture->pty, PTY_KEY_DOWN);
	pty_keys(fixture->pty, " ");
	drive_see(fixture->pty, "[x] splice");
	pty_keys(fixture->pty, "\r");
	drive_see(fixture->pty, "1>");
	see_phase(fixture, "ready");
	pty_key(fixture->pty, PTY_KEY_BACK_TAB);
	drive_see(fixture->pty, "<1");
	drive_see(fixture->pty, "0 per byte shared");
	pty_keys(fixture->pty, "q");
	leave(fixture);
}

/* Esc leads from measuring back to the lanes, and q in the middle of it leaves nothing. */
static void test_measuring_is_given_up(void **state)
{
	struct fixture *fixture = *state;

	start_lab(fixture, 80, 24, "64MiB", "64MiB");
	see_phase(fixture, "ready");
	pty_keys(fixture->pty, "m");
	drive_see(fixture->pty, "warm-up 1 of 1");
	pty_keys(fixture->pty, "\033");
	drive_see(fixture->pty, "Stopped, files hot: 0 whole rounds");
	pty_keys(fixture->pty, "m");
	see_phase(fixture, "ready");
	pty_keys(fixture->pty, "m");
	drive_see(fixture->pty, "warm-up 1 of 1");
	hold_actors(fixture);
	pty_keys(fixture->pty, "q");
	leave(fixture);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(int argc, char *argv[])
{
	static const struct CMUnitTest tests[] = {
		TEST(test_from_start_to_end),
		TEST(test_a_lane_is_chosen_and_stepped),
		TEST(test_measuring_is_given_up),
		TEST(test_pause_and_go_on),
		TEST(test_pace),
		TEST(test_restart_cold_and_hot),
		TEST(test_map_of_a_sender),
		TEST(test_help),
		TEST(test_resize_while_running),
		TEST(test_suspended_while_running),
		TEST(test_ctrl_c_while_preparing),
		TEST(test_ways_out_while_running),
		TEST(test_hangup_while_running),
		TEST(test_killed_while_running),
		TEST(test_refusals),
		TEST(test_empty_file),
	};

	/* One test alone, by its name or a pattern of it. */
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
