/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Screen 1 and the sampler that watches the process for it. */
#include "app/feed.h"

#include "app/fault_worker.h"
#include "app/sampler.h"
#include "app/wake.h"
#include "base/xalloc.h"
#include "ui/screen_map.h"

#include <stdlib.h>

struct map_feed {
	struct feed base;
	struct sampler *sampler;
	struct map_request request;  /* what the sampler was last told */
	struct fault_worker *faults; /* the app's */
	bool paused, shown, heat;
};

static int event_fd(const struct feed *feed)
{
	return sampler_event_fd(((const struct map_feed *)feed)->sampler);
}

static bool take(struct feed *feed)
{
	struct map_feed *map = (struct map_feed *)feed;
	struct snapshot *snapshot;
	struct fault_view *faults;

	/* First: what comes after the look must wake again. */
	wake_clear(sampler_event_fd(map->sampler));
	faults = map->heat ? fault_worker_get(map->faults) : NULL;
	if (faults)
		screen_map_set_faults(feed->screen, faults);
	fault_view_unref(faults);
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

/* The faults come by the sampler's own event, so that one descriptor tells of both. */
static void listen_to_faults(struct map_feed *map)
{
	if (map->heat && map->shown)
		fault_worker_listen(map->faults, sampler_event_fd(map->sampler), true);
	else
		fault_worker_unlisten(map->faults, sampler_event_fd(map->sampler));
}

static void show(struct feed *feed, bool shown)
{
	struct map_feed *map = (struct map_feed *)feed;

	map->shown = shown;
	sampler_rest(map->sampler, !shown);
	listen_to_faults(map);
}

static bool act(struct feed *feed, const struct action *action)
{
	struct map_feed *map = (struct map_feed *)feed;

	if (action->kind == ACTION_OPEN_ADDR) {
		screen_map_go_to(feed->screen, action->addr);
		return true;
	}
	if (action->kind == ACTION_HEAT) {
		map->heat = action->arg;
		if (map->heat)
			fault_worker_begin(map->faults, false);
		listen_to_faults(map);
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
	struct map_feed *map = (struct map_feed *)feed;

	fault_worker_unlisten(map->faults, sampler_event_fd(map->sampler));
	sampler_free(map->sampler);
	feed->screen->ops->free(feed->screen);
	free(feed);
}

static const struct feed_ops map_ops = {
	.event_fd = event_fd,
	.take = take,
	.request = request,
	.show = show,
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
	feed->faults = context->faults;
	feed->sampler = sampler_new(context->host, proc, context->period_ns);
	*out = &feed->base;
	return 0;
}
