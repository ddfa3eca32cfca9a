/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_UI_SCREEN_OBJECTS_H
#define PAGEWALK_UI_SCREEN_OBJECTS_H

#include "model/objects.h"
#include "ui/screen.h"

/*
 * Screen 3: what the tasks of a process point to, as boxes and lines. Enter gives
 * ACTION_OPEN_FILE on a file's inode, ACTION_OPEN_ADDR on a VMA, ACTION_OPEN_PID on a task of
 * another process.
 */
struct screen *screen_objects_new(void);
/* Gives it a newer picture, of which it takes a reference; what is chosen stays chosen. */
void screen_objects_set(struct screen *screen, struct objects *objects);
/* Said in the title: reading stands still; the process has exited. */
void screen_objects_set_paused(struct screen *screen, bool paused);
void screen_objects_set_gone(struct screen *screen);

#endif
