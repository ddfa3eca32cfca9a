/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_KERNEL_OBJECTS_H
#define PAGEWALK_KERNEL_OBJECTS_H

#include "kernel/proc.h"
#include "model/objects.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How far a reading of the objects goes. */
struct objects_limits {
	size_t nr_threads, nr_fds; /* 0: all */
	bool first_look;           /* no page caches, page tables or other processes */
	uint64_t budget_ns;        /* after it no more processes and caches; 0: no bound */
	/* Asked now and then; true ends the reading with -ECANCELED. NULL: never. */
	bool (*stop)(void *arg);
	void *arg;
};

/*
 * Everything that a process's tasks point to: status, stat, task/, fd/, fdinfo/, maps, pagemap,
 * net/, kcmp(2), cachestat(2). What was refused says so in its place. 0, -ESRCH where the
 * process is gone, -ECANCELED, or -errno. The caller unrefs *out.
 */
int objects_read(struct proc *proc, const struct objects_limits *limits, struct objects **out);

#endif
