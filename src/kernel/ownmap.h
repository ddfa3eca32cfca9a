/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_KERNEL_OWNMAP_H
#define PAGEWALK_KERNEL_OWNMAP_H

#include "kernel/filecache.h"
#include "kernel/host.h"
#include "model/cache.h"

#include <stdint.h>

/*
 * Frames, flags and map counts of the cached pages of a file that nobody maps: we map it
 * ourselves for a moment, touch what mincore(2) says is resident, read our own pagemap, unmap,
 * and then ask /proc/kpageflags and /proc/kpagecount. Needs CAP_SYS_ADMIN and root's files.
 *
 * It leaves no trace in the page cache: under MADV_RANDOM a fault starts no readahead, and
 * since Linux 6.3 (vma_has_recency() in mm/) unmapping such memory marks no page as
 * referenced. Whether this kernel has that rule is tried out on a page of our own first. Not
 * to be excluded is a page that is evicted between mincore(2) and the touch right after it: the
 * touch reads that one page back in. Such pages are counted. (In tmpfs a page that is
 * punched out just then comes back as zeroes, and is not counted.)
 */
struct ownmap;

/* The host must outlive it; the caller frees it. */
struct ownmap *ownmap_new(const struct host *host);
void ownmap_free(struct ownmap *own);
/* WHY_OK, or why nothing can be known this way: DENIED, or UNSUPPORTED where it would mark pages. */
enum why ownmap_why(const struct ownmap *own);
/*
 * Pages [first, first + nr) of the file; a frame number of 0 where a page is not cached, or was
 * another one a moment later. Adds to *nr_read_back the pages that the look brought back.
 * 0 or -errno: -EPERM for a file whose cache is not for us, -EOPNOTSUPP where it cannot be mapped.
 */
int ownmap_read(struct ownmap *own, struct filecache *file, uint64_t first_page, uint64_t nr,
		struct cache_frame *frames, uint64_t *nr_read_back);
/* The whole file as runs of frames; skips what is not cached. 0 or -errno. */
int ownmap_read_file(struct ownmap *own, struct filecache *file, struct cache_info *info);

#endif
