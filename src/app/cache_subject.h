/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_APP_CACHE_SUBJECT_H
#define PAGEWALK_APP_CACHE_SUBJECT_H

#include "kernel/filecache.h"
#include "kernel/filemap_events.h"
#include "kernel/filemaps.h"
#include "kernel/ownmap.h"
#include "model/cache_view.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * The file that the cache worker looks at: what is open for it, and each look at it. Used by
 * the worker's thread alone.
 */
struct cache_subject {
	const struct host *host;
	struct filecache *file;        /* NULL: there is none */
	struct filemaps *maps;         /* who maps it */
	struct filemap_events *events; /* NULL where they are refused */
	struct ownmap *own;            /* NULL before it is needed; it stays from file to file */
	uint64_t nr_read_back;         /* by it, of this file */
	char *path;                    /* raw */
	struct file_key key;           /* as /proc/PID/maps has it */
	pid_t watched_pid;             /* 0: none */
	bool deleted, replaced;
	bool may_hang; /* its file system asks a server, which may have gone */
	uint64_t maps_next_ns, walk_next_ns; /* not before */
	struct cache_log log;
	struct cache_grid grid, strip; /* as of the last look */
	struct cache_info info;
	struct cache_page page;
	bool has_page;
};

void cache_subject_init(struct cache_subject *subject, const struct host *host, pid_t watched_pid);
/* Leaves the file. */
void cache_subject_clear(struct cache_subject *subject);
/* The same, and gives back the rest. */
void cache_subject_end(struct cache_subject *subject);
/*
 * Turns to another file: by its path, or one that is open already, which is taken over, with
 * the key that maps give it (NULL: that of statx(2)). 0 or -errno, and then there is none.
 */
int cache_subject_open_path(struct cache_subject *subject, const char *path);
void cache_subject_take(struct cache_subject *subject, struct filecache *file, const char *path,
			const struct file_key *key);
/* One look; the parts that are due. 0 or -errno where the file itself cannot be looked at. */
int cache_subject_look(struct cache_subject *subject, const struct cache_request *request);
/* Copies what was seen into a view. */
void cache_subject_show(const struct cache_subject *subject, struct cache_view *view);

#endif
