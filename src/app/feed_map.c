/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Screen 1 and the sampler that watches the process for it. */
#include "app/feed.h"

#include "app/sampler.h"
#include "app/wake.h"
#include "base/xalloc.h"
#include "ui/screen_map.h"

#include <stdlib.h>

struct map_feed {
	struct feed base;
	struct sampler *sampler;
	struct map_request request; /* what the sampler was last told */
	bool paused;
};

static int event_fd(const struct feed *feed)
{
	return sampler_event_fd(((const struct map_feed *)feed)->sampler);
}

static bool take(struct feed *feed)
{
	struct map_feed *map = (struct map_feed *)feed;
	struct snapshot *snapshot;

	/* First: what comes after the look must wake again. */
	wake_clear(sampler_event_fd(map->sampler));
	snapshot = sampler_get(map->sampler);
	if (!snapshot)
		return false;
	screen_map_set_snapshot(feed->screen, snapshot);
	snapshot_unref(snapshot);
	return true;
}

static void request(struct feed *feed, const struct theme *theme, int columns, int rows)
{
	struct map_feed *map = (struct map_feed *)feed;
	struct map_request wanted = screen_map_wanted(feed->screen, theme, columns, rows);

	if (!map_request_equal(&wanted, &map->request))
		sampler_request(map->sampler, &wanted);
	map->request = wanted;
}

static bool act(struct feed *feed, const struct action *action)
{
	struct map_feed *map = (struct map_feed *)feed;

	if (action->kind == ACTION_OPEN_ADDR) {
		screen_map_go_to(feed->screen, action->addr);
		return true;
	}
	if (action->kind != ACTION_PAUSE)
		return false;
	map->paused = !map->paused;
	screen_map_set_paused(feed->screen, map->paused);
	sampler_pause(map->sampler, map->paused);
	return true;
}

static void free_feed(struct feed *feed)
{
	sampler_free(((struct map_feed *)feed)->sampler);
	feed->screen->ops->free(feed->screen);
	free(feed);
}

static const struct feed_ops map_ops = {
	.event_fd = event_fd,
	.take = take,
	.request = request,
	.act = act,
	.free = free_feed,
};

int feed_map_open(const struct feed_context *context, struct feed **out)
{
	struct map_feed *feed;
	struct proc *proc;
	int ret = proc_clone(context->proc, &proc);

	if (ret)
		return ret;
	feed = xcalloc(1, sizeof(*feed));
	feed->base.ops = &map_ops;
	feed->base.screen = screen_map_new();
	if (context->launch)
		screen_map_set_command(feed->base.screen);
	feed->sampler = sampler_new(context->host, proc, context->period_ns);
	*out = &feed->base;
	return 0;
}
