/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_OUT_LEARN_H
#define PAGEWALK_OUT_LEARN_H

#include "model/lesson.h"

#include <stddef.h>
#include <stdio.h>

/*
 * Lessons as text and what they measured as TAP (Test Anything Protocol, version 14) or JSON.
 * Each returns 0 or -errno.
 */

/* The list: name, title, what is not there for it. */
int out_lessons_text(FILE *out, const struct lesson *const *lessons, size_t nr,
		     const struct lesson_powers *powers);
int out_lessons_json(FILE *out, const struct lesson *const *lessons, size_t nr,
		     const struct lesson_powers *powers, uint64_t taken_ns);
/* A lesson to read: prose, questions with their answers, claims. */
int out_lesson_text(FILE *out, const struct lesson *lesson);

/*
 * One line of TAP for each claim, as they come: out_tap_begin() says how many there will be;
 * *nr counts on from one result to the next.
 */
int out_tap_begin(FILE *out, size_t nr_claims);
int out_tap_step(FILE *out, const struct step_result *result, size_t *nr);

/* The document of `learn --check --json`; results are in the order in which they were made. */
int out_learn_json(FILE *out, struct step_result *const *results, size_t nr, uint64_t taken_ns);

/* The document of --answers FILE. */
int out_answers_json(FILE *out, const struct lesson_answer *answers, size_t nr, uint64_t taken_ns);

#endif
