/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The interactive program. This thread draws and takes keys, and waits for nothing but
 * poll(2): what feeds a screen (app/feed.h) works in threads of its own and makes a
 * descriptor readable when it has something new. What a screen asks for by an action is done
 * in app_actions.c or by its feed, so that screens stay free of kernel and lab.
 */
#include "app/app_state.h"

#include "app/signals.h"
#include "base/clock.h"
#include "base/xalloc.h"
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

void app_say_in(struct app *app, uint8_t colour, const char *text)
{
	snprintf(app->message, sizeof(app->message), " %.*s", (int)sizeof(app->message) - 2, text);
	app->message_colour = colour;
	app->message_until_ns = clock_mono_ns() + MESSAGE_NS;
	app->redraw = true;
}

void app_say(struct app *app, const char *text)
{
	app_say_in(app, COLOUR_BAD, text);
}

void app_tell(struct app *app, const char *text)
{
	app_say_in(app, COLOUR_GOOD, text);
}

struct feed *app_front(const struct app *app)
{
	return app->feeds[app->trail[app->nr_trail - 1]];
}

static struct screen *current(const struct app *app)
{
	return app_front(app)->screen;
}

void app_request_data(struct app *app)
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
	app_request_data(app);
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
	app_do_action(app, &action);
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
	if (feed == app_front(app))
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
		ret = app_open_place(app, app->start->place, app->start->action, error,
				     sizeof(error));
		if (ret)
			fail(app, error[0] ? error : strerror(-ret));
		else
			app_bring(app, app->start->place);
		app_request_data(app);
		return ret;
	}
	ret = app_open_process(app, app->start->pid);
	/* What it writes is taken from its first byte on, or it would soon wait for us. */
	if (!ret && app->start->launch)
		ret = app_open_place(app, PLACE_OUTPUT, NULL, error, sizeof(error));
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
		app_close_place(app, (enum place)place);
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
		app_say(&app, options->warning);
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
