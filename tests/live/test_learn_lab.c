/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lessons 11 to 15 on the real kernel, as root and without privilege: every claim holds, and
 * nothing is left in the directory of the files, also where the check is interrupted.
 */
#include "run.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static const char *const names[] = { "copy", "direct", "mmap-write", "sendfile", "boundaries" };

#define NR (sizeof(names) / sizeof(names[0]))

static size_t count_entries(const char *path)
{
	DIR *dir = opendir(path);
	const struct dirent *entry;
	size_t nr = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir)))
		nr += entry->d_name[0] != '.';
	closedir(dir);
	return nr;
}

static void expect_all_held(const struct run *run, const char *name)
{
	json_t *lesson_list = json_object_get(run->json, "lessons");
	json_t *lesson, *step, *claim;
	size_t i, j, k, nr = 0;

	assert_true(json_is_array(lesson_list));
	json_array_foreach(lesson_list, i, lesson)
	{
		assert_string_equal(json_string_value(json_object_get(lesson, "name")), name);
		json_array_foreach(json_object_get(lesson, "steps"), j, step)
		{
			json_array_foreach(json_object_get(step, "claims"), k, claim)
			{
				if (!json_is_true(json_object_get(claim, "holds")))
					fail_msg("%s: %s", name, run->out);
				nr++;
			}
		}
	}
	assert_true(nr >= 4);
}

static void check_as(bool root)
{
	char dir[] = "/var/tmp/pagewalk-learn-XXXXXX";

	assert_non_null(mkdtemp(dir));
	assert_int_equal(chmod(dir, 0777), 0);
	for (size_t i = 0; i < NR; i++) {
		const char *const args[] = { "learn", names[i], "--check", "--json",
					     "--dir", dir,      NULL };
		struct run run = root ? run_pagewalk(args) : run_pagewalk_as(65534, args);

		run_expect(&run, 0);
		expect_all_held(&run, names[i]);
		run_clear(&run);
		assert_int_equal(count_entries(dir), 0);
	}
	assert_int_equal(rmdir(dir), 0);
}

static void test_every_claim_holds(void **state)
{
	(void)state;
	check_as(true);
}

static void test_without_privilege_too(void **state)
{
	(void)state;
	if (geteuid())
		run_skip("another user is taken only by root");
	check_as(false);
}

/* Where no file can be made, that is said, and claims are unknown, not broken. */
static void test_no_directory(void **state)
{
	const char *const args[] = { "learn", "copy", "--check", "--dir", "/proc/none", NULL };
	struct run run = run_pagewalk(args);

	(void)state;
	run_expect(&run, 1);
	assert_non_null(strstr(run.err, "cannot make directory /proc/none"));
	assert_non_null(strstr(run.out, "# SKIP"));
	assert_null(strstr(run.out, "\nnot ok"));
	run_clear(&run);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_claim_holds),
		cmocka_unit_test(test_without_privilege_too),
		cmocka_unit_test(test_no_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
