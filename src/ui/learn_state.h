/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_UI_LEARN_STATE_H
#define PAGEWALK_UI_LEARN_STATE_H

#include "ui/screen_learn.h"

/* The inside of screen 7, shared by the files that draw its parts and that of its keys. */

/* No lesson has more; more would not be shown. */
#define LEARN_MAX_STEPS 16

/* What the class has made of one step. */
struct learn_step {
	struct step_result *result; /* the newest, with or without the action; or NULL */
	unsigned cursor;            /* the choice that is marked; NO_CHOICE: none yet */
	unsigned choice;            /* that was made before the action; NO_CHOICE: none */
};

struct screen_learn {
	struct screen base;
	const struct lesson *const *lessons;
	size_t nr_lessons;
	size_t cursor;               /* in the list */
	size_t top;                  /* first lesson shown */
	const struct lesson *lesson; /* that is open; NULL: the list */
	size_t step;
	struct learn_step steps[LEARN_MAX_STEPS];
	struct lesson_view *view; /* NULL before the first */
	bool hint;                /* a choice is wanted first */
	char said[160];
};

static inline const struct lesson_step *learn_lesson_step(const struct screen_learn *learn)
{
	return &learn->lesson->steps[learn->step];
}

/* Of the lesson, as far as they are shown. */
size_t learn_nr_steps(const struct screen_learn *learn);
/* True once the step's action has been done and its claims judged. */
bool learn_is_done(const struct screen_learn *learn);
/* True where the worker is at this step, in this stage. */
bool learn_in_stage(const struct screen_learn *learn, enum lesson_stage stage);
/* True while a choice can be made. */
bool learn_is_asking(const struct screen_learn *learn);

void learn_draw_list(struct screen_learn *learn, struct canvas *canvas, const struct theme *theme);
/* Prose, question and answer, in this rectangle. */
void learn_draw_text(const struct screen_learn *learn, struct canvas *canvas,
		     const struct theme *theme, struct rect at);
/* At least 1. */
size_t learn_nr_choices(const struct lesson_question *question);
/* A terminal large enough for white between the lines. */
#define LEARN_ROOMY_ROWS 40
/*
 * Rows that the claims take in so many columns, now or, before the action, at least then; and the
 * claims, with `pitch` rows from one to the next.
 */
int learn_claim_rows(const struct screen_learn *learn, int columns);
int learn_least_claim_rows(const struct screen_learn *learn);
void learn_draw_claims(const struct screen_learn *learn, struct canvas *canvas,
		       const struct theme *theme, struct rect at, int pitch);
/* The pictures: the map before and after; the ways of the bytes, or the table of them. */
void learn_draw_regions(const struct screen_learn *learn, struct canvas *canvas,
			const struct theme *theme, struct rect at);
void learn_draw_ways(const struct screen_learn *learn, struct canvas *canvas,
		     const struct theme *theme, struct rect at);
/* The descriptors of the step, if it shows them; returns the rows that it took. */
int learn_draw_descriptors(const struct screen_learn *learn, struct canvas *canvas,
			   const struct theme *theme, struct rect at);
/*
 * The addresses that the step takes apart, in `columns`, LEARN_SPLIT_ROWS each, as long as they fit
 * into `rows`; returns the rows that it took.
 */
int learn_draw_addresses(const struct screen_learn *learn, struct canvas *canvas,
			 const struct lesson_region *region, struct rect at);
#define LEARN_SPLIT_ROWS 3
/* All but the line of keys. */
void learn_draw_title(const struct screen_learn *learn, struct canvas *canvas);
void learn_draw_lesson(const struct screen_learn *learn, struct canvas *canvas,
		       const struct theme *theme);

#endif
