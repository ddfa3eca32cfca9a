/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_KERNEL_FILECACHE_H
#define PAGEWALK_KERNEL_FILECACHE_H

#include "kernel/host.h"
#include "model/cache.h"

/*
 * The page cache of one file, observed without reading the file: cachestat(2)
 * (Linux 6.5), or mincore(2) over a mapping that is never touched. Both answer
 * only the file's owner or who may write it; mincore does not say so but claims
 * that every page is resident, so the kernel's rule is checked first.
 */
struct filecache;

enum filecache_source {
	FILECACHE_AUTO, /* cachestat where this kernel has it, else mincore */
	FILECACHE_CACHESTAT,
	FILECACHE_MINCORE,
};

/*
 * Opens a regular file without blocking on anything else: -EISDIR for a directory,
 * -ENODEV for what is neither (FIFO, device, socket), or -errno of open(2). The caller
 * closes it with filecache_close().
 */
int filecache_open(const struct host *host, const char *path, enum filecache_source source,
		   struct filecache **out);
/* The same for a descriptor that stays the caller's. */
int filecache_open_fd(const struct host *host, int fd, enum filecache_source source,
		      struct filecache **out);
void filecache_close(struct filecache *file);

/*
 * Fills *out for the file as it is now, with `nr_cells` cells (0: totals only), each
 * of an equal power of two of pages. Totals and cells are unknown, with the reason in
 * out->why, where the kernel refuses. 0 or -errno; the caller calls
 * cache_info_clear().
 */
int filecache_read(struct filecache *file, size_t nr_cells, struct cache_info *out);

/* Asks the kernel to drop the file's clean pages (posix_fadvise(2), DONTNEED). 0 or -errno. */
int filecache_evict(struct filecache *file);

#endif
