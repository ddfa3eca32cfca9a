/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_MODEL_SNAPSHOT_H
#define PAGEWALK_MODEL_SNAPSHOT_H

#include "model/colouring.h"
#include "model/vma_changes.h"
#include "model/detail.h"
#include "model/frame_pages.h"
#include "model/frames.h"
#include "model/geometry.h"
#include "model/grid.h"
#include "model/grid_rows.h"
#include "model/peek.h"
#include "model/process.h"
#include "model/sources.h"
#include "model/vma.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * The VMAs of a process and what was counted in each. Shared by snapshots through a
 * reference count and not changed once it is shared.
 */
struct vma_table {
	atomic_uint refs;
	struct vma_list *list;          /* owned */
	struct page_counts *counts;     /* one for each VMA */
	enum why *why;                  /* why a VMA's counts are unknown, or WHY_OK */
	struct page_counts totals;      /* over the VMAs that are known */
	struct vma_changes *comparison; /* with the mark, owned; NULL: none was asked for */
	bool has_zero_huge;             /* PAGEMAP_SCAN answered: zero and huge are counted */
	bool has_frames;                /* pagemap entries: exclusive is counted */
	bool has_flags, has_mapcounts;
	uint64_t counted_mono_ns;
};

/* Takes the list over; counts are all 0 with WHY_NOT_ASKED. The caller unrefs it. */
struct vma_table *vma_table_new(struct vma_list *list, const struct geometry *geometry);
struct vma_table *vma_table_ref(struct vma_table *table);
void vma_table_unref(struct vma_table *table);
/* An uncounted table over the same mappings. */
struct vma_table *vma_table_again(const struct vma_table *table, const struct geometry *geometry);
/* Takes over the counts of mappings that `before` has with the same borders. */
void vma_table_keep_counts(struct vma_table *table, const struct vma_table *before);
/*
 * Cuts a span, which may cross VMAs, at their borders and hands each part to `fn` with the
 * VMA's index. *cursor is the index to look from, 0 before the first of spans in order.
 */
void vma_table_split(const struct vma_table *table, const struct geometry *geometry,
		     const struct page_span *span, size_t *cursor,
		     void (*fn)(void *arg, size_t index, const struct page_span *part), void *arg);
/* Counts a span that lies within VMA `index`. */
void vma_table_add_part(struct vma_table *table, size_t index, const struct page_span *part);
/* Ends counting: VMAs without a reason of their own become WHY_OK, totals are summed. */
void vma_table_finish(struct vma_table *table);
/* Index of the VMA at addr, or SIZE_MAX. */
size_t vma_table_find(const struct vma_table *table, uint64_t addr);

/* What observing cost pagewalk itself since the snapshot before. */
struct snapshot_cost {
	unsigned cpu_permille; /* of one core */
	unsigned long calls_per_s;
};

/* What screen 1 shows at one moment. Not changed once it is published. */
struct snapshot {
	atomic_uint refs;
	uint64_t taken_real_ns, taken_mono_ns;
	struct geometry geometry;
	struct process_info process;
	uint64_t execed_mono_ns; /* when it was last seen to exec; 0: never */
	char exe[512];           /* what it executed then, raw; "" not known */
	uint64_t period_ns;      /* between snapshots */
	double minflt_per_s, majflt_per_s;
	enum why pss_why;
	uint64_t pss_bytes;
	struct sources sources;
	enum why maps_why;
	struct vma_table *vmas;   /* NULL where maps_why says so */
	struct grid *view;        /* the range that the screen shows; NULL: none */
	struct grid_rows *rows;   /* the same as a row for each VMA; NULL: not asked for */
	struct frame_map *frames; /* NULL where frames are not known */
	enum why frames_why;
	struct frame_pages *frame_pages; /* of the frames asked about; NULL: none */
	unsigned seek_serial;            /* of the search that was answered */
	bool seek_found;
	uint64_t seek_vpn;
	bool has_detail;
	struct page_detail detail; /* of the page under the cursor */
	struct page_peek *peek;    /* the bytes last asked for; NULL: none */
	size_t nr_nodes;           /* NUMA nodes; 0: not known */
	struct mark_info mark;
	/* The last change that was seen in the view: when, and how many pages how. */
	uint64_t changed_mono_ns;
	struct page_changes changed;
	bool changes_coarse; /* too many runs to count pages: only cells are marked */
	bool scanning;       /* more of this pass is still to come */
	struct snapshot_cost cost;
};

/* How the screen lays the address space out. */
enum map_view {
	VIEW_VMA,   /* one VMA */
	VIEW_ROWS,  /* one row for each VMA, at a scale of its own */
	VIEW_WHOLE, /* the VMAs end to end, at one scale */
	NR_MAP_VIEW,
};

/* Rows of VIEW_ROWS, at most: no terminal is higher that anybody reads. */
#define MAP_ROWS_MAX 96

struct map_row {
	uint64_t start_vpn, nr_pages, pages_per_cell;
};

/* A search for a page that is there; answered under the same serial. */
struct map_seek {
	unsigned serial; /* 0: none yet */
	uint64_t from_vpn, past_vpn;
	bool back; /* the last one of the range, not the first */
};

/* What the screen wants to see of the process; a plain value. */
struct map_request {
	enum map_view view;
	uint64_t start_vpn, nr_pages; /* of the view; 0 pages: none */
	uint64_t pages_per_cell;
	/* VIEW_WHOLE: the place of the first page in the fold of these VMAs. */
	uint64_t start_index;
	enum vma_filter filter;
	bool leave_out_empty;
	/* VIEW_ROWS. */
	size_t nr_rows;
	struct map_row rows[MAP_ROWS_MAX];
	uint64_t cursor_addr;
	bool has_cursor;
	size_t frame_columns, frame_rows; /* room for the map of physical memory */
	/* The part of it that is shown; 0 frames: all of it, at a scale that fits. */
	uint64_t shown_pfn, nr_shown, frames_per_cell;
	/* The frames whose pages are wanted; 0: none, or with `neighbours` those around the cursor's. */
	uint64_t asked_pfn, nr_asked;
	bool neighbours;
	struct map_seek seek;
	enum colour_mode mode;
	unsigned flag;        /* MODE_FLAG: which */
	unsigned peek_serial; /* a new number asks for the bytes under the cursor; 0: none yet */
	unsigned mark_serial; /* a new number asks for a mark of this moment; 0: none yet */
};

struct snapshot *snapshot_new(void);
struct snapshot *snapshot_ref(struct snapshot *snapshot);
void snapshot_unref(struct snapshot *snapshot);
/*
 * True where a screen would draw both alike, but for the time, CPU time and own cost: nothing
 * was read again, and the process has not moved.
 */
bool snapshot_shows_same(const struct snapshot *a, const struct snapshot *b);
/* True when both want the same cells. */
bool map_request_same_view(const struct map_request *a, const struct map_request *b);
bool map_request_equal(const struct map_request *a, const struct map_request *b);

#endif
