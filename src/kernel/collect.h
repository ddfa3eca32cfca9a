/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_KERNEL_COLLECT_H
#define PAGEWALK_KERNEL_COLLECT_H

#include "kernel/proc.h"
#include "kernel/walk.h"
#include "model/moment.h"
#include "model/paint.h"
#include "model/runs.h"
#include "model/snapshot.h"

/*
 * From the kernel into the model: whole passes and their parts. Reports make one pass; the
 * sampler makes the parts in the order in which the screen needs them.
 */

/*
 * One whole pass for a report: identity, VMAs, counts of every VMA (`want` of enum
 * walk_want) and, unless `runs` is NULL, the runs of pages. 0, -ESRCH, or -errno; a process
 * without user memory gives a snapshot whose VMA list is empty. The caller unrefs *out.
 */
int collect_report(struct proc *proc, unsigned want, struct run_list *runs, struct snapshot **out);

/*
 * Counts every VMA of the table by one walk, and the frames into `frames` and the runs into
 * `runs` and `moment` where these are not NULL. VMAs outside user addresses (vsyscall) are unknown.
 */
int collect_counts(struct walker *walker, const struct host *host, unsigned want,
		   struct vma_table *table, struct frame_map *frames, struct run_list *runs,
		   struct moment *moment);

/*
 * Fills the grid, its paint and the moment of its pages (may be NULL) from a walk of its range with
 * all that is allowed.
 */
int collect_grid(struct walker *walker, struct grid *grid, enum vma_kind kind,
		 const struct paint_context *context, struct moment *moment);

/* Fills a grid with what pagemap alone tells: states, and the digests of frames. 0 or -errno. */
int collect_frames(struct walker *walker, struct grid *grid);

#endif
