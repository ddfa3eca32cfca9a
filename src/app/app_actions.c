/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a screen asks of the program by an action (ui/screen.h). */
#include "app/app_state.h"

#include "app/settings.h"
#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void say_palette(struct app *app)
{
	char text[64];

	snprintf(text, sizeof(text), "palette: %s", palette_names[app->theme.palette]);
	app_tell(app, text);
}

static void switch_theme(struct app *app, enum theme_switch what)
{
	if (what == THEME_NEXT_PALETTE)
		app->theme.palette = (enum palette)((app->theme.palette + 1) % NR_PALETTE);
	else if (!app->theme.ascii && app->theme.colours >= 256)
		app->theme.dense = !app->theme.dense;
	else
		app_say(app, "two cells a character need 256 colours and UTF-8");
	if (what == THEME_NEXT_PALETTE && app->theme.colours < 256)
		app_say(app, app->theme.colours
				     ? "palettes need 256 colours: this terminal has fewer"
				     : "palettes need colours, and these are off");
	else if (what == THEME_NEXT_PALETTE)
		say_palette(app);
	term_set_theme(app->term, &app->theme);
	app->redraw = true;
	app_request_data(app);
}

/* The settings as keys have left them go into the file. */
static void save_settings(struct app *app)
{
	const char *path = app->options->config_path;
	char text[160], *safe;
	int ret;

	if (!path[0]) {
		app_say(app, "settings are not saved: --no-config was given, or HOME is not set");
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
	app_say_in(app, ret ? COLOUR_BAD : COLOUR_GOOD, text);
}

static void switch_mouse(struct app *app)
{
	term_set_mouse(app->term, !term_has_mouse(app->term));
	app_tell(app, term_has_mouse(app->term) ? "mouse on: click a cell, wheel to zoom"
						: "mouse off: the terminal selects text again");
}

/* Actions that only the screen's own worker can carry out. */
static void pass_on(struct app *app, const struct action *action)
{
	struct feed *feed = app_front(app);

	if (feed->ops->act)
		feed->ops->act(feed, action);
	app_request_data(app);
}

void app_do_action(struct app *app, const struct action *action)
{
	if (action->kind != ACTION_NONE)
		app->redraw = true;
	switch (action->kind) {
	case ACTION_QUIT:
		/* Leaving the list leads back to the screen that it was opened from. */
		if (app->trail[app->nr_trail - 1] == PLACE_PICK && app->nr_trail > 1)
			app_go_back(app);
		else
			app->quit = true;
		break;
	case ACTION_BACK:
		app_go_back(app);
		break;
	case ACTION_HELP:
		app->helping = true;
		app->help_scroll = 0;
		break;
	case ACTION_OPEN_PID:
		app_open_or_say(app, action->pid);
		break;
	case ACTION_OPEN_FILE:
		app_show(app, PLACE_CACHE, action);
		break;
	case ACTION_OPEN_ADDR:
		app_show(app, PLACE_MAP, action);
		break;
	case ACTION_REQUEST:
		app_request_data(app);
		break;
	case ACTION_PICK:
		app_show(app, PLACE_PICK, NULL);
		break;
	case ACTION_SAVE:
		save_settings(app);
		break;
	case ACTION_MOUSE:
		switch_mouse(app);
		break;
	case ACTION_OUTPUT:
		if (app_show(app, PLACE_OUTPUT, NULL) == -ENOENT)
			app_say(app, "no command was started: pagewalk -- COMMAND does");
		break;
	case ACTION_THEME:
		switch_theme(app, (enum theme_switch)action->arg);
		break;
	case ACTION_SCREEN:
		if (action->arg < NR_PLACE)
			app_show(app, (enum place)action->arg, NULL);
		break;
	case ACTION_NONE:
	case ACTION_REDRAW:
		break;
	default:
		pass_on(app, action);
	}
}
