/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_UI_LAB_WORDS_H
#define PAGEWALK_UI_LAB_WORDS_H

#include "model/lab_view.h"

#include <stdbool.h>
#include <stddef.h>

/* The parts of the title behind the program's name; how many. */
size_t lab_title_parts(const struct lab_view *view, char parts[4][64]);
/*
 * What is to be said of the chosen lane: what its last step moved, or how it works and what
 * is not known and why. `proof` may be NULL; `fit` bytes are sure to be in sight.
 */
void lab_lane_sentence(const struct lane_view *lane, const struct lab_proof *proof, size_t fit,
		       char *out, size_t room);

#endif
