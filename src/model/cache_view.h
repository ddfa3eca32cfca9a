/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_MODEL_CACHE_VIEW_H
#define PAGEWALK_MODEL_CACHE_VIEW_H

#include "base/why.h"
#include "model/cache.h"
#include "model/mappers.h"
#include "model/page.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * What screen 4 shows at one moment: a file's page cache by offset, who maps it, what came
 * and went, and the cache of the whole system. Pure; not changed once it is published.
 */

/* What happened to the pages of a cell last. */
enum cache_change {
	CACHE_SAME,
	CACHE_INSERTED,
	CACHE_EVICTED,
	CACHE_DIRTIED,
	CACHE_CLEANED,
};

struct cache_cell {
	struct cache_counts counts;
	uint64_t mapped;     /* pages that a page table holds, of the processes looked at */
	uint64_t changed_ns; /* CLOCK_MONOTONIC of the last change seen; 0: none */
	enum cache_change change;
	struct cache_frame frame; /* where frames were asked for, of a cell of one page */
};

/* Cells of equally many pages from start_page on; the last one may have fewer. */
struct cache_grid {
	uint64_t start_page, nr_pages, pages_per_cell;
	enum why why, why_states; /* as in struct cache_info */
	enum why mapped_why;      /* why `mapped` is not known */
	enum why frames_why;      /* why frames are not */
	size_t nr_cells;
	struct cache_cell *cells;
};

/* Lays out cells over pages [start, start + nr) with nothing known. Frees what it had. */
void cache_grid_lay_out(struct cache_grid *grid, uint64_t start_page, uint64_t nr_pages,
			uint64_t pages_per_cell);
void cache_grid_clear(struct cache_grid *grid);
/* A copy; the caller clears it. */
void cache_grid_copy(struct cache_grid *to, const struct cache_grid *from);
/*
 * Marks in `now` what changed since `before`, where both have the same range and zoom and
 * are known; carries older marks on.
 */
void cache_grid_compare(struct cache_grid *now, const struct cache_grid *before, uint64_t now_ns);
/* Marks the cells of pages [page, page + nr) as changed. */
void cache_grid_mark(struct cache_grid *grid, uint64_t page, uint64_t nr_pages,
		     enum cache_change change, uint64_t t_ns);
/* Counts pages [page, page + nr) as mapped, as far as they lie in the grid. */
void cache_grid_add_mapped(struct cache_grid *grid, uint64_t page, uint64_t nr_pages);
/* The cell that holds a page, or NULL. */
const struct cache_cell *cache_grid_cell(const struct cache_grid *grid, uint64_t page);
/* "inserted", "evicted", ... */
const char *cache_change_name(enum cache_change change);

/*
 * A cell's pages by what they are drawn as: CLASS_FILE cached, CLASS_SHMEM cached and mapped,
 * CLASS_DIRTY dirty or under writeback, CLASS_SWAPPED recently evicted, CLASS_ABSENT. A page
 * that is dirty and mapped counts as dirty.
 */
void cache_cell_classes(const struct cache_cell *cell, uint64_t nr[NR_CLASS]);
/* "cached", "mapped", "dirty, writeback", ...; NULL for a class that is none of the above. */
const char *cache_class_name(enum page_class class);

/* Why a page came into the cache. */
enum cache_cause {
	CAUSE_ASKED,     /* a read or a fault wanted it */
	CAUSE_READAHEAD, /* the same thread wanted others, at the same time */
	CAUSE_OTHER,     /* written, asked for by readahead(2), or not to be told */
	NR_CAUSE,
};

/* "asked for", "readahead", "other" */
const char *cache_cause_name(enum cache_cause cause);

/* Folios that came or went one after the other, of one order, for one thread. */
struct cache_event {
	uint64_t t_ns; /* CLOCK_MONOTONIC */
	bool inserted; /* else evicted */
	uint64_t page, nr_pages, nr_folios;
	unsigned order;
	uint64_t pfn; /* of the first page */
	pid_t pid, tid;
	enum cache_cause cause; /* of an insert */
};

#define CACHE_EVENTS 64

/* What events have told since the file was opened. */
struct cache_log {
	enum why why; /* why there are none: then changes are told by difference */
	struct cache_event events[CACHE_EVENTS]; /* oldest first */
	size_t nr;
	uint64_t inserted[NR_CAUSE], evicted; /* pages */
	uint64_t lost;                        /* events that did not fit the ring */
};

/* Adds an event to the last one, where it goes on with it. */
bool cache_event_join(struct cache_event *last, const struct cache_event *event);
/* Appends; the oldest goes. What continues the last event joins it. */
void cache_log_add(struct cache_log *log, const struct cache_event *event);

/* The page under the cursor. */
#define CACHE_PAGE_MAPPERS 8
struct cache_page_mapper {
	pid_t pid;
	char comm[64]; /* raw */
	uint64_t addr;
};

struct cache_page {
	uint64_t page;
	enum why why, why_states;
	struct cache_counts counts;
	enum why frame_why;
	enum source frame_source; /* SOURCE_PAGEMAP of who maps it, or SOURCE_OWN_MAPPING */
	uint64_t pfn;
	enum why flags_why, mapcount_why;
	uint64_t flags, mapcount;
	enum why mappers_why;
	size_t nr_mappers; /* that have it in their page table; the first ones stand below */
	struct cache_page_mapper mappers[CACHE_PAGE_MAPPERS];
	uint64_t watched_addr; /* where the watched process maps it, present or not; 0: nowhere */
};

/* A regular file of the watched process, or the one that was named. */
struct cache_file_row {
	uint64_t id; /* the same as long as the file is listed */
	char *path;  /* raw */
	uint64_t size_bytes;
	enum why why; /* why `cached` is unknown */
	uint64_t pages, cached;
	int fd; /* the lowest descriptor; -1: none */
	bool mapped;
};

struct cache_file_list {
	atomic_uint refs;
	size_t nr, room;
	struct cache_file_row *rows;
};

struct cache_file_list *cache_file_list_new(void);
struct cache_file_list *cache_file_list_ref(struct cache_file_list *list);
void cache_file_list_unref(struct cache_file_list *list);
/* Appends a row, taking its path over; borrowed until the next one. */
struct cache_file_row *cache_file_list_add(struct cache_file_list *list,
					   const struct cache_file_row *row);

/* The page cache of the whole system, and rates per second since the sample before. */
enum cache_rate {
	RATE_SCAN,    /* file and anonymous pages that reclaim looked at */
	RATE_STEAL,   /* and freed */
	RATE_REFAULT, /* file pages that came back soon after they were evicted */
	RATE_SWAP_IN,
	RATE_SWAP_OUT,
	NR_CACHE_RATE,
};

struct cache_system {
	uint64_t t_ns; /* CLOCK_MONOTONIC; 0: nothing is known */
	uint64_t cached_bytes, dirty_bytes, writeback_bytes, active_file_bytes, inactive_file_bytes;
	enum why rate_why[NR_CACHE_RATE]; /* NOT_ASKED: there is no sample before */
	double rates[NR_CACHE_RATE];      /* pages per second */
};

#define CACHE_HISTORY 120

/* Samples, oldest first. */
struct cache_history {
	struct cache_system samples[CACHE_HISTORY];
	size_t nr;
};

void cache_history_add(struct cache_history *history, const struct cache_system *sample);
/* "scan", "steal", "refault", "swap in", "swap out" */
const char *cache_rate_name(enum cache_rate rate);

struct cache_view {
	atomic_uint refs;
	uint64_t taken_mono_ns, period_ns;
	unsigned page_shift;
	unsigned generation;           /* another file was opened */
	uint64_t goto_page;            /* where its cursor begins */
	struct cache_file_list *files; /* NULL before it was read */
	uint64_t file_id;              /* in `files`; 0: none */
	char *path;                    /* raw; NULL: no file yet */
	int open_error;                /* -errno of opening it */
	bool replaced;                 /* another file has its name now */
	bool deleted;
	struct cache_info info; /* totals; cells are the strip's */
	struct cache_grid strip, grid;
	bool has_page;
	struct cache_page page;
	pid_t watched_pid; /* 0: none */
	enum why mappers_why;
	size_t nr_mappers, nr_mappers_denied; /* processes */
	uint64_t nr_read_back;                /* pages that looking for frames brought back */
	struct cache_log log;
	struct cache_history history;
	char result[200]; /* what the last action did; safe */
	uint64_t result_ns;
	uint64_t cost_ns; /* of the last pass */
};

/* What the screen wants to see. */
struct cache_request {
	size_t strip_cells;
	uint64_t start_page, nr_pages; /* 0 pages: nothing yet */
	uint64_t pages_per_cell;
	uint64_t cursor_page;
	bool frames; /* of every page, where a cell is one */
};

/* What is done to the file, on request only. */
enum cache_command {
	CACHE_CMD_CHOOSE,     /* look at the file with this id */
	CACHE_CMD_READ_PAGE,  /* pread(2) of one page */
	CACHE_CMD_READAHEAD,  /* readahead(2) of a range */
	CACHE_CMD_EVICT,      /* posix_fadvise(2) DONTNEED over the file */
	CACHE_CMD_WRITE_BACK, /* sync_file_range(2) over the file */
};

struct cache_view *cache_view_new(void);
struct cache_view *cache_view_ref(struct cache_view *view);
void cache_view_unref(struct cache_view *view);
bool cache_request_equal(const struct cache_request *a, const struct cache_request *b);

#endif
