/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Screen 3 and the thread that reads the objects for it. */
#include "app/feed.h"

#include "app/objects_watch.h"
#include "app/wake.h"
#include "base/xalloc.h"
#include "ui/screen_objects.h"

#include <stdlib.h>

struct objects_feed {
	struct feed base;
	struct objects_watch *watch;
	bool shown, paused; /* by the user */
};

static int event_fd(const struct feed *feed)
{
	return objects_watch_event_fd(((const struct objects_feed *)feed)->watch);
}

static bool take(struct feed *feed)
{
	struct objects_watch *watch = ((struct objects_feed *)feed)->watch;
	struct objects *objects;

	wake_clear(objects_watch_event_fd(watch));
	objects = objects_watch_take(watch);
	if (objects_watch_ended(watch))
		screen_objects_set_gone(feed->screen);
	else if (!objects)
		return false;
	if (objects)
		screen_objects_set(feed->screen, objects);
	objects_unref(objects);
	return true;
}

static void show(struct feed *feed, bool shown)
{
	struct objects_feed *objects = (struct objects_feed *)feed;

	objects->shown = shown;
	objects_watch_pause(objects->watch, !shown || objects->paused);
}

static bool act(struct feed *feed, const struct action *action)
{
	struct objects_feed *objects = (struct objects_feed *)feed;

	if (action->kind != ACTION_PAUSE)
		return false;
	objects->paused = !objects->paused;
	screen_objects_set_paused(feed->screen, objects->paused);
	objects_watch_pause(objects->watch, !objects->shown || objects->paused);
	return true;
}

static void free_feed(struct feed *feed)
{
	objects_watch_free(((struct objects_feed *)feed)->watch);
	feed->screen->ops->free(feed->screen);
	free(feed);
}

static const struct feed_ops objects_ops = {
	.event_fd = event_fd,
	.take = take,
	.show = show,
	.act = act,
	.free = free_feed,
};

int feed_objects_open(const struct feed_context *context, struct feed **out)
{
	struct objects_feed *feed;
	struct proc *proc;
	int ret = proc_clone(context->proc, &proc);

	if (ret)
		return ret;
	feed = xcalloc(1, sizeof(*feed));
	feed->base.ops = &objects_ops;
	feed->base.screen = screen_objects_new();
	feed->watch = objects_watch_new(proc);
	*out = &feed->base;
	return 0;
}
