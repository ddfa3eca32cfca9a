/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reports about a process that has a file open and mapped on a file system which has stopped
 * answering: each ends, with what can be known without asking it.
 */
#include "run.h"
#include "silent.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct fixture {
	char dir[64];
	struct silent silent;
};

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	strcpy(fixture->dir, "/var/tmp/pagewalk-silent-XXXXXX");
	assert_non_null(mkdtemp(fixture->dir));
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	if (fixture->silent.holder)
		silent_end(&fixture->silent);
	rmdir(fixture->dir);
	free(fixture);
	return 0;
}

static void start(struct fixture *fixture)
{
	char dir[96];
	const char *why;

	snprintf(dir, sizeof(dir), "%s/silent", fixture->dir);
	if (!silent_start(&fixture->silent, dir, &why))
		run_skip(why);
	silent_hold(&fixture->silent);
}

static json_t *by_path(json_t *array, const char *path)
{
	json_t *row;
	size_t i;

	json_array_foreach(array, i, row)
	{
		const char *text = json_string_value(json_object_get(row, "path"));

		if (text && !strcmp(text, path))
			return row;
	}
	return NULL;
}

static void test_objects(void **state)
{
	struct fixture *fixture = *state;
	char pid[16];
	const char *const args[] = { "objects", pid, "--json", NULL };
	struct run run;
	json_t *inode;

	start(fixture);
	snprintf(pid, sizeof(pid), "%d", (int)fixture->silent.holder);
	run = run_pagewalk(args);
	assert_true(run.status == 0 || run.status == 3);
	assert_non_null(run.json);
	/* The descriptor is listed, though nobody answers for its file. */
	assert_non_null(by_path(json_object_get(run.json, "files"), fixture->silent.path));
	inode = by_path(json_object_get(run.json, "inodes"), fixture->silent.path);
	assert_non_null(inode);
	assert_true(json_is_null(json_object_get(inode, "cached")));
	assert_non_null(strstr(
		json_string_value(json_object_get(json_object_get(inode, "unknown"), "cached")),
		"server"));
	run_clear(&run);
}

static void test_top(void **state)
{
	struct fixture *fixture = *state;
	const char *const args[] = { "cache", "--top", "1000000", "--json", NULL };
	struct run run;
	json_t *row;

	start(fixture);
	run = run_pagewalk(args);
	assert_true(run.status == 0 || run.status == 3);
	row = by_path(json_object_get(run.json, "files"), fixture->silent.path);
	assert_non_null(row);
	/* It is not asked, which is said, and is not 0. */
	assert_true(json_is_null(json_object_get(row, "cached")));
	assert_non_null(json_object_get(json_object_get(row, "unknown"), "cached"));
	run_clear(&run);
}

static void test_map(void **state)
{
	struct fixture *fixture = *state;
	char pid[16];
	const char *const args[] = { "map", pid, "--json", NULL };
	struct run run;
	json_t *row;

	start(fixture);
	snprintf(pid, sizeof(pid), "%d", (int)fixture->silent.holder);
	run = run_pagewalk(args);
	assert_true(run.status == 0 || run.status == 3);
	row = by_path(json_object_get(run.json, "vmas"), fixture->silent.path);
	assert_non_null(row);
	assert_true(json_get_u64(row, "present") >= 1);
	run_clear(&run);
}

/* By its path: the one that is silent is named, the others are answered. */
static void test_path(void **state)
{
	struct fixture *fixture = *state;
	const char *const args[] = { "cache",          "--timeout", "0.2", fixture->silent.path,
				     "/proc/self/exe", NULL };
	const char *const pages[] = { "cache",   "--timeout",          "0.2",
				      "--pages", fixture->silent.path, NULL };
	struct run run;

	start(fixture);
	run = run_pagewalk(args);
	assert_int_equal(run.status, 1);
	assert_non_null(strstr(run.err, "no answer in time"));
	assert_non_null(strstr(run.out, "/proc/self/exe"));
	run_clear(&run);
	run = run_pagewalk(pages);
	assert_int_equal(run.status, 1);
	assert_non_null(strstr(run.err, "no answer in time"));
	run_clear(&run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_objects, setup, teardown),
		cmocka_unit_test_setup_teardown(test_top, setup, teardown),
		cmocka_unit_test_setup_teardown(test_map, setup, teardown),
		cmocka_unit_test_setup_teardown(test_path, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
