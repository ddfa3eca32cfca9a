/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lower part of screen 4: the page under the cursor, what came into the cache and left it,
 * and the page cache of the whole system.
 */
#include "ui/cache_state.h"

#include "base/fmt.h"
#include "base/text.h"
#include "ui/draw.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "cell: 64 pages: 40 cached, 24 absent; its first page:" */
static void draw_cell_line(const struct cache_screen *cache, struct canvas *canvas, int y,
			   uint64_t now_ns)
{
	const struct cache_cell *cell = cache_grid_cell(&cache->view->grid, cache->cursor_page);
	int columns = canvas_columns(canvas), x = 1;
	const char *separator = ": ";
	uint64_t nr[NR_CLASS];

	if (!cell || cache->view->grid.why != WHY_OK)
		return;
	cache_cell_classes(cell, nr);
	x += canvas_printf(canvas, x, y, columns - x, COLOUR_FAINT, 0, "cell of %" PRIu64 " page%s",
			   cell->counts.pages, cell->counts.pages == 1 ? "" : "s");
	for (int class = 0; class < NR_CLASS; class ++) {
		if (!nr[class])
			continue;
		x += canvas_printf(canvas, x, y, columns - x, COLOUR_TEXT, 0, "%s%" PRIu64 " %s",
				   separator, nr[class], cache_class_name((enum page_class) class));
		separator = ", ";
	}
	if (cell->changed_ns && now_ns - cell->changed_ns < CACHE_CHANGE_NS)
		x += canvas_printf(canvas, x, y, columns - x, COLOUR_CHANGED, ATTR_BOLD, ", %s",
				   cache_change_name(cell->change));
	if (cell->counts.pages > 1)
		canvas_text(canvas, x, y, columns - x, COLOUR_FAINT, 0, "; its first page:");
}

/* What a page is, in words. */
static const char *page_state(const struct cache_page *page)
{
	if (page->why != WHY_OK)
		return "?";
	if (!page->counts.cached)
		return page->counts.recently_evicted ? "absent, evicted recently"
		       : page->counts.evicted        ? "absent, evicted"
						     : "absent";
	if (page->counts.writeback)
		return "cached, under writeback";
	return page->counts.dirty ? "cached, dirty" : "cached";
}

static void draw_page_line(const struct cache_screen *cache, struct canvas *canvas, int y)
{
	const struct cache_page *page = &cache->view->page;
	int columns = canvas_columns(canvas), x = 1;

	x += canvas_printf(canvas, x, y, columns - x, COLOUR_KEY, ATTR_BOLD, "page %" PRIu64,
			   page->page);
	x += canvas_printf(canvas, x, y, columns - x, COLOUR_FAINT, 0, " = offset %" PRIx64,
			   page->page << cache->view->page_shift);
	x += canvas_printf(canvas, x, y, columns - x, COLOUR_TEXT, 0, "  %s", page_state(page));
	if (page->why_states == WHY_UNSUPPORTED)
		x += canvas_text(canvas, x, y, columns - x, COLOUR_WARN, 0,
				 " (dirty? mincore does not tell)");
	if (page->frame_why == WHY_OK)
		x += canvas_printf(canvas, x, y, columns - x, COLOUR_GOOD, ATTR_BOLD,
				   "  frame %" PRIx64, page->pfn);
	if (page->mapcount_why == WHY_OK)
		canvas_printf(canvas, x, y, columns - x, COLOUR_TEXT, 0, "  map count %" PRIu64,
			      page->mapcount);
}

/* Which interfaces told, in brackets at the right, as far as there is room. */
static void draw_frame_source(const struct cache_page *page, struct canvas *canvas, int x, int y)
{
	static const char *const own[] = {
		"[own mapping for a moment: MADV_RANDOM, mincore, pagemap, kpageflags, kpagecount]",
		"[own mapping for a moment, pagemap, kpageflags]",
		"[own mapping, kpageflags]",
		NULL,
	};
	static const char *const others[] = {
		"[pagemap of who maps it, kpageflags, kpagecount]",
		"[pagemap, kpageflags]",
		NULL,
	};
	const char *const *text = page->frame_source == SOURCE_OWN_MAPPING ? own : others;
	int columns = canvas_columns(canvas) - 1;

	while (*text && (int)strlen(*text) > columns - x - 2)
		text++;
	if (*text)
		canvas_text_right(canvas, 0, y, columns, COLOUR_FAINT, 0, *text);
}

/* Its flags, or why there are none. */
static void draw_flags_line(const struct cache_screen *cache, struct canvas *canvas, int y)
{
	const struct cache_page *page = &cache->view->page;
	int columns = canvas_columns(canvas) - 1, x = 1;
	char flags[256], reason[128];
	bool own = page->frame_source == SOURCE_OWN_MAPPING;

	if (!page->counts.cached && page->why == WHY_OK) {
		canvas_text(canvas, 1, y, columns, COLOUR_FAINT, 0, "no frame");
	} else if (page->flags_why == WHY_OK) {
		x += canvas_text(canvas, x, y, columns, COLOUR_TEXT, 0,
				 frame_flags_text(page->flags, flags, sizeof(flags)));
		draw_frame_source(page, canvas, x, y);
	} else {
		canvas_printf(canvas, 1, y, columns, COLOUR_WARN, 0, "frame and flags ?: %s",
			      page->frame_why == WHY_GONE
				      ? "it left the cache or moved while it was looked at"
				      : source_refusal(own ? SOURCE_OWN_MAPPING : SOURCE_FRAMES,
						       page->frame_why, reason, sizeof(reason)));
	}
}

static void draw_mappers_line(const struct cache_screen *cache, struct canvas *canvas, int y)
{
	const struct cache_page *page = &cache->view->page;
	int columns = canvas_columns(canvas) - 1, x = 1;

	if (!page->nr_mappers) {
		canvas_text(canvas, x, y, columns, COLOUR_FAINT, 0,
			    page->watched_addr
				    ? "mapped by the watched process, but not in its page table"
			    : page->mappers_why == WHY_OK ? "in no page table"
							  : "in no page table that may be read");
		return;
	}
	x += canvas_text(canvas, x, y, columns - x, COLOUR_FAINT, 0, "mapped by");
	for (size_t i = 0; i < page->nr_mappers && i < CACHE_PAGE_MAPPERS; i++) {
		const struct cache_page_mapper *mapper = &page->mappers[i];
		char *comm = text_safe_str(mapper->comm);

		x += canvas_printf(canvas, x, y, columns - x,
				   mapper->pid == cache->view->watched_pid ? COLOUR_KEY
									   : COLOUR_TEXT,
				   0, " %d %s at %" PRIx64, (int)mapper->pid, comm, mapper->addr);
		free(comm);
	}
	if (page->nr_mappers > CACHE_PAGE_MAPPERS)
		canvas_printf(canvas, x, y, columns - x, COLOUR_FAINT, 0, " and %zu more",
			      page->nr_mappers - CACHE_PAGE_MAPPERS);
}

void cache_draw_detail(const struct cache_screen *cache, struct canvas *canvas, uint64_t now_ns)
{
	const struct rect *at = &cache->layout.detail;

	draw_cell_line(cache, canvas, at->y, now_ns);
	if (!cache->view->has_page || cache->view->page.page != cache->cursor_page)
		return;
	draw_page_line(cache, canvas, at->y + 1);
	draw_flags_line(cache, canvas, at->y + 2);
	draw_mappers_line(cache, canvas, at->y + 3);
}

static void draw_event(struct canvas *canvas, int y, const struct cache_event *event,
		       uint64_t now_ns)
{
	int columns = canvas_columns(canvas) - 1, x = 1;
	char age[FMT_LEN];

	x += canvas_printf(canvas, x, y, columns - x, COLOUR_FAINT, 0, "%7s ",
			   fmt_duration(age, now_ns > event->t_ns ? now_ns - event->t_ns : 0));
	x += canvas_printf(canvas, x, y, columns - x, event->inserted ? COLOUR_GOOD : COLOUR_WARN,
			   ATTR_BOLD, "%s ", event->inserted ? "+" : "-");
	x += canvas_printf(canvas, x, y, columns - x, COLOUR_TEXT, 0,
			   "%" PRIu64 " page%s at %" PRIu64 "  %" PRIu64 " folio%s of order %u",
			   event->nr_pages, event->nr_pages == 1 ? "" : "s", event->page,
			   event->nr_folios, event->nr_folios == 1 ? "" : "s", event->order);
	if (event->inserted)
		x += canvas_printf(canvas, x, y, columns - x,
				   event->cause == CAUSE_ASKED ? COLOUR_TEXT : COLOUR_KEY, 0,
				   "  %s", cache_cause_name(event->cause));
	x += canvas_printf(canvas, x, y, columns - x, COLOUR_FAINT, 0, "  pid %d", (int)event->pid);
	canvas_printf(canvas, x, y, columns - x, COLOUR_FAINT, 0, "  frame %" PRIx64, event->pfn);
}

/* What events have told so far, on the rule above them. */
static void draw_events_rule(const struct cache_screen *cache, struct canvas *canvas,
			     const struct theme *theme)
{
	const struct cache_log *log = &cache->view->log;
	int y = cache->layout.events_rule_y, columns = canvas_columns(canvas);
	char asked[FMT_LEN], ahead[FMT_LEN], other[FMT_LEN], gone[FMT_LEN], lost[FMT_LEN];

	draw_hline(canvas, 0, y, columns, theme);
	if (log->why != WHY_OK) {
		canvas_text(canvas, 1, y, columns - 2, COLOUR_FAINT, 0, " CAME AND WENT ");
		return;
	}
	canvas_printf(canvas, 1, y, columns - 2, COLOUR_FAINT, 0,
		      " CAME %5s asked for %5s readahead %5s other  WENT %5s pages  %s lost ",
		      fmt_count(asked, log->inserted[CAUSE_ASKED]),
		      fmt_count(ahead, log->inserted[CAUSE_READAHEAD]),
		      fmt_count(other, log->inserted[CAUSE_OTHER]), fmt_count(gone, log->evicted),
		      fmt_count(lost, log->lost));
}

void cache_draw_events(const struct cache_screen *cache, struct canvas *canvas,
		       const struct theme *theme, uint64_t now_ns)
{
	const struct cache_view *view = cache->view;
	const struct rect *at = &cache->layout.events;
	int row = 0;

	draw_events_rule(cache, canvas, theme);
	if (view->result_ns && view->result[0])
		canvas_text(canvas, 1, at->y + row++, at->columns - 2, COLOUR_KEY, ATTR_BOLD,
			    view->result);
	if (view->log.why != WHY_OK) {
		canvas_text(canvas, 1, at->y + row, at->columns - 2, COLOUR_FAINT, 0,
			    "told by difference between two looks: tracepoints need root and "
			    "tracefs");
		return;
	}
	for (size_t i = view->log.nr; i-- > 0 && row < at->rows; row++)
		draw_event(canvas, at->y + row, &view->log.events[i], now_ns);
	if (!row)
		canvas_text(canvas, 1, at->y, at->columns - 2, COLOUR_FAINT, 0,
			    "nothing came or went yet (tracepoints of filemap, this file only)");
}

/* The newest samples of a rate as shades, each against the largest that is kept. */
static void draw_plot(const struct cache_history *history, enum cache_rate rate,
		      struct canvas *canvas, int x, int y, int columns, const struct theme *theme)
{
	double most = 0;

	for (size_t i = 0; i < history->nr; i++)
		if (history->samples[i].rates[rate] > most)
			most = history->samples[i].rates[rate];
	for (int i = 0; i < columns; i++) {
		size_t back = (size_t)(columns - 1 - i);
		struct glyph glyph = { ' ', COLOUR_FAINT, COLOUR_DEFAULT, 0 };
		double value;

		if (back >= history->nr)
			continue;
		value = history->samples[history->nr - 1 - back].rates[rate];
		glyph.ch = theme_glyph(theme, GLYPH_CLASS_FULL + CLASS_ABSENT);
		if (value > 0) {
			int shade = (int)(value / most * 4);

			glyph.ch = theme_glyph(theme, GLYPH_SHADE_1 + (shade > 3 ? 3 : shade));
			glyph.fg = COLOUR_KEY;
		}
		canvas_put(canvas, x + i, y, glyph);
	}
}

static void draw_rate(const struct cache_history *history, enum cache_rate rate,
		      struct canvas *canvas, struct rect at, const struct theme *theme)
{
	const struct cache_system *now = &history->samples[history->nr - 1];
	char value[FMT_LEN] = "?";
	int x = at.x;

	if (now->rate_why[rate] == WHY_OK)
		fmt_count(value, (uint64_t)now->rates[rate]);
	x += canvas_printf(canvas, x, at.y, at.columns, COLOUR_FAINT, 0, "%-8s",
			   cache_rate_name(rate));
	canvas_text_right(canvas, x, at.y, 5, COLOUR_TEXT, 0, value);
	draw_plot(history, rate, canvas, x + 6, at.y, at.x + at.columns - x - 7, theme);
}

void cache_draw_system(const struct cache_screen *cache, struct canvas *canvas,
		       const struct theme *theme)
{
	const struct cache_history *history = &cache->view->history;
	const struct rect *at = &cache->layout.system;
	int columns = canvas_columns(canvas), width;
	const struct cache_system *now;
	char size[FMT_LEN], dirty[FMT_LEN], writeback[FMT_LEN], active[FMT_LEN], inactive[FMT_LEN];

	draw_hline(canvas, 0, cache->layout.system_rule_y, columns, theme);
	canvas_text(canvas, 1, cache->layout.system_rule_y, columns - 2, COLOUR_FAINT, 0,
		    " WHOLE SYSTEM, rates in pages/s ");
	if (!history->nr)
		return;
	now = &history->samples[history->nr - 1];
	canvas_printf(canvas, 1, at->y, columns - 2, COLOUR_TEXT, 0,
		      "cached %-5s  dirty %-5s  writeback %-5s  active file %-5s  inactive %-5s",
		      fmt_bytes(size, now->cached_bytes), fmt_bytes(dirty, now->dirty_bytes),
		      fmt_bytes(writeback, now->writeback_bytes),
		      fmt_bytes(active, now->active_file_bytes),
		      fmt_bytes(inactive, now->inactive_file_bytes));
	width = (columns - 1) / NR_CACHE_RATE;
	for (int rate = 0; rate < NR_CACHE_RATE; rate++) {
		struct rect rect = { 1 + rate * width, at->y + 1, width, 1 };

		/* With room to spare each has a line of its own. */
		if (at->rows > NR_CACHE_RATE)
			rect = (struct rect){ 1, at->y + 1 + rate, columns - 2, 1 };
		draw_rate(history, (enum cache_rate)rate, canvas, rect, theme);
	}
}
