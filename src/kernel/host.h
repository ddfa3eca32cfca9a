/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_KERNEL_HOST_H
#define PAGEWALK_KERNEL_HOST_H

#include "base/why.h"
#include "model/geometry.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * This machine and this user: geometry, kernel, what may be asked here. Probed
 * once by host_new() and then only read, but for the count of own system calls.
 */
struct host {
	struct geometry geometry;
	char kernel[96];         /* uname(2) release */
	char *root;              /* prefix of /proc and /sys: "" on the live machine */
	bool may_see_frames;     /* CAP_SYS_ADMIN: pagemap gives frame numbers */
	bool may_trace;          /* CAP_SYS_PTRACE: other users' processes */
	bool may_override_owner; /* CAP_FOWNER: mincore and cachestat of any file */
	enum why pagemap_scan;   /* PAGEMAP_SCAN, Linux 6.7 */
	enum why cachestat;      /* cachestat(2), Linux 6.5 */
	enum why procmap_query;  /* PROCMAP_QUERY, Linux 6.11 */
	atomic_ulong *nr_calls;  /* system calls made by this layer so far */
};

/*
 * Probes the machine. `root` prefixes /proc and /sys, so that a recorded tree can
 * be read ("" for the live one). The caller frees it with host_free().
 */
struct host *host_new(const char *root);
void host_free(struct host *host);
/* System calls that observing has cost so far. */
unsigned long host_calls(const struct host *host);

/*
 * System calls, counted. Each returns what the call returned, or -errno; EINTR is
 * retried. `path` is below the host's root.
 */
int host_open(const struct host *host, const char *path, int flags);
int host_openat(const struct host *host, int dir_fd, const char *path, int flags);
ssize_t host_pread(const struct host *host, int fd, void *out, size_t len_bytes, off_t off_bytes);
ssize_t host_readlinkat(const struct host *host, int dir_fd, const char *path, char *out,
			size_t len_bytes);
int host_ioctl(const struct host *host, int fd, unsigned long request, void *arg);

/*
 * Reads a whole file of unknown size below dir_fd (AT_FDCWD: `path` is below the
 * host's root). *text is NUL-terminated and the caller's to free. 0 or -errno.
 */
int host_read_all(const struct host *host, int dir_fd, const char *path, char **text,
		  size_t *len_bytes);

#endif
