/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_LEARN_PUPIL_H
#define PAGEWALK_LEARN_PUPIL_H

#include "learn/pupil_wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Within the pupil: what it has made so far, which is also what it answers. */
struct pupil {
	struct pupil_answer stage;
	size_t page_bytes;
	const char *dir;              /* for files */
	bool mapped[LESSON_SUBJECTS]; /* the region was made by pupil_map() */
};

/* One thing that the pupil can do. 0, or -errno with the reason in pupil->stage.text. */
struct pupil_action {
	const char *name;
	int (*act)(struct pupil *pupil);
};

/* By subject, each in a file of its own; the last has no name. */
extern const struct pupil_action pupil_anon_actions[];
extern const struct pupil_action pupil_file_actions[];
extern const struct pupil_action pupil_task_actions[];
extern const struct pupil_action pupil_signal_actions[];

/* Says what failed; returns -err. */
int pupil_fail(struct pupil *pupil, int err, const char *what);

/*
 * Maps region `index` anew: what it was before is unmapped. Anonymous memory is kept from huge pages, so that a page is a page. 0 or -errno.
 */
int pupil_map(struct pupil *pupil, unsigned index, const char *name, size_t nr_pages, int prot,
	      int flags, int fd);
void pupil_unmap(struct pupil *pupil, unsigned index);
/* Names a range of a task for the runner, without mapping anything. */
void pupil_name_region(struct pupil *pupil, unsigned index, const char *name, pid_t pid,
		       uintptr_t start_addr, size_t nr_pages);
/* The first byte of a page of a region. */
volatile unsigned char *pupil_page(const struct pupil *pupil, unsigned index, size_t page);
/* Stores to, or loads from, the first byte of pages first to first + nr - 1. */
void pupil_write(struct pupil *pupil, unsigned index, size_t first, size_t nr);
void pupil_read(const struct pupil *pupil, unsigned index, size_t first, size_t nr);

/* Descriptor `index` becomes fd; what it was is closed. */
void pupil_set_fd(struct pupil *pupil, unsigned index, int fd);
/*
 * A file of nr_pages pages of bytes that are not 0, without a name, as descriptor 0, on the disk
 * and clean; with `again`, opened a second time as descriptor 1. 0 or -errno.
 */
int pupil_make_file(struct pupil *pupil, size_t nr_pages, int again);

/*
 * Starts a child that shares what `clone_flags` say, runs `run` in it, and keeps it as task
 * `index` until it is ended; returns when `run` has. 0 or -errno.
 */
int pupil_clone(struct pupil *pupil, unsigned index, unsigned long clone_flags,
		int (*run)(struct pupil *pupil));
void pupil_end_tasks(struct pupil *pupil);

#endif
