/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mkmaps AREA...: makes the mappings that its arguments name, brings their pages into a
 * known state, says on one line (JSON) what must be seen, and waits. Each line that it reads
 * makes it bring the pages into their state again and say so again; the end of its input ends
 * it. What was touched is locked as it is (MLOCK_ONFAULT), for memory that is not used decays
 * by itself on a machine that reclaims early. An area that this kernel does not give is there
 * with the reason in "skip".
 *
 * `mkmaps churn` maps, touches and unmaps as fast as it can, `mkmaps flicker` maps and unmaps
 * without touching, `mkmaps fork` forks and `mkmaps exec` executes itself again and again, all
 * until their input ends.
 */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <linux/mman.h>
#include <linux/perf_event.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define MIB (UINT64_C(1) << 20)
#define TIB (UINT64_C(1) << 40)

#define MADV_PAGEOUT_ 21 /* linux/mman.h of Linux 5.4 */

#define SET_VMA           0x53564d41 /* PR_SET_VMA, linux/prctl.h of Linux 5.17 */
#define SET_VMA_ANON_NAME 0

struct area {
	const struct area_kind *kind;
	volatile unsigned char *map;
	uint64_t len_bytes;
	int fd; /* of its file, or -1 */
	char path[128];
	const char *skip; /* why there is none */
};

/* How an area is made and brought into its state. */
struct area_kind {
	const char *name;
	uint64_t len_bytes;
	uint64_t first, step; /* pages first, first + step, ... are touched; step 0: none */
	bool write;           /* touched by writing */
	bool lock;
	void (*make)(struct area *area);
	void (*settle)(struct area *area); /* beyond touching; may be NULL */
};

static uint64_t page_size(void)
{
	return (uint64_t)sysconf(_SC_PAGESIZE);
}

/*
 * Between two pages that nobody may touch, for the kernel joins neighbours that are alike.
 * These are shared, and shared mappings are not joined with anything.
 */
static void map_area(struct area *area, int prot, int flags, int fd)
{
	unsigned char *around = mmap(NULL, area->len_bytes + 2 * page_size(), PROT_NONE,
				     MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	void *map = MAP_FAILED;

	if (around != MAP_FAILED)
		map = mmap(around + page_size(), area->len_bytes, prot, flags | MAP_FIXED, fd, 0);
	if (map == MAP_FAILED)
		area->skip = strerror(errno);
	else
		area->map = map;
}

static void make_anon(struct area *area)
{
	map_area(area, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	if (area->map)
		madvise((void *)area->map, area->len_bytes, MADV_NOHUGEPAGE);
}

static void make_reserve(struct area *area)
{
	map_area(area, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);
}

static void make_shared_anon(struct area *area)
{
	map_area(area, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1);
}

static void make_memfd(struct area *area)
{
	area->fd = memfd_create("ring", MFD_CLOEXEC);
	if (area->fd < 0 || ftruncate(area->fd, (off_t)area->len_bytes))
		area->skip = strerror(errno);
	else
		map_area(area, PROT_READ | PROT_WRITE, MAP_SHARED, area->fd);
}

/* A file on a disk, in full, clean and cached. What is in a tmpfs could not be evicted. */
static void make_file(struct area *area, const char *name)
{
	unsigned char *page = malloc(page_size());

	snprintf(area->path, sizeof(area->path), "/var/tmp/%s-XXXXXX", name);
	area->fd = mkostemp(area->path, O_CLOEXEC);
	if (area->fd < 0) {
		area->skip = strerror(errno);
		area->path[0] = '\0';
	}
	memset(page, 0x5a, page_size());
	for (uint64_t at = 0; !area->skip && at < area->len_bytes; at += page_size())
		if (pwrite(area->fd, page, page_size(), (off_t)at) != (ssize_t)page_size())
			area->skip = "no space for a file in /var/tmp";
	if (!area->skip)
		fdatasync(area->fd);
	free(page);
}

static void make_private_file(struct area *area)
{
	make_file(area, "mkmaps-private");
	if (!area->skip)
		map_area(area, PROT_READ | PROT_WRITE, MAP_PRIVATE, area->fd);
}

static void make_shared_file(struct area *area)
{
	make_file(area, "mkmaps-shared");
	if (!area->skip)
		map_area(area, PROT_READ | PROT_WRITE, MAP_SHARED, area->fd);
}

/* A name that would clear a terminal, break a line and look like another field. */
static void make_hostile_file(struct area *area)
{
	make_file(area, "mkmaps\x1b[2J\n7f00-8000 rwxp\xff");
	if (!area->skip)
		map_area(area, PROT_READ, MAP_SHARED, area->fd);
}

static void make_named(struct area *area)
{
	make_anon(area);
	if (area->map && prctl(SET_VMA, SET_VMA_ANON_NAME, area->map, area->len_bytes, "rw-p 0 x"))
		area->skip = "this kernel names no anonymous memory (CONFIG_ANON_VMA_NAME)";
}

/* Twice the size, so that one huge page, aligned, lies within. */
static void make_huge(struct area *area)
{
	unsigned char *map;

	area->len_bytes *= 2;
	map_area(area, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	if (!area->map)
		return;
	area->len_bytes /= 2;
	map = (unsigned char *)(((uintptr_t)area->map + area->len_bytes - 1) &
				~(uintptr_t)(area->len_bytes - 1));
	if (map > area->map)
		munmap((void *)area->map, (size_t)(map - area->map));
	munmap(map + area->len_bytes, area->len_bytes - (size_t)(map - area->map));
	area->map = map;
	if (madvise(map, area->len_bytes, MADV_HUGEPAGE))
		area->skip = "no transparent huge pages (MADV_HUGEPAGE is refused)";
}

/* Every byte that a path may have (PATH_MAX with its NUL), below directories of long names. */
static void make_long_file(struct area *area)
{
	char name[256] = "/var/tmp/mkmaps-long-XXXXXX";
	size_t len = strlen(name);
	int dir_fd;

	if (!mkdtemp(name)) {
		area->skip = strerror(errno);
		return;
	}
	memcpy(area->path, name, len + 1);
	dir_fd = open(name, O_PATH | O_CLOEXEC);
	while (len < 4095 - 1) {
		size_t part = 4095 - 1 - len < 250 ? 4095 - 1 - len : 250;

		/* What is left must be a name, too. */
		if (4095 - 1 - len - part == 1)
			part--;
		memset(name, 'n', part);
		name[part] = '\0';
		len += part + 1;
		if (len < 4095) {
			int next_fd;

			mkdirat(dir_fd, name, 0700);
			next_fd = openat(dir_fd, name, O_PATH | O_CLOEXEC);
			close(dir_fd);
			dir_fd = next_fd;
		}
	}
	area->fd = openat(dir_fd, name, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
	close(dir_fd);
	if (area->fd < 0 || ftruncate(area->fd, (off_t)area->len_bytes))
		area->skip = strerror(errno);
	else
		map_area(area, PROT_READ, MAP_SHARED, area->fd);
}

/* One file in whose name stands what the kernel adds to deleted ones, and one that is deleted. */
static void make_as_if_deleted(struct area *area)
{
	make_file(area, "mkmaps (deleted)");
	if (!area->skip)
		map_area(area, PROT_READ, MAP_SHARED, area->fd);
}

/* One that is called as the kernel calls deleted ones. */
static void make_named_deleted(struct area *area)
{
	char path[sizeof(area->path)];

	make_file(area, "mkmaps");
	if (area->skip)
		return;
	snprintf(path, sizeof(path), "%.100s (deleted)", area->path);
	if (rename(area->path, path))
		area->skip = strerror(errno);
	else
		strcpy(area->path, path);
	map_area(area, PROT_READ, MAP_SHARED, area->fd);
}

static void make_deleted(struct area *area)
{
	make_file(area, "mkmaps-gone");
	if (area->skip)
		return;
	map_area(area, PROT_READ, MAP_SHARED, area->fd);
	unlink(area->path);
	area->path[0] = '\0';
}

/* The last pages that user space may have. */
static void make_top(struct area *area)
{
	uint64_t end_addr = (UINT64_C(1) << 47) - page_size();
	void *map = mmap((void *)(uintptr_t)(end_addr - area->len_bytes), area->len_bytes,
			 PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE,
			 -1, 0);

	if (map == MAP_FAILED)
		area->skip = strerror(errno);
	else
		area->map = map;
}

static void make_hugetlb(struct area *area)
{
	area->map = mmap(NULL, area->len_bytes, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_HUGE_2MB, -1, 0);
	if (area->map != MAP_FAILED)
		return;
	area->map = NULL;
	area->skip = "no hugetlb pages are reserved";
}

static void make_dev_zero(struct area *area)
{
	area->fd = open("/dev/zero", O_RDWR | O_CLOEXEC);
	if (area->fd < 0)
		area->skip = strerror(errno);
	else
		map_area(area, PROT_READ | PROT_WRITE, MAP_PRIVATE, area->fd);
}

/* A ring of the kernel's own pages: one of them for what is known, the rest for events. */
static void make_perf_ring(struct area *area)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_DUMMY,
		.exclude_kernel = 1,
	};

	area->fd = (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
	if (area->fd < 0) {
		area->skip = strerror(errno);
		return;
	}
	area->map = mmap(NULL, area->len_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, area->fd, 0);
	if (area->map == MAP_FAILED) {
		area->map = NULL;
		area->skip = strerror(errno);
	}
}

/* Out to swap with it; whether it went is for the test to see. */
static void page_out(struct area *area)
{
	madvise((void *)area->map, area->len_bytes, MADV_PAGEOUT_);
}

/* Half of the file's cache is dropped again; whether that went well is for the test to see. */
static void evict_second_half(struct area *area)
{
	uint64_t half = area->len_bytes / 2;

	fdatasync(area->fd);
	madvise((void *)(area->map + half), half, MADV_DONTNEED);
	posix_fadvise(area->fd, (off_t)half, (off_t)half, POSIX_FADV_DONTNEED);
}

/* Where the kernel had none to give, the pages stay small: say so. */
static void check_huge(struct area *area)
{
	char line[128];
	unsigned long long start, end, kib = 0;
	bool here = false;
	FILE *smaps = fopen("/proc/self/smaps", "r");

	while (smaps && fgets(line, sizeof(line), smaps)) {
		if (sscanf(line, "%llx-%llx ", &start, &end) == 2)
			here = start == (uintptr_t)area->map;
		else if (here)
			sscanf(line, "AnonHugePages: %llu", &kib);
	}
	if (smaps)
		fclose(smaps);
	if (kib * 1024 != area->len_bytes)
		area->skip = "the kernel had no huge page to give";
}

static const struct area_kind kinds[] = {
	{ .name = "stripes",
	  .len_bytes = 64 * MIB,
	  .step = 2,
	  .write = true,
	  .lock = true,
	  .make = make_anon },
	{ .name = "dense",
	  .len_bytes = 8 * MIB,
	  .step = 1,
	  .write = true,
	  .lock = true,
	  .make = make_anon },
	{ .name = "big",
	  .len_bytes = 1024 * MIB,
	  .step = 1,
	  .write = true,
	  .lock = true,
	  .make = make_anon },
	{ .name = "reserve", .len_bytes = TIB, .make = make_reserve },
	{ .name = "zero", .len_bytes = 4 * MIB, .first = 1, .step = 2, .make = make_anon },
	{ .name = "named",
	  .len_bytes = MIB,
	  .step = 1,
	  .write = true,
	  .lock = true,
	  .make = make_named },
	{ .name = "shared-anon",
	  .len_bytes = 4 * MIB,
	  .step = 4,
	  .write = true,
	  .lock = true,
	  .make = make_shared_anon },
	{ .name = "memfd",
	  .len_bytes = 4 * MIB,
	  .step = 3,
	  .write = true,
	  .lock = true,
	  .make = make_memfd },
	{ .name = "private-file",
	  .len_bytes = 4 * MIB,
	  .step = 8,
	  .write = true,
	  .lock = true,
	  .make = make_private_file },
	{ .name = "shared-file",
	  .len_bytes = 4 * MIB,
	  .step = 1,
	  .lock = true,
	  .make = make_shared_file },
	{ .name = "evicted-file",
	  .len_bytes = 4 * MIB,
	  .make = make_shared_file,
	  .settle = evict_second_half },
	{ .name = "hostile-file",
	  .len_bytes = MIB,
	  .step = 1,
	  .lock = true,
	  .make = make_hostile_file },
	{ .name = "long-file", .len_bytes = MIB, .make = make_long_file },
	{ .name = "as-if-deleted-file", .len_bytes = MIB, .make = make_as_if_deleted },
	{ .name = "named-deleted-file", .len_bytes = MIB, .make = make_named_deleted },
	{ .name = "deleted-file", .len_bytes = MIB, .make = make_deleted },
	{ .name = "top",
	  .len_bytes = 65536,
	  .step = 2,
	  .write = true,
	  .lock = true,
	  .make = make_top },
	{ .name = "hugetlb", .len_bytes = 4 * MIB, .step = 1, .write = true, .make = make_hugetlb },
	{ .name = "dev-zero",
	  .len_bytes = MIB,
	  .step = 1,
	  .write = true,
	  .lock = true,
	  .make = make_dev_zero },
	{ .name = "perf-ring", .len_bytes = 9 * 4096, .step = 1, .make = make_perf_ring },
	{ .name = "paged-out",
	  .len_bytes = 4 * MIB,
	  .step = 1,
	  .write = true,
	  .make = make_anon,
	  .settle = page_out },
	{ .name = "huge",
	  .len_bytes = 2 * MIB,
	  .step = 1,
	  .write = true,
	  .lock = true,
	  .make = make_huge,
	  .settle = check_huge },
};

static uint64_t touched_pages(const struct area *area)
{
	uint64_t pages = area->len_bytes / page_size(), step = area->kind->step;

	return step ? (pages - area->kind->first + step - 1) / step : 0;
}

static void settle(struct area *area)
{
	uint64_t at = area->kind->first * page_size();
	uint64_t step = area->kind->step * page_size();

	if (area->skip)
		return;
	if (area->kind->lock)
		mlock2((void *)area->map, area->len_bytes, MLOCK_ONFAULT);
	for (uint64_t i = 0; i < touched_pages(area); i++, at += step) {
		if (area->kind->write)
			area->map[at] = 1;
		else
			(void)area->map[at];
	}
	if (area->kind->settle)
		area->kind->settle(area);
}

static void set(json_t *object, const char *field, uint64_t value)
{
	json_object_set_new(object, field, json_integer((json_int_t)value));
}

static json_t *json_area(const struct area *area)
{
	json_t *object = json_object();
	char start[32];

	if (area->skip) {
		json_object_set_new(object, "skip", json_string(area->skip));
		return object;
	}
	snprintf(start, sizeof(start), "0x%llx", (unsigned long long)(uintptr_t)area->map);
	json_object_set_new(object, "start", json_string(start));
	set(object, "pages", area->len_bytes / page_size());
	set(object, "first", area->kind->first);
	set(object, "step", area->kind->step);
	set(object, "touched", touched_pages(area));
	/* A path that is no UTF-8 cannot be said: the set is then refused, and none is there. */
	if (area->path[0])
		json_object_set_new(object, "path", json_string(area->path));
	return object;
}

static void say(const struct area *areas, size_t nr)
{
	json_t *said = json_object(), *list = json_object();

	set(said, "pid", (uint64_t)getpid());
	set(said, "page_size", page_size());
	for (size_t i = 0; i < nr; i++)
		json_object_set_new(list, areas[i].kind->name, json_area(&areas[i]));
	json_object_set_new(said, "areas", list);
	json_dumpf(said, stdout, JSON_COMPACT);
	json_decref(said);
	putchar('\n');
	fflush(stdout);
}

/* True when the input has ended: the test is done with us. */
static bool is_over(int timeout_ms)
{
	struct pollfd poll_fd = { .fd = STDIN_FILENO, .events = POLLIN };
	char c;

	return poll(&poll_fd, 1, timeout_ms) == 1 && read(STDIN_FILENO, &c, 1) <= 0;
}

static int churn(void)
{
	say(NULL, 0);
	while (!is_over(0)) {
		unsigned char *map = mmap(NULL, 2 * MIB, PROT_READ | PROT_WRITE,
					  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (map == MAP_FAILED)
			return 1;
		for (uint64_t at = 0; at < 2 * MIB; at += page_size())
			map[at] = 1;
		mprotect(map + MIB, MIB / 2, PROT_NONE);
		munmap(map, 2 * MIB);
	}
	return 0;
}

/* One page mapped and unmapped, far more than 100,000 times a second. */
static int flicker(void)
{
	say(NULL, 0);
	while (!is_over(0))
		for (int i = 0; i < 10000; i++) {
			void *map = mmap(NULL, page_size(), PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS,
					 -1, 0);

			if (map == MAP_FAILED)
				return 1;
			munmap(map, page_size());
		}
	return 0;
}

/* Children that end at once, each with a copy of the address space. */
static int fork_again(void)
{
	say(NULL, 0);
	while (!is_over(0)) {
		pid_t child = fork();

		if (!child)
			_exit(0);
		if (child < 0 || waitpid(child, NULL, 0) < 0)
			return 1;
	}
	return 0;
}

/* Executes itself; the second argument says that the line was said. */
static int exec_again(int argc)
{
	char *const argv[] = { (char *)"mkmaps", (char *)"exec", (char *)"again", NULL };

	if (argc == 2)
		say(NULL, 0);
	if (is_over(0))
		return 0;
	execv("/proc/self/exe", argv);
	return 1;
}

static int make(struct area *area, const char *name)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(kinds[i].name, name))
			continue;
		*area = (struct area){ .kind = &kinds[i],
				       .len_bytes = kinds[i].len_bytes,
				       .fd = -1 };
		area->kind->make(area);
		return 0;
	}
	fprintf(stderr, "mkmaps: no area is called %s\n", name);
	return 1;
}

/* A file, or what make_long_file() made. */
static void remove_path(const char *path)
{
	char *const argv[] = { (char *)"rm", (char *)"-rf", (char *)"--", (char *)path, NULL };
	pid_t child;

	if (!unlink(path))
		return;
	child = fork();
	if (!child) {
		execvp(argv[0], argv);
		_exit(127);
	}
	waitpid(child, NULL, 0);
}

int main(int argc, char **argv)
{
	size_t nr = (size_t)(argc - 1);
	struct area *areas = calloc(nr + 1, sizeof(*areas));
	int ret = 0;
	char c;

	if (argc > 1 && !strcmp(argv[1], "churn"))
		ret = churn();
	else if (argc > 1 && !strcmp(argv[1], "flicker"))
		ret = flicker();
	else if (argc > 1 && !strcmp(argv[1], "fork"))
		ret = fork_again();
	else if (argc > 1 && !strcmp(argv[1], "exec"))
		ret = exec_again(argc);
	else {
		for (size_t i = 0; i < nr && !ret; i++)
			ret = make(&areas[i], argv[i + 1]);
		do {
			for (size_t i = 0; i < nr && !ret; i++)
				settle(&areas[i]);
			if (!ret)
				say(areas, nr);
		} while (!ret && read(STDIN_FILENO, &c, 1) == 1);
		for (size_t i = 0; i < nr; i++)
			if (areas[i].path[0])
				remove_path(areas[i].path);
	}
	free(areas);
	return ret;
}
