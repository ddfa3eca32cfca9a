/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_UI_SCREEN_PICK_H
#define PAGEWALK_UI_SCREEN_PICK_H

#include "model/plist.h"
#include "ui/screen.h"

/* How the list is shown; it can be saved. */
struct pick_settings {
	enum plist_key sort;
	bool reversed, tree, kernel_threads;
};

/*
 * The list of processes to choose from: filtered as one types, kernel threads marked.
 * Enter gives ACTION_OPEN_PID.
 */
struct screen *screen_pick_new(const char *filter, const struct pick_settings *settings);
void screen_pick_get_settings(const struct screen *screen, struct pick_settings *settings);
/* Gives it a newer list, which it owns from then on; the chosen PID stays chosen. */
void screen_pick_set_list(struct screen *screen, struct plist *list);

#endif
