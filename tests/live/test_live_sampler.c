/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The thread behind screen 1: how much it reads while somebody looks, and while nobody does. */
#include "app/sampler.h"
#include "base/clock.h"
#include "run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PERIOD_NS (5 * NS_PER_MS)
#define WATCH_US  1600000
#define BYTES     ((size_t)4 << 20)

/* A child that never leaves its memory alone. */
static pid_t start_toucher(void)
{
	pid_t child = fork();
	volatile char *area;

	assert_return_code(child, errno);
	if (child)
		return child;
	alarm(60);
	area = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (size_t at = 0;; at = (at + 4096) % BYTES) {
		area[at] = 1;
		if (at == 0)
			madvise((void *)area, BYTES, MADV_DONTNEED);
		usleep(500);
	}
}

/* System calls that it makes in a while. */
static unsigned long count_calls(const struct host *host)
{
	unsigned long before = host_calls(host);

	usleep(WATCH_US);
	return host_calls(host) - before;
}

static void test_rests(void **state)
{
	struct host *host = host_new("");
	pid_t child = start_toucher();
	unsigned long looking, resting;
	struct sampler *sampler;
	struct snapshot *snapshot;
	struct proc *proc;
	struct pollfd poll_fd = { .events = POLLIN };

	(void)state;
	assert_int_equal(proc_open(host, child, &proc), 0);
	sampler = sampler_new(host, proc, PERIOD_NS);
	poll_fd.fd = sampler_event_fd(sampler);
	assert_int_equal(poll(&poll_fd, 1, 20000), 1);
	looking = count_calls(host);
	sampler_rest(sampler, true);
	usleep(100000);
	resting = count_calls(host);
	print_message("%lu system calls, %lu at rest\n", looking, resting);
	/* A pass now and then instead of one each 5 ms, however slow the machine is. */
	assert_true(resting > 0);
	assert_true(resting * 4 < looking);
	/* Whoever looks again is served. */
	sampler_rest(sampler, false);
	assert_true(count_calls(host) > 2 * resting);
	snapshot = sampler_get(sampler);
	assert_non_null(snapshot);
	snapshot_unref(snapshot);
	sampler_free(sampler);
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, NULL, 0), child);
	host_free(host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
