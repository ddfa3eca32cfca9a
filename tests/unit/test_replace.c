/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Replacing what a file holds: its mode, links to it, and what is no file stay as they are. */
#include "base/replace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[] = "/tmp/pagewalk-replace-XXXXXX";

static const char *in_dir(const char *name, char path[64])
{
	snprintf(path, 64, "%s/%s", dir, name);
	return path;
}

static void expect_text(const char *path, const char *text)
{
	char got[64] = "";
	int fd = open(path, O_RDONLY | O_NONBLOCK);

	assert_return_code(fd, errno);
	assert_int_equal(read(fd, got, sizeof(got) - 1), strlen(text));
	assert_string_equal(got, text);
	close(fd);
}

static mode_t mode_of(const char *path)
{
	struct stat st;

	assert_return_code(lstat(path, &st), errno);
	return st.st_mode;
}

static void test_new_and_again(void **state)
{
	char path[64];

	(void)state;
	in_dir("file", path);
	assert_int_equal(replace_file(path, "one", 3), 0);
	assert_int_equal(mode_of(path), S_IFREG | 0600);
	assert_return_code(chmod(path, 0644), errno);
	assert_int_equal(replace_file(path, "another", 7), 0);
	assert_int_equal(mode_of(path), S_IFREG | 0644);
	expect_text(path, "another");
	assert_return_code(unlink(path), errno);
}

static void test_link_stays(void **state)
{
	char path[64], link[64];

	(void)state;
	in_dir("file", path);
	in_dir("link", link);
	assert_int_equal(replace_file(path, "one", 3), 0);
	assert_return_code(symlink("file", link), errno);
	assert_int_equal(replace_file(link, "two", 3), 0);
	assert_true(S_ISLNK(mode_of(link)));
	expect_text(path, "two");
	assert_return_code(unlink(link), errno);
	assert_return_code(unlink(path), errno);
}

/* A FIFO stands for all that is no file, as devices are: root must not lose one. */
static void test_what_is_no_file_stays(void **state)
{
	char path[64], got[16] = "";
	int fd;

	(void)state;
	in_dir("fifo", path);
	assert_return_code(mkfifo(path, 0600), errno);
	assert_int_equal(replace_file(path, "one", 3), -ENXIO);
	fd = open(path, O_RDONLY | O_NONBLOCK);
	assert_return_code(fd, errno);
	assert_int_equal(replace_file(path, "two", 3), 0);
	assert_int_equal(read(fd, got, sizeof(got) - 1), 3);
	assert_string_equal(got, "two");
	close(fd);
	assert_true(S_ISFIFO(mode_of(path)));
	assert_return_code(unlink(path), errno);
}

static void test_refusals(void **state)
{
	char path[64];

	(void)state;
	assert_int_equal(replace_file(dir, "one", 3), -EISDIR);
	assert_int_equal(replace_file(in_dir("none/file", path), "one", 3), -ENOENT);
}

static int setup(void **state)
{
	(void)state;
	return mkdtemp(dir) ? 0 : -1;
}

/* Fails where anything was left beside what was asked for. */
static int teardown(void **state)
{
	(void)state;
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_new_and_again),
		cmocka_unit_test(test_link_stays),
		cmocka_unit_test(test_what_is_no_file_stays),
		cmocka_unit_test(test_refusals),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
