/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_KERNEL_FILEMAP_EVENTS_H
#define PAGEWALK_KERNEL_FILEMAP_EVENTS_H

#include "kernel/filemaps.h"
#include "kernel/host.h"
#include "model/cache_view.h"

/*
 * Pages of one file as they come into the page cache and leave it, by the tracepoints
 * filemap:mm_filemap_add_to_page_cache and ..._delete_from_page_cache on every CPU, which
 * the kernel filters by inode and device. Where it has mm_filemap_get_pages and
 * mm_filemap_fault too (Linux 6.11), they tell what reads and faults asked for, and so what
 * readahead added.
 */
struct filemap_events;

/* Faults of the calling thread are left out: it looks. 0 or -errno: -EACCES and -EPERM without CAP_PERFMON and access to tracefs. */
int filemap_events_open(const struct host *host, const struct file_key *key,
			struct filemap_events **out);
void filemap_events_close(struct filemap_events *events);
/*
 * Marks in the grid (may be NULL) at once what came and went since the last call, and adds
 * it to the log as soon as its cause is known: after CAUSE_WAIT_NS at the latest.
 */
#define CAUSE_WAIT_NS UINT64_C(300000000)
void filemap_events_read(struct filemap_events *events, struct cache_log *log,
			 struct cache_grid *grid);

/*
 * The same, but each event is given to fn. With `last` none waits for its cause any more. Returns
 * how many events did not fit the rings so far.
 */
typedef void filemap_events_fn(void *arg, const struct cache_event *event);
uint64_t filemap_events_each(struct filemap_events *events, bool last, struct cache_grid *grid,
			     filemap_events_fn *fn, void *arg);

#endif
