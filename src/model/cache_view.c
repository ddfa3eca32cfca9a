/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/cache_view.h"

#include "base/xalloc.h"

#include <stdlib.h>
#include <string.h>

/* A folio that follows within this time belongs to the same event. */
#define JOIN_NS UINT64_C(100000000)

void cache_grid_clear(struct cache_grid *grid)
{
	free(grid->cells);
	*grid = (struct cache_grid){ 0 };
}

void cache_grid_lay_out(struct cache_grid *grid, uint64_t start_page, uint64_t nr_pages,
			uint64_t pages_per_cell)
{
	cache_grid_clear(grid);
	*grid = (struct cache_grid){
		.start_page = start_page,
		.nr_pages = nr_pages,
		.pages_per_cell = pages_per_cell ? pages_per_cell : 1,
		.why = WHY_NOT_ASKED,
		.why_states = WHY_NOT_ASKED,
		.mapped_why = WHY_NOT_ASKED,
		.frames_why = WHY_NOT_ASKED,
	};
	grid->nr_cells = (size_t)(nr_pages / grid->pages_per_cell +
				  (nr_pages % grid->pages_per_cell ? 1 : 0));
	grid->cells = xcalloc(grid->nr_cells ? grid->nr_cells : 1, sizeof(*grid->cells));
	for (size_t i = 0; i < grid->nr_cells; i++) {
		uint64_t left = nr_pages - i * grid->pages_per_cell;

		grid->cells[i].counts.pages = left < grid->pages_per_cell ? left
									  : grid->pages_per_cell;
	}
}

void cache_grid_copy(struct cache_grid *to, const struct cache_grid *from)
{
	*to = *from;
	to->cells = xcalloc(from->nr_cells ? from->nr_cells : 1, sizeof(*to->cells));
	if (from->nr_cells)
		memcpy(to->cells, from->cells, from->nr_cells * sizeof(*to->cells));
}

static enum cache_change change_of(const struct cache_cell *now, const struct cache_cell *before,
				   bool states)
{
	const struct cache_counts *a = &before->counts, *b = &now->counts;
	uint64_t dirty_before = a->dirty + a->writeback, dirty_now = b->dirty + b->writeback;

	if (b->cached != a->cached)
		return b->cached > a->cached ? CACHE_INSERTED : CACHE_EVICTED;
	if (states && dirty_now != dirty_before)
		return dirty_now > dirty_before ? CACHE_DIRTIED : CACHE_CLEANED;
	return CACHE_SAME;
}

void cache_grid_compare(struct cache_grid *now, const struct cache_grid *before, uint64_t now_ns)
{
	bool states = now->why_states == WHY_OK && before->why_states == WHY_OK;

	if (before->start_page != now->start_page ||
	    before->pages_per_cell != now->pages_per_cell || now->why != WHY_OK ||
	    before->why != WHY_OK)
		return;
	for (size_t i = 0; i < now->nr_cells && i < before->nr_cells; i++) {
		struct cache_cell *cell = &now->cells[i];

		cell->change = before->cells[i].change;
		cell->changed_ns = before->cells[i].changed_ns;
		/* A cell that the file's end has moved in is another one. */
		if (cell->counts.pages != before->cells[i].counts.pages ||
		    change_of(cell, &before->cells[i], states) == CACHE_SAME)
			continue;
		cell->change = change_of(cell, &before->cells[i], states);
		cell->changed_ns = now_ns;
	}
}

/* First and last cell of pages [page, page + nr); false where they lie outside. */
static bool cells_of(const struct cache_grid *grid, uint64_t page, uint64_t nr_pages, size_t *first,
		     size_t *last)
{
	uint64_t end = grid->start_page + grid->nr_pages, past = page + nr_pages;

	if (!nr_pages || !grid->nr_cells || page >= end || past <= grid->start_page)
		return false;
	if (page < grid->start_page)
		page = grid->start_page;
	if (past > end)
		past = end;
	*first = (size_t)((page - grid->start_page) / grid->pages_per_cell);
	*last = (size_t)((past - 1 - grid->start_page) / grid->pages_per_cell);
	return true;
}

void cache_grid_mark(struct cache_grid *grid, uint64_t page, uint64_t nr_pages,
		     enum cache_change change, uint64_t t_ns)
{
	size_t first, last;

	if (!cells_of(grid, page, nr_pages, &first, &last))
		return;
	for (size_t i = first; i <= last; i++) {
		grid->cells[i].change = change;
		grid->cells[i].changed_ns = t_ns;
	}
}

void cache_grid_add_mapped(struct cache_grid *grid, uint64_t page, uint64_t nr_pages)
{
	size_t first, last;

	if (!cells_of(grid, page, nr_pages, &first, &last))
		return;
	for (size_t i = first; i <= last; i++) {
		struct cache_cell *cell = &grid->cells[i];
		uint64_t start = grid->start_page + i * grid->pages_per_cell;
		uint64_t end = start + cell->counts.pages;
		uint64_t from = page > start ? page : start;
		uint64_t to = page + nr_pages < end ? page + nr_pages : end;

		cell->mapped += to > from ? to - from : 0;
	}
}

const struct cache_cell *cache_grid_cell(const struct cache_grid *grid, uint64_t page)
{
	size_t first, last;

	return cells_of(grid, page, 1, &first, &last) ? &grid->cells[first] : NULL;
}

const char *cache_change_name(enum cache_change change)
{
	static const char *const names[] = {
		[CACHE_SAME] = "unchanged",  [CACHE_INSERTED] = "inserted",
		[CACHE_EVICTED] = "evicted", [CACHE_DIRTIED] = "dirtied",
		[CACHE_CLEANED] = "cleaned",
	};

	return names[change];
}

static uint64_t at_most(uint64_t value, uint64_t most)
{
	return value < most ? value : most;
}

void cache_cell_classes(const struct cache_cell *cell, uint64_t nr[NR_CLASS])
{
	const struct cache_counts *counts = &cell->counts;
	uint64_t cached = at_most(counts->cached, counts->pages);

	memset(nr, 0, NR_CLASS * sizeof(nr[0]));
	nr[CLASS_DIRTY] = at_most(counts->dirty + counts->writeback, cached);
	nr[CLASS_SHMEM] = at_most(cell->mapped, cached - nr[CLASS_DIRTY]);
	nr[CLASS_FILE] = cached - nr[CLASS_DIRTY] - nr[CLASS_SHMEM];
	nr[CLASS_SWAPPED] = at_most(counts->recently_evicted, counts->pages - cached);
	nr[CLASS_ABSENT] = counts->pages - cached - nr[CLASS_SWAPPED];
}

const char *cache_class_name(enum page_class class)
{
	switch (class) {
	case CLASS_FILE:
		return "cached";
	case CLASS_SHMEM:
		return "mapped";
	case CLASS_DIRTY:
		return "dirty, writeback";
	case CLASS_SWAPPED:
		return "recently evicted";
	case CLASS_ABSENT:
		return "absent";
	case CLASS_UNKNOWN:
		return "unknown";
	default:
		return NULL;
	}
}

const char *cache_cause_name(enum cache_cause cause)
{
	static const char *const names[NR_CAUSE] = {
		[CAUSE_ASKED] = "asked for",
		[CAUSE_READAHEAD] = "readahead",
		[CAUSE_OTHER] = "other",
	};

	return names[cause];
}

static bool continues(const struct cache_event *last, const struct cache_event *event)
{
	return last->inserted == event->inserted && last->order == event->order &&
	       last->tid == event->tid && last->cause == event->cause &&
	       last->page + last->nr_pages == event->page && event->t_ns - last->t_ns < JOIN_NS;
}

bool cache_event_join(struct cache_event *last, const struct cache_event *event)
{
	if (!continues(last, event))
		return false;
	last->nr_pages += event->nr_pages;
	last->nr_folios += event->nr_folios;
	return true;
}

void cache_log_add(struct cache_log *log, const struct cache_event *event)
{
	struct cache_event *last = log->nr ? &log->events[log->nr - 1] : NULL;

	if (event->inserted)
		log->inserted[event->cause] += event->nr_pages;
	else
		log->evicted += event->nr_pages;
	if (last && cache_event_join(last, event))
		return;
	if (log->nr == CACHE_EVENTS)
		memmove(log->events, log->events + 1, --log->nr * sizeof(log->events[0]));
	log->events[log->nr++] = *event;
}

struct cache_file_list *cache_file_list_new(void)
{
	struct cache_file_list *list = xcalloc(1, sizeof(*list));

	atomic_init(&list->refs, 1);
	return list;
}

struct cache_file_list *cache_file_list_ref(struct cache_file_list *list)
{
	if (list)
		atomic_fetch_add(&list->refs, 1);
	return list;
}

void cache_file_list_unref(struct cache_file_list *list)
{
	if (!list || atomic_fetch_sub(&list->refs, 1) != 1)
		return;
	for (size_t i = 0; i < list->nr; i++)
		free(list->rows[i].path);
	free(list->rows);
	free(list);
}

struct cache_file_row *cache_file_list_add(struct cache_file_list *list,
					   const struct cache_file_row *row)
{
	list->rows = xgrow(list->rows, list->nr, &list->room, sizeof(*list->rows));
	list->rows[list->nr] = *row;
	return &list->rows[list->nr++];
}

void cache_history_add(struct cache_history *history, const struct cache_system *sample)
{
	if (history->nr == CACHE_HISTORY)
		memmove(history->samples, history->samples + 1,
			--history->nr * sizeof(history->samples[0]));
	history->samples[history->nr++] = *sample;
}

const char *cache_rate_name(enum cache_rate rate)
{
	static const char *const names[NR_CACHE_RATE] = {
		[RATE_SCAN] = "scan",         [RATE_STEAL] = "steal",
		[RATE_REFAULT] = "refault",   [RATE_SWAP_IN] = "swap in",
		[RATE_SWAP_OUT] = "swap out",
	};

	return names[rate];
}

struct cache_view *cache_view_new(void)
{
	struct cache_view *view = xcalloc(1, sizeof(*view));

	atomic_init(&view->refs, 1);
	return view;
}

struct cache_view *cache_view_ref(struct cache_view *view)
{
	if (view)
		atomic_fetch_add(&view->refs, 1);
	return view;
}

void cache_view_unref(struct cache_view *view)
{
	if (!view || atomic_fetch_sub(&view->refs, 1) != 1)
		return;
	cache_file_list_unref(view->files);
	cache_grid_clear(&view->strip);
	cache_grid_clear(&view->grid);
	cache_info_clear(&view->info);
	free(view->path);
	free(view);
}

bool cache_request_equal(const struct cache_request *a, const struct cache_request *b)
{
	return a->strip_cells == b->strip_cells && a->start_page == b->start_page &&
	       a->nr_pages == b->nr_pages && a->pages_per_cell == b->pages_per_cell &&
	       a->cursor_page == b->cursor_page && a->frames == b->frames;
}
