/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_KERNEL_CGROUP_H
#define PAGEWALK_KERNEL_CGROUP_H

#include "kernel/host.h"

#include <stdint.h>

/*
 * Names for the memory cgroups that /proc/kpagecgroup gives as inode numbers. Answers are
 * kept, so that asking about one page after the other costs one search per cgroup.
 */
struct cgroup_names;

struct cgroup_names *cgroup_names_new(const struct host *host);
void cgroup_names_free(struct cgroup_names *names);
/*
 * The path of the cgroup directory with this inode number, below its mount point ("/" for
 * the root), or NULL where no mounted hierarchy has it. Borrowed until the names are freed.
 */
const char *cgroup_names_find(struct cgroup_names *names, uint64_t inode);

#endif
