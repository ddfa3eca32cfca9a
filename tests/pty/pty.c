/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A pseudo-terminal (pty(7)) with libvterm as the terminal at its master side. The program
 * is not the leader of its session but, as under a shell, the foreground job of a small
 * keeper process: the end of a session leader would reset the line discipline's modes,
 * so that nobody could tell whether the program had, and a job without a shell cannot be
 * stopped. The keeper reports the program's fate over a socket and ends, killing what is
 * left, when that closes.
 */
#include "pty.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <vterm.h>

struct pty {
	int master_fd, slave_fd;
	int keeper_fd; /* statuses of waitpid(2) come from here */
	pid_t keeper_pid, pid;
	bool exited, stopped;
	bool mark_awaited; /* see drain() */
	int status;
	VTerm *vterm;
	VTermScreen *screen;
	bool altscreen, cursor_visible, mouse;
	char mode[32]; /* a mode sequence being read: "\033[?1006;1000" */
	size_t mode_len;
	uint64_t output_bytes;
	void (*tap)(const char *bytes, size_t len, void *arg);
	void *tap_arg;
};

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static int ms_left(uint64_t until_ms)
{
	uint64_t now = now_ms();

	return now < until_ms ? (int)(until_ms - now) : 0;
}

static int write_all(int fd, const char *bytes, size_t len)
{
	while (len) {
		ssize_t wrote = write(fd, bytes, len);

		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote < 0)
			return -errno;
		bytes += wrote;
		len -= (size_t)wrote;
	}
	return 0;
}

/* What the terminal answers (to requests for its attributes) or types. */
static void on_output(const char *bytes, size_t len, void *arg)
{
	struct pty *pty = arg;

	if (pty->master_fd >= 0)
		write_all(pty->master_fd, bytes, len);
}

static int on_property(VTermProp prop, VTermValue *value, void *arg)
{
	struct pty *pty = arg;

	if (prop == VTERM_PROP_ALTSCREEN)
		pty->altscreen = value->boolean;
	else if (prop == VTERM_PROP_CURSORVISIBLE)
		pty->cursor_visible = value->boolean;
	return 1;
}

static void make_emulator(struct pty *pty, int columns, int rows)
{
	static const VTermScreenCallbacks callbacks = { .settermprop = on_property };
	VTermColor fg, bg;

	pty->vterm = vterm_new(rows, columns);
	vterm_set_utf8(pty->vterm, 1);
	vterm_output_set_callback(pty->vterm, on_output, pty);
	pty->screen = vterm_obtain_screen(pty->vterm);
	vterm_screen_set_callbacks(pty->screen, &callbacks, pty);
	vterm_screen_enable_altscreen(pty->screen, 1);
	vterm_screen_reset(pty->screen, 1);
	vterm_color_rgb(&fg, 0xd0, 0xd0, 0xd0);
	vterm_color_rgb(&bg, 0x10, 0x14, 0x18);
	vterm_state_set_default_colors(vterm_obtain_state(pty->vterm), &fg, &bg);
	vterm_state_set_bold_highbright(vterm_obtain_state(pty->vterm), 1);
}

static int open_pair(struct pty *pty, int columns, int rows)
{
	struct winsize size = { .ws_col = (unsigned short)columns, .ws_row = (unsigned short)rows };
	char name[128];

	pty->master_fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (pty->master_fd < 0 || grantpt(pty->master_fd) || unlockpt(pty->master_fd) ||
	    ptsname_r(pty->master_fd, name, sizeof(name)))
		return -errno;
	pty->slave_fd = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (pty->slave_fd < 0 || ioctl(pty->master_fd, TIOCSWINSZ, &size))
		return -errno;
	return 0;
}

static void set_environment(const char *const env[])
{
	static const char *const away[] = { "COLORTERM", "NO_COLOR", "LINES", "COLUMNS", "LANG" };

	for (size_t i = 0; i < sizeof(away) / sizeof(away[0]); i++)
		unsetenv(away[i]);
	setenv("TERM", "xterm-256color", 1);
	setenv("LC_ALL", "C.UTF-8", 1);
	for (; env && *env; env++) {
		char *name = strdup(*env);
		char *value = name ? strchr(name, '=') : NULL;

		if (value) {
			*value = '\0';
			setenv(name, value + 1, 1);
		}
		free(name);
	}
}

static _Noreturn void run_program(int slave_fd, const char *const argv[], const char *const env[])
{
	sigset_t mask;

	/* A background job that takes the foreground would be stopped for it. */
	sigemptyset(&mask);
	sigaddset(&mask, SIGTTOU);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	setpgid(0, 0);
	tcsetpgrp(slave_fd, getpid());
	sigemptyset(&mask);
	sigprocmask(SIG_SETMASK, &mask, NULL);
	dup2(slave_fd, STDIN_FILENO);
	dup2(slave_fd, STDOUT_FILENO);
	dup2(slave_fd, STDERR_FILENO);
	set_environment(env);
	execvp(argv[0], (char *const *)(uintptr_t)argv);
	fprintf(stderr, "%s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

/* Passes on what happens to the program, and to the program what happens to the terminal. */
static void keep_on_signal(int signal_fd, int report_fd, pid_t pid, bool *ended)
{
	struct signalfd_siginfo info;
	int status;

	if (read(signal_fd, &info, sizeof(info)) != sizeof(info) || *ended)
		return;
	if (info.ssi_signo == SIGHUP) {
		kill(-pid, SIGHUP);
		kill(-pid, SIGCONT);
		return;
	}
	while (!*ended && waitpid(pid, &status, WNOHANG | WUNTRACED) == pid) {
		*ended = !WIFSTOPPED(status);
		write_all(report_fd, (const char *)&status, sizeof(status));
	}
}

static _Noreturn void run_keeper(int slave_fd, int report_fd, const char *const argv[],
				 const char *const env[])
{
	struct pollfd wait[2] = { { .fd = report_fd, .events = POLLIN }, { .events = POLLIN } };
	bool ended = false;
	sigset_t mask;
	pid_t pid;

	sigemptyset(&mask);
	sigaddset(&mask, SIGCHLD);
	sigaddset(&mask, SIGHUP);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	wait[1].fd = signalfd(-1, &mask, SFD_CLOEXEC);
	setsid();
	ioctl(slave_fd, TIOCSCTTY, 0);
	pid = fork();
	if (pid == 0)
		run_program(slave_fd, argv, env);
	close(slave_fd);
	write_all(report_fd, (const char *)&pid, sizeof(pid));
	while (pid > 0 && poll(wait, 2, -1) >= 0 && !wait[0].revents)
		if (wait[1].revents)
			keep_on_signal(wait[1].fd, report_fd, pid, &ended);
	if (pid > 0 && !ended)
		kill(-pid, SIGKILL);
	_exit(0);
}

static int start_keeper(struct pty *pty, const char *const argv[], const char *const env[])
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return -errno;
	pty->keeper_fd = pair[0];
	pty->keeper_pid = fork();
	if (pty->keeper_pid == 0) {
		close(pair[0]);
		close(pty->master_fd);
		run_keeper(pty->slave_fd, pair[1], argv, env);
	}
	close(pair[1]);
	if (pty->keeper_pid < 0)
		return -errno;
	if (read(pty->keeper_fd, &pty->pid, sizeof(pty->pid)) != sizeof(pty->pid) || pty->pid < 0)
		return -EAGAIN;
	return 0;
}

struct pty *pty_start(int columns, int rows, const char *const argv[], const char *const env[])
{
	struct pty *pty = calloc(1, sizeof(*pty));
	int err;

	if (!pty)
		return NULL;
	pty->master_fd = pty->slave_fd = pty->keeper_fd = -1;
	make_emulator(pty, columns, rows);
	err = open_pair(pty, columns, rows);
	if (!err)
		err = start_keeper(pty, argv, env);
	if (!err)
		return pty;
	pty_free(pty);
	errno = -err;
	return NULL;
}

void pty_free(struct pty *pty)
{
	if (!pty)
		return;
	pty_hangup(pty);
	if (pty->keeper_fd >= 0)
		close(pty->keeper_fd);
	while (pty->keeper_pid > 0 && waitpid(pty->keeper_pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	vterm_free(pty->vterm);
	free(pty);
}

pid_t pty_pid(const struct pty *pty)
{
	return pty->pid;
}

/*
 * Follows the mouse's mode (1000), which curses switches together with another in one
 * sequence, of which libvterm takes only the first.
 */
static void watch_mode(struct pty *pty, char byte)
{
	static const char head[] = "\033[?";
	bool in_head = pty->mode_len < sizeof(head) - 1;

	if (in_head ? byte == head[pty->mode_len] : byte == ';' || (byte >= '0' && byte <= '9')) {
		if (pty->mode_len < sizeof(pty->mode) - 1)
			pty->mode[pty->mode_len++] = byte;
		return;
	}
	pty->mode[pty->mode_len] = '\0';
	if (!in_head && (byte == 'h' || byte == 'l') && strstr(pty->mode, "1000"))
		pty->mouse = byte == 'h';
	pty->mode_len = 0;
	if (byte == head[0])
		pty->mode[pty->mode_len++] = byte;
}

/* What a program never writes, and a terminal does not show (SYN). */
#define MARK '\x16'

/* Takes our mark out of what was read; returns how much is left. */
static size_t take_mark(struct pty *pty, char *bytes, size_t len)
{
	char *mark = pty->mark_awaited ? memchr(bytes, MARK, len) : NULL;

	if (!mark)
		return len;
	pty->mark_awaited = false;
	memmove(mark, mark + 1, len - (size_t)(mark + 1 - bytes));
	return len - 1;
}

bool pty_pump(struct pty *pty, int timeout_ms)
{
	struct pollfd wait = { .fd = pty->master_fd, .events = POLLIN };
	char bytes[16384];
	ssize_t got;

	if (pty->master_fd < 0 || poll(&wait, 1, timeout_ms) <= 0)
		return false;
	got = read(pty->master_fd, bytes, sizeof(bytes));
	if (got <= 0)
		return false;
	got = (ssize_t)take_mark(pty, bytes, (size_t)got);
	pty->output_bytes += (uint64_t)got;
	if (pty->tap)
		pty->tap(bytes, (size_t)got, pty->tap_arg);
	for (ssize_t i = 0; i < got; i++)
		watch_mode(pty, bytes[i]);
	vterm_input_write(pty->vterm, bytes, (size_t)got);
	vterm_screen_flush_damage(pty->screen);
	return true;
}

bool pty_wait_quiet(struct pty *pty, int quiet_ms, int timeout_ms)
{
	uint64_t until = now_ms() + (uint64_t)timeout_ms;

	while (pty_pump(pty, quiet_ms))
		if (!ms_left(until))
			return false;
	return true;
}

/* Waits in small steps, because a program that ended gives no more output to wake us. */
#define STEP_MS 20

static bool wait_for(struct pty *pty, const char *text, bool wanted, int timeout_ms)
{
	uint64_t until = now_ms() + (uint64_t)timeout_ms;

	while (pty_find(pty, text, NULL, NULL) != wanted) {
		int left = ms_left(until);

		if (!left)
			return false;
		pty_pump(pty, left < STEP_MS ? left : STEP_MS);
	}
	return true;
}

bool pty_wait_text(struct pty *pty, const char *text, int timeout_ms)
{
	return wait_for(pty, text, true, timeout_ms);
}

bool pty_wait_gone(struct pty *pty, const char *text, int timeout_ms)
{
	return wait_for(pty, text, false, timeout_ms);
}

/* Takes what the keeper has to report. */
static void read_fate(struct pty *pty)
{
	int status;

	while (recv(pty->keeper_fd, &status, sizeof(status), MSG_DONTWAIT) == sizeof(status)) {
		pty->stopped = WIFSTOPPED(status);
		pty->exited = !pty->stopped;
		pty->status = status;
	}
}

/*
 * What a program has written may still be on its way through the kernel when its end is
 * known already. A mark that we write behind it comes out behind it.
 */
static void drain(struct pty *pty, uint64_t until)
{
	const char mark = MARK;

	if (pty->slave_fd < 0 || write_all(pty->slave_fd, &mark, 1))
		return;
	for (pty->mark_awaited = true; pty->mark_awaited && ms_left(until);)
		pty_pump(pty, STEP_MS);
}

static bool wait_fate(struct pty *pty, const bool *happened, int timeout_ms)
{
	uint64_t until = now_ms() + (uint64_t)timeout_ms;

	for (read_fate(pty); !*happened; read_fate(pty)) {
		if (!ms_left(until))
			return false;
		if (pty->master_fd < 0 || !pty_pump(pty, STEP_MS))
			poll(NULL, 0, 1);
	}
	drain(pty, until);
	return true;
}

bool pty_wait_exit(struct pty *pty, int timeout_ms, int *status)
{
	if (!wait_fate(pty, &pty->exited, timeout_ms))
		return false;
	*status = pty->status;
	return true;
}

bool pty_wait_stopped(struct pty *pty, int timeout_ms)
{
	return wait_fate(pty, &pty->stopped, timeout_ms);
}

/* A code point as UTF-8; returns how many bytes. */
static size_t encode(uint32_t ch, char *out)
{
	static const uint8_t lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	size_t len = ch < 0x80 ? 1 : ch < 0x800 ? 2 : ch < 0x10000 ? 3 : 4;

	for (size_t i = len - 1; i > 0; i--) {
		out[i] = (char)(0x80 | (ch & 0x3f));
		ch >>= 6;
	}
	out[0] = (char)(lead[len] | ch);
	return len;
}

/* One line; first_x[i], if wanted, is the column of byte i. */
static char *read_line(const struct pty *pty, int y, int *first_x)
{
	int columns = pty_columns(pty);
	char *line = malloc((size_t)columns * 4 + 1);
	size_t at = 0, end = 0;
	struct pty_cell cell;

	if (!line)
		abort();
	for (int x = 0; x < columns && pty_cell(pty, x, y, &cell); x++) {
		size_t len = cell.ch ? encode(cell.ch, line + at) : 0;

		for (size_t i = 0; first_x && i < len; i++)
			first_x[at + i] = x;
		at += len;
		if (cell.ch && cell.ch != ' ')
			end = at;
	}
	line[end] = '\0';
	return line;
}

char *pty_screen_line(const struct pty *pty, int y)
{
	return read_line(pty, y, NULL);
}

char *pty_screen_text(const struct pty *pty)
{
	size_t room = (size_t)pty_rows(pty) * ((size_t)pty_columns(pty) * 4 + 1) + 1;
	char *text = calloc(1, room), *at = text;

	if (!text)
		abort();
	for (int y = 0; y < pty_rows(pty); y++) {
		char *line = pty_screen_line(pty, y);

		at = stpcpy(stpcpy(at, line), "\n");
		free(line);
	}
	return text;
}

bool pty_find(const struct pty *pty, const char *text, int *x, int *y)
{
	int *first_x = calloc((size_t)pty_columns(pty) * 4 + 1, sizeof(*first_x));
	bool found = false;

	if (!first_x)
		abort();
	for (int row = 0; row < pty_rows(pty) && !found; row++) {
		char *line = read_line(pty, row, first_x);
		const char *hit = strstr(line, text);

		if (hit) {
			found = true;
			if (x)
				*x = first_x[hit - line];
			if (y)
				*y = row;
		}
		free(line);
	}
	free(first_x);
	return found;
}

/* libvterm has an older cube of 6x6x6; terminals of today have xterm's. */
static struct pty_colour rgb_of_slot(int slot)
{
	static const uint8_t level[6] = { 0, 95, 135, 175, 215, 255 };
	uint8_t grey = (uint8_t)(8 + 10 * (slot - 232));

	if (slot >= 232)
		return (struct pty_colour){ grey, grey, grey };
	slot -= 16;
	return (struct pty_colour){ level[slot / 36], level[slot / 6 % 6], level[slot % 6] };
}

static struct pty_colour rgb_of(const struct pty *pty, VTermColor colour)
{
	if (VTERM_COLOR_IS_INDEXED(&colour) && colour.indexed.idx >= 16)
		return rgb_of_slot(colour.indexed.idx);
	vterm_screen_convert_color_to_rgb(pty->screen, &colour);
	return (struct pty_colour){ colour.rgb.red, colour.rgb.green, colour.rgb.blue };
}

bool pty_cell(const struct pty *pty, int x, int y, struct pty_cell *out)
{
	VTermPos pos = { .row = y, .col = x };
	VTermScreenCell cell;

	if (x < 0 || y < 0 || x >= pty_columns(pty) || y >= pty_rows(pty) ||
	    !vterm_screen_get_cell(pty->screen, pos, &cell))
		return false;
	*out = (struct pty_cell){
		.ch = cell.chars[0] ? cell.chars[0] : ' ',
		.width = cell.width,
		.fg = rgb_of(pty, cell.fg),
		.bg = rgb_of(pty, cell.bg),
		.default_fg = VTERM_COLOR_IS_DEFAULT_FG(&cell.fg),
		.default_bg = VTERM_COLOR_IS_DEFAULT_BG(&cell.bg),
		.bold = cell.attrs.bold,
		.underline = cell.attrs.underline != 0,
		.reverse = cell.attrs.reverse,
	};
	if (cell.chars[0] == (uint32_t)-1)
		out->ch = 0;
	return true;
}

int pty_columns(const struct pty *pty)
{
	int rows, columns;

	vterm_get_size(pty->vterm, &rows, &columns);
	return columns;
}

int pty_rows(const struct pty *pty)
{
	int rows, columns;

	vterm_get_size(pty->vterm, &rows, &columns);
	return rows;
}

int pty_keys(struct pty *pty, const char *keys)
{
	return write_all(pty->master_fd, keys, strlen(keys));
}

void pty_key(struct pty *pty, enum pty_key key)
{
	static const struct {
		VTermKey key;
		VTermModifier modifier;
	} keys[NR_PTY_KEY] = {
		[PTY_KEY_ENTER] = { VTERM_KEY_ENTER, VTERM_MOD_NONE },
		[PTY_KEY_TAB] = { VTERM_KEY_TAB, VTERM_MOD_NONE },
		[PTY_KEY_BACK_TAB] = { VTERM_KEY_TAB, VTERM_MOD_SHIFT },
		[PTY_KEY_BACKSPACE] = { VTERM_KEY_BACKSPACE, VTERM_MOD_NONE },
		[PTY_KEY_ESCAPE] = { VTERM_KEY_ESCAPE, VTERM_MOD_NONE },
		[PTY_KEY_UP] = { VTERM_KEY_UP, VTERM_MOD_NONE },
		[PTY_KEY_DOWN] = { VTERM_KEY_DOWN, VTERM_MOD_NONE },
		[PTY_KEY_LEFT] = { VTERM_KEY_LEFT, VTERM_MOD_NONE },
		[PTY_KEY_RIGHT] = { VTERM_KEY_RIGHT, VTERM_MOD_NONE },
		[PTY_KEY_HOME] = { VTERM_KEY_HOME, VTERM_MOD_NONE },
		[PTY_KEY_END] = { VTERM_KEY_END, VTERM_MOD_NONE },
		[PTY_KEY_PAGE_UP] = { VTERM_KEY_PAGEUP, VTERM_MOD_NONE },
		[PTY_KEY_PAGE_DOWN] = { VTERM_KEY_PAGEDOWN, VTERM_MOD_NONE },
	};

	vterm_keyboard_key(pty->vterm, keys[key].key, keys[key].modifier);
}

void pty_mouse(struct pty *pty, int button, int x, int y)
{
	if (!pty->mouse)
		return;
	vterm_mouse_move(pty->vterm, y, x, VTERM_MOD_NONE);
	vterm_mouse_button(pty->vterm, button, true, VTERM_MOD_NONE);
	if (button < 4)
		vterm_mouse_button(pty->vterm, button, false, VTERM_MOD_NONE);
}

void pty_drag(struct pty *pty, int from_x, int from_y, int to_x, int to_y)
{
	if (!pty->mouse)
		return;
	vterm_mouse_move(pty->vterm, from_y, from_x, VTERM_MOD_NONE);
	vterm_mouse_button(pty->vterm, 1, true, VTERM_MOD_NONE);
	vterm_mouse_move(pty->vterm, to_y, to_x, VTERM_MOD_NONE);
	vterm_mouse_button(pty->vterm, 1, false, VTERM_MOD_NONE);
}

int pty_resize(struct pty *pty, int columns, int rows)
{
	struct winsize size = { .ws_col = (unsigned short)columns, .ws_row = (unsigned short)rows };

	vterm_set_size(pty->vterm, rows, columns);
	return ioctl(pty->master_fd, TIOCSWINSZ, &size) ? -errno : 0;
}

int pty_signal(struct pty *pty, int signal)
{
	if (signal == SIGCONT)
		pty->stopped = false;
	return kill(pty->pid, signal) ? -errno : 0;
}

void pty_hangup(struct pty *pty)
{
	if (pty->slave_fd >= 0)
		close(pty->slave_fd);
	if (pty->master_fd >= 0)
		close(pty->master_fd);
	pty->slave_fd = pty->master_fd = -1;
}

bool pty_altscreen_active(const struct pty *pty)
{
	return pty->altscreen;
}

bool pty_cursor_visible(const struct pty *pty)
{
	return pty->cursor_visible;
}

bool pty_mouse_reported(const struct pty *pty)
{
	return pty->mouse;
}

int pty_modes(const struct pty *pty, struct termios *modes)
{
	return tcgetattr(pty->master_fd, modes) ? -errno : 0;
}

uint64_t pty_output_bytes(const struct pty *pty)
{
	return pty->output_bytes;
}

void pty_set_tap(struct pty *pty, void (*tap)(const char *bytes, size_t len, void *arg), void *arg)
{
	pty->tap = tap;
	pty->tap_arg = arg;
}
