/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_MODEL_FAULT_EVICTIONS_H
#define PAGEWALK_MODEL_FAULT_EVICTIONS_H

#include "model/vma.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Pages that left the page cache, of the files that a watched process maps or has mapped: by
 * reclaim, fadvise(2), truncation, whoever did it. Counted by file, and remembered page by page as
 * long as there is room, so that a fault can tell that its page was there before.
 */

#define EVICTION_FILES 256 /* that are watched at most */

/* Why evictions are not known. */
enum eviction_doubt {
	EVICTIONS_KNOWN,
	EVICTIONS_NOT_ASKED, /* tracepoints are not wanted */
	EVICTIONS_DENIED,
	EVICTIONS_NO_TRACEFS,  /* not mounted, and no mount of our own could be made */
	EVICTIONS_UNSUPPORTED, /* this kernel has no such tracepoint */
	EVICTIONS_FAILED,      /* there is one, but no events of it */
	EVICTIONS_NO_ROOM,     /* no descriptors or memory for more events */
	EVICTIONS_STACKED,     /* a file of a file system that keeps its pages in another one */
	EVICTIONS_NO_MOUNTS,   /* a file that may be one of those */
	EVICTIONS_TOO_MANY,    /* a file beyond EVICTION_FILES */
	EVICTIONS_LOST,        /* records found no room */
	NR_EVICTION_DOUBT,
};

/* One clause. */
const char *eviction_doubt_text(enum eviction_doubt doubt);

struct evicted_file {
	uint64_t inode;
	uint32_t dev_major, dev_minor;
	char *path; /* raw, of the mapping that was seen first; owned */
	enum eviction_doubt doubt;
	uint64_t nr_pages; /* that left, each time that they did */
	uint64_t last_ns;  /* CLOCK_MONOTONIC of the last one; 0: none */
};

struct fault_evictions {
	enum eviction_doubt doubt; /* of all files */
	struct evicted_file files[EVICTION_FILES];
	size_t nr;
	bool has_more;              /* files that are not among them */
	uint64_t nr_pages;          /* of all that are watched */
	uint64_t nr_lost;           /* records */
	struct evicted_page *pages; /* the last evicted; NULL before the first */
};

/* Pages [page, page + nr) of a file. */
struct fault_eviction {
	const struct evicted_file *file;
	uint64_t page, nr_pages;
	uint64_t t_ns; /* CLOCK_MONOTONIC of the last of them */
};

/* Frees what it holds. It begins as zeros. */
void fault_evictions_clear(struct fault_evictions *evictions);
/* True where a mapping is one of a file whose pages are told of: no device, no shared memory. */
bool fault_evictions_concern(const struct vma *vma);
/* The file of a mapping, NULL where it is not known. */
struct evicted_file *fault_evictions_find(struct fault_evictions *evictions, uint32_t dev_major,
					  uint32_t dev_minor, uint64_t inode);
/* The file of a mapping, added where it is not among them; NULL where no more are kept. */
struct evicted_file *fault_evictions_add_file(struct fault_evictions *evictions,
					      const struct vma *vma);
/* Counts an eviction, and remembers its pages. */
void fault_evictions_take(struct fault_evictions *evictions, const struct fault_eviction *eviction);
/*
 * True where this page of the file had been evicted before t_ns. False may also mean that it was
 * forgotten: of one file 131,072 pages in a row are remembered.
 */
bool fault_evictions_had(const struct fault_evictions *evictions, const struct evicted_file *file,
			 uint64_t page, uint64_t t_ns);
/* Why the number of a file's pages is not known. */
enum eviction_doubt fault_evictions_doubt_of(const struct fault_evictions *evictions,
					     uint32_t dev_major, uint32_t dev_minor,
					     uint64_t inode);
/* Why the number of all is not known; nr_pages is the least that it can be. */
enum eviction_doubt fault_evictions_doubt(const struct fault_evictions *evictions);

#endif
