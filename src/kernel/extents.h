/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_KERNEL_EXTENTS_H
#define PAGEWALK_KERNEL_EXTENTS_H

#include "base/why.h"

#include <stdint.h>

/*
 * How many of the file's extents are shared with another file (reflink), and how many there
 * are: FS_IOC_FIEMAP (Documentation/filesystems/fiemap.rst). WHY_OK, or why it cannot be known;
 * WHY_TRUNCATED is more than a million extents.
 */
enum why extents_count_shared(const char *path, uint32_t *nr_shared, uint32_t *nr_extents);

#endif
