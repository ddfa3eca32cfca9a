/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cold and hot, verified. Eviction is a request: posix_fadvise(2) drops clean pages that
 * nobody maps or holds, so the file is brought to the disk first, and the answer is read
 * back by cachestat(2). Pages still held for a moment (by writeback, by another CPU's
 * batch) are why it is tried more than once.
 */
#include "lab/residency.h"

#include "base/clock.h"
#include "base/xalloc.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define NR_TRIES   200
#define NAP_NS     (10 * (long)NS_PER_MS)
#define READ_BYTES (1024 * 1024)

static void look(struct filecache *cache, enum lab_start wanted, struct residency *out)
{
	struct cache_info info = { 0 };
	int err = filecache_read(cache, 0, &info);

	*out = (struct residency){ .why = err ? why_from_errno(-err) : info.why };
	if (out->why == WHY_OK) {
		out->cached_pages = info.total.cached;
		out->pages = info.total.pages;
		out->as_wanted = info.total.cached == (wanted == LAB_COLD ? 0 : info.total.pages);
	}
	cache_info_clear(&info);
}

static int evict(struct filecache *cache, int fd)
{
	const struct timespec nap = { 0, NAP_NS };

	nanosleep(&nap, NULL);
	fdatasync(fd);
	return filecache_evict(cache);
}

static int read_in(int fd, const atomic_bool *cancel)
{
	char *block = xmalloc(READ_BYTES);
	off_t off_bytes = 0;
	ssize_t got;
	int err = 0;

	while (!err && (got = pread(fd, block, READ_BYTES, off_bytes))) {
		if (got < 0 && errno != EINTR)
			err = -errno;
		else if (got > 0)
			off_bytes += got;
		if (atomic_load(cancel))
			err = -ECANCELED;
	}
	free(block);
	return err;
}

int residency_reach(struct filecache *cache, int fd, enum lab_start wanted,
		    const atomic_bool *cancel, struct residency *out)
{
	look(cache, wanted, out);
	for (int i = 0; i < NR_TRIES && !out->as_wanted; i++) {
		int err = wanted == LAB_COLD ? evict(cache, fd) : read_in(fd, cancel);

		if (atomic_load(cancel))
			return -ECANCELED;
		if (err && wanted == LAB_HOT)
			return err;
		look(cache, wanted, out);
		/* What cannot be looked at cannot be waited for. */
		if (out->why != WHY_OK)
			break;
	}
	return 0;
}
