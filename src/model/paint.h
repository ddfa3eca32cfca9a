/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_MODEL_PAINT_H
#define PAGEWALK_MODEL_PAINT_H

#include "base/why.h"
#include "model/colouring.h"
#include "model/grid.h"
#include "model/moment.h"
#include "model/nodes.h"
#include "model/recent.h"

/*
 * The cells of a grid counted by the buckets of a mode other than MODE_STATE. Every page of
 * every cell is in exactly one bucket.
 */
struct paint_cell {
	uint64_t nr[NR_BUCKET];
	uint64_t changed_ns; /* MODE_RECENT: its newest change; 0: none */
};

struct paint {
	enum colour_mode mode;
	unsigned flag; /* MODE_FLAG: enum frame_flag */
	enum source source;
	enum why why;            /* why pages are BUCKET_UNKNOWN, or less is told of them */
	enum moment_level level; /* MODE_COMPARE: how much is known of the mark */
	uint64_t nr[NR_BUCKET];  /* over all cells */
	size_t nr_cells;
	struct paint_cell cells[];
};

/* What painting looks things up in; all borrowed. */
struct paint_context {
	enum colour_mode mode;
	unsigned flag;
	const struct node_map *nodes;
	uint64_t now_ns;
};

/*
 * Fills a grid's paint while its spans come by, which they do in address order; those that
 * lie in colour_mode_margin() before and behind the grid are to be given too.
 */
struct painter {
	struct paint_context context;
	struct grid *grid;
	uint64_t next_vpn; /* pages before it are painted */
	/* MODE_CONTIGUITY: the run that may go on. */
	uint64_t run_vpn, run_pages, run_pfn;
};

/* Gives the grid an empty paint, or none in MODE_STATE. */
void painter_begin(struct painter *painter, struct grid *grid, const struct paint_context *context);
void painter_add_span(struct painter *painter, const struct page_span *span);
/*
 * Ends it: pages that no span covered have no frame (WHY_OK) or are unknown. MODE_RECENT and
 * MODE_COMPARE are painted afterwards by the functions below.
 */
void painter_end(struct painter *painter, enum why why);
/* Paints `now`, the pages of the grid, by what is remembered of their changes. */
void paint_recent(struct grid *grid, const struct moment *now, const struct recent *recent);
/* Paints what became of the pages of `mark`; NULL: there is none. */
void paint_compare(struct grid *grid, const struct moment *now, const struct moment *mark);

#endif
