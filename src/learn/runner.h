/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_LEARN_RUNNER_H
#define PAGEWALK_LEARN_RUNNER_H

#include "kernel/host.h"
#include "learn/lesson.h"

#include <stdatomic.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * Carries lessons out: starts the pupil, has it do one action at a time, measures before and
 * after through kernel/, and judges the claims. Every step prepares its own state, so that any
 * of them can be done at any time and again.
 *
 * All calls of one runner come from one thread, which must live as long as the runner: the
 * pupil is killed when that thread ends (lab/spawn.h).
 */
struct runner;

struct runner_config {
	const char *pupil_path;    /* of pagewalk-pupil */
	const char *actor_path;    /* of pagewalk-actor, for lessons with a driver of their own */
	const char *dir;           /* for files; NULL: see place_choose() */
	const atomic_bool *cancel; /* true: a driver gives up soon; NULL: never */
	bool zram;                 /* make swap of a small zram device, and remove it at the end */
};

/* 0, or -errno with one line in error[room]. The caller frees it with runner_free(). */
int runner_new(const struct host *host, const struct runner_config *config, struct runner **out,
	       char *error, size_t room);
void runner_free(struct runner *runner);
/* What is there for lessons now, or as this configuration would make it. */
struct lesson_powers learn_powers(const struct host *host, const struct runner_config *config);

/*
 * Turns to a lesson, which must live until the next one: a new pupil. Failures show in the results of
 * its steps.
 */
void runner_begin(struct runner *runner, const struct lesson *lesson);
/* The pupil, for the other screens; 0: none now. */
pid_t runner_pid(const struct runner *runner);

/*
 * Brings about the state before step `index` and measures it: a result that is not `performed`
 * and has what is there before. The caller unrefs it.
 */
struct step_result *runner_prepare(struct runner *runner, size_t index);
/*
 * Does the action of the step that was prepared, measures and judges. Where a claim did not
 * hold, the whole step is prepared and done again, at most LEARN_TRIES times in all: memory
 * decays under reclaim, and what is true shows itself within them; nr_tries says so. The caller
 * unrefs it.
 */
struct step_result *runner_perform(struct runner *runner);

#define LEARN_TRIES 4

#endif
