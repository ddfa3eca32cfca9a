/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Screen 1 of the real program, driven by keys, on a process whose memory is known: what is
 * drawn is compared with what that process says of itself, cell by cell and colour by colour.
 */
#include "drive.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define COLUMNS 80
#define ROWS    24

/* The process and the screen of one test. */
struct fixture {
	struct target target;
	char word[32]; /* stands in the target's command line and in no other */
	struct pty *pty;
	uint64_t page_bytes;
	int grid_x, grid_y, grid_columns;
	struct pty_colour full; /* of a cell that is all there */
	uint64_t fit;           /* pages of a cell at which all is in sight */
};

static char *number(char text[16], pid_t pid)
{
	snprintf(text, 16, "%d", (int)pid);
	return text;
}

static void watch(struct fixture *fixture, int columns, int rows)
{
	char pid[16];
	const char *const args[] = { number(pid, fixture->target.pid), NULL };

	fixture->pty = drive_start(columns, rows, args, NULL);
	drive_see(fixture->pty, "PHYSICAL FRAMES");
}

static void end(struct fixture *fixture)
{
	drive_quit(fixture->pty);
	target_end(&fixture->target);
}

/* Pages that a cell stands for, as the heading says; 0 where it does not say. */
static uint64_t pages_per_cell(const struct pty *pty)
{
	uint64_t pages = 0;
	int x, y;

	if (pty_find(pty, "resident  cell ", &x, &y)) {
		char *line = pty_screen_line(pty, y);

		sscanf(strstr(line, "resident  cell ") + 15, "%" SCNu64, &pages);
		free(line);
	}
	return pages;
}

/* Starts on stripes; the grid's place follows from that of its heading. */
static void open_stripes(struct fixture *fixture, unsigned mib, unsigned stripe)
{
	int x, y;

	*fixture = (struct fixture){ .page_bytes = (uint64_t)sysconf(_SC_PAGESIZE) };
	snprintf(fixture->word, sizeof(fixture->word), "by-%d-%lx", (int)getpid(),
		 (unsigned long)clock());
	target_start(&fixture->target, mib, stripe, false, fixture->word);
	watch(fixture, COLUMNS, ROWS);
	drive_see(fixture->pty, " 50 %% resident");
	assert_true(pty_find(fixture->pty, " 50 % resident", &x, &y));
	fixture->grid_y = y + 1;
	assert_true(pty_find(fixture->pty, "PHYSICAL", &x, NULL));
	fixture->grid_x = x - 1;
	fixture->grid_columns = COLUMNS - fixture->grid_x;
	fixture->fit = pages_per_cell(fixture->pty);
}

/* ---- cells ---- */

static bool same(struct pty_colour a, struct pty_colour b)
{
	return a.red == b.red && a.green == b.green && a.blue == b.blue;
}

static bool is_grey(struct pty_colour colour)
{
	return colour.red == colour.green && colour.green == colour.blue && colour.red < 0x60;
}

static bool is_white(struct pty_colour colour)
{
	return colour.red == 255 && colour.green == 255 && colour.blue == 255;
}

/* The target locks its stripes, and the hue of locked pages is a violet. */
static bool is_violet(struct pty_colour colour)
{
	return colour.blue > colour.red && colour.red > colour.green && colour.blue > 0x60;
}

/* The colours of a character that holds two cells; false where it is divided otherwise. */
static bool halves(const struct pty *pty, int x, int y, struct pty_colour out[2])
{
	struct pty_colour fg, bg;
	struct pty_cell cell;

	if (!pty_cell(pty, x, y, &cell))
		return false;
	fg = cell.reverse ? cell.bg : cell.fg;
	bg = cell.reverse ? cell.fg : cell.bg;
	switch (cell.ch) {
	case ' ':
		out[0] = out[1] = bg;
		return true;
	case 0x2580:
	case 0x2584:
		out[cell.ch == 0x2584] = fg;
		out[cell.ch == 0x2580] = bg;
		return true;
	case 0x2588:
		out[0] = out[1] = fg;
		return true;
	default:
		return false;
	}
}

/* The colour of the cell of a number, counted along the rows of the view. */
static struct pty_colour colour_of(const struct fixture *fixture, int index)
{
	int row = index / fixture->grid_columns, x = index % fixture->grid_columns;
	struct pty_colour two[2] = { { 0 } };

	if (!halves(fixture->pty, fixture->grid_x + x, fixture->grid_y + row / 2, two))
		drive_fail(fixture->pty, "cell %d is not of one colour", index);
	return two[row % 2];
}

static uint64_t power_below(uint64_t pages)
{
	uint64_t power = 1;

	while (power * 2 < pages)
		power *= 2;
	return power;
}

/* Zooms in or out, one step at a time, each waited for. */
static void zoom_to(struct fixture *fixture, uint64_t pages)
{
	uint64_t now;

	while ((now = pages_per_cell(fixture->pty)) != pages) {
		bool in = now > pages;

		assert_int_not_equal(now, 0);
		pty_keys(fixture->pty, in ? "+" : "-");
		/* Powers of two, but for the scale at which all is in sight. */
		now = in ? power_below(now) : now * 2 < fixture->fit ? now * 2 : fixture->fit;
		drive_see(fixture->pty, "cell %" PRIu64 " page%s (", now, now == 1 ? "" : "s");
	}
}

/* Stripes of one page at one page per cell: every other cell, exactly. */
static bool alternates(struct pty *pty, void *arg)
{
	const struct fixture *fixture = arg;

	for (int i = 0; i < 8 * fixture->grid_columns; i++) {
		struct pty_colour colour, two[2];
		int row = i / fixture->grid_columns, x = i % fixture->grid_columns;

		if (!halves(pty, fixture->grid_x + x, fixture->grid_y + row / 2, two))
			return false;
		colour = two[row % 2];
		if (i % 2 ? !is_grey(colour) : !is_violet(colour))
			return false;
	}
	return true;
}

/* Four rows of cells in one colour, which is that of pages present. */
static bool is_even_violet(struct pty *pty, void *arg)
{
	const struct fixture *fixture = arg;
	struct pty_colour first[2], two[2];

	if (!halves(pty, fixture->grid_x, fixture->grid_y, first) || !is_violet(first[0]))
		return false;
	/* Until it is read the view before stands in, of which the first page is there. */
	if (same(first[0], fixture->full))
		return false;
	for (int i = 0; i < 2 * fixture->grid_columns; i++) {
		int row = i / fixture->grid_columns, x = i % fixture->grid_columns;

		if (!halves(pty, fixture->grid_x + x, fixture->grid_y + row, two) ||
		    !same(two[0], first[0]) || !same(two[1], first[0]))
			return false;
	}
	return true;
}

static void test_stripes_at_every_zoom(void **state)
{
	struct pty_colour full, part, absent;
	struct fixture fixture;
	uint64_t fit;

	(void)state;
	open_stripes(&fixture, 64, 1);
	fit = pages_per_cell(fixture.pty);
	assert_true(fit > 1);
	zoom_to(&fixture, 1);
	drive_until(fixture.pty, alternates, &fixture, "stripes alternate at one page per cell");
	fixture.full = full = colour_of(&fixture, 0);
	absent = colour_of(&fixture, 1);
	for (uint64_t pages = 2; pages <= fit; pages *= 2) {
		zoom_to(&fixture, pages);
		drive_until(fixture.pty, is_even_violet, &fixture, "half of each cell is there");
		part = colour_of(&fixture, 0);
		assert_false(same(part, full));
		assert_false(same(part, absent));
	}
	end(&fixture);
}

static void test_one_glyph_a_cell(void **state)
{
	struct fixture fixture;

	(void)state;
	open_stripes(&fixture, 64, 1);
	pty_keys(fixture.pty, "d");
	drive_see(fixture.pty, "llllllllllll");
	assert_false(pty_find(fixture.pty, "LL", NULL, NULL));
	zoom_to(&fixture, 1);
	drive_see(fixture.pty, "L·L·L·L·L·L·");
	assert_false(pty_find(fixture.pty, "l·", NULL, NULL));
	pty_keys(fixture.pty, "d");
	drive_until(fixture.pty, alternates, &fixture, "two cells a character again");
	end(&fixture);
}

/* ---- the first picture ---- */

static uint64_t read_pagemap(const struct fixture *fixture, uint64_t addr)
{
	uint64_t entry = 0;
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/pagemap", (int)fixture->target.pid);
	fd = open(path, O_RDONLY);
	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &entry, sizeof(entry), (off_t)(addr / fixture->page_bytes * 8)),
			 sizeof(entry));
	close(fd);
	return entry;
}

static void test_first_picture(void **state)
{
	struct fixture fixture;
	uint64_t pfn;

	(void)state;
	open_stripes(&fixture, 64, 1);
	drive_see(fixture.pty, "pagewalk  %d ", (int)fixture.target.pid);
	drive_see(fixture.pty, "live 10 Hz");
	drive_see(fixture.pty, "ADDRESS SPACE  ");
	drive_see(fixture.pty, "[heap]");
	drive_see(fixture.pty, "---- gap ");
	drive_see(fixture.pty, "%012" PRIx64 "-", fixture.target.start_addr);
	drive_see(fixture.pty, "64.0M, 50 %% resident");
	drive_see(fixture.pty, " %012" PRIx64 " = PGD ", fixture.target.start_addr);
	drive_see(fixture.pty, " PTE %" PRIu64 " + 000 -> ",
		  fixture.target.start_addr / fixture.page_bytes % (fixture.page_bytes / 8));
	drive_see(fixture.pty, "? help");
	drive_see(fixture.pty, "q quit");
	pfn = read_pagemap(&fixture, fixture.target.start_addr) & ((UINT64_C(1) << 55) - 1);
	if (pfn) {
		drive_see(fixture.pty, "frame %" PRIx64 " -> %" PRIx64, pfn,
			  pfn * fixture.page_bytes);
		drive_see(fixture.pty, "mapped once");
		drive_see(fixture.pty, "1 cell = ");
	} else {
		drive_see(fixture.pty, "frame ?");
	}
	end(&fixture);
}

/* ---- keys ---- */

static void see_page(const struct fixture *fixture, uint64_t page)
{
	drive_see(fixture->pty, " %012" PRIx64 " = PGD ",
		  fixture->target.start_addr + page * fixture->page_bytes);
}

static bool cursor_is_first(struct pty *pty, void *arg)
{
	const struct fixture *fixture = arg;
	struct pty_colour two[2];

	return halves(pty, fixture->grid_x, fixture->grid_y, two) && is_white(two[0]);
}

static bool no_cursor(struct pty *pty, void *arg)
{
	return !cursor_is_first(pty, arg);
}

static void test_keys_in_the_cells(void **state)
{
	struct fixture fixture;
	uint64_t cell, row;

	(void)state;
	open_stripes(&fixture, 64, 1);
	cell = pages_per_cell(fixture.pty);
	row = cell * (uint64_t)fixture.grid_columns;
	pty_keys(fixture.pty, "\t");
	drive_until(fixture.pty, cursor_is_first, &fixture, "Tab puts the cursor into the cells");
	pty_key(fixture.pty, PTY_KEY_RIGHT);
	see_page(&fixture, cell);
	pty_key(fixture.pty, PTY_KEY_DOWN);
	see_page(&fixture, cell + row);
	pty_key(fixture.pty, PTY_KEY_LEFT);
	see_page(&fixture, row);
	pty_key(fixture.pty, PTY_KEY_UP);
	see_page(&fixture, 0);
	pty_keys(fixture.pty, "lj");
	see_page(&fixture, cell + row);
	pty_keys(fixture.pty, "hk");
	see_page(&fixture, 0);
	pty_key(fixture.pty, PTY_KEY_END);
	see_page(&fixture, fixture.target.nr_pages - 1);
	pty_key(fixture.pty, PTY_KEY_RIGHT);
	pty_key(fixture.pty, PTY_KEY_HOME);
	see_page(&fixture, 0);
	pty_key(fixture.pty, PTY_KEY_PAGE_DOWN);
	drive_gone(fixture.pty, " %012" PRIx64 " = PGD ", fixture.target.start_addr);
	pty_key(fixture.pty, PTY_KEY_PAGE_UP);
	see_page(&fixture, 0);
	pty_key(fixture.pty, PTY_KEY_ESCAPE);
	drive_until(fixture.pty, no_cursor, &fixture, "Esc leaves the cells");
	pty_key(fixture.pty, PTY_KEY_ENTER);
	drive_until(fixture.pty, cursor_is_first, &fixture, "Enter goes into the cells");
	pty_keys(fixture.pty, "\t");
	drive_until(fixture.pty, no_cursor, &fixture, "Tab goes on to physical memory");
	drive_see(fixture.pty, "Enter next page");
	pty_keys(fixture.pty, "\t");
	drive_gone(fixture.pty, "Enter next page");
	end(&fixture);
}

static void test_zoom_keys(void **state)
{
	struct fixture fixture;
	uint64_t fit, in;

	(void)state;
	open_stripes(&fixture, 64, 1);
	fit = fixture.fit;
	in = power_below(fit);
	pty_keys(fixture.pty, "+");
	drive_see(fixture.pty, "cell %" PRIu64 " pages (", in);
	pty_keys(fixture.pty, "=");
	drive_see(fixture.pty, "cell %" PRIu64 " pages (", in / 2);
	pty_keys(fixture.pty, "-");
	drive_see(fixture.pty, "cell %" PRIu64 " pages (", in);
	pty_keys(fixture.pty, "++");
	pty_keys(fixture.pty, "0");
	drive_see(fixture.pty, "cell %" PRIu64 " pages (", fit);
	/* Beyond the whole there is nothing to be seen. */
	pty_keys(fixture.pty, "-+");
	drive_see(fixture.pty, "cell %" PRIu64 " pages (", in);
	/* The page under the cursor stays in sight. */
	pty_keys(fixture.pty, "\t");
	pty_key(fixture.pty, PTY_KEY_END);
	zoom_to(&fixture, 1);
	see_page(&fixture, fixture.target.nr_pages - 1);
	end(&fixture);
}

static void test_keys_in_the_list(void **state)
{
	struct fixture fixture;
	char chosen[32];

	(void)state;
	open_stripes(&fixture, 64, 1);
	snprintf(chosen, sizeof(chosen), " %012" PRIx64 "-", fixture.target.start_addr);
	drive_see(fixture.pty, "%s", chosen);
	pty_keys(fixture.pty, "]");
	drive_gone(fixture.pty, "%s", chosen);
	pty_keys(fixture.pty, "[");
	drive_see(fixture.pty, "%s", chosen);
	pty_key(fixture.pty, PTY_KEY_DOWN);
	drive_gone(fixture.pty, "%s", chosen);
	pty_key(fixture.pty, PTY_KEY_UP);
	drive_see(fixture.pty, "%s", chosen);
	pty_key(fixture.pty, PTY_KEY_HOME);
	drive_see(fixture.pty, "r--p ");
	drive_gone(fixture.pty, "%s", chosen);
	drive_see(fixture.pty, "page 0 of the file");
	pty_key(fixture.pty, PTY_KEY_END);
	drive_gone(fixture.pty, "page 0 of the file");
	pty_key(fixture.pty, PTY_KEY_PAGE_UP);
	pty_key(fixture.pty, PTY_KEY_PAGE_UP);
	pty_key(fixture.pty, PTY_KEY_PAGE_UP);
	drive_see(fixture.pty, "page 0 of the file");
	pty_key(fixture.pty, PTY_KEY_PAGE_DOWN);
	drive_gone(fixture.pty, "page 0 of the file");
	/* In the cells [ and ] still choose a mapping. */
	pty_keys(fixture.pty, "\t");
	pty_key(fixture.pty, PTY_KEY_HOME);
	pty_keys(fixture.pty, "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[");
	drive_see(fixture.pty, "page 0 of the file");
	end(&fixture);
}

static bool bar_differs(struct pty *pty, void *arg)
{
	const struct pty_cell *before = arg;
	struct pty_cell now;

	return pty_cell(pty, 0, 0, &now) && !same(now.bg, before->bg);
}

static bool bar_is(struct pty *pty, void *arg)
{
	return !bar_differs(pty, arg);
}

static void test_help_and_palette(void **state)
{
	struct fixture fixture;
	struct pty_cell bar;

	(void)state;
	open_stripes(&fixture, 64, 1);
	pty_keys(fixture.pty, "?");
	drive_see(fixture.pty, "What this screen shows: map");
	drive_see(fixture.pty, "The address space of a process");
	pty_key(fixture.pty, PTY_KEY_DOWN);
	drive_gone(fixture.pty, "The address space of a process");
	pty_key(fixture.pty, PTY_KEY_UP);
	drive_see(fixture.pty, "The address space of a process");
	for (int i = 0; i < 8; i++)
		pty_key(fixture.pty, PTY_KEY_PAGE_DOWN);
	drive_see(fixture.pty, "one glyph for each cell");
	drive_gone(fixture.pty, "more below");
	pty_key(fixture.pty, PTY_KEY_ESCAPE);
	drive_gone(fixture.pty, "What this screen shows: map");

	assert_true(pty_cell(fixture.pty, 0, 0, &bar));
	pty_keys(fixture.pty, "c");
	drive_until(fixture.pty, bar_differs, &bar, "c changes the palette");
	pty_keys(fixture.pty, "cc");
	drive_until(fixture.pty, bar_is, &bar, "c goes round to the first");

	end(&fixture);
}

static void test_other_process_and_back(void **state)
{
	struct fixture fixture;

	(void)state;
	open_stripes(&fixture, 64, 1);
	pty_keys(fixture.pty, "p");
	drive_see(fixture.pty, "choose a process");
	pty_keys(fixture.pty, fixture.word);
	drive_see(fixture.pty, "Enter shows where the pages of %d lie", (int)fixture.target.pid);
	pty_key(fixture.pty, PTY_KEY_ENTER);
	drive_see(fixture.pty, "64.0M, 50 %% resident");
	pty_keys(fixture.pty, "\t");
	pty_key(fixture.pty, PTY_KEY_ESCAPE);
	pty_key(fixture.pty, PTY_KEY_ESCAPE);
	drive_see(fixture.pty, "choose a process");
	pty_key(fixture.pty, PTY_KEY_ENTER);
	drive_see(fixture.pty, "64.0M, 50 %% resident");
	end(&fixture);
}

static void test_pause(void **state)
{
	struct fixture fixture;
	uint64_t bytes;

	(void)state;
	open_stripes(&fixture, 8, 128);
	pty_keys(fixture.pty, " ");
	drive_see(fixture.pty, "paused");
	assert_true(pty_wait_quiet(fixture.pty, 300, DRIVE_MS));
	bytes = pty_output_bytes(fixture.pty);
	target_do(&fixture.target, 't', "touched");
	drive_observe(fixture.pty, 700);
	assert_int_equal(pty_output_bytes(fixture.pty), bytes);
	assert_true(pty_find(fixture.pty, "8.00M, 50 % resident", NULL, NULL));
	pty_keys(fixture.pty, " ");
	drive_see(fixture.pty, "live 10 Hz");
	drive_see(fixture.pty, "8.00M, 56 %% resident");
	end(&fixture);
}

/* ---- the process goes on living ---- */

static bool second_is_not_grey(struct pty *pty, void *arg)
{
	const struct fixture *fixture = arg;
	struct pty_colour two[2];

	return halves(pty, fixture->grid_x + 1, fixture->grid_y, two) && !is_grey(two[0]);
}

static bool second_is_as_first(struct pty *pty, void *arg)
{
	const struct fixture *fixture = arg;
	struct pty_colour first[2], second[2];

	return halves(pty, fixture->grid_x, fixture->grid_y, first) &&
	       halves(pty, fixture->grid_x + 1, fixture->grid_y, second) &&
	       same(first[0], second[0]);
}

static void test_touched_page_is_marked(void **state)
{
	struct fixture fixture;
	struct pty_colour full;

	(void)state;
	open_stripes(&fixture, 64, 1);
	zoom_to(&fixture, 1);
	drive_until(fixture.pty, alternates, &fixture, "stripes alternate at one page per cell");
	full = colour_of(&fixture, 0);
	target_do(&fixture.target, 't', "touched");
	drive_until(fixture.pty, second_is_not_grey, &fixture, "the touched page is drawn");
	assert_false(same(colour_of(&fixture, 1), full));
	assert_true(same(colour_of(&fixture, 0), full));
	drive_until(fixture.pty, second_is_as_first, &fixture, "the mark of its coming fades");
	assert_true(same(colour_of(&fixture, 1), full));
	assert_true(is_grey(colour_of(&fixture, 3)));
	end(&fixture);
}

static void test_counts_follow(void **state)
{
	struct fixture fixture;

	(void)state;
	open_stripes(&fixture, 8, 128);
	target_do(&fixture.target, 't', "touched");
	drive_see(fixture.pty, "8.00M, 56 %% resident");
	target_do(&fixture.target, 't', "touched");
	target_do(&fixture.target, 't', "touched");
	drive_see(fixture.pty, "8.00M, 69 %% resident");
	target_do(&fixture.target, 'u', "unmapped");
	drive_gone(fixture.pty, "8.00M");
	drive_gone(fixture.pty, "%012" PRIx64 "-", fixture.target.start_addr);
	drive_see(fixture.pty, "live 10 Hz");
	end(&fixture);
}

/* While another screen is shown the map is read seldom; the way back leads to what is. */
static void test_rests_while_nobody_looks(void **state)
{
	struct fixture fixture;

	(void)state;
	open_stripes(&fixture, 8, 128);
	pty_keys(fixture.pty, "3");
	drive_see(fixture.pty, "files_struct");
	target_do(&fixture.target, 't', "touched");
	pty_key(fixture.pty, PTY_KEY_ESCAPE);
	drive_see(fixture.pty, "8.00M, 56 %% resident");
	/* And then it follows again. */
	target_do(&fixture.target, 't', "touched");
	drive_see(fixture.pty, "8.00M, 63 %% resident");
	drive_see(fixture.pty, "live 10 Hz");
	end(&fixture);
}

static void test_exec_starts_afresh(void **state)
{
	struct fixture fixture;
	uint64_t before;

	(void)state;
	open_stripes(&fixture, 16, 64);
	/* What was chosen by hand in the old program means nothing in the new one. */
	pty_keys(fixture.pty, "]]]\t");
	drive_gone(fixture.pty, "16.0M, ");
	before = fixture.target.start_addr;
	target_exec(&fixture.target);
	drive_see(fixture.pty, "%012" PRIx64 "-", fixture.target.start_addr);
	drive_see(fixture.pty, "16.0M, 50 %% resident");
	drive_see(fixture.pty, "pagewalk  %d ", (int)fixture.target.pid);
	if (before != fixture.target.start_addr)
		drive_gone(fixture.pty, "%012" PRIx64 "-", before);
	end(&fixture);
}

static void test_killed_target(void **state)
{
	struct fixture fixture;

	(void)state;
	open_stripes(&fixture, 64, 1);
	target_kill(&fixture.target);
	drive_see(fixture.pty, "SIGKILL: last picture");
	drive_see(fixture.pty, "64.0M, 50 %% resident");
	drive_see(fixture.pty, "PHYSICAL FRAMES");
	/* The picture can still be walked through. */
	pty_keys(fixture.pty, "\t+++]][0? \t");
	pty_key(fixture.pty, PTY_KEY_END);
	drive_see(fixture.pty, "SIGKILL: last picture");
	end(&fixture);
}

static void test_zombie(void **state)
{
	struct fixture fixture;
	siginfo_t info;
	char pid[16];
	const char *const args[] = { pid, NULL };

	(void)state;
	target_start(&fixture.target, 1, 1, false, NULL);
	kill(fixture.target.pid, SIGKILL);
	/* It has ended, and nobody has fetched its status. */
	assert_int_equal(waitid(P_PID, (id_t)fixture.target.pid, &info, WEXITED | WNOWAIT), 0);
	number(pid, fixture.target.pid);
	fixture.pty = drive_start(COLUMNS, ROWS, args, NULL);
	drive_see(fixture.pty, "A zombie: it has exited");
	end(&fixture);
}

static void test_kernel_thread(void **state)
{
	static const char *const args[] = { "2", NULL };
	char comm[32] = "";
	struct pty *pty;
	int fd = open("/proc/2/comm", O_RDONLY);

	(void)state;
	if (fd < 0 || read(fd, comm, sizeof(comm) - 1) < 0 || strcmp(comm, "kthreadd\n")) {
		print_message("process 2 is not a kernel thread here\n");
		skip();
	}
	close(fd);
	pty = drive_start(COLUMNS, ROWS, args, NULL);
	drive_see(pty, "A kernel thread: it has no user address space");
	assert_false(pty_find(pty, "PHYSICAL", NULL, NULL));
	/* Keys that mean nothing without a map do no harm. */
	pty_keys(pty, "\t+-0[]jklh");
	pty_key(pty, PTY_KEY_END);
	drive_see(pty, "A kernel thread: it has no user address space");
	drive_quit(pty);
}

/* ---- what is not told ---- */

static void test_own_process_without_privilege(void **state)
{
	struct fixture fixture = { .page_bytes = (uint64_t)sysconf(_SC_PAGESIZE) };
	char pid[16];
	const char *const args[] = { pid, NULL };

	(void)state;
	if (geteuid() || !drive_has_nobody()) {
		print_message("needs root, and a pagewalk that user 65534 may run\n");
		skip();
	}
	/* As large as an unprivileged process may lock, or reclaim could empty it. */
	target_start(&fixture.target, 8, 128, true, NULL);
	number(pid, fixture.target.pid);
	fixture.pty = drive_start_nobody(120, 36, args);
	drive_see(fixture.pty, "PHYSICAL FRAMES");
	drive_see(fixture.pty, "frame numbers need CAP_SYS_ADMIN");
	drive_see(fixture.pty, "8.00M, 50 %% resident");
	drive_see(fixture.pty, " -> frame ?");
	assert_false(pty_find(fixture.pty, "frame 0", NULL, NULL));
	assert_false(pty_find(fixture.pty, "mapped 0", NULL, NULL));
	assert_false(pty_find(fixture.pty, "pss 0", NULL, NULL));
	assert_false(pty_find(fixture.pty, "1 cell = 0", NULL, NULL));
	end(&fixture);
}

static void test_process_of_another_user(void **state)
{
	struct fixture fixture = { 0 };
	char pid[16];
	const char *const args[] = { pid, NULL };

	(void)state;
	if (geteuid() || !drive_has_nobody()) {
		print_message("needs root, and a pagewalk that user 65534 may run\n");
		skip();
	}
	target_start(&fixture.target, 8, 128, false, NULL);
	number(pid, fixture.target.pid);
	fixture.pty = drive_start_nobody(120, 36, args);
	drive_see(fixture.pty, "Its mappings are not shown: denied: another user's process needs");
	drive_see(fixture.pty, "pss ?");
	assert_false(pty_find(fixture.pty, "resident", NULL, NULL));
	assert_false(pty_find(fixture.pty, "0 mappings", NULL, NULL));
	end(&fixture);
}

static void test_hostile_name(void **state)
{
	static const char word[] = "\033[2J\033]0;evil\007\377\xe2\x80\xae";
	struct fixture fixture = { 0 };
	char pid[16];
	const char *const args[] = { pid, NULL };
	struct tape tape;

	(void)state;
	target_start(&fixture.target, 8, 128, false, word);
	target_do(&fixture.target, 'n', "named");
	number(pid, fixture.target.pid);
	fixture.pty = drive_start(240, 36, args, NULL);
	tape_attach(&tape, fixture.pty);
	drive_see(fixture.pty, "PHYSICAL FRAMES");
	drive_see(fixture.pty, "%d a\\x1b[2J", (int)fixture.target.pid);
	pty_keys(fixture.pty, "p");
	drive_see(fixture.pty, "choose a process");
	pty_keys(fixture.pty, "evil");
	drive_see(fixture.pty, "\\x1b[2J\\x1b]0;evil\\x07\\xff");
	pty_key(fixture.pty, PTY_KEY_ENTER);
	drive_see(fixture.pty, "PHYSICAL FRAMES");
	assert_false(tape_has(&tape, "\033]0;"));
	assert_false(tape_has(&tape, "\007"));
	assert_false(tape_has(&tape, "\377"));
	assert_false(tape_has(&tape, "\xe2\x80\xae"));
	tape_end(&tape, fixture.pty);
	end(&fixture);
}

int main(int argc, char *argv[])
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_picture),
		cmocka_unit_test(test_stripes_at_every_zoom),
		cmocka_unit_test(test_one_glyph_a_cell),
		cmocka_unit_test(test_keys_in_the_cells),
		cmocka_unit_test(test_zoom_keys),
		cmocka_unit_test(test_keys_in_the_list),
		cmocka_unit_test(test_help_and_palette),
		cmocka_unit_test(test_other_process_and_back),
		cmocka_unit_test(test_pause),
		cmocka_unit_test(test_touched_page_is_marked),
		cmocka_unit_test(test_counts_follow),
		cmocka_unit_test(test_rests_while_nobody_looks),
		cmocka_unit_test(test_exec_starts_afresh),
		cmocka_unit_test(test_killed_target),
		cmocka_unit_test(test_zombie),
		cmocka_unit_test(test_kernel_thread),
		cmocka_unit_test(test_own_process_without_privilege),
		cmocka_unit_test(test_process_of_another_user),
		cmocka_unit_test(test_hostile_name),
	};

	/* One test alone, by its name or a pattern of it. */
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
