/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_KERNEL_REOPEN_H
#define PAGEWALK_KERNEL_REOPEN_H

/*
 * Opens the file behind a descriptor of ours once more, named or not: another struct file of the
 * same inode (proc_pid_fd(5)). The new descriptor, or -errno.
 */
int reopen_fd(int fd, int flags);

#endif
