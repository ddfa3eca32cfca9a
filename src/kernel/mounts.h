/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_KERNEL_MOUNTS_H
#define PAGEWALK_KERNEL_MOUNTS_H

#include "kernel/proc.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The mounts that a process sees, from /proc/PID/mountinfo (proc_pid_mountinfo(5)). */
struct mount {
	uint64_t id;
	uint32_t dev_major, dev_minor;
	char fstype[24];
};

struct mounts {
	struct mount *items;
	size_t nr, room;
};

/* 0 or -errno; *out is empty then. The caller calls mounts_clear(). */
int mounts_read(struct proc *proc, struct mounts *out);
/* Parses the text; lines that do not parse are left out. */
void mounts_parse(const char *text, size_t len_bytes, struct mounts *out);
void mounts_clear(struct mounts *mounts);
/* NULL where there is none. */
const struct mount *mounts_by_id(const struct mounts *mounts, uint64_t id);
const struct mount *mounts_by_dev(const struct mounts *mounts, uint32_t dev_major,
				  uint32_t dev_minor);
/*
 * True for file systems whose open(2) asks a server or another process, and so may never
 * return: NFS, FUSE, SMB, 9p, Ceph, AFS.
 */
bool mount_may_hang(const struct mount *mount);

#endif
