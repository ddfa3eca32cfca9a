/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_APP_LEARN_CONFIG_H
#define PAGEWALK_APP_LEARN_CONFIG_H

#include "learn/runner.h"

#include <stdbool.h>
#include <stddef.h>

/* What screen 7 is opened with. */
struct learn_config {
	struct runner_config runner;
	const struct lesson *lesson; /* to begin with; NULL: the list */
	bool by_itself;              /* go on without keys */
	/*
	 * Saves all answers given so far, after each; NULL: they are not kept. 0, or -errno.
	 * `arg` goes with it.
	 */
	int (*save)(void *arg, const struct lesson_answer *answers, size_t nr);
	void *arg;
};

#endif
