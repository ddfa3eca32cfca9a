/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Looks at one file. Totals, strip and grid come from cachestat (or mincore); what page
 * tables hold, from the pagemap of the processes that map the file; the frame of a page from
 * there too, and its flags and map count from /proc/kpageflags and kpagecount. The frame of a
 * cached page that nobody maps is told by a mapping of our own (kernel/ownmap.h), which costs
 * most and so is made of what is shown only.
 */
#include "app/cache_subject.h"

#include "base/clock.h"
#include "base/xalloc.h"
#include "kernel/walk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Reading the maps of all processes: this often, and at most this share of the time. */
#define MAPS_AGE_NS (2 * NS_PER_S)
#define MAPS_SHARE  20
/* Walking page tables takes at most this share. */
#define WALK_SHARE 10

void cache_subject_init(struct cache_subject *subject, const struct host *host, pid_t watched_pid)
{
	*subject = (struct cache_subject){ .host = host, .watched_pid = watched_pid };
	subject->log.why = WHY_NOT_ASKED;
}

void cache_subject_clear(struct cache_subject *subject)
{
	struct ownmap *own = subject->own;

	filemap_events_close(subject->events);
	filemaps_free(subject->maps);
	filecache_close(subject->file);
	cache_grid_clear(&subject->grid);
	cache_grid_clear(&subject->strip);
	cache_info_clear(&subject->info);
	free(subject->path);
	cache_subject_init(subject, subject->host, subject->watched_pid);
	subject->own = own;
}

void cache_subject_end(struct cache_subject *subject)
{
	cache_subject_clear(subject);
	ownmap_free(subject->own);
	subject->own = NULL;
}

static int read_frames(struct cache_subject *subject, uint64_t first_page, uint64_t nr,
		       struct cache_frame *frames)
{
	if (!subject->own)
		subject->own = ownmap_new(subject->host);
	return ownmap_read(subject->own, subject->file, first_page, nr, frames,
			   &subject->nr_read_back);
}

/* The frame of each cell of one page. */
static void look_at_frames(struct cache_subject *subject)
{
	struct cache_grid *grid = &subject->grid;
	struct cache_frame *frames;
	int ret;

	if (grid->pages_per_cell != 1 || !grid->nr_cells)
		return;
	frames = xcalloc(grid->nr_cells, sizeof(*frames));
	ret = read_frames(subject, grid->start_page, grid->nr_cells, frames);
	for (size_t i = 0; i < grid->nr_cells && !ret; i++)
		grid->cells[i].frame = frames[i];
	grid->frames_why = why_from_errno(-ret);
	free(frames);
}

void cache_subject_take(struct cache_subject *subject, struct filecache *file, const char *path,
			const struct file_key *key)
{
	struct statx st;
	int ret;

	cache_subject_clear(subject);
	subject->file = file;
	subject->path = xstrdup(path);
	subject->maps = filemaps_new(subject->host);
	if (key)
		subject->key = *key;
	else if (!filecache_stat(file, &st))
		subject->key = (struct file_key){ st.stx_dev_major, st.stx_dev_minor, st.stx_ino };
	ret = filemap_events_open(subject->host, &subject->key, &subject->events);
	subject->log.why = why_from_errno(-ret);
}

int cache_subject_open_path(struct cache_subject *subject, const char *path)
{
	struct filecache *file;
	int ret = filecache_open(subject->host, path, FILECACHE_AUTO, &file);

	char *name;

	if (ret) {
		cache_subject_clear(subject);
		return ret;
	}
	name = filecache_name(file, path);
	cache_subject_take(subject, file, name, NULL);
	free(name);
	return 0;
}

/* True when the name leads to another file by now, or to none. */
static void check_name(struct cache_subject *subject)
{
	struct statx ours, named;

	subject->replaced = false;
	if (filecache_stat(subject->file, &ours))
		return;
	subject->deleted = !ours.stx_nlink;
	/* Names of other mount namespaces mean nothing here; those of a server ask it. */
	if (!subject->deleted && !subject->may_hang &&
	    !statx(AT_FDCWD, subject->path, 0, STATX_BASIC_STATS, &named))
		subject->replaced = named.stx_ino != ours.stx_ino ||
				    named.stx_dev_major != ours.stx_dev_major ||
				    named.stx_dev_minor != ours.stx_dev_minor;
}

static int count_grid(struct cache_subject *subject, struct cache_grid *grid)
{
	struct cache_counts *counts = xcalloc(grid->nr_cells ? grid->nr_cells : 1, sizeof(*counts));
	int ret;

	for (size_t i = 0; i < grid->nr_cells; i++)
		counts[i].pages = grid->cells[i].counts.pages;
	ret = filecache_count(subject->file, grid->start_page, grid->pages_per_cell, grid->nr_cells,
			      counts, &grid->why, &grid->why_states);
	for (size_t i = 0; !ret && i < grid->nr_cells; i++)
		grid->cells[i].counts = counts[i];
	free(counts);
	return ret;
}

/* Counts a new grid over a range and marks in it what changed. */
static int look_at_grid(struct cache_subject *subject, struct cache_grid *grid, uint64_t start_page,
			uint64_t nr_pages, uint64_t pages_per_cell)
{
	struct cache_grid now = { 0 };
	int ret;

	cache_grid_lay_out(&now, start_page, nr_pages, pages_per_cell);
	ret = count_grid(subject, &now);
	if (ret) {
		cache_grid_clear(&now);
		return ret;
	}
	/* What page tables hold is counted less often; until then the last count stands. */
	if (grid->start_page == start_page && grid->pages_per_cell == now.pages_per_cell) {
		now.mapped_why = grid->mapped_why;
		for (size_t i = 0; i < now.nr_cells && i < grid->nr_cells; i++)
			now.cells[i].mapped = grid->cells[i].mapped;
	} else {
		subject->walk_next_ns = 0;
	}
	cache_grid_compare(&now, grid, clock_mono_ns());
	cache_grid_clear(grid);
	*grid = now;
	return 0;
}

static void count_mapped(void *arg, const struct mapper *mapper, uint64_t page,
			 const struct page_span *span)
{
	(void)mapper;
	cache_grid_add_mapped(arg, page, span->nr_pages);
}

/* Counts in each cell what page tables hold of it. 0 or -errno. */
static int walk_grid(struct cache_subject *subject, struct cache_grid *grid)
{
	struct sources sources;
	int ret;

	for (size_t i = 0; i < grid->nr_cells; i++)
		grid->cells[i].mapped = 0;
	ret = filemaps_walk(subject->maps, grid->start_page, grid->nr_pages, WALK_STATES,
			    count_mapped, grid, &sources);
	/* A page that two processes map counts once, as far as a cell of many can tell. */
	for (size_t i = 0; i < grid->nr_cells; i++)
		if (grid->cells[i].mapped > grid->cells[i].counts.pages)
			grid->cells[i].mapped = grid->cells[i].counts.pages;
	grid->mapped_why = ret ? why_from_errno(-ret) : filemaps_why(subject->maps);
	return ret;
}

/* Who maps the file, and what of the whole of it; seldom, because it costs most. */
static void find_mappings(struct cache_subject *subject)
{
	uint64_t start_ns = clock_mono_ns(), cost_ns;

	if (start_ns < subject->maps_next_ns)
		return;
	check_name(subject);
	filemaps_find(subject->maps, &subject->key, subject->watched_pid);
	walk_grid(subject, &subject->strip);
	cost_ns = clock_mono_ns() - start_ns;
	subject->maps_next_ns = clock_mono_ns() + (cost_ns * MAPS_SHARE > MAPS_AGE_NS
							   ? cost_ns * MAPS_SHARE
							   : MAPS_AGE_NS);
}

static void walk_mappings(struct cache_subject *subject)
{
	uint64_t start_ns = clock_mono_ns();

	if (start_ns < subject->walk_next_ns || !subject->grid.nr_cells)
		return;
	walk_grid(subject, &subject->grid);
	subject->walk_next_ns = clock_mono_ns() + (clock_mono_ns() - start_ns) * WALK_SHARE;
}

struct one_page {
	struct cache_page *page;
	unsigned page_shift;
	bool has_flags, has_mapcount;
};

static void take_mapper(void *arg, const struct mapper *mapper, uint64_t index,
			const struct page_span *span)
{
	struct one_page *one = arg;
	struct cache_page *page = one->page;

	(void)index;
	if (page->nr_mappers < CACHE_PAGE_MAPPERS) {
		struct cache_page_mapper *to = &page->mappers[page->nr_mappers];

		to->pid = mapper->pid;
		memcpy(to->comm, mapper->comm, sizeof(to->comm));
		to->addr = span->vpn << one->page_shift;
	}
	page->nr_mappers++;
	if (span->pfns && span->pfns[0])
		page->pfn = span->pfns[0];
	one->has_flags |= span->flags != NULL;
	if (span->flags)
		page->flags = frame_flags_clean(span->flags[0]);
	one->has_mapcount |= span->mapcounts != NULL;
	if (span->mapcounts)
		page->mapcount = span->mapcounts[0];
}

/* No page table that may be read has it. */
static void look_at_unmapped(struct cache_subject *subject, struct cache_page *page)
{
	struct cache_frame frame = { 0 };
	int ret = read_frames(subject, page->page, 1, &frame);

	page->frame_source = SOURCE_OWN_MAPPING;
	page->frame_why = ret ? why_from_errno(-ret) : frame.pfn ? WHY_OK : WHY_GONE;
	page->flags_why = page->mapcount_why = page->frame_why;
	page->pfn = frame.pfn;
	page->flags = frame.flags;
	page->mapcount = frame.mapcount;
}

static void look_at_page(struct cache_subject *subject, uint64_t index)
{
	struct cache_page *page = &subject->page;
	struct one_page one = { .page = page, .page_shift = subject->host->geometry.page_shift };
	struct sources sources;

	subject->has_page = index < subject->info.total.pages;
	if (!subject->has_page)
		return;
	*page = (struct cache_page){ .page = index, .counts.pages = 1 };
	if (filecache_count(subject->file, index, 1, 1, &page->counts, &page->why,
			    &page->why_states)) {
		subject->has_page = false;
		return;
	}
	filemaps_walk(subject->maps, index, 1, WALK_ALL, take_mapper, &one, &sources);
	page->mappers_why = filemaps_why(subject->maps);
	page->frame_source = SOURCE_PAGEMAP;
	page->frame_why = page->pfn ? WHY_OK : sources.why[SOURCE_FRAMES];
	page->flags_why = one.has_flags ? WHY_OK : sources.why[SOURCE_KPAGEFLAGS];
	page->mapcount_why = one.has_mapcount ? WHY_OK : sources.why[SOURCE_KPAGECOUNT];
	if (!page->nr_mappers && page->counts.cached)
		look_at_unmapped(subject, page);
	if (subject->watched_pid)
		page->watched_addr = filemaps_addr(subject->maps, subject->watched_pid, index);
}

/* The range that was asked for, as far as the file still has it. */
static uint64_t pages_within(const struct cache_request *request, uint64_t nr_pages)
{
	if (request->start_page >= nr_pages)
		return 0;
	return request->nr_pages < nr_pages - request->start_page ? request->nr_pages
								  : nr_pages - request->start_page;
}

int cache_subject_look(struct cache_subject *subject, const struct cache_request *request)
{
	struct cache_info info;
	uint64_t nr_pages, strip;
	int ret;

	if (!subject->file)
		return 0;
	ret = filecache_read(subject->file, 0, &info);
	if (ret)
		return ret;
	subject->info = info;
	nr_pages = info.total.pages;
	if (request->strip_cells) {
		strip = (nr_pages + request->strip_cells - 1) / request->strip_cells;
		ret = look_at_grid(subject, &subject->strip, 0, nr_pages, strip);
	}
	find_mappings(subject);
	if (!ret && request->pages_per_cell) {
		ret = look_at_grid(subject, &subject->grid, request->start_page,
				   pages_within(request, nr_pages), request->pages_per_cell);
		walk_mappings(subject);
		if (!ret && request->frames)
			look_at_frames(subject);
		look_at_page(subject, request->cursor_page);
	}
	if (subject->events)
		filemap_events_read(subject->events, &subject->log, &subject->grid);
	return ret;
}

void cache_subject_show(const struct cache_subject *subject, struct cache_view *view)
{
	view->path = subject->path ? xstrdup(subject->path) : NULL;
	view->replaced = subject->replaced;
	view->deleted = subject->deleted;
	view->info = subject->info;
	cache_grid_copy(&view->strip, &subject->strip);
	cache_grid_copy(&view->grid, &subject->grid);
	view->has_page = subject->has_page;
	view->page = subject->page;
	view->nr_read_back = subject->nr_read_back;
	view->log = subject->log;
	if (!subject->maps)
		return;
	view->mappers_why = filemaps_why(subject->maps);
	view->nr_mappers = filemaps_nr_processes(subject->maps);
	view->nr_mappers_denied = filemaps_list(subject->maps)->nr_denied;
}
