/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_KERNEL_FILELIST_H
#define PAGEWALK_KERNEL_FILELIST_H

#include "kernel/proc.h"
#include "model/filelist.h"

/*
 * The regular files (memfds among them) that a process has open (/proc/PID/fd) or mapped
 * (/proc/PID/maps, and map_files where allowed), each inode once. Nothing is opened. 0, -ESRCH
 * where the process is gone, or -errno; what may not be listed is said in *out. The caller
 * calls file_list_clear().
 */
int file_list_read(struct proc *proc, struct file_list *out);
/*
 * Opens the file of an entry for reading, by its descriptor or mapping, never by its path. Of an
 * entry that may hang it may never return. The descriptor, to be closed, or -errno.
 */
int file_list_open(struct proc *proc, const struct file_entry *entry);

#endif
