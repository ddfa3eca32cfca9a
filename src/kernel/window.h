/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_KERNEL_WINDOW_H
#define PAGEWALK_KERNEL_WINDOW_H

#include "kernel/host.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Some pages of a process that follow each other, and all that is read of them. */
struct window {
	uint64_t vpn; /* the first */
	size_t nr_pages;
	uint16_t *hints;             /* enum page_state bits from PAGEMAP_SCAN */
	uint64_t *entries, *pfns;    /* pagemap, and the frame numbers in it */
	uint64_t *flags, *mapcounts; /* kpageflags, kpagecount; NULL: not wanted */
	enum why flags_why, mapcounts_why;
};

/* Room for so many pages; what it has already is kept. */
void window_make(struct window *window, size_t nr_pages, bool flags, bool mapcounts);
void window_clear(struct window *window);

/*
 * Reads kpageflags and kpagecount for the frames of a window: in a thread of its own, so that the
 * caller can read the next window's pagemap meanwhile, or at once.
 */
struct frame_reader;

/* The host must outlive it. The caller frees it. */
struct frame_reader *frame_reader_new(const struct host *host, bool threaded);
/* Waits for what is being read. NULL is allowed. */
void frame_reader_free(struct frame_reader *reader);
/* Begins; the window must stay untouched until frame_reader_wait(). One at a time. */
void frame_reader_start(struct frame_reader *reader, struct window *window);
/* Returns when nothing is being read any more. */
void frame_reader_wait(struct frame_reader *reader);

#endif
