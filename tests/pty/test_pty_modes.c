/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The modes of colour, the mark and the timeline of screen 1, by their keys in a terminal: what
 * the legend counts must be what the target did.
 */
#include "drive.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* 8 MiB in stripes of 128 pages: 1024 present, 1024 absent. */
#define MIB    8
#define STRIPE 128

struct fixture {
	struct target target;
	struct pty *pty;
};

static void open_target(struct fixture *fixture, int columns, int rows, const char *const env[])
{
	char pid[16];
	const char *const args[] = { pid, NULL };

	target_start(&fixture->target, MIB, STRIPE, false, NULL);
	snprintf(pid, sizeof(pid), "%d", (int)fixture->target.pid);
	fixture->pty = drive_start(columns, rows, args, env);
	drive_see(fixture->pty, "8.00M, 50 %% resident");
	/* Its cells are the ones that are read. */
	drive_see(fixture->pty, "absent 1.02k");
}

static void end(struct fixture *fixture)
{
	drive_quit(fixture->pty);
	target_end(&fixture->target);
}

static void need_root(void)
{
	if (geteuid()) {
		print_message("frames are told to root only\n");
		skip();
	}
}

static void test_every_mode_and_round(void **state)
{
	static const struct {
		const char *title, *count;
	} modes[] = {
		{ "how often mapped", "once 1.02k" },
		{ "frames in a row", "no frame 1.02k" },
		{ "NUMA node: this machine has", "no frame 1.02k" },
		{ "page flag: referenced", "no frame 1.02k" },
		{ "changes of the last minute", "unchanged 1.02k" },
		/* No mark: nothing to compare with, so round to the first. */
		{ "what the pages are", "locked 1.02k" },
	};
	enum { NR = sizeof(modes) / sizeof(modes[0]) };
	struct fixture fixture;

	(void)state;
	need_root();
	open_target(&fixture, 120, 36, NULL);
	for (size_t i = 0; i < NR; i++) {
		pty_keys(fixture.pty, "m");
		drive_see(fixture.pty, "%s", modes[i].title);
		drive_see(fixture.pty, "%s", modes[i].count);
	}
	for (size_t i = NR - 1; i-- > 0;) {
		pty_keys(fixture.pty, "M");
		drive_see(fixture.pty, "%s", modes[i].title);
		drive_see(fixture.pty, "%s", modes[i].count);
	}
	pty_keys(fixture.pty, "?");
	drive_see(fixture.pty, "mapped twice");
	pty_key(fixture.pty, PTY_KEY_ESCAPE);
	drive_gone(fixture.pty, "mapped twice");
	end(&fixture);
}

static void test_flag_of_ones_choice(void **state)
{
	struct fixture fixture;

	(void)state;
	need_root();
	open_target(&fixture, 80, 24, NULL);
	pty_keys(fixture.pty, "*");
	drive_see(fixture.pty, "page flag: referenced");
	pty_keys(fixture.pty, "*");
	drive_see(fixture.pty, "page flag: uptodate");
	drive_see(fixture.pty, "set 1.02k");
	pty_keys(fixture.pty, "##");
	drive_see(fixture.pty, "page flag: error");
	drive_see(fixture.pty, "not set 1.02k");
	/* From the list, by a part of its name; digits are typed, not screens. */
	pty_keys(fixture.pty, "F");
	drive_see(fixture.pty, "Colour by which flag?");
	drive_see(fixture.pty, "* mlocked");
	pty_keys(fixture.pty, "e_2");
	drive_gone(fixture.pty, "* mlocked");
	drive_see(fixture.pty, "private_2");
	pty_keys(fixture.pty, "\025mloc\r");
	drive_gone(fixture.pty, "Colour by which flag?");
	drive_see(fixture.pty, "page flag: mlocked");
	drive_see(fixture.pty, " set 1.02k");
	end(&fixture);
}

static void test_mark_and_compare(void **state)
{
	struct fixture fixture;

	(void)state;
	need_root();
	open_target(&fixture, 120, 36, NULL);
	pty_keys(fixture.pty, "X");
	drive_see(fixture.pty, "no mark yet");
	pty_keys(fixture.pty, "x");
	drive_see(fixture.pty, " runs");
	target_do(&fixture.target, 't', "touched");
	drive_see(fixture.pty, "locked 1.15k");
	pty_keys(fixture.pty, "X");
	drive_see(fixture.pty, "since the mark");
	drive_see(fixture.pty, "came 128");
	drive_see(fixture.pty, "same 1.02k");
	drive_see(fixture.pty, "+128");
	/* The mark knows no zoom. */
	pty_keys(fixture.pty, "\t+");
	drive_see(fixture.pty, "came 128");
	/* A new mark is the new beginning. */
	pty_keys(fixture.pty, "x");
	drive_see(fixture.pty, "same 1.15k");
	pty_keys(fixture.pty, "X");
	drive_see(fixture.pty, "what the pages are");
	pty_keys(fixture.pty, "X");
	drive_see(fixture.pty, "nothing");
	/* The mapping goes, the mark stays: its pages are missed. */
	target_do(&fixture.target, 'u', "unmapped");
	drive_see(fixture.pty, "-1.15k");
	end(&fixture);
}

static void test_exec_discards_the_mark(void **state)
{
	struct fixture fixture;

	(void)state;
	need_root();
	open_target(&fixture, 120, 36, NULL);
	pty_keys(fixture.pty, "x");
	drive_see(fixture.pty, " runs");
	pty_keys(fixture.pty, "X");
	drive_see(fixture.pty, "since the mark");
	target_exec(&fixture.target);
	drive_see(fixture.pty, "exec: the mark is discarded");
	drive_gone(fixture.pty, "since the mark");
	end(&fixture);
}

static void test_timeline(void **state)
{
	struct fixture fixture;

	(void)state;
	open_target(&fixture, 80, 24, NULL);
	pty_keys(fixture.pty, "t");
	drive_see(fixture.pty, "anon 4.");
	drive_see(fixture.pty, "swap 0");
	drive_see(fixture.pty, "PHYSICAL FRAMES");
	pty_keys(fixture.pty, "t");
	drive_gone(fixture.pty, "swap 0");
	end(&fixture);
}

/* Without colours and without Unicode the letters are the picture. */
static void test_letters_alone(void **state)
{
	static const char *const env[] = { "TERM=vt100", "LC_ALL=C", NULL };
	struct fixture fixture;

	(void)state;
	need_root();
	open_target(&fixture, 80, 24, env);
	pty_keys(fixture.pty, "m");
	drive_see(fixture.pty, "A once 1.02k");
	drive_see(fixture.pty, "AAAAAAAA");
	drive_see(fixture.pty, "....");
	end(&fixture);
}

static void test_without_privilege(void **state)
{
	struct fixture fixture;
	char pid[16];
	const char *const args[] = { pid, NULL };

	(void)state;
	if (geteuid() || !drive_has_nobody()) {
		print_message("needs root, and a pagewalk that user 65534 may run\n");
		skip();
	}
	target_start(&fixture.target, MIB, STRIPE, true, NULL);
	snprintf(pid, sizeof(pid), "%d", (int)fixture.target.pid);
	fixture.pty = drive_start_nobody(120, 36, args);
	drive_see(fixture.pty, "anon 1.02k");
	pty_keys(fixture.pty, "m");
	/* pagemap's bit 56 is told to everybody, counts are not. */
	drive_see(fixture.pty, "exclusive 1.02k");
	drive_see(fixture.pty, "kpagecount is for root");
	pty_keys(fixture.pty, "m");
	drive_see(fixture.pty, "Not known: denied: frame numbers need CAP_SYS_ADMIN");
	drive_see(fixture.pty, "unknown 1.02k");
	pty_keys(fixture.pty, "*");
	drive_see(fixture.pty, "Not known: denied: /proc/kpageflags is for root");
	end(&fixture);
}

int main(int argc, char *argv[])
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_mode_and_round),
		cmocka_unit_test(test_flag_of_ones_choice),
		cmocka_unit_test(test_mark_and_compare),
		cmocka_unit_test(test_exec_discards_the_mark),
		cmocka_unit_test(test_timeline),
		cmocka_unit_test(test_letters_alone),
		cmocka_unit_test(test_without_privilege),
	};

	/* One test alone, by its name or a pattern of it. */
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
