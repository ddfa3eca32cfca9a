/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The screens that are open: brought to the front, opened when they are first asked for, closed
 * with the process that they are of; and the way back, on which none is twice.
 */
#include "app/app_state.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void set_shown(struct app *app, bool shown)
{
	if (app->nr_trail && app_front(app) && app_front(app)->ops->show)
		app_front(app)->ops->show(app_front(app), shown);
}

static void leave_trail(struct app *app, enum place place)
{
	size_t kept = 0;

	for (size_t i = 0; i < app->nr_trail; i++)
		if (app->trail[i] != place)
			app->trail[kept++] = app->trail[i];
	app->nr_trail = kept;
}

void app_bring(struct app *app, enum place place)
{
	set_shown(app, false);
	leave_trail(app, place);
	app->trail[app->nr_trail++] = place;
	set_shown(app, true);
	app->helping = false;
	app->redraw = true;
}

int app_open_place(struct app *app, enum place place, const struct action *action, char *error,
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

int app_show(struct app *app, enum place place, const struct action *action)
{
	char error[sizeof(app->message) - 1] = "";
	int ret = 0;

	if (!app->feeds[place]) {
		ret = app_open_place(app, place, action, error, sizeof(error));
		if (ret) {
			if (ret != -ENOENT || error[0])
				app_say(app, error[0] ? error : strerror(-ret));
			return ret;
		}
	} else if (action && app->feeds[place]->ops->act) {
		app->feeds[place]->ops->act(app->feeds[place], action);
	}
	app_bring(app, place);
	app_request_data(app);
	return 0;
}

void app_close_place(struct app *app, enum place place)
{
	if (!app->feeds[place])
		return;
	app->feeds[place]->ops->free(app->feeds[place]);
	app->feeds[place] = NULL;
	leave_trail(app, place);
}

int app_open_process(struct app *app, pid_t pid)
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
			app_close_place(app, (enum place)place);
	fault_worker_free(app->faults);
	proc_close(app->proc);
	app->proc = proc;
	app->faults = fault_worker_new(watched);
	if (app->start->launch && pid == launch_pid(app->start->launch) && !app->options->no_faults)
		fault_worker_begin(app->faults, !app->has_picture);
	ret = app_show(app, PLACE_MAP, NULL);
	if (ret && !app->nr_trail)
		app_show(app, PLACE_PICK, NULL);
	return ret;
}

void app_open_or_say(struct app *app, pid_t pid)
{
	char text[96];
	int ret = app_open_process(app, pid);

	if (!ret)
		return;
	snprintf(text, sizeof(text), "process %d: %s", (int)pid,
		 ret == -ESRCH ? "has exited" : strerror(-ret));
	app_say(app, text);
}

void app_go_back(struct app *app)
{
	enum place from = app->trail[app->nr_trail - 1];

	if (app->nr_trail > 1) {
		set_shown(app, false);
		app_bring(app, app->trail[--app->nr_trail - 1]);
	} else if (from == PLACE_MAP) {
		app_show(app, PLACE_PICK, NULL);
	} else if (feed_kinds[from].of_process && app->feeds[PLACE_MAP]) {
		leave_trail(app, from);
		app_bring(app, PLACE_MAP);
	} else {
		app->quit = true;
	}
}
