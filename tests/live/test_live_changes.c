/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two moments of a real process compared: a child of this test makes copies on write, drops,
 * touches and dirties pages between them, and the comparison must name exactly those pages.
 */
#include "kernel/collect.h"
#include "kernel/nodes.h"
#include "kernel/zones.h"
#include "model/vma_changes.h"
#include "run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NR = 64, RUNS = 4096 };

/* What is done to each page of the anonymous area between the moments. */
static enum page_change fate_of(int page)
{
	static const enum page_change fates[] = { CHANGE_SAME,  CHANGE_WENT, CHANGE_CAME,
						  CHANGE_MOVED, CHANGE_SAME, CHANGE_SAME };

	return fates[page % 6];
}

struct area_of_pages {
	volatile char *at;
	size_t page_bytes;
};

#define DONTNEED_LOCKED 24 /* MADV_DONTNEED_LOCKED, Linux 5.18 */

static void drop(char *page, size_t page_bytes)
{
	if (madvise(page, page_bytes, DONTNEED_LOCKED) && madvise(page, page_bytes, MADV_DONTNEED))
		_exit(2);
}

static void child(struct area_of_pages anon, struct area_of_pages file, int from_fd, int to_fd)
{
	char byte = 'r';

	/* What is touched is copied: it was inherited by fork. Locked as it is, it stays. */
	mlock2((char *)anon.at, NR * anon.page_bytes, MLOCK_ONFAULT);
	for (int i = 0; i < NR; i++) {
		volatile char *page = anon.at + (size_t)i * anon.page_bytes;

		if (fate_of(i) == CHANGE_CAME)
			drop((char *)page, anon.page_bytes);
	}
	for (int i = 0; i < NR; i++)
		(void)file.at[(size_t)i * file.page_bytes];
	if (write(to_fd, &byte, 1) != 1 || read(from_fd, &byte, 1) != 1)
		_exit(1);
	for (int i = 0; i < NR; i++) {
		volatile char *page = anon.at + (size_t)i * anon.page_bytes;

		if (fate_of(i) == CHANGE_WENT)
			drop((char *)page, anon.page_bytes);
		else if (fate_of(i) != CHANGE_SAME)
			*page = 2;
		if (i % 4 == 1)
			file.at[(size_t)i * file.page_bytes] = 3;
	}
	if (write(to_fd, &byte, 1) != 1 || read(from_fd, &byte, 1) < 0)
		_exit(1);
	_exit(0);
}

struct subject {
	pid_t pid;
	int to_fd, from_fd;
	struct host *host;
	struct proc *proc;
	struct area_of_pages anon, file;
};

static struct area_of_pages map_area(int flags, int fd)
{
	size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	void *at = mmap(NULL, NR * page_bytes, PROT_READ | PROT_WRITE, flags, fd, 0);

	assert_ptr_not_equal(at, MAP_FAILED);
	return (struct area_of_pages){ at, page_bytes };
}

/* A file whose pages are in the page cache and clean; -1 where this one cannot be cleaned. */
static int clean_file(size_t len_bytes)
{
	char path[] = "/var/tmp/pagewalk-changes-XXXXXX", *zeros = calloc(1, len_bytes);
	int fd = mkstemp(path);

	assert_true(fd >= 0 && zeros);
	unlink(path);
	assert_int_equal(write(fd, zeros, len_bytes), (ssize_t)len_bytes);
	free(zeros);
	assert_int_equal(fsync(fd), 0);
	return fd;
}

static void start(struct subject *subject)
{
	int to[2], from[2], fd;
	char byte;

	memset(subject, 0, sizeof(*subject));
	subject->anon = map_area(MAP_PRIVATE | MAP_ANONYMOUS, -1);
	madvise((char *)subject->anon.at, NR * subject->anon.page_bytes, MADV_NOHUGEPAGE);
	fd = clean_file(NR * subject->anon.page_bytes);
	subject->file = map_area(MAP_SHARED, fd);
	close(fd);
	for (int i = 0; i < NR; i++)
		subject->anon.at[(size_t)i * subject->anon.page_bytes] = 1;
	assert_int_equal(pipe(to), 0);
	assert_int_equal(pipe(from), 0);
	subject->pid = fork();
	assert_true(subject->pid >= 0);
	/* The child must not keep its own input open: its end is what ends it. */
	if (!subject->pid) {
		close(to[1]);
		close(from[0]);
		alarm(60);
		child(subject->anon, subject->file, to[0], from[1]);
	}
	close(to[0]);
	close(from[1]);
	subject->to_fd = to[1];
	subject->from_fd = from[0];
	assert_int_equal(read(subject->from_fd, &byte, 1), 1);
	subject->host = host_new("");
	assert_int_equal(proc_open(subject->host, subject->pid, &subject->proc), 0);
}

static void go_on(const struct subject *subject)
{
	char byte = 'g';

	assert_int_equal(write(subject->to_fd, &byte, 1), 1);
	assert_int_equal(read(subject->from_fd, &byte, 1), 1);
}

static void stop(struct subject *subject)
{
	close(subject->to_fd);
	close(subject->from_fd);
	assert_int_equal(waitpid(subject->pid, NULL, 0), subject->pid);
	proc_close(subject->proc);
	host_free(subject->host);
	munmap((char *)subject->anon.at, NR * subject->anon.page_bytes);
	munmap((char *)subject->file.at, NR * subject->file.page_bytes);
}

/* One whole pass over the child, with its table and its pages. */
static struct moment *take(const struct subject *subject, struct vma_table **table)
{
	struct moment *moment = moment_new(0, UINT64_MAX, RUNS);
	struct vma_list *list;
	struct walker *walker;

	assert_int_equal(proc_read_maps(subject->proc, &list), 0);
	*table = vma_table_new(list, &subject->host->geometry);
	assert_int_equal(walker_new(subject->proc, 16, &walker), 0);
	assert_int_equal(collect_counts(walker, subject->host, WALK_FRAMES | WALK_FLAGS, *table,
					NULL, NULL, moment),
			 0);
	walker_free(walker);
	return moment;
}

static const struct page_changes *changes_at(const struct vma_changes *changes,
					     const struct vma_table *table, volatile char *at)
{
	size_t index = vma_table_find(table, (uintptr_t)at);

	assert_in_range(index, 0, changes->nr - 1);
	return &changes->by_vma[index];
}

struct found {
	uint64_t first_vpn;
	enum page_change change[NR];
};

static void find(void *arg, const struct change_run *run)
{
	struct found *found = arg;

	for (uint64_t i = 0; i < run->nr_pages && run->vpn + i < found->first_vpn + NR; i++)
		found->change[run->vpn + i - found->first_vpn] = run->change;
}

static void test_exactly_those_pages(void **state)
{
	struct vma_table *before_table, *table;
	struct moment *mark, *now;
	struct vma_changes *changes;
	struct subject subject;
	struct found found = { 0 };
	uint64_t expected[NR_PAGE_CHANGE] = { 0 };

	(void)state;
	if (!run_is_privileged())
		run_skip("frames are told to root only");
	start(&subject);
	mark = take(&subject, &before_table);
	go_on(&subject);
	now = take(&subject, &table);
	assert_int_equal(mark->level, MOMENT_FRAMES);
	found.first_vpn = (uintptr_t)subject.anon.at / subject.anon.page_bytes;
	moment_diff(mark, now, found.first_vpn, found.first_vpn + NR, find, &found);
	for (int i = 0; i < NR; i++) {
		assert_int_equal(found.change[i], fate_of(i));
		expected[fate_of(i)]++;
	}
	changes = vma_changes_new(table, &subject.host->geometry, mark, now);
	/* The area may be joined with a neighbour, which nobody touches. */
	for (int change = 0; change < CHANGE_SAME; change++)
		assert_int_equal(changes_at(changes, table, subject.anon.at)->nr[change],
				 expected[change]);
	vma_changes_free(changes);
	vma_table_unref(before_table);
	vma_table_unref(table);
	moment_free(mark);
	moment_free(now);
	stop(&subject);
}

static void test_dirtied_pages_of_a_file(void **state)
{
	struct vma_table *before_table, *table;
	struct moment *mark, *now;
	struct subject subject;
	struct found found = { 0 };
	int dirtied = 0;

	(void)state;
	if (!run_is_privileged())
		run_skip("flags of frames are told to root only");
	start(&subject);
	mark = take(&subject, &before_table);
	go_on(&subject);
	now = take(&subject, &table);
	found.first_vpn = (uintptr_t)subject.file.at / subject.file.page_bytes;
	moment_diff(mark, now, found.first_vpn, found.first_vpn + NR, find, &found);
	/*
	 * The kernel keeps the dirty bit by folio: its other pages are dirty with the one that
	 * was written to. So each written page must say so, and none may have come or moved.
	 */
	for (int i = 0; i < NR; i++) {
		if (i % 4 == 1)
			assert_int_equal(found.change[i], CHANGE_DIRTIED);
		assert_true(found.change[i] == CHANGE_DIRTIED || found.change[i] == CHANGE_SAME);
		dirtied += found.change[i] == CHANGE_DIRTIED;
	}
	assert_true(dirtied >= NR / 4);
	vma_table_unref(before_table);
	vma_table_unref(table);
	moment_free(mark);
	moment_free(now);
	stop(&subject);
}

/* What a machine without memory blocks by node gives: the spans of its zones. */
static void test_every_frame_has_a_node(void **state)
{
	struct host *host = host_new("");
	struct zone *zones;
	struct node_map map;
	size_t nr_zones;
	uint64_t nr;

	(void)state;
	assert_int_equal(zones_read(host, &zones, &nr_zones), 0);
	nodes_read(host, zones, nr_zones, &map);
	assert_true(map.nr_nodes >= 1);
	for (size_t i = 0; i < nr_zones; i++)
		assert_true(node_map_find(&map, zones[i].start_pfn + zones[i].spanned / 2, &nr) >=
				    0 ||
			    zones[i].present < zones[i].spanned);
	node_map_clear(&map);
	free(zones);
	host_free(host);
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

/* A made-up machine of two nodes that take turns, block by block. */
static void test_nodes_from_memory_blocks(void **state)
{
	static const char *const dirs[] = { "/sys",
					    "/sys/devices",
					    "/sys/devices/system",
					    "/sys/devices/system/memory",
					    "/sys/devices/system/node",
					    "/sys/devices/system/node/node0",
					    "/sys/devices/system/node/node0/memory0",
					    "/sys/devices/system/node/node0/memory2",
					    "/sys/devices/system/node/node1",
					    "/sys/devices/system/node/node1/memory1",
					    "/sys/devices/system/node/node1/memory_x" };
	char root[] = "/tmp/pagewalk-nodes-XXXXXX", path[256];
	struct host *host = host_new("");
	struct node_map map;
	uint64_t nr, frames;

	(void)state;
	assert_non_null(mkdtemp(root));
	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		snprintf(path, sizeof(path), "%s%s", root, dirs[i]);
		assert_int_equal(mkdir(path, 0755), 0);
	}
	snprintf(path, sizeof(path), "%s/sys/devices/system/memory/block_size_bytes", root);
	write_file(path, "8000000\n");
	free(host->root);
	host->root = strdup(root);
	nodes_read(host, NULL, 0, &map);
	frames = UINT64_C(0x8000000) >> host->geometry.page_shift;
	assert_int_equal(map.nr, 3);
	assert_int_equal(map.nr_nodes, 2);
	assert_int_equal(node_map_find(&map, frames - 1, &nr), 0);
	assert_int_equal(node_map_find(&map, frames, &nr), 1);
	assert_int_equal(node_map_find(&map, 2 * frames, &nr), 0);
	assert_int_equal(node_map_find(&map, 3 * frames, &nr), -1);
	node_map_clear(&map);
	unlink(path);
	for (size_t i = sizeof(dirs) / sizeof(dirs[0]); i-- > 0;) {
		snprintf(path, sizeof(path), "%s%s", root, dirs[i]);
		rmdir(path);
	}
	assert_int_equal(rmdir(root), 0);
	host_free(host);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exactly_those_pages),
		cmocka_unit_test(test_dirtied_pages_of_a_file),
		cmocka_unit_test(test_every_frame_has_a_node),
		cmocka_unit_test(test_nodes_from_memory_blocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
