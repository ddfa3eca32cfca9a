/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `pagewalk cache` on files whose residency the test sets and verifies by itself, against
 * fincore(1), and on what is no file to be asked about. The files lie on a disk, not in a tmpfs.
 */
#include "run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGES 256
#define TRIES 20

struct fixture {
	char dir[64], path[128];
	uint64_t page_size;
	int fd;
};

static const char *text_of(const json_t *object, const char *field)
{
	return json_string_value(json_object_get(object, field));
}

static void in_dir(const struct fixture *fixture, const char *name, char out[128])
{
	snprintf(out, 128, "%s/%s", fixture->dir, name);
}

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	char *page;

	fixture->page_size = (uint64_t)sysconf(_SC_PAGESIZE);
	strcpy(fixture->dir, "/var/tmp/pagewalk-cache-XXXXXX");
	assert_non_null(mkdtemp(fixture->dir));
	assert_return_code(chmod(fixture->dir, 0755), errno);
	in_dir(fixture, "data", fixture->path);
	fixture->fd = open(fixture->path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	assert_return_code(fixture->fd, errno);
	page = calloc(1, fixture->page_size);
	for (int i = 0; i < PAGES; i++)
		assert_int_equal(write(fixture->fd, page, fixture->page_size), fixture->page_size);
	free(page);
	assert_return_code(fdatasync(fixture->fd), errno);
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	static const char *const names[] = { "data", "empty", "sparse", "fifo", "odd\n\x1b[2J" };
	struct fixture *fixture = *state;

	close(fixture->fd);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char path[128];

		in_dir(fixture, names[i], path);
		unlink(path);
	}
	assert_return_code(rmdir(fixture->dir), errno);
	free(fixture);
	return 0;
}

/* One bit for each page of the file, by mincore(2) of the owner. */
static void residency(const struct fixture *fixture, unsigned char *out)
{
	size_t len_bytes = PAGES * fixture->page_size;
	void *map = mmap(NULL, len_bytes, PROT_READ, MAP_SHARED, fixture->fd, 0);

	assert_ptr_not_equal(map, MAP_FAILED);
	assert_return_code(mincore(map, len_bytes, out), errno);
	for (int i = 0; i < PAGES; i++)
		out[i] &= 1;
	munmap(map, len_bytes);
}

/*
 * Brings the file into a state: pages [0, cached) in memory, the rest evicted. Readahead is
 * off, so that no more comes than is read. False where the kernel did otherwise.
 */
static bool settle(const struct fixture *fixture, int cached)
{
	unsigned char pages[PAGES];
	char byte;

	posix_fadvise(fixture->fd, 0, 0, POSIX_FADV_RANDOM);
	fdatasync(fixture->fd);
	posix_fadvise(fixture->fd, 0, 0, POSIX_FADV_DONTNEED);
	for (int i = 0; i < cached; i++)
		assert_int_equal(pread(fixture->fd, &byte, 1, (off_t)(i * fixture->page_size)), 1);
	residency(fixture, pages);
	for (int i = 0; i < PAGES; i++)
		if (pages[i] != (i < cached))
			return false;
	return true;
}

static struct run cache(const char *path, const char *a, const char *b, const char *c)
{
	const char *const args[] = { "cache", path, "--json", a, b, c, NULL };

	return run_pagewalk(args);
}

static json_t *file_of(const struct run *run)
{
	json_t *files = json_object_get(run->json, "files");

	assert_int_equal(json_array_size(files), 1);
	return json_array_get(files, 0);
}

/* Runs a measurement until the state held before and after it; fails where it never does. */
static struct run measure(const struct fixture *fixture, int cached, const char *a, const char *b,
			  const char *c)
{
	for (int tries = 0; tries < TRIES; tries++) {
		unsigned char before[PAGES], after[PAGES];
		bool held = settle(fixture, cached);
		struct run run;

		residency(fixture, before);
		run = cache(fixture->path, a, b, c);
		residency(fixture, after);
		if (held && !memcmp(before, after, PAGES))
			return run;
		run_clear(&run);
	}
	fail_msg("the file never kept %d cached pages", cached);
	return (struct run){ 0 };
}

static bool has_cachestat(const struct fixture *fixture)
{
	struct run run = cache(fixture->path, "--source", "cachestat", NULL);
	bool has = run.status == 0;

	run_clear(&run);
	return has;
}

static void test_cached_and_evicted(void **state)
{
	static const int cached[] = { 0, 1, 100, 255, PAGES };
	static const char *const sources[] = { "cachestat", "mincore" };
	const struct fixture *fixture = *state;

	for (size_t s = 0; s < 2; s++) {
		if (s == 0 && !has_cachestat(fixture))
			continue;
		for (size_t i = 0; i < sizeof(cached) / sizeof(cached[0]); i++) {
			struct run run = measure(fixture, cached[i], "--source", sources[s], NULL);
			json_t *file;

			run_expect(&run, 0);
			file = file_of(&run);
			assert_string_equal(text_of(file, "source"), sources[s]);
			assert_int_equal(json_get_u64(file, "pages"), PAGES);
			assert_int_equal(json_get_u64(file, "size_bytes"),
					 PAGES * fixture->page_size);
			assert_int_equal(json_get_u64(file, "cached"), cached[i]);
			run_clear(&run);
		}
	}
}

/* What was written and not yet flushed. Writeback may begin by itself: both are unclean. */
static void test_dirty_pages(void **state)
{
	const struct fixture *fixture = *state;
	bool seen = false;

	if (!has_cachestat(fixture))
		run_skip("mincore does not tell dirty pages (cachestat is since Linux 6.5)");
	for (int tries = 0; !seen && tries < TRIES; tries++) {
		struct run run;
		json_t *file;

		fdatasync(fixture->fd);
		for (int i = 0; i < 10; i++)
			assert_int_equal(
				pwrite(fixture->fd, "x", 1, (off_t)(i * 7 * fixture->page_size)),
				1);
		run = cache(fixture->path, NULL, NULL, NULL);
		run_expect(&run, 0);
		file = file_of(&run);
		assert_true(json_get_u64(file, "dirty") <= json_get_u64(file, "cached"));
		seen = json_get_u64(file, "dirty") + json_get_u64(file, "writeback") == 10;
		run_clear(&run);
	}
	assert_true(seen);
}

/* Both interfaces, cell by cell, on a file that one owns. */
static void test_both_sources_agree_cell_by_cell(void **state)
{
	const struct fixture *fixture = *state;
	bool agreed = false;

	if (!has_cachestat(fixture))
		run_skip("cachestat is since Linux 6.5");
	for (int tries = 0; !agreed && tries < TRIES; tries++) {
		struct run runs[2];
		json_t *cells[2], *cell;
		size_t i;

		settle(fixture, 77);
		runs[0] = cache(fixture->path, "--source=cachestat", "--cells", "64");
		runs[1] = cache(fixture->path, "--source=mincore", "--cells", "64");
		for (int r = 0; r < 2; r++) {
			run_expect(&runs[r], 0);
			cells[r] = json_object_get(file_of(&runs[r]), "cells");
			assert_int_equal(json_array_size(cells[r]), 64);
		}
		agreed = true;
		json_array_foreach(cells[0], i, cell)
		{
			json_t *other = json_array_get(cells[1], i);

			assert_int_equal(json_get_u64(cell, "first_page"), 4 * i);
			assert_int_equal(json_get_u64(other, "first_page"), 4 * i);
			assert_int_equal(json_get_u64(cell, "pages"), 4);
			agreed = agreed &&
				 json_get_u64(cell, "cached") == json_get_u64(other, "cached");
		}
		/* 77 = 19 whole cells and a page. */
		agreed = agreed && json_get_u64(json_array_get(cells[0], 18), "cached") == 4 &&
			 json_get_u64(json_array_get(cells[0], 19), "cached") == 1 &&
			 json_get_u64(json_array_get(cells[0], 20), "cached") == 0;
		run_clear(&runs[0]);
		run_clear(&runs[1]);
	}
	assert_true(agreed);
}

/* Pages that fincore(1) sees, or -1 where it cannot be run. */
static long fincore_pages(const char *path)
{
	char command[4400];
	long pages = -1;
	FILE *out;

	snprintf(command, sizeof(command), "fincore --noheadings --raw --output PAGES '%s' 2>&1",
		 path);
	out = popen(command, "r");
	if (!out || fscanf(out, "%ld", &pages) != 1)
		pages = -1;
	if (out)
		pclose(out);
	return pages;
}

static void test_against_fincore(void **state)
{
	const struct fixture *fixture = *state;
	bool held = false;

	if (fincore_pages(fixture->path) < 0)
		run_skip("fincore (util-linux-extra) is not here");
	for (int tries = 0; !held && tries < TRIES; tries++) {
		long before, after;
		struct run run;

		settle(fixture, 123);
		before = fincore_pages(fixture->path);
		run = cache(fixture->path, NULL, NULL, NULL);
		after = fincore_pages(fixture->path);
		held = before == after && before == 123;
		if (held)
			assert_int_equal(json_get_u64(file_of(&run), "cached"), before);
		run_clear(&run);
	}
	assert_true(held);
}

/* A path that the shell and fincore take as it is, to a file that still is what was counted. */
static bool is_plain(const json_t *file)
{
	const char *path = json_string_value(json_object_get(file, "path"));
	struct stat status;

	return path && path[0] == '/' && !strchr(path, '\'') && !stat(path, &status) &&
	       S_ISREG(status.st_mode) && json_is_integer(json_object_get(file, "cached")) &&
	       (uint64_t)status.st_size == json_get_u64(file, "size_bytes");
}

/* What cannot be read of a process is not in the report either. */
static bool is_readable(const char *pid)
{
	char path[300], byte;
	bool readable;
	int fd;

	snprintf(path, sizeof(path), "/proc/%s/maps", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	readable = fd >= 0 && read(fd, &byte, 1) == 1;
	if (fd >= 0)
		close(fd);
	return readable;
}

/* True where such a process has another root: the paths of its files are not ours. */
static bool roots_differ(void)
{
	struct stat ours, theirs;
	const struct dirent *entry;
	bool differ = false;
	char path[300];
	DIR *dir = opendir("/proc");

	if (!dir || stat("/", &ours))
		return true;
	while (!differ && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), "/proc/%s/root/.", entry->d_name);
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' && !stat(path, &theirs))
			differ = (theirs.st_ino != ours.st_ino || theirs.st_dev != ours.st_dev) &&
				 is_readable(entry->d_name);
	}
	closedir(dir);
	return differ;
}

/*
 * Every file that processes have open or mapped, against fincore before and after: where these
 * two agree nothing was reclaimed, and then the count between them must be theirs.
 */
static void test_top_against_fincore(void **state)
{
	static const char *const args[] = { "cache", "--top", "150", "--json", NULL };
	size_t nr_agreed = 0, nr_differed = 0;
	long *before = NULL;
	struct run first, run;
	json_t *file;
	size_t i;

	(void)state;
	if (!run_is_privileged())
		run_skip("only root sees the files of all processes");
	if (fincore_pages("/") == -1 && fincore_pages("/bin/sh") < 0)
		run_skip("fincore (util-linux-extra) is not here");
	if (roots_differ())
		run_skip("processes with another root are here: their paths are not ours");
	first = run_pagewalk(args);
	assert_non_null(first.json);
	before = calloc(json_array_size(json_object_get(first.json, "files")) + 1, sizeof(*before));
	json_array_foreach(json_object_get(first.json, "files"), i, file) before[i] =
		is_plain(file) ? fincore_pages(json_string_value(json_object_get(file, "path")))
			       : -1;
	run = run_pagewalk(args);
	assert_non_null(run.json);
	json_array_foreach(json_object_get(run.json, "files"), i, file)
	{
		const char *path = json_string_value(json_object_get(file, "path"));
		json_t *old;
		size_t j;
		long after;

		if (!is_plain(file))
			continue;
		after = fincore_pages(path);
		json_array_foreach(json_object_get(first.json, "files"), j, old)
		{
			if (strcmp(json_string_value(json_object_get(old, "path")), path) ||
			    before[j] < 0 || before[j] != after)
				continue;
			if (json_get_u64(file, "cached") == (uint64_t)after) {
				nr_agreed++;
			} else {
				print_message("%s: %llu, fincore %ld\n", path,
					      (unsigned long long)json_get_u64(file, "cached"),
					      after);
				nr_differed++;
			}
		}
	}
	print_message("%zu files agreed, %zu differed\n", nr_agreed, nr_differed);
	assert_true(nr_agreed >= 3);
	/* A page may have gone and come back between the two looks: of few, not of many. */
	assert_true(nr_differed * 20 <= nr_agreed + 19);
	free(before);
	run_clear(&first);
	run_clear(&run);
}

/* To one who neither owns nor may write the file, "all resident" is a refusal. */
static void test_a_refusal_is_unknown(void **state)
{
	static const char *const sources[] = { "mincore", "cachestat", "auto" };
	const struct fixture *fixture = *state;

	if (!run_is_privileged())
		run_skip("only root can become another user");
	settle(fixture, 1);
	for (size_t s = 0; s < 3; s++) {
		const char *const args[] = { "cache", fixture->path, "--json",   "--cells",
					     "4",     "--source",    sources[s], NULL };
		struct run run = run_pagewalk_as(65534, args);
		json_t *file, *cell;
		size_t i;

		run_expect(&run, 3);
		file = file_of(&run);
		assert_int_equal(json_get_u64(file, "pages"), PAGES);
		assert_true(json_is_null(json_object_get(file, "cached")));
		assert_true(json_is_null(json_object_get(file, "dirty")));
		assert_non_null(text_of(json_object_get(file, "unknown"), "cached"));
		json_array_foreach(json_object_get(file, "cells"), i, cell)
			assert_true(json_is_null(json_object_get(cell, "cached")));
		assert_non_null(strstr(run.err, fixture->path));
		run_clear(&run);
	}
}

static void test_an_empty_file(void **state)
{
	static const char *const sources[] = { "--source=auto", "--source=mincore" };
	char path[128];

	in_dir(*state, "empty", path);
	close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
	for (size_t s = 0; s < 2; s++) {
		struct run run = cache(path, sources[s], "--cells", "16");

		run_expect(&run, 0);
		assert_int_equal(json_get_u64(file_of(&run), "size_bytes"), 0);
		assert_int_equal(json_get_u64(file_of(&run), "pages"), 0);
		assert_int_equal(json_get_u64(file_of(&run), "cached"), 0);
		run_clear(&run);
	}
}

/* No timing is asserted, but the bound of a minute would end a scan of 2^28 pages one by one. */
static void test_a_sparse_terabyte(void **state)
{
	char path[128];
	struct run run;
	int fd;

	in_dir(*state, "sparse", path);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	assert_return_code(fd, errno);
	if (ftruncate(fd, (off_t)1 << 40)) {
		close(fd);
		run_skip("this file system has no files of 1 TiB");
	}
	assert_int_equal(pwrite(fd, "x", 1, (off_t)1 << 39), 1);
	run = cache(path, "--cells", "1024", NULL);
	run_expect(&run, 0);
	assert_int_equal(json_get_u64(file_of(&run), "size_bytes"), UINT64_C(1) << 40);
	assert_int_equal(json_get_u64(file_of(&run), "cached"), 1);
	assert_int_equal(json_get_u64(json_array_get(json_object_get(file_of(&run), "cells"), 512),
				      "cached"),
			 1);
	run_clear(&run);
	close(fd);
}

static void expect_refused(const char *path, const char *reason)
{
	struct run run = cache(path, NULL, NULL, NULL);

	run_expect(&run, 1);
	assert_true(run_said_one_line(&run));
	assert_non_null(strstr(run.err, reason));
	assert_int_equal(json_array_size(json_object_get(run.json, "files")), 0);
	run_clear(&run);
}

static void test_what_is_no_file(void **state)
{
	const struct fixture *fixture = *state;
	char path[128];

	expect_refused(fixture->dir, "directory");
	in_dir(fixture, "missing", path);
	expect_refused(path, "No such file");
	/* Nobody writes into it: opening it the usual way would wait for ever. */
	in_dir(fixture, "fifo", path);
	assert_return_code(mkfifo(path, 0644), errno);
	expect_refused(path, "not a regular file");
	expect_refused("/dev/null", "not a regular file");
}

static void test_a_name_that_would_clear_the_screen(void **state)
{
	const char *args[] = { "cache", NULL, NULL };
	char path[128];
	struct run run;

	in_dir(*state, "odd\n\x1b[2J", path);
	close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
	args[1] = path;
	run = run_pagewalk(args);
	run_expect(&run, 0);
	assert_null(strchr(run.out, '\x1b'));
	assert_non_null(strstr(run.out, "odd\\x0a\\x1b[2J"));
	run_clear(&run);
	run = cache(path, NULL, NULL, NULL);
	run_expect(&run, 0);
	assert_string_equal(text_of(file_of(&run), "path"), path);
	run_clear(&run);
}

/* One bad name among good ones: the good are reported, the status says that one failed. */
static void test_good_files_beside_a_bad_one(void **state)
{
	const struct fixture *fixture = *state;
	const char *const args[] = { "cache", "/nonexistent/x", fixture->path, "--json", NULL };
	struct run run = run_pagewalk(args);

	run_expect(&run, 1);
	assert_string_equal(text_of(file_of(&run), "path"), fixture->path);
	run_clear(&run);
}

static void test_who_maps_the_file(void **state)
{
	const struct fixture *fixture = *state;
	size_t len_bytes = 4 * fixture->page_size, i;
	void *map = mmap(NULL, len_bytes, PROT_READ, MAP_PRIVATE, fixture->fd,
			 (off_t)(8 * fixture->page_size));
	struct run run = cache(fixture->path, "--mapped-by", NULL, NULL);
	json_t *mapper, *list = json_object_get(file_of(&run), "mapped_by");
	bool found = false;

	run_expect(&run, 0);
	json_array_foreach(list, i, mapper)
	{
		if (json_get_u64(mapper, "pid") != (uint64_t)getpid())
			continue;
		assert_int_equal(json_get_u64(mapper, "start"), (uintptr_t)map);
		assert_int_equal(json_get_u64(mapper, "end"), (uintptr_t)map + len_bytes);
		assert_int_equal(json_get_u64(mapper, "offset_bytes"), 8 * fixture->page_size);
		assert_string_equal(text_of(mapper, "perms"), "r--p");
		found = true;
	}
	assert_true(found);
	munmap(map, len_bytes);
	run_clear(&run);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cached_and_evicted),
		cmocka_unit_test(test_dirty_pages),
		cmocka_unit_test(test_both_sources_agree_cell_by_cell),
		cmocka_unit_test(test_against_fincore),
		cmocka_unit_test(test_top_against_fincore),
		cmocka_unit_test(test_a_refusal_is_unknown),
		cmocka_unit_test(test_an_empty_file),
		cmocka_unit_test(test_a_sparse_terabyte),
		cmocka_unit_test(test_what_is_no_file),
		cmocka_unit_test(test_a_name_that_would_clear_the_screen),
		cmocka_unit_test(test_good_files_beside_a_bad_one),
		cmocka_unit_test(test_who_maps_the_file),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
