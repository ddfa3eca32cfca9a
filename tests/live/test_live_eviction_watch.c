/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is watched of the page cache, and why not: without tracefs or its tracepoint, for files
 * whose file system is not known, and after the end.
 */
#include "kernel/eviction_watch.h"
#include "kernel/fault_watch.h"
#include "kernel/host.h"
#include "kernel/proc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

/* Descriptors of perf events that this process has. */
static size_t nr_events(void)
{
	DIR *fds = opendir("/proc/self/fd");
	struct dirent *entry;
	char target[64];
	size_t nr = 0;

	assert_non_null(fds);
	while ((entry = readdir(fds))) {
		ssize_t len = readlinkat(dirfd(fds), entry->d_name, target, sizeof(target) - 1);

		target[len > 0 ? len : 0] = '\0';
		nr += !strcmp(target, "anon_inode:[perf_event]");
	}
	closedir(fds);
	return nr;
}

static void expect_doubt(const char *root, enum eviction_doubt doubt)
{
	struct host *host = host_new(root);
	struct eviction_watch *watch = eviction_watch_new(host);

	assert_int_equal(eviction_watch_state(watch)->doubt, doubt);
	eviction_watch_free(watch);
	host_free(host);
}

/* A directory below the root, made after those that lead to it. */
static const char *const directories[] = { "sys", "sys/kernel", "sys/kernel/tracing",
					   "sys/kernel/tracing/events" };
#define NR_DIRECTORIES (sizeof(directories) / sizeof(directories[0]))

static void test_no_tracefs(void **state)
{
	char root[] = "/tmp/pagewalk-evictions-XXXXXX", path[128];

	(void)state;
	assert_non_null(mkdtemp(root));
	expect_doubt(root, EVICTIONS_NO_TRACEFS);
	for (size_t i = 0; i < NR_DIRECTORIES; i++) {
		/* The place where it would be mounted is not yet tracefs. */
		expect_doubt(root, EVICTIONS_NO_TRACEFS);
		snprintf(path, sizeof(path), "%s/%s", root, directories[i]);
		assert_int_equal(mkdir(path, 0755), 0);
	}
	expect_doubt(root, EVICTIONS_UNSUPPORTED);
	for (size_t i = NR_DIRECTORIES; i--;) {
		snprintf(path, sizeof(path), "%s/%s", root, directories[i]);
		assert_int_equal(rmdir(path), 0);
	}
	assert_int_equal(rmdir(root), 0);
}

/* Skips the test where evictions are not told. */
static struct eviction_watch *watch_or_skip(struct host *host)
{
	struct eviction_watch *watch = eviction_watch_new(host);
	enum eviction_doubt doubt = eviction_watch_state(watch)->doubt;

	if (doubt) {
		print_message("skipped: %s\n", eviction_doubt_text(doubt));
		eviction_watch_free(watch);
		host_free(host);
		skip();
	}
	return watch;
}

static enum eviction_doubt follow(struct eviction_watch *watch, dev_t dev, uint64_t inode,
				  struct proc *proc)
{
	const struct vma vma = { .inode = inode,
				 .dev_major = major(dev),
				 .dev_minor = minor(dev),
				 .kind = VMA_FILE,
				 .path = "/a/file" };

	eviction_watch_note(watch, &vma);
	eviction_watch_follow(watch, proc);
	return fault_evictions_doubt_of(eviction_watch_state(watch), vma.dev_major, vma.dev_minor,
					inode);
}

static void test_mounts_unknown(void **state)
{
	struct host *host = host_new("");
	struct eviction_watch *watch = watch_or_skip(host);
	struct proc *proc;
	struct stat proc_stat; /* of a file system whose device number mountinfo has */

	(void)state;
	assert_int_equal(stat("/proc", &proc_stat), 0);
	assert_int_equal(proc_open(host, getpid(), &proc), 0);
	assert_int_equal(follow(watch, proc_stat.st_dev, 1, NULL), EVICTIONS_NO_MOUNTS);
	assert_int_equal(follow(watch, proc_stat.st_dev, 2, proc), EVICTIONS_KNOWN);
	/* It cannot be asked any more: what was read before still holds, for what it has. */
	assert_int_equal(follow(watch, proc_stat.st_dev, 3, NULL), EVICTIONS_KNOWN);
	assert_int_equal(follow(watch, makedev(4000, 1), 4, NULL), EVICTIONS_NO_MOUNTS);
	proc_close(proc);
	eviction_watch_free(watch);
	host_free(host);
}

/* Nothing is left open, what came last has its doubts, and the state stays. */
static void test_end(void **state)
{
	const struct vma late = { .inode = 9, .dev_major = 4000, .kind = VMA_FILE, .path = "/b" };
	struct host *host = host_new("");
	struct eviction_watch *watch = watch_or_skip(host);
	struct fault_evictions *evictions = eviction_watch_state(watch);
	size_t before;

	(void)state;
	follow(watch, makedev(4000, 1), 4, NULL);
	before = nr_events();
	assert_true(before >= 2);
	eviction_watch_note(watch, &late);
	eviction_watch_end(watch, NULL);
	assert_int_equal(nr_events(), 0);
	assert_int_equal(evictions->nr, 2);
	assert_int_equal(evictions->doubt, EVICTIONS_KNOWN);
	assert_int_equal(evictions->files[1].doubt, EVICTIONS_NO_MOUNTS);
	eviction_watch_read(watch);
	eviction_watch_follow(watch, NULL);
	assert_int_equal(nr_events(), 0);
	eviction_watch_free(watch);
	host_free(host);
}

static void ignore_fault(void *arg, const struct fault *fault, const struct vma *vma,
			 const struct vma *code)
{
	(void)arg;
	(void)fault;
	(void)vma;
	(void)code;
}

/* The end of a process ends its events too. */
static void test_flush_ends(void **state)
{
	static const struct fault_watch_ops ops = { .fault = ignore_fault };
	struct host *host = host_new("");
	struct fault_capture_config config = { .ring_bytes = (size_t)1 << 20 };
	struct fault_watch *watch;
	size_t before;

	(void)state;
	eviction_watch_free(watch_or_skip(host));
	config.pid = fork();
	assert_true(config.pid >= 0);
	if (!config.pid) {
		pause();
		_exit(0);
	}
	assert_int_equal(fault_watch_new(host, &config, &watch), 0);
	fault_watch_read(watch, 0, &ops, NULL);
	before = nr_events();
	kill(config.pid, SIGKILL);
	waitpid(config.pid, NULL, 0);
	fault_watch_flush(watch, &ops, NULL);
	assert_true(nr_events() < before);
	assert_true(fault_watch_evictions(watch)->nr > 0);
	fault_watch_free(watch);
	host_free(host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_tracefs),
		cmocka_unit_test(test_mounts_unknown),
		cmocka_unit_test(test_end),
		cmocka_unit_test(test_flush_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
