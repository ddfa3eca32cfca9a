/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Screen 4 and the worker that looks at the page cache for it. */
#include "app/feed.h"

#include "app/cache_worker.h"
#include "app/wake.h"
#include "base/xalloc.h"
#include "ui/screen_cache.h"

#include <errno.h>
#include <stdlib.h>

struct cache_feed {
	struct feed base;
	struct cache_worker *worker;
	struct cache_request request; /* what the worker was last told */
	bool paused, shown;
};

static int event_fd(const struct feed *feed)
{
	return cache_worker_event_fd(((const struct cache_feed *)feed)->worker);
}

static bool take(struct feed *feed)
{
	struct cache_feed *cache = (struct cache_feed *)feed;
	struct cache_view *view;

	/* First: what comes after the look must wake again. */
	wake_clear(cache_worker_event_fd(cache->worker));
	view = cache_worker_get(cache->worker);
	if (!view)
		return false;
	screen_cache_set_view(feed->screen, view);
	cache_view_unref(view);
	return true;
}

static void request(struct feed *feed, const struct theme *theme, int columns, int rows)
{
	struct cache_feed *cache = (struct cache_feed *)feed;
	struct cache_request wanted = screen_cache_wanted(feed->screen, theme, columns, rows);

	if (!cache_request_equal(&wanted, &cache->request))
		cache_worker_request(cache->worker, &wanted);
	cache->request = wanted;
}

static void show(struct feed *feed, bool shown)
{
	struct cache_feed *cache = (struct cache_feed *)feed;

	cache->shown = shown;
	cache_worker_pause(cache->worker, cache->paused || !shown);
}

static bool act(struct feed *feed, const struct action *action)
{
	struct cache_feed *cache = (struct cache_feed *)feed;

	switch (action->kind) {
	case ACTION_OPEN_FILE:
		cache_worker_open(cache->worker, action->path, action->addr, action->arg);
		return true;
	case ACTION_CACHE:
		cache_worker_command(cache->worker, action->cache_command, action->arg, action->nr);
		return true;
	case ACTION_PAUSE:
		cache->paused = !cache->paused;
		screen_cache_set_paused(feed->screen, cache->paused);
		cache_worker_pause(cache->worker, cache->paused || !cache->shown);
		return true;
	default:
		return false;
	}
}

static void free_feed(struct feed *feed)
{
	cache_worker_free(((struct cache_feed *)feed)->worker);
	feed->screen->ops->free(feed->screen);
	free(feed);
}

static const struct feed_ops cache_ops = {
	.event_fd = event_fd,
	.take = take,
	.request = request,
	.show = show,
	.act = act,
	.free = free_feed,
};

int feed_cache_open(const struct feed_context *context, struct feed **out)
{
	const struct action *action = context->action;
	struct process_info info = { 0 };
	struct cache_feed *feed;
	struct proc *proc = NULL;
	int ret;

	/* Without a process and without a file there is nothing to show. */
	if (!context->proc && (!action || !action->path))
		return -ENOENT;
	if (context->proc) {
		ret = proc_clone(context->proc, &proc);
		if (ret)
			return ret;
		proc_read_info(proc, &info);
	}
	feed = xcalloc(1, sizeof(*feed));
	feed->base.ops = &cache_ops;
	feed->base.screen = screen_cache_new();
	feed->worker = cache_worker_new(proc, info.pid, context->period_ns);
	if (action && (action->path || action->addr))
		cache_worker_open(feed->worker, action->path, action->addr, action->arg);
	*out = &feed->base;
	return 0;
}
