/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_MODEL_FRAME_PAGES_H
#define PAGEWALK_MODEL_FRAME_PAGES_H

#include "base/why.h"
#include "model/page.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/*
 * From frames back to pages: which pages of the watched process lie in a range of frames, and
 * what the frames of a small range are used for. No kernel file answers the first; a walk over
 * the process's page table finds it, so it costs what that walk costs.
 */

/* What a frame is used for, as far as its flags say. */
enum frame_use {
	FRAME_FREE,
	FRAME_ANON,
	FRAME_FILE,
	FRAME_SHMEM,
	FRAME_SLAB,
	FRAME_PAGE_TABLE,
	FRAME_HUGETLB,
	FRAME_RESERVED,
	FRAME_HOLE,   /* there is no memory at this number */
	FRAME_KERNEL, /* in use without any of the flags above */
	FRAME_UNKNOWN,
	NR_FRAME_USE,
};

/* The use that kpageflags tell. */
enum frame_use frame_use_of_flags(uint64_t flags);
/* "free", "anon", "page table", ... */
const char *frame_use_name(enum frame_use use);

/* Pages that follow each other in frames that follow each other. */
struct frame_run {
	uint64_t vpn, pfn, nr_pages;
};

/* Runs that are kept; what is beyond is only counted. */
#define FRAME_RUNS_MAX 1024
/* Frames whose use is told, at most. */
#define FRAME_USES_MAX 32

struct frame_pages {
	atomic_uint refs;
	uint64_t first_pfn, nr_frames; /* the range that was looked at */
	enum why why;                  /* why the pages are not known */
	uint64_t nr_pages;             /* of the process, that lie in it */
	uint64_t nr_pages_kept;        /* those that runs[] tells */
	size_t nr_runs, room;
	struct frame_run *runs; /* in address order */
	enum why uses_why;      /* WHY_NOT_ASKED where the range is too large */
	enum frame_use uses[FRAME_USES_MAX];
};

/* Nothing known yet (WHY_NOT_ASKED). The caller unrefs it. */
struct frame_pages *frame_pages_new(uint64_t first_pfn, uint64_t nr_frames);
struct frame_pages *frame_pages_ref(struct frame_pages *pages);
void frame_pages_unref(struct frame_pages *pages);
/* Takes those pages of a span with frames that lie in the range; spans in address order. */
void frame_pages_add_span(struct frame_pages *pages, const struct page_span *span);
/* The i-th page that is kept, counted over the runs; false past the last. */
bool frame_pages_at(const struct frame_pages *pages, uint64_t i, uint64_t *vpn, uint64_t *pfn);
/* True where a page of [first_vpn, past_vpn) is kept. `pages` may be NULL. */
bool frame_pages_touch(const struct frame_pages *pages, uint64_t first_vpn, uint64_t past_vpn);
/* True where a page that is kept lies in the frame. */
bool frame_pages_hold(const struct frame_pages *pages, uint64_t pfn);

#endif
