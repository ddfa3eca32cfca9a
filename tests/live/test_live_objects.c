/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `objects` against processes made for it: every combination of the flags of clone(2), dup(2)
 * against two opens, every kind of descriptor, tables that change while they are read, and
 * very many of everything. Each actor is a fork of the test that says when it is ready and
 * lives until its pipe closes.
 */
#include "run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct actor {
	pid_t pid;
	int to_fd, from_fd;
};

/* Forks; the child calls fn(arg, out), which writes what is to be known, and then waits. */
static struct actor actor_start(void (*fn)(void *arg, int out), void *arg)
{
	struct actor actor;
	int to[2], from[2];

	assert_return_code(pipe2(to, O_CLOEXEC), errno);
	assert_return_code(pipe2(from, O_CLOEXEC), errno);
	actor.pid = fork();
	assert_return_code(actor.pid, errno);
	if (!actor.pid) {
		char byte;

		/* A group of its own, so that all it starts can be ended with it. */
		setpgid(0, 0);
		alarm(600);
		close(to[1]);
		close(from[0]);
		fn(arg, from[1]);
		while (read(to[0], &byte, 1) > 0)
			;
		kill(0, SIGKILL);
		_exit(0);
	}
	close(to[0]);
	close(from[1]);
	actor.to_fd = to[1];
	actor.from_fd = from[0];
	return actor;
}

static void actor_read(const struct actor *actor, void *out, size_t len)
{
	size_t at = 0;

	while (at < len) {
		ssize_t got = read(actor->from_fd, (char *)out + at, len - at);

		if (got <= 0)
			fail_msg("the actor ended before it was ready");
		at += (size_t)got;
	}
}

static void actor_end(struct actor *actor)
{
	kill(-actor->pid, SIGKILL);
	waitpid(actor->pid, NULL, 0);
	close(actor->to_fd);
	close(actor->from_fd);
}

static struct run run_objects(pid_t pid)
{
	char text[16];
	const char *const args[] = { "objects", text, "--json", NULL };

	snprintf(text, sizeof(text), "%d", (int)pid);
	return run_pagewalk(args);
}

static json_t *find_number(const struct run *run, const char *array, const char *field,
			   uint64_t value)
{
	json_t *item;
	size_t i;

	json_array_foreach(json_object_get(run->json, array), i, item)
	{
		json_t *got = json_object_get(item, field);

		if (json_is_integer(got) && (uint64_t)json_integer_value(got) == value)
			return item;
	}
	return NULL;
}

static json_t *need_number(const struct run *run, const char *array, const char *field,
			   uint64_t value)
{
	json_t *found = find_number(run, array, field, value);

	if (!found)
		fail_msg("no %s with %s %llu in: %.2000s", array, field, (unsigned long long)value,
			 run->out);
	return found;
}

static const char *get_string(const json_t *object, const char *field)
{
	const char *text = json_string_value(json_object_get(object, field));

	if (!text)
		fail_msg("no text %s", field);
	return text;
}

/* --- clone(2) */

static const struct {
	int flag;
	const char *name, *field;
} share_rows[] = {
	{ CLONE_VM, "CLONE_VM", "mm" },
	{ CLONE_FILES, "CLONE_FILES", "files" },
	{ CLONE_FS, "CLONE_FS", "fs" },
	{ CLONE_SIGHAND, "CLONE_SIGHAND", "sighand" },
};

#define NR_SHARES   4
#define MOST_CLONES 16

struct clones {
	int nr;
	int flags[MOST_CLONES];
	pid_t pids[MOST_CLONES];
};

static int pause_for_ever(void *arg)
{
	(void)arg;
	for (;;)
		syscall(SYS_pause);
	return 0;
}

static pid_t start_clone(int flags)
{
	size_t len = 65536;
	char *stack = mmap(NULL, len, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);

	return clone(pause_for_ever, stack + len, flags | SIGCHLD, NULL);
}

/* A child for each set of flags that the kernel takes: CLONE_SIGHAND needs CLONE_VM. */
static void make_clones(void *arg, int out)
{
	struct clones clones = { 0 };

	(void)arg;
	for (int set = 0; set < 1 << NR_SHARES; set++) {
		int flags = 0;

		for (int i = 0; i < NR_SHARES; i++)
			flags |= set & 1 << i ? share_rows[i].flag : 0;
		if (flags & CLONE_SIGHAND && !(flags & CLONE_VM))
			continue;
		clones.flags[clones.nr] = flags;
		clones.pids[clones.nr++] = start_clone(flags);
	}
	if (write(out, &clones, sizeof(clones)) < 0)
		_exit(1);
}

static bool has_text(const json_t *array, const char *text)
{
	const json_t *item;
	size_t i;

	json_array_foreach(array, i, item) if (!strcmp(json_string_value(item), text)) return true;
	return false;
}

static void expect_pair(const json_t *a, const json_t *b, int flags_a, int flags_b)
{
	for (int i = 0; i < NR_SHARES; i++) {
		bool same = json_get_u64(a, share_rows[i].field) ==
			    json_get_u64(b, share_rows[i].field);
		bool wanted = flags_a & flags_b & share_rows[i].flag;

		assert_int_equal(same, wanted);
	}
}

static void test_every_combination_of_clone(void **state)
{
	struct actor actor = actor_start(make_clones, NULL);
	struct clones clones;
	struct run run;

	(void)state;
	actor_read(&actor, &clones, sizeof(clones));
	assert_int_equal(clones.nr, 12);
	run = run_objects(actor.pid);
	assert_non_null(run.json);
	assert_string_equal(
		get_string(need_number(&run, "tasks", "tid", (uint64_t)actor.pid), "relation"),
		"leader");
	for (int i = 0; i < clones.nr; i++) {
		json_t *task = need_number(&run, "tasks", "tid", (uint64_t)clones.pids[i]);
		json_t *shared = json_object_get(task, "shares_with_first");

		assert_string_equal(get_string(task, "relation"), "child");
		for (int j = 0; j < NR_SHARES; j++)
			assert_int_equal(has_text(shared, share_rows[j].name),
					 !!(clones.flags[i] & share_rows[j].flag));
		for (int j = 0; j < i; j++)
			expect_pair(task,
				    need_number(&run, "tasks", "tid", (uint64_t)clones.pids[j]),
				    clones.flags[i], clones.flags[j]);
	}
	run_clear(&run);
	actor_end(&actor);
}

/* No relative by name (CLONE_PARENT makes it a sibling), but it shares a struct. */
static void make_sibling(void *arg, int out)
{
	pid_t pid = start_clone(CLONE_PARENT | CLONE_FS);

	(void)arg;
	if (write(out, &pid, sizeof(pid)) < 0)
		_exit(1);
}

static void test_a_sibling_that_shares(void **state)
{
	struct actor actor = actor_start(make_sibling, NULL);
	struct run run;
	json_t *task;
	pid_t pid;

	(void)state;
	actor_read(&actor, &pid, sizeof(pid));
	run = run_objects(actor.pid);
	task = need_number(&run, "tasks", "tid", (uint64_t)pid);
	assert_string_equal(get_string(task, "relation"), "sharer");
	assert_int_equal(json_array_size(json_object_get(task, "shares_with_first")), 1);
	assert_true(has_text(json_object_get(task, "shares_with_first"), "CLONE_FS"));
	run_clear(&run);
	actor_end(&actor);
	waitpid(pid, NULL, 0);
}

/* --- threads, one with a table and a directory of its own */

struct thread_arg {
	int out;
	bool unshares;
};

static void *run_thread(void *arg)
{
	struct thread_arg *thread = arg;
	pid_t tid = (pid_t)syscall(SYS_gettid);

	if (thread->unshares && unshare(CLONE_FILES | CLONE_FS))
		_exit(1);
	if (write(thread->out, &tid, sizeof(tid)) < 0)
		_exit(1);
	pause_for_ever(NULL);
	return NULL;
}

static void make_threads(void *arg, int out)
{
	static struct thread_arg args[2];
	pthread_t thread;

	(void)arg;
	for (int i = 0; i < 2; i++) {
		args[i] = (struct thread_arg){ out, i == 1 };
		if (pthread_create(&thread, NULL, run_thread, &args[i]))
			_exit(1);
	}
}

static void test_a_thread_with_a_table_of_its_own(void **state)
{
	struct actor actor = actor_start(make_threads, NULL);
	pid_t tids[2];
	struct run run;
	int own = 0;

	(void)state;
	actor_read(&actor, tids, sizeof(tids));
	run = run_objects(actor.pid);
	for (int i = 0; i < 2; i++) {
		json_t *task = need_number(&run, "tasks", "tid", (uint64_t)tids[i]);
		size_t nr = json_array_size(json_object_get(task, "shares_with_first"));

		assert_string_equal(get_string(task, "relation"), "thread");
		assert_int_equal(json_get_u64(task, "mm"), 1);
		assert_int_equal(json_get_u64(task, "sighand"), 1);
		assert_true(nr == 2 || nr == 4);
		own += nr == 2;
	}
	assert_int_equal(own, 1);
	run_clear(&run);
	actor_end(&actor);
}

/* --- open files */

static char path_of_opens[64];

static void make_opens(void *arg, int out)
{
	int fd = open(path_of_opens, O_RDWR | O_APPEND);
	char byte = 0;

	(void)arg;
	lseek(fd, 4096, SEEK_SET);
	dup2(fd, 100);
	dup3(100, 101, O_CLOEXEC);
	close(fd);
	fd = open(path_of_opens, O_RDONLY);
	dup2(fd, 102);
	close(fd);
	if (!fork()) {
		/* It keeps 100, and opens the file a third time by itself. */
		dup2(open(path_of_opens, O_RDONLY), 103);
		if (write(out, &byte, 1) < 0)
			_exit(1);
		pause_for_ever(NULL);
	}
	if (write(out, &byte, 1) < 0)
		_exit(1);
}

static void test_dup_against_two_opens(void **state)
{
	int fd;
	struct actor actor;
	struct run run;
	char said[2];
	json_t *a, *b, *c, *file, *also, *item, *inode;
	size_t i;
	int in_child = 0;

	(void)state;
	snprintf(path_of_opens, sizeof(path_of_opens), "/tmp/pagewalk-objects-XXXXXX");
	fd = mkstemp(path_of_opens);
	assert_return_code(fd, errno);
	assert_return_code(ftruncate(fd, 65536), errno);
	close(fd);
	actor = actor_start(make_opens, NULL);
	actor_read(&actor, said, sizeof(said));
	run = run_objects(actor.pid);
	a = need_number(&run, "files", "fd", 100);
	b = need_number(&run, "files", "fd", 101);
	c = need_number(&run, "files", "fd", 102);
	assert_int_equal(json_get_u64(a, "open_file"), json_get_u64(b, "open_file"));
	assert_int_not_equal(json_get_u64(a, "open_file"), json_get_u64(c, "open_file"));
	assert_int_equal(json_get_u64(a, "inode"), json_get_u64(c, "inode"));
	assert_int_equal(json_get_u64(a, "pos_bytes"), 4096);
	assert_int_equal(json_get_u64(b, "pos_bytes"), 4096);
	assert_int_equal(json_get_u64(c, "pos_bytes"), 0);
	assert_string_equal(get_string(a, "path"), path_of_opens);
	assert_true(has_text(json_object_get(a, "flags"), "O_APPEND"));
	assert_false(has_text(json_object_get(c, "flags"), "O_APPEND"));
	/* Close on exec is the descriptor's, not the open file's. */
	assert_true(json_is_false(json_object_get(a, "cloexec")));
	assert_true(json_is_true(json_object_get(b, "cloexec")));
	file = need_number(&run, "open_files", "id", json_get_u64(a, "open_file"));
	assert_int_equal(json_array_size(json_object_get(file, "fds")), 2);
	also = json_object_get(file, "also_in");
	json_array_foreach(also, i, item)
		in_child += json_get_u64(item, "fd") == 100 || json_get_u64(item, "fd") == 101;
	assert_int_equal(in_child, 2);
	assert_int_equal(json_array_size(also), 2);
	inode = need_number(&run, "inodes", "id", json_get_u64(a, "inode"));
	assert_int_equal(json_get_u64(inode, "size_bytes"), 65536);
	assert_int_equal(json_get_u64(inode, "pages"), 65536 / (uint64_t)sysconf(_SC_PAGESIZE));
	run_clear(&run);
	actor_end(&actor);
	unlink(path_of_opens);
}

/* --- kinds of descriptors: each maker's result lies at FIRST_KIND + its row */

#define FIRST_KIND 200

static int make_regular(void)
{
	return open("/etc/passwd", O_RDONLY);
}

static int make_directory(void)
{
	return open("/etc", O_RDONLY | O_DIRECTORY);
}

static int make_pipe(void)
{
	int fds[2];

	return pipe(fds) ? -1 : fds[1];
}

static int make_fifo(void)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/tmp/pagewalk-fifo-%d", (int)getpid());
	if (mkfifo(path, 0600))
		return -1;
	fd = open(path, O_RDWR);
	unlink(path);
	return fd;
}

static int make_tcp(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	return bind(fd, (void *)&address, sizeof(address)) || listen(fd, 5) ? -1 : fd;
}

static int make_unix(void)
{
	int fds[2];

	/* Five bytes wait to be read at the end that is looked at. */
	return socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds) || send(fds[1], "12345", 5, 0) != 5
		       ? -1
		       : fds[0];
}

static int make_null(void)
{
	return open("/dev/null", O_RDWR);
}

static int make_memfd(void)
{
	return memfd_create("a\nname", 0);
}

static int make_eventfd(void)
{
	return eventfd(42, 0);
}

static int make_epoll(void)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };
	int fd = epoll_create1(0);

	return epoll_ctl(fd, EPOLL_CTL_ADD, FIRST_KIND + 9, &event) ? -1 : fd;
}

static int make_timerfd(void)
{
	struct itimerspec when = { .it_value.tv_sec = 1000, .it_interval.tv_sec = 5 };
	int fd = timerfd_create(CLOCK_BOOTTIME, 0);

	return timerfd_settime(fd, 0, &when, NULL) ? -1 : fd;
}

static int make_signalfd(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	return signalfd(-1, &set, 0);
}

static int make_inotify(void)
{
	int fd = inotify_init1(0);

	return inotify_add_watch(fd, "/tmp", IN_DELETE_SELF) < 0 ? -1 : fd;
}

static int make_pidfd(void)
{
	return (int)syscall(SYS_pidfd_open, getpid(), 0);
}

static int make_perf(void)
{
	struct perf_event_attr attr = { .type = PERF_TYPE_SOFTWARE,
					.size = sizeof(attr),
					.config = PERF_COUNT_SW_PAGE_FAULTS,
					.exclude_kernel = 1 };

	return (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);
}

static int make_bpf(void)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 8
	};

	return (int)syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr));
}

static int make_uring(void)
{
	char params[120] = { 0 };

	return (int)syscall(SYS_io_uring_setup, 4, params);
}

static int make_userfaultfd(void)
{
	return (int)syscall(SYS_userfaultfd, O_CLOEXEC);
}

static int make_namespace(void)
{
	return open("/proc/self/ns/net", O_RDONLY);
}

static int make_fanotify(void)
{
	return (int)syscall(SYS_fanotify_init, 0, O_RDONLY);
}

static int make_path(void)
{
	return open("/etc/passwd", O_PATH);
}

static const struct {
	const char *kind;
	int (*make)(void);
	const char *note; /* what its note holds; NULL: nothing asked */
	bool optional;    /* a kernel may refuse it */
} kind_rows[] = {
	{ "regular", make_regular, NULL, false },
	{ "directory", make_directory, NULL, false },
	{ "pipe", make_pipe, NULL, false },
	{ "fifo", make_fifo, NULL, false },
	{ "socket", make_tcp, "tcp 127.0.0.1:", false },
	{ "socket", make_unix, " 5 B to read", false },
	{ "socket", make_unix, "unix seqpacket connected -> socket:[", false },
	{ "chardev", make_null, NULL, false },
	{ "memfd", make_memfd, NULL, false },
	{ "eventfd", make_eventfd, "count 42", false },
	{ "epoll", make_epoll, "watches 1 ", false },
	{ "timerfd", make_timerfd, "CLOCK_BOOTTIME, next in ", false },
	{ "signalfd", make_signalfd, "signals 10", false },
	{ "inotify", make_inotify, "1 watches", false },
	{ "pidfd", make_pidfd, "process ", true },
	{ "perf", make_perf, NULL, true },
	{ "bpf", make_bpf, "8 entries", true },
	{ "io_uring", make_uring, NULL, true },
	{ "userfaultfd", make_userfaultfd, NULL, true },
	{ "namespace", make_namespace, NULL, false },
	{ "fanotify", make_fanotify, NULL, true },
	{ "regular", make_path, NULL, false },
};

#define NR_KINDS (sizeof(kind_rows) / sizeof(kind_rows[0]))

static void make_kinds(void *arg, int out)
{
	bool made[NR_KINDS];

	(void)arg;
	for (size_t i = 0; i < NR_KINDS; i++) {
		int fd = kind_rows[i].make();

		made[i] = fd >= 0 && dup2(fd, FIRST_KIND + (int)i) >= 0;
	}
	if (write(out, made, sizeof(made)) < 0)
		_exit(1);
}

static void expect_kind(const struct run *run, size_t row)
{
	json_t *fd = need_number(run, "files", "fd", FIRST_KIND + row);

	if (strcmp(get_string(fd, "kind"), kind_rows[row].kind))
		fail_msg("row %zu is %s, not %s", row, get_string(fd, "kind"), kind_rows[row].kind);
	if (kind_rows[row].note && !strstr(get_string(fd, "note"), kind_rows[row].note))
		fail_msg("%s: \"%s\" without \"%s\"", kind_rows[row].kind, get_string(fd, "note"),
			 kind_rows[row].note);
	/* Two descriptors of each lie open: what was made, and its place in the row. */
	assert_true(json_array_size(json_object_get(
			    need_number(run, "open_files", "id", json_get_u64(fd, "open_file")),
			    "fds")) >= 2);
}

static void test_every_kind_of_descriptor(void **state)
{
	struct actor actor = actor_start(make_kinds, NULL);
	bool made[NR_KINDS];
	struct run run;
	json_t *watches;
	size_t nr_made = 0;

	(void)state;
	actor_read(&actor, made, sizeof(made));
	run = run_objects(actor.pid);
	assert_non_null(run.json);
	for (size_t i = 0; i < NR_KINDS; i++) {
		if (!made[i] && !kind_rows[i].optional)
			fail_msg("no %s could be made", kind_rows[i].kind);
		if (!made[i]) {
			print_message("no %s here\n", kind_rows[i].kind);
			continue;
		}
		expect_kind(&run, i);
		nr_made++;
	}
	watches = json_object_get(need_number(&run, "files", "fd", FIRST_KIND + 10), "watches");
	assert_int_equal(json_array_size(watches), 1);
	assert_int_equal(json_get_u64(json_array_get(watches, 0), "fd"), FIRST_KIND + 9);
	assert_string_equal(get_string(json_array_get(watches, 0), "events"), "IN|ERR|HUP|ET");
	assert_true(has_text(
		json_object_get(need_number(&run, "files", "fd", FIRST_KIND + NR_KINDS - 1),
				"flags"),
		"O_PATH"));
	print_message("%zu kinds recognised\n", nr_made);
	run_clear(&run);
	actor_end(&actor);
}

/* -1 where there is no network namespace for us. */
static void make_unix_elsewhere(void *arg, int out)
{
	int fd = unshare(CLONE_NEWNET) ? -1 : make_unix();

	(void)arg;
	if (write(out, &fd, sizeof(fd)) < 0)
		_exit(1);
}

/* The kernel answers for one network namespace at a time: that of the process is asked. */
static void test_unix_socket_of_another_namespace(void **state)
{
	struct actor actor = actor_start(make_unix_elsewhere, NULL);
	struct run run;
	const char *note;
	int fd;

	(void)state;
	actor_read(&actor, &fd, sizeof(fd));
	if (fd < 0) {
		actor_end(&actor);
		run_skip("a network namespace of its own needs CAP_SYS_ADMIN");
	}
	run = run_objects(actor.pid);
	assert_non_null(run.json);
	note = get_string(need_number(&run, "files", "fd", (uint64_t)fd), "note");
	/* Where it may not be entered, that is said. */
	if (!strstr(note, " 5 B to read") && !strstr(note, "peer ?: of another network namespace"))
		fail_msg("neither queues nor a reason: %s", note);
	if (run_is_privileged() && !strstr(note, " 5 B to read"))
		fail_msg("root may enter it: %s", note);
	run_clear(&run);
	actor_end(&actor);
}

/* --- what changes while it is read */

static void churn_fds(void *arg, int out)
{
	char byte = 0;

	(void)arg;
	if (write(out, &byte, 1) < 0)
		_exit(1);
	for (;;) {
		for (int i = 0; i < 200; i++)
			dup2(STDIN_FILENO, 50 + i);
		for (int i = 0; i < 200; i++)
			close(50 + i);
	}
}

static void test_descriptors_that_close_meanwhile(void **state)
{
	struct actor actor = actor_start(churn_fds, NULL);
	size_t least = SIZE_MAX, most = 0;
	char byte;

	(void)state;
	actor_read(&actor, &byte, 1);
	for (int round = 0; round < 40; round++) {
		struct run run = run_objects(actor.pid);
		json_t *files = json_object_get(run.json, "files"), *fd;
		size_t i, nr = json_array_size(files);

		assert_non_null(run.json);
		assert_true(run.status == 0 || run.status == 3);
		json_array_foreach(files, i, fd) get_string(fd, "kind");
		assert_int_equal(json_get_u64(json_object_get(run.json, "fd_table"), "open"), nr);
		least = nr < least ? nr : least;
		most = nr > most ? nr : most;
		run_clear(&run);
	}
	print_message("%zu to %zu descriptors were seen\n", least, most);
	actor_end(&actor);
}

/* --- very many */

#define MANY_FDS     10000
#define MANY_THREADS 2000

static void *wait_in_thread(void *arg)
{
	pause_for_ever(arg);
	return NULL;
}

static void make_many(void *arg, int out)
{
	struct rlimit limit = { MANY_FDS + 100, MANY_FDS + 100 };
	pthread_attr_t attr;
	char ready = setrlimit(RLIMIT_NOFILE, &limit) ? 'l' : 0;
	int fd = eventfd(0, 0);

	(void)arg;
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 65536);
	/* The hardest for kcmp: all of one inode, half of them one open file. */
	for (int i = 0; !ready && i < MANY_FDS; i++)
		if ((i & 1 ? dup(fd) : eventfd(0, 0)) < 0)
			ready = 'f';
	for (int i = 1; !ready && i < MANY_THREADS; i++) {
		pthread_t thread;

		if (pthread_create(&thread, &attr, wait_in_thread, NULL))
			ready = 't';
	}
	if (write(out, &ready, 1) < 0)
		_exit(1);
}

static void test_ten_thousand_descriptors(void **state)
{
	struct actor actor = actor_start(make_many, NULL);
	struct timespec before, after;
	struct run run;
	size_t i, largest = 0;
	json_t *file;
	char refused;

	(void)state;
	actor_read(&actor, &refused, 1);
	if (refused) {
		actor_end(&actor);
		run_skip("no 10,000 descriptors or 2,000 threads can be had here");
	}
	clock_gettime(CLOCK_MONOTONIC, &before);
	run = run_objects(actor.pid);
	clock_gettime(CLOCK_MONOTONIC, &after);
	assert_non_null(run.json);
	assert_true(json_array_size(json_object_get(run.json, "files")) > MANY_FDS);
	json_array_foreach(json_object_get(run.json, "open_files"), i, file)
	{
		size_t nr = json_array_size(json_object_get(file, "fds"));

		largest = nr > largest ? nr : largest;
	}
	assert_int_equal(largest, MANY_FDS / 2 + 1);
	assert_true(json_array_size(json_object_get(run.json, "tasks")) >= MANY_THREADS);
	print_message("%.0f ms with the JSON of it\n",
		      (double)(after.tv_sec - before.tv_sec) * 1e3 +
			      (double)(after.tv_nsec - before.tv_nsec) / 1e6);
	run_clear(&run);
	actor_end(&actor);
}

/* --- what may not be looked at */

static void say_ready(void *arg, int out)
{
	char byte = 0;

	(void)arg;
	if (write(out, &byte, 1) < 0)
		_exit(1);
}

static void test_another_user_is_told_why(void **state)
{
	struct actor actor = actor_start(say_ready, NULL);
	char text[16], byte;
	const char *const args[] = { "objects", text, "--json", NULL };
	struct run run;
	json_t *mm;

	(void)state;
	if (!run_is_privileged()) {
		actor_end(&actor);
		run_skip("only root can become another user");
	}
	actor_read(&actor, &byte, 1);
	snprintf(text, sizeof(text), "%d", (int)actor.pid);
	run = run_pagewalk_as(65534, args);
	run_expect(&run, 3);
	assert_non_null(run.json);
	assert_true(json_is_null(json_object_get(run.json, "files")));
	assert_true(json_is_null(json_object_get(run.json, "vmas")));
	assert_non_null(
		strstr(get_string(json_object_get(run.json, "unknown"), "files"), "denied"));
	mm = json_object_get(run.json, "mm");
	/* The boundaries are hidden, not zero; the counters of status are for everybody. */
	assert_true(json_is_null(json_object_get(mm, "start_code")));
	assert_true(json_get_u64(mm, "rss_bytes") > 0);
	assert_true(json_is_null(json_object_get(json_object_get(run.json, "fs"), "cwd")));
	run_clear(&run);
	actor_end(&actor);
}

static void test_figures_agree_with_status(void **state)
{
	struct actor actor = actor_start(say_ready, NULL);
	struct run run;
	json_t *mm, *fs;
	char byte, cwd[4096], umask_text[8];
	mode_t mask = umask(0);

	(void)state;
	umask(mask);
	actor_read(&actor, &byte, 1);
	run = run_objects(actor.pid);
	assert_non_null(run.json);
	mm = json_object_get(run.json, "mm");
	fs = json_object_get(run.json, "fs");
	assert_int_equal(json_get_u64(mm, "rss_bytes"),
			 json_get_u64(mm, "rss_anon_bytes") + json_get_u64(mm, "rss_file_bytes") +
				 json_get_u64(mm, "rss_shmem_bytes"));
	assert_true(json_get_u64(mm, "start_code") < json_get_u64(mm, "end_code"));
	assert_true(json_get_u64(mm, "arg_start") > json_get_u64(mm, "start_stack"));
	assert_true(json_get_u64(mm, "start_code") <= (uintptr_t)say_ready &&
		    (uintptr_t)say_ready < json_get_u64(mm, "end_code"));
	assert_non_null(getcwd(cwd, sizeof(cwd)));
	assert_string_equal(get_string(fs, "cwd"), cwd);
	snprintf(umask_text, sizeof(umask_text), "%04o", mask);
	assert_string_equal(get_string(fs, "umask"), umask_text);
	run_clear(&run);
	actor_end(&actor);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_combination_of_clone),
		cmocka_unit_test(test_a_sibling_that_shares),
		cmocka_unit_test(test_a_thread_with_a_table_of_its_own),
		cmocka_unit_test(test_dup_against_two_opens),
		cmocka_unit_test(test_every_kind_of_descriptor),
		cmocka_unit_test(test_unix_socket_of_another_namespace),
		cmocka_unit_test(test_descriptors_that_close_meanwhile),
		cmocka_unit_test(test_ten_thousand_descriptors),
		cmocka_unit_test(test_another_user_is_told_why),
		cmocka_unit_test(test_figures_agree_with_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
