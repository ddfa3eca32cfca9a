/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_CMD_CACHE_WATCH_H
#define PAGEWALK_CMD_CACHE_WATCH_H

#include "kernel/filecache.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Prints what comes into the page cache of one file and leaves it, for so long or until a signal,
 * and then a summary. Returns an exit status; *error is -errno where the file cannot be opened.
 */
int cache_watch_run(const struct host *host, const char *path, enum filecache_source source,
		    bool json, uint64_t duration_ns, int *error);

#endif
