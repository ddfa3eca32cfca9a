/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_LAB_RESIDENCY_H
#define PAGEWALK_LAB_RESIDENCY_H

#include "kernel/filecache.h"
#include "model/lab_view.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* What of a file was in the page cache when it was last looked at. */
struct residency {
	enum why why; /* why it could not be looked at, or WHY_OK */
	uint64_t cached_pages, pages;
	bool as_wanted; /* nothing cached for LAB_COLD, everything for LAB_HOT */
};

/*
 * Brings the open file to the wanted residency and verifies it; where it already is so,
 * nothing is done. A file that does not get there (pages in use, a file system without
 * eviction, no permission to look) is no error: out->as_wanted is then false. 0,
 * -ECANCELED once *cancel is true, or -errno of reading the file.
 */
int residency_reach(struct filecache *cache, int fd, enum lab_start wanted,
		    const atomic_bool *cancel, struct residency *out);

#endif
