/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where faults come from, of programs that are no friends of a debugger: stripped, deleted while
 * they run, code that was made at run time. Module, offset and symbol are told as far as they can
 * be, and what is null has its reason.
 */
#include "faults_drive.h"
#include "run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY 65534

/* A copy of mkfaults that may be spoilt; mkfaults itself stays the one of the environment. */
struct copy {
	char dir[32], path[64];
	char *original;
};

static void make_copy(struct copy *copy)
{
	struct stat status;
	int from, to;
	off_t at = 0;

	copy->original = strdup(getenv("PAGEWALK_FAULTER") ? getenv("PAGEWALK_FAULTER") : "");
	snprintf(copy->dir, sizeof(copy->dir), "/var/tmp/pagewalk-site-XXXXXX");
	assert_non_null(mkdtemp(copy->dir));
	assert_return_code(chmod(copy->dir, 0755), errno);
	snprintf(copy->path, sizeof(copy->path), "%s/copied", copy->dir);
	from = open(copy->original, O_RDONLY | O_CLOEXEC);
	assert_return_code(from, errno);
	to = open(copy->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
	assert_return_code(to, errno);
	assert_return_code(fstat(from, &status), errno);
	while (at < status.st_size)
		assert_true(sendfile(to, from, &at, (size_t)(status.st_size - at)) > 0);
	close(from);
	close(to);
	setenv("PAGEWALK_FAULTER", copy->path, 1);
}

static void remove_copy(struct copy *copy)
{
	setenv("PAGEWALK_FAULTER", copy->original, 1);
	free(copy->original);
	unlink(copy->path);
	rmdir(copy->dir);
}

/* False where there is no strip(1). */
static bool strip(const char *path)
{
	pid_t pid = fork();
	int status;

	assert_return_code(pid, errno);
	if (!pid) {
		execlp("strip", "strip", "--strip-all", path, NULL);
		_exit(127);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) && !WEXITSTATUS(status);
}

static const char *text_of(const json_t *object, const char *field)
{
	return json_string_value(json_object_get(object, field));
}

/* Why the field is null; the test fails where it is null without a reason. */
static const char *reason_of(const json_t *object, const char *field)
{
	const char *reason = text_of(json_object_get(object, "unknown"), field);

	if (!json_is_null(json_object_get(object, field)))
		return NULL;
	if (!reason)
		fail_msg("%s is null, and nobody says why", field);
	return reason;
}

/* Each null of what tells the place has a reason, and nothing else has. */
static void check_reasons(const json_t *row, bool is_fault)
{
	static const char *const fields[] = { "module", "symbol", "source_line", "module_offset",
					      "vma" };
	size_t nr = is_fault ? 5 : 3;

	for (size_t i = 0; i < nr; i++)
		if (!reason_of(row, fields[i]))
			assert_null(json_object_get(json_object_get(row, "unknown"), fields[i]));
}

/* The faults of one step, watched by `uid` from the time that the faulter waits for it. */
struct watched {
	struct stream stream;
	json_t *said; /* where the step made them */
};

static void watch_step(struct watched *watched, uid_t uid, const char *step,
		       void (*meanwhile)(const struct copy *copy), const struct copy *copy)
{
	struct piped faulter, watch;
	json_t *hello = faulter_start(&faulter, uid, (const char *[]){ "steps", NULL }), *row;
	size_t i;

	if (meanwhile)
		meanwhile(copy);
	watch_start(&watch, &watched->stream, uid, NULL, faulter.pid);
	piped_say(&faulter, step);
	watched->said = piped_hear(&faulter);
	assert_non_null(watched->said);
	watch_end(&watch, &watched->stream, SIGINT);
	piped_end(&faulter);
	json_decref(hello);
	assert_int_equal(watched->stream.status, 0);
	json_array_foreach(watched->stream.faults, i, row) check_reasons(row, true);
	json_array_foreach(json_object_get(watched->stream.summary, "by_site"), i, row)
		check_reasons(row, false);
}

static void forget(struct watched *watched)
{
	json_decref(watched->said);
	stream_clear(&watched->stream);
}

/* The next fault of the step's range after *i, or NULL. */
static json_t *next_made(const struct watched *watched, size_t *i)
{
	uint64_t start = json_get_u64(watched->said, "start");
	uint64_t end = json_get_u64(watched->said, "end");

	while (*i < json_array_size(watched->stream.faults)) {
		json_t *fault = json_array_get(watched->stream.faults, (*i)++);
		uint64_t addr = json_get_u64(fault, "address");

		if (addr >= start && addr < end)
			return fault;
	}
	return NULL;
}

static void test_a_name_where_there_is_one(void **state)
{
	struct watched watched;
	struct copy copy;
	json_t *fault;
	size_t i = 0, nr = 0;

	(void)state;
	make_copy(&copy);
	watch_step(&watched, geteuid(), "anon-write", NULL, &copy);
	while ((fault = next_made(&watched, &i))) {
		assert_string_equal(text_of(fault, "module"), copy.path);
		assert_non_null(text_of(fault, "symbol"));
		nr++;
	}
	assert_true(nr > 0);
	forget(&watched);
	remove_copy(&copy);
}

static void test_stripped(void **state)
{
	struct watched watched;
	struct copy copy;
	json_t *fault;
	size_t i = 0, nr = 0;

	(void)state;
	make_copy(&copy);
	if (!strip(copy.path)) {
		remove_copy(&copy);
		run_skip("there is no strip");
	}
	watch_step(&watched, geteuid(), "anon-write", NULL, &copy);
	while ((fault = next_made(&watched, &i))) {
		assert_string_equal(text_of(fault, "module"), copy.path);
		/* An offset in the file, and not an address. */
		assert_in_range(json_get_u64(fault, "module_offset"), 1, UINT32_MAX);
		assert_non_null(strstr(reason_of(fault, "symbol"), "stripped"));
		assert_non_null(reason_of(fault, "source_line"));
		nr++;
	}
	assert_true(nr > 0);
	forget(&watched);
	remove_copy(&copy);
}

static void delete_it(const struct copy *copy)
{
	assert_return_code(unlink(copy->path), errno);
}

/* The file is found through the process, which holds it. */
static void test_deleted(void **state)
{
	struct watched watched;
	struct copy copy;
	json_t *fault;
	size_t i = 0, nr = 0;

	(void)state;
	if (!run_is_privileged())
		run_skip("/proc/PID/map_files is for root");
	make_copy(&copy);
	watch_step(&watched, geteuid(), "anon-write", delete_it, &copy);
	while ((fault = next_made(&watched, &i))) {
		assert_ptr_equal(strstr(text_of(fault, "module"), copy.path),
				 text_of(fault, "module"));
		assert_in_range(json_get_u64(fault, "module_offset"), 1, UINT32_MAX);
		assert_non_null(text_of(fault, "symbol"));
		nr++;
	}
	assert_true(nr > 0);
	forget(&watched);
	remove_copy(&copy);
}

/* Another file of that name must not be taken for the one that was mapped. */
static void replace_it(const struct copy *copy)
{
	char other[80];
	FILE *out;

	snprintf(other, sizeof(other), "%s/other", copy->dir);
	out = fopen(other, "w");
	assert_non_null(out);
	fputs("not the program", out);
	fclose(out);
	assert_return_code(chmod(other, 0755), errno);
	assert_return_code(rename(other, copy->path), errno);
}

static bool events_for_all(void)
{
	FILE *in = fopen("/proc/sys/kernel/perf_event_paranoid", "r");
	int level = 3;

	if (in) {
		if (fscanf(in, "%d", &level) != 1)
			level = 3;
		fclose(in);
	}
	return level <= 2;
}

static void expect_gone(void (*meanwhile)(const struct copy *copy))
{
	struct watched watched;
	struct copy copy;
	json_t *fault;
	size_t i = 0, nr = 0;

	make_copy(&copy);
	watch_step(&watched, NOBODY, "anon-write", meanwhile, &copy);
	while ((fault = next_made(&watched, &i))) {
		assert_in_range(json_get_u64(fault, "module_offset"), 1, UINT32_MAX);
		assert_non_null(strstr(reason_of(fault, "symbol"), "gone"));
		nr++;
	}
	assert_true(nr > 0);
	forget(&watched);
	remove_copy(&copy);
}

/* Without privilege there is only the path, and that leads nowhere, or elsewhere. */
static void test_deleted_seen_by_nobody(void **state)
{
	(void)state;
	if (geteuid() || !events_for_all())
		run_skip("needs root to become another user, and perf events for all");
	expect_gone(delete_it);
	expect_gone(replace_it);
}

static void test_code_made_at_run_time(void **state)
{
	struct watched watched;
	struct copy copy;
	json_t *fault;
	size_t i = 0, nr = 0;

	(void)state;
	make_copy(&copy);
	watch_step(&watched, geteuid(), "jit", NULL, &copy);
	while (!json_object_get(watched.said, "skip") && (fault = next_made(&watched, &i))) {
		assert_non_null(strstr(reason_of(fault, "module"), "no file"));
		assert_non_null(reason_of(fault, "module_offset"));
		assert_non_null(reason_of(fault, "symbol"));
		assert_true(json_get_u64(fault, "ip") > 0);
		nr++;
	}
	assert_int_equal(nr, 16);
	forget(&watched);
	remove_copy(&copy);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_name_where_there_is_one),
		cmocka_unit_test(test_stripped),
		cmocka_unit_test(test_deleted),
		cmocka_unit_test(test_deleted_seen_by_nobody),
		cmocka_unit_test(test_code_made_at_run_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
