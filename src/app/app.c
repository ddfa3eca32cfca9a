/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The interactive program. This thread draws and takes keys, and waits for nothing but
 * poll(2): what feeds a screen (app/feed.h) works in threads of its own and makes a
 * descriptor readable when it has something new. What a screen asks for by an action is
 * done here or by its feed, so that screens stay free of kernel and lab.
 */
#include "app/app.h"

#include "app/fault_worker.h"
#include "app/feed.h"
#include "app/settings.h"
#include "app/signals.h"
#include "base/clock.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "kernel/proc.h"
#include "ui/draw.h"
#include "ui/screen_help.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FADE_FRAME_MS 200
#define MESSAGE_NS    (4 * NS_PER_S)

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

static void say_in(struct app *app, uint8_t colour, const char *text)
{
	snprintf(app->message, sizeof(app->message), " %.*s", (int)sizeof(app->message) - 2, text);
	app->message_colour = colour;
	app->message_until_ns = clock_mono_ns() + MESSAGE_NS;
	app->redraw = true;
}

/* What went wrong. */
static void say(struct app *app, const char *text)
{
	say_in(app, COLOUR_BAD, text);
}

/* What a key has done, where it cannot be seen otherwise. */
static void tell(struct app *app, const char *text)
{
	say_in(app, COLOUR_GOOD, text);
}

static struct feed *front(const struct app *app)
{
	return app->feeds[app->trail[app->nr_trail - 1]];
}

static struct screen *current(const struct app *app)
{
	return front(app)->screen;
}

/* Tells the workers what the screens have room for. */
static void request_data(struct app *app)
{
	for (int place = 0; place < NR_PLACE; place++) {
		struct feed *feed = app->feeds[place];

		if (feed && feed->ops->request)
			feed->ops->request(feed, &app->theme, app->columns, app->rows);
	}
}

static void take_size(struct app *app)
{
	int columns, rows;

	term_size(app->term, &columns, &rows);
	if (app->canvas && columns == app->columns && rows == app->rows)
		return;
	app->columns = columns;
	app->rows = rows;
	canvas_free(app->canvas);
	app->canvas = canvas_new(columns, rows);
	app->redraw = true;
	request_data(app);
}

static void draw(struct app *app)
{
	uint64_t now_ns = clock_mono_ns();
	struct screen *screen = current(app);

	canvas_clear(app->canvas);
	if (app->columns < SCREEN_MIN_COLUMNS || app->rows < SCREEN_MIN_ROWS) {
		draw_too_small(app->canvas);
	} else {
		screen->ops->draw(screen, app->canvas, &app->theme, now_ns);
		if (app->helping)
			app->help_lines = screen_help_draw(screen, app->canvas, &app->theme,
							   app->help_scroll);
		if (now_ns < app->message_until_ns)
			canvas_printf(app->canvas, 0, app->rows - 1, app->columns,
				      app->message_colour, ATTR_REVERSE | ATTR_BOLD, "%-*s",
				      app->columns, app->message);
	}
	term_show(app->term, app->canvas);
	app->redraw = false;
	if (app->start->launch && app->has_picture)
		launch_go(app->start->launch);
}

static void set_shown(struct app *app, bool shown)
{
	if (app->nr_trail && front(app) && front(app)->ops->show)
		front(app)->ops->show(front(app), shown);
}

static void leave_trail(struct app *app, enum place place)
{
	size_t kept = 0;

	for (size_t i = 0; i < app->nr_trail; i++)
		if (app->trail[i] != place)
			app->trail[kept++] = app->trail[i];
	app->nr_trail = kept;
}

/* Brings a screen that is open to the front; Esc leads from there to the one that was. */
static void bring(struct app *app, enum place place)
{
	set_shown(app, false);
	leave_trail(app, place);
	app->trail[app->nr_trail++] = place;
	set_shown(app, true);
	app->helping = false;
	app->redraw = true;
}

static int open_place(struct app *app, enum place place, const struct action *action, char *error,
		      size_t error_room)
{
	const struct feed_kind *kind = &feed_kinds[place];
	struct feed_context context = {
		.host = app->host,
		.period_ns = app->options->period_ns,
		.proc = app->proc,
		.faults = app->faults,
		.action = action,
		.config = &app->config,
		.filter = app->start->filter,
		.lab = app->start->lab,
		.learn = app->start->learn,
		.launch = app->start->launch,
		.error = error,
		.error_room = error_room,
	};

	if (!kind->open || (kind->of_process && !kind->is_free && !app->proc))
		return -ENOENT;
	return kind->open(&context, &app->feeds[place]);
}

/* Shows a screen, which is opened if need be. 0 or -errno after saying why. */
static int show(struct app *app, enum place place, const struct action *action)
{
	char error[sizeof(app->message) - 1] = "";
	int ret = 0;

	if (!app->feeds[place]) {
		ret = open_place(app, place, action, error, sizeof(error));
		if (ret) {
			if (ret != -ENOENT || error[0])
				say(app, error[0] ? error : strerror(-ret));
			return ret;
		}
	} else if (action && app->feeds[place]->ops->act) {
		app->feeds[place]->ops->act(app->feeds[place], action);
	}
	bring(app, place);
	request_data(app);
	return 0;
}

static void close_place(struct app *app, enum place place)
{
	if (!app->feeds[place])
		return;
	app->feeds[place]->ops->free(app->feeds[place]);
	app->feeds[place] = NULL;
	leave_trail(app, place);
}

/* Begins to watch a process. 0 or -errno, and then all is as it was. */
static int open_process(struct app *app, pid_t pid)
{
	struct proc *proc, *watched;
	int ret = proc_open(app->host, pid, &proc);

	if (ret)
		return ret;
	ret = proc_clone(proc, &watched);
	if (ret) {
		proc_close(proc);
		return ret;
	}
	/* The list has done its work: Esc leads past it. */
	if (app->nr_trail && app->trail[app->nr_trail - 1] == PLACE_PICK) {
		set_shown(app, false);
		app->nr_trail--;
	}
	for (int place = 0; place < NR_PLACE; place++)
		if (feed_kinds[place].of_process)
			close_place(app, (enum place)place);
	fault_worker_free(app->faults);
	proc_close(app->proc);
	app->proc = proc;
	app->faults = fault_worker_new(watched);
	if (app->start->launch && pid == launch_pid(app->start->launch) && !app->options->no_faults)
		fault_worker_begin(app->faults, !app->has_picture);
	ret = show(app, PLACE_MAP, NULL);
	if (ret && !app->nr_trail)
		show(app, PLACE_PICK, NULL);
	return ret;
}

static void open_or_say(struct app *app, pid_t pid)
{
	char text[96];
	int ret = open_process(app, pid);

	if (!ret)
		return;
	snprintf(text, sizeof(text), "process %d: %s", (int)pid,
		 ret == -ESRCH ? "has exited" : strerror(-ret));
	say(app, text);
}

/* To the screen before; behind the first one lies the list, and behind that the shell. */
static void go_back(struct app *app)
{
	enum place from = app->trail[app->nr_trail - 1];

	if (app->nr_trail > 1) {
		set_shown(app, false);
		bring(app, app->trail[--app->nr_trail - 1]);
	} else if (from == PLACE_MAP) {
		show(app, PLACE_PICK, NULL);
	} else if (feed_kinds[from].of_process && app->feeds[PLACE_MAP]) {
		leave_trail(app, from);
		bring(app, PLACE_MAP);
	} else {
		app->quit = true;
	}
}

static void say_palette(struct app *app)
{
	char text[64];

	snprintf(text, sizeof(text), "palette: %s", palette_names[app->theme.palette]);
	tell(app, text);
}

static void switch_theme(struct app *app, enum theme_switch what)
{
	if (what == THEME_NEXT_PALETTE)
		app->theme.palette = (enum palette)((app->theme.palette + 1) % NR_PALETTE);
	else if (!app->theme.ascii && app->theme.colours >= 256)
		app->theme.dense = !app->theme.dense;
	else
		say(app, "two cells a character need 256 colours and UTF-8");
	if (what == THEME_NEXT_PALETTE && app->theme.colours < 256)
		say(app, app->theme.colours ? "palettes need 256 colours: this terminal has fewer"
					    : "palettes need colours, and these are off");
	else if (what == THEME_NEXT_PALETTE)
		say_palette(app);
	term_set_theme(app->term, &app->theme);
	app->redraw = true;
	request_data(app);
}

/* The settings as keys have left them go into the file. */
static void save_settings(struct app *app)
{
	const char *path = app->options->config_path;
	char text[160], *safe;
	int ret;

	if (!path[0]) {
		say(app, "settings are not saved: --no-config was given, or HOME is not set");
		return;
	}
	app->config.palette = app->theme.palette;
	app->config.mouse = term_has_mouse(app->term);
	/* A terminal that cannot do it says nothing of what is wanted. */
	if (!app->theme.ascii && app->theme.colours >= 256)
		app->config.dense = app->theme.dense;
	for (int place = 0; place < NR_PLACE; place++)
		if (app->feeds[place] && app->feeds[place]->ops->save)
			app->feeds[place]->ops->save(app->feeds[place], &app->config);
	ret = settings_save(path, &app->config);
	safe = text_safe_str(path);
	if (ret)
		snprintf(text, sizeof(text), "settings not saved: %s: %s", strerror(-ret), safe);
	else
		snprintf(text, sizeof(text), "settings saved in %s", safe);
	free(safe);
	say_in(app, ret ? COLOUR_BAD : COLOUR_GOOD, text);
}

static void switch_mouse(struct app *app)
{
	term_set_mouse(app->term, !term_has_mouse(app->term));
	tell(app, term_has_mouse(app->term) ? "mouse on: click a cell, wheel to zoom"
					    : "mouse off: the terminal selects text again");
}

/* Actions that only the screen's own worker can carry out. */
static void pass_on(struct app *app, const struct action *action)
{
	struct feed *feed = front(app);

	if (feed->ops->act)
		feed->ops->act(feed, action);
	request_data(app);
}

static void do_action(struct app *app, const struct action *action)
{
	if (action->kind != ACTION_NONE)
		app->redraw = true;
	switch (action->kind) {
	case ACTION_QUIT:
		/* Leaving the list leads back to the screen that it was opened from. */
		if (app->trail[app->nr_trail - 1] == PLACE_PICK && app->nr_trail > 1)
			go_back(app);
		else
			app->quit = true;
		break;
	case ACTION_BACK:
		go_back(app);
		break;
	case ACTION_HELP:
		app->helping = true;
		app->help_scroll = 0;
		break;
	case ACTION_OPEN_PID:
		open_or_say(app, action->pid);
		break;
	case ACTION_OPEN_FILE:
		show(app, PLACE_CACHE, action);
		break;
	case ACTION_OPEN_ADDR:
		show(app, PLACE_MAP, action);
		break;
	case ACTION_REQUEST:
		request_data(app);
		break;
	case ACTION_PICK:
		show(app, PLACE_PICK, NULL);
		break;
	case ACTION_SAVE:
		save_settings(app);
		break;
	case ACTION_MOUSE:
		switch_mouse(app);
		break;
	case ACTION_OUTPUT:
		if (show(app, PLACE_OUTPUT, NULL) == -ENOENT)
			say(app, "no command was started: pagewalk -- COMMAND does");
		break;
	case ACTION_THEME:
		switch_theme(app, (enum theme_switch)action->arg);
		break;
	case ACTION_SCREEN:
		if (action->arg < NR_PLACE)
			show(app, (enum place)action->arg, NULL);
		break;
	case ACTION_NONE:
	case ACTION_REDRAW:
		break;
	default:
		pass_on(app, action);
	}
}

/* Keys while the explanation is open. */
static void help_event(struct app *app, const struct ui_event *event)
{
	int page = app->rows - 8, most = app->help_lines - page;

	switch (event->key) {
	case KEY_UI_UP:
	case KEY_UI_WHEEL_UP:
		app->help_scroll--;
		break;
	case KEY_UI_DOWN:
	case KEY_UI_WHEEL_DOWN:
		app->help_scroll++;
		break;
	case KEY_UI_PAGE_UP:
		app->help_scroll -= page;
		break;
	case KEY_UI_PAGE_DOWN:
	case ' ':
		app->help_scroll += page;
		break;
	default:
		app->helping = false;
	}
	if (app->help_scroll > most)
		app->help_scroll = most;
	if (app->help_scroll < 0)
		app->help_scroll = 0;
	app->redraw = true;
}

static void handle_signal(struct app *app, int number)
{
	switch (number) {
	case SIGWINCH:
		take_size(app);
		break;
	case SIGTSTP:
		term_suspend(app->term);
		kill(getpid(), SIGSTOP);
		term_resume(app->term);
		take_size(app);
		app->redraw = true;
		break;
	case SIGINT:
	case SIGTERM:
	case SIGHUP:
		app->quit = true;
		break;
	default:
		break;
	}
}

/* What the terminal does for Ctrl-Z: the whole job gets the signal, we among it. */
static void suspend_job(struct app *app)
{
	int number;

	kill(0, SIGTSTP);
	while ((number = signals_next(app->signal_fd)) != 0)
		handle_signal(app, number);
}

static bool is_typing(const struct app *app)
{
	const struct screen *screen = current(app);

	return screen->ops->is_typing && screen->ops->is_typing(screen);
}

static void handle_event(struct app *app, const struct ui_event *event)
{
	struct action action;

	if (event->key == KEY_UI_REDRAW) {
		app->redraw = true;
		return;
	}
	if (event->key == KEY_UI_SUSPEND) {
		suspend_job(app);
		return;
	}
	if (app->helping) {
		help_event(app, event);
		return;
	}
	/* In the list digits belong to the filter. */
	if (app->trail[app->nr_trail - 1] != PLACE_PICK && !is_typing(app) && event->key >= '1' &&
	    event->key <= '7')
		action = (struct action){ .kind = ACTION_SCREEN, .arg = event->key - '0' };
	else
		action = current(app)->ops->event(current(app), event);
	do_action(app, &action);
}

/* How long to wait when nothing happens: marks fade, and messages go. */
static int wait_ms(const struct app *app)
{
	const struct screen *screen = current(app);
	uint64_t now_ns = clock_mono_ns();

	if (app->redraw)
		return 0;
	if (now_ns < app->message_until_ns ||
	    (screen->ops->animates && screen->ops->animates(screen, now_ns)))
		return FADE_FRAME_MS;
	return -1;
}

/* What a worker has made goes to its screen; one behind may want other data for it. */
static void take_from(struct app *app, enum place place)
{
	struct feed *feed = app->feeds[place];

	if (!feed || !feed->ops->take(feed))
		return;
	app->has_picture |= place == PLACE_MAP;
	if (feed->ops->request)
		feed->ops->request(feed, &app->theme, app->columns, app->rows);
	if (feed == front(app))
		app->redraw = true;
}

static void wait_and_handle(struct app *app)
{
	struct pollfd fds[2 + NR_PLACE] = {
		{ .fd = STDIN_FILENO, .events = POLLIN },
		{ .fd = app->signal_fd, .events = POLLIN },
	};
	struct ui_event event;
	int ready, number;

	for (int place = 0; place < NR_PLACE; place++)
		fds[2 + place] = (struct pollfd){
			.fd = app->feeds[place]
				      ? app->feeds[place]->ops->event_fd(app->feeds[place])
				      : -1,
			.events = POLLIN,
		};
	ready = poll(fds, sizeof(fds) / sizeof(fds[0]), wait_ms(app));
	if (ready == 0)
		app->redraw = true;
	if (ready <= 0)
		return;
	while (fds[1].revents && (number = signals_next(app->signal_fd)) != 0)
		handle_signal(app, number);
	for (int place = 0; place < NR_PLACE; place++)
		if (fds[2 + place].revents)
			take_from(app, (enum place)place);
	if (fds[0].revents & POLLIN)
		while (!app->quit && term_next_event(app->term, &event))
			handle_event(app, &event);
	else if (fds[0].revents)
		app->quit = true; /* the terminal is gone */
}

/* Gives the terminal back and says why there is nothing to show. */
static void fail(struct app *app, const char *text)
{
	term_close(app->term);
	app->term = NULL;
	fprintf(stderr, "pagewalk: %s\n", text);
}

static int open_first(struct app *app)
{
	char error[256] = "", text[256];
	int ret;

	if (app->start->place != PLACE_MAP) {
		ret = open_place(app, app->start->place, app->start->action, error, sizeof(error));
		if (ret)
			fail(app, error[0] ? error : strerror(-ret));
		else
			bring(app, app->start->place);
		request_data(app);
		return ret;
	}
	ret = open_process(app, app->start->pid);
	/* What it writes is taken from its first byte on, or it would soon wait for us. */
	if (!ret && app->start->launch)
		ret = open_place(app, PLACE_OUTPUT, NULL, error, sizeof(error));
	if (ret) {
		snprintf(text, sizeof(text), "process %d: %s", (int)app->start->pid,
			 ret == -ESRCH ? "there is none" : strerror(-ret));
		fail(app, text);
	}
	return ret;
}

/* The terminal comes first, so that nobody waits for it while threads and actors end. */
static void finish(struct app *app)
{
	if (app->term)
		term_close(app->term);
	for (int place = 0; place < NR_PLACE; place++)
		close_place(app, (enum place)place);
	fault_worker_free(app->faults);
	proc_close(app->proc);
	canvas_free(app->canvas);
	xalloc_set_hook(NULL);
	signals_close(app->signal_fd);
}

int app_run(const struct host *host, const struct app_options *options,
	    const struct app_start *start)
{
	struct app app = { .host = host, .options = options, .start = start };
	char error[160];
	int ret;

	app.signal_fd = signals_open();
	ret = term_open(&options->term, &app.term, error, sizeof(error));
	if (ret) {
		fprintf(stderr, "pagewalk: %s\n", error);
		signals_close(app.signal_fd);
		return 1;
	}
	xalloc_set_hook(term_restore);
	app.theme = *term_theme(app.term);
	app.config = options->config;
	if (options->warning[0])
		say(&app, options->warning);
	take_size(&app);
	ret = open_first(&app);
	while (!ret && !app.quit) {
		if (app.redraw)
			draw(&app);
		wait_and_handle(&app);
	}
	finish(&app);
	return ret ? 1 : 0;
}
