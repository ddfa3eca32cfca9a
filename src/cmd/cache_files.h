/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_CMD_CACHE_FILES_H
#define PAGEWALK_CMD_CACHE_FILES_H

#include "kernel/filecache.h"
#include "out/out.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Which files `cache` is about, and how each is read. */
struct path_list {
	char **paths;
	size_t nr, room;
};

/*
 * Adds what an operand stands for: itself; with `recursive` the regular files below a
 * directory, each inode once, on this file system alone; where nothing has this name and it
 * holds * ? or [, the paths that match. Returns 0, or -errno of what could not be walked,
 * with the rest added.
 */
int path_list_add(struct path_list *list, const char *operand, bool recursive);
void path_list_clear(struct path_list *list);

/*
 * Reads files in a thread, so that a file system that does not answer costs its time limit
 * and no more. With `pages` the frames of what is cached are read too (kernel/ownmap.h).
 */
struct cache_reader;

struct cache_reader *cache_reader_new(const struct host *host, enum filecache_source source,
				      size_t nr_cells, bool pages, uint64_t limit_ns);
/* -ETIMEDOUT where there was no answer in time; else 0 or -errno of the file. */
int cache_reader_read(struct cache_reader *reader, const char *path, struct cache_info *out);
/* True where threads were left behind that still use the host. */
bool cache_reader_is_stuck(const struct cache_reader *reader);
void cache_reader_free(struct cache_reader *reader);

#endif
