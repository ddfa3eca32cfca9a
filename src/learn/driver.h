/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_LEARN_DRIVER_H
#define PAGEWALK_LEARN_DRIVER_H

#include "kernel/host.h"
#include "model/lesson.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

/* What a lesson's driver is begun with. */
struct driver_setup {
	const struct host *host;
	const char *actor_path;    /* of pagewalk-actor */
	const char *dir;           /* for files, as the user gave it; NULL: where they go else */
	const atomic_bool *cancel; /* true: give up soon; NULL: never */
};

/*
 * Carries out the steps of a lesson that the pupil cannot: the runner calls begin() before the
 * first step, perform() with the step's `prepare` (where it has one) and then its `action`, and
 * measure() for each claim before and after the action. All in the runner's thread. Each returns
 * 0, or -errno with one line in error[room]; -ENOTSUP says that this machine cannot do it, which
 * makes the claims unknown for that reason.
 */
struct lesson_driver {
	int (*begin)(const struct driver_setup *setup, void **state, char *error, size_t room);
	int (*perform)(void *state, const char *action, char *error, size_t room);
	/* QUANTITY_SAID with its subject; out->why and out->reason where it is not known. */
	void (*measure)(void *state, const struct lesson_claim *claim, struct reading *out);
	void (*end)(void *state);
};

/* Sends files and proves copies by the lab: lessons on transfer modes (driver_lab.c). */
extern const struct lesson_driver driver_lab;
/* True where driver_lab knows the action: a verb and transfer modes that exist. */
bool driver_lab_knows(const char *action);

#endif
