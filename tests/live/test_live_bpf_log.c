/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The programs that write faults down, on a child that takes a known number: every record, in its
 * order, with what the processor said; what finds no room is counted; nobody else is written down.
 */
#include "kernel/bpf_log.h"
#include "kernel/perf_ring.h"
#include "run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE       4096
#define MOST_PAGES 20000
#define WRITE_BY_USER                                                                              \
	6 /* PF_WRITE | PF_USER of arch/x86/include/asm/trap_pf.h: no page was there */

/* A child that waits to be told how many pages to touch. The area is at the same place in it. */
struct toucher {
	pid_t pid;
	int to_fd, from_fd;
};

static unsigned char *area;

/* Its instructions are looked for. */
static __attribute__((noinline)) void touch(size_t nr_pages)
{
	for (size_t page = 0; page < nr_pages; page++)
		((volatile unsigned char *)area)[page * PAGE] = 1;
}

/* Each number touches so many pages; a negative one has a child of its own do it. */
static void serve(int from_fd, int to_fd)
{
	int nr_pages;

	while (read(from_fd, &nr_pages, sizeof(nr_pages)) == sizeof(nr_pages)) {
		pid_t child = nr_pages < 0 ? fork() : 0;

		if (child == 0)
			touch((size_t)abs(nr_pages));
		if (nr_pages < 0 && child == 0)
			_exit(0);
		if (child > 0)
			waitpid(child, NULL, 0);
		if (write(to_fd, &child, sizeof(child)) != sizeof(child))
			break;
	}
	_exit(0);
}

static void toucher_start(struct toucher *toucher)
{
	int to[2], from[2];

	assert_return_code(pipe2(to, O_CLOEXEC), errno);
	assert_return_code(pipe2(from, O_CLOEXEC), errno);
	toucher->pid = fork();
	assert_return_code(toucher->pid, errno);
	if (!toucher->pid) {
		close(to[1]);
		close(from[0]);
		serve(to[0], from[1]);
	}
	close(to[0]);
	close(from[1]);
	toucher->to_fd = to[1];
	toucher->from_fd = from[0];
}

/* Returns the child that did it, 0: it did so itself. */
static pid_t toucher_do(const struct toucher *toucher, int nr_pages)
{
	pid_t child;

	assert_int_equal(write(toucher->to_fd, &nr_pages, sizeof(nr_pages)), sizeof(nr_pages));
	assert_int_equal(read(toucher->from_fd, &child, sizeof(child)), sizeof(child));
	return child;
}

static void toucher_end(struct toucher *toucher)
{
	close(toucher->to_fd);
	close(toucher->from_fd);
	/* One that was started later has our end of the pipe too. */
	kill(toucher->pid, SIGKILL);
	assert_int_equal(waitpid(toucher->pid, NULL, 0), toucher->pid);
}

static int setup(void **state)
{
	struct host *host = host_new("");

	*state = host;
	area = mmap(NULL, (size_t)MOST_PAGES * PAGE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	return area == MAP_FAILED || madvise(area, (size_t)MOST_PAGES * PAGE, MADV_NOHUGEPAGE);
}

static int teardown(void **state)
{
	munmap(area, (size_t)MOST_PAGES * PAGE);
	host_free(*state);
	return 0;
}

/* A log, or the test is skipped with the reason. */
static struct bpf_log *make_log(const struct host *host, size_t bytes)
{
	struct bpf_log *log = NULL;
	int ret;

	if (!run_is_privileged())
		run_skip("BPF programs need CAP_BPF and CAP_PERFMON");
	ret = bpf_log_new(host, (unsigned)sysconf(_SC_NPROCESSORS_CONF), bytes, &log);
	if (ret == -EOPNOTSUPP || ret == -ENOSYS)
		run_skip("no BPF programs on this machine, or not in this PID namespace");
	assert_int_equal(ret, 0);
	return log;
}

/* An event of minor faults of a process, and of its children, that writes into the log. */
static int open_event(const struct host *host, struct bpf_log *log, pid_t pid)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_PAGE_FAULTS_MIN,
		.sample_period = 1,
		.disabled = 1,
		.inherit = 1,
	};
	int fd = perf_open(host, &attr, pid, -1);

	assert_return_code(fd, errno);
	assert_int_equal(bpf_log_attach(log, fd, BPF_LOG_MINOR), 0);
	assert_return_code(ioctl(fd, PERF_EVENT_IOC_ENABLE, 0), errno);
	return fd;
}

/* What a log had, of the area only but for nr_all. */
struct seen {
	pid_t pid;
	uint64_t nr_all[NR_BPF_LOG_KIND], nr[NR_BPF_LOG_KIND];
	uint64_t nr_out_of_order, nr_strange, last_ns;
	struct bpf_log_record last; /* the entry of an exception */
};

static void see(void *arg, const struct bpf_log_record *record)
{
	struct seen *seen = arg;

	assert_in_range(record->kind, 0, NR_BPF_LOG_KIND - 1);
	seen->nr_all[record->kind]++;
	seen->nr_strange += record->pid != seen->pid || record->tid != seen->pid;
	seen->nr_out_of_order += record->t_ns < seen->last_ns;
	seen->last_ns = record->t_ns;
	if (record->addr < (uintptr_t)area || record->addr >= (uintptr_t)area + MOST_PAGES * PAGE)
		return;
	seen->nr[record->kind]++;
	if (record->kind == BPF_LOG_USER) {
		assert_int_equal(record->error_code, WRITE_BY_USER);
		seen->last = *record;
	}
	if (record->kind == BPF_LOG_MINOR && seen->last.addr) {
		/* The end of the fault that has begun, and the same instruction. */
		assert_int_equal(record->addr, seen->last.addr);
		assert_int_equal(record->ip, seen->last.ip);
	}
}

/* Reads it all, a few records at a time. */
static struct seen read_log(struct bpf_log *log, pid_t pid)
{
	struct seen seen = { .pid = pid };

	for (unsigned cpu = 0; cpu < (unsigned)sysconf(_SC_NPROCESSORS_CONF); cpu++) {
		seen.last_ns = 0;
		while (bpf_log_drain(log, cpu, 4000, see, &seen))
			;
		assert_int_equal(bpf_log_fill(log, cpu), 0);
	}
	return seen;
}

/* So that all is in one log, and its order can be looked at. */
static void stay_on_one_cpu(pid_t pid)
{
	cpu_set_t cpus, one;
	unsigned cpu = 0;

	assert_return_code(sched_getaffinity(pid, sizeof(cpus), &cpus), errno);
	while (!CPU_ISSET(cpu, &cpus))
		cpu++;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	assert_return_code(sched_setaffinity(pid, sizeof(one), &one), errno);
}

static void test_every_record(void **state)
{
	struct bpf_log *log = make_log(*state, 1 << 20);
	struct toucher watched, other;
	struct seen seen;
	int fd;

	toucher_start(&watched);
	toucher_start(&other);
	stay_on_one_cpu(watched.pid);
	assert_int_equal(bpf_log_trace(log, watched.pid, NULL), 0);
	fd = open_event(*state, log, watched.pid);
	toucher_do(&watched, 5000);
	toucher_do(&other, 5000);
	seen = read_log(log, watched.pid);
	assert_int_equal(seen.nr[BPF_LOG_USER], 5000);
	assert_int_equal(seen.nr[BPF_LOG_MINOR], 5000);
	assert_int_equal(seen.nr_strange, 0);
	assert_int_equal(seen.nr_out_of_order, 0);
	assert_in_range(seen.last.ip, (uintptr_t)touch, (uintptr_t)touch + 2048);
	assert_int_equal(bpf_log_lost(log), 0);
	/* After the end of the tracing only ends are written. */
	bpf_log_untrace(log);
	toucher_do(&watched, 6000);
	seen = read_log(log, watched.pid);
	assert_int_equal(seen.nr_all[BPF_LOG_USER], 0);
	assert_int_equal(seen.nr[BPF_LOG_MINOR], 1000);
	close(fd);
	bpf_log_free(log);
	toucher_end(&watched);
	toucher_end(&other);
}

static void test_no_room(void **state)
{
	struct bpf_log *log = make_log(*state, 1);
	struct toucher toucher;
	struct seen seen;
	uint64_t count;
	int fd;

	toucher_start(&toucher);
	stay_on_one_cpu(toucher.pid);
	fd = open_event(*state, log, toucher.pid);
	toucher_do(&toucher, MOST_PAGES);
	assert_int_equal(read(fd, &count, sizeof(count)), sizeof(count));
	assert_true(bpf_log_lost(log) > 0);
	seen = read_log(log, toucher.pid);
	assert_int_equal(seen.nr_all[BPF_LOG_MINOR] + bpf_log_lost(log), count);
	assert_true(count >= MOST_PAGES);
	/* Room that was given back is used again. */
	assert_int_equal(toucher_do(&toucher, MOST_PAGES), 0);
	assert_true(toucher_do(&toucher, -100) > 0);
	seen = read_log(log, toucher.pid);
	assert_true(seen.nr_all[BPF_LOG_MINOR] >= 100);
	close(fd);
	bpf_log_free(log);
	toucher_end(&toucher);
}

/* The tracepoint of fork(2), or the test is skipped. */
static void find_fork(const struct host *host, struct bpf_log *log, struct trace_event *event)
{
	int fd = tracefs_open(host);

	if (fd < 0) {
		bpf_log_free(log);
		run_skip("tracefs is not to be had");
	}
	assert_int_equal(tracefs_read_event(host, fd, "sched/sched_process_fork", event), 0);
	close(fd);
}

static void test_children(void **state)
{
	struct bpf_log *log = make_log(*state, 1 << 20);
	struct trace_event event;
	struct toucher watched, other;
	struct seen seen;
	pid_t child;
	int fd;

	find_fork(*state, log, &event);
	toucher_start(&watched);
	toucher_start(&other);
	/* Its children stay there too: else a fault may begin in one log and end in another. */
	stay_on_one_cpu(watched.pid);
	assert_int_equal(bpf_log_trace(log, watched.pid, &event), 0);
	fd = open_event(*state, log, watched.pid);
	child = toucher_do(&watched, -3000);
	toucher_do(&other, -3000);
	/* Of those in the area each is the child's. */
	seen = read_log(log, child);
	assert_int_equal(seen.nr[BPF_LOG_USER], 3000);
	assert_int_equal(seen.nr[BPF_LOG_MINOR], 3000);
	assert_int_equal(seen.last.pid, child);
	assert_int_equal(bpf_log_lost(log), 0);
	/* One that is forgotten is a stranger again. */
	bpf_log_forget(log, watched.pid);
	toucher_do(&watched, -1000);
	toucher_do(&watched, 1000);
	seen = read_log(log, watched.pid);
	assert_int_equal(seen.nr_all[BPF_LOG_USER], 0);
	assert_true(seen.nr[BPF_LOG_MINOR] >= 2000);
	close(fd);
	bpf_log_free(log);
	toucher_end(&watched);
	toucher_end(&other);
}

/* Others who count what the programs listen to go on counting. */
static void test_others_count_forks(void **state)
{
	struct bpf_log *log = make_log(*state, 1);
	struct perf_event_attr attr = { .type = PERF_TYPE_TRACEPOINT, .sample_period = 1 };
	struct trace_event event;
	struct toucher toucher;
	uint64_t count;
	int fd;

	find_fork(*state, log, &event);
	toucher_start(&toucher);
	attr.config = event.id;
	fd = perf_open(*state, &attr, toucher.pid, -1);
	assert_return_code(fd, errno);
	assert_int_equal(bpf_log_trace(log, toucher.pid, &event), 0);
	for (int i = 0; i < 3; i++)
		assert_true(toucher_do(&toucher, -1) > 0);
	assert_int_equal(read(fd, &count, sizeof(count)), sizeof(count));
	assert_int_equal(count, 3);
	close(fd);
	bpf_log_free(log);
	toucher_end(&toucher);
}

/* What bpf_log_new() says in a child that was changed by `change`; 0: there is a log. */
static int ask_in_child(const struct host *host, int (*change)(void))
{
	struct bpf_log *log;
	int status = 0;
	pid_t child = fork();

	assert_return_code(child, errno);
	if (!child) {
		int ret = change();

		if (!ret)
			ret = bpf_log_new(host, 1, 1, &log);
		_exit(ret ? -ret : 0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return -WEXITSTATUS(status);
}

static int be_nobody(void)
{
	return setgid(65534) || setuid(65534) ? -errno : 0;
}

/* The child of a child is in the new namespace: it says what it was told. */
static int be_elsewhere(void)
{
	pid_t child;
	int status;

	if (unshare(CLONE_NEWPID))
		return -errno;
	child = fork();
	if (!child)
		return 0;
	waitpid(child, &status, 0);
	_exit(WEXITSTATUS(status));
}

static void test_refused(void **state)
{
	if (!run_is_privileged())
		run_skip("another user than root can only be had by root");
	assert_int_equal(ask_in_child(*state, be_nobody), -EPERM);
	assert_int_equal(ask_in_child(*state, be_elsewhere), -EOPNOTSUPP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_record), cmocka_unit_test(test_no_room),
		cmocka_unit_test(test_children),     cmocka_unit_test(test_others_count_forks),
		cmocka_unit_test(test_refused),
	};

	alarm(60); /* nobody waits for ever */
	return cmocka_run_group_tests(tests, setup, teardown);
}
