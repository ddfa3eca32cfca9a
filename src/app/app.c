/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The interactive program. This thread draws and takes keys, and waits for nothing but
 * poll(2): the sampler, the lister and the lab work in threads of their own and make a
 * descriptor readable when they have something new. What a screen asks for by an action is
 * done here, so that screens stay free of kernel and lab.
 */
#include "app/app.h"

#include "app/lister.h"
#include "app/sampler.h"
#include "app/signals.h"
#include "app/wake.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "ui/draw.h"
#include "ui/screen_help.h"
#include "ui/screen_lab.h"
#include "ui/screen_map.h"
#include "ui/screen_pick.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LIST_PERIOD_NS NS_PER_S
#define FADE_FRAME_MS  200
#define MESSAGE_NS     (4 * NS_PER_S)

struct app {
	const struct host *host;
	const struct app_options *options;
	struct term *term;
	struct theme theme;
	struct canvas *canvas;
	int columns, rows;
	int signal_fd;

	struct screen *current; /* one of the three below */
	struct screen *map, *lab_screen, *pick;
	struct sampler *sampler; /* of the process on the map; NULL before there is one */
	struct map_request request;
	bool paused;
	struct lister *lister; /* works while the list is on the screen */
	struct lab *lab;

	bool helping;
	int help_scroll, help_lines;
	char message[160]; /* shown in place of the keys for a moment */
	uint64_t message_until_ns;
	bool quit, redraw;
};

static void say(struct app *app, const char *text)
{
	snprintf(app->message, sizeof(app->message), " %s", text);
	app->message_until_ns = clock_mono_ns() + MESSAGE_NS;
	app->redraw = true;
}

/* Tells the sampler and the lab what the screens have room for. */
static void request_data(struct app *app)
{
	struct map_request request;

	if (app->sampler) {
		request = screen_map_wanted(app->map, &app->theme, app->columns, app->rows);
		if (!map_request_equal(&request, &app->request))
			sampler_request(app->sampler, &request);
		app->request = request;
	}
	if (app->lab)
		lab_command(app->lab, LAB_CMD_CELLS,
			    screen_lab_wanted_cells(app->lab_screen, &app->theme, app->columns,
						    app->rows));
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

	canvas_clear(app->canvas);
	if (app->columns < SCREEN_MIN_COLUMNS || app->rows < SCREEN_MIN_ROWS) {
		draw_too_small(app->canvas);
	} else {
		app->current->ops->draw(app->current, app->canvas, &app->theme, now_ns);
		if (app->helping)
			app->help_lines = screen_help_draw(app->current, app->canvas, &app->theme,
							   app->help_scroll);
		if (now_ns < app->message_until_ns)
			canvas_printf(app->canvas, 0, app->rows - 1, app->columns, COLOUR_BAD,
				      ATTR_REVERSE | ATTR_BOLD, "%-*s", app->columns, app->message);
	}
	term_show(app->term, app->canvas);
	app->redraw = false;
}

static void show(struct app *app, struct screen *screen)
{
	/* One for good: libproc2 keeps buffers for each thread that it never gives back. */
	if (app->lister)
		lister_pause(app->lister, screen != app->pick);
	else if (screen == app->pick)
		app->lister = lister_new(LIST_PERIOD_NS);
	app->current = screen;
	app->helping = false;
	app->redraw = true;
}

static void show_pick(struct app *app, const char *filter)
{
	if (!app->pick)
		app->pick = screen_pick_new(filter ? filter : "");
	show(app, app->pick);
}

/* Begins to watch a process. 0 or -errno. */
static int open_process(struct app *app, pid_t pid)
{
	struct proc *proc;
	int ret = proc_open(app->host, pid, &proc);

	if (ret)
		return ret;
	sampler_free(app->sampler);
	if (app->map)
		app->map->ops->free(app->map);
	app->map = screen_map_new();
	app->paused = false;
	app->request = (struct map_request){ 0 };
	app->sampler = sampler_new(app->host, proc, app->options->period_ns);
	show(app, app->map);
	request_data(app);
	return 0;
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

static void go_back(struct app *app)
{
	if (app->current == app->map && app->lab_screen)
		show(app, app->lab_screen);
	else if (app->current == app->map)
		show_pick(app, NULL);
	else if (app->current == app->pick && app->map)
		show(app, app->map);
	else if (app->current == app->pick)
		app->quit = true;
}

static void switch_theme(struct app *app, enum theme_switch what)
{
	if (what == THEME_NEXT_PALETTE)
		app->theme.palette = (enum palette)((app->theme.palette + 1) % NR_PALETTE);
	else if (!app->theme.ascii && app->theme.colours >= 256)
		app->theme.dense = !app->theme.dense;
	else
		say(app, "two cells a character need 256 colours and UTF-8");
	term_set_theme(app->term, &app->theme);
	app->redraw = true;
}

static void toggle_pause(struct app *app)
{
	app->paused = !app->paused;
	screen_map_set_paused(app->map, app->paused);
	sampler_pause(app->sampler, app->paused);
}

static void do_action(struct app *app, const struct action *action)
{
	if (action->kind != ACTION_NONE)
		app->redraw = true;
	switch (action->kind) {
	case ACTION_QUIT:
		/* Leaving the list leads back to the map that it was opened from. */
		if (app->current == app->pick && app->map)
			show(app, app->map);
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
	case ACTION_REQUEST:
		request_data(app);
		break;
	case ACTION_PAUSE:
		toggle_pause(app);
		break;
	case ACTION_LAB:
		lab_command(app->lab, action->lab_command, action->arg);
		break;
	case ACTION_PICK:
		show_pick(app, NULL);
		break;
	case ACTION_THEME:
		switch_theme(app, (enum theme_switch)action->arg);
		request_data(app);
		break;
	case ACTION_SCREEN:
		if (action->arg == 1 && app->map)
			show(app, app->map);
		if (action->arg == 6 && app->lab_screen)
			show(app, app->lab_screen);
		break;
	case ACTION_NONE:
	case ACTION_REDRAW:
		break;
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
	if (app->current != app->pick && event->key >= '1' && event->key <= '7')
		action = (struct action){ .kind = ACTION_SCREEN, .arg = event->key - '0' };
	else
		action = app->current->ops->event(app->current, event);
	do_action(app, &action);
}

static void take_snapshot(struct app *app)
{
	struct snapshot *snapshot = sampler_get(app->sampler);

	wake_clear(sampler_event_fd(app->sampler));
	if (!snapshot)
		return;
	screen_map_set_snapshot(app->map, snapshot);
	snapshot_unref(snapshot);
	request_data(app);
	if (app->current == app->map)
		app->redraw = true;
}

static void take_lab_view(struct app *app)
{
	struct lab_view *view = lab_view_get(app->lab);

	wake_clear(lab_event_fd(app->lab));
	screen_lab_set_view(app->lab_screen, view);
	lab_view_unref(view);
	if (app->current == app->lab_screen)
		app->redraw = true;
}

static void take_list(struct app *app)
{
	struct plist *list = lister_take(app->lister);

	wake_clear(lister_event_fd(app->lister));
	if (!list)
		return;
	screen_pick_set_list(app->pick, list);
	app->redraw = true;
}

/* How long to wait when nothing happens: marks fade, and messages go. */
static int wait_ms(const struct app *app)
{
	const struct screen_ops *ops = app->current->ops;
	uint64_t now_ns = clock_mono_ns();

	if (app->redraw)
		return 0;
	if (now_ns < app->message_until_ns ||
	    (ops->animates && ops->animates(app->current, now_ns)))
		return FADE_FRAME_MS;
	return -1;
}

static void wait_and_handle(struct app *app)
{
	struct pollfd fds[] = {
		{ .fd = STDIN_FILENO, .events = POLLIN },
		{ .fd = app->signal_fd, .events = POLLIN },
		{ .fd = app->sampler ? sampler_event_fd(app->sampler) : -1, .events = POLLIN },
		{ .fd = app->lab ? lab_event_fd(app->lab) : -1, .events = POLLIN },
		{ .fd = app->lister ? lister_event_fd(app->lister) : -1, .events = POLLIN },
	};
	int ready = poll(fds, sizeof(fds) / sizeof(fds[0]), wait_ms(app)), number;
	struct ui_event event;

	if (ready == 0)
		app->redraw = true;
	if (ready <= 0)
		return;
	while (fds[1].revents && (number = signals_next(app->signal_fd)) != 0)
		handle_signal(app, number);
	if (fds[2].revents)
		take_snapshot(app);
	if (fds[3].revents)
		take_lab_view(app);
	if (fds[4].revents)
		take_list(app);
	if (fds[0].revents & POLLIN)
		while (!app->quit && term_next_event(app->term, &event))
			handle_event(app, &event);
	else if (fds[0].revents)
		app->quit = true; /* the terminal is gone */
}

static int start(struct app *app, pid_t pid, const char *filter, const struct lab_config *config)
{
	char error[200];
	int ret;

	if (config) {
		ret = lab_new(app->host, config, &app->lab, error, sizeof(error));
		if (ret) {
			term_close(app->term);
			app->term = NULL;
			fprintf(stderr, "pagewalk: lab: %s\n", error);
			return ret;
		}
		app->lab_screen = screen_lab_new();
		show(app, app->lab_screen);
		request_data(app);
		return 0;
	}
	if (!pid) {
		show_pick(app, filter);
		return 0;
	}
	ret = open_process(app, pid);
	if (ret) {
		term_close(app->term);
		app->term = NULL;
		fprintf(stderr, "pagewalk: process %d: %s\n", (int)pid,
			ret == -ESRCH ? "there is none" : strerror(-ret));
	}
	return ret;
}

static void free_screen(struct screen *screen)
{
	if (screen)
		screen->ops->free(screen);
}

/* The terminal comes first, so that nobody waits for it while threads and actors end. */
static void finish(struct app *app)
{
	if (app->term)
		term_close(app->term);
	lister_free(app->lister);
	sampler_free(app->sampler);
	if (app->lab)
		lab_free(app->lab);
	free_screen(app->map);
	free_screen(app->lab_screen);
	free_screen(app->pick);
	canvas_free(app->canvas);
	xalloc_set_hook(NULL);
	signals_close(app->signal_fd);
}

int app_run(const struct host *host, const struct app_options *options, pid_t pid,
	    const char *filter, const struct lab_config *lab)
{
	struct app app = { .host = host, .options = options };
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
	take_size(&app);
	ret = start(&app, pid, filter, lab);
	while (!ret && !app.quit) {
		if (app.redraw)
			draw(&app);
		wait_and_handle(&app);
	}
	finish(&app);
	return ret ? 1 : 0;
}
