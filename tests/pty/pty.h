/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_TESTS_PTY_H
#define PAGEWALK_TESTS_PTY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <termios.h>

/*
 * A program in a pseudo-terminal, its screen read back through libvterm. Nothing runs in
 * the background: output is read only inside the functions that take a timeout. Tests wait
 * for what they expect to see and never sleep.
 */
struct pty;

struct pty_colour {
	uint8_t red, green, blue;
};

/* One character cell as a person sees it; reverse is not yet applied to the colours. */
struct pty_cell {
	uint32_t ch; /* ' ' for a blank, 0 for the right half of a wide character */
	int width;
	struct pty_colour fg, bg;
	bool default_fg, default_bg;
	bool bold, underline, reverse;
};

enum pty_key {
	PTY_KEY_ENTER,
	PTY_KEY_TAB,
	PTY_KEY_BACK_TAB,
	PTY_KEY_BACKSPACE,
	PTY_KEY_ESCAPE,
	PTY_KEY_UP,
	PTY_KEY_DOWN,
	PTY_KEY_LEFT,
	PTY_KEY_RIGHT,
	PTY_KEY_HOME,
	PTY_KEY_END,
	PTY_KEY_PAGE_UP,
	PTY_KEY_PAGE_DOWN,
	NR_PTY_KEY,
};

/*
 * Starts argv[0] (found by PATH) as the foreground job of a terminal of this size. The
 * environment is ours with TERM=xterm-256color and LC_ALL=C.UTF-8 and without what would
 * change the picture (COLORTERM, NO_COLOR, LINES, COLUMNS); the "NAME=value" strings of
 * `env` (NULL-terminated, may be NULL) come last. NULL, with errno, on failure; the caller
 * frees it with pty_free().
 */
struct pty *pty_start(int columns, int rows, const char *const argv[], const char *const env[]);
/* Kills the program if it still runs, reaps it and closes the terminal. */
void pty_free(struct pty *pty);
pid_t pty_pid(const struct pty *pty);

/* Reads output for at most timeout_ms, returning at the first; false where none came. */
bool pty_pump(struct pty *pty, int timeout_ms);
/* Reads output until none came for quiet_ms; false if it still came after timeout_ms. */
bool pty_wait_quiet(struct pty *pty, int quiet_ms, int timeout_ms);
/* Waits until the text stands within one line of the screen; false after timeout_ms. */
bool pty_wait_text(struct pty *pty, const char *text, int timeout_ms);
/* Waits until the text is nowhere on the screen; false after timeout_ms. */
bool pty_wait_gone(struct pty *pty, const char *text, int timeout_ms);
/* Waits for the end of the program; *status is that of waitpid(2). */
bool pty_wait_exit(struct pty *pty, int timeout_ms, int *status);
/* Waits until it is stopped by a signal (SIGTSTP); pty_signal(SIGCONT) lets it go on. */
bool pty_wait_stopped(struct pty *pty, int timeout_ms);

/* The position of the text's first character on the screen; x and y may be NULL. */
bool pty_find(const struct pty *pty, const char *text, int *x, int *y);
/* A line as UTF-8 with trailing blanks cut; the caller frees it. */
char *pty_screen_line(const struct pty *pty, int y);
/* The whole screen, lines ended by newlines; the caller frees it. */
char *pty_screen_text(const struct pty *pty);
/* False outside of the screen. */
bool pty_cell(const struct pty *pty, int x, int y, struct pty_cell *cell);
int pty_columns(const struct pty *pty);
int pty_rows(const struct pty *pty);

/* Types bytes. 0 or -errno. */
int pty_keys(struct pty *pty, const char *keys);
/* Types a key as the terminal in its present mode sends it. */
void pty_key(struct pty *pty, enum pty_key key);
/*
 * Clicks the left button (1), or turns the wheel up or down (4, 5), where the program asked
 * for it; like a real terminal it types nothing otherwise.
 */
void pty_mouse(struct pty *pty, int button, int x, int y);
/* Drags with the left button from one place to another; the same holds. */
void pty_drag(struct pty *pty, int from_x, int from_y, int to_x, int to_y);
/* Gives the terminal another size; the kernel sends SIGWINCH. 0 or -errno. */
int pty_resize(struct pty *pty, int columns, int rows);
/* Sends a signal to the program alone. 0 or -errno. */
int pty_signal(struct pty *pty, int signal);
/* Closes the terminal, which hangs the program up (SIGHUP). No reading after this. */
void pty_hangup(struct pty *pty);

/* State of the terminal, to prove that it is given back. */
bool pty_altscreen_active(const struct pty *pty);
bool pty_cursor_visible(const struct pty *pty);
bool pty_mouse_reported(const struct pty *pty);
/* The line discipline's modes (tcgetattr(3)). 0 or -errno. */
int pty_modes(const struct pty *pty, struct termios *modes);
/* Bytes that the program has written so far. */
uint64_t pty_output_bytes(const struct pty *pty);
/* Shows every piece of output to `tap` before the emulator takes it; NULL: nobody. */
void pty_set_tap(struct pty *pty, void (*tap)(const char *bytes, size_t len, void *arg), void *arg);

#endif
