/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_APP_FAULT_WORKER_H
#define PAGEWALK_APP_FAULT_WORKER_H

#include "kernel/proc.h"
#include "model/fault_view.h"

#include <stdbool.h>

/*
 * The faults of the process that is watched, for all screens that show them. One thread reads
 * them and publishes views, 20 a second at most; another looks up symbols. Nothing is read, and
 * the process is not touched, before the first screen begins.
 */
struct fault_worker;

/* Takes the proc over. No thread runs yet. */
struct fault_worker *fault_worker_new(struct proc *proc);
/* Ends the threads and waits for them. */
void fault_worker_free(struct fault_worker *worker);
/*
 * Begins to watch; a second call does nothing. A process that stands before its first
 * instruction (kernel/launch.h) is attached to before this returns. A refusal is told by the view.
 */
void fault_worker_begin(struct fault_worker *worker, bool stopped);
/*
 * From now on a new view makes `fd`, an eventfd(2), readable, and with `heat` views have the map of
 * heat; or no longer. Two at most may listen. While none does, faults are only counted.
 */
void fault_worker_listen(struct fault_worker *worker, int fd, bool heat);
void fault_worker_unlisten(struct fault_worker *worker, int fd);
/* The newest view, NULL before the first; the caller unrefs it. */
struct fault_view *fault_worker_get(struct fault_worker *worker);

#endif
