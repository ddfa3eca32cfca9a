/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_KERNEL_SYSCACHE_H
#define PAGEWALK_KERNEL_SYSCACHE_H

#include "kernel/host.h"
#include "model/cache_view.h"

/*
 * The page cache of the whole system: amounts from /proc/meminfo and counters of reclaim
 * and swap from /proc/vmstat by libproc2 (procps(3)); refaults of file pages, which that
 * library does not know, from /proc/vmstat itself (Linux 5.9).
 */
struct syscache;

/* 0 or -errno; the caller frees it. */
int syscache_new(const struct host *host, struct syscache **out);
void syscache_free(struct syscache *cache);
/* Amounts now, and rates since the call before (NOT_ASKED in the first). 0 or -errno. */
int syscache_read(struct syscache *cache, struct cache_system *out);

#endif
