/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The thread behind screen 2 on a real process: every fault once, at its address, with its
 * symbol; bounded however many come; the end of the process, and one that had gone before.
 */
#include "app/fault_worker.h"
#include "app/wake.h"
#include "base/clock.h"
#include "kernel/host.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define WAIT_NS (30 * NS_PER_S)

/* A child that touches pages on command. */
struct toucher {
	pid_t pid;
	int to_fd, from_fd;
	char *start;
	size_t page_bytes;
};

struct order {
	size_t first, nr, rounds;
};

static struct host *host;

static __attribute__((noinline)) void touch_made_pages(volatile char *start, size_t nr,
						       size_t page_bytes)
{
	for (size_t i = 0; i < nr; i++)
		start[i * page_bytes] = 1;
}

static void obey(struct toucher *toucher, int from, int to)
{
	struct order order;
	char done = 1;

	while (read(from, &order, sizeof(order)) == sizeof(order)) {
		char *start = toucher->start + order.first * toucher->page_bytes;

		for (size_t round = 0; round < order.rounds; round++) {
			if (round)
				madvise(start, order.nr * toucher->page_bytes, MADV_DONTNEED);
			touch_made_pages(start, order.nr, toucher->page_bytes);
		}
		if (write(to, &done, 1) != 1)
			break;
	}
	_exit(0);
}

#define MADE_PAGES 8192

static void toucher_start(struct toucher *toucher)
{
	int down[2], up[2];

	toucher->page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	toucher->start = mmap(NULL, MADE_PAGES * toucher->page_bytes, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	assert_true(toucher->start != MAP_FAILED);
	madvise(toucher->start, MADE_PAGES * toucher->page_bytes, MADV_NOHUGEPAGE);
	assert_int_equal(pipe(down), 0);
	assert_int_equal(pipe(up), 0);
	toucher->pid = fork();
	assert_true(toucher->pid >= 0);
	if (!toucher->pid) {
		close(down[1]);
		close(up[0]);
		obey(toucher, down[0], up[1]);
	}
	close(down[0]);
	close(up[1]);
	toucher->to_fd = down[1];
	toucher->from_fd = up[0];
}

static void toucher_do(struct toucher *toucher, size_t first, size_t nr, size_t rounds)
{
	struct order order = { first, nr, rounds };
	char done;

	assert_int_equal(write(toucher->to_fd, &order, sizeof(order)), sizeof(order));
	assert_int_equal(read(toucher->from_fd, &done, 1), 1);
}

static void toucher_end(struct toucher *toucher)
{
	kill(toucher->pid, SIGKILL);
	waitpid(toucher->pid, NULL, 0);
	close(toucher->to_fd);
	close(toucher->from_fd);
	munmap(toucher->start, MADE_PAGES * toucher->page_bytes);
}

/* Begins to watch, and listens with heat. Skips the test where perf is refused. */
static struct fault_worker *begin(pid_t pid, int fd)
{
	struct fault_worker *worker;
	struct fault_view *view;
	struct proc *proc;
	bool refused;

	assert_int_equal(proc_open(host, pid, &proc), 0);
	worker = fault_worker_new(proc);
	fault_worker_begin(worker, false);
	fault_worker_listen(worker, fd, true);
	while (!(view = fault_worker_get(worker)))
		usleep(1000);
	refused = view->watching == WATCH_REFUSED;
	if (refused)
		print_message("skipped: %s\n", view->error);
	fault_view_unref(view);
	if (refused) {
		fault_worker_free(worker);
		skip();
	}
	return worker;
}

/* Faults of the view that struck the pages [first, first + nr) of the child. */
static size_t count_struck(const struct fault_view *view, const struct toucher *toucher,
			   size_t first, size_t nr)
{
	uint64_t start = (uintptr_t)toucher->start + first * toucher->page_bytes;
	size_t struck = 0;

	for (uint64_t number = view->first; number < view->past; number++) {
		uint64_t addr = fault_view_at(view, number)->fault.addr;

		struck += addr >= start && addr < start + nr * toucher->page_bytes;
	}
	return struck;
}

/* The first view that has so many faults at least; the caller unrefs it. */
static struct fault_view *wait_for_faults(struct fault_worker *worker, int fd, uint64_t nr)
{
	uint64_t end_ns = clock_mono_ns() + WAIT_NS;

	for (;;) {
		struct fault_view *view = fault_worker_get(worker);

		if (view && fault_numbers_sum(&view->numbers) + view->nr_lost >= nr)
			return view;
		fault_view_unref(view);
		if (clock_mono_ns() > end_ns)
			fail_msg("the faults did not come");
		wake_wait(fd, NS_PER_S);
	}
}

static void test_each_fault_once(void **state)
{
	struct toucher toucher;
	struct fault_worker *worker;
	struct fault_view *view;
	uint64_t first_vpn, now_ns;
	int fd = wake_new();
	size_t struck;

	(void)state;
	toucher_start(&toucher);
	worker = begin(toucher.pid, fd);
	toucher_do(&toucher, 100, 3000, 1);
	view = wait_for_faults(worker, fd, 3000);
	assert_int_equal(view->nr_lost, 0);
	struck = count_struck(view, &toucher, 100, 3000);
	/* What else it faulted, its stack or the pipe's buffers, lies elsewhere. */
	assert_int_equal(struck, 3000);
	assert_int_equal(count_struck(view, &toucher, 0, 100), 0);
	assert_int_equal(count_struck(view, &toucher, 3100, 1000), 0);
	first_vpn = ((uintptr_t)toucher.start + 100 * toucher.page_bytes) / toucher.page_bytes;
	for (size_t i = 0; i < 3000; i += 500)
		assert_int_equal(count_struck(view, &toucher, 100 + i, 500), 500);
	assert_true(view->numbers.by_kind[FAULT_ANON_WRITE] >= 3000 || view->error_code != WHY_OK);
	fault_view_unref(view);
	/* Heat follows: it is where they struck, and nowhere else. */
	toucher_do(&toucher, 4000, 10, 1);
	view = wait_for_faults(worker, fd, 3010);
	while (!view->heat || heat_map_sum(view->heat, first_vpn + 3900, first_vpn + 3910,
					   view->taken_mono_ns) <= 0) {
		fault_view_unref(view);
		wake_wait(fd, NS_PER_S);
		view = fault_worker_get(worker);
	}
	now_ns = view->taken_mono_ns;
	assert_true(heat_map_sum(view->heat, first_vpn + 5000, first_vpn + 6000, now_ns) == 0);
	fault_view_unref(view);
	fault_worker_free(worker);
	toucher_end(&toucher);
	close(fd);
}

static void test_symbol_comes(void **state)
{
	uint64_t end_ns = clock_mono_ns() + WAIT_NS;
	struct toucher toucher;
	struct fault_worker *worker;
	int fd = wake_new();
	bool named = false;

	(void)state;
	toucher_start(&toucher);
	worker = begin(toucher.pid, fd);
	toucher_do(&toucher, 0, 100, 1);
	while (!named && clock_mono_ns() < end_ns) {
		struct fault_view *view = wait_for_faults(worker, fd, 100);

		for (size_t i = 0; i < view->nr_sites; i++) {
			struct fault_symbol *symbol = atomic_load(&view->names->sites[i].symbol);

			named |= symbol && !strcmp(symbol->name, "touch_made_pages") &&
				 view->sites[i].by_severity[FAULT_MINOR] >= 100;
		}
		fault_view_unref(view);
		if (!named)
			wake_wait(fd, NS_PER_S / 10);
	}
	assert_true(named);
	fault_worker_free(worker);
	toucher_end(&toucher);
	close(fd);
}

/* More than are kept: all are counted, the last are there, hidden is not what is in flight. */
static void test_a_storm_is_bounded(void **state)
{
	const uint64_t storm = 40 * MADE_PAGES;
	struct toucher toucher;
	struct fault_worker *worker;
	struct fault_view *view;
	int fd = wake_new();

	(void)state;
	toucher_start(&toucher);
	worker = begin(toucher.pid, fd);
	toucher_do(&toucher, 0, MADE_PAGES, 40);
	view = wait_for_faults(worker, fd, storm);
	assert_true(view->past - view->first >= FAULT_LOG_KEPT || view->nr_lost);
	assert_true(view->past - view->first <= FAULT_LOG_KEPT + FAULT_LOG_CHUNK);
	if (view->sees_kernel && !view->nr_lost)
		assert_true(view->nr_hidden < 100);
	fault_view_unref(view);
	fault_worker_free(worker);
	toucher_end(&toucher);
	close(fd);
}

static void test_killed(void **state)
{
	uint64_t end_ns = clock_mono_ns() + WAIT_NS;
	struct fault_view *view = NULL;
	struct toucher toucher;
	struct fault_worker *worker;
	int fd = wake_new();

	(void)state;
	toucher_start(&toucher);
	worker = begin(toucher.pid, fd);
	toucher_do(&toucher, 0, 1000, 1);
	kill(toucher.pid, SIGKILL);
	do {
		fault_view_unref(view);
		wake_wait(fd, NS_PER_S / 10);
		view = fault_worker_get(worker);
	} while (view->watching != WATCH_ENDED && clock_mono_ns() < end_ns);
	assert_int_equal(view->watching, WATCH_ENDED);
	assert_int_equal(count_struck(view, &toucher, 0, 1000), 1000);
	if (view->process.exit_why == WHY_OK)
		assert_int_equal(WTERMSIG(view->process.wait_status), SIGKILL);
	fault_view_unref(view);
	fault_worker_free(worker);
	toucher_end(&toucher);
	close(fd);
}

/* One that had gone, its PID free again, before anybody looked: never another process. */
static void test_gone_before(void **state)
{
	uint64_t end_ns = clock_mono_ns() + WAIT_NS;
	struct fault_view *view = NULL;
	struct toucher toucher;
	struct fault_worker *worker;
	struct proc *proc;
	int fd = wake_new();

	(void)state;
	toucher_start(&toucher);
	assert_int_equal(proc_open(host, toucher.pid, &proc), 0);
	worker = fault_worker_new(proc);
	toucher_end(&toucher);
	fault_worker_listen(worker, fd, false);
	fault_worker_begin(worker, false);
	while (!view && clock_mono_ns() < end_ns) {
		wake_wait(fd, NS_PER_S);
		view = fault_worker_get(worker);
	}
	assert_non_null(view);
	assert_int_equal(view->watching, WATCH_ENDED);
	assert_int_equal(view->past, 0);
	fault_view_unref(view);
	fault_worker_free(worker);
	close(fd);
}

int main(int argc, char *argv[])
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_fault_once),    cmocka_unit_test(test_symbol_comes),
		cmocka_unit_test(test_a_storm_is_bounded), cmocka_unit_test(test_killed),
		cmocka_unit_test(test_gone_before),
	};
	int failed;

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	host = host_new("");
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	host_free(host);
	return failed;
}
