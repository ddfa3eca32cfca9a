/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_MODEL_CACHE_H
#define PAGEWALK_MODEL_CACHE_H

#include "base/why.h"
#include "model/sources.h"

#include <stddef.h>
#include <stdint.h>

/* Pages of a range of a file, as struct cachestat counts them (cachestat(2)). */
struct cache_counts {
	uint64_t pages; /* that the range has */
	uint64_t cached, dirty, writeback, evicted, recently_evicted;
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
};

/* Frees what *info owns, not info itself. */
void cache_info_clear(struct cache_info *info);
/* The least power of two so that `nr_pages` fit into `nr_cells` > 0 cells. */
uint64_t cache_pages_per_cell(uint64_t nr_pages, size_t nr_cells);

#endif
