/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_APP_APP_STATE_H
#define PAGEWALK_APP_APP_STATE_H

#include "app/app.h"
#include "app/fault_worker.h"
#include "app/feed.h"
#include "kernel/proc.h"
#include "ui/screen.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The inside of the interactive program, shared by the files that make it up. */

struct app {
	const struct host *host;
	const struct app_options *options;
	const struct app_start *start;
	struct term *term;
	struct theme theme;
	struct config config; /* the settings as they are now */
	struct canvas *canvas;
	int columns, rows;
	int signal_fd;

	struct feed *feeds[NR_PLACE]; /* NULL where a screen was not opened yet */
	/* The screens that Esc leads back to; the last one is in front, none is there twice. */
	enum place trail[NR_PLACE];
	size_t nr_trail;
	struct proc *proc;           /* that is watched; NULL before there is one */
	struct fault_worker *faults; /* of it */

	bool helping;
	int help_scroll, help_lines;
	char message[200]; /* shown in place of the keys for a moment */
	uint8_t message_colour;
	uint64_t message_until_ns;
	bool has_picture; /* screen 1 was given its first one */
	bool quit, redraw;
};

/* In app.c. For a moment in place of the keys, in a colour of ui/colour.h. */
void app_say_in(struct app *app, uint8_t colour, const char *text);
/* What went wrong. */
void app_say(struct app *app, const char *text);
/* What a key has done, where it cannot be seen otherwise. */
void app_tell(struct app *app, const char *text);
/* The feed of the screen in front. */
struct feed *app_front(const struct app *app);
/* Tells the workers what the screens have room for. */
void app_request_data(struct app *app);

/* In app_places.c. Opens a screen without showing it. 0 or -errno, with its reason in `error`. */
int app_open_place(struct app *app, enum place place, const struct action *action, char *error,
		   size_t error_room);
void app_close_place(struct app *app, enum place place);
/* Brings a screen that is open to the front; Esc leads from there to the one that was. */
void app_bring(struct app *app, enum place place);
/* Shows a screen, which is opened if need be. 0 or -errno after saying why. */
int app_show(struct app *app, enum place place, const struct action *action);
/* Begins to watch a process. 0 or -errno, and then all is as it was. */
int app_open_process(struct app *app, pid_t pid);
/* The same, and says why not. */
void app_open_or_say(struct app *app, pid_t pid);
/* To the screen before; behind the first one lies the list, and behind that the shell. */
void app_go_back(struct app *app);

/* In app_actions.c. */
void app_do_action(struct app *app, const struct action *action);

#endif
