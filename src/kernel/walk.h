/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_KERNEL_WALK_H
#define PAGEWALK_KERNEL_WALK_H

#include "kernel/proc.h"
#include "model/page.h"
#include "model/sources.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * A walk over the page table of a process without touching it. Where nothing is
 * present it costs nothing (PAGEMAP_SCAN skips it); where pages are, their
 * entries, frames, flags and counts are read in runs and handed on in spans.
 */
struct walker;

enum walk_want {
	WALK_STATES = 0,      /* always: present, swapped, file, zero, huge */
	WALK_FRAMES = 1 << 0, /* pagemap: frame numbers, exclusive */
	WALK_FLAGS = 1 << 1,  /* kpageflags; implies frames */
	WALK_COUNTS = 1 << 2, /* kpagecount; implies frames */
	WALK_ALL = WALK_FRAMES | WALK_FLAGS | WALK_COUNTS,
};

/* Pages read at once; tests pass tiny numbers so that every boundary is hit. */
#define WALK_CHUNK_PAGES 32768

/*
 * Opens /proc/PID/pagemap and, where allowed, kpageflags and kpagecount
 * (Documentation/admin-guide/mm/pagemap.rst). 0 or -errno; what is refused of
 * the latter is noted in walker_sources(). The proc must outlive the walker.
 */
int walker_new(struct proc *proc, size_t chunk_pages, struct walker **out);
void walker_free(struct walker *walker);
/* Of the machine it walks on. Borrowed. */
const struct geometry *walker_geometry(const struct walker *walker);
/* True where a walk over what is not mapped costs nothing (PAGEMAP_SCAN). */
bool walker_skips_gaps(const struct walker *walker);
/* Which interface answered so far, and why one did not. Borrowed. */
const struct sources *walker_sources(const struct walker *walker);
/*
 * `hook` runs between chunks of every walk; when it returns non-zero, the walk ends with
 * that. It may use another walker. NULL: none.
 */
void walker_set_hook(struct walker *walker, int (*hook)(void *arg), void *arg);

/*
 * Lets long walks use a second thread, which reads kpageflags and kpagecount of one chunk while
 * the caller's reads the pagemap of the next: for reports, that are waited for. `fn` and the
 * hook still run in the caller's thread only.
 */
void walker_use_two_threads(struct walker *walker);

/*
 * Walks pages start_vpn up to end_vpn (exclusive) and hands their spans to `fn` in
 * address order; pages that no span covers are absent. A non-zero return of `fn` ends
 * the walk, which then returns it. 0, -ESRCH when the address space is gone,
 * -EFAULT for addresses outside user space, or -errno.
 */
int walk_pages(struct walker *walker, uint64_t start_vpn, uint64_t end_vpn, unsigned want,
	       int (*fn)(void *arg, const struct page_span *span), void *arg);

#endif
