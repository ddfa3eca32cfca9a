/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What no counter tells, on a real process: pages that the kernel moves to other frames without
 * a fault (MADV_COLLAPSE makes a huge page of small ones), and mappings that mprotect(2) changes
 * without a page coming or going. A child of this test does it when it is told to.
 */
#include "app/patrol.h"
#include "kernel/collect.h"
#include "run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define HUGE_BYTES (UINT64_C(2) << 20)
#define COLLAPSE   25 /* MADV_COLLAPSE, Linux 6.1 */
#define AREA_BYTES (8 * HUGE_BYTES)
#define AREA_PAGES 4096
#define CELL_PAGES 64

struct subject {
	pid_t pid;
	int to_fd, from_fd;
	struct host *host;
	struct proc *proc;
	char *start; /* AREA_BYTES, in the child; aligned to HUGE_BYTES */
};

static bool obey(char *start, char command)
{
	if (command == 'c') {
		/* Until now nothing may have collapsed behind our back. */
		prctl(PR_SET_THP_DISABLE, 0, 0, 0, 0);
		return !madvise(start + 5 * HUGE_BYTES, HUGE_BYTES, COLLAPSE);
	}
	return !mprotect(start, AREA_BYTES, PROT_READ);
}

static void child(char *start, int from_fd, int to_fd)
{
	char byte = 'r';

	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
	for (uint64_t at = 0; at < AREA_BYTES; at += 4096)
		start[at] = 1;
	do {
		if (write(to_fd, &byte, 1) != 1)
			_exit(1);
		if (read(from_fd, &byte, 1) != 1)
			_exit(0);
		byte = obey(start, byte) ? 'y' : 'n';
	} while (true);
}

static void start_subject(struct subject *subject)
{
	char *all = mmap(NULL, AREA_BYTES + HUGE_BYTES, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int to[2], from[2];
	char byte;

	assert_ptr_not_equal(all, MAP_FAILED);
	subject->start = all + (HUGE_BYTES - (uintptr_t)all % HUGE_BYTES);
	assert_int_equal(pipe(to), 0);
	assert_int_equal(pipe(from), 0);
	subject->pid = fork();
	assert_true(subject->pid >= 0);
	if (!subject->pid) {
		close(to[1]);
		close(from[0]);
		alarm(60);
		child(subject->start, to[0], from[1]);
	}
	close(to[0]);
	close(from[1]);
	munmap(all, AREA_BYTES + HUGE_BYTES);
	subject->to_fd = to[1];
	subject->from_fd = from[0];
	assert_int_equal(read(subject->from_fd, &byte, 1), 1);
	subject->host = host_new("");
	assert_int_equal(proc_open(subject->host, subject->pid, &subject->proc), 0);
}

static bool tell(const struct subject *subject, char command)
{
	char byte = 0;

	assert_int_equal(write(subject->to_fd, &command, 1), 1);
	assert_int_equal(read(subject->from_fd, &byte, 1), 1);
	return byte == 'y';
}

static void end_of(struct subject *subject)
{
	close(subject->to_fd);
	close(subject->from_fd);
	assert_int_equal(waitpid(subject->pid, NULL, 0), subject->pid);
}

static void close_subject(struct subject *subject)
{
	proc_close(subject->proc);
	host_free(subject->host);
}

static void end_subject(struct subject *subject)
{
	end_of(subject);
	close_subject(subject);
}

/* The view as the sampler reads it. */
static void read_grid(const struct subject *subject, struct grid *grid)
{
	struct paint_context context = { MODE_STATE, 0, NULL, 0 };
	struct walker *walker;

	assert_int_equal(walker_new(subject->proc, WALK_CHUNK_PAGES, &walker), 0);
	assert_int_equal(collect_grid(walker, grid, VMA_ANON, &context, NULL), 0);
	walker_free(walker);
}

static uint64_t first_vpn(const struct subject *subject)
{
	return (uintptr_t)subject->start >> subject->host->geometry.page_shift;
}

static struct grid *read_plain(const struct subject *subject)
{
	struct grid *grid = grid_new(first_vpn(subject), AREA_PAGES, CELL_PAGES);

	read_grid(subject, grid);
	return grid;
}

/* As the whole space is seen: by places of a fold, of which the first cells are not in sight. */
static struct grid *read_folded(const struct subject *subject)
{
	struct fold *fold = fold_of_range(first_vpn(subject), AREA_PAGES, VMA_ANON);
	struct grid *grid = grid_new_folded(fold, 2 * CELL_PAGES, AREA_PAGES - 2 * CELL_PAGES,
					    CELL_PAGES);

	fold_unref(fold);
	read_grid(subject, grid);
	return grid;
}

/* True where some look of a whole round, and a bit, sees a frame that has changed. */
static bool round_sees(struct patrol *patrol, const struct subject *subject,
		       const struct grid *view, const struct grid_rows *rows)
{
	bool seen = false;

	for (int look = 0; look < AREA_PAGES / CELL_PAGES + 8; look++)
		seen = patrol_look(patrol, subject->proc, view, rows) || seen;
	return seen;
}

/*
 * A picture of which a whole round says that it is true. Compaction may move a page at any time:
 * then another one is taken.
 */
static struct grid *read_quiet(struct patrol *patrol, const struct subject *subject,
			       struct grid *(*read_it)(const struct subject *subject))
{
	struct grid *grid = read_it(subject);

	assert_true(grid->frames_known);
	for (int i = 0; round_sees(patrol, subject, grid, NULL); i++) {
		assert_in_range(i, 0, 19);
		grid_unref(grid);
		grid = read_it(subject);
	}
	return grid;
}

static uint64_t read_pulse(const struct subject *subject)
{
	struct process_info info = { 0 };
	uint64_t pulse;

	assert_int_equal(proc_read_info(subject->proc, &info), 0);
	assert_int_equal(proc_read_pulse(subject->proc, &pulse), 0);
	return pulse;
}

static void expect_seen(struct grid *(*read_it)(const struct subject *subject), bool as_row)
{
	struct grid_rows *rows = grid_rows_new(3);
	struct patrol patrol = { 0 };
	struct subject subject;
	bool done, seen = false;

	if (!run_is_privileged())
		run_skip("frames are told to root only");
	start_subject(&subject);
	rows->grids[1] = read_quiet(&patrol, &subject, read_it); /* beside two that were not read */
	done = tell(&subject, 'c');
	if (done)
		seen = round_sees(&patrol, &subject, as_row ? NULL : rows->grids[1],
				  as_row ? rows : NULL);
	patrol_forget(&patrol);
	grid_rows_unref(rows);
	end_subject(&subject);
	if (!done)
		run_skip("this kernel makes no huge page on request");
	assert_true(seen);
}

static void test_moved_frames_are_seen(void **state)
{
	(void)state;
	expect_seen(read_plain, false);
	expect_seen(read_folded, false);
	expect_seen(read_plain, true);
}

/* Memory that is no longer writable counts as "data" no more. */
static void test_mprotect_is_in_the_pulse(void **state)
{
	struct subject subject;
	uint64_t pulse;

	(void)state;
	start_subject(&subject);
	pulse = read_pulse(&subject);
	assert_int_equal(read_pulse(&subject), pulse);
	assert_true(tell(&subject, 'p'));
	assert_int_not_equal(read_pulse(&subject), pulse);
	end_subject(&subject);
}

/* A walker of a program that is gone says nothing more; forgetting it, the new one is seen. */
static void test_nothing_to_look_at(void **state)
{
	struct patrol patrol = { 0 };
	struct grid_rows *rows = grid_rows_new(2);
	struct subject subject;
	struct grid *grid;

	(void)state;
	if (!run_is_privileged())
		run_skip("frames are told to root only");
	start_subject(&subject);
	assert_false(patrol_look(&patrol, subject.proc, NULL, NULL));
	for (int i = 0; i < 5; i++)
		assert_false(patrol_look(&patrol, subject.proc, NULL, rows));
	grid = read_quiet(&patrol, &subject, read_plain);
	kill(subject.pid, SIGKILL);
	end_of(&subject);
	assert_false(round_sees(&patrol, &subject, grid, NULL));
	grid_unref(grid);
	grid_rows_unref(rows);
	patrol_forget(&patrol);
	close_subject(&subject);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_moved_frames_are_seen),
		cmocka_unit_test(test_mprotect_is_in_the_pulse),
		cmocka_unit_test(test_nothing_to_look_at),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
