/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_MODEL_LESSON_VIEW_H
#define PAGEWALK_MODEL_LESSON_VIEW_H

#include "model/lesson.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * How far a lesson has got, as screen 7 shows it: made by the worker that runs it, never
 * changed once it is published, shared by reference count.
 */
enum lesson_stage {
	STAGE_NONE,      /* no lesson is open */
	STAGE_PREPARING, /* the state before the step is being brought about */
	STAGE_READY,     /* `result` has what is there before the action */
	STAGE_ACTING,
	STAGE_DONE, /* `result` has what was there before and after, and the verdicts */
};

struct lesson_view {
	atomic_uint refs;
	struct lesson_powers powers;
	const struct lesson *lesson; /* NULL: none */
	size_t step;
	enum lesson_stage stage;
	struct step_result *result; /* of this step; NULL while it is prepared first */
	pid_t pid;                  /* of the pupil, for the other screens; 0: none */
	bool by_itself;             /* it goes on without keys */
	char error[LESSON_REASON];  /* why no lesson can run here; "" where they can */
};

struct lesson_view *lesson_view_new(void);
struct lesson_view *lesson_view_ref(struct lesson_view *view);
/* NULL is none. */
void lesson_view_unref(struct lesson_view *view);

/* What the screen asks of the worker. */
enum learn_command {
	LEARN_BEGIN,   /* arg: index of the lesson; its first step is prepared */
	LEARN_PREPARE, /* arg: step, which need not be the next one */
	LEARN_PERFORM, /* the step that was prepared; nr: the choice that was made, or NO_CHOICE */
	LEARN_LEAVE,   /* the lesson; its pupil ends */
};

#define NO_CHOICE LESSON_CHOICES

#endif
