/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_UI_SCREEN_H
#define PAGEWALK_UI_SCREEN_H

#include "model/cache_view.h"
#include "model/lab_view.h"
#include "model/lesson_view.h"
#include "ui/canvas.h"
#include "ui/term.h"
#include "ui/theme.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * What every screen has in common. A screen owns its cursor, zoom and scroll position,
 * draws the newest data it was given, and answers keys with an action for the app. It
 * reads nothing and changes nothing outside itself, so it can be tested with made-up data.
 */
enum action_kind {
	ACTION_NONE,
	ACTION_REDRAW, /* its own state changed */
	ACTION_QUIT,
	ACTION_BACK, /* to the screen before */
	ACTION_HELP,
	ACTION_OPEN_PID,  /* watch `pid` in screen 1 */
	ACTION_OPEN_FILE, /* screen 4 on the file at `path`, or mapped at `addr`, page `arg` */
	ACTION_OPEN_ADDR, /* screen 1 at `addr` */
	ACTION_SCREEN,    /* go to screen `arg` */
	ACTION_REQUEST,   /* it wants other data; the app asks it what */
	ACTION_PICK,      /* choose another process */
	ACTION_THEME,     /* arg: enum theme_switch */
	ACTION_SAVE,      /* the settings, into their file */
	ACTION_MOUSE,     /* take the mouse, or leave it to the terminal */
	ACTION_OUTPUT,    /* what the command that was started has written */
	/* What follows is for the worker behind the screen. */
	ACTION_PAUSE, /* stop or go on sampling */
	ACTION_HEAT,  /* page faults as heat: arg says whether they are wanted */
	ACTION_LAB,   /* tell the lab: lab_command and arg */
	ACTION_CACHE, /* change or choose a file: cache_command, arg and nr */
	ACTION_LEARN, /* tell the lessons' worker: learn_command, arg and nr */
};

enum theme_switch {
	THEME_NEXT_PALETTE,
	THEME_DENSE, /* two cells a character, or one glyph a cell */
};

struct action {
	enum action_kind kind;
	pid_t pid;
	enum lab_command lab_command;
	enum cache_command cache_command;
	enum learn_command learn_command;
	uint64_t arg;
	uint64_t nr;      /* of what begins at `arg` */
	uint64_t addr;    /* in the process that is watched; 0: none */
	const char *path; /* raw; borrowed from the screen until its next event; or NULL */
};

/* A key as the bottom line and the help show it. */
struct key_row {
	const char *keys;  /* "+ -" */
	const char *label; /* "zoom": in the bottom line; NULL: only in the help */
	const char *help;  /* a sentence */
};

struct screen;

struct screen_ops {
	int number;        /* 1 to 7; 0: not reached by a number key */
	const char *name;  /* "map" */
	const char *about; /* two to four sentences for the help */
	const char *marks; /* of a screen without cells: what its marks mean; else NULL */
	/* What its cells mean, NULL for a class it does not draw; NULL: page_class_name(). */
	const char *(*class_name)(enum page_class class);
	void (*draw)(struct screen *screen, struct canvas *canvas, const struct theme *theme,
		     uint64_t now_ns);
	struct action (*event)(struct screen *screen, const struct ui_event *event);
	/* Fills rows[] with the keys that apply now; returns how many. */
	size_t (*keys)(const struct screen *screen, struct key_row *rows, size_t room);
	/* What the colours mean now, where that is not the page classes (NULL); optional. */
	const struct colour_mode_row *(*legend)(const struct screen *screen);
	/* True while something on it fades or moves without new data. */
	bool (*animates)(const struct screen *screen, uint64_t now_ns);
	/* True while keys are text, digits too; NULL: never. */
	bool (*is_typing)(const struct screen *screen);
	void (*free)(struct screen *screen);
};

/* The first member of every screen's own struct. */
struct screen {
	const struct screen_ops *ops;
};

#define SCREEN_MIN_COLUMNS 80
#define SCREEN_MIN_ROWS    24

#endif
