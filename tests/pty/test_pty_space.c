/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The whole space, both directions between pages and frames, and finding, in the real program:
 * keys typed, the mouse dragged, on a process whose memory is known.
 */
#include "drive.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct fixture {
	struct target target;
	struct pty *pty;
};

static void begin(struct fixture *fixture, int columns, int rows)
{
	char pid[16];
	const char *const args[] = { pid, NULL };

	/* Every second page of 64 MiB. */
	target_start(&fixture->target, 64, 1, false, NULL);
	snprintf(pid, sizeof(pid), "%d", (int)fixture->target.pid);
	fixture->pty = drive_start(columns, rows, args, NULL);
	drive_see(fixture->pty, "PHYSICAL FRAMES");
	drive_see(fixture->pty, "50 %% resident");
}

static void end(struct fixture *fixture)
{
	drive_quit(fixture->pty);
	target_end(&fixture->target);
}

static void see_page(const struct fixture *fixture, uint64_t addr)
{
	drive_see(fixture->pty, " %012" PRIx64 " = PGD ", addr);
}

static void test_views(void **state)
{
	struct fixture fixture;

	(void)state;
	begin(&fixture, 120, 36);
	pty_keys(fixture.pty, "v");
	drive_see(fixture.pty, "each row one mapping");
	drive_see(fixture.pty, "rw-p 64.0M anon");
	pty_keys(fixture.pty, "v");
	drive_see(fixture.pty, "WHOLE 6");
	drive_see(fixture.pty, "blank out");
	pty_keys(fixture.pty, "E");
	drive_gone(fixture.pty, "blank out");
	pty_keys(fixture.pty, "\t");
	for (int i = 0; i < 12; i++)
		pty_keys(fixture.pty, "+");
	drive_see(fixture.pty, "cell 1 page (4.00K)");
	pty_key(fixture.pty, PTY_KEY_HOME);
	pty_keys(fixture.pty, "0");
	drive_gone(fixture.pty, "cell 1 page (");
	pty_keys(fixture.pty, "v");
	drive_gone(fixture.pty, "WHOLE");
	end(&fixture);
}

static void test_go_to(void **state)
{
	struct fixture fixture;
	uint64_t addr;
	char keys[64];

	(void)state;
	begin(&fixture, 80, 24);
	addr = fixture.target.start_addr + 4096 * 4096;
	pty_keys(fixture.pty, "g");
	drive_see(fixture.pty, "go to address: ");
	/* Digits are text here, not screens. */
	pty_keys(fixture.pty, "123");
	drive_see(fixture.pty, "go to address: 123");
	pty_keys(fixture.pty, "\r");
	drive_see(fixture.pty, "no mapping holds 123");
	pty_keys(fixture.pty, "\025zz\r");
	drive_see(fixture.pty, "not a hexadecimal address");
	snprintf(keys, sizeof(keys), "\0250x%" PRIx64 "\r", addr);
	pty_keys(fixture.pty, keys);
	see_page(&fixture, addr);
	drive_gone(fixture.pty, "go to address");
	pty_keys(fixture.pty, "g");
	drive_see(fixture.pty, "go to address");
	pty_key(fixture.pty, PTY_KEY_ESCAPE);
	drive_gone(fixture.pty, "go to address");
	end(&fixture);
}

static void test_find_a_name(void **state)
{
	struct fixture fixture;

	(void)state;
	begin(&fixture, 120, 36);
	pty_keys(fixture.pty, "/");
	drive_see(fixture.pty, "find mapping: ");
	pty_keys(fixture.pty, "no such name\r");
	drive_see(fixture.pty, "no mapping of that name");
	pty_keys(fixture.pty, "\025STACK\r");
	drive_see(fixture.pty, "rw-p [stack]");
	pty_keys(fixture.pty, "n");
	drive_see(fixture.pty, "the only one of that name");
	end(&fixture);
}

static void test_filter(void **state)
{
	struct fixture fixture;

	(void)state;
	begin(&fixture, 120, 36);
	pty_keys(fixture.pty, "\\");
	drive_see(fixture.pty, "Show only mappings that are");
	/* all, anonymous, heap */
	pty_keys(fixture.pty, "jj\r");
	drive_see(fixture.pty, "ONLY heap  1 of ");
	drive_gone(fixture.pty, "libc.so");
	drive_gone(fixture.pty, "---- gap");
	pty_key(fixture.pty, PTY_KEY_BACKSPACE);
	drive_gone(fixture.pty, "ONLY heap");
	drive_see(fixture.pty, "ADDRESS SPACE  ");
	drive_see(fixture.pty, "---- gap");
	end(&fixture);
}

/* Every second page is there: the next one is two pages on, in sight and out of it. */
static void test_next_page_that_is_there(void **state)
{
	struct fixture fixture;
	uint64_t page_bytes = (uint64_t)sysconf(_SC_PAGESIZE), addr;

	(void)state;
	begin(&fixture, 80, 24);
	addr = fixture.target.start_addr;
	pty_keys(fixture.pty, "\t");
	for (int i = 0; i < 8; i++)
		pty_keys(fixture.pty, "+");
	drive_see(fixture.pty, "cell 1 page (");
	drive_gone(fixture.pty, "reading...");
	see_page(&fixture, addr);
	pty_keys(fixture.pty, ">");
	see_page(&fixture, addr + 2 * page_bytes);
	pty_keys(fixture.pty, ">");
	see_page(&fixture, addr + 4 * page_bytes);
	pty_keys(fixture.pty, "<");
	see_page(&fixture, addr + 2 * page_bytes);
	/* Behind the last page of the mapping something else begins. */
	pty_key(fixture.pty, PTY_KEY_END);
	see_page(&fixture, addr + (fixture.target.nr_pages - 1) * page_bytes);
	drive_gone(fixture.pty, "reading...");
	pty_keys(fixture.pty, "<");
	see_page(&fixture, addr + (fixture.target.nr_pages - 2) * page_bytes);
	pty_keys(fixture.pty, "l>");
	drive_gone(fixture.pty, "64.0M, 50 %% resident");
	end(&fixture);
}

/* Dragging the cells up brings later ones into sight, and the cursor comes along. */
static void test_drag(void **state)
{
	struct fixture fixture;
	int x, y;

	(void)state;
	begin(&fixture, 80, 24);
	pty_keys(fixture.pty, "\t");
	for (int i = 0; i < 8; i++)
		pty_keys(fixture.pty, "+");
	drive_see(fixture.pty, "cell 1 page (");
	see_page(&fixture, fixture.target.start_addr);
	assert_true(pty_find(fixture.pty, "50 % resident", &x, &y));
	pty_drag(fixture.pty, 60, y + 6, 60, y + 3);
	drive_gone(fixture.pty, " %012" PRIx64 " = PGD ", fixture.target.start_addr);
	pty_drag(fixture.pty, 60, y + 2, 60, y + 6);
	pty_key(fixture.pty, PTY_KEY_HOME);
	see_page(&fixture, fixture.target.start_addr);
	end(&fixture);
}

/* The number behind a text on the screen, 0 where it does not stand there. */
static uint64_t number_behind(const struct pty *pty, const char *text)
{
	uint64_t number = 0;
	char *line;
	int x, y;

	if (!pty_find(pty, text, &x, &y))
		return 0;
	line = pty_screen_line(pty, y);
	sscanf(strstr(line, text) + strlen(text), "%" SCNx64, &number);
	free(line);
	return number;
}

/* "frame N: 1 page of this process", and below, behind the page's address, the same N. */
static bool frame_and_page_agree(struct pty *pty, void *page)
{
	uint64_t pfn = number_behind(pty, page);
	char text[64];

	snprintf(text, sizeof(text), " frame %" PRIx64 ": 1 page of this process", pfn);
	return pfn && pty_find(pty, text, NULL, NULL);
}

/* From a page to its frame, closer and closer, and from the frame back to the page. */
static void test_both_directions(void **state)
{
	struct fixture fixture;
	char text[64];

	(void)state;
	begin(&fixture, 120, 36);
	pty_keys(fixture.pty, "\t");
	see_page(&fixture, fixture.target.start_addr);
	if (pty_find(fixture.pty, "frame ?", NULL, NULL)) {
		print_message("frame numbers need CAP_SYS_ADMIN\n");
		end(&fixture);
		skip();
	}
	drive_see(fixture.pty, "-> frame ");
	/* Its neighbours; the frame itself is a page of this process. */
	drive_see(fixture.pty, "[anon*]");
	pty_keys(fixture.pty, "\t");
	drive_see(fixture.pty, "of this process");
	for (int i = 0; i < 40; i++)
		pty_keys(fixture.pty, "+");
	drive_see(fixture.pty, "1 cell = 4 KiB");
	/* The kernel may have moved the page meanwhile: what counts is that both lines agree. */
	drive_see(fixture.pty, ": 1 page of this process");
	snprintf(text, sizeof(text), "%012" PRIx64 " anon         -> ", fixture.target.start_addr);
	drive_until(fixture.pty, frame_and_page_agree, text,
		    "the frame of the page, and the page of it");
	/* Elsewhere, and by the frame back again. */
	pty_keys(fixture.pty, "]]]");
	drive_gone(fixture.pty, "64.0M, 50 %% resident");
	pty_key(fixture.pty, PTY_KEY_ENTER);
	drive_see(fixture.pty, "64.0M, 50 %% resident");
	pty_key(fixture.pty, PTY_KEY_BACK_TAB);
	see_page(&fixture, fixture.target.start_addr);
	end(&fixture);
}

static void test_a_file_page_leads_to_its_file(void **state)
{
	struct fixture fixture;

	(void)state;
	begin(&fixture, 120, 36);
	pty_keys(fixture.pty, "/libc.so\r");
	drive_see(fixture.pty, "o file");
	drive_gone(fixture.pty, "find mapping");
	pty_keys(fixture.pty, "o");
	drive_gone(fixture.pty, "PHYSICAL FRAMES");
	drive_see(fixture.pty, "libc.so");
	pty_key(fixture.pty, PTY_KEY_ESCAPE);
	drive_see(fixture.pty, "PHYSICAL FRAMES");
	end(&fixture);
}

int main(int argc, char *argv[])
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_views),
		cmocka_unit_test(test_go_to),
		cmocka_unit_test(test_find_a_name),
		cmocka_unit_test(test_filter),
		cmocka_unit_test(test_next_page_that_is_there),
		cmocka_unit_test(test_drag),
		cmocka_unit_test(test_both_directions),
		cmocka_unit_test(test_a_file_page_leads_to_its_file),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
