/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_UI_TERM_H
#define PAGEWALK_UI_TERM_H

#include "ui/canvas.h"
#include "ui/theme.h"

#include <stdbool.h>

/*
 * The terminal. Only ui/term_curses.c knows curses. One terminal per process, because
 * curses has one; the functions are for one thread.
 */
struct term;

enum ui_key {
	/* Characters are their own Unicode value. */
	KEY_UI_UP = 0x110000,
	KEY_UI_DOWN,
	KEY_UI_LEFT,
	KEY_UI_RIGHT,
	KEY_UI_PAGE_UP,
	KEY_UI_PAGE_DOWN,
	KEY_UI_HOME,
	KEY_UI_END,
	KEY_UI_ENTER,
	KEY_UI_ESCAPE,
	KEY_UI_TAB,
	KEY_UI_BACK_TAB,
	KEY_UI_BACKSPACE,
	KEY_UI_DELETE,
	KEY_UI_F1, /* to F12, in order */
	KEY_UI_F12 = KEY_UI_F1 + 11,
	KEY_UI_CLICK,    /* left button at x, y */
	KEY_UI_DRAG,     /* the pointer is at x, y with the left button held */
	KEY_UI_WHEEL_UP, /* at x, y */
	KEY_UI_WHEEL_DOWN,
	KEY_UI_SUSPEND, /* Ctrl-Z: a key here, not a signal */
	KEY_UI_REDRAW,  /* Ctrl-L */
};

struct ui_event {
	uint32_t key; /* a character or enum ui_key */
	int x, y;     /* of a mouse event */
};

struct term_options {
	bool ascii;     /* --ascii */
	bool no_colour; /* NO_COLOR, --colour never */
	bool mouse;
	bool sparse; /* one cell a character, even where two would be possible */
	enum palette palette;
};

/*
 * Takes the terminal over (standard input and output). 0, or -ENOTTY where there is
 * none, -ENOTSUP where TERM cannot be used (unknown, or without cursor addressing), with
 * one line in error. The terminal is given back by term_close(), and by
 * term_restore() on any other way out.
 */
int term_open(const struct term_options *options, struct term **out, char *error, size_t room);
void term_close(struct term *term);
/* Async-signal-safe: gives the terminal back from a crash or from xalloc's hook. */
void term_restore(void);
/* What it can show. Borrowed. */
const struct theme *term_theme(const struct term *term);
/* Switches palette, dense or ASCII; takes effect with the next term_show(). */
void term_set_theme(struct term *term, const struct theme *theme);
/* Takes the mouse, or leaves it to the terminal. */
void term_set_mouse(struct term *term, bool mouse);
bool term_has_mouse(const struct term *term);
/* Its size now, after a SIGWINCH too. */
void term_size(struct term *term, int *columns, int *rows);
/* Shows the canvas; only what changed is sent. */
void term_show(struct term *term, const struct canvas *canvas);
/* The next key that was typed; false where none waits. Never blocks. */
bool term_next_event(struct term *term, struct ui_event *event);
/* Around SIGTSTP: give the terminal back, and take it again and redraw. */
void term_suspend(struct term *term);
void term_resume(struct term *term);

#endif
