/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The list of processes: read once a second while it is on the screen. */
#include "app/feed.h"

#include "app/lister.h"
#include "app/wake.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "ui/screen_pick.h"

#include <stdlib.h>

#define LIST_PERIOD_NS NS_PER_S

struct pick_feed {
	struct feed base;
	/* One for good: libproc2 keeps buffers for each thread that it never gives back. */
	struct lister *lister;
};

static int event_fd(const struct feed *feed)
{
	return lister_event_fd(((const struct pick_feed *)feed)->lister);
}

static bool take(struct feed *feed)
{
	struct pick_feed *pick = (struct pick_feed *)feed;
	struct plist *list;

	/* First: what comes after the look must wake again. */
	wake_clear(lister_event_fd(pick->lister));
	list = lister_take(pick->lister);
	if (list)
		screen_pick_set_list(feed->screen, list);
	return list;
}

static void show(struct feed *feed, bool shown)
{
	lister_pause(((struct pick_feed *)feed)->lister, !shown);
}

static void free_feed(struct feed *feed)
{
	struct pick_feed *pick = (struct pick_feed *)feed;

	lister_free(pick->lister);
	feed->screen->ops->free(feed->screen);
	free(pick);
}

static void save(const struct feed *feed, struct config *config)
{
	struct pick_settings settings;

	screen_pick_get_settings(feed->screen, &settings);
	config->sort = settings.sort;
	config->sort_reversed = settings.reversed;
	config->tree = settings.tree;
	config->kernel_threads = settings.kernel_threads;
}

static const struct feed_ops pick_ops = {
	.event_fd = event_fd,
	.take = take,
	.show = show,
	.save = save,
	.free = free_feed,
};

int feed_pick_open(const struct feed_context *context, struct feed **out)
{
	const struct config *config = context->config;
	struct pick_settings settings = {
		.sort = (enum plist_key)config->sort,
		.reversed = config->sort_reversed,
		.tree = config->tree,
		.kernel_threads = config->kernel_threads,
	};
	struct pick_feed *pick = xcalloc(1, sizeof(*pick));

	pick->base.ops = &pick_ops;
	pick->base.screen = screen_pick_new(context->filter ? context->filter : "", &settings);
	pick->lister = lister_new(LIST_PERIOD_NS);
	*out = &pick->base;
	return 0;
}
