/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_UI_SCREEN_LEARN_H
#define PAGEWALK_UI_SCREEN_LEARN_H

#include "model/lesson_view.h"
#include "ui/screen.h"

/* Screen 7: the list of lessons, and a lesson step by step. */

/* The lessons are borrowed for as long as the screen lives. */
struct screen *screen_learn_new(const struct lesson *const *lessons, size_t nr);
/* Shows a view, of which it takes a reference. */
void screen_learn_set_view(struct screen *screen, struct lesson_view *view);
/* Opens the lesson of this index, which the worker has been told to begin. */
void screen_learn_open(struct screen *screen, size_t index);
/* Says in place of the hint that something outside the lesson went wrong; safe text. */
void screen_learn_say(struct screen *screen, const char *text);

#endif
