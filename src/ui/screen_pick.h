/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_UI_SCREEN_PICK_H
#define PAGEWALK_UI_SCREEN_PICK_H

#include "model/plist.h"
#include "ui/screen.h"

/*
 * The list of processes to choose from: filtered as one types, largest resident set
 * first, kernel threads marked. Enter gives ACTION_OPEN_PID.
 */
struct screen *screen_pick_new(const char *filter);
/* Gives it a newer list, which it owns from then on; the chosen PID stays chosen. */
void screen_pick_set_list(struct screen *screen, struct plist *list);

#endif
