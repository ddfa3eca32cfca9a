/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the command that was started writes, and how it ends. It is read whether or not it is
 * looked at, because a command whose terminal is full waits.
 */
#include "app/feed.h"

#include "base/xalloc.h"
#include "model/output.h"
#include "model/process.h"
#include "ui/screen_output.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

/* What is kept of it. */
#define KEPT_BYTES ((size_t)1 << 20)
/* Read in one go, so that a command that never stops writing does not keep keys waiting. */
#define READ_BYTES ((size_t)256 << 10)

struct output_feed {
	struct feed base;
	struct launch *launch;
	struct output *output;
	int epoll_fd; /* its output and its end in one descriptor */
	bool ended;
};

static int event_fd(const struct feed *feed)
{
	return ((const struct output_feed *)feed)->epoll_fd;
}

static bool read_output(struct output_feed *feed)
{
	size_t got, taken = 0;
	char bytes[16384];

	while (taken < READ_BYTES &&
	       (got = launch_read_output(feed->launch, bytes, sizeof(bytes))) > 0) {
		output_add(feed->output, bytes, got);
		taken += got;
	}
	return taken > 0;
}

/* "exited with status 3", "killed by SIGSEGV (core dumped)" */
static bool note_end(struct output_feed *feed)
{
	char text[SCREEN_OUTPUT_END_ROOM];
	int status;

	if (feed->ended || !launch_has_ended(feed->launch, &status))
		return false;
	feed->ended = true;
	/* It stays readable for good, and would wake us again and again. */
	epoll_ctl(feed->epoll_fd, EPOLL_CTL_DEL, launch_event_fd(feed->launch), NULL);
	screen_output_set_end(feed->base.screen, wait_status_text(text, sizeof(text), status));
	return true;
}

static bool take(struct feed *feed)
{
	struct output_feed *output = (struct output_feed *)feed;
	bool wrote = read_output(output);

	return note_end(output) || wrote;
}

static void request(struct feed *feed, const struct theme *theme, int columns, int rows)
{
	(void)theme;
	launch_resize_output(((struct output_feed *)feed)->launch, columns, rows);
}

static void free_feed(struct feed *feed)
{
	struct output_feed *output = (struct output_feed *)feed;

	feed->screen->ops->free(feed->screen);
	output_free(output->output);
	close(output->epoll_fd);
	free(output);
}

static const struct feed_ops output_ops = {
	.event_fd = event_fd,
	.take = take,
	.request = request,
	.free = free_feed,
};

static int watch(int epoll_fd, int fd)
{
	struct epoll_event event = { .events = EPOLLIN };

	return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

int feed_output_open(const struct feed_context *context, struct feed **out)
{
	struct output_feed *feed;
	int epoll_fd, ret;

	if (!context->launch)
		return -ENOENT;
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (epoll_fd < 0)
		return -errno;
	ret = watch(epoll_fd, launch_output_fd(context->launch));
	if (!ret)
		ret = watch(epoll_fd, launch_event_fd(context->launch));
	if (ret) {
		close(epoll_fd);
		return ret;
	}
	feed = xcalloc(1, sizeof(*feed));
	feed->base.ops = &output_ops;
	feed->launch = context->launch;
	feed->epoll_fd = epoll_fd;
	feed->output = output_new(KEPT_BYTES);
	feed->base.screen = screen_output_new(feed->output, launch_name(context->launch),
					      launch_pid(context->launch));
	*out = &feed->base;
	return 0;
}
