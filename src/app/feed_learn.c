/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lessons, and the worker that carries them out; answers are noted here as they are given. */
#include "app/feed.h"

#include "app/learn_config.h"
#include "app/lesson_worker.h"
#include "app/wake.h"
#include "base/xalloc.h"
#include "kernel/helper_path.h"
#include "learn/lesson.h"
#include "ui/screen_learn.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct learn_feed {
	struct feed base;
	const struct learn_config *config;
	struct learn_config own; /* where nobody gave one */
	char *pupil_path, *actor_path;
	struct lesson_worker *worker;
	const struct lesson *lesson; /* the one that is open, for its answers */
	struct lesson_answer *answers;
	size_t nr_answers, answers_room;
};

static struct learn_feed *learn_of(struct feed *feed)
{
	return (struct learn_feed *)feed;
}

static int event_fd(const struct feed *feed)
{
	return lesson_worker_event_fd(((const struct learn_feed *)feed)->worker);
}

static bool take(struct feed *feed)
{
	struct lesson_worker *worker = learn_of(feed)->worker;
	struct lesson_view *view;

	/* First: what comes after the look must wake again. */
	wake_clear(lesson_worker_event_fd(worker));
	view = lesson_worker_get(worker);
	screen_learn_set_view(feed->screen, view);
	lesson_view_unref(view);
	return true;
}

/* A step that is answered again, after a repeat, is one answer more: both were given. */
static void note_answer(struct learn_feed *feed, size_t step, unsigned choice)
{
	const struct learn_config *config = feed->config;
	char text[120];
	int ret;

	if (!config->save || !feed->lesson || choice >= LESSON_CHOICES)
		return;
	feed->answers = xgrow(feed->answers, feed->nr_answers, &feed->answers_room,
			      sizeof(*feed->answers));
	feed->answers[feed->nr_answers++] = (struct lesson_answer){
		.lesson = feed->lesson,
		.step = step,
		.choice = choice,
	};
	ret = config->save(config->arg, feed->answers, feed->nr_answers);
	if (!ret)
		return;
	snprintf(text, sizeof(text), "the answers could not be saved: %s", strerror(-ret));
	screen_learn_say(feed->base.screen, text);
}

static bool act(struct feed *feed, const struct action *action)
{
	struct learn_feed *learn = learn_of(feed);

	if (action->kind != ACTION_LEARN)
		return false;
	if (action->learn_command == LEARN_BEGIN && action->arg < nr_lessons)
		learn->lesson = lessons[action->arg];
	if (action->learn_command == LEARN_PERFORM)
		note_answer(learn, (size_t)action->arg, (unsigned)action->nr);
	lesson_worker_order(learn->worker, action->learn_command, action->arg);
	return true;
}

static void free_feed(struct feed *feed)
{
	struct learn_feed *learn = learn_of(feed);

	lesson_worker_free(learn->worker);
	feed->screen->ops->free(feed->screen);
	free(learn->answers);
	free(learn->pupil_path);
	free(learn->actor_path);
	free(learn);
}

static const struct feed_ops learn_ops = {
	.event_fd = event_fd,
	.take = take,
	.act = act,
	.free = free_feed,
};

int feed_learn_open(const struct feed_context *context, struct feed **out)
{
	const struct learn_config *config = context->learn;
	struct learn_feed *feed;

	feed = xcalloc(1, sizeof(*feed));
	feed->base.ops = &learn_ops;
	if (!config) {
		/* Opened by its number key. */
		feed->pupil_path = helper_path("pagewalk-pupil");
		feed->actor_path = helper_path("pagewalk-actor");
		feed->own.runner.pupil_path = feed->pupil_path;
		feed->own.runner.actor_path = feed->actor_path;
		config = &feed->own;
	}
	feed->config = config;
	feed->base.screen = screen_learn_new(lessons, nr_lessons);
	feed->worker = lesson_worker_new(context->host, &config->runner, config->by_itself);
	for (size_t i = 0; i < nr_lessons; i++) {
		const struct action begin = { .kind = ACTION_LEARN,
					      .learn_command = LEARN_BEGIN,
					      .arg = i };

		if (lessons[i] != config->lesson)
			continue;
		screen_learn_open(feed->base.screen, i);
		act(&feed->base, &begin);
	}
	*out = &feed->base;
	return 0;
}
