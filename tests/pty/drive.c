/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Steps that the tests of the real program are made of: start it on a process of known
 * memory, wait for what must be seen, end it and look whether the terminal was given back.
 */
#include "drive.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NOBODY    "65534"
#define MOST_ARGS 24

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

bool drive_is_sanitized(void)
{
#if defined(__SANITIZE_ADDRESS__)
	return true;
#elif defined(__has_feature)
	return __has_feature(address_sanitizer);
#else
	return false;
#endif
}

static const char *path_from(const char *name)
{
	const char *path = getenv(name);

	if (!path)
		fail_msg("%s is not set", name);
	return path;
}

const char *drive_program(void)
{
	return path_from("PAGEWALK");
}

static const char *const nobody[] = { "setpriv", "--reuid", NOBODY,
				      "--regid", NOBODY,    "--clear-groups" };

/* argv = [setpriv ...] program args..., into a caller's array. */
static void make_argv(const char *argv[MOST_ARGS], bool as_nobody, const char *program,
		      const char *const args[])
{
	size_t nr = 0;

	for (size_t i = 0; as_nobody && i < sizeof(nobody) / sizeof(nobody[0]); i++)
		argv[nr++] = nobody[i];
	argv[nr++] = program;
	for (size_t i = 0; args[i]; i++) {
		assert_true(nr + 1 < MOST_ARGS);
		argv[nr++] = args[i];
	}
	argv[nr] = NULL;
}

static struct pty *start(int columns, int rows, const char *const args[], const char *const env[],
			 bool as_nobody)
{
	const char *argv[MOST_ARGS];
	struct pty *pty;

	make_argv(argv, as_nobody, drive_program(), args);
	pty = pty_start(columns, rows, argv, env);
	if (!pty)
		fail_msg("no pseudo-terminal: %s", strerror(errno));
	return pty;
}

struct pty *drive_start(int columns, int rows, const char *const args[], const char *const env[])
{
	return start(columns, rows, args, env, false);
}

struct pty *drive_start_nobody(int columns, int rows, const char *const args[])
{
	return start(columns, rows, args, NULL, true);
}

bool drive_has_nobody(void)
{
	const char *args[] = { "--version", NULL }, *argv[MOST_ARGS];
	const char *gate[] = { "-x", getenv("PAGEWALK_GATE"), NULL };
	struct pty *pty;
	int status = -1;

	make_argv(argv, true, drive_program(), args);
	pty = pty_start(80, 24, argv, NULL);
	if (!pty || !pty_wait_exit(pty, DRIVE_MS, &status))
		status = -1;
	pty_free(pty);
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		return false;
	/* What pagewalk starts commands with lies beside it, where it must be reached too. */
	make_argv(argv, true, "test", gate);
	pty = pty_start(80, 24, argv, NULL);
	if (!pty || !pty_wait_exit(pty, DRIVE_MS, &status))
		status = -1;
	pty_free(pty);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

void drive_fail(struct pty *pty, const char *format, ...)
{
	char *screen = pty_screen_text(pty), what[512];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	/* cmocka's own printing would cut it. */
	fprintf(stderr, "%s; the screen is:\n%s", what, screen);
	free(screen);
	fail();
	abort();
}

void drive_see(struct pty *pty, const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (!pty_wait_text(pty, text, DRIVE_MS))
		drive_fail(pty, "never saw \"%s\"", text);
}

void drive_gone(struct pty *pty, const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (!pty_wait_gone(pty, text, DRIVE_MS))
		drive_fail(pty, "\"%s\" stays", text);
}

void drive_until(struct pty *pty, bool (*is)(struct pty *pty, void *arg), void *arg,
		 const char *what)
{
	uint64_t until = now_ms() + DRIVE_MS;

	while (!is(pty, arg)) {
		if (now_ms() > until)
			drive_fail(pty, "never: %s", what);
		pty_pump(pty, 20);
	}
}

void drive_observe(struct pty *pty, int ms)
{
	uint64_t until = now_ms() + (uint64_t)ms;

	for (uint64_t now = now_ms(); now < until; now = now_ms())
		pty_pump(pty, (int)(until - now));
}

int drive_count_lines(const struct pty *pty)
{
	int nr = 0;

	for (int y = 0; y < pty_rows(pty); y++) {
		char *line = pty_screen_line(pty, y);

		nr += line[0] != '\0';
		free(line);
	}
	return nr;
}

int drive_count(const struct pty *pty, const char *text)
{
	char *screen = pty_screen_text(pty);
	int nr = 0;

	for (const char *at = screen; (at = strstr(at, text)); at += strlen(text))
		nr++;
	free(screen);
	return nr;
}

/* The modes of a terminal that nobody has touched. */
static struct termios untouched_modes(void)
{
	const char *const argv[] = { "true", NULL };
	struct pty *pty = pty_start(80, 24, argv, NULL);
	struct termios modes;
	int status;

	assert_non_null(pty);
	assert_true(pty_wait_exit(pty, DRIVE_MS, &status));
	assert_int_equal(pty_modes(pty, &modes), 0);
	pty_free(pty);
	return modes;
}

void drive_restored(struct pty *pty)
{
	struct termios expected = untouched_modes(), modes;

	assert_int_equal(pty_modes(pty, &modes), 0);
	assert_int_equal(modes.c_iflag, expected.c_iflag);
	assert_int_equal(modes.c_oflag, expected.c_oflag);
	assert_int_equal(modes.c_cflag, expected.c_cflag);
	assert_int_equal(modes.c_lflag, expected.c_lflag);
	assert_memory_equal(modes.c_cc, expected.c_cc, sizeof(modes.c_cc));
	if (pty_altscreen_active(pty))
		drive_fail(pty, "the alternate screen is not left");
	if (!pty_cursor_visible(pty))
		drive_fail(pty, "the cursor is not visible");
	if (pty_mouse_reported(pty))
		drive_fail(pty, "the mouse is still reported");
}

void drive_exits(struct pty *pty, int expected)
{
	int status;

	if (!pty_wait_exit(pty, DRIVE_MS, &status))
		drive_fail(pty, "it does not end");
	if (!WIFEXITED(status) || WEXITSTATUS(status) != expected)
		drive_fail(pty, "it ends with status %#x and not %d", (unsigned)status, expected);
}

void drive_quit(struct pty *pty)
{
	pty_keys(pty, "q");
	drive_exits(pty, 0);
	drive_restored(pty);
	pty_free(pty);
}

/* The target's next line, without its newline. */
static void read_line(struct target *target, char *line, size_t room)
{
	struct pollfd wait = { .fd = target->from_fd, .events = POLLIN };
	size_t len = 0;

	for (;;) {
		if (poll(&wait, 1, DRIVE_MS) <= 0 || read(target->from_fd, line + len, 1) != 1)
			fail_msg("the target does not answer");
		if (line[len] == '\n')
			break;
		len += len + 1 < room;
	}
	line[len] = '\0';
}

static void read_ready(struct target *target)
{
	char line[128];
	int pid;

	read_line(target, line, sizeof(line));
	if (sscanf(line, "ready %d %" SCNx64 " %" SCNu64 " %" SCNu64, &pid, &target->start_addr,
		   &target->nr_pages, &target->stripe) != 4)
		fail_msg("the target says: %s", line);
	assert_int_equal(pid, target->pid);
}

static void exec_target(const int in[2], const int out[2], const char *const argv[])
{
	dup2(in[0], STDIN_FILENO);
	dup2(out[1], STDOUT_FILENO);
	execvp(argv[0], (char *const *)(uintptr_t)argv);
	_exit(127);
}

/* fork(2), with this PID unless it is 0 (clone3(2) with set_tid, Linux 5.5); -1 with errno. */
static pid_t fork_as(pid_t pid)
{
	struct clone_args args = {
		.exit_signal = SIGCHLD,
		.set_tid = (uintptr_t)&pid,
		.set_tid_size = 1,
	};

	return pid ? (pid_t)syscall(SYS_clone3, &args, sizeof(args)) : fork();
}

int target_start_as(struct target *target, pid_t pid, unsigned mib, unsigned stripe, bool as_nobody,
		    const char *word)
{
	char size[16], stripe_text[16];
	const char *args[] = { size, stripe_text, word, NULL }, *argv[MOST_ARGS];
	int in[2], out[2], ret;

	snprintf(size, sizeof(size), "%u", mib);
	snprintf(stripe_text, sizeof(stripe_text), "%u", stripe);
	make_argv(argv, as_nobody, path_from("PAGEWALK_TARGET"), args);
	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	target->pid = fork_as(pid);
	ret = target->pid < 0 ? -errno : 0;
	if (target->pid == 0)
		exec_target(in, out, argv);
	close(in[0]);
	close(out[1]);
	if (ret) {
		close(in[1]);
		close(out[0]);
		return ret;
	}
	target->to_fd = in[1];
	target->from_fd = out[0];
	read_ready(target);
	return 0;
}

void target_start(struct target *target, unsigned mib, unsigned stripe, bool as_nobody,
		  const char *word)
{
	assert_int_equal(target_start_as(target, 0, mib, stripe, as_nobody, word), 0);
}

static void send_command(struct target *target, char command)
{
	assert_int_equal(write(target->to_fd, &command, 1), 1);
}

void target_do(struct target *target, char command, const char *answer)
{
	char line[128];

	send_command(target, command);
	read_line(target, line, sizeof(line));
	assert_string_equal(line, answer);
}

void target_exec(struct target *target)
{
	send_command(target, 'e');
	read_ready(target);
}

void target_kill(struct target *target)
{
	kill(target->pid, SIGKILL);
	waitpid(target->pid, NULL, 0);
	target->pid = 0;
}

void target_end(struct target *target)
{
	if (target->pid)
		target_kill(target);
	close(target->to_fd);
	close(target->from_fd);
}

static void add_to_tape(const char *bytes, size_t len, void *arg)
{
	struct tape *tape = arg;

	tape->bytes = realloc(tape->bytes, tape->len + len + 1);
	assert_non_null(tape->bytes);
	memcpy(tape->bytes + tape->len, bytes, len);
	tape->len += len;
	tape->bytes[tape->len] = '\0';
}

void tape_attach(struct tape *tape, struct pty *pty)
{
	*tape = (struct tape){ 0 };
	pty_set_tap(pty, add_to_tape, tape);
}

bool tape_has(const struct tape *tape, const char *text)
{
	return tape->len && memmem(tape->bytes, tape->len, text, strlen(text));
}

bool tape_is_ascii(const struct tape *tape)
{
	for (size_t i = 0; i < tape->len; i++)
		if ((unsigned char)tape->bytes[i] >= 0x80)
			return false;
	return true;
}

void tape_end(struct tape *tape, struct pty *pty)
{
	pty_set_tap(pty, NULL, NULL);
	free(tape->bytes);
}
