/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Screen 4 from made-up views, which a small worker in this file makes as the screen asks for
 * them. In ASCII without colours each cell is a character that can be read back.
 */
#include "base/xalloc.h"
#include "ui/cache_state.h"
#include "ui/screen_cache.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Every second run of 64 pages is cached, page 64 and what follows it are dirty. */
#define PAGES   20000
#define WATCHED 4312

struct bench {
	struct screen *screen;
	struct theme theme;
	int columns, rows;
	struct cache_request request;
	struct canvas *canvas;
};

static bool is_cached(uint64_t page)
{
	return page / 64 % 2 == 0;
}

static void count(struct cache_grid *grid)
{
	grid->why = grid->why_states = WHY_OK;
	for (uint64_t page = grid->start_page; page < grid->start_page + grid->nr_pages; page++) {
		struct cache_cell *cell =
			&grid->cells[(page - grid->start_page) / grid->pages_per_cell];

		cell->counts.cached += is_cached(page);
		cell->counts.dirty += is_cached(page) && page >= 128 && page < 192;
		cell->mapped += page >= 256 && page < 320;
	}
}

/* What is cached is, in turn, inactive, referenced, active, and both. */
static void add_frames(struct cache_grid *grid)
{
	grid->frames_why = WHY_OK;
	for (size_t i = 0; i < grid->nr_cells; i++) {
		uint64_t page = grid->start_page + i;

		if (!is_cached(page))
			continue;
		grid->cells[i].frame.pfn = 1000 + page;
		grid->cells[i].frame.flags = KPF_BIT(KPF_LRU) |
					     (page & 1 ? KPF_BIT(KPF_REFERENCED) : 0) |
					     (page & 2 ? KPF_BIT(KPF_ACTIVE) : 0);
	}
}

static void add_file(struct cache_view *view, uint64_t id, const char *path)
{
	struct cache_file_row row = { .id = id,
				      .path = xstrdup(path),
				      .size_bytes = 8192,
				      .pages = 2,
				      .cached = 1,
				      .fd = 3 };

	cache_file_list_add(view->files, &row);
}

static struct cache_view *make_view(const struct cache_request *request, size_t nr_files)
{
	struct cache_view *view = cache_view_new();

	view->taken_mono_ns = 1;
	view->period_ns = 100000000;
	view->page_shift = 12;
	view->generation = 1;
	view->file_id = 1;
	view->path = xstrdup("/data/some file\n.bin");
	view->info.total = (struct cache_counts){ .pages = PAGES, .cached = PAGES / 2 };
	view->info.size_bytes = (uint64_t)PAGES << 12;
	view->info.source = SOURCE_CACHESTAT;
	view->watched_pid = WATCHED;
	view->log.why = WHY_OK;
	view->files = cache_file_list_new();
	for (size_t i = 0; i < nr_files; i++)
		add_file(view, i + 1, i ? "/data/other" : "/data/first");
	if (request->strip_cells) {
		cache_grid_lay_out(&view->strip, 0, PAGES,
				   (PAGES + request->strip_cells - 1) / request->strip_cells);
		count(&view->strip);
	}
	if (request->nr_pages) {
		uint64_t left = PAGES - request->start_page;

		cache_grid_lay_out(&view->grid, request->start_page,
				   request->nr_pages < left ? request->nr_pages : left,
				   request->pages_per_cell);
		count(&view->grid);
		if (request->frames)
			add_frames(&view->grid);
		view->has_page = true;
		view->page = (struct cache_page){
			.page = request->cursor_page,
			.counts = { .pages = 1, .cached = is_cached(request->cursor_page) },
			.frame_why = WHY_OK,
			.pfn = 0x13d1d6,
			.flags = KPF_BIT(KPF_LRU),
			.mapcount = 2,
			.nr_mappers = 1,
			.mappers = { { WATCHED, "tar\x1bget", 0x7f0000 } },
			.watched_addr = 0x7f0000
		};
	}
	return view;
}

static void give(struct bench *bench, struct cache_view *view)
{
	screen_cache_set_view(bench->screen, view);
	cache_view_unref(view);
	bench->request = screen_cache_wanted(bench->screen, &bench->theme, bench->columns,
					     bench->rows);
}

/* Two rounds: the first view tells the screen what there is to ask for. */
static void refresh(struct bench *bench, size_t nr_files)
{
	for (int round = 0; round < 2; round++)
		give(bench, make_view(&bench->request, nr_files));
}

static void draw(struct bench *bench, uint64_t now_ns)
{
	canvas_clear(bench->canvas);
	bench->screen->ops->draw(bench->screen, bench->canvas, &bench->theme, now_ns);
}

static struct bench *open_bench(int columns, int rows, size_t nr_files)
{
	struct bench *bench = xcalloc(1, sizeof(*bench));

	bench->screen = screen_cache_new();
	bench->theme = theme_make(PALETTE_DARK, 0, false);
	bench->columns = columns;
	bench->rows = rows;
	bench->canvas = canvas_new(columns, rows);
	bench->request = screen_cache_wanted(bench->screen, &bench->theme, columns, rows);
	refresh(bench, nr_files);
	draw(bench, 1);
	return bench;
}

static void close_bench(struct bench *bench)
{
	bench->screen->ops->free(bench->screen);
	canvas_free(bench->canvas);
	free(bench);
}

static bool sees(const struct bench *bench, const char *text)
{
	bool found = false;

	for (int y = 0; y < bench->rows && !found; y++) {
		char *line = canvas_line(bench->canvas, y);

		found = strstr(line, text) != NULL;
		free(line);
	}
	return found;
}

static struct action key(struct bench *bench, uint32_t key)
{
	struct ui_event event = { .key = key };
	struct action action = bench->screen->ops->event(bench->screen, &event);

	bench->request = screen_cache_wanted(bench->screen, &bench->theme, bench->columns,
					     bench->rows);
	return action;
}

static void test_layout(void **state)
{
	static const struct rect sizes[] = { { 0, 0, 80, 24 },
					     { 0, 0, 120, 36 },
					     { 0, 0, 200, 50 } };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		for (int list = 0; list < 2; list++) {
			struct cache_layout at = layout_cache(sizes[i].columns, sizes[i].rows,
							      list);

			assert_true(at.grid.rows >= 7);
			assert_int_equal(at.grid.y + at.grid.rows, at.detail_rule_y);
			assert_int_equal(at.system.y + at.system.rows, at.keys.y);
			assert_int_equal(at.grid.x + at.grid.columns, sizes[i].columns);
			assert_true(list == (at.list.columns > 0));
		}
	}
}

static void test_cells(void **state)
{
	struct bench *bench = open_bench(80, 24, 0);
	char *line;

	(void)state;
	/* 20,000 pages in 80 x 7 cells: 64 pages each, every other one cached. */
	assert_int_equal(bench->request.pages_per_cell, 64);
	assert_true(sees(bench, "1 cell = 64 pages (256K)"));
	assert_true(sees(bench, "/data/some file\\x0a.bin"));
	assert_true(sees(bench, "50 % cached"));
	line = canvas_line(bench->canvas, 5);
	assert_memory_equal(line, "F.D.S.F.F.", 10);
	free(line);
	assert_true(sees(bench, "cell of 64 pages: 64 cached"));
	assert_true(sees(bench, "page 0 = offset 0  cached  frame 13d1d6  map count 2"));
	assert_true(sees(bench, "mapped by 4312 tar\\x1bget at 7f0000"));
	close_bench(bench);
}

/* Beside the list there is little room: nothing is cut. */
static void test_range_beside_the_list(void **state)
{
	struct bench *bench = open_bench(80, 24, 3);

	(void)state;
	assert_true(sees(bench, " 0-19999  1 cell = 64 (256K) "));
	assert_true(sees(bench, " cachestat "));
	close_bench(bench);
	bench = open_bench(120, 36, 3);
	assert_true(sees(bench, "pages 0-19999  1 cell ="));
	assert_true(sees(bench, " cachestat "));
	close_bench(bench);
}

static void test_flags_of_pages(void **state)
{
	struct bench *bench = open_bench(80, 24, 0);
	struct cache_view *view;
	char *line;

	(void)state;
	assert_false(bench->request.frames);
	assert_int_equal(key(bench, 'f').kind, ACTION_REQUEST);
	assert_true(bench->request.frames);
	assert_int_equal(bench->request.pages_per_cell, 1);
	refresh(bench, 0);
	draw(bench, 1);
	line = canvas_line(bench->canvas, 5);
	/* The first is under the cursor; from 64 on nothing is cached. */
	assert_memory_equal(line + 1, "raAira", 6);
	assert_memory_equal(line + 60, "iraA....", 8);
	free(line);
	/* 80 x 7 cells from 0 on, 64 of 128 cached: 304 pages. */
	assert_true(sees(bench, "inactive   76"));
	assert_true(sees(bench, "both   76"));
	view = make_view(&bench->request, 0);
	view->nr_read_back = 3;
	give(bench, view);
	draw(bench, 1);
	assert_true(sees(bench, "looking read 3 back"));
	/* What was refused is unknown, and why. */
	view = make_view(&bench->request, 0);
	view->grid.frames_why = WHY_DENIED;
	give(bench, view);
	draw(bench, 1);
	line = canvas_line(bench->canvas, 5);
	assert_memory_equal(line + 1, "??????", 6);
	free(line);
	assert_true(sees(bench, "flags ?: denied: frames, their flags and counts are for root"));
	/* Flags are those of single pages. */
	key(bench, '-');
	assert_false(bench->request.frames);
	close_bench(bench);
}

static void test_zoom_and_move(void **state)
{
	struct bench *bench = open_bench(80, 24, 0);

	(void)state;
	for (int i = 0; i < 6; i++)
		assert_int_equal(key(bench, '+').kind, ACTION_REQUEST);
	key(bench, '+'); /* one page is the end */
	assert_int_equal(bench->request.pages_per_cell, 1);
	key(bench, KEY_UI_RIGHT);
	assert_int_equal(bench->request.cursor_page, 1);
	key(bench, KEY_UI_DOWN);
	assert_int_equal(bench->request.cursor_page, 81);
	key(bench, KEY_UI_END);
	assert_int_equal(bench->request.cursor_page, PAGES - 1);
	assert_true(bench->request.start_page + bench->request.nr_pages >= PAGES);
	assert_int_equal(bench->request.start_page % 80, 0);
	key(bench, KEY_UI_RIGHT);
	assert_int_equal(bench->request.cursor_page, PAGES - 1);
	refresh(bench, 0);
	draw(bench, 1);
	assert_true(sees(bench, "page 19999 = offset 4e1f000"));
	key(bench, KEY_UI_HOME);
	key(bench, KEY_UI_LEFT);
	key(bench, KEY_UI_UP);
	assert_int_equal(bench->request.cursor_page, 0);
	key(bench, '0');
	assert_int_equal(bench->request.pages_per_cell, 64);
	key(bench, '-');
	assert_int_equal(bench->request.pages_per_cell, 64);
	close_bench(bench);
}

static void test_goes_to_a_page(void **state)
{
	struct bench *bench = open_bench(80, 24, 0);
	struct cache_view *view = make_view(&bench->request, 0);

	(void)state;
	view->generation = 2;
	view->goto_page = 12345;
	give(bench, view);
	assert_int_equal(bench->request.cursor_page, 12345);
	assert_int_equal(bench->request.pages_per_cell, 1);
	assert_true(bench->request.start_page <= 12345);
	assert_true(bench->request.start_page + bench->request.nr_pages > 12345);
	close_bench(bench);
}

static void test_leads_to_the_map(void **state)
{
	struct bench *bench = open_bench(80, 24, 0);
	struct action action = key(bench, 'o');

	(void)state;
	assert_int_equal(action.kind, ACTION_OPEN_ADDR);
	assert_int_equal(action.addr, 0x7f0000);
	/* The answer for another page is not taken for this one. */
	key(bench, KEY_UI_RIGHT);
	assert_int_equal(key(bench, 'o').kind, ACTION_NONE);
	close_bench(bench);
}

static void test_questions(void **state)
{
	struct bench *bench = open_bench(80, 24, 0);
	struct action action;

	(void)state;
	assert_int_equal(key(bench, 'e').kind, ACTION_REDRAW);
	draw(bench, 1);
	assert_true(sees(bench, "Evict this file (fadvise DONTNEED)?"));
	assert_true(sees(bench, "y yes  n no"));
	assert_int_equal(key(bench, 'n').kind, ACTION_REDRAW);
	draw(bench, 1);
	assert_false(sees(bench, "Evict this file"));
	/* Any key but y is a no, q too. */
	key(bench, 'w');
	assert_int_equal(key(bench, 'q').kind, ACTION_REDRAW);
	key(bench, 'w');
	action = key(bench, 'y');
	assert_int_equal(action.kind, ACTION_CACHE);
	assert_int_equal(action.cache_command, CACHE_CMD_WRITE_BACK);
	key(bench, KEY_UI_RIGHT);
	key(bench, 'r');
	draw(bench, 1);
	assert_true(sees(bench, "Read page 64 (pread)?"));
	action = key(bench, 'y');
	assert_int_equal(action.cache_command, CACHE_CMD_READ_PAGE);
	assert_int_equal(action.arg, 64);
	/* From the mark to the cursor, both cells included, whichever comes first. */
	key(bench, 'm');
	key(bench, KEY_UI_LEFT);
	key(bench, 'a');
	draw(bench, 1);
	assert_true(sees(bench, "Read ahead 128 pages from 0 on (readahead)?"));
	action = key(bench, 'y');
	assert_int_equal(action.cache_command, CACHE_CMD_READAHEAD);
	assert_int_equal(action.arg, 0);
	assert_int_equal(action.nr, 128);
	close_bench(bench);
}

static void test_list(void **state)
{
	struct bench *bench = open_bench(120, 36, 3);
	struct action action;

	(void)state;
	assert_true(sees(bench, "FILES  3 open or mapped"));
	assert_true(sees(bench, "> 8.00K"));
	key(bench, KEY_UI_TAB);
	action = key(bench, KEY_UI_DOWN);
	assert_int_equal(action.kind, ACTION_CACHE);
	assert_int_equal(action.cache_command, CACHE_CMD_CHOOSE);
	assert_int_equal(action.arg, 2);
	action = key(bench, KEY_UI_END);
	assert_int_equal(action.arg, 3);
	action = key(bench, KEY_UI_DOWN);
	assert_int_equal(action.arg, 3);
	key(bench, KEY_UI_RIGHT);
	assert_int_equal(key(bench, KEY_UI_RIGHT).kind, ACTION_REQUEST);
	close_bench(bench);
}

static void test_unknown(void **state)
{
	struct bench *bench = open_bench(80, 24, 0);
	struct cache_view *view = make_view(&bench->request, 0);
	char *line;

	(void)state;
	view->info.why = view->info.why_states = WHY_DENIED;
	view->grid.why = view->grid.why_states = WHY_DENIED;
	view->page.why = WHY_DENIED;
	view->log.why = WHY_DENIED;
	give(bench, view);
	draw(bench, 1);
	assert_true(sees(bench, "    ? cached"));
	assert_true(sees(bench, "dirty ?"));
	assert_true(sees(bench, "told only to a file's owner or writer"));
	assert_true(sees(bench, "told by difference"));
	line = canvas_line(bench->canvas, 5);
	assert_memory_equal(line, "????", 4);
	free(line);
	close_bench(bench);
}

static void test_silence_is_said(void **state)
{
	struct bench *bench = open_bench(80, 24, 0);

	(void)state;
	assert_true(sees(bench, "live 10 Hz"));
	assert_true(bench->screen->ops->animates(bench->screen, 1));
	draw(bench, UINT64_C(5000000001));
	assert_true(sees(bench, "no answer for 5.00s"));
	screen_cache_set_paused(bench->screen, true);
	draw(bench, UINT64_C(5000000001));
	assert_true(sees(bench, "paused"));
	close_bench(bench);
}

static void test_no_file(void **state)
{
	struct bench *bench = open_bench(80, 24, 0);
	struct cache_view *view = cache_view_new();

	(void)state;
	view->generation = 2;
	view->period_ns = 100000000;
	view->open_error = -EISDIR;
	view->path = xstrdup("/da\x1bta/");
	give(bench, view);
	draw(bench, 1);
	assert_true(sees(bench, "/da\\x1bta/: is a directory, not a file"));
	assert_int_equal(key(bench, 'e').kind, ACTION_NONE);
	assert_int_equal(key(bench, '+').kind, ACTION_NONE);
	assert_int_equal(key(bench, KEY_UI_ESCAPE).kind, ACTION_BACK);
	close_bench(bench);
}

static void test_events(void **state)
{
	struct bench *bench = open_bench(120, 36, 0);
	struct cache_view *view = make_view(&bench->request, 0);
	struct cache_event event = { .t_ns = 1,
				     .inserted = true,
				     .page = 64,
				     .nr_pages = 32,
				     .nr_folios = 8,
				     .order = 2,
				     .pfn = 0xabc,
				     .pid = 77,
				     .cause = CAUSE_READAHEAD };

	(void)state;
	cache_log_add(&view->log, &event);
	event.inserted = false;
	cache_log_add(&view->log, &event);
	cache_history_add(
		&view->history,
		&(struct cache_system){ .t_ns = 1, .cached_bytes = 3 << 20, .rates = { 5 } });
	give(bench, view);
	draw(bench, UINT64_C(1000000001));
	assert_true(sees(bench, "1.00s + 32 pages at 64  8 folios of order 2  readahead  pid 77"));
	assert_true(sees(bench, "1.00s - 32 pages at 64"));
	assert_true(sees(bench, "32 readahead"));
	assert_true(sees(bench, "cached 3.00M"));
	assert_true(sees(bench, "scan        5"));
	close_bench(bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_layout),
		cmocka_unit_test(test_cells),
		cmocka_unit_test(test_flags_of_pages),
		cmocka_unit_test(test_range_beside_the_list),
		cmocka_unit_test(test_zoom_and_move),
		cmocka_unit_test(test_goes_to_a_page),
		cmocka_unit_test(test_leads_to_the_map),
		cmocka_unit_test(test_questions),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_silence_is_said),
		cmocka_unit_test(test_no_file),
		cmocka_unit_test(test_events),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
