/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Change over time. The pages of the view are kept in a bounded list of runs and compared page
 * by page with those of the next pass; past the bound, cells are compared by their digests.
 * The mark is a list of the same kind over the whole address space: it knows no zoom and no
 * mapping, so it outlives both.
 */
#include "app/changes.h"

#include "base/xalloc.h"
#include "model/paint.h"

#include <stdlib.h>

/* 24 bytes each: 768 KiB, 96 KiB for each of a screen of rows, and 3 MiB at most. */
#define VIEW_RUNS 32768
#define ROW_RUNS  4096
#define MARK_RUNS 131072

static void forget_mark(struct changes *changes)
{
	moment_free(changes->marked);
	vma_table_unref(changes->mark_table);
	changes->marked = NULL;
	changes->mark_table = NULL;
}

static void changes_forget_rows(struct changes *changes)
{
	changes_free_rows(changes->rows, changes->nr_rows);
	changes->rows = NULL;
	changes->nr_rows = 0;
}

void changes_forget(struct changes *changes)
{
	changes_forget_rows(changes);
	moment_free(changes->view);
	changes->view = NULL;
	recent_clear(&changes->recent);
	changes->changed = (struct page_changes){ 0 };
	changes->changed_mono_ns = 0;
	forget_mark(changes);
	if (changes->mark.state == MARK_KEPT)
		changes->mark.state = MARK_LOST;
}

void changes_free(struct changes *changes)
{
	changes_forget(changes);
}

struct moment *changes_new_view(const struct grid *grid)
{
	return moment_new(grid->start_vpn, grid_past_vpn(grid), VIEW_RUNS);
}

struct moment *changes_new_row(const struct grid *grid)
{
	return moment_new(grid->start_vpn, grid_past_vpn(grid), ROW_RUNS);
}

void changes_free_rows(struct moment **rows, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		moment_free(rows[i]);
	free(rows);
}

struct moment *changes_new_whole(void)
{
	return moment_new(0, UINT64_MAX, MARK_RUNS);
}

/* The runs in which something changed, and how many pages how. */
struct gathered {
	struct change_run *runs;
	size_t nr, room;
	struct page_changes changes;
};

static void gather(void *arg, const struct change_run *run)
{
	struct gathered *gathered = arg;

	if (run->change == CHANGE_SAME)
		return;
	gathered->runs = xgrow(gathered->runs, gathered->nr, &gathered->room,
			       sizeof(*gathered->runs));
	gathered->runs[gathered->nr++] = *run;
	gathered->changes.nr[run->change] += run->nr_pages;
}

static void remember(struct changes *changes, const struct moment *before, const struct moment *now,
		     uint64_t now_ns)
{
	struct gathered gathered = { 0 };

	moment_diff(before, now, now->start_vpn, now->end_vpn, gather, &gathered);
	if (gathered.nr) {
		recent_add(&changes->recent, gathered.runs, gathered.nr, now_ns);
		/* The rows of one pass are told together. */
		if (changes->changed_mono_ns != now_ns)
			changes->changed = (struct page_changes){ 0 };
		for (int change = 0; change < CHANGE_SAME; change++)
			changes->changed.nr[change] += gathered.changes.nr[change];
		changes->changed_mono_ns = now_ns;
	}
	free(gathered.runs);
}

/* Marks cells by what is remembered, so that marks outlive a change of zoom. */
static void note_cells(const struct recent *recent, struct grid *grid)
{
	static const enum cell_change names[NR_PAGE_CHANGE] = {
		[CHANGE_CAME] = CELL_ARRIVED, [CHANGE_WENT] = CELL_LEFT,
		[CHANGE_MOVED] = CELL_MOVED,  [CHANGE_DIRTIED] = CELL_DIRTIED,
		[CHANGE_OTHER] = CELL_OTHER,
	};

	for (size_t i = recent_find(recent, grid->start_vpn); i < recent->nr; i++) {
		const struct recent_run *run = &recent->runs[i];

		if (run->vpn >= grid_past_vpn(grid))
			break;
		grid_note_change(grid, run->vpn, run->nr_pages, names[run->change], run->at_ns);
	}
}

/* Tells what changed in one grid since the moment `old` of its pages, or NULL. */
static void take_grid(struct changes *changes, struct grid *grid, const struct grid *before,
		      const struct moment *old, const struct moment *now, uint64_t now_ns)
{
	if (now->level == MOMENT_COUNTS)
		changes->coarse = true;
	if (moment_comparable(old, now) && grid->why == WHY_OK)
		remember(changes, old, now, now_ns);
	/* A gigabyte in scattered frames has more runs than are kept; its cells' digests still tell. */
	if (now->level != MOMENT_FRAMES)
		grid_compare(grid, before, now_ns);
	note_cells(&changes->recent, grid);
	if (grid->paint && grid->paint->mode == MODE_RECENT)
		paint_recent(grid, now, &changes->recent);
	if (grid->paint && grid->paint->mode == MODE_COMPARE)
		paint_compare(grid, now, changes->marked);
}

void changes_take_view(struct changes *changes, struct grid *grid, const struct grid *before,
		       struct moment *now, uint64_t now_ns)
{
	changes->coarse = false;
	take_grid(changes, grid, before, changes->view, now, now_ns);
	changes_forget_rows(changes);
	moment_free(changes->view);
	/* What was not read is not to be taken for absent the next time. */
	if (grid->why == WHY_OK) {
		changes->view = now;
	} else {
		moment_free(now);
		changes->view = NULL;
	}
}

static const struct moment *old_row(const struct changes *changes, const struct moment *now)
{
	for (size_t i = 0; i < changes->nr_rows; i++) {
		const struct moment *row = changes->rows[i];

		if (row && row->start_vpn == now->start_vpn && row->end_vpn == now->end_vpn)
			return row;
	}
	return NULL;
}

void changes_take_rows(struct changes *changes, const struct grid_rows *rows,
		       const struct grid_rows *before, struct moment **now, uint64_t now_ns)
{
	changes->coarse = false;
	for (size_t i = 0; i < rows->nr; i++) {
		struct grid *grid = rows->grids[i];

		take_grid(changes, grid, grid_rows_find(before, grid->start_vpn),
			  old_row(changes, now[i]), now[i], now_ns);
	}
	changes_forget_rows(changes);
	moment_free(changes->view);
	changes->view = NULL;
	changes->rows = now;
	changes->nr_rows = rows->nr;
	for (size_t i = 0; i < rows->nr; i++) {
		if (rows->grids[i]->why == WHY_OK)
			continue;
		moment_free(now[i]);
		now[i] = NULL;
	}
}

static bool wants_mark(const struct changes *changes, const struct map_request *request)
{
	return request->mark_serial && request->mark_serial != changes->mark.serial;
}

bool changes_want_whole(const struct changes *changes, const struct map_request *request)
{
	return wants_mark(changes, request) || (changes->marked && request->mode == MODE_COMPARE);
}

bool changes_are_due(const struct changes *changes, const struct map_request *request,
		     const struct vma_table *table)
{
	return wants_mark(changes, request) ||
	       (changes->marked && request->mode == MODE_COMPARE && table && !table->comparison);
}

static void set_mark(struct changes *changes, const struct map_request *request,
		     struct vma_table *table, struct moment *now, uint64_t taken_real_ns)
{
	forget_mark(changes);
	changes->marked = now;
	changes->mark_table = vma_table_ref(table);
	changes->mark = (struct mark_info){
		.state = MARK_KEPT,
		.serial = request->mark_serial,
		.taken_real_ns = taken_real_ns,
		.level = now->level,
		.nr_runs = now->nr_seen,
	};
}

void changes_take_whole(struct changes *changes, const struct map_request *request,
			const struct geometry *geometry, struct vma_table *table,
			struct moment *now, uint64_t taken_real_ns)
{
	bool is_mark = wants_mark(changes, request);

	if (is_mark)
		set_mark(changes, request, table, now, taken_real_ns);
	if (changes->marked && request->mode == MODE_COMPARE)
		table->comparison = moment_comparable(changes->marked, now)
					    ? vma_changes_new(table, geometry, changes->marked, now)
					    : vma_changes_new_net(table, changes->mark_table);
	if (!is_mark)
		moment_free(now);
}

void changes_tell(const struct changes *changes, struct snapshot *snapshot)
{
	snapshot->mark = changes->mark;
	snapshot->changed = changes->changed;
	snapshot->changed_mono_ns = changes->changed_mono_ns;
	snapshot->changes_coarse = changes->coarse;
}
