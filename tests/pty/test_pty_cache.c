/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Screen 4 of the real program: a file given by its path, its pages, what is asked before the
 * cache is changed, the files of a process, and a file system that never answers.
 */
#include "../live/silent.h"
#include "drive.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGES 256

struct fixture {
	char dir[64], path[128];
	int fd;
};

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	char *page = calloc(1, page_bytes);

	strcpy(fixture->dir, "/var/tmp/pagewalk-pty-XXXXXX");
	assert_non_null(mkdtemp(fixture->dir));
	snprintf(fixture->path, sizeof(fixture->path), "%s/data", fixture->dir);
	fixture->fd = open(fixture->path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	assert_return_code(fixture->fd, errno);
	for (int i = 0; i < PAGES; i++)
		assert_int_equal(write(fixture->fd, page, page_bytes), page_bytes);
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
	free(fixture);
	return 0;
}

static void test_path(void **state)
{
	struct fixture *fixture = *state;
	const char *const args[] = { fixture->path, NULL };
	struct pty *pty = drive_start(80, 24, args, NULL);

	drive_see(pty, "page cache of data");
	drive_see(pty, "%s", fixture->path);
	drive_see(pty, "1 cell = 1 page");
	drive_see(pty, "page 0 = offset 0");
	drive_see(pty, "WHOLE SYSTEM");
	pty_key(pty, PTY_KEY_END);
	drive_see(pty, "page 255 = offset ff000");
	/* A no leaves everything as it is; a yes is carried out and reported. */
	pty_keys(pty, "e");
	drive_see(pty, "Evict this file (fadvise DONTNEED)?");
	pty_keys(pty, "n");
	drive_gone(pty, "Evict this file");
	pty_keys(pty, "e");
	drive_see(pty, "y yes  n no");
	pty_keys(pty, "y");
	drive_see(pty, " stay (");
	drive_see(pty, "  0 %% cached");
	pty_keys(pty, "r");
	drive_see(pty, "Read page 255 (pread)?");
	pty_keys(pty, "y");
	drive_see(pty, "came into the cache");
	pty_keys(pty, "?");
	drive_see(pty, "What this screen shows: cache");
	drive_see(pty, "recently evicted");
	pty_key(pty, PTY_KEY_ESCAPE);
	drive_gone(pty, "What this screen shows");
	pty_resize(pty, 120, 36);
	drive_see(pty, "mapped by 0 processes");
	drive_quit(pty);
}

static void test_no_file(void **state)
{
	struct fixture *fixture = *state;
	const char *const args[] = { fixture->dir, NULL };
	struct pty *pty = drive_start(80, 24, args, NULL);

	drive_see(pty, "is a directory, not a file");
	pty_key(pty, PTY_KEY_ESCAPE);
	drive_exits(pty, 0);
	drive_restored(pty);
	pty_free(pty);
}

static void test_files_of_a_process(void **state)
{
	struct target target;
	char pid[16];
	const char *const args[] = { pid, NULL };
	struct pty *pty;

	(void)state;
	target_start(&target, 1, 1, false, "cache");
	snprintf(pid, sizeof(pid), "%d", (int)target.pid);
	pty = drive_start(120, 36, args, NULL);
	drive_see(pty, "PHYSICAL FRAMES");
	pty_keys(pty, "4");
	drive_see(pty, "open or mapped");
	drive_see(pty, "libc.so.6");
	drive_see(pty, "of process %s", pid);
	pty_key(pty, PTY_KEY_ESCAPE);
	drive_see(pty, "PHYSICAL FRAMES");
	drive_quit(pty);
	target_end(&target);
}

/* Keys are answered, and the program ends, while the file system holds the worker. */
static void test_silent_file_system(void **state)
{
	struct fixture *fixture = *state;
	char dir[128], path[160], options[96];
	const char *const args[] = { path, NULL };
	int fuse_fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	struct pty *pty;

	/* Its leak check would wait for the thread that is left behind. */
	if (drive_is_sanitized()) {
		fprintf(stderr, "skipped: the sanitizer's leak check waits for every thread\n");
		close(fuse_fd);
		skip();
	}
	snprintf(dir, sizeof(dir), "%s/silent", fixture->dir);
	snprintf(path, sizeof(path), "%s/file", dir);
	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0", fuse_fd);
	assert_return_code(mkdir(dir, 0700), errno);
	if (fuse_fd < 0 || mount("pagewalk-test", dir, "fuse", MS_NOSUID | MS_NODEV, options)) {
		if (fuse_fd >= 0)
			close(fuse_fd);
		rmdir(dir);
		fprintf(stderr, "skipped: a file system of our own is not for us\n");
		skip();
	}
	pty = drive_start(80, 24, args, NULL);
	drive_see(pty, "reading");
	pty_keys(pty, "?");
	drive_see(pty, "What this screen shows: cache");
	pty_key(pty, PTY_KEY_ESCAPE);
	drive_gone(pty, "What this screen shows");
	pty_keys(pty, "q");
	drive_exits(pty, 0);
	drive_restored(pty);
	pty_free(pty);
	umount2(dir, MNT_DETACH);
	close(fuse_fd);
	rmdir(dir);
}

/* Screens 3 and 4 of a process that has such a file open and mapped. */
static void test_holder_of_a_silent_file(void **state)
{
	struct fixture *fixture = *state;
	struct silent silent;
	char dir[96], pid[16];
	const char *const args[] = { pid, NULL };
	const char *why;
	struct pty *pty;

	snprintf(dir, sizeof(dir), "%s/silent", fixture->dir);
	if (!silent_start(&silent, dir, &why)) {
		fprintf(stderr, "skipped: %s\n", why);
		skip();
	}
	silent_hold(&silent);
	snprintf(pid, sizeof(pid), "%d", (int)silent.holder);
	pty = drive_start(120, 36, args, NULL);
	drive_see(pty, "PHYSICAL FRAMES");
	pty_keys(pty, "3");
	drive_see(pty, "read in ");
	pty_keys(pty, "4");
	drive_see(pty, "open or mapped");
	drive_see(pty, "WHOLE SYSTEM");
	pty_keys(pty, "?");
	drive_see(pty, "What this screen shows: cache");
	pty_key(pty, PTY_KEY_ESCAPE);
	drive_gone(pty, "What this screen shows");
	drive_quit(pty);
	silent_end(&silent);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_path, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_file, setup, teardown),
		cmocka_unit_test_setup_teardown(test_files_of_a_process, setup, teardown),
		cmocka_unit_test_setup_teardown(test_silent_file_system, setup, teardown),
		cmocka_unit_test_setup_teardown(test_holder_of_a_silent_file, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
