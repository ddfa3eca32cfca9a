/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_APP_LESSON_WORKER_H
#define PAGEWALK_APP_LESSON_WORKER_H

#include "kernel/host.h"
#include "learn/runner.h"
#include "model/lesson_view.h"

/*
 * The thread that carries lessons out: the runner and its pupil belong to it, and the pupil is
 * killed when it ends. All functions return at once but for lesson_worker_free(), which waits
 * for the action that is under way.
 */
struct lesson_worker;

/* With `by_itself` it goes from step to step, and leaves each for a while to be read. */
struct lesson_worker *lesson_worker_new(const struct host *host, const struct runner_config *config,
					bool by_itself);
void lesson_worker_free(struct lesson_worker *worker);
/* What to do next; orders are carried out in turn. */
void lesson_worker_order(struct lesson_worker *worker, enum learn_command command, uint64_t arg);
/* The newest view; the caller unrefs it. */
struct lesson_view *lesson_worker_get(struct lesson_worker *worker);
/* An eventfd(2) that becomes readable with each new view; the reader clears it. */
int lesson_worker_event_fd(const struct lesson_worker *worker);

#endif
