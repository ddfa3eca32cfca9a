/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_KERNEL_FILEMAP_RINGS_H
#define PAGEWALK_KERNEL_FILEMAP_RINGS_H

#include "kernel/filemaps.h"
#include "kernel/host.h"
#include "kernel/perf_ring.h"
#include "kernel/tracefs.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The tracepoints of the page cache (include/trace/events/filemap.h) as events of every CPU, for
 * pages come and go in the context of whoever needs memory or a file. The kernel filters them by
 * inode and device, and those of one CPU write into one ring.
 */

/* A tracepoint; `event` and `wanted` are the caller's, the rest is found. */
struct filemap_point {
	const char *event; /* "filemap/mm_filemap_add_to_page_cache" */
	bool wanted;       /* without it the others are of no use */
	bool exists;
	struct trace_event format;
	const struct trace_field *index, *inode, *dev;
	/* NULL where it has none such. Without order (before Linux 6.4) each is of one page. */
	const struct trace_field *last, *pfn, *order;
};

/*
 * Finds the tracepoints. 0; -EACCES where tracefs is not for us, -ENOENT where this kernel lacks a
 * wanted one, -EPROTO where that has not the fields, or -errno.
 */
int filemap_points_find(const struct host *host, struct filemap_point *points, size_t nr);
/* The value of a field; 0 where `field` is NULL or the sample is too short. */
uint64_t filemap_value(const struct trace_field *field, const struct perf_sample *sample);

/*
 * The kernel's own device number of a file: 20 bits of minor (include/linux/kdev_t.h), as field
 * s_dev of the tracepoints has it.
 */
uint32_t filemap_dev(const struct file_key *key);
/* "i_ino == 12 && s_dev == 34", which lets the events of one file through. Returns out. */
#define FILEMAP_FILTER_LEN 64
char *filemap_filter(char out[FILEMAP_FILTER_LEN], const struct file_key *key);

struct filemap_rings;

/*
 * Rings without events for each CPU that is on line; the caller frees them. 0, or -errno as
 * perf_open() and perf_ring_new(). The host must outlive them.
 */
int filemap_rings_new(const struct host *host, size_t ring_bytes, struct filemap_rings **out);
void filemap_rings_free(struct filemap_rings *rings);
/*
 * Adds the events of a tracepoint that pass the filter, on each CPU; they begin with
 * filemap_rings_start(). A filter is for ever: the kernel takes none a second time. 0 or -errno:
 * nothing was added. `point` is borrowed.
 */
int filemap_rings_add(struct filemap_rings *rings, const struct filemap_point *point,
		      const char *filter);
/* Lets those begin that were added since the last call. 0 or -errno. */
int filemap_rings_start(struct filemap_rings *rings);
typedef void filemap_rings_fn(void *arg, const struct filemap_point *point,
			      const struct perf_sample *sample);
/* Tells all that has come, CPU after CPU. Returns how many records have found no room so far. */
uint64_t filemap_rings_drain(struct filemap_rings *rings, filemap_rings_fn *fn, void *arg);

#endif
