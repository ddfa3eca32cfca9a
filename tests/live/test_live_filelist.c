/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files of this very process: open twice, mapped only, deleted, memfd, and what is none. */
#include "run.h"

#include "kernel/fds.h"
#include "kernel/filelist.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

struct fixture {
	struct host *host;
	struct proc *proc;
	char path[64];
};

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	fixture->host = host_new("");
	assert_int_equal(proc_open(fixture->host, getpid(), &fixture->proc), 0);
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	proc_close(fixture->proc);
	host_free(fixture->host);
	free(fixture);
	return 0;
}

static int make_file(struct fixture *fixture, size_t len_bytes)
{
	int fd;

	snprintf(fixture->path, sizeof(fixture->path), "/tmp/pagewalk-filelist-XXXXXX");
	fd = mkstemp(fixture->path);
	assert_return_code(fd, errno);
	assert_return_code(ftruncate(fd, (off_t)len_bytes), errno);
	return fd;
}

static const struct file_entry *find(const struct file_list *list, int fd)
{
	struct stat st;

	assert_return_code(fstat(fd, &st), errno);
	for (size_t i = 0; i < list->nr; i++)
		if (list->items[i].ino == st.st_ino &&
		    makedev(list->items[i].dev_major, list->items[i].dev_minor) == st.st_dev)
			return &list->items[i];
	return NULL;
}

/* The entry opens to the file that `fd` is. */
static void expect_opens(struct fixture *fixture, const struct file_entry *entry, int fd)
{
	struct stat wanted, got;
	int opened = file_list_open(fixture->proc, entry);

	assert_return_code(opened, -opened);
	assert_return_code(fstat(fd, &wanted), errno);
	assert_return_code(fstat(opened, &got), errno);
	assert_int_equal(wanted.st_ino, got.st_ino);
	assert_int_equal(wanted.st_dev, got.st_dev);
	close(opened);
}

static void test_open_twice_and_mapped(void **state)
{
	struct fixture *fixture = *state;
	int fd = make_file(fixture, 100000), again = open(fixture->path, O_RDONLY | O_CLOEXEC);
	char *map = mmap(NULL, 100000, PROT_READ, MAP_SHARED, fd, 0);
	const struct file_entry *entry;
	struct file_list list;

	assert_ptr_not_equal(map, MAP_FAILED);
	assert_int_equal(file_list_read(fixture->proc, &list), 0);
	entry = find(&list, fd);
	assert_non_null(entry);
	assert_int_equal(entry->nr_fds, 2);
	assert_int_equal(entry->fd, fd);
	assert_int_equal(entry->size_bytes, 100000);
	assert_string_equal(entry->path, fixture->path);
	/* Without map_files the mapping may have another device number; here it must not. */
	if (run_is_privileged()) {
		assert_int_equal(entry->nr_vmas, 1);
		assert_int_equal(entry->start_addr, (uintptr_t)map);
	}
	expect_opens(fixture, entry, fd);
	file_list_clear(&list);
	munmap(map, 100000);
	close(again);
	close(fd);
	unlink(fixture->path);
}

static void test_mapped_only_and_deleted(void **state)
{
	struct fixture *fixture = *state;
	int fd = make_file(fixture, 8192), away;
	char *map = mmap(NULL, 8192, PROT_READ, MAP_SHARED, fd, 0);
	struct file_entry entry;
	struct file_list list;

	assert_ptr_not_equal(map, MAP_FAILED);
	if (!run_is_privileged())
		run_skip("map_files needs CAP_SYS_ADMIN");
	unlink(fixture->path);
	away = fcntl(fd, F_DUPFD_CLOEXEC, 100);
	close(fd);
	assert_int_equal(file_list_read(fixture->proc, &list), 0);
	assert_non_null(find(&list, away));
	entry = *find(&list, away);
	assert_int_equal(entry.fd, away);
	/* By the mapping alone, which is how a file that was closed is reached. */
	entry.fd = -1;
	assert_int_equal(entry.start_addr, (uintptr_t)map);
	expect_opens(fixture, &entry, away);
	file_list_clear(&list);
	munmap(map, 8192);
	close(away);
}

static void test_only_regular_files(void **state)
{
	struct fixture *fixture = *state;
	int pipe_fds[2], memfd = memfd_create("list", MFD_CLOEXEC),
			 null = open("/dev/null", O_RDWR);
	struct file_list list;

	assert_return_code(pipe(pipe_fds), errno);
	assert_int_equal(file_list_read(fixture->proc, &list), 0);
	assert_int_equal(list.fds_why, WHY_OK);
	assert_int_equal(list.maps_why, WHY_OK);
	assert_non_null(find(&list, memfd));
	assert_null(find(&list, pipe_fds[0]));
	assert_null(find(&list, null));
	for (size_t i = 1; i < list.nr; i++)
		for (size_t j = 0; j < i; j++)
			assert_false(list.items[i].ino == list.items[j].ino &&
				     list.items[i].dev_major == list.items[j].dev_major &&
				     list.items[i].dev_minor == list.items[j].dev_minor);
	file_list_clear(&list);
	close(pipe_fds[0]);
	close(pipe_fds[1]);
	close(memfd);
	close(null);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_open_twice_and_mapped),
		cmocka_unit_test(test_mapped_only_and_deleted),
		cmocka_unit_test(test_only_regular_files),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
