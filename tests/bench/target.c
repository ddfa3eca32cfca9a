/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * target KIND N: a process to be measured on. It makes its memory, says "ready ADDRESS" and
 * obeys commands of one character, each answered by a line, until its input ends:
 *
 *	t	give the first page back and touch it again: "touched"
 *	m	of "movable": let the kernel move the first 2 MiB to other frames, without a fault
 *	p	take the right to read what was made, or give it back: "changed"
 *	w	map, touch and drop 256 MiB, 32 at a time: "NANOSECONDS" it took
 *
 * Pages are small (MADV_NOHUGEPAGE) and locked where that is allowed, so that reclaim cannot
 * change the work between two rounds.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define MADV_DONTNEED_LOCKED 24 /* linux/mman.h of Linux 5.18 */
#define COLLAPSE             25 /* MADV_COLLAPSE of Linux 6.1 */

#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)

static size_t page_bytes;
static uint64_t made_bytes; /* of make_movable() */

static char *map(uint64_t len_bytes, int prot)
{
	char *start = mmap(NULL, len_bytes, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
			   0);

	if (start == MAP_FAILED)
		return NULL;
	madvise(start, len_bytes, MADV_NOHUGEPAGE);
	return start;
}

/* N MiB, all of it resident. */
static char *make_resident(uint64_t nr_mib)
{
	char *start = map(nr_mib * MIB, PROT_READ | PROT_WRITE);

	if (!start)
		return NULL;
	mlock2(start, nr_mib * MIB, MLOCK_ONFAULT);
	for (uint64_t at = 0; at < nr_mib * MIB; at += page_bytes)
		start[at] = 1;
	return start;
}

/*
 * N MiB of small pages that may become huge ones when that is asked for, not before. Writing is
 * taken away in the end: reading and nothing else are equal in all that /proc/PID/stat and statm
 * tell.
 */
static char *make_movable(uint64_t nr_mib)
{
	char *start;

	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
	start = mmap(NULL, (nr_mib + 2) * MIB, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (start == MAP_FAILED)
		return NULL;
	munmap(start, 2 * MIB - (uintptr_t)start % (2 * MIB));
	start += 2 * MIB - (uintptr_t)start % (2 * MIB);
	for (uint64_t at = 0; at < nr_mib * MIB; at += page_bytes)
		start[at] = 1;
	made_bytes = nr_mib * MIB;
	/* As locked as is allowed; locking only now, or it would be one call of faults. */
	mlock2(start, made_bytes, MLOCK_ONFAULT);
	return mprotect(start, made_bytes, PROT_READ) ? NULL : start;
}

/* N GiB reserved, 256 pages of it touched, far from each other. */
static char *make_sparse(uint64_t nr_gib)
{
	uint64_t len_bytes = nr_gib * GIB;
	char *start = map(len_bytes, PROT_READ | PROT_WRITE);

	for (int i = 0; start && i < 256; i++)
		start[len_bytes / 256 * (uint64_t)i] = 1;
	return start;
}

/* N GiB that nobody may touch. */
static char *make_fenced(uint64_t nr_gib)
{
	return map(nr_gib * GIB, PROT_NONE);
}

/* N mappings of two resident pages; neighbours differ, or the kernel would join them. */
static char *make_vmas(uint64_t nr)
{
	char *start = map(nr * 2 * page_bytes, PROT_READ | PROT_WRITE);

	for (uint64_t i = 0; start && i < nr; i++) {
		char *at = start + i * 2 * page_bytes;

		at[0] = at[page_bytes] = 1;
		if (i % 2 && mprotect(at, 2 * page_bytes, PROT_READ))
			return NULL;
	}
	return start;
}

static void *sleep_for_ever(void *arg)
{
	(void)arg;
	for (;;)
		pause();
	return NULL;
}

/* N descriptors, half of them of regular files, and a fifth as many threads. */
static char *make_objects(uint64_t nr)
{
	struct rlimit limit = { nr + 64, nr + 64 };
	pthread_attr_t attr;
	pthread_t thread;

	setrlimit(RLIMIT_NOFILE, &limit);
	for (uint64_t i = 0; i < nr; i++)
		if (open(i % 2 ? "/proc/self/exe" : "/dev/null", O_RDONLY | O_CLOEXEC) < 0)
			return NULL;
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 65536);
	for (uint64_t i = 0; i < nr / 5; i++)
		if (pthread_create(&thread, &attr, sleep_for_ever, NULL))
			return NULL;
	return map(page_bytes, PROT_READ | PROT_WRITE);
}

struct storm_range {
	char *start;
	uint64_t len_bytes;
};

/* Touches and gives back, as fast as it can. */
static void *storm(void *arg)
{
	const struct storm_range *made = arg;

	for (;;) {
		for (uint64_t at = 0; at < made->len_bytes; at += page_bytes)
			made->start[at] = 1;
		madvise(made->start, made->len_bytes, MADV_DONTNEED);
	}
	return NULL;
}

/* N MiB, in which a thread faults without end. */
static char *make_storm(uint64_t nr_mib)
{
	static struct storm_range made;
	pthread_t thread;

	made.len_bytes = nr_mib * MIB;
	made.start = map(made.len_bytes, PROT_READ | PROT_WRITE);
	if (!made.start || pthread_create(&thread, NULL, storm, &made))
		return NULL;
	return made.start;
}

#define SCATTER_THREADS 20
#define SCATTER_PAGES   8

/* Touches each mapping and gives it back, one after the other. */
static void *scatter(void *arg)
{
	const struct storm_range *made = arg;
	const uint64_t piece_bytes = SCATTER_PAGES * page_bytes;

	for (;;)
		for (uint64_t at = 0; at < made->len_bytes; at += 2 * piece_bytes) {
			for (uint64_t page = 0; page < SCATTER_PAGES; page++)
				made->start[at + page * page_bytes] = 1;
			madvise(made->start + at, piece_bytes, MADV_DONTNEED);
		}
	return NULL;
}

/* N mappings with a gap behind each, in all of which many threads fault without end. */
static char *make_scatter(uint64_t nr)
{
	static struct storm_range made;
	const uint64_t piece_bytes = SCATTER_PAGES * page_bytes;
	pthread_t thread;

	made.len_bytes = nr * 2 * piece_bytes;
	made.start = map(made.len_bytes, PROT_READ | PROT_WRITE);
	for (uint64_t i = 0; made.start && i < nr; i++)
		if (mprotect(made.start + (2 * i + 1) * piece_bytes, piece_bytes, PROT_NONE))
			return NULL;
	for (int i = 0; i < SCATTER_THREADS; i++)
		if (!made.start || pthread_create(&thread, NULL, scatter, &made))
			return NULL;
	return made.start;
}

static const struct {
	const char *name;
	char *(*make)(uint64_t n);
} kinds[] = {
	{ "objects", make_objects }, { "resident", make_resident }, { "sparse", make_sparse },
	{ "fenced", make_fenced },   { "vmas", make_vmas },         { "storm", make_storm },
	{ "movable", make_movable }, { "scatter", make_scatter },
};

/*
 * Unlocking would split the mapping in two. A page of the spare ones takes the frame that was
 * given back, or the first page would get the same one again, and nothing would have changed.
 */
static void touch(char *start)
{
	static char *spare;
	static uint64_t at;

	if (!spare)
		spare = map(64 * MIB, PROT_READ | PROT_WRITE);
	madvise(start, page_bytes, MADV_DONTNEED_LOCKED);
	spare[at] = 1;
	at = (at + page_bytes) % (64 * MIB);
	start[0] = 1;
	puts("touched");
}

/* 1 where the kernel did it. */
static void move(char *start)
{
	prctl(PR_SET_THP_DISABLE, 0, 0, 0, 0);
	printf("%d\n", madvise(start, 2 * MIB, COLLAPSE) == 0);
	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
}

static void protect(char *start)
{
	static bool readable = true;

	readable = !readable;
	mprotect(start, made_bytes, readable ? PROT_READ : PROT_NONE);
	puts("changed");
}

static void fault(uint64_t nr_mib)
{
	const uint64_t len_bytes = 32 * MIB;
	char *start = map(len_bytes, PROT_READ | PROT_WRITE);
	struct timespec from, to;

	clock_gettime(CLOCK_MONOTONIC, &from);
	for (uint64_t done = 0; done < nr_mib * MIB; done += len_bytes) {
		for (uint64_t at = 0; at < len_bytes; at += page_bytes)
			start[at] = 1;
		madvise(start, len_bytes, MADV_DONTNEED);
	}
	clock_gettime(CLOCK_MONOTONIC, &to);
	munmap(start, len_bytes);
	printf("%lld\n", (to.tv_sec - from.tv_sec) * 1000000000LL + (to.tv_nsec - from.tv_nsec));
}

static char *make(const char *name, uint64_t n)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(kinds[i].name, name))
			return kinds[i].make(n);
	errno = EINVAL;
	return NULL;
}

int main(int argc, char **argv)
{
	char command, *start;

	page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc != 3)
		return 2;
	start = make(argv[1], strtoull(argv[2], NULL, 10));
	if (!start) {
		printf("failed: %s\n", strerror(errno));
		return 1;
	}
	printf("ready %" PRIxPTR "\n", (uintptr_t)start);
	while (read(STDIN_FILENO, &command, 1) == 1) {
		if (command == 't')
			touch(start);
		else if (command == 'm')
			move(start);
		else if (command == 'p')
			protect(start);
		else if (command == 'w')
			fault(256);
	}
	return 0;
}
