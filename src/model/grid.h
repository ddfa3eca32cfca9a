/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_MODEL_GRID_H
#define PAGEWALK_MODEL_GRID_H

#include "base/why.h"
#include "model/fold.h"
#include "model/page.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A range of pages gathered into cells of equally many pages. A cell counts every page it
 * stands for by class, whatever the zoom, and carries two digests, by which two grids of
 * the same range can be compared without either keeping its pages. The range is one of
 * virtual pages, or of a fold (model/fold.h), where a cell may have pages of several VMAs.
 */
enum cell_change {
	CELL_SAME,
	CELL_ARRIVED, /* pages became present */
	CELL_LEFT,    /* pages went */
	CELL_DIRTIED,
	CELL_MOVED, /* same pages, other frames: copy on write, migration */
	CELL_OTHER, /* the classes changed otherwise */
};

struct grid_cell {
	uint64_t nr[NR_CLASS];
	uint64_t class_digest; /* over (page, class) */
	uint64_t frame_digest; /* over (page, frame) */
	uint64_t changed_ns;   /* CLOCK_MONOTONIC of the last change seen, 0: none */
	enum cell_change change;
};

struct paint; /* model/paint.h */

struct grid {
	atomic_uint refs;
	struct fold *fold;    /* referenced; NULL: the pages simply follow each other */
	uint64_t start_index; /* place of the first page in the fold; 0 without one */
	uint64_t start_vpn;   /* the first page */
	uint64_t nr_pages;    /* that the cells stand for, gaps of the fold not counted */
	uint64_t pages_per_cell;
	enum why why; /* why the pages not counted are unknown; WHY_OK: they are absent */
	bool frames_known;
	struct paint *paint; /* the same cells by the buckets of another mode; NULL: by class */
	size_t nr_cells;
	struct grid_cell cells[];
};

/* A grid in which nothing is known yet (WHY_NOT_ASKED). The caller unrefs it. */
struct grid *grid_new(uint64_t start_vpn, uint64_t nr_pages, uint64_t pages_per_cell);
/* The same for nr_pages from a place of a fold on, of which it takes a reference. */
struct grid *grid_new_folded(struct fold *fold, uint64_t start_index, uint64_t nr_pages,
			     uint64_t pages_per_cell);
struct grid *grid_ref(struct grid *grid);
void grid_unref(struct grid *grid);
/* The page behind the last one of the grid. */
uint64_t grid_past_vpn(const struct grid *grid);
/*
 * The place of a page among those of the grid. False where the grid does not have it: *at is
 * then the place of the next one that it has, or of its last.
 */
bool grid_place(const struct grid *grid, uint64_t vpn, uint64_t *at);
/* True when cell i of both stands for the same pages, for every i. */
bool grid_same_range(const struct grid *a, const struct grid *b);
/*
 * Counts the part of a span that lies in the grid; `kind` is that of the span's VMA (a fold
 * knows it itself).
 */
void grid_add_span(struct grid *grid, const struct page_span *span, enum vma_kind kind);
/* Cuts pages at the borders of cells and of the grid and hands each part to `fn`. */
void grid_each_cell(const struct grid *grid, uint64_t vpn, uint64_t nr_pages,
		    void (*fn)(void *arg, size_t index, uint64_t nr_pages), void *arg);
/* Ends counting: the pages that no span covered are absent (WHY_OK) or unknown. */
void grid_finish(struct grid *grid, enum why why);
/*
 * Marks in `now` what changed since `before` (of the same range and zoom; NULL or another
 * range: nothing is marked) and carries older marks on.
 */
void grid_compare(struct grid *now, const struct grid *before, uint64_t now_ns);
/* Marks the cells of pages that changed at a time as `change`, unless a later mark is there. */
void grid_note_change(struct grid *grid, uint64_t vpn, uint64_t nr_pages, enum cell_change change,
		      uint64_t at_ns);
/* Pages that cell i stands for: pages_per_cell but for the last one. */
uint64_t grid_cell_pages(const struct grid *grid, size_t i);
/* The two classes most of a cell's pages belong to, absent left out; NR_CLASS: none. */
void grid_cell_classes(const struct grid_cell *cell, enum page_class *first,
		       enum page_class *second);
/* "arrived", "left", ... */
const char *cell_change_name(enum cell_change change);

#endif
