/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_APP_CACHE_WORKER_H
#define PAGEWALK_APP_CACHE_WORKER_H

#include "kernel/proc.h"
#include "model/cache_view.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * The thread behind screen 4: looks at one file's page cache and at the system's, lists the
 * files of the watched process, and does to the file what the user confirmed. A file system
 * that does not answer holds up this thread alone.
 */
struct cache_worker;

/* Starts the thread; takes the proc over (NULL: no process is watched). */
struct cache_worker *cache_worker_new(struct proc *proc, pid_t pid, uint64_t period_ns);
/* Ends the thread; one that a file system holds is left behind after a second. */
void cache_worker_free(struct cache_worker *worker);
/*
 * Looks at the file at `path`, or, with an address, at the one that the watched process maps
 * there, from page `page` on. The path is copied.
 */
void cache_worker_open(struct cache_worker *worker, const char *path, uint64_t addr, uint64_t page);
/* Carries out a command: its id for CHOOSE, else pages [first, first + nr) of the file. */
void cache_worker_command(struct cache_worker *worker, enum cache_command command, uint64_t first,
			  uint64_t nr);
/* What to read from now on. */
void cache_worker_request(struct cache_worker *worker, const struct cache_request *request);
void cache_worker_pause(struct cache_worker *worker, bool paused);
/* The newest view, NULL before the first; the caller unrefs it. */
struct cache_view *cache_worker_get(struct cache_worker *worker);
/* An eventfd(2) that becomes readable with each new view; the reader clears it. */
int cache_worker_event_fd(const struct cache_worker *worker);

#endif
