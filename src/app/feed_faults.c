/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Screen 2 and its part of the worker that watches the faults. */
#include "app/feed.h"

#include "app/fault_worker.h"
#include "app/wake.h"
#include "base/xalloc.h"
#include "ui/screen_faults.h"

#include <stdlib.h>
#include <unistd.h>

struct faults_feed {
	struct feed base;
	struct fault_worker *worker; /* the app's: it outlives all feeds of the process */
	int event_fd;
};

static int event_fd(const struct feed *feed)
{
	return ((const struct faults_feed *)feed)->event_fd;
}

static bool take(struct feed *feed)
{
	struct faults_feed *faults = (struct faults_feed *)feed;
	struct fault_view *view;

	wake_clear(faults->event_fd);
	view = fault_worker_get(faults->worker);
	if (!view)
		return false;
	screen_faults_set(feed->screen, view);
	fault_view_unref(view);
	return true;
}

static void show(struct feed *feed, bool shown)
{
	struct faults_feed *faults = (struct faults_feed *)feed;

	if (shown)
		fault_worker_listen(faults->worker, faults->event_fd, false);
	else
		fault_worker_unlisten(faults->worker, faults->event_fd);
}

static void free_feed(struct feed *feed)
{
	struct faults_feed *faults = (struct faults_feed *)feed;

	fault_worker_unlisten(faults->worker, faults->event_fd);
	feed->screen->ops->free(feed->screen);
	close(faults->event_fd);
	free(feed);
}

static const struct feed_ops faults_ops = {
	.event_fd = event_fd,
	.take = take,
	.show = show,
	.free = free_feed,
};

int feed_faults_open(const struct feed_context *context, struct feed **out)
{
	struct faults_feed *feed = xcalloc(1, sizeof(*feed));

	feed->base.ops = &faults_ops;
	feed->base.screen = screen_faults_new();
	feed->worker = context->faults;
	feed->event_fd = wake_new();
	fault_worker_begin(feed->worker, false);
	*out = &feed->base;
	return 0;
}
