/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_MODEL_CACHE_H
#define PAGEWALK_MODEL_CACHE_H

#include "base/why.h"
#include "model/sources.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Pages of a range of a file, as struct cachestat counts them (cachestat(2)). */
struct cache_counts {
	uint64_t pages; /* that the range has */
	uint64_t cached, dirty, writeback, evicted, recently_evicted;
};

/* The frame of a cached page, and what the kernel says of it. */
struct cache_frame {
	uint64_t pfn; /* 0: not cached, or not told */
	uint64_t flags, mapcount;
};

/* Pages and frames that follow each other, with equal flags and map counts. */
struct cache_run {
	uint64_t first_page, pages;
	struct cache_frame first;
};

/* The page cache of one file at one moment; cell i starts at page i * pages_per_cell. */
struct cache_info {
	uint64_t size_bytes;
	uint64_t inode;
	uint32_t dev_major, dev_minor;
	enum source source;  /* SOURCE_CACHESTAT or SOURCE_MINCORE */
	enum why why;        /* why nothing below is known, or WHY_OK */
	enum why why_states; /* dirty, writeback, evicted: mincore does not tell */
	struct cache_counts total;
	uint64_t pages_per_cell; /* a power of two */
	size_t nr_cells;
	struct cache_counts *cells;
	enum why frames_why; /* why there are no runs */
	struct cache_run *runs;
	size_t nr_runs, runs_room;
	uint64_t nr_read_back; /* pages that looking for frames has brought back */
};

/* Frees what *info owns, not info itself. */
void cache_info_clear(struct cache_info *info);
/* Appends the frames of pages [first_page, first_page + nr), joining what goes on. */
void cache_info_add_frames(struct cache_info *info, uint64_t first_page,
			   const struct cache_frame *frames, size_t nr);
/* The least power of two so that `nr_pages` fit into `nr_cells` > 0 cells. */
uint64_t cache_pages_per_cell(uint64_t nr_pages, size_t nr_cells);

#endif
