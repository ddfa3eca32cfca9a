/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_APP_OBJECTS_WATCH_H
#define PAGEWALK_APP_OBJECTS_WATCH_H

#include "kernel/proc.h"
#include "model/objects.h"

#include <stdbool.h>

/*
 * The thread that reads the objects of a process for screen 3: first a quick look at what a
 * screen has room for, then everything, again each second or, where that takes long, so
 * seldom that a tenth of a core is the bound.
 */
struct objects_watch;

/* Starts the thread; takes the proc over. */
struct objects_watch *objects_watch_new(struct proc *proc);
/* Ends the thread and waits for it; a reading that is under way is broken off. */
void objects_watch_free(struct objects_watch *watch);
/* While nobody looks, or wants the picture to stand still, nothing is read. */
void objects_watch_pause(struct objects_watch *watch, bool paused);
/* The newest picture, NULL where there is none since the last call; the caller unrefs it. */
struct objects *objects_watch_take(struct objects_watch *watch);
/* True once the process has exited; then nothing more comes. */
bool objects_watch_ended(struct objects_watch *watch);
/* An eventfd(2) that becomes readable with each picture; the reader clears it. */
int objects_watch_event_fd(const struct objects_watch *watch);

#endif
