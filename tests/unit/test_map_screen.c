/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Screen 1 from made-up snapshots, which a small sampler in this file makes as the screen asks
 * for them: no privilege, no process. In ASCII without colours each cell is a character that
 * can be read back.
 */
#include "base/xalloc.h"
#include "ui/map_state.h"
#include "ui/screen_map.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct geometry geometry = { .page_shift = 12, .levels = 4, .user_addr_bits = 47 };

/* 64 MiB with every second page present (index 1), behind a small file and before a stack. */
#define BIG_START       0x7f0000000000
#define BIG_PAGES       16384
#define MOST_MADE_PAGES ((uint64_t)1 << 22)
static const char usual_maps[] = "400000-403000 r-xp 0 fe:00 5 /usr/bin/target\n"
				 "7f0000000000-7f0004000000 rw-p 0 00:00 0 \n"
				 "7ffc00000000-7ffc00021000 rw-p 0 00:00 0 [stack]\n";

static const struct rect sizes[] = { { 0, 0, 80, 24 }, { 0, 0, 120, 36 }, { 0, 0, 200, 50 } };
#define NR_SIZES (sizeof(sizes) / sizeof(sizes[0]))

struct bench {
	struct screen *screen;
	struct theme theme;
	int columns, rows;
	struct map_request request;
};

static struct vma_table *make_table(const char *maps)
{
	struct vma_table *table = vma_table_new(vma_parse_maps(maps, strlen(maps), NULL),
						&geometry);

	for (size_t i = 0; i < vma_list_nr(table->list); i++) {
		const struct vma *vma = vma_list_at(table->list, i);

		table->counts[i].present = vma->start_addr == BIG_START ? BIG_PAGES / 2 : 1;
	}
	vma_table_finish(table);
	table->counted_mono_ns = 1;
	return table;
}

/* What a sampler would have answered to the request. */
static struct grid *make_view(const struct map_request *request, enum why why)
{
	struct grid *grid;
	uint64_t past = request->start_vpn + request->nr_pages;

	if (!request->nr_pages)
		return NULL;
	/* Of a reservation of terabytes the rest is absent: each page here costs time. */
	if (request->nr_pages > MOST_MADE_PAGES)
		past = request->start_vpn + MOST_MADE_PAGES;
	grid = grid_new(request->start_vpn, request->nr_pages, request->pages_per_cell);
	for (uint64_t vpn = request->start_vpn; why == WHY_OK && vpn < past; vpn++) {
		struct page_span span = { .vpn = vpn, .nr_pages = 1, .state = PAGE_PRESENT };

		if (vpn % 2 == 0)
			grid_add_span(grid, &span, VMA_ANON);
	}
	grid_finish(grid, why);
	return grid;
}

static struct snapshot *make_snapshot(const struct map_request *request, const char *maps,
				      enum why why)
{
	struct snapshot *snapshot = snapshot_new();

	snapshot->geometry = geometry;
	snapshot->period_ns = 100000000;
	snapshot->process = (struct process_info){ .pid = 4312,
						   .life = PROCESS_LIVE,
						   .comm = "target",
						   .nr_threads = 1,
						   .rss_bytes = 33 << 20 };
	snapshot->maps_why = WHY_OK;
	snapshot->vmas = make_table(maps);
	snapshot->view = make_view(request, why);
	if (request->has_cursor) {
		snapshot->has_detail = true;
		snapshot->detail = (struct page_detail){
			.addr = request->cursor_addr,
			.mapped = true,
			.state = PAGE_PRESENT,
			.split = geometry_split(&geometry, request->cursor_addr),
			.pfn = 0x13d1d6,
			.mapcount = 1,
			.leaf_bytes = 4096,
			.vma = { .perms = VMA_READ },
		};
		sources_init(&snapshot->detail.sources);
		snapshot->detail.sources.why[SOURCE_PAGEMAP] = WHY_OK;
	}
	return snapshot;
}

static void give(struct bench *bench, struct snapshot *snapshot)
{
	screen_map_set_snapshot(bench->screen, snapshot);
	snapshot_unref(snapshot);
	bench->request = screen_map_wanted(bench->screen, &bench->theme, bench->columns,
					   bench->rows);
}

/* Two rounds: the first snapshot tells the screen what there is to ask for. */
static void refresh(struct bench *bench, const char *maps)
{
	for (int round = 0; round < 2; round++)
		give(bench, make_snapshot(&bench->request, maps, WHY_OK));
}

static struct bench open_bench(const struct rect *size)
{
	struct bench bench = { .screen = screen_map_new(),
			       .columns = size->columns,
			       .rows = size->rows };

	bench.theme = theme_make(PALETTE_DARK, 0, false);
	bench.request = screen_map_wanted(bench.screen, &bench.theme, bench.columns, bench.rows);
	refresh(&bench, usual_maps);
	return bench;
}

static void close_bench(struct bench *bench)
{
	bench->screen->ops->free(bench->screen);
}

/* A key, and the data that it made the screen ask for. */
static struct action press(struct bench *bench, uint32_t key)
{
	struct ui_event event = { .key = key };
	struct action action = bench->screen->ops->event(bench->screen, &event);

	bench->request = screen_map_wanted(bench->screen, &bench->theme, bench->columns,
					   bench->rows);
	give(bench, make_snapshot(&bench->request, usual_maps, WHY_OK));
	return action;
}

/* The screen as text, lines ended by newlines; the caller frees it. */
static char *text_of(struct bench *bench)
{
	struct canvas *canvas = canvas_new(bench->columns, bench->rows);
	char *text = xcalloc((size_t)bench->rows, (size_t)bench->columns * 4 + 2);

	bench->screen->ops->draw(bench->screen, canvas, &bench->theme, UINT64_C(10000000000));
	for (int y = 0; y < bench->rows; y++) {
		char *line = canvas_line(canvas, y);

		strcat(text, line);
		strcat(text, "\n");
		free(line);
	}
	canvas_free(canvas);
	return text;
}

static void expect_text(struct bench *bench, const char *expected)
{
	char *text = text_of(bench);

	if (!strstr(text, expected))
		fail_msg("\"%s\" is not on the screen:\n%s", expected, text);
	free(text);
}

static void expect_no_text(struct bench *bench, const char *unexpected)
{
	char *text = text_of(bench);

	if (strstr(text, unexpected))
		fail_msg("\"%s\" is on the screen:\n%s", unexpected, text);
	free(text);
}

/* Where a text stands; the test fails where it does not. */
static void find_text(struct bench *bench, const char *wanted, int *x, int *y)
{
	char *text = text_of(bench), *line = text, *at = NULL;

	for (*y = 0; *y < bench->rows && !at; (*y)++) {
		char *end = strchr(line, '\n');

		*end = '\0';
		at = strstr(line, wanted);
		*x = at ? (int)(at - line) : 0;
		line = end + 1;
	}
	free(text);
	assert_non_null(at);
	(*y)--;
}

/* Characters of the grid, but for the cursor's, and which there are. */
static size_t grid_characters(struct bench *bench, uint32_t wanted)
{
	struct canvas *canvas = canvas_new(bench->columns, bench->rows);
	struct map_layout at = layout_map(bench->columns, bench->rows);
	size_t nr = 0;

	bench->screen->ops->draw(bench->screen, canvas, &bench->theme, UINT64_C(10000000000));
	for (int y = at.grid.y; y < at.grid.y + at.grid.rows; y++)
		for (int x = at.grid.x; x < at.grid.x + at.grid.columns; x++)
			nr += canvas_at(canvas, x, y)->ch == wanted;
	canvas_free(canvas);
	return nr;
}

static uint32_t glyph(struct bench *bench, unsigned name)
{
	return theme_glyph(&bench->theme, (enum glyph_name)name);
}

static void test_what_stands_on_the_screen(void **state)
{
	(void)state;
	for (size_t i = 0; i < NR_SIZES; i++) {
		struct bench bench = open_bench(&sizes[i]);

		expect_text(&bench, "pagewalk");
		expect_text(&bench, "4312 target");
		expect_text(&bench, "live 10 Hz");
		expect_text(&bench, "3 mappings");
		expect_text(&bench, "---- gap");
		expect_text(&bench, "[stack]");
		expect_text(&bench, "7f0000000000-7f0004000000 rw-p");
		expect_text(&bench, "50 % resident");
		expect_text(&bench, "PHYSICAL FRAMES");
		expect_text(&bench, "PGD 254 PUD 0 PMD 0 PTE 0 + 000 -> frame 13d1d6 -> 13d1d6000");
		expect_text(&bench, "? help");
		expect_text(&bench, "q quit");
		close_bench(&bench);
	}
}

/* The scale stands there whole, or without what there is no room for; never cut. */
static void test_the_scale_is_not_cut(void **state)
{
	static const char *const maps[] = {
		/* 64 MiB, 1 GiB and 8 GiB: more and more digits. */
		"7f0000000000-7f0004000000 rw-p 0 00:00 0 \n",
		"7f0000000000-7f0040000000 rw-p 0 00:00 0 \n",
		"7f0000000000-7f0200000000 rw-p 0 00:00 0 \n",
	};

	(void)state;
	for (size_t i = 0; i < NR_SIZES * 3; i++) {
		struct bench bench = open_bench(&sizes[i / 3]);
		char *text, *at, scale[32];

		refresh(&bench, maps[i % 3]);
		snprintf(scale, sizeof(scale), " %llu pages",
			 (unsigned long long)bench.request.pages_per_cell);
		text = text_of(&bench);
		at = strstr(text, scale);
		assert_non_null(at);
		assert_null(memchr(at, '~', strcspn(at, "\n")));
		free(text);
		close_bench(&bench);
	}
}

/* A newcomer sees the mapping that has most in memory; it fits into the grid whole. */
static void test_the_first_choice_fits(void **state)
{
	(void)state;
	for (size_t i = 0; i < NR_SIZES; i++) {
		struct bench bench = open_bench(&sizes[i]);
		struct map_layout at = layout_map(sizes[i].columns, sizes[i].rows);
		uint64_t cells = (uint64_t)at.grid.columns * (uint64_t)at.grid.rows;

		assert_int_equal(bench.request.start_vpn, BIG_START >> 12);
		assert_int_equal(bench.request.nr_pages, BIG_PAGES);
		assert_true(bench.request.pages_per_cell * cells >= BIG_PAGES);
		assert_true((bench.request.pages_per_cell - 1) * cells < BIG_PAGES);
		/* Half of every cell is present: no cell is drawn full, none empty. */
		assert_int_equal(
			grid_characters(&bench, glyph(&bench, GLYPH_CLASS_PART + CLASS_ANON)),
			(BIG_PAGES + bench.request.pages_per_cell - 1) /
				bench.request.pages_per_cell);
		assert_int_equal(
			grid_characters(&bench, glyph(&bench, GLYPH_CLASS_FULL + CLASS_ANON)), 0);
		close_bench(&bench);
	}
}

/* The scale that zooming in leads to. */
static uint64_t power_below(uint64_t pages)
{
	uint64_t power = 1;

	while (power * 2 < pages)
		power *= 2;
	return power;
}

static void test_zoom_to_one_page_and_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < NR_SIZES; i++) {
		struct bench bench = open_bench(&sizes[i]);
		uint64_t whole = bench.request.pages_per_cell, steps = 0;
		struct map_layout at = layout_map(sizes[i].columns, sizes[i].rows);
		size_t shown = (size_t)at.grid.columns * (size_t)at.grid.rows;

		press(&bench, KEY_UI_TAB);
		while (bench.request.pages_per_cell > 1) {
			uint64_t before = bench.request.pages_per_cell;

			assert_int_equal(press(&bench, '+').kind, ACTION_REQUEST);
			assert_int_equal(bench.request.pages_per_cell, power_below(before));
			steps++;
			assert_in_range(steps, 1, 64);
		}
		expect_text(&bench, "1 page (4.00K)");
		/* Stripes at last: every second page, exactly. */
		assert_int_equal(bench.request.nr_pages, shown < BIG_PAGES ? shown : BIG_PAGES);
		assert_int_equal(
			grid_characters(&bench, glyph(&bench, GLYPH_CLASS_FULL + CLASS_ANON)),
			(bench.request.nr_pages + 1) / 2);
		press(&bench, '+');
		assert_int_equal(bench.request.pages_per_cell, 1);
		while (steps--)
			press(&bench, '-');
		assert_int_equal(bench.request.pages_per_cell, whole);
		press(&bench, '-');
		assert_int_equal(bench.request.pages_per_cell, whole);
		press(&bench, '+');
		press(&bench, '+');
		press(&bench, '0');
		assert_int_equal(bench.request.pages_per_cell, whole);
		assert_int_equal(bench.request.start_vpn, BIG_START >> 12);
		close_bench(&bench);
	}
}

static void test_the_cursor_stops_at_the_ends(void **state)
{
	struct bench bench = open_bench(&sizes[0]);
	uint64_t first = BIG_START, last = BIG_START + (uint64_t)(BIG_PAGES - 1) * 4096;
	static const uint32_t back[] = { KEY_UI_LEFT, KEY_UI_UP, KEY_UI_PAGE_UP, 'h', 'k' };
	static const uint32_t on[] = { KEY_UI_RIGHT, KEY_UI_DOWN, KEY_UI_PAGE_DOWN, 'l', 'j' };

	(void)state;
	press(&bench, KEY_UI_ENTER);
	while (bench.request.pages_per_cell > 1)
		press(&bench, '+');
	press(&bench, KEY_UI_HOME);
	for (size_t i = 0; i < sizeof(back) / sizeof(back[0]); i++) {
		press(&bench, back[i]);
		assert_int_equal(bench.request.cursor_addr, first);
	}
	press(&bench, KEY_UI_END);
	assert_int_equal(bench.request.cursor_addr, last);
	for (size_t i = 0; i < sizeof(on) / sizeof(on[0]); i++) {
		press(&bench, on[i]);
		assert_int_equal(bench.request.cursor_addr, last);
	}
	/* The last page is in sight, and the view does not go past the mapping. */
	assert_int_equal(bench.request.start_vpn + bench.request.nr_pages,
			 (BIG_START >> 12) + BIG_PAGES);
	press(&bench, KEY_UI_HOME);
	press(&bench, KEY_UI_RIGHT);
	assert_int_equal(bench.request.cursor_addr, first + 4096);
	press(&bench, KEY_UI_LEFT);
	assert_int_equal(bench.request.cursor_addr, first);
	close_bench(&bench);
}

/* At every zoom and place the view lies within the mapping and holds the cursor. */
static void test_the_view_holds_the_cursor(void **state)
{
	static const uint32_t keys[] = {
		'+', KEY_UI_RIGHT, KEY_UI_PAGE_DOWN, '+', KEY_UI_END, '-',       KEY_UI_PAGE_UP,
		'+', KEY_UI_DOWN,  KEY_UI_LEFT,      '-', '+',        KEY_UI_UP, KEY_UI_HOME
	};

	(void)state;
	for (size_t i = 0; i < NR_SIZES; i++) {
		struct bench bench = open_bench(&sizes[i]);

		press(&bench, KEY_UI_TAB);
		for (int k = 0; k < 400; k++) {
			uint64_t cursor;

			press(&bench,
			      keys[(k * 5 + k / 7) % (int)(sizeof(keys) / sizeof(keys[0]))]);
			cursor = bench.request.cursor_addr >> 12;
			assert_true(bench.request.start_vpn >= BIG_START >> 12);
			assert_true(bench.request.start_vpn + bench.request.nr_pages <=
				    (BIG_START >> 12) + BIG_PAGES);
			assert_true(cursor >= bench.request.start_vpn);
			assert_true(cursor < bench.request.start_vpn + bench.request.nr_pages);
		}
		close_bench(&bench);
	}
}

static void test_the_choice_survives_new_snapshots(void **state)
{
	static const char grown[] = "400000-403000 r-xp 0 fe:00 5 /usr/bin/target\n"
				    "10000000-10010000 rw-p 0 00:00 0 [heap]\n"
				    "7e0000000000-7e0000100000 rw-p 0 00:00 0 \n"
				    "7f0000000000-7f0004000000 rw-p 0 00:00 0 \n"
				    "7ffc00000000-7ffc00021000 rw-p 0 00:00 0 [stack]\n";
	static const char shrunk[] = "400000-403000 r-xp 0 fe:00 5 /usr/bin/target\n"
				     "7ffc00000000-7ffc00021000 rw-p 0 00:00 0 [stack]\n";
	struct bench bench = open_bench(&sizes[1]);
	uint64_t cursor_addr;

	(void)state;
	press(&bench, KEY_UI_TAB);
	press(&bench, '+');
	press(&bench, KEY_UI_END);
	cursor_addr = bench.request.cursor_addr;
	refresh(&bench, grown);
	expect_text(&bench, "5 mappings");
	expect_text(&bench, "7f0000000000-7f0004000000");
	assert_int_equal(bench.request.cursor_addr, cursor_addr);
	/* It goes: the nearest behind it is chosen, and the cursor lies in that. */
	refresh(&bench, shrunk);
	expect_text(&bench, "7ffc00000000-7ffc00021000");
	assert_in_range(bench.request.cursor_addr, 0x7ffc00000000, 0x7ffc00020fff);
	close_bench(&bench);
}

static void test_list_keys(void **state)
{
	struct bench bench = open_bench(&sizes[0]);

	(void)state;
	press(&bench, KEY_UI_UP);
	expect_text(&bench, "000000400000-000000403000 r-xp");
	press(&bench, KEY_UI_UP); /* gaps are stepped over, the end stays */
	assert_int_equal(bench.request.start_vpn, 0x400);
	press(&bench, KEY_UI_END);
	assert_int_equal(bench.request.start_vpn, 0x7ffc00000);
	press(&bench, KEY_UI_HOME);
	assert_int_equal(bench.request.start_vpn, 0x400);
	press(&bench, ']');
	assert_int_equal(bench.request.start_vpn, BIG_START >> 12);
	close_bench(&bench);
}

static void test_unknown_is_drawn_as_unknown(void **state)
{
	struct bench bench = open_bench(&sizes[0]);
	struct snapshot *snapshot = make_snapshot(&bench.request, usual_maps, WHY_DENIED);
	uint32_t unknown = glyph(&bench, GLYPH_CLASS_FULL + CLASS_UNKNOWN);

	(void)state;
	assert_int_equal(grid_characters(&bench, unknown), 0);
	snapshot->detail.pfn_why = WHY_DENIED;
	snapshot->detail.mapcount_why = WHY_DENIED;
	snapshot->frames_why = WHY_DENIED;
	for (size_t i = 0; i < 3; i++)
		snapshot->vmas->why[i] = WHY_DENIED;
	give(&bench, snapshot);
	assert_int_equal(grid_characters(&bench, unknown),
			 (BIG_PAGES + bench.request.pages_per_cell - 1) /
				 bench.request.pages_per_cell);
	assert_int_equal(grid_characters(&bench, glyph(&bench, GLYPH_CLASS_FULL + CLASS_ABSENT)),
			 0);
	expect_text(&bench, "? resident");
	expect_text(&bench, "frame ?");
	expect_text(&bench, "CAP_SYS_ADMIN");
	expect_no_text(&bench, "0 % resident");
	close_bench(&bench);
}

/*
 * Before the answer to another zoom is there, the view before stands in, at the new scale: nothing
 * flickers; but figures are not told from it.
 */
static void test_the_view_before_stands_in(void **state)
{
	struct bench bench = open_bench(&sizes[0]);
	struct ui_event zoom_in = { .key = '+' };
	uint32_t part = glyph(&bench, GLYPH_CLASS_PART + CLASS_ANON);
	size_t shown = grid_characters(&bench, part);

	(void)state;
	expect_no_text(&bench, "reading...");
	bench.screen->ops->event(bench.screen, &zoom_in);
	bench.request = screen_map_wanted(bench.screen, &bench.theme, bench.columns, bench.rows);
	assert_true(grid_characters(&bench, part) >= shown);
	assert_int_equal(grid_characters(&bench, glyph(&bench, GLYPH_CLASS_FULL + CLASS_UNKNOWN)),
			 0);
	expect_text(&bench, "reading...");
	close_bench(&bench);
}

static void test_processes_without_a_map(void **state)
{
	static const struct {
		enum process_life life;
		enum why maps_why;
		const char *expected;
	} cases[] = {
		{ PROCESS_KTHREAD, WHY_OK, "kernel thread" },
		{ PROCESS_ZOMBIE, WHY_OK, "zombie" },
		{ PROCESS_GONE, WHY_GONE, "has exited" },
		{ PROCESS_LIVE, WHY_DENIED, "CAP_SYS_PTRACE" },
		{ PROCESS_LIVE, WHY_OK, "no mappings" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]) * NR_SIZES; i++) {
		struct bench bench = open_bench(&sizes[i % NR_SIZES]);
		struct snapshot *snapshot = snapshot_new();

		snapshot->period_ns = 100000000;
		snapshot->geometry = geometry;
		snapshot->process.life = cases[i / NR_SIZES].life;
		snapshot->maps_why = cases[i / NR_SIZES].maps_why;
		give(&bench, snapshot);
		expect_text(&bench, cases[i / NR_SIZES].expected);
		/* Keys that need a map are not offered, and do nothing. */
		expect_no_text(&bench, "zoom");
		expect_text(&bench, "q quit");
		for (uint32_t key = 0; key < 256; key++) {
			struct ui_event event = { .key = key };

			bench.screen->ops->event(bench.screen, &event);
		}
		for (uint32_t key = KEY_UI_UP; key <= KEY_UI_REDRAW; key++) {
			struct ui_event event = { .key = key, .x = 5, .y = 5 };

			bench.screen->ops->event(bench.screen, &event);
		}
		close_bench(&bench);
	}
}

static void test_the_last_picture_stays(void **state)
{
	struct bench bench = open_bench(&sizes[1]);
	struct snapshot *snapshot = make_snapshot(&bench.request, usual_maps, WHY_OK);

	(void)state;
	snapshot->process.life = PROCESS_GONE;
	snapshot->process.exit_why = WHY_UNSUPPORTED;
	give(&bench, snapshot);
	expect_text(&bench, "exited: last picture");
	expect_text(&bench, "7f0000000000-7f0004000000");
	close_bench(&bench);
}

/* Whatever the indexes and however large the machine: the physical address is never cut. */
static void test_the_walk_is_whole(void **state)
{
	static const struct {
		uint64_t addr, pfn;
		const char *said;
	} cases[] = {
		{ 0x7f2addedf000, 0x103e0f, "PTE 223 + 000 -> frame 103e0f: 103e0f000" },
		{ 0x7f2addedf000, 0xfffffffff,
		  "= 254 171 239 223 + 000 -> frame fffffffff: "
		  "fffffffff000" },
		{ 0x1000, 0x1, "PTE 1 + 000 -> frame 1 -> 1000" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bench bench = open_bench(&sizes[0]);
		struct snapshot *snapshot = make_snapshot(&bench.request, usual_maps, WHY_OK);

		snapshot->detail.addr = cases[i].addr;
		snapshot->detail.split = geometry_split(&snapshot->geometry, cases[i].addr);
		snapshot->detail.pfn = cases[i].pfn;
		give(&bench, snapshot);
		expect_text(&bench, cases[i].said);
		close_bench(&bench);
	}
}

static void test_how_it_ended(void **state)
{
	static const struct {
		int wait_status;
		const char *said;
	} cases[] = {
		{ 0, "exit 0: last picture" },
		{ 255 << 8, "exit 255: last picture" },
		{ 11 | 0x80, "SIGSEGV: last picture" },
		{ 9, "SIGKILL: last picture" },
	};

	(void)state;
	for (size_t size = 0; size < NR_SIZES; size++)
		for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			struct bench bench = open_bench(&sizes[size]);
			struct snapshot *snapshot = make_snapshot(&bench.request, usual_maps,
								  WHY_OK);

			snapshot->process.life = PROCESS_ZOMBIE;
			snapshot->process.wait_status = cases[i].wait_status;
			give(&bench, snapshot);
			expect_text(&bench, cases[i].said);
			close_bench(&bench);
		}
}

static void test_an_exec_is_said(void **state)
{
	struct bench bench = open_bench(&sizes[0]);
	struct snapshot *snapshot = make_snapshot(&bench.request, usual_maps, WHY_OK);

	(void)state;
	/* It is drawn at 10 s. */
	snapshot->execed_mono_ns = UINT64_C(9000000000);
	strcpy(snapshot->exe, "/usr/bin/\x1b[2Jx");
	give(&bench, snapshot);
	expect_text(&bench, "exec: another program, the map starts afresh: /usr/bin/\\x1b[2Jx");
	assert_true(bench.screen->ops->animates(bench.screen, UINT64_C(10000000000)));
	/* And for some seconds only. */
	snapshot = make_snapshot(&bench.request, usual_maps, WHY_OK);
	snapshot->execed_mono_ns = UINT64_C(4000000000);
	give(&bench, snapshot);
	expect_text(&bench, "q quit");
	close_bench(&bench);
}

static void test_a_name_made_to_mislead(void **state)
{
	static const char maps[] = "400000-403000 r-xp 0 fe:00 5 /tmp/\x1b[2J\\012evil\xff\n";
	struct bench bench = open_bench(&sizes[2]);
	struct snapshot *snapshot;
	char *text;

	(void)state;
	refresh(&bench, maps);
	snapshot = make_snapshot(&bench.request, maps, WHY_OK);
	strcpy(snapshot->process.comm, "a\x1b]0;b\a");
	give(&bench, snapshot);
	text = text_of(&bench);
	assert_null(strchr(text, '\x1b'));
	assert_null(strchr(text, '\a'));
	free(text);
	expect_text(&bench, "\\x1b[2J\\x0aevil\\xff");
	expect_text(&bench, "a\\x1b]0;b\\x07");
	close_bench(&bench);
}

static void test_pause_and_actions(void **state)
{
	static const struct {
		uint32_t key;
		enum action_kind expected;
	} cases[] = {
		{ ' ', ACTION_PAUSE },   { 'p', ACTION_PICK },
		{ 'c', ACTION_THEME },   { 'd', ACTION_THEME },
		{ '?', ACTION_HELP },    { KEY_UI_F1, ACTION_HELP },
		{ 'q', ACTION_QUIT },    { KEY_UI_ESCAPE, ACTION_BACK },
		{ 'z', ACTION_NONE },    { KEY_UI_DOWN, ACTION_REQUEST },
		{ '+', ACTION_REQUEST },
	};
	struct bench bench = open_bench(&sizes[0]);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(press(&bench, cases[i].key).kind, cases[i].expected);
	press(&bench, KEY_UI_ENTER);
	assert_int_equal(press(&bench, KEY_UI_ESCAPE).kind, ACTION_REDRAW);
	assert_int_equal(press(&bench, KEY_UI_ESCAPE).kind, ACTION_BACK);
	screen_map_set_paused(bench.screen, true);
	expect_text(&bench, "paused");
	expect_no_text(&bench, "live");
	close_bench(&bench);
}

/* A mark fades after its time, and until then the screen asks to be drawn again. */
static void test_changes_are_marked_and_fade(void **state)
{
	struct bench bench = open_bench(&sizes[0]);
	struct snapshot *snapshot = make_snapshot(&bench.request, usual_maps, WHY_OK);
	const uint64_t now_ns = UINT64_C(10000000000);

	(void)state;
	snapshot->view->cells[0].change = CELL_ARRIVED;
	snapshot->view->cells[0].changed_ns = now_ns - 1000;
	give(&bench, snapshot);
	expect_text(&bench, "arrived");
	assert_true(bench.screen->ops->animates(bench.screen, now_ns));
	assert_false(bench.screen->ops->animates(bench.screen, now_ns + MAP_CHANGE_NS));
	close_bench(&bench);
}

static void test_clicks_and_wheel(void **state)
{
	struct bench bench = open_bench(&sizes[0]);
	struct map_layout at = layout_map(80, 24);
	struct ui_event event = { .key = KEY_UI_CLICK, .x = at.grid.x + 3, .y = at.grid.y + 1 };
	uint64_t pages_per_cell = bench.request.pages_per_cell;

	(void)state;
	bench.screen->ops->event(bench.screen, &event);
	press(&bench, 0);
	assert_int_equal(bench.request.cursor_addr >> 12,
			 (BIG_START >> 12) + (uint64_t)(at.grid.columns + 3) * pages_per_cell);
	event.key = KEY_UI_WHEEL_UP;
	bench.screen->ops->event(bench.screen, &event);
	press(&bench, 0);
	assert_int_equal(bench.request.pages_per_cell, power_below(pages_per_cell));
	/* A click into the first line below the list's heading chooses the first mapping. */
	event = (struct ui_event){ .key = KEY_UI_CLICK, .x = 5, .y = at.list.y + 1 };
	bench.screen->ops->event(bench.screen, &event);
	press(&bench, 0);
	assert_int_equal(bench.request.start_vpn, 0x400);
	close_bench(&bench);
}

static void test_too_small_a_terminal(void **state)
{
	static const struct rect small[] = { { 0, 0, 79, 24 }, { 0, 0, 80, 23 }, { 0, 0, 20, 5 } };

	(void)state;
	for (size_t i = 0; i < sizeof(small) / sizeof(small[0]); i++) {
		struct bench bench = open_bench(&sizes[0]);

		bench.columns = small[i].columns;
		bench.rows = small[i].rows;
		bench.request = screen_map_wanted(bench.screen, &bench.theme, bench.columns,
						  bench.rows);
		assert_int_equal(bench.request.nr_pages, 0);
		expect_text(&bench, "is too small");
		expect_text(&bench, "needs 80x24");
		/* It goes on as soon as there is room again. */
		bench.columns = 80;
		bench.rows = 24;
		refresh(&bench, usual_maps);
		expect_text(&bench, "50 % resident");
		close_bench(&bench);
	}
}

/* ---- the whole space, frames, finding ---- */

static void type(struct bench *bench, const char *text)
{
	for (; *text; text++)
		press(bench, (uint32_t)*text);
}

/* The whole is laid end to end, at a scale that fills the panel, at every size. */
static void test_the_whole_space(void **state)
{
	(void)state;
	for (size_t i = 0; i < NR_SIZES; i++) {
		struct bench bench = open_bench(&sizes[i]);
		uint64_t pages = BIG_PAGES + 3 + 0x21, cells;

		press(&bench, 'v');
		assert_int_equal(bench.request.view, VIEW_ROWS);
		assert_int_equal(bench.request.nr_rows, 3);
		assert_int_equal(bench.request.rows[1].start_vpn, BIG_START >> 12);
		press(&bench, 'v');
		assert_int_equal(bench.request.view, VIEW_WHOLE);
		assert_int_equal(bench.request.nr_pages, pages);
		expect_text(&bench, "WHOLE 64.1M");
		cells = pages / bench.request.pages_per_cell;
		assert_true(bench.request.pages_per_cell == 1 ||
			    cells * 2 > (uint64_t)bench.columns);
		/* Down to one page and back; the choice follows the cursor across borders. */
		press(&bench, KEY_UI_TAB);
		press(&bench, KEY_UI_HOME);
		expect_text(&bench, "000000400000-000000403000");
		for (int step = 0; step < 20; step++)
			press(&bench, '+');
		assert_int_equal(bench.request.pages_per_cell, 1);
		type(&bench, "lll");
		assert_int_equal(bench.request.cursor_addr, BIG_START);
		expect_text(&bench, "7f0000000000-7f0004000000");
		press(&bench, KEY_UI_END);
		assert_int_equal(bench.request.cursor_addr, 0x7ffc00020000);
		for (int step = 0; step < 20; step++)
			press(&bench, '-');
		assert_int_equal(bench.request.nr_pages, pages);
		press(&bench, 'v');
		assert_int_equal(bench.request.view, VIEW_VMA);
		close_bench(&bench);
	}
}

/* A reserve of 20 TiB with nothing in it does not swamp the rest, and that is said. */
static void test_empty_mappings_are_left_out_of_the_whole(void **state)
{
	static const char maps[] = "400000-403000 r-xp 0 fe:00 5 /usr/bin/target\n"
				   "600000000000-740000000000 ---p 0 00:00 0 \n"
				   "7f0000000000-7f0004000000 rw-p 0 00:00 0 \n";
	struct bench bench = open_bench(&sizes[1]);
	struct snapshot *snapshot;

	(void)state;
	press(&bench, 'v');
	press(&bench, 'v');
	for (int round = 0; round < 2; round++) {
		struct map_request none = { 0 };

		snapshot = make_snapshot(&none, maps, WHY_OK);
		snapshot->vmas->counts[1].present = 0;
		give(&bench, snapshot);
	}
	assert_int_equal(bench.request.nr_pages, BIG_PAGES + 3);
	expect_text(&bench, "1 blank out");
	press(&bench, 'E');
	snapshot = make_snapshot(&(struct map_request){ 0 }, maps, WHY_OK);
	snapshot->vmas->counts[1].present = 0;
	give(&bench, snapshot);
	assert_true(bench.request.nr_pages > UINT64_C(5) << 30);
	expect_no_text(&bench, "blank out");
	close_bench(&bench);
}

static void test_go_to_and_search(void **state)
{
	struct bench bench = open_bench(&sizes[0]);

	(void)state;
	press(&bench, 'g');
	assert_true(bench.screen->ops->is_typing(bench.screen));
	type(&bench, "q7f00z");
	press(&bench, KEY_UI_ENTER);
	expect_text(&bench, "not a hexadecimal address");
	press(&bench, 'U' - 0x40);
	type(&bench, "500000");
	press(&bench, KEY_UI_ENTER);
	expect_text(&bench, "no mapping holds 500000");
	press(&bench, 'U' - 0x40);
	type(&bench, "0x7f0000123456");
	press(&bench, KEY_UI_ENTER);
	assert_false(bench.screen->ops->is_typing(bench.screen));
	assert_int_equal(bench.request.cursor_addr, 0x7f0000123000);
	/* It stays in sight when zoomed in on. */
	for (int step = 0; step < 20; step++)
		press(&bench, '+');
	assert_int_equal(bench.request.cursor_addr, 0x7f0000123000);
	type(&bench, "/TARG");
	press(&bench, KEY_UI_ENTER);
	assert_int_equal(bench.request.cursor_addr, 0x400000);
	type(&bench, "n");
	expect_text(&bench, "the only one of that name");
	type(&bench, "/nothing");
	press(&bench, KEY_UI_ENTER);
	expect_text(&bench, "no mapping of that name");
	press(&bench, KEY_UI_ESCAPE);
	expect_text(&bench, "q quit");
	close_bench(&bench);
}

static void test_filter_of_the_list(void **state)
{
	struct bench bench = open_bench(&sizes[1]);

	(void)state;
	press(&bench, '\\');
	expect_text(&bench, "Show only mappings that are");
	press(&bench, KEY_UI_DOWN); /* anonymous */
	press(&bench, KEY_UI_DOWN); /* heap has none and is stepped over: stack */
	press(&bench, KEY_UI_ENTER);
	expect_text(&bench, "ONLY stack  1 of 3");
	expect_no_text(&bench, "---- gap");
	assert_int_equal(bench.request.cursor_addr, 0x7ffc00000000);
	press(&bench, KEY_UI_UP);
	assert_int_equal(bench.request.cursor_addr, 0x7ffc00000000);
	press(&bench, KEY_UI_BACKSPACE);
	expect_text(&bench, "3 mappings");
	expect_text(&bench, "---- gap");
	close_bench(&bench);
}

/* What is out of sight is asked for, and the answer to an older question is not taken. */
static void test_the_next_page_is_asked_for(void **state)
{
	struct bench bench = open_bench(&sizes[0]);
	struct snapshot *snapshot;
	unsigned serial;

	(void)state;
	press(&bench, KEY_UI_ENTER);
	press(&bench, KEY_UI_HOME);
	press(&bench, KEY_UI_END);
	press(&bench, '>');
	serial = bench.request.seek.serial;
	assert_int_not_equal(serial, 0);
	/* Nothing in the rest of it: the next mapping is searched from its start. */
	snapshot = make_snapshot(&bench.request, usual_maps, WHY_OK);
	snapshot->seek_serial = serial;
	give(&bench, snapshot);
	assert_int_equal(bench.request.seek.serial, serial + 1);
	assert_int_equal(bench.request.seek.from_vpn, 0x7ffc00000);
	snapshot = make_snapshot(&bench.request, usual_maps, WHY_OK);
	snapshot->seek_serial = serial;
	snapshot->seek_found = true;
	snapshot->seek_vpn = 0x400;
	give(&bench, snapshot);
	assert_int_not_equal(bench.request.cursor_addr, 0x400000);
	snapshot = make_snapshot(&bench.request, usual_maps, WHY_OK);
	snapshot->seek_serial = serial + 1;
	snapshot->seek_found = true;
	snapshot->seek_vpn = 0x7ffc00003;
	give(&bench, snapshot);
	assert_int_equal(bench.request.cursor_addr, 0x7ffc00003000);
	close_bench(&bench);
}

static const struct zone zone = { 0, "Normal", 0x100000, 0x80000, 0x80000, 0x80000 };

static void give_frames(struct bench *bench, enum why why)
{
	uint64_t pfn = 0x13d1d6;
	struct page_span span = {
		.vpn = BIG_START >> 12, .nr_pages = 1, .state = PAGE_PRESENT, .pfns = &pfn
	};
	struct snapshot *snapshot = make_snapshot(&bench->request, usual_maps, WHY_OK);
	struct map_request *request = &bench->request;

	snapshot->frames_why = why;
	if (why == WHY_OK)
		snapshot->frames = frame_map_of_part(&zone, 1, request->frame_columns,
						     request->frame_rows, request->shown_pfn,
						     request->nr_shown, request->frames_per_cell);
	if (request->nr_asked) {
		snapshot->frame_pages = frame_pages_new(request->asked_pfn, request->nr_asked);
		snapshot->frame_pages->why = why;
		if (why == WHY_OK)
			frame_pages_add_span(snapshot->frame_pages, &span);
	}
	give(bench, snapshot);
}

/* From the page's frame down to one frame a cell, and from there back to the page. */
static void test_frames_and_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < NR_SIZES; i++) {
		struct bench bench = open_bench(&sizes[i]);
		struct ui_event event = { .key = KEY_UI_TAB };

		give_frames(&bench, WHY_OK);
		press(&bench, KEY_UI_TAB);
		assert_true(bench.request.neighbours);
		give_frames(&bench, WHY_OK);
		bench.screen->ops->event(bench.screen, &event);
		event.key = '+';
		for (int step = 0; step < 25; step++) {
			give_frames(&bench, WHY_OK);
			assert_true(0x13d1d6 - bench.request.asked_pfn < bench.request.nr_asked);
			bench.screen->ops->event(bench.screen, &event);
		}
		give_frames(&bench, WHY_OK);
		give_frames(&bench, WHY_OK);
		assert_int_equal(bench.request.nr_asked, 1);
		assert_int_equal(bench.request.asked_pfn, 0x13d1d6);
		expect_text(&bench, "frame 13d1d6: 1 page of this process");
		expect_text(&bench, "7f0000000000 anon         -> 13d1d6");
		expect_text(&bench, "Enter next page");
		press(&bench, ']');
		assert_int_not_equal(bench.request.cursor_addr, BIG_START);
		give_frames(&bench, WHY_OK);
		event.key = KEY_UI_ENTER;
		bench.screen->ops->event(bench.screen, &event);
		give_frames(&bench, WHY_OK);
		assert_int_equal(bench.request.cursor_addr, BIG_START);
		event.key = '0';
		bench.screen->ops->event(bench.screen, &event);
		give_frames(&bench, WHY_OK);
		assert_int_equal(bench.request.nr_shown, 0);
		close_bench(&bench);
	}
}

static void test_frames_that_are_refused(void **state)
{
	struct bench bench = open_bench(&sizes[0]);
	struct ui_event event = { .key = KEY_UI_TAB };

	(void)state;
	for (int step = 0; step < 2; step++) {
		bench.screen->ops->event(bench.screen, &event);
		give_frames(&bench, WHY_DENIED);
	}
	give_frames(&bench, WHY_DENIED);
	expect_text(&bench, "CAP_SYS_ADMIN");
	expect_no_text(&bench, "0 pages");
	expect_no_text(&bench, "none of this");
	close_bench(&bench);
}

static void test_dragging_pans(void **state)
{
	struct bench bench = open_bench(&sizes[0]);
	int x = bench.columns - 5, y = 8;
	struct ui_event event = { .key = KEY_UI_CLICK, .x = x, .y = y };
	uint64_t start;

	(void)state;
	press(&bench, KEY_UI_ENTER);
	for (int step = 0; step < 20; step++)
		press(&bench, '+');
	start = bench.request.start_vpn;
	bench.screen->ops->event(bench.screen, &event);
	event = (struct ui_event){ .key = KEY_UI_DRAG, .x = x, .y = y - 2 };
	bench.screen->ops->event(bench.screen, &event);
	press(&bench, 0);
	assert_int_equal(bench.request.start_vpn, start + 2 * 45);
	event.y = y + 3;
	bench.screen->ops->event(bench.screen, &event);
	press(&bench, 0);
	assert_int_equal(bench.request.start_vpn, start);
	close_bench(&bench);
}

/* Every flag is in the list and can be reached by its name alone. */
static void test_the_list_of_flags(void **state)
{
	(void)state;
	for (size_t i = 0; i < NR_SIZES; i++) {
		struct bench bench = open_bench(&sizes[i]);

		press(&bench, 'F');
		assert_true(bench.screen->ops->is_typing(bench.screen));
		for (unsigned flag = 0; flag < NR_KPF; flag++)
			if (frame_flag_name(flag))
				expect_text(&bench, frame_flag_name(flag));
		expect_text(&bench, "referenced: used since");
		/* Leaving it leaves the colours. */
		press(&bench, KEY_UI_ESCAPE);
		assert_false(bench.screen->ops->is_typing(bench.screen));
		assert_int_equal(bench.request.mode, MODE_STATE);
		for (unsigned flag = 0; flag < NR_KPF; flag++) {
			if (!frame_flag_name(flag))
				continue;
			press(&bench, 'F');
			type(&bench, frame_flag_name(flag));
			/* "dirty" is in "softdirty" too, and "owner_2" is not the first one. */
			press(&bench, KEY_UI_ENTER);
			assert_int_equal(bench.request.mode, MODE_FLAG);
			assert_non_null(
				strstr(frame_flag_name(bench.request.flag), frame_flag_name(flag)));
		}
		close_bench(&bench);
	}
}

static void test_flags_are_narrowed_and_chosen(void **state)
{
	struct bench bench = open_bench(&sizes[0]);
	struct ui_event click = { .key = KEY_UI_CLICK };
	int x = 0, y = 0;

	(void)state;
	press(&bench, 'F');
	type(&bench, "COMPOUND");
	expect_text(&bench, "compound_head");
	expect_text(&bench, "compound_tail");
	expect_no_text(&bench, "swapbacked");
	press(&bench, KEY_UI_DOWN);
	press(&bench, KEY_UI_ENTER);
	assert_int_equal(bench.request.flag, KPF_COMPOUND_TAIL);
	/* The cursor waits on the flag that is shown. */
	press(&bench, 'F');
	expect_text(&bench, "compound_tail: ");
	press(&bench, KEY_UI_UP);
	press(&bench, KEY_UI_ENTER);
	assert_int_equal(bench.request.flag, KPF_COMPOUND_HEAD);
	press(&bench, 'F');
	type(&bench, "2x");
	expect_text(&bench, "no flag has that in its name");
	press(&bench, KEY_UI_ENTER);
	assert_int_equal(bench.request.flag, KPF_COMPOUND_HEAD);
	press(&bench, KEY_UI_BACKSPACE);
	expect_text(&bench, "private_2");
	press(&bench, KEY_UI_ESCAPE);
	/* A click takes what it is on, and nothing beside it. */
	press(&bench, 'F');
	find_text(&bench, "uptodate", &x, &y);
	click.x = x;
	click.y = y;
	bench.screen->ops->event(bench.screen, &click);
	press(&bench, 0);
	assert_int_equal(bench.request.flag, KPF_UPTODATE);
	press(&bench, 'F');
	click.y = 0;
	bench.screen->ops->event(bench.screen, &click);
	assert_true(bench.screen->ops->is_typing(bench.screen));
	close_bench(&bench);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_stands_on_the_screen),
		cmocka_unit_test(test_the_scale_is_not_cut),
		cmocka_unit_test(test_the_first_choice_fits),
		cmocka_unit_test(test_zoom_to_one_page_and_back),
		cmocka_unit_test(test_the_cursor_stops_at_the_ends),
		cmocka_unit_test(test_the_view_holds_the_cursor),
		cmocka_unit_test(test_the_choice_survives_new_snapshots),
		cmocka_unit_test(test_list_keys),
		cmocka_unit_test(test_unknown_is_drawn_as_unknown),
		cmocka_unit_test(test_the_view_before_stands_in),
		cmocka_unit_test(test_processes_without_a_map),
		cmocka_unit_test(test_the_last_picture_stays),
		cmocka_unit_test(test_how_it_ended),
		cmocka_unit_test(test_the_walk_is_whole),
		cmocka_unit_test(test_an_exec_is_said),
		cmocka_unit_test(test_a_name_made_to_mislead),
		cmocka_unit_test(test_pause_and_actions),
		cmocka_unit_test(test_changes_are_marked_and_fade),
		cmocka_unit_test(test_clicks_and_wheel),
		cmocka_unit_test(test_too_small_a_terminal),
		cmocka_unit_test(test_the_whole_space),
		cmocka_unit_test(test_empty_mappings_are_left_out_of_the_whole),
		cmocka_unit_test(test_go_to_and_search),
		cmocka_unit_test(test_filter_of_the_list),
		cmocka_unit_test(test_the_next_page_is_asked_for),
		cmocka_unit_test(test_frames_and_back),
		cmocka_unit_test(test_frames_that_are_refused),
		cmocka_unit_test(test_dragging_pans),
		cmocka_unit_test(test_the_list_of_flags),
		cmocka_unit_test(test_flags_are_narrowed_and_chosen),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
