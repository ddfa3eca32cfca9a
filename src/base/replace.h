/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_BASE_REPLACE_H
#define PAGEWALK_BASE_REPLACE_H

#include <stddef.h>

/*
 * Puts a text in the place of what the file at `path` holds, at once (rename(2)), so that a reader
 * never finds half of it. A new file has mode 0600, one that is there keeps its own, and of a
 * symbolic link the file that it leads to is replaced. What is no file, as a device, is written
 * into and stays what it is. 0, -EISDIR, or -errno.
 */
int replace_file(const char *path, const char *text, size_t len_bytes);

#endif
