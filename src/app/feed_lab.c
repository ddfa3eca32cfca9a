/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lab and its coordinator, which works in a thread of its own. */
#include "app/feed.h"

#include "app/wake.h"
#include "base/xalloc.h"
#include "ui/screen_lab.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

struct lab_feed {
	struct feed base;
	struct lab *lab;
};

static struct lab *lab_of(const struct feed *feed)
{
	return ((const struct lab_feed *)feed)->lab;
}

static int event_fd(const struct feed *feed)
{
	return lab_event_fd(lab_of(feed));
}

static bool take(struct feed *feed)
{
	struct lab_view *view;

	/* First: what comes after the look must wake again. */
	wake_clear(lab_event_fd(lab_of(feed)));
	view = lab_view_get(lab_of(feed));
	screen_lab_set_view(feed->screen, view);
	lab_view_unref(view);
	return true;
}

static void request(struct feed *feed, const struct theme *theme, int columns, int rows)
{
	lab_command(lab_of(feed), LAB_CMD_CELLS,
		    screen_lab_wanted_cells(feed->screen, theme, columns, rows));
}

static bool act(struct feed *feed, const struct action *action)
{
	if (action->kind != ACTION_LAB)
		return false;
	lab_command(lab_of(feed), action->lab_command, action->arg);
	return true;
}

static void free_feed(struct feed *feed)
{
	lab_free(lab_of(feed));
	feed->screen->ops->free(feed->screen);
	free(feed);
}

static const struct feed_ops lab_ops = {
	.event_fd = event_fd,
	.take = take,
	.request = request,
	.act = act,
	.free = free_feed,
};

int feed_lab_open(const struct feed_context *context, struct feed **out)
{
	struct lab_feed *feed;
	char error[200];
	int ret;

	/* It writes files of its own, large ones: not by a number key alone. */
	if (!context->lab) {
		snprintf(context->error, context->error_room,
			 "screen 6 is opened by: pagewalk lab");
		return -ENOENT;
	}
	feed = xcalloc(1, sizeof(*feed));
	ret = lab_new(context->host, context->lab, &feed->lab, error, sizeof(error));
	if (ret) {
		snprintf(context->error, context->error_room, "lab: %s", error);
		free(feed);
		return ret;
	}
	feed->base.ops = &lab_ops;
	feed->base.screen = screen_lab_new();
	*out = &feed->base;
	return 0;
}
