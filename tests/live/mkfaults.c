/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mkfaults steps: says its PID on a line, then for each line that it reads ("cow") makes page
 * faults of that kind, in known number, and says on a line (JSON) how many and where; the end of
 * its input ends it. What is needed beforehand is made outside of that range of addresses, or takes
 * no fault of the kind. What this machine does not give has its reason in "skip".
 *
 * mkfaults KIND [N [M]]: runs (see `runs` below) that go to their end by themselves and say last
 * what getrusage(2) counted of them. mkfaults noperf PROGRAM ARG... runs a program to which
 * perf_event_open(2) is refused.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MIB          ((size_t)1 << 20)
#define HUGE         (2 * MIB)
#define N            16
#define AROUND       64 /* pages between touches: more than fault-around maps at once */
#define USER_ONLY    1  /* UFFD_USER_MODE_ONLY, linux/userfaultfd.h of Linux 5.11 */
#define PAGE_OUT     21 /* MADV_PAGEOUT */
#define SWAPPED      (UINT64_C(1) << 62)
#define MOST_THREADS 8192
#define THREAD_STACK ((size_t)64 << 10)

static size_t page;
static uint64_t began_ns;

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* What a step made. */
struct made {
	const char *skip;
	volatile unsigned char *start;
	size_t len_bytes;
	unsigned n;
};

static volatile unsigned char *map(size_t len_bytes, int prot, int flags, int fd)
{
	void *start = mmap(NULL, len_bytes, prot, flags, fd, 0);

	if (start == MAP_FAILED)
		return NULL;
	if (fd < 0)
		madvise(start, len_bytes, MADV_NOHUGEPAGE);
	return start;
}

static volatile unsigned char *map_anon(size_t len_bytes)
{
	return map(len_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
}

/* Of n pages, `step` pages apart, the first byte. */
static void load(volatile unsigned char *start, unsigned n, size_t step)
{
	for (unsigned i = 0; i < n; i++)
		(void)start[i * step * page];
}

static void store(volatile unsigned char *start, unsigned n, size_t step)
{
	for (unsigned i = 0; i < n; i++)
		start[i * step * page] = 1;
}

/* A file without a name on a disk, written in full, page by page, clean and cached. */
static int make_file(size_t len_bytes)
{
	static const char text[65536];
	char path[] = "/var/tmp/mkfaults-XXXXXX";
	int fd = mkostemp(path, O_CLOEXEC);

	if (fd < 0)
		return -1;
	unlink(path);
	for (size_t at = 0; at < len_bytes; at += page) {
		if (pwrite(fd, text, page, (off_t)at) == (ssize_t)page)
			continue;
		close(fd);
		return -1;
	}
	fdatasync(fd);
	return fd;
}

static struct made made(volatile unsigned char *start, size_t len_bytes, unsigned n)
{
	return (struct made){ start ? NULL : "it could not be mapped", start, len_bytes, n };
}

static struct made make_anon_read(void)
{
	volatile unsigned char *start = map_anon(N * page);

	load(start, N, 1);
	return made(start, N * page, N);
}

static struct made make_anon_write(void)
{
	volatile unsigned char *start = map_anon(N * page);

	store(start, N, 1);
	return made(start, N * page, N);
}

/* Where the stack begins now. */
static uintptr_t stack_start(void)
{
	unsigned long long start = 0, end;
	char line[512];
	FILE *in = fopen("/proc/self/maps", "r");

	while (in && fgets(line, sizeof(line), in))
		if (strstr(line, "[stack]") && sscanf(line, "%llx-%llx", &start, &end) == 2)
			break;
	if (in)
		fclose(in);
	return (uintptr_t)start;
}

/* Below the stack as it is, page by page. */
static struct made make_stack(void)
{
	uintptr_t start = stack_start();
	volatile unsigned char *at, *low;
	unsigned char *room;

	room = alloca((uintptr_t)&start - start + N * page);
	low = (volatile unsigned char *)(start - N * page);
	if ((uintptr_t)room > (uintptr_t)low + page)
		return (struct made){ .skip = "the stack is not where it should be" };
	for (at = (volatile unsigned char *)start - page; at >= low; at -= page)
		*at = 1;
	return made(low, N * page, N);
}

static struct made make_file_minor(void)
{
	size_t len_bytes = N * AROUND * page;
	int fd = make_file(len_bytes);
	volatile unsigned char *start = map(len_bytes, PROT_READ, MAP_SHARED, fd);

	if (start)
		load(start, N, AROUND);
	close(fd);
	return made(start, len_bytes, N);
}

static struct made make_file_major(void)
{
	size_t len_bytes = N * AROUND * page;
	int fd = make_file(len_bytes);
	volatile unsigned char *start = map(len_bytes, PROT_READ, MAP_SHARED, fd);
	static unsigned char resident[N * AROUND];
	struct made out = made(start, len_bytes, N);

	if (start) {
		/* One page for each fault, without those that would be read ahead. */
		madvise((void *)start, len_bytes, MADV_RANDOM);
		posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
		mincore((void *)start, len_bytes, resident);
		for (unsigned i = 0; i < N * AROUND; i++)
			if (resident[i] & 1)
				out.skip = "the file could not be evicted";
		if (!out.skip)
			load(start, N, AROUND);
	}
	close(fd);
	return out;
}

/* A file that is mapped, read and unmapped, dropped from the page cache, and read again. */
static int evicted_fd = -1;

static struct made touch_evicted(void)
{
	volatile unsigned char *start = map(N * page, PROT_READ, MAP_SHARED, evicted_fd);
	struct made out = made(start, N * page, N);

	if (start) {
		madvise((void *)start, N * page, MADV_RANDOM);
		load(start, N, 1);
		munmap((void *)start, N * page);
	}
	return out;
}

static struct made make_evict_map(void)
{
	evicted_fd = make_file(N * page);
	return touch_evicted();
}

/* By a child, and with a file that is mapped nowhere. */
static struct made make_evict_drop(void)
{
	int other = make_file(N * page), status = 1;
	pid_t child = fork();

	if (!child) {
		posix_fadvise(other, 0, 0, POSIX_FADV_DONTNEED);
		posix_fadvise(evicted_fd, 0, 0, POSIX_FADV_DONTNEED);
		_exit(0);
	}
	if (child < 0 || waitpid(child, &status, 0) != child || status)
		return (struct made){ .skip = "no child" };
	close(other);
	return (struct made){ .n = N };
}

/* A mapping of its own of the same file, whose pages are dropped as soon as they were read. */
static struct made make_evict_at_once(void)
{
	volatile unsigned char *start = map(N * page, PROT_READ | PROT_WRITE, MAP_SHARED,
					    evicted_fd);

	if (start) {
		load(start, N, 1);
		munmap((void *)start, N * page);
		posix_fadvise(evicted_fd, 0, 0, POSIX_FADV_DONTNEED);
	}
	return made(start, N * page, N);
}

static struct made make_evict_again(void)
{
	return touch_evicted();
}

/* Mapped by loads first; with `clean` left aside, those are faults of another kind. */
static struct made make_file_store(int flags)
{
	int fd = make_file(N * page);
	volatile unsigned char *start = map(N * page, PROT_READ | PROT_WRITE, flags, fd);

	if (start) {
		load(start, N, 1);
		store(start, N, 1);
	}
	close(fd);
	return made(start, N * page, N);
}

static struct made make_shared_write(void)
{
	return make_file_store(MAP_SHARED);
}

static struct made make_cow_file(void)
{
	return make_file_store(MAP_PRIVATE);
}

static struct made make_cow_fork(void)
{
	volatile unsigned char *start = map_anon(N * page);
	int hold[2];
	pid_t child;
	char c;

	store(start, N, 1);
	if (pipe(hold))
		return (struct made){ .skip = "no pipe" };
	child = fork();
	if (!child) {
		close(hold[1]);
		_exit(read(hold[0], &c, 1) < 0);
	}
	store(start, N, 1);
	close(hold[0]);
	close(hold[1]);
	waitpid(child, NULL, 0);
	return made(start, N * page, N);
}

static unsigned count_swapped(volatile unsigned char *start)
{
	uint64_t entries[N] = { 0 };
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	unsigned nr = 0;

	if (fd < 0 || pread(fd, entries, sizeof(entries), (off_t)((uintptr_t)start / page * 8)) < 0)
		nr = 0;
	for (unsigned i = 0; i < N; i++)
		nr += entries[i] & SWAPPED ? 1 : 0;
	close(fd);
	return nr;
}

static struct made make_swap_in(void)
{
	volatile unsigned char *start = map_anon(N * page);
	struct made out = made(start, N * page, N);

	for (unsigned i = 0; i < N * page; i++)
		start[i] = (unsigned char)(i * 7 / 3);
	for (int tries = 0; tries < 50 && count_swapped(start) < N; tries++) {
		madvise((void *)start, N * page, PAGE_OUT);
		usleep(10000);
	}
	if (count_swapped(start) < N)
		out.skip = "the pages did not go to swap";
	else
		load(start, N, 1);
	return out;
}

static size_t anon_huge_bytes(volatile unsigned char *at)
{
	unsigned long long start, end, kib = 0, sum = 0;
	char line[512];
	bool here = false;
	FILE *in = fopen("/proc/self/smaps", "r");

	while (in && fgets(line, sizeof(line), in)) {
		if (sscanf(line, "%llx-%llx ", &start, &end) == 2)
			here = start <= (uintptr_t)at && (uintptr_t)at < end;
		else if (here && sscanf(line, "AnonHugePages: %llu", &kib) == 1)
			sum += kib * 1024;
	}
	if (in)
		fclose(in);
	return (size_t)sum;
}

static struct made make_huge(void)
{
	unsigned char *around = mmap(NULL, 5 * HUGE, PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	volatile unsigned char *start;
	struct made out;

	start = (void *)(((uintptr_t)around + HUGE - 1) & ~(HUGE - 1));
	out = made(start, 4 * HUGE, 4);
	if (madvise((void *)start, 4 * HUGE, MADV_HUGEPAGE)) {
		out.skip = "no transparent huge pages";
		return out;
	}
	for (int i = 0; i < 4; i++)
		start[(size_t)i * HUGE] = 1;
	if (anon_huge_bytes(start) != 4 * HUGE)
		out.skip = "the kernel had no huge pages to give";
	return out;
}

static struct made make_hugetlb(void)
{
	volatile unsigned char *start = mmap(NULL, 2 * HUGE, PROT_READ | PROT_WRITE,
					     MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);

	if (start == MAP_FAILED)
		return (struct made){ .skip = "no pages of hugetlb (vm.nr_hugepages)" };
	start[0] = start[HUGE] = 1;
	return made(start, 2 * HUGE, 2);
}

/* Gives a page to whoever waits for one. */
static void *serve(void *arg)
{
	int fd = *(int *)arg;
	void *source = calloc(1, page * 2);
	struct uffd_msg message;

	for (unsigned i = 0; i < N && read(fd, &message, sizeof(message)) > 0; i++) {
		struct uffdio_copy copy = {
			.dst = message.arg.pagefault.address & ~(page - 1),
			.src = ((uintptr_t)source + page - 1) & ~(page - 1),
			.len = page,
		};

		ioctl(fd, UFFDIO_COPY, &copy);
	}
	free(source);
	return NULL;
}

static struct made make_uffd(void)
{
	volatile unsigned char *start = map_anon(N * page);
	struct made out = made(start, N * page, N);
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = {
		.range = { .start = (uintptr_t)start, .len = N * page },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | USER_ONLY);
	pthread_t server;

	if (fd < 0 || ioctl(fd, UFFDIO_API, &api) || ioctl(fd, UFFDIO_REGISTER, &range)) {
		out.skip = "no userfaultfd";
		return out;
	}
	pthread_create(&server, NULL, serve, &fd);
	store(start, N, 1);
	pthread_join(server, NULL);
	/* The descriptor stays open: closing it would end the registration. */
	return out;
}

static sigjmp_buf back;

static void jump_back(int number)
{
	siglongjmp(back, number);
}

/* Each access of these ends in a signal, which is caught. */
static struct made break_rule(volatile unsigned char *start, char access)
{
	struct made out = made(start, N * page, N);
	volatile unsigned i = 0;

	signal(SIGSEGV, jump_back);
	signal(SIGBUS, jump_back);
	for (i = 0; i < N; i++) {
		volatile unsigned char *at = start + i * page;

		if (sigsetjmp(back, 1))
			continue;
		if (access == 'r')
			(void)*at;
		else if (access == 'w')
			*at = 1;
		else
			((void (*)(void))(uintptr_t)at)();
		out.skip = "nothing forbade it";
	}
	return out;
}

static struct made make_segv_unmapped(void)
{
	volatile unsigned char *start = map_anon(N * page);

	munmap((void *)start, N * page);
	return break_rule(start, 'w');
}

static struct made make_segv_read_only(void)
{
	return break_rule(map(N * page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1), 'w');
}

static struct made make_segv_none(void)
{
	return break_rule(map(N * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1), 'r');
}

static struct made make_segv_no_execute(void)
{
	return break_rule(map_anon(N * page), 'x');
}

static struct made make_bus(void)
{
	int fd = make_file(page);
	volatile unsigned char *start = map((N + 1) * page, PROT_READ, MAP_SHARED, fd);

	close(fd);
	return break_rule(start + page, 'r');
}

/* As a system call takes them on the process's behalf. */
static struct made make_in_kernel(void)
{
	volatile unsigned char *start = map_anon(N * page);
	int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	struct made out = made(start, N * page, N);

	if (read(fd, (void *)start, N * page) != (ssize_t)(N * page))
		out.skip = "/dev/zero gives nothing";
	close(fd);
	return out;
}

/* A store by code that no file has: mov byte [rdi], 1; ret. */
static struct made make_jit(void)
{
	static const unsigned char code[] = { 0xc6, 0x07, 0x01, 0xc3 };
	unsigned char *room = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
				   -1, 0);
	volatile unsigned char *start = map_anon(N * page);

	memcpy(room, code, sizeof(code));
	mprotect(room, page, PROT_READ | PROT_EXEC);
	for (size_t i = 0; i < N; i++)
		((void (*)(volatile unsigned char *))(uintptr_t)room)(start + i * page);
	return made(start, N * page, N);
}

static void *store_in_thread(void *arg)
{
	store(arg, N, 1);
	return NULL;
}

/* By a thread that is born now. */
static struct made make_thread(void)
{
	volatile unsigned char *start = map_anon(N * page);
	pthread_t thread;

	if (pthread_create(&thread, NULL, store_in_thread, (void *)start))
		return (struct made){ .skip = "no more threads" };
	pthread_join(thread, NULL);
	return made(start, N * page, N);
}

static struct made make_exec(void)
{
	execl("/proc/self/exe", "mkfaults", "steps", (char *)NULL);
	return (struct made){ .skip = "exec failed" };
}

static const struct {
	const char *name;
	struct made (*make)(void);
} steps[] = {
	{ "anon-read", make_anon_read },
	{ "anon-write", make_anon_write },
	{ "stack", make_stack },
	{ "file-minor", make_file_minor },
	{ "file-major", make_file_major },
	{ "shared-write", make_shared_write },
	{ "cow-file", make_cow_file },
	{ "cow-fork", make_cow_fork },
	{ "swap-in", make_swap_in },
	{ "huge", make_huge },
	{ "hugetlb", make_hugetlb },
	{ "uffd", make_uffd },
	{ "segv-unmapped", make_segv_unmapped },
	{ "segv-read-only", make_segv_read_only },
	{ "segv-none", make_segv_none },
	{ "segv-no-execute", make_segv_no_execute },
	{ "bus", make_bus },
	{ "in-kernel", make_in_kernel },
	{ "jit", make_jit },
	{ "thread", make_thread },
	{ "exec", make_exec },
	{ "evict-map", make_evict_map },
	{ "evict-drop", make_evict_drop },
	{ "evict-again", make_evict_again },
	{ "evict-at-once", make_evict_at_once },
};

#define NR_STEPS (sizeof(steps) / sizeof(steps[0]))

static void do_step(const char *name)
{
	struct made out = { .skip = "there is no such step" };

	for (size_t i = 0; i < NR_STEPS; i++)
		if (!strcmp(steps[i].name, name))
			out = steps[i].make();
	if (out.skip)
		printf("{\"skip\":\"%s\"}\n", out.skip);
	else
		printf("{\"n\":%u,\"start\":\"0x%zx\",\"end\":\"0x%zx\"}\n", out.n,
		       (size_t)out.start, (size_t)out.start + out.len_bytes);
	fflush(stdout);
}

static int run_steps(void)
{
	char line[64];

	printf("{\"pid\":%d}\n", (int)getpid());
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = '\0';
		do_step(line);
	}
	return 0;
}

/* What was counted of this process and of its children so far. */
static void say_usage(bool with_children)
{
	static char text[128]; /* touched by the first call */
	uint64_t took_ns = now_ns() - began_ns;
	struct rusage own, children = { 0 };
	int len;

	/* Once for all that is needed to say it, then for what is said. */
	for (int i = 0; i < 2; i++) {
		getrusage(RUSAGE_SELF, &own);
		if (with_children)
			getrusage(RUSAGE_CHILDREN, &children);
		len = snprintf(text, sizeof(text),
			       "{\"minflt\":%ld,\"majflt\":%ld,\"took_ns\":%llu}\n",
			       own.ru_minflt + children.ru_minflt,
			       own.ru_majflt + children.ru_majflt, (unsigned long long)took_ns);
		if (write(STDOUT_FILENO, text, i ? (size_t)len : 0) < 0)
			_exit(1);
	}
	_exit(0);
}

static size_t each_bytes;

static void *touch_thread(void *arg)
{
	volatile unsigned char *start = map_anon(each_bytes);

	(void)arg;
	if (start)
		store(start, (unsigned)(each_bytes / page), 1);
	return NULL;
}

/* N threads that touch M MiB together. */
static int run_threads(size_t nr, size_t mib)
{
	pthread_t *threads = calloc(nr, sizeof(*threads));

	each_bytes = mib * MIB / (nr ? nr : 1);
	if (nr < 2) {
		touch_thread(NULL);
	} else {
		for (size_t i = 0; i < nr; i++)
			if (pthread_create(&threads[i], NULL, touch_thread, NULL))
				return 1;
		for (size_t i = 0; i < nr; i++)
			pthread_join(threads[i], NULL);
	}
	say_usage(false);
	return 1;
}

/* N children that touch M MiB together, two at a time. */
static int run_fork(size_t nr, size_t mib)
{
	each_bytes = mib * MIB / (nr ? nr : 1);
	for (size_t i = 0; i < nr; i += 2) {
		for (int k = 0; k < 2; k++) {
			if (fork())
				continue;
			touch_thread(NULL);
			_exit(0);
		}
		while (wait(NULL) > 0)
			;
	}
	say_usage(true);
	return 1;
}

/* N MiB populated, M MiB locked: no event tells of these pages. */
static int run_populate(size_t populate_mib, size_t lock_mib)
{
	volatile unsigned char *start;

	if (populate_mib)
		map(populate_mib * MIB, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1);
	if (lock_mib) {
		start = map_anon(lock_mib * MIB);
		if (!start || mlock((void *)start, lock_mib * MIB))
			return 1;
	}
	say_usage(false);
	return 1;
}

/* Maps, touches and unmaps N times, at the same few addresses, files and memory in turn. */
static int run_churn(size_t nr, size_t unused)
{
	int fd = make_file(8 * page);

	(void)unused;
	for (size_t i = 0; i < nr; i++) {
		volatile unsigned char *start = i % 2 ? map_anon(8 * page)
						      : map(8 * page, PROT_READ | PROT_WRITE,
							    MAP_SHARED, fd);

		if (!start)
			return 1;
		store(start, 8, 1);
		munmap((void *)start, 8 * page);
	}
	say_usage(false);
	return 1;
}

static volatile unsigned char *shared_room;
static int hold[2];

static void *touch_when_told(void *arg)
{
	char c;

	if (read(hold[0], &c, 1) < 0)
		return NULL;
	shared_room[(size_t)(uintptr_t)arg * page] = 1;
	return NULL;
}

/* N threads that stand, and after a line of input touch one page each. */
static int run_many(size_t nr, size_t unused)
{
	static pthread_t threads[MOST_THREADS];
	pthread_attr_t attributes;
	char c;

	(void)unused;
	if (nr > MOST_THREADS || pipe(hold))
		return 1;
	shared_room = map_anon(nr * page);
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, THREAD_STACK);
	for (size_t i = 0; i < nr; i++)
		if (pthread_create(&threads[i], &attributes, touch_when_told, (void *)i))
			return 1;
	printf("{\"pid\":%d,\"start\":\"0x%zx\",\"end\":\"0x%zx\"}\n", (int)getpid(),
	       (size_t)shared_room, (size_t)shared_room + nr * page);
	fflush(stdout);
	if (read(STDIN_FILENO, &c, 1) < 0)
		return 1;
	close(hold[1]);
	for (size_t i = 0; i < nr; i++)
		pthread_join(threads[i], NULL);
	puts("{}");
	fflush(stdout);
	return read(STDIN_FILENO, &c, 1) < 0;
}

static volatile bool stop_births;

static void *bear(void *arg)
{
	pthread_t thread;

	(void)arg;
	while (!stop_births) {
		if (pthread_create(&thread, NULL, store_in_thread, (void *)shared_room))
			break;
		pthread_join(thread, NULL);
		madvise((void *)shared_room, N * page, MADV_DONTNEED);
	}
	return NULL;
}

/* Threads are born without end, while it is attached to; after a line the births end. */
static int run_births(size_t nr, size_t unused)
{
	pthread_t mother;
	char c;

	(void)nr;
	(void)unused;
	shared_room = map_anon(N * page);
	pthread_create(&mother, NULL, bear, NULL);
	printf("{\"pid\":%d,\"start\":\"0x%zx\",\"end\":\"0x%zx\"}\n", (int)getpid(),
	       (size_t)shared_room, (size_t)shared_room + N * page);
	fflush(stdout);
	if (read(STDIN_FILENO, &c, 1) < 0)
		return 1;
	stop_births = true;
	pthread_join(mother, NULL);
	puts("{}");
	fflush(stdout);
	return read(STDIN_FILENO, &c, 1) < 0;
}

/* Touches and gives back M MiB for ever: to be killed in the midst of it. */
__attribute__((noreturn)) static int run_storm(size_t mib, size_t unused)
{
	volatile unsigned char *start = map_anon(mib * MIB);

	(void)unused;
	printf("{\"pid\":%d}\n", (int)getpid());
	fflush(stdout);
	for (;;) {
		store(start, (unsigned)(mib * MIB / page), 1);
		madvise((void *)start, mib * MIB, MADV_DONTNEED);
	}
}

/* Dies of it. */
static int run_segv(size_t addr, size_t unused)
{
	(void)unused;
	*(volatile unsigned char *)addr = 1;
	return 0;
}

static const struct {
	const char *name;
	int (*run)(size_t n, size_t m);
} runs[] = {
	{ "threads", run_threads }, { "fork", run_fork }, { "populate", run_populate },
	{ "churn", run_churn },     { "many", run_many }, { "births", run_births },
	{ "storm", run_storm },     { "segv", run_segv },
};

/* Becomes another program, to which a system call is refused as in a container. */
static int run_without(int call, char **argv)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)call, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = { sizeof(code) / sizeof(code[0]), code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter))
		return 77;
	execv(argv[0], argv);
	return 127;
}

int main(int argc, char **argv)
{
	page = (size_t)sysconf(_SC_PAGESIZE);
	began_ns = now_ns();
	if (argc == 2 && !strcmp(argv[1], "steps"))
		return run_steps();
	if (argc > 2 && !strcmp(argv[1], "noperf"))
		return run_without(SYS_perf_event_open, argv + 2);
	if (argc > 2 && !strcmp(argv[1], "nobpf"))
		return run_without(SYS_bpf, argv + 2);
	for (size_t i = 0; argc > 1 && i < sizeof(runs) / sizeof(runs[0]); i++)
		if (!strcmp(runs[i].name, argv[1]))
			return runs[i].run(argc > 2 ? strtoull(argv[2], NULL, 0) : 0,
					   argc > 3 ? strtoull(argv[3], NULL, 0) : 0);
	fputs("mkfaults: what?\n", stderr);
	return 2;
}
