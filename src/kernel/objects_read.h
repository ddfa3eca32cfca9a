/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_KERNEL_OBJECTS_READ_H
#define PAGEWALK_KERNEL_OBJECTS_READ_H

#include "kernel/fds.h"
#include "kernel/mounts.h"
#include "kernel/objects.h"

/* The parts of one reading of objects; for kernel/objects*.c alone. */
struct objects_reader {
	struct proc *proc;
	const struct host *host;
	const struct objects_limits *limits;
	struct objects *out;
	struct mounts mounts;
	struct inode_stat *stats; /* of each descriptor */
	pid_t living_tid;         /* a thread of the process that has not exited */
	uint64_t deadline_ns;     /* of CLOCK_MONOTONIC; UINT64_MAX: none */
};

/* True where the budget is used up. */
bool objects_late(const struct objects_reader *reader);
/* True where the reader is to stop. */
bool objects_stopped(const struct objects_reader *reader);
/* Notes an answer or refusal of a source; a refusal stays noted. */
void objects_note_source(struct objects_reader *reader, enum source source, enum why why);

/* Each: 0, or -ESRCH where the process is gone, or -errno of what nothing can go on without. */
int objects_read_tasks(struct objects_reader *reader);
int objects_read_mm(struct objects_reader *reader);
int objects_read_fs(struct objects_reader *reader);
int objects_read_fds(struct objects_reader *reader);
int objects_read_inodes(struct objects_reader *reader);
int objects_read_files(struct objects_reader *reader);

#endif
