/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Screen 4: its state and what keys do to it. The cursor is a page of the file, the view
 * starts on a row of cells; a cell stands for a power of two of pages. What would change the
 * page cache is asked about first, in words that say what will be done.
 */
#include "ui/screen_cache.h"

#include "base/xalloc.h"
#include "ui/cache_state.h"

#include <stdlib.h>

static struct cache_screen *cache_of(struct screen *screen)
{
	return (struct cache_screen *)screen;
}

uint64_t cache_nr_pages(const struct cache_screen *cache)
{
	return cache->view && cache->view->path ? cache->view->info.total.pages : 0;
}

bool cache_has_list(const struct cache_screen *cache)
{
	return cache->view && cache->view->files && cache->view->files->nr;
}

void cache_range(const struct cache_screen *cache, uint64_t *first, uint64_t *nr)
{
	uint64_t last = cache->cursor_page + cache->pages_per_cell - 1;

	*first = cache->cursor_page;
	if (cache->has_mark && cache->mark_page < *first)
		*first = cache->mark_page;
	if (cache->has_mark && cache->mark_page + cache->pages_per_cell - 1 > last)
		last = cache->mark_page + cache->pages_per_cell - 1;
	if (last >= cache_nr_pages(cache))
		last = cache_nr_pages(cache) - 1;
	*nr = last - *first + 1;
}

/* The row of the file that is shown, or where it was. */
static void find_chosen(struct cache_screen *cache)
{
	const struct cache_file_list *files = cache->view->files;

	if (!files || !files->nr)
		return;
	for (size_t i = 0; i < files->nr; i++)
		if (files->rows[i].id == cache->chosen_id) {
			cache->chosen_row = i;
			return;
		}
	if (cache->chosen_row >= files->nr)
		cache->chosen_row = files->nr - 1;
}

void screen_cache_set_view(struct screen *screen, struct cache_view *view)
{
	struct cache_screen *cache = cache_of(screen);

	cache_view_ref(view);
	cache_view_unref(cache->view);
	cache->view = view;
	if (view->generation != cache->generation) {
		cache->generation = view->generation;
		cache->chosen_id = view->file_id;
		cache->start_page = cache->cursor_page = view->goto_page;
		/* Who comes for a page wants to see that page. */
		cache->fit = !view->goto_page;
		cache->pages_per_cell = 1;
		cache->has_mark = cache->asking = cache->frames = false;
	}
	find_chosen(cache);
}

void screen_cache_set_paused(struct screen *screen, bool paused)
{
	cache_of(screen)->paused = paused;
}

static uint64_t row_pages(const struct cache_screen *cache)
{
	return (uint64_t)cache->cell_columns * cache->pages_per_cell;
}

static uint64_t fitting_pages_per_cell(const struct cache_screen *cache)
{
	uint64_t room = (uint64_t)cache->cell_columns * (uint64_t)cache->cell_rows;

	return cache_pages_per_cell(cache_nr_pages(cache), room ? (size_t)room : 1);
}

/* Brings cursor and view back into the file, and the cursor into the view. */
static void settle_view(struct cache_screen *cache)
{
	uint64_t nr_pages = cache_nr_pages(cache), fitting, rows, cursor_row, top_row;
	uint64_t shown = (uint64_t)cache->cell_rows;

	if (!nr_pages || cache->cell_columns <= 0 || cache->cell_rows <= 0)
		return;
	fitting = fitting_pages_per_cell(cache);
	if (cache->fit || !cache->pages_per_cell || cache->pages_per_cell > fitting)
		cache->pages_per_cell = fitting;
	if (cache->cursor_page >= nr_pages)
		cache->cursor_page = nr_pages - 1;
	cache->cursor_page -= cache->cursor_page % cache->pages_per_cell;
	rows = (nr_pages + row_pages(cache) - 1) / row_pages(cache);
	cursor_row = cache->cursor_page / row_pages(cache);
	top_row = cache->start_page / row_pages(cache);
	if (cursor_row < top_row)
		top_row = cursor_row;
	if (cursor_row >= top_row + shown)
		top_row = cursor_row - shown + 1;
	if (rows <= shown)
		top_row = 0;
	else if (top_row + shown > rows)
		top_row = rows - shown;
	cache->start_page = top_row * row_pages(cache);
}

static void settle_list(struct cache_screen *cache)
{
	size_t rows = (size_t)cache->layout.list.rows - 1; /* below its heading */

	if (cache->chosen_row < cache->top_row)
		cache->top_row = cache->chosen_row;
	if (cache->chosen_row >= cache->top_row + rows)
		cache->top_row = cache->chosen_row - rows + 1;
}

struct cache_request screen_cache_wanted(struct screen *screen, const struct theme *theme,
					 int columns, int rows)
{
	struct cache_screen *cache = cache_of(screen);
	struct cache_request request = { 0 };

	if (columns < SCREEN_MIN_COLUMNS || rows < SCREEN_MIN_ROWS)
		return request;
	cache->layout = layout_cache(columns, rows, cache_has_list(cache));
	cache->cell_columns = cache->layout.grid.columns;
	cache->cell_rows = cache->layout.grid.rows * (theme->dense ? 2 : 1);
	request.strip_cells = (size_t)cache->layout.strip.columns;
	if (cache_has_list(cache))
		settle_list(cache);
	if (!cache_nr_pages(cache))
		return request;
	settle_view(cache);
	request.start_page = cache->start_page;
	request.nr_pages = (uint64_t)cache->cell_rows * row_pages(cache);
	request.pages_per_cell = cache->pages_per_cell;
	request.cursor_page = cache->cursor_page;
	request.frames = cache->frames && cache->pages_per_cell == 1;
	return request;
}

/* Moves the cursor by cells, without leaving the file. */
static void move_cursor(struct cache_screen *cache, int64_t cells)
{
	uint64_t nr_pages = cache_nr_pages(cache), index, last;

	if (!nr_pages || !cache->pages_per_cell)
		return;
	index = cache->cursor_page / cache->pages_per_cell;
	last = (nr_pages - 1) / cache->pages_per_cell;
	if (cells < 0 && (uint64_t)-cells > index)
		index = cells == -1 ? 0 : index % (uint64_t)cache->cell_columns;
	else if (cells > 0 && index + (uint64_t)cells > last)
		index = last;
	else
		index += (uint64_t)cells;
	cache->cursor_page = index * cache->pages_per_cell;
}

static void zoom(struct cache_screen *cache, bool in)
{
	uint64_t half;

	if (in && cache->pages_per_cell > 1) {
		cache->pages_per_cell /= 2;
		cache->fit = false;
		/* The cursor's row goes to the middle, settle_view() does the rest. */
		half = row_pages(cache) * (uint64_t)cache->cell_rows / 2;
		cache->start_page = cache->cursor_page > half ? cache->cursor_page - half : 0;
	} else if (!in) {
		cache->frames = false;
		cache->pages_per_cell *= 2;
		cache->fit = cache->pages_per_cell >= fitting_pages_per_cell(cache);
	}
}

/* Flags are those of single pages. */
static void show_frames(struct cache_screen *cache)
{
	cache->frames = !cache->frames;
	while (cache->frames && cache->pages_per_cell > 1)
		zoom(cache, true);
}

static struct action choose_row(struct cache_screen *cache, size_t row)
{
	cache->chosen_row = row;
	cache->chosen_id = cache->view->files->rows[row].id;
	return (struct action){ .kind = ACTION_CACHE,
				.cache_command = CACHE_CMD_CHOOSE,
				.arg = cache->chosen_id };
}

static struct action move_list(struct cache_screen *cache, int64_t rows)
{
	int64_t row = (int64_t)cache->chosen_row + rows;
	int64_t last = (int64_t)cache->view->files->nr - 1;

	row = row < 0 ? 0 : row > last ? last : row;
	return choose_row(cache, (size_t)row);
}

static bool inside(const struct rect *rect, int x, int y)
{
	return x >= rect->x && x < rect->x + rect->columns && y >= rect->y &&
	       y < rect->y + rect->rows;
}

static struct action click(struct cache_screen *cache, int x, int y)
{
	const struct rect *grid = &cache->layout.grid, *strip = &cache->layout.strip;
	const struct rect *list = &cache->layout.list;
	size_t row = cache->top_row + (size_t)(y - list->y - 1);

	if (cache->layout.has_list && inside(list, x, y) && y > list->y) {
		cache->focus = CACHE_FOCUS_LIST;
		if (row < cache->view->files->nr)
			return choose_row(cache, row);
	} else if (inside(grid, x, y)) {
		int step = cache->cell_rows / grid->rows;

		cache->focus = CACHE_FOCUS_GRID;
		cache->cursor_page = cache->start_page +
				     (uint64_t)((y - grid->y) * step) * row_pages(cache) +
				     (uint64_t)(x - grid->x) * cache->pages_per_cell;
	} else if (inside(strip, x, y) && cache->view->strip.pages_per_cell) {
		cache->focus = CACHE_FOCUS_GRID;
		cache->cursor_page = (uint64_t)(x - strip->x) * cache->view->strip.pages_per_cell;
	}
	return (struct action){ .kind = ACTION_REQUEST };
}

static struct action wheel(struct cache_screen *cache, const struct ui_event *event)
{
	bool up = event->key == KEY_UI_WHEEL_UP;

	if (cache->layout.has_list && inside(&cache->layout.list, event->x, event->y))
		return move_list(cache, up ? -3 : 3);
	if (inside(&cache->layout.grid, event->x, event->y)) {
		click(cache, event->x, event->y);
		zoom(cache, up);
	}
	return (struct action){ .kind = ACTION_REQUEST };
}

/* Rows and columns that a key moves by; false for any other. */
static bool step_of(const struct cache_screen *cache, uint32_t key, int64_t *rows, int64_t *cells)
{
	int64_t page = cache->focus == CACHE_FOCUS_LIST ? cache->layout.list.rows - 2
							: cache->cell_rows / 2;
	const struct {
		uint32_t key;
		int64_t rows, cells;
	} steps[] = {
		{ KEY_UI_UP, -1, 0 },          { 'k', -1, 0 },
		{ KEY_UI_DOWN, 1, 0 },         { 'j', 1, 0 },
		{ KEY_UI_LEFT, 0, -1 },        { 'h', 0, -1 },
		{ KEY_UI_RIGHT, 0, 1 },        { 'l', 0, 1 },
		{ KEY_UI_PAGE_UP, -page, 0 },  { KEY_UI_PAGE_DOWN, page, 0 },
		{ KEY_UI_HOME, INT32_MIN, 0 }, { KEY_UI_END, INT32_MAX, 0 },
	};

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		if (steps[i].key == key) {
			*rows = steps[i].rows;
			*cells = steps[i].cells;
			return true;
		}
	return false;
}

static struct action move(struct cache_screen *cache, int64_t rows, int64_t cells)
{
	if (cache->focus == CACHE_FOCUS_LIST && cache_has_list(cache)) {
		if (rows)
			return move_list(cache, rows);
		if (cells > 0)
			cache->focus = CACHE_FOCUS_GRID;
	} else if (rows == INT32_MIN) {
		cache->cursor_page = 0;
	} else if (rows == INT32_MAX) {
		cache->cursor_page = cache_nr_pages(cache) ? cache_nr_pages(cache) - 1 : 0;
	} else {
		move_cursor(cache, rows * cache->cell_columns + cells);
	}
	return (struct action){ .kind = ACTION_REQUEST };
}

/* Puts a question; what it asks for is done when the answer is yes. */
static struct action ask(struct cache_screen *cache, enum cache_command command)
{
	cache->asking = true;
	cache->question = (struct action){
		.kind = ACTION_CACHE, .cache_command = command, .arg = cache->cursor_page, .nr = 1
	};
	if (command == CACHE_CMD_READAHEAD)
		cache_range(cache, &cache->question.arg, &cache->question.nr);
	return (struct action){ .kind = ACTION_REDRAW };
}

static struct action answer(struct cache_screen *cache, uint32_t key)
{
	/* A mouse that moves is no answer. */
	if (key == KEY_UI_CLICK || key == KEY_UI_WHEEL_UP || key == KEY_UI_WHEEL_DOWN)
		return (struct action){ .kind = ACTION_NONE };
	cache->asking = false;
	return key == 'y' || key == 'Y' ? cache->question
					: (struct action){ .kind = ACTION_REDRAW };
}

/* Screen 1 where the watched process maps the page under the cursor. */
static struct action open_addr(const struct cache_screen *cache)
{
	const struct cache_page *page = &cache->view->page;

	if (!cache->view->has_page || page->page != cache->cursor_page || !page->watched_addr)
		return (struct action){ .kind = ACTION_NONE };
	return (struct action){ .kind = ACTION_OPEN_ADDR, .addr = page->watched_addr };
}

static struct action handle_file(struct cache_screen *cache, const struct ui_event *event)
{
	switch (event->key) {
	case '+':
	case '=':
		zoom(cache, true);
		return (struct action){ .kind = ACTION_REQUEST };
	case '-':
		zoom(cache, false);
		return (struct action){ .kind = ACTION_REQUEST };
	case '0':
		cache->fit = true;
		cache->frames = false;
		return (struct action){ .kind = ACTION_REQUEST };
	case 'f':
		show_frames(cache);
		return (struct action){ .kind = ACTION_REQUEST };
	case 'm':
		cache->has_mark = !cache->has_mark;
		cache->mark_page = cache->cursor_page;
		return (struct action){ .kind = ACTION_REDRAW };
	case 'r':
		return ask(cache, CACHE_CMD_READ_PAGE);
	case 'a':
		return ask(cache, CACHE_CMD_READAHEAD);
	case 'e':
		return ask(cache, CACHE_CMD_EVICT);
	case 'w':
		return ask(cache, CACHE_CMD_WRITE_BACK);
	case 'o':
		return open_addr(cache);
	case KEY_UI_ENTER:
		if (cache->focus == CACHE_FOCUS_GRID)
			return open_addr(cache);
		cache->focus = CACHE_FOCUS_GRID;
		return (struct action){ .kind = ACTION_REDRAW };
	default:
		return (struct action){ .kind = ACTION_NONE };
	}
}

static struct action handle_always(struct cache_screen *cache, uint32_t key)
{
	static const struct {
		uint32_t key;
		struct action action;
	} rows[] = {
		{ ' ', { .kind = ACTION_PAUSE } },
		{ 'p', { .kind = ACTION_PICK } },
		{ 'c', { .kind = ACTION_THEME, .arg = THEME_NEXT_PALETTE } },
		{ 'd', { .kind = ACTION_THEME, .arg = THEME_DENSE } },
		{ '?', { .kind = ACTION_HELP } },
		{ KEY_UI_F1, { .kind = ACTION_HELP } },
		{ KEY_UI_ESCAPE, { .kind = ACTION_BACK } },
		{ 'q', { .kind = ACTION_QUIT } },
	};

	if (key == KEY_UI_TAB && cache_has_list(cache)) {
		cache->focus = cache->focus == CACHE_FOCUS_LIST ? CACHE_FOCUS_GRID
								: CACHE_FOCUS_LIST;
		return (struct action){ .kind = ACTION_REDRAW };
	}
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].key == key)
			return rows[i].action;
	return (struct action){ .kind = ACTION_NONE };
}

static struct action handle_event(struct screen *screen, const struct ui_event *event)
{
	struct cache_screen *cache = cache_of(screen);
	struct action action = { .kind = ACTION_NONE };
	int64_t rows, cells;

	if (cache->asking)
		return answer(cache, event->key);
	if (cache_nr_pages(cache) || cache_has_list(cache)) {
		if (step_of(cache, event->key, &rows, &cells))
			return move(cache, rows, cells);
		if (event->key == KEY_UI_CLICK)
			return click(cache, event->x, event->y);
		if (event->key == KEY_UI_WHEEL_UP || event->key == KEY_UI_WHEEL_DOWN)
			return wheel(cache, event);
	}
	if (cache_nr_pages(cache))
		action = handle_file(cache, event);
	return action.kind == ACTION_NONE ? handle_always(cache, event->key) : action;
}

/* Marks fade, and news that stay away are said. */
static bool animates(const struct screen *screen, uint64_t now_ns)
{
	const struct cache_screen *cache = (const struct cache_screen *)screen;

	(void)now_ns;
	return !cache->paused;
}

static void free_cache(struct screen *screen)
{
	struct cache_screen *cache = cache_of(screen);

	cache_view_unref(cache->view);
	free(cache);
}

static const struct screen_ops cache_ops = {
	.number = 4,
	.name = "cache",
	.about =
		"The page cache of a file, by offset. The strip is the whole file, the cells below "
		"are a part of it or all; a cell stands for the number of pages that the line "
		"above names. Cached pages that a process has in its page table are drawn as "
		"mapped: the page in the cache and the page in the address space are one frame. "
		"Below: the page under the cursor, what came into the cache and left it, and the "
		"page cache of the whole system. Looking reads nothing in and sets no referenced "
		"bit: counts come from cachestat, flags and map counts from kpageflags and "
		"kpagecount by frame. A frame is told by the page tables that have it; that of a "
		"page in none by our own mapping for a moment (root): MADV_RANDOM, so that "
		"nothing is read ahead and no page is marked as used; mincore, so that only what "
		"is there is touched; pagemap. f shows every page so. What changes the cache "
		"is asked about before it is done.",
	.class_name = cache_class_name,
	.draw = cache_draw,
	.event = handle_event,
	.keys = cache_keys,
	.animates = animates,
	.free = free_cache,
};

struct screen *screen_cache_new(void)
{
	struct cache_screen *cache = xcalloc(1, sizeof(*cache));

	cache->base.ops = &cache_ops;
	cache->fit = true;
	cache->pages_per_cell = 1;
	return &cache->base;
}
