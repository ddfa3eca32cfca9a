/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pages into the buckets of a mode. A page without a frame needs no span: what lies between
 * two spans is painted as a whole, so a terabyte of nothing costs one step. The contiguity of
 * frames is that of a run of pages across spans; a run is painted when it ends.
 */
#include "model/paint.h"

#include "base/xalloc.h"

#include <stdlib.h>

void painter_begin(struct painter *painter, struct grid *grid, const struct paint_context *context)
{
	const struct colour_mode_row *row = colour_mode_row(context->mode);
	struct paint *paint;

	*painter = (struct painter){ *context, grid, grid->start_vpn, 0, 0, 0 };
	if (context->mode == MODE_STATE)
		return;
	paint = xcalloc(1, sizeof(*paint) + grid->nr_cells * sizeof(paint->cells[0]));
	paint->mode = context->mode;
	paint->flag = context->flag;
	paint->source = row->source;
	paint->nr_cells = grid->nr_cells;
	grid->paint = paint;
}

_Static_assert((int)NR_CLASS <= (int)NR_BUCKET, "the classes are buckets too");

struct dab {
	struct paint *paint;
	unsigned bucket;
	uint64_t changed_ns;
};

static void dab_cell(void *arg, size_t index, uint64_t nr_pages)
{
	const struct dab *dab = arg;
	struct paint_cell *cell = &dab->paint->cells[index];

	cell->nr[dab->bucket] += nr_pages;
	dab->paint->nr[dab->bucket] += nr_pages;
	if (dab->changed_ns > cell->changed_ns)
		cell->changed_ns = dab->changed_ns;
}

static void paint_pages(struct grid *grid, uint64_t vpn, uint64_t nr_pages, unsigned bucket,
			uint64_t changed_ns)
{
	struct dab dab = { grid->paint, bucket, changed_ns };

	grid_each_cell(grid, vpn, nr_pages, dab_cell, &dab);
}

/* Everything before a page that was not painted yet. */
static void paint_gap(struct painter *painter, uint64_t until_vpn, unsigned bucket)
{
	if (until_vpn <= painter->next_vpn)
		return;
	paint_pages(painter->grid, painter->next_vpn, until_vpn - painter->next_vpn, bucket, 0);
	painter->next_vpn = until_vpn;
}

static void note_why(struct painter *painter, enum why why)
{
	painter->grid->paint->why = why;
}

static unsigned bucket_of_page(const struct painter *painter, const struct page_span *span,
			       uint64_t i)
{
	uint64_t nr_frames;

	switch (painter->context.mode) {
	case MODE_SHARING:
		return bucket_of_sharing(span->state, span->mapcounts ? span->mapcounts + i : NULL,
					 span->entries ? span->entries + i : NULL);
	case MODE_NODE:
		if (!span->pfns || !span->pfns[i] || !painter->context.nodes)
			return BUCKET_UNKNOWN;
		return bucket_of_node(
			node_map_find(painter->context.nodes, span->pfns[i], &nr_frames));
	case MODE_FLAG:
		if (!span->flags)
			return BUCKET_UNKNOWN;
		return bucket_of_flag(span->flags[i], painter->context.flag);
	default:
		return BUCKET_UNKNOWN;
	}
}

/* Whether the kernel told of this span what the mode asks. */
static bool is_refused(const struct painter *painter, const struct page_span *span)
{
	switch (painter->context.mode) {
	case MODE_SHARING:
		return !span->mapcounts;
	case MODE_FLAG:
		return !span->flags;
	default:
		return !span->pfns;
	}
}

static void end_run(struct painter *painter)
{
	if (!painter->run_pages)
		return;
	paint_pages(painter->grid, painter->run_vpn, painter->run_pages,
		    painter->run_pfn ? bucket_of_contiguity(painter->run_pages) : BUCKET_UNKNOWN,
		    0);
	painter->run_pages = 0;
}

/* Pages whose frames may carry the present run on. */
static void add_frames(struct painter *painter, const struct page_span *span)
{
	for (uint64_t i = 0; i < span->nr_pages; i++) {
		uint64_t vpn = span->vpn + i, pfn = span->pfns ? span->pfns[i] : 0;
		uint64_t next = painter->run_pfn ? painter->run_pfn + painter->run_pages : 0;

		if (painter->run_pages && vpn == painter->run_vpn + painter->run_pages &&
		    pfn == next) {
			painter->run_pages++;
			continue;
		}
		end_run(painter);
		painter->run_vpn = vpn;
		painter->run_pfn = pfn;
		painter->run_pages = 1;
	}
}

static void add_pages(struct painter *painter, const struct page_span *span)
{
	uint64_t from = 0;
	unsigned bucket = bucket_of_page(painter, span, 0);

	for (uint64_t i = 1; i <= span->nr_pages; i++) {
		unsigned here = i < span->nr_pages ? bucket_of_page(painter, span, i) : NR_BUCKET;

		if (here == bucket)
			continue;
		paint_pages(painter->grid, span->vpn + from, i - from, bucket, 0);
		from = i;
		bucket = here;
	}
}

void painter_add_span(struct painter *painter, const struct page_span *span)
{
	enum colour_mode mode = painter->context.mode;
	bool one = !span->pfns && !span->flags && !span->mapcounts && !span->entries;

	if (!painter->grid->paint || mode == MODE_RECENT || mode == MODE_COMPARE ||
	    !(span->state & PAGE_PRESENT))
		return;
	paint_gap(painter, span->vpn, BUCKET_NONE);
	if (is_refused(painter, span))
		note_why(painter, WHY_DENIED);
	if (mode == MODE_CONTIGUITY && span->pfns)
		add_frames(painter, span);
	else if (one || mode == MODE_CONTIGUITY)
		paint_pages(painter->grid, span->vpn, span->nr_pages,
			    bucket_of_page(painter, span, 0), 0);
	else
		add_pages(painter, span);
	if (span->vpn + span->nr_pages > painter->next_vpn)
		painter->next_vpn = span->vpn + span->nr_pages;
}

void painter_end(struct painter *painter, enum why why)
{
	struct grid *grid = painter->grid;
	enum colour_mode mode = painter->context.mode;

	if (!grid->paint || mode == MODE_RECENT || mode == MODE_COMPARE)
		return;
	end_run(painter);
	if (why != WHY_OK)
		note_why(painter, why);
	paint_gap(painter, grid_past_vpn(grid), why == WHY_OK ? BUCKET_NONE : BUCKET_UNKNOWN);
}

static unsigned bucket_of_change(const struct change_run *run)
{
	if (run->change != CHANGE_SAME)
		return BUCKET_FIRST + (unsigned)run->change;
	return run->present ? BUCKET_FIRST + CHANGE_SAME : BUCKET_NONE;
}

static void paint_change(void *arg, const struct change_run *run)
{
	paint_pages(arg, run->vpn, run->nr_pages, bucket_of_change(run), 0);
}

static void paint_unknown(struct grid *grid, enum why why)
{
	grid->paint->why = why;
	paint_pages(grid, grid->start_vpn, grid_past_vpn(grid) - grid->start_vpn, BUCKET_UNKNOWN,
		    0);
}

void paint_compare(struct grid *grid, const struct moment *now, const struct moment *mark)
{
	grid->paint->level = mark ? mark->level : MOMENT_COUNTS;
	if (!mark || grid->why != WHY_OK) {
		paint_unknown(grid, mark ? grid->why : WHY_NOT_ASKED);
		return;
	}
	if (!moment_comparable(mark, now)) {
		paint_unknown(grid, WHY_TRUNCATED);
		return;
	}
	if (now->level > mark->level)
		grid->paint->level = now->level;
	moment_diff(mark, now, grid->start_vpn, grid_past_vpn(grid), paint_change, grid);
}

struct recent_painting {
	struct grid *grid;
	const struct recent *recent;
	size_t at;
};

/* One run of pages as they are now, cut where the memory of changes begins and ends. */
static void paint_remembered(void *arg, const struct change_run *run)
{
	struct recent_painting *painting = arg;
	const struct recent *recent = painting->recent;
	uint64_t vpn = run->vpn, end = run->vpn + run->nr_pages;

	while (vpn < end) {
		const struct recent_run *known;
		uint64_t stop = end;
		unsigned bucket = bucket_of_change(run);
		uint64_t changed_ns = 0;

		while (painting->at < recent->nr &&
		       recent->runs[painting->at].vpn + recent->runs[painting->at].nr_pages <= vpn)
			painting->at++;
		known = painting->at < recent->nr ? &recent->runs[painting->at] : NULL;
		if (known && known->vpn > vpn) {
			stop = known->vpn < end ? known->vpn : end;
		} else if (known) {
			stop = known->vpn + known->nr_pages < end ? known->vpn + known->nr_pages
								  : end;
			bucket = BUCKET_FIRST + (unsigned)known->change;
			changed_ns = known->at_ns;
		}
		paint_pages(painting->grid, vpn, stop - vpn, bucket, changed_ns);
		vpn = stop;
	}
}

void paint_recent(struct grid *grid, const struct moment *now, const struct recent *recent)
{
	struct recent_painting painting = { grid, recent, recent_find(recent, grid->start_vpn) };

	if (grid->why != WHY_OK)
		paint_unknown(grid, grid->why);
	else if (!moment_comparable(now, now))
		paint_unknown(grid, WHY_TRUNCATED);
	else
		/* Compared with itself, a moment gives its own pages as unchanged. */
		moment_diff(now, now, grid->start_vpn, grid_past_vpn(grid), paint_remembered,
			    &painting);
}
