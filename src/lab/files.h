/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_LAB_FILES_H
#define PAGEWALK_LAB_FILES_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/* Who watches while a file is made. */
struct files_watch {
	const atomic_bool *cancel;                       /* true: give up with -ECANCELED */
	void (*progress)(void *arg, uint64_t len_bytes); /* so many more have been written */
	void *arg;
};

/*
 * Makes a file of size_bytes pseudo-random bytes that follow from `seed` alone, and brings
 * it to the disk (fdatasync(2)), so that its pages are clean and can be dropped. *hash is
 * its XXH3, 64 bits. 0, -ECANCELED, or -errno.
 */
int files_generate(const char *path, uint64_t size_bytes, uint64_t seed,
		   const struct files_watch *watch, uint64_t *hash);
/*
 * The same with the first size_bytes of the open file source_fd for content; -ENODATA where
 * it is shorter.
 */
int files_copy(const char *path, int source_fd, uint64_t size_bytes,
	       const struct files_watch *watch, uint64_t *hash);

#endif
