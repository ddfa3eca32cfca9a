/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What screen 4 looks at, on a real file: one frame seen from the page cache and from two page
 * tables, looking that touches nothing, inserts and evictions as the kernel reports them, the
 * files with most in the cache, and a file system that never answers.
 */
#include "app/cache_subject.h"
#include "kernel/filelist.h"
#include "kernel/kpage.h"
#include "kernel/ownmap.h"
#include "kernel/topfiles.h"
#include "run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGES 512
#define PAGE  5 /* that the children map and touch */

struct fixture {
	struct host *host;
	char dir[64], path[128];
	size_t page_bytes;
	int fd;
};

/* A process that maps the file and touches one page of it. */
struct child {
	pid_t pid;
	uint64_t addr;
};

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	char *page;

	fixture->host = host_new("");
	fixture->page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	strcpy(fixture->dir, "/var/tmp/pagewalk-view-XXXXXX");
	assert_non_null(mkdtemp(fixture->dir));
	snprintf(fixture->path, sizeof(fixture->path), "%s/data", fixture->dir);
	fixture->fd = open(fixture->path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	assert_return_code(fixture->fd, errno);
	page = calloc(1, fixture->page_bytes);
	for (int i = 0; i < PAGES; i++)
		assert_int_equal(write(fixture->fd, page, fixture->page_bytes),
				 fixture->page_bytes);
	free(page);
	assert_return_code(fsync(fixture->fd), errno);
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;
	char silent[128];

	/* Where a test failed it may still be mounted. */
	snprintf(silent, sizeof(silent), "%s/silent", fixture->dir);
	umount2(silent, MNT_DETACH);
	rmdir(silent);
	close(fixture->fd);
	unlink(fixture->path);
	assert_return_code(rmdir(fixture->dir), errno);
	host_free(fixture->host);
	free(fixture);
	return 0;
}

/* Locked, so that reclaim cannot take the page away while it is looked at. */
static void be_child(const struct fixture *fixture, int say_fd)
{
	size_t len = PAGES * fixture->page_bytes;
	int fd = open(fixture->path, O_RDONLY);
	char *map = mmap(NULL, len, PROT_READ, MAP_SHARED, fd, 0);
	uint64_t addr = (uintptr_t)map + PAGE * fixture->page_bytes;

	/* Not by mlock(3), which a sanitizer turns into nothing. */
	if (map == MAP_FAILED || syscall(SYS_mlock, addr, 1) ||
	    write(say_fd, &addr, sizeof(addr)) != sizeof(addr))
		_exit(1);
	for (;;)
		pause();
}

static struct child child_start(const struct fixture *fixture)
{
	int say[2];
	struct child child;

	assert_return_code(pipe2(say, O_CLOEXEC), errno);
	child.pid = fork();
	assert_return_code(child.pid, errno);
	if (!child.pid)
		be_child(fixture, say[1]);
	close(say[1]);
	assert_int_equal(read(say[0], &child.addr, sizeof(child.addr)), sizeof(child.addr));
	close(say[0]);
	return child;
}

static void child_stop(const struct child *child)
{
	kill(child->pid, SIGKILL);
	assert_int_equal(waitpid(child->pid, NULL, 0), child->pid);
}

/* The frame that screen 1 and `translate` give for an address. */
static uint64_t frame_by_address(const struct child *child)
{
	char pid[16], addr[32];
	const char *const args[] = { "translate", pid, addr, "--json", NULL };
	struct run run;
	uint64_t pfn;

	snprintf(pid, sizeof(pid), "%d", (int)child->pid);
	snprintf(addr, sizeof(addr), "%" PRIx64, child->addr);
	run = run_pagewalk(args);
	run_expect(&run, 0);
	pfn = json_get_u64(json_array_get(json_object_get(run.json, "results"), 0), "pfn");
	run_clear(&run);
	return pfn;
}

static const struct cache_request all_pages = {
	.strip_cells = 64,
	.nr_pages = PAGES,
	.pages_per_cell = 1,
	.cursor_page = PAGE,
};

static void test_one_frame_from_all_sides(void **state)
{
	struct fixture *fixture = *state;
	struct child one, two;
	struct cache_subject subject;
	uint64_t pfn;

	if (!run_is_privileged())
		run_skip("frames need CAP_SYS_ADMIN");
	one = child_start(fixture);
	two = child_start(fixture);
	pfn = frame_by_address(&one);
	assert_int_not_equal(pfn, 0);
	assert_int_equal(frame_by_address(&two), pfn);
	cache_subject_init(&subject, fixture->host, two.pid);
	assert_return_code(cache_subject_open_path(&subject, fixture->path), 0);
	assert_return_code(cache_subject_look(&subject, &all_pages), 0);
	assert_true(subject.has_page);
	assert_int_equal(subject.page.frame_why, WHY_OK);
	assert_int_equal(subject.page.pfn, pfn);
	assert_int_equal(subject.page.mapcount, 2);
	assert_int_equal(subject.page.nr_mappers, 2);
	for (int i = 0; i < 2; i++) {
		const struct cache_page_mapper *mapper = &subject.page.mappers[i];
		const struct child *child = mapper->pid == one.pid ? &one : &two;

		assert_int_equal(mapper->pid, child->pid);
		assert_int_equal(mapper->addr, child->addr);
	}
	assert_int_equal(subject.page.watched_addr, two.addr);
	assert_int_equal(subject.grid.cells[PAGE].mapped, 1);
	/* When they are gone our own mapping tells the same frame, and no longer counts. */
	child_stop(&one);
	child_stop(&two);
	assert_return_code(cache_subject_look(&subject, &all_pages), 0);
	assert_int_equal(subject.page.nr_mappers, 0);
	if (subject.page.counts.cached && subject.page.frame_why == WHY_OK) {
		assert_int_equal(subject.page.frame_source, SOURCE_OWN_MAPPING);
		assert_int_equal(subject.page.pfn, pfn);
		assert_int_equal(subject.page.mapcount, 0);
	}
	cache_subject_end(&subject);
}

static uint64_t flags_of(struct kpage *kpage, uint64_t pfn)
{
	uint64_t flags;

	assert_return_code(kpage_read(kpage, SOURCE_KPAGEFLAGS, &pfn, 1, 0, &flags), 0);
	return flags;
}

/* Of the half of the file that was evicted. */
static uint64_t cached_pages(struct filecache *file)
{
	struct cache_counts counts = { .pages = PAGES / 2 };
	enum why why, why_states;

	assert_return_code(
		filecache_count(file, PAGES / 2, PAGES / 2, 1, &counts, &why, &why_states), 0);
	assert_int_equal(why, WHY_OK);
	return counts.cached;
}

/*
 * Reads the file ahead, so that it lies in the cache and nobody has used most pages of it; then
 * evicts the second half again.
 */
static void fill_unused(struct fixture *fixture)
{
	posix_fadvise(fixture->fd, 0, 0, POSIX_FADV_DONTNEED);
	assert_return_code(readahead(fixture->fd, 0, PAGES * fixture->page_bytes), errno);
	/* Its end is waited for by reading a page that is not looked at. */
	for (int i = 0; i < PAGES; i += 32) {
		char byte;

		assert_int_equal(pread(fixture->fd, &byte, 1, (off_t)i * fixture->page_bytes), 1);
	}
	posix_fadvise(fixture->fd, PAGES / 2 * fixture->page_bytes, 0, POSIX_FADV_DONTNEED);
}

/* What changes when we map pages for a moment: nothing. */
static void test_own_mapping_leaves_no_trace(void **state)
{
	struct fixture *fixture = *state;
	uint64_t bits = KPF_BIT(KPF_REFERENCED) | KPF_BIT(KPF_ACTIVE);
	static struct cache_frame first[PAGES], frames[PAGES];
	static uint64_t before[PAGES];
	uint64_t nr_read_back = 0, cached, unused = 0, known = 0;
	struct stat st, st_after;
	struct filecache *file;
	struct ownmap *own = ownmap_new(fixture->host);
	struct kpage *kpage;

	if (ownmap_why(own) != WHY_OK) {
		ownmap_free(own);
		run_skip("frames need root, and Linux 6.3");
	}
	kpage = kpage_open(fixture->host);
	assert_return_code(filecache_open(fixture->host, fixture->path, FILECACHE_AUTO, &file), 0);
	fill_unused(fixture);
	assert_return_code(fstat(fixture->fd, &st), errno);
	assert_return_code(ownmap_read(own, file, 0, PAGES, first, &nr_read_back), 0);
	for (int i = 0; i < PAGES; i++)
		before[i] = first[i].pfn ? flags_of(kpage, first[i].pfn) & bits : 0;
	cached = cached_pages(file);
	for (int round = 0; round < 10; round++)
		assert_return_code(ownmap_read(own, file, 0, PAGES, frames, &nr_read_back), 0);
	/* Reclaim may take a page away; what stayed is as it was. */
	for (int i = 0; i < PAGES; i++) {
		if (!first[i].pfn || frames[i].pfn != first[i].pfn)
			continue;
		/* Reclaim may take a bit away, but none has come. */
		assert_int_equal(frames[i].flags & bits & ~before[i], 0);
		assert_int_equal(flags_of(kpage, first[i].pfn) & bits & ~before[i], 0);
		assert_int_equal(frames[i].mapcount, 0);
		assert_false(frames[i].flags & KPF_BIT(KPF_MMAP));
		unused += !(before[i] & KPF_BIT(KPF_REFERENCED));
		known++;
	}
	/* What was absent was left alone. */
	assert_true(cached < PAGES / 2);
	assert_true(cached_pages(file) <= cached);
	assert_return_code(fstat(fixture->fd, &st_after), errno);
	assert_int_equal(st.st_atim.tv_sec, st_after.st_atim.tv_sec);
	assert_int_equal(st.st_atim.tv_nsec, st_after.st_atim.tv_nsec);
	/* There were pages that a trace could have shown on. */
	assert_true(known > 0 && unused > 0);
	kpage_close(kpage);
	ownmap_free(own);
	filecache_close(file);
}

/* Our mapping and another process's page table name the same frames. */
static void test_own_mapping_agrees(void **state)
{
	struct fixture *fixture = *state;
	const char *const args[] = { "cache", fixture->path, "--pages", "--json", NULL };
	struct child child;
	struct run run;
	json_t *runs, *row, *found = NULL;
	uint64_t pfn;
	size_t i;

	if (!run_is_privileged())
		run_skip("frames need CAP_SYS_ADMIN");
	child = child_start(fixture);
	pfn = frame_by_address(&child);
	run = run_pagewalk(args);
	child_stop(&child);
	if (run.status == 3 && strstr(run.err, "would mark it"))
		run_skip("this kernel marks pages that are mapped for a moment");
	run_expect(&run, 0);
	runs = json_object_get(json_array_get(json_object_get(run.json, "files"), 0), "runs");
	json_array_foreach(runs, i, row)
	{
		uint64_t first = json_get_u64(row, "first_page");

		if (PAGE >= first && PAGE < first + json_get_u64(row, "pages"))
			found = row;
	}
	assert_non_null(found);
	assert_int_equal(json_get_u64(found, "pfn") + PAGE - json_get_u64(found, "first_page"),
			 pfn);
	/* The child's mapping counts, ours does not. */
	assert_int_equal(json_get_u64(found, "mapcount"), 1);
	run_clear(&run);
}

/* A file that shrinks between two looks, or has nothing, is survived. */
static void test_own_mapping_past_the_end(void **state)
{
	struct fixture *fixture = *state;
	struct cache_frame frames[PAGES];
	struct ownmap *own = ownmap_new(fixture->host);
	struct filecache *file;
	uint64_t nr_read_back = 0;

	if (ownmap_why(own) != WHY_OK) {
		ownmap_free(own);
		run_skip("frames need root, and Linux 6.3");
	}
	assert_return_code(filecache_open(fixture->host, fixture->path, FILECACHE_AUTO, &file), 0);
	assert_return_code(ftruncate(fixture->fd, (off_t)fixture->page_bytes), errno);
	memset(frames, 0xff, sizeof(frames));
	assert_return_code(ownmap_read(own, file, 0, PAGES, frames, &nr_read_back), 0);
	for (int i = 1; i < PAGES; i++)
		assert_int_equal(frames[i].pfn, 0);
	ownmap_free(own);
	filecache_close(file);
}

static void test_looking_touches_nothing(void **state)
{
	struct fixture *fixture = *state;
	uint64_t bits = KPF_BIT(KPF_REFERENCED) | KPF_BIT(KPF_ACTIVE);
	struct cache_subject subject;
	struct cache_request request = all_pages;
	struct child child;
	uint64_t flags, cached;

	if (!run_is_privileged())
		run_skip("flags need root");
	posix_fadvise(fixture->fd, 0, 0, POSIX_FADV_DONTNEED);
	child = child_start(fixture);
	cache_subject_init(&subject, fixture->host, 0);
	assert_return_code(cache_subject_open_path(&subject, fixture->path), 0);
	assert_return_code(cache_subject_look(&subject, &all_pages), 0);
	flags = subject.page.flags;
	cached = subject.info.total.cached;
	assert_int_equal(subject.page.flags_why, WHY_OK);
	request.cursor_page = PAGES - 1;
	for (int i = 0; i < 30; i++)
		assert_return_code(cache_subject_look(&subject, &request), 0);
	/* Reclaim may take pages meanwhile, but none has come in. */
	assert_true(subject.info.total.cached <= cached);
	assert_return_code(cache_subject_look(&subject, &all_pages), 0);
	assert_int_equal(subject.page.flags & bits, flags & bits);
	assert_int_equal(subject.page.mapcount, 1);
	child_stop(&child);
	cache_subject_end(&subject);
}

static uint64_t pages_came(const struct cache_log *log)
{
	return log->inserted[CAUSE_ASKED] + log->inserted[CAUSE_READAHEAD] +
	       log->inserted[CAUSE_OTHER];
}

static bool log_has(const struct cache_log *log, uint64_t page, enum cache_cause cause)
{
	for (size_t i = 0; i < log->nr; i++)
		if (log->events[i].inserted && log->events[i].cause == cause &&
		    page >= log->events[i].page &&
		    page < log->events[i].page + log->events[i].nr_pages)
			return true;
	return false;
}

/* Reads events until they have settled their causes. */
static void drain(struct filemap_events *events, struct cache_log *log)
{
	filemap_events_read(events, log, NULL);
	usleep(CAUSE_WAIT_NS / 1000 + 50000);
	filemap_events_read(events, log, NULL);
}

static void test_events(void **state)
{
	struct fixture *fixture = *state;
	struct cache_log log = { 0 };
	struct filemap_events *events;
	struct stat st;
	struct file_key key;
	char *buffer;
	int fd, ret;

	assert_return_code(fstat(fixture->fd, &st), errno);
	key = (struct file_key){ major(st.st_dev), minor(st.st_dev), st.st_ino };
	ret = filemap_events_open(fixture->host, &key, &events);
	if (ret == -EACCES || ret == -EPERM || ret == -ENOENT || ret == -ENODEV)
		run_skip("the tracepoints of filemap are not for us");
	assert_return_code(ret, 0);
	posix_fadvise(fixture->fd, 0, 0, POSIX_FADV_DONTNEED);
	drain(events, &log);
	log = (struct cache_log){ 0 };
	/* A reader that goes from the start: readahead runs before it. */
	fd = open(fixture->path, O_RDONLY | O_CLOEXEC);
	buffer = malloc(4 * fixture->page_bytes);
	for (int i = 0; i < 4; i++)
		assert_int_equal(read(fd, buffer, fixture->page_bytes), fixture->page_bytes);
	drain(events, &log);
	assert_int_equal(log.lost, 0);
	assert_true(pages_came(&log) >= 4);
	assert_true(log_has(&log, 0, CAUSE_ASKED));
	assert_true(log.inserted[CAUSE_READAHEAD] > 0);
	/* What is written comes in, too, and nobody read it. */
	log = (struct cache_log){ 0 };
	posix_fadvise(fixture->fd, 0, 0, POSIX_FADV_DONTNEED);
	assert_int_equal(pwrite(fixture->fd, buffer, fixture->page_bytes,
				(off_t)(300 * fixture->page_bytes)),
			 fixture->page_bytes);
	drain(events, &log);
	assert_true(log.evicted > 0);
	assert_true(log_has(&log, 300, CAUSE_OTHER));
	free(buffer);
	close(fd);
	filemap_events_close(events);
}

/* Evicts the file and reads from it, again and again. */
static pid_t start_mover(const struct fixture *fixture)
{
	pid_t pid = fork();
	char bytes[64];

	assert_return_code(pid, errno);
	while (!pid) {
		int fd = open(fixture->path, O_RDONLY | O_CLOEXEC);

		posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
		if (read(fd, bytes, sizeof(bytes)) != sizeof(bytes))
			_exit(1);
		close(fd);
		usleep(2000);
	}
	return pid;
}

/* Sums the pages of the lines of one type; the first and the last line of all. */
static uint64_t sum_lines(char *text, const char *type, json_t **first, json_t **last)
{
	uint64_t pages = 0;

	*first = *last = NULL;
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		json_t *object = json_loads(line, 0, NULL);

		assert_non_null(object);
		if (!strcmp(json_string_value(json_object_get(object, "type")), type))
			pages += json_get_u64(object, "pages");
		if (!*first)
			*first = json_incref(object);
		json_decref(*last);
		*last = object;
	}
	assert_non_null(*last);
	return pages;
}

static void test_watch(void **state)
{
	struct fixture *fixture = *state;
	const char *const args[] = { "cache", fixture->path, "--watch", "0.7", "--json", NULL };
	pid_t mover = start_mover(fixture);
	struct run run = run_pagewalk(args);
	json_t *first, *last;
	uint64_t inserted;

	kill(mover, SIGKILL);
	assert_int_equal(waitpid(mover, NULL, 0), mover);
	assert_int_equal(run.status, 0);
	inserted = sum_lines(run.out, "insert", &first, &last);
	assert_string_equal(json_string_value(json_object_get(first, "type")), "start");
	assert_int_equal(json_get_u64(first, "pages"), PAGES);
	assert_string_equal(json_string_value(json_object_get(last, "type")), "summary");
	assert_true(json_get_u64(last, "inserted_pages") > 0);
	assert_true(json_get_u64(last, "evicted_pages") > 0);
	if (json_object_get(first, "unknown")) {
		/* Without tracepoints nobody knows who asked, and that is said. */
		assert_true(json_is_null(json_object_get(last, "asked_for_pages")));
		assert_non_null(json_object_get(last, "unknown"));
	} else {
		assert_int_equal(json_get_u64(last, "inserted_pages"), inserted);
		assert_true(json_get_u64(last, "asked_for_pages") > 0);
		assert_int_equal(json_get_u64(last, "asked_for_pages") +
					 json_get_u64(last, "readahead_pages") +
					 json_get_u64(last, "other_pages"),
				 inserted);
	}
	json_decref(first);
	json_decref(last);
	run_clear(&run);
}

static json_t *find_file(const struct run *run, const char *path)
{
	json_t *files = json_object_get(run->json, "files"), *file;
	size_t i;

	json_array_foreach(files, i,
			   file) if (!strcmp(json_string_value(json_object_get(file, "path")),
					     path)) return file;
	return NULL;
}

static void test_top(void **state)
{
	const char *const args[] = { "cache", "--top", "1000000", "--json", NULL };
	struct fixture *fixture = *state;
	struct child one = child_start(fixture), two = child_start(fixture);
	struct run run = run_pagewalk(args);
	json_t *file;

	/* 3 where init may not be looked into. */
	assert_true(run.status == 0 || run.status == 3);
	file = find_file(&run, fixture->path);
	assert_non_null(file);
	/* The two, and this process, which has it open. */
	assert_int_equal(json_get_u64(file, "processes"), 3);
	assert_int_equal(json_get_u64(file, "pages"), PAGES);
	assert_true(json_get_u64(file, "cached") >= 1);
	assert_true(json_get_u64(file, "cached") <= PAGES);
	for (size_t i = 1; i < json_array_size(json_object_get(run.json, "files")); i++) {
		json_t *files = json_object_get(run.json, "files");
		const json_t *before = json_object_get(json_array_get(files, i - 1), "cached");
		const json_t *now = json_object_get(json_array_get(files, i), "cached");

		if (!json_is_null(before) && !json_is_null(now))
			assert_true(json_integer_value(before) >= json_integer_value(now));
	}
	run_clear(&run);
	child_stop(&one);
	child_stop(&two);
}

static void test_tree_and_total(void **state)
{
	struct fixture *fixture = *state;
	const char *const args[] = { "cache", "-r", fixture->dir, "--total", "--json", NULL };
	char sub[128], link_path[160], fifo[160];
	struct run run;

	snprintf(sub, sizeof(sub), "%s/sub", fixture->dir);
	snprintf(link_path, sizeof(link_path), "%s/again", sub);
	snprintf(fifo, sizeof(fifo), "%s/fifo", sub);
	assert_return_code(mkdir(sub, 0700), errno);
	assert_return_code(link(fixture->path, link_path), errno);
	assert_return_code(mkfifo(fifo, 0600), errno);
	run = run_pagewalk(args);
	run_expect(&run, 0);
	/* Two names of one file count once; the FIFO is left alone. */
	assert_int_equal(json_array_size(json_object_get(run.json, "files")), 1);
	assert_int_equal(json_get_u64(json_object_get(run.json, "total"), "pages"), PAGES);
	run_clear(&run);
	unlink(fifo);
	unlink(link_path);
	rmdir(sub);
}

/* A file system whose server never says a word. */
static void test_silent_file_system(void **state)
{
	struct fixture *fixture = *state;
	char dir[128], path[160], options[96];
	const char *const args[] = { "cache", "--timeout", "0.2", path, fixture->path, NULL };
	int fuse_fd = open("/dev/fuse", O_RDWR | O_CLOEXEC), mounted;
	struct run run;

	if (fuse_fd < 0)
		run_skip("no /dev/fuse");
	snprintf(dir, sizeof(dir), "%s/silent", fixture->dir);
	snprintf(path, sizeof(path), "%s/file", dir);
	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0", fuse_fd);
	assert_return_code(mkdir(dir, 0700), errno);
	mounted = mount("pagewalk-test", dir, "fuse", MS_NOSUID | MS_NODEV, options);
	if (mounted) {
		close(fuse_fd);
		rmdir(dir);
		run_skip("mounting is not for us");
	}
	run = run_pagewalk(args);
	umount2(dir, MNT_DETACH);
	close(fuse_fd);
	rmdir(dir);
	/* It is named, and the others are answered nevertheless. */
	assert_int_equal(run.status, 1);
	assert_non_null(strstr(run.err, "no answer in time"));
	assert_non_null(strstr(run.out, fixture->path));
	run_clear(&run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_one_frame_from_all_sides, setup, teardown),
		cmocka_unit_test_setup_teardown(test_looking_touches_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_own_mapping_leaves_no_trace, setup, teardown),
		cmocka_unit_test_setup_teardown(test_own_mapping_agrees, setup, teardown),
		cmocka_unit_test_setup_teardown(test_own_mapping_past_the_end, setup, teardown),
		cmocka_unit_test_setup_teardown(test_events, setup, teardown),
		cmocka_unit_test_setup_teardown(test_watch, setup, teardown),
		cmocka_unit_test_setup_teardown(test_top, setup, teardown),
		cmocka_unit_test_setup_teardown(test_tree_and_total, setup, teardown),
		cmocka_unit_test_setup_teardown(test_silent_file_system, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
