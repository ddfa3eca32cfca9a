/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_APP_FINDER_H
#define PAGEWALK_APP_FINDER_H

#include "app/parts.h"
#include "kernel/proc.h"

/* What the screen asks the sampler to look for. Only the sampler's thread calls these. */

/*
 * An empty map of that part of physical memory which the request shows, or of all of it at a
 * scale that fits. NULL where no zones are known; the caller unrefs it.
 */
struct frame_map *finder_new_frame_map(const struct zone *zones, size_t nr_zones,
				       const struct map_request *request);
/*
 * Finds the pages of the frames that the request asks about, or of those around the frame of
 * the page under the cursor, unless that was done. `hook` runs meanwhile and may end it. 0 or
 * -errno.
 */
int finder_read_frame_pages(struct proc *proc, const struct map_request *request,
			    int (*hook)(void *arg), void *arg, struct parts *parts);
/* The pages that were found are to be looked for again. */
void finder_forget(struct parts *parts);
/* Answers a search that is not answered yet. */
void finder_seek(struct proc *proc, const struct map_seek *seek, struct parts *parts);

#endif
