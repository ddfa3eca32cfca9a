/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_KERNEL_TOPFILES_H
#define PAGEWALK_KERNEL_TOPFILES_H

#include "kernel/host.h"
#include "model/cache.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * What lies in the page cache of the regular files that any process has open or mapped. Each
 * file is one device and inode, however many processes have it; it is counted through the
 * descriptor or the mapping of the first of them (kernel/filelist.h), so deleted files and
 * those of other mount namespaces count too. Files that nobody has open are not seen.
 */
struct top_file {
	char *path; /* raw, as the first process names it */
	uint32_t dev_major, dev_minor;
	uint64_t inode;
	struct cache_info info;
	size_t nr_processes;
};

struct top_files {
	struct top_file *items; /* most cached first, unknown ones last */
	size_t nr, room;
	size_t nr_processes; /* that were looked at */
	size_t nr_denied;    /* and those that may not be looked into */
	uint32_t *slots;     /* private: where a file of this hash stands */
	size_t nr_slots;
};

/*
 * `progress` (may be NULL) is told how many of how many processes are done. What may never
 * answer (a file system with a server) is listed with WHY_NOT_ASKED. 0 or -errno; the caller
 * calls topfiles_clear().
 */
int topfiles_read(const struct host *host,
		  void (*progress)(void *arg, size_t done, size_t of, size_t nr_files), void *arg,
		  struct top_files *out);
void topfiles_clear(struct top_files *files);

#endif
