/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_KERNEL_EVICTION_WATCH_H
#define PAGEWALK_KERNEL_EVICTION_WATCH_H

#include "kernel/host.h"
#include "kernel/proc.h"
#include "model/fault_evictions.h"

/*
 * What leaves the page cache of the files that watched processes map, by the tracepoint
 * filemap:mm_filemap_delete_from_page_cache on every CPU, filtered by the kernel to those files.
 */
struct eviction_watch;

/* Where it is refused, eviction_watch_state() says why. The host must outlive it. */
struct eviction_watch *eviction_watch_new(const struct host *host);
void eviction_watch_free(struct eviction_watch *watch);
/* Takes the file of a mapping into the watch, with the next eviction_watch_follow(). */
void eviction_watch_note(struct eviction_watch *watch, const struct vma *vma);
/*
 * Begins to watch the files that were noted since the last call. `proc` (may be NULL) is a process
 * that maps them: its mounts tell what lies on overlayfs. Where they cannot be read, those that
 * were read last do; a file that is on none of them has the doubt that it may.
 */
void eviction_watch_follow(struct eviction_watch *watch, struct proc *proc);
/*
 * Ends the events, after a last eviction_watch_read(); the state stays. Files that were noted since
 * eviction_watch_follow() get the doubts that it would have given them.
 */
void eviction_watch_end(struct eviction_watch *watch, struct proc *proc);
/* Takes what has been evicted by now into the state. */
void eviction_watch_read(struct eviction_watch *watch);
typedef void eviction_watch_fn(void *arg, const struct fault_eviction *eviction);
/*
 * Tells what eviction_watch_read() has taken and was not told yet, as far as it is not younger than
 * until_ns (CLOCK_MONOTONIC): what is younger waits for the faults of its time.
 */
void eviction_watch_tell(struct eviction_watch *watch, uint64_t until_ns, eviction_watch_fn *fn,
			 void *arg);
/* Borrowed. */
struct fault_evictions *eviction_watch_state(struct eviction_watch *watch);

#endif
