/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Screen 2, and the heat of screen 1, from made-up faults: what is drawn and what keys do. */
#include "base/clock.h"
#include "base/xalloc.h"
#include "ui/faults_state.h"
#include "ui/map_heat.h"
#include "ui/screen_faults.h"
#include "ui/screen_help.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct theme ascii = { .palette = PALETTE_DARK, .ascii = true };
static const struct theme rich = { .palette = PALETTE_DARK, .dense = true, .colours = 1 << 24 };

#define PAGE 4096
#define ANON 0x7f0000000000
#define LIB  0x7f1000000000

/* What made-up faults are counted in; as the worker does it. */
struct made {
	struct fault_log *log;
	struct fault_tally *tally;
	struct fault_cross *cross;
	struct fault_names *names;
	struct fault_rates rates;
	struct fault_evictions evictions;
	bool evicted_before; /* the faults that are made next */
	size_t nr_vmas, nr_sites;
	uint64_t nr;
};

static const struct vma vma_anon = { .start_addr = ANON,
				     .end_addr = ANON + 1000 * PAGE,
				     .perms = VMA_READ | VMA_WRITE,
				     .path = "" };
static const struct vma vma_lib = { .start_addr = LIB,
				    .end_addr = LIB + 100 * PAGE,
				    .inode = 9,
				    .perms = VMA_READ | VMA_EXEC,
				    .path = "/usr/lib/lib\033[31mx.so" };

static struct made *made_new(void)
{
	struct made *made = xcalloc(1, sizeof(*made));

	made->log = fault_log_new();
	made->tally = fault_tally_new(16, 16);
	made->cross = fault_cross_new(16);
	made->names = fault_names_new(17, 17);
	fault_rates_init(&made->rates, 10 * NS_PER_S);
	return made;
}

static void made_free(struct made *made)
{
	fault_log_free(made->log);
	fault_tally_free(made->tally);
	fault_cross_free(made->cross);
	fault_names_unref(made->names);
	fault_evictions_clear(&made->evictions);
	free(made);
}

static void strike(struct made *made, enum fault_kind kind, enum fault_severity severity,
		   const struct vma *vma, uint64_t page, pid_t tid)
{
	struct fault_row row = { .fault = { .t_ns = 10 * NS_PER_S + made->nr * NS_PER_MS,
					    .addr = vma->start_addr + page * PAGE,
					    .ip = LIB + 0x100 * (1 + (uint64_t)kind),
					    .pid = 77,
					    .tid = tid,
					    .kind = (uint8_t)kind,
					    .severity = (uint8_t)severity,
					    .evicted_before = made->evicted_before } };
	size_t at;

	fault_tally_add(made->tally, &row.fault, vma, &vma_lib);
	at = fault_tally_last_vma(made->tally);
	row.vma = (uint32_t)at;
	row.vma_off_bytes = page * PAGE;
	for (; made->nr_vmas <= at; made->nr_vmas++)
		fault_names_set_vma(made->names, at, fault_tally_vma(made->tally, at));
	at = fault_tally_last_site(made->tally);
	row.site = (uint32_t)at;
	for (; made->nr_sites <= at; made->nr_sites++)
		fault_names_set_site(made->names, at, fault_tally_site(made->tally, at), false);
	fault_cross_add(made->cross, &row.fault, row.vma, row.site);
	fault_log_add(made->log, &row);
	fault_rates_add(&made->rates, severity, row.fault.t_ns, 1);
	made->nr++;
}

static struct fault_view *made_view(struct made *made)
{
	struct fault_view *view = fault_view_new();

	view->began_ns = 10 * NS_PER_S;
	view->process.pid = 77;
	snprintf(view->process.comm, sizeof(view->process.comm), "made-up");
	view->watching = WATCH_LIVE;
	view->sees_kernel = true;
	view->balance_known = true;
	view->minflt = made->nr + 5;
	view->nr_hidden = 5;
	fault_rates_advance(&made->rates, 12 * NS_PER_S);
	view->rates = made->rates;
	fault_view_take_log(view, made->log);
	fault_view_take_tally(view, made->tally, &made->evictions, made->names);
	fault_view_take_cross(view, made->cross);
	return view;
}

static void give(struct screen *screen, struct made *made)
{
	struct fault_view *view = made_view(made);

	screen_faults_set(screen, view);
	fault_view_unref(view);
}

/* 40 first stores, 3 copies on write by another thread, one page from storage. */
static struct made *made_some(void)
{
	struct made *made = made_new();

	for (uint64_t i = 0; i < 40; i++)
		strike(made, FAULT_ANON_WRITE, FAULT_MINOR, &vma_anon, i, 77);
	for (uint64_t i = 0; i < 3; i++)
		strike(made, FAULT_COW, FAULT_MINOR, &vma_lib, i, 78);
	strike(made, FAULT_FILE_MAJOR, FAULT_MAJOR, &vma_lib, 9, 77);
	return made;
}

/* The column just behind the first such text; -1: it is not there. */
static int end_of(struct screen *screen, int columns, int rows, const char *text)
{
	struct canvas *canvas = canvas_new(columns, rows);
	int end = -1;

	screen->ops->draw(screen, canvas, &ascii, 0);
	for (int y = 0; y < rows && end < 0; y++) {
		char *line = canvas_line(canvas, y), *found = strstr(line, text);

		if (found)
			end = (int)(found - line + (long)strlen(text));
		free(line);
	}
	canvas_free(canvas);
	return end;
}

static bool shows(struct screen *screen, int columns, int rows, const char *text)
{
	return end_of(screen, columns, rows, text) >= 0;
}

static void expect(struct screen *screen, const char *text)
{
	if (!shows(screen, 80, 24, text))
		fail_msg("\"%s\" is not on the screen", text);
}

static void expect_not(struct screen *screen, const char *text)
{
	if (shows(screen, 80, 24, text))
		fail_msg("\"%s\" is on the screen", text);
}

static struct action press(struct screen *screen, uint32_t key)
{
	struct ui_event event = { .key = key };

	return screen->ops->event(screen, &event);
}

static void test_stream(void **state)
{
	struct made *made = made_some();
	struct screen *screen = screen_faults_new();

	(void)state;
	expect(screen, "attaching");
	press(screen, KEY_UI_UP);
	give(screen, made);
	expect(screen, "77 made-up");
	expect(screen, "44 faults");
	expect(screen, "file-major");
	expect(screen, "7f1000009000");
	expect(screen, "read it from storage while the thread slept");
	expect(screen, "hidden 5");
	/* Not looked up yet, then looked up; an escape sequence in a name is harmless. */
	expect(screen, "...");
	fault_names_set_symbol(made->names, 2, "evil\033[2Jname", 4, "a.c:7");
	expect(screen, "evil\\x1b[2Jname+0x4");
	made_free(made);
	expect(screen, "44 faults");
	screen->ops->free(screen);
}

static void test_pause_and_scroll(void **state)
{
	struct made *made = made_some();
	struct screen *screen = screen_faults_new();
	struct action action;

	(void)state;
	give(screen, made);
	expect(screen, "live");
	press(screen, KEY_UI_UP);
	expect(screen, "paused");
	expect(screen, "copied the page to a new frame");
	for (uint64_t i = 0; i < 100; i++)
		strike(made, FAULT_STACK, FAULT_MINOR, &vma_anon, 500 + i, 77);
	give(screen, made);
	/* Counted, but what is read stands still. */
	expect(screen, "144 faults");
	expect(screen, "copied the page to a new frame");
	action = press(screen, KEY_UI_ENTER);
	assert_int_equal(action.kind, ACTION_OPEN_ADDR);
	assert_int_equal(action.addr, LIB + 2 * PAGE);
	press(screen, KEY_UI_HOME);
	expect(screen, "7f0000000000 in anon");
	press(screen, KEY_UI_PAGE_DOWN);
	press(screen, KEY_UI_DOWN);
	press(screen, KEY_UI_UP);
	expect(screen, "7f0000007000 in anon");
	press(screen, KEY_UI_END);
	expect(screen, "live");
	expect(screen, "let the mapping grow down");
	press(screen, ' ');
	expect(screen, "paused");
	press(screen, ' ');
	expect(screen, "live");
	made_free(made);
	screen->ops->free(screen);
}

/* Every line is drawn once and in order wherever the cursor goes. */
static void test_scrolling_visits_all(void **state)
{
	struct made *made = made_some();
	struct screen *screen = screen_faults_new();
	char text[64];

	(void)state;
	give(screen, made);
	expect(screen, "live");
	press(screen, KEY_UI_HOME);
	for (uint64_t i = 0; i < 40; i++) {
		snprintf(text, sizeof(text), "%llx in anon", (unsigned long long)(ANON + i * PAGE));
		expect(screen, text);
		press(screen, KEY_UI_DOWN);
	}
	for (int i = 0; i < 60; i++) {
		press(screen, KEY_UI_DOWN);
		expect(screen, "paused");
	}
	expect(screen, "7f1000009000 in ");
	for (int i = 0; i < 43; i++) {
		press(screen, KEY_UI_UP);
		expect(screen, "paused");
	}
	expect(screen, "7f0000000000 in anon");
	made_free(made);
	screen->ops->free(screen);
}

static void test_filters(void **state)
{
	struct made *made = made_some();
	struct screen *screen = screen_faults_new();

	(void)state;
	give(screen, made);
	expect(screen, "live");
	press(screen, KEY_UI_UP);
	press(screen, 'K');
	expect(screen, "only cow");
	expect_not(screen, "7f0000000000");
	press(screen, 'T');
	expect(screen, "only cow, thread 78");
	press(screen, KEY_UI_BACKSPACE);
	expect_not(screen, "only cow");
	/* By a table's row: of the kinds, the first in the order of the names. */
	press(screen, KEY_UI_BACK_TAB);
	expect(screen, "BY KIND");
	expect(screen, "sorted by all");
	expect(screen, "anon-write: first touch by a store");
	press(screen, KEY_UI_ENTER);
	expect(screen, "only anon-write");
	expect(screen, "7f0000027000 in anon");
	expect_not(screen, "7f1000009000");
	press(screen, KEY_UI_UP);
	expect(screen, "7f0000026000 in anon");
	made_free(made);
	screen->ops->free(screen);
}

/* From any table, with the filter as it is, to the one of the given heading. */
static void open_table(struct screen *screen, const char *heading)
{
	for (int i = 0; i < 4 && !shows(screen, 80, 24, heading); i++)
		press(screen, KEY_UI_TAB);
	expect(screen, heading);
}

/* The filter set in the stream holds for every table, with exact counts. */
static void test_filter_holds_for_tables(void **state)
{
	struct made *made = made_some();
	struct screen *screen = screen_faults_new();

	(void)state;
	fault_names_set_symbol(made->names, 0, "zeta", 0, "");
	fault_names_set_symbol(made->names, 1, "", 0, "");
	fault_names_set_symbol(made->names, 2, "alpha", 0, "");
	give(screen, made);
	expect(screen, "live");
	/* Kind: the three copies on write, of the fourth line from below. */
	press(screen, KEY_UI_UP);
	press(screen, 'K');
	expect(screen, "only cow");
	expect(screen, "3 of 44 faults");
	open_table(screen, "[BY MAPPING]");
	expect(screen, "only cow");
	expect(screen, "3 of 44 faults");
	expect(screen, "c      3      -      -  7f1000000000");
	expect_not(screen, "7f0000000000");
	expect(screen, "Most of its faults that pass the filter: cow");
	open_table(screen, "[BY INSTRUCTION]");
	expect(screen, "c      3      -      -  lib");
	expect_not(screen, "a     40");
	expect_not(screen, "F      -");
	open_table(screen, "[BY KIND]");
	expect(screen, "c cow              3 100 %");
	expect_not(screen, "first touch by a store");
	/* Mapping, and thread with it. */
	press(screen, KEY_UI_BACKSPACE);
	expect(screen, "a anon-write      40  91 %");
	expect_not(screen, "of 44 faults");
	open_table(screen, "[STREAM]");
	press(screen, 'V');
	open_table(screen, "[BY KIND]");
	expect(screen, "4 of 44 faults");
	expect(screen, "c cow              3  75 %");
	expect(screen, "F file-major       1  25 %");
	expect_not(screen, "first touch by a store");
	open_table(screen, "[STREAM]");
	press(screen, 'T');
	expect(screen, "thread 78");
	expect(screen, "3 of 44 faults");
	press(screen, 'V');
	press(screen, KEY_UI_END);
	press(screen, 'T');
	press(screen, KEY_UI_END);
	expect(screen, "7f1000009000 in ");
	press(screen, 'T');
	expect(screen, "only thread 77");
	open_table(screen, "[BY MAPPING]");
	expect(screen, "41 of 44 faults");
	expect(screen, "a     40      -      -  7f0000000000");
	expect(screen, "F      -      1      -  7f1000000000");
	/* Sorting holds: by major faults the library is first. */
	expect(screen, "7f0000000000 anonymous memory");
	press(screen, 's');
	press(screen, 's');
	expect(screen, "sorted by major");
	expect(screen, "7f1000000000 /usr/lib");
	open_table(screen, "[BY INSTRUCTION]");
	expect(screen, "that pass the filter: anon-write");
	for (int i = 0; i < 4; i++)
		press(screen, 's');
	expect(screen, "sorted by name");
	expect(screen, "that pass the filter: file-major");
	made_free(made);
	screen->ops->free(screen);
}

/* The keys and Enter on a row add to the filter what the table is of. */
static void test_filter_from_tables(void **state)
{
	struct made *made = made_some();
	struct screen *screen = screen_faults_new();

	(void)state;
	give(screen, made);
	expect(screen, "live");
	open_table(screen, "[BY MAPPING]");
	press(screen, KEY_UI_DOWN);
	/* A row of a mapping has no one kind, instruction or thread. */
	assert_int_equal(press(screen, 'K').kind, ACTION_NONE);
	assert_int_equal(press(screen, 'I').kind, ACTION_NONE);
	assert_int_equal(press(screen, 'T').kind, ACTION_NONE);
	expect_not(screen, " of 44 faults");
	press(screen, 'V');
	expect(screen, "4 of 44 faults");
	expect_not(screen, "7f0000000000");
	open_table(screen, "[BY KIND]");
	expect(screen, "cow: copy on write");
	press(screen, KEY_UI_DOWN);
	press(screen, 'K');
	expect(screen, "only file-major, ");
	expect(screen, "1 of 44 faults");
	/* The key takes its part away again, in any table. */
	open_table(screen, "[BY INSTRUCTION]");
	press(screen, 'K');
	expect(screen, "4 of 44 faults");
	press(screen, 'I');
	expect(screen, "3 of 44 faults");
	press(screen, 'I');
	expect(screen, "4 of 44 faults");
	/* Enter shows as many faults as the row counts. */
	open_table(screen, "[BY KIND]");
	press(screen, KEY_UI_HOME);
	press(screen, KEY_UI_ENTER);
	expect(screen, "[STREAM]");
	expect(screen, "only cow, ");
	expect(screen, "3 of 44 faults");
	expect(screen, "7f1000002000 in ");
	expect_not(screen, "7f1000009000");
	/* New faults pass or do not. */
	strike(made, FAULT_COW, FAULT_MINOR, &vma_lib, 50, 77);
	strike(made, FAULT_COW, FAULT_MINOR, &vma_anon, 51, 77);
	give(screen, made);
	expect(screen, "4 of 46 faults");
	expect(screen, "7f1000032000 in ");
	press(screen, KEY_UI_BACKSPACE);
	expect_not(screen, " of 46 faults");
	made_free(made);
	screen->ops->free(screen);
}

/* What stands still is counted as it stands, and its cursor stays on a fault that passes. */
static void test_filter_of_a_pause(void **state)
{
	struct made *made = made_some();
	struct screen *screen = screen_faults_new();

	(void)state;
	give(screen, made);
	expect(screen, "live");
	press(screen, KEY_UI_HOME);
	expect(screen, "7f0000000000 in anon");
	for (uint64_t i = 0; i < 7; i++)
		strike(made, FAULT_COW, FAULT_MINOR, &vma_lib, 20 + i, 79);
	give(screen, made);
	open_table(screen, "[BY KIND]");
	press(screen, KEY_UI_DOWN);
	press(screen, 'K');
	expect(screen, "3 of 44 faults");
	open_table(screen, "[STREAM]");
	expect(screen, "7f1000000000 in ");
	press(screen, ' ');
	expect(screen, "10 of 51 faults");
	made_free(made);
	screen->ops->free(screen);
}

/* More combinations than there is room for: what is kept is counted, and that is said. */
static void test_filter_of_what_is_kept(void **state)
{
	struct made *made = made_some();
	struct screen *screen = screen_faults_new();

	(void)state;
	for (int i = 0; i < 70000; i++)
		strike(made, FAULT_HUGE, FAULT_MINOR, &vma_anon, 3, 100 + i % 20);
	give(screen, made);
	expect(screen, "live");
	press(screen, 'K');
	expect(screen, "70.0k of 70.0k faults");
	press(screen, 'K');
	press(screen, 'T');
	expect(screen, "only thread 119");
	/* Chunks are dropped whole: 65,948 of 70,044 are kept, and 3,298 of those pass. */
	expect(screen, "3.29k of the last 65.9k faults kept");
	open_table(screen, "[BY MAPPING]");
	expect(screen, "H  3.29k      -      -  7f0000000000");
	assert_true(shows(screen, 120, 36, "kept (before: too many to tell apart)"));
	/* The thread of a fault that is kept no more. */
	for (int i = 0; i < 70000; i++)
		strike(made, FAULT_HUGE, FAULT_MINOR, &vma_anon, 3, 77);
	give(screen, made);
	expect(screen, "None of the faults that are kept passes the filter");
	assert_int_equal(press(screen, 'V').kind, ACTION_NONE);
	assert_int_equal(press(screen, KEY_UI_ENTER).kind, ACTION_NONE);
	open_table(screen, "[STREAM]");
	expect(screen, "None of the faults that are kept passes the filter");
	assert_int_equal(press(screen, KEY_UI_ENTER).kind, ACTION_NONE);
	press(screen, 'T');
	expect(screen, "7f0000003000 in anon");
	made_free(made);
	screen->ops->free(screen);
}

static void test_tables(void **state)
{
	struct made *made = made_some();
	struct screen *screen = screen_faults_new();
	struct action action;

	(void)state;
	give(screen, made);
	press(screen, KEY_UI_TAB);
	expect(screen, "rw-p");
	expect(screen, "7f0000000000 anonymous memory");
	press(screen, KEY_UI_DOWN);
	expect(screen, "/usr/lib/lib\\x1b[31mx.so");
	action = press(screen, 'g');
	assert_int_equal(action.kind, ACTION_OPEN_ADDR);
	assert_int_equal(action.addr, LIB);
	/* The choice follows its row when the order changes. */
	press(screen, 's');
	press(screen, 's');
	expect(screen, "sorted by major");
	action = press(screen, 'g');
	assert_int_equal(action.addr, LIB);
	press(screen, KEY_UI_TAB);
	expect(screen, "x.so+0x200 ...");
	fault_names_set_symbol(made->names, 0, "", 0, "");
	expect(screen, "x.so+0x200 (no symbol)");
	press(screen, KEY_UI_ENTER);
	expect(screen, "STREAM");
	expect(screen, "only ");
	made_free(made);
	screen->ops->free(screen);
}

static void expect_aligned(struct screen *screen, const char *one, const char *other)
{
	expect(screen, one);
	expect(screen, other);
	if (end_of(screen, 80, 24, one) != end_of(screen, 80, 24, other))
		fail_msg("\"%s\" and \"%s\" end at different columns", one, other);
}

/* Headings stand where their columns do, and the longest name leaves room for all of the title. */
static void test_headings(void **state)
{
	struct made *made = made_some();
	struct screen *screen = screen_faults_new();
	struct fault_view *view = made_view(made);

	(void)state;
	screen_faults_set(screen, view);
	open_table(screen, "[BY MAPPING]");
	expect_aligned(screen, "   minor", "a     40");
	expect_aligned(screen, "  minor  major", "c      3      1");
	expect_aligned(screen, "  minor  major failed", "a     40      -      -");
	expect_aligned(screen, "failed  from        ", "7f0000000000");
	expect_aligned(screen, "perm", "rw-p");
	expect_aligned(screen, "perm  size", "rw-p 3.90M");
	expect_aligned(screen, "size mapp", "3.90M anon");
	open_table(screen, "[BY INSTRUCTION]");
	expect_aligned(screen, "major failed", "a     40      -      -");
	expect_aligned(screen, "failed  ins", "a     40      -      -  lib");
	open_table(screen, "[BY KIND]");
	expect_aligned(screen, "kind         count", "a anon-write      40");
	expect_aligned(screen, "count share", "anon-write      40  91 %");
	view->process.pid = 1234567;
	snprintf(view->process.comm, sizeof(view->process.comm), "fifteen-letters");
	view->nr_lost = 12345;
	view->watching = WATCH_ENDED;
	view->process.wait_status = SIGKILL;
	expect(screen, "pagewalk  1234567 fifteen-letters     44 faults  12.3k lost ");
	expect(screen, "SIGKILL");
	fault_view_unref(view);
	made_free(made);
	screen->ops->free(screen);
}

static bool shows_wide(struct screen *screen, const char *text)
{
	return shows(screen, 120, 36, text);
}

static void test_evictions(void **state)
{
	static const struct vma data = { .start_addr = LIB + 1000 * PAGE,
					 .end_addr = LIB + 1100 * PAGE,
					 .inode = 10,
					 .perms = VMA_READ,
					 .kind = VMA_FILE,
					 .path = "/srv/data" };
	struct made *made = made_some();
	struct screen *screen = screen_faults_new();
	struct fault_eviction eviction = { .page = 4, .nr_pages = 48, .t_ns = 11 * NS_PER_S };

	(void)state;
	eviction.file = fault_evictions_add_file(&made->evictions, &data);
	strike(made, FAULT_FILE_MAJOR, FAULT_MAJOR, &data, 2, 77);
	give(screen, made);
	expect_not(screen, "evicted");
	fault_tally_evict(made->tally, &eviction, 12);
	made->evicted_before = true;
	strike(made, FAULT_FILE_MAJOR, FAULT_MAJOR, &data, 9, 77);
	give(screen, made);
	expect(screen, "in the page cache before, and was evicted");
	expect(screen, "read it from storage once more");
	strike(made, FAULT_FILE_MINOR, FAULT_MINOR, &data, 10, 77);
	give(screen, made);
	expect(screen, "was evicted from the page cache before");
	/* In the table, where there is room; its words say it everywhere. */
	press(screen, KEY_UI_TAB);
	assert_true(shows_wide(screen, "failed evicted"));
	assert_true(shows_wide(screen, "2      -      48  "));
	assert_int_equal(end_of(screen, 120, 36, "major failed evicted"),
			 end_of(screen, 120, 36, "2      -      48"));
	expect_not(screen, "failed evicted");
	press(screen, KEY_UI_DOWN);
	press(screen, KEY_UI_DOWN);
	assert_true(shows_wide(screen, "48 pages of it left the page cache."));
	expect(screen, "left the page cache.");
	made->evictions.nr_lost = 1;
	give(screen, made);
	assert_true(shows_wide(screen, "2      -       ?  "));
	assert_true(shows_wide(screen, "Evicted pages are not known: records"));
	made_free(made);
	screen->ops->free(screen);
}

static void test_refused_and_missing(void **state)
{
	struct made *made = made_new();
	struct screen *screen = screen_faults_new();
	struct fault_view *view = made_view(made);
	char text[400];

	(void)state;
	view->watching = WATCH_REFUSED;
	snprintf(view->error, sizeof(view->error), "perf_event_open is refused");
	fault_rates_add(&view->rates, FAULT_MINOR, 12 * NS_PER_S - 1, 700);
	screen_faults_set(screen, view);
	expect(screen, "cannot be shown: perf_event_open is refused");
	expect(screen, "counters only");
	expect(screen, "minor 700");
	expect_not(screen, "STREAM");
	assert_int_equal(press(screen, KEY_UI_ENTER).kind, ACTION_NONE);
	view->watching = WATCH_LIVE;
	view->error[0] = '\0';
	view->error_code = WHY_DENIED;
	view->sees_kernel = false;
	expect(screen, "load or store not told apart: tracepoints denied");
	expect(screen, "system calls");
	view->error_code = WHY_OK;
	view->nr_lost = 12;
	assert_non_null(strstr(faults_balance_text(view, true, text, sizeof(text)), "12 records"));
	view->watching = WATCH_ENDED;
	view->process.wait_status = SIGKILL;
	expect(screen, "SIGKILL");
	fault_view_unref(view);
	made_free(made);
	screen->ops->free(screen);
}

/* What is said of any kind fits the lines that 80 columns have. */
static void test_sentences_fit(void **state)
{
	char text[1000];

	(void)state;
	for (int kind = 0; kind < NR_FAULT_KIND; kind++) {
		struct fault_row row = { .fault = { .kind = (uint8_t)kind,
						    .has_error_code = 1,
						    .error_code = FAULT_ERROR_WRITE,
						    .doubt = kind == FAULT_UNKNOWN ? FAULT_SPURIOUS
										   : FAULT_SURE } };
		const char *left = faults_explain(&row, text, sizeof(text));
		int lines = 0;

		assert_true(strlen(left) > 20);
		for (; *left; lines++) {
			left += draw_wrap_bytes(left, 78);
			while (*left == ' ')
				left++;
		}
		if (lines > 3)
			fail_msg("%s takes %d lines", fault_kind_name((enum fault_kind)kind),
				 lines);
		for (int other = 0; other < kind; other++)
			assert_true(faults_kind_sign((enum fault_kind)kind) !=
				    faults_kind_sign((enum fault_kind)other));
	}
}

static void test_sizes_and_plot(void **state)
{
	struct made *made = made_some();
	struct screen *screen = screen_faults_new();
	struct canvas *canvas = canvas_new(80, 24);
	bool plotted = false;

	(void)state;
	for (int i = 0; i < 5000; i++)
		strike(made, FAULT_HUGE, FAULT_MINOR, &vma_anon, 3, 77);
	give(screen, made);
	for (int columns = 80; columns < 240; columns += 9)
		for (int rows = 24; rows < 70; rows += 5) {
			struct faults_layout at = faults_layout(columns, rows, columns % 2);

			assert_true(at.list.rows >= 6);
			assert_int_equal(at.list.y + at.list.rows, at.rule_y);
			assert_int_equal(at.detail.y + at.detail.rows, at.keys_y);
			assert_true(shows(screen, columns, rows, "FAULTS A SECOND"));
			assert_true(shows(screen, columns, rows, "0 lost") ||
				    shows(screen, columns, rows, "lost 0"));
		}
	screen->ops->draw(screen, canvas, &rich, 0);
	for (int x = 6; x < 59; x++)
		plotted |= canvas_at(canvas, x, 6)->fg ==
			   colour_of_hue(CLASS_FILE, NR_STRENGTH - 1);
	assert_true(plotted);
	press(screen, 'L');
	assert_true(shows(screen, 120, 36, "logarithmic"));
	assert_true(screen_help_draw(screen, canvas, &ascii, 0) > 10);
	canvas_free(canvas);
	made_free(made);
	screen->ops->free(screen);
}

static void test_heat(void **state)
{
	struct fault_heat *heat = fault_heat_new(100);
	struct map_heat on = { .on = true, .faults = fault_view_new() };
	struct tile tile = { .first = CLASS_ANON, .second = HUE_NONE, .strength = 3 };

	(void)state;
	map_heat_tile(&on, 0, 8, 8, 0, &tile);
	assert_int_equal(tile.first, CLASS_ANON);
	for (uint64_t vpn = 0; vpn < 8; vpn++)
		fault_heat_add(heat, vpn, NS_PER_S);
	on.faults->heat = fault_heat_map(heat, NS_PER_S);
	map_heat_tile(&on, 0, 8, 8, NS_PER_S, &tile);
	assert_int_equal(tile.first, HUE_SCALE + NR_SCALE - 1);
	assert_true(map_heat_animates(&on, NS_PER_S));
	/* It cools, step by step, and one page of many has the lowest. */
	map_heat_tile(&on, 0, 8, 8, 2 * NS_PER_S + NS_PER_S / 4, &tile);
	assert_int_equal(tile.first, HUE_SCALE + 2);
	map_heat_tile(&on, 0, 1 << 20, 1 << 20, NS_PER_S, &tile);
	assert_int_equal(tile.first, HUE_SCALE);
	/* Where nothing struck, the page's own colour steps back; and off is off. */
	tile = (struct tile){ .first = CLASS_ANON, .second = CLASS_FILE, .strength = 3 };
	map_heat_tile(&on, 100, 108, 8, NS_PER_S, &tile);
	assert_int_equal(tile.first, CLASS_ANON);
	assert_int_equal(tile.strength, 0);
	assert_false(map_heat_animates(&on, 60 * NS_PER_S));
	on.on = false;
	tile.strength = 2;
	map_heat_tile(&on, 0, 8, 8, NS_PER_S, &tile);
	assert_int_equal(tile.strength, 2);
	map_heat_free(&on);
	fault_heat_free(heat);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stream),
		cmocka_unit_test(test_pause_and_scroll),
		cmocka_unit_test(test_scrolling_visits_all),
		cmocka_unit_test(test_filters),
		cmocka_unit_test(test_filter_holds_for_tables),
		cmocka_unit_test(test_filter_from_tables),
		cmocka_unit_test(test_filter_of_a_pause),
		cmocka_unit_test(test_filter_of_what_is_kept),
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_headings),
		cmocka_unit_test(test_evictions),
		cmocka_unit_test(test_refused_and_missing),
		cmocka_unit_test(test_sentences_fit),
		cmocka_unit_test(test_sizes_and_plot),
		cmocka_unit_test(test_heat),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
