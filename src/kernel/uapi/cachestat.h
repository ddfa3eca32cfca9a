/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_KERNEL_UAPI_CACHESTAT_H
#define PAGEWALK_KERNEL_UAPI_CACHESTAT_H

#include <linux/types.h>
#include <sys/syscall.h>

/*
 * cachestat(2) (include/uapi/linux/mman.h, Linux 6.5), declared here because the headers
 * of Debian 12 are older. Its number is the same on every architecture but alpha.
 */
#ifndef __NR_cachestat
#define __NR_cachestat 451

struct cachestat_range {
	__u64 off;
	__u64 len; /* 0: to the end of the file */
};

struct cachestat {
	__u64 nr_cache;
	__u64 nr_dirty;
	__u64 nr_writeback;
	__u64 nr_evicted;
	__u64 nr_recently_evicted;
};

#endif
#endif
