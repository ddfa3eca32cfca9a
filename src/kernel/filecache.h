/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_KERNEL_FILECACHE_H
#define PAGEWALK_KERNEL_FILECACHE_H

#include "kernel/host.h"
#include "model/cache.h"

#include <sys/stat.h>

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
/* The same below a directory; "fd/3" or "map_files/START-END" below /proc/PID too. */
int filecache_open_at(const struct host *host, int dir_fd, const char *path,
		      enum filecache_source source, struct filecache **out);
/* The same for a descriptor that stays the caller's. */
int filecache_open_fd(const struct host *host, int fd, enum filecache_source source,
		      struct filecache **out);
/* The same for a descriptor that is taken over, unless this fails; access times stay. */
int filecache_take_fd(const struct host *host, int fd, enum filecache_source source,
		      struct filecache **out);
void filecache_close(struct filecache *file);

/*
 * Fills *out for the file as it is now, with `nr_cells` cells (0: totals only), each
 * of an equal power of two of pages. Totals and cells are unknown, with the reason in
 * out->why, where the kernel refuses. 0 or -errno; the caller calls
 * cache_info_clear().
 */
int filecache_read(struct filecache *file, size_t nr_cells, struct cache_info *out);

/*
 * Counts `nr_cells` cells of pages_per_cell pages each from first_page on; the caller has set
 * `pages` of each and the rest to 0. What is uniform is asked for at once, so that the cost
 * follows what differs. *why says why the counts are unknown. 0 or -errno of statx(2).
 */
int filecache_count(struct filecache *file, uint64_t first_page, uint64_t pages_per_cell,
		    size_t nr_cells, struct cache_counts *cells, enum why *why,
		    enum why *why_states);
/* Whether the kernel tells this user the truth about the file (can_do_cachestat in mm/). */
bool filecache_may_ask(const struct filecache *file);
/*
 * What the kernel knows of the file without asking a server for it (statx(2), AT_STATX_DONT_SYNC),
 * which may never answer. 0 or -errno.
 */
int filecache_stat(const struct filecache *file, struct statx *out);
/* The descriptor, borrowed. */
int filecache_fd(const struct filecache *file);

/*
 * What to call a file that was opened as `path`: that, or, where it leads through /proc, the
 * name that the kernel knows. The caller frees it.
 */
char *filecache_name(const struct filecache *file, const char *path);

/* What follows changes the page cache; only on the user's word. Each: 0 or -errno. */
/* Reads one page (pread(2)); readahead may add others. */
int filecache_read_page(struct filecache *file, uint64_t page);
/* Starts reading a range (readahead(2)); the kernel takes less of a long one. */
int filecache_read_ahead(struct filecache *file, uint64_t first_page, uint64_t nr_pages);
/* Writes dirty pages out and waits (sync_file_range(2)); not the metadata. */
int filecache_write_back(struct filecache *file);
/* Asks the kernel to drop the file's clean pages (posix_fadvise(2), DONTNEED). 0 or -errno. */
int filecache_evict(struct filecache *file);

#endif
