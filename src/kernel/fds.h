/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_KERNEL_FDS_H
#define PAGEWALK_KERNEL_FDS_H

#include "kernel/mounts.h"
#include "kernel/proc.h"
#include "model/objects.h"

#include <stddef.h>

/* The descriptors of a process: /proc/PID/fd and fdinfo (proc_pid_fd(5), proc_pid_fdinfo(5)). */

/*
 * The numbers of its open descriptors, ascending. 0, -EACCES without ptrace read access, or
 * -errno; the caller frees *fds.
 */
int fds_list(struct proc *proc, int **fds, size_t *nr);
/* What an inode is, by statx(2) without asking a server for it. */
struct inode_stat {
	uint32_t dev_major, dev_minor;
	uint64_t ino;
	unsigned mode, nlink;
	uid_t uid;
	uint64_t size_bytes;
};

/* Of the inode behind a name below /proc/PID ("fd/3", "map_files/..."). 0 or -errno. */
int fds_stat(struct proc *proc, const char *name, struct inode_stat *out);
/*
 * Fills out->kind, path, flags, ... (not its links) and *stat, whose mode is 0 where statx
 * failed. What is refused or has closed meanwhile carries its reason.
 */
void fds_read(struct proc *proc, int fd, struct obj_fd *out, struct inode_stat *stat);
/* The text of a link below /proc/PID. 0 and *text, the caller's to free, or -errno. */
int fds_link(struct proc *proc, const char *name, char **text);
/*
 * A descriptor of our own on the regular file behind descriptor `fd` of the process, or, with
 * fd -1, behind its mapping from start_addr to end_addr (map_files: CAP_SYS_ADMIN or
 * CAP_CHECKPOINT_RESTORE). A file that has no name any more, or lies in another mount
 * namespace, is reached so, too. Where a server has to be asked (mount_may_hang()), this may never
 * return; to borrow the open file by pidfd_getfd(2) is no way out, because closing it again
 * asks the server, too (FLUSH), and may write data. The descriptor to be closed, or -errno.
 */
int fds_open(struct proc *proc, int fd, uint64_t start_addr, uint64_t end_addr);

#endif
