/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_MODEL_GRID_H
#define PAGEWALK_MODEL_GRID_H

#include "base/why.h"
#include "model/page.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A range of pages gathered into cells of equally many pages. A cell counts every page it
 * stands for by class, whatever the zoom, and carries two digests, by which two grids of
 * the same range can be compared without either keeping its pages.
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

struct grid {
	atomic_uint refs;
	uint64_t start_vpn, nr_pages;
	uint64_t pages_per_cell; /* a power of two */
	enum why why; /* why the pages not counted are unknown; WHY_OK: they are absent */
	bool frames_known;
	size_t nr_cells;
	struct grid_cell cells[];
};

/* A grid in which nothing is known yet (WHY_NOT_ASKED). The caller unrefs it. */
struct grid *grid_new(uint64_t start_vpn, uint64_t nr_pages, uint64_t pages_per_cell);
struct grid *grid_ref(struct grid *grid);
void grid_unref(struct grid *grid);
/* Counts the part of a span that lies in the grid; `kind` is that of the span's VMA. */
void grid_add_span(struct grid *grid, const struct page_span *span, enum vma_kind kind);
/* Ends counting: the pages that no span covered are absent (WHY_OK) or unknown. */
void grid_finish(struct grid *grid, enum why why);
/*
 * Marks in `now` what changed since `before` (of the same range and zoom; NULL or another
 * range: nothing is marked) and carries older marks on.
 */
void grid_compare(struct grid *now, const struct grid *before, uint64_t now_ns);
/* Pages that cell i stands for: pages_per_cell but for the last one. */
uint64_t grid_cell_pages(const struct grid *grid, size_t i);
/* The two classes most of a cell's pages belong to, absent left out; NR_CLASS: none. */
void grid_cell_classes(const struct grid_cell *cell, enum page_class *first,
		       enum page_class *second);
/* "arrived", "left", ... */
const char *cell_change_name(enum cell_change change);

#endif
