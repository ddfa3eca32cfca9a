/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files that are replaced, cut off, lengthened or taken away between two transfers of a benchmark.
 * The rounds are run in this process, so that the moment is known: the call that says which
 * lane is next.
 */
#include "base/xalloc.h"
#include "lab/bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define FILE_BYTES (1 << 20)
#define ROUNDS     3

/* What happens to a file, and when. */
struct accident {
	void (*happen)(const char *path);
	const char *lane; /* before its turn in round 2; NULL: before the first of all */
	const char *path; /* of the file */
	bool happened;
};

struct fixture {
	struct host *host;
	char dir[64];
	char *file;
};

static void write_file(const char *path, size_t len_bytes)
{
	char *block = xcalloc(1, len_bytes);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_return_code(fd, errno);
	assert_int_equal(write(fd, block, len_bytes), len_bytes);
	close(fd);
	free(block);
}

static int setup(void **state)
{
	struct fixture *fixture = xcalloc(1, sizeof(*fixture));

	strcpy(fixture->dir, "/var/tmp/pagewalk-test-XXXXXX");
	assert_non_null(mkdtemp(fixture->dir));
	fixture->host = host_new("");
	fixture->file = xasprintf("%s/own", fixture->dir);
	write_file(fixture->file, FILE_BYTES);
	*state = fixture;
	return 0;
}

/* However it ended: no process, and nothing in the directory but the user's own file. */
static int teardown(void **state)
{
	struct fixture *fixture = *state;

	errno = 0;
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	unlink(fixture->file);
	assert_int_equal(rmdir(fixture->dir), 0);
	host_free(fixture->host);
	free(fixture->file);
	free(fixture);
	return 0;
}

static void replace(const char *path)
{
	char *other = xasprintf("%s.new", path);

	/* Of the same size, so that nothing but its identity tells it from the first. */
	write_file(other, FILE_BYTES);
	assert_int_equal(rename(other, path), 0);
	free(other);
}

static void cut_off(const char *path)
{
	assert_int_equal(truncate(path, FILE_BYTES / 2 + 1), 0);
}

static void lengthen(const char *path)
{
	assert_int_equal(truncate(path, FILE_BYTES + 1), 0);
}

static void take_away(const char *path)
{
	assert_int_equal(unlink(path), 0);
}

static void on_progress(void *arg, const struct bench_progress *progress)
{
	struct accident *accident = arg;

	if (accident->happened || strcmp(progress->doing, "round") || progress->round != 2 ||
	    !progress->lane || (accident->lane && strcmp(progress->lane, accident->lane)))
		return;
	accident->happened = true;
	accident->happen(accident->path);
}

/* Runs three rounds in which it happens. The caller frees the benchmark. */
static struct bench *run(const struct fixture *fixture, bool one_file, struct accident *accident)
{
	static atomic_bool never;
	const struct bench_watch watch = { &never, on_progress, accident };
	struct bench_plan plan = {
		.config = { .size_bytes = FILE_BYTES,
			    .rounds = ROUNDS,
			    .seed = 1,
			    .start = LAB_HOT,
			    .sample_ns = 50000000,
			    .timeout_ns = UINT64_C(20000000000),
			    .share = one_file },
		.file = one_file ? fixture->file : NULL,
		.dir = fixture->dir,
		.actor_path = getenv("PAGEWALK_ACTOR"),
		.nr_modes = 2,
		.nr_sinks = 1,
		.modes = { MODE_SENDFILE, MODE_MMAP_WRITE },
		.sinks = { SINK_MEMORY },
	};
	struct bench *bench;
	char error[200] = "";

	if (bench_run(fixture->host, &plan, &watch, &bench, error, sizeof(error)))
		fail_msg("%s", error);
	assert_true(accident->happened);
	return bench;
}

/* From round 2 on, every transfer failed, and says this. */
static void expect_all_fail(const struct bench *bench, const char *reason)
{
	for (size_t i = 0; i < bench->nr_results; i++) {
		const struct bench_result *result = &bench->results[i];

		if (result->round == 1) {
			assert_int_equal(result->state, BENCH_DONE);
			continue;
		}
		assert_int_equal(result->state, BENCH_FAILED);
		if (!strstr(result->error, reason))
			fail_msg("%s, not %s", result->error, reason);
	}
}

static void test_the_users_file_is_another_one(void **state)
{
	static const struct {
		void (*happen)(const char *path);
		const char *reason;
	} cases[] = {
		{ replace, "was replaced" },
		{ cut_off, "the file shrank" },
		{ lengthen, "the file grew" },
		{ take_away, "No such file" },
	};
	const struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct accident accident = { .happen = cases[i].happen, .path = fixture->file };
		struct bench *bench;

		write_file(fixture->file, FILE_BYTES);
		bench = run(fixture, true, &accident);
		assert_int_equal(bench->nr_results, ROUNDS * 4);
		expect_all_fail(bench, cases[i].reason);
		bench_free(bench);
	}
}

/* Finds the lane's own file when it happens: before that there is none. */
static void replace_own(const char *pattern)
{
	glob_t found;

	assert_int_equal(glob(pattern, 0, NULL, &found), 0);
	assert_int_equal(found.gl_pathc, 1);
	replace(found.gl_pathv[0]);
	globfree(&found);
}

static void test_the_other_lanes_go_on(void **state)
{
	const struct fixture *fixture = *state;
	char *pattern = xasprintf("%s/*/lane-*-sendfile.bin", fixture->dir);
	struct accident accident = { replace_own, "sendfile", pattern, false };
	struct bench *bench = run(fixture, false, &accident);

	for (size_t i = 0; i < bench->nr_results; i++) {
		const struct bench_result *result = &bench->results[i];
		bool failed = bench->lanes[result->lane].mode == MODE_SENDFILE && result->round > 1;

		assert_int_equal(result->state, failed ? BENCH_FAILED : BENCH_DONE);
		if (failed)
			assert_non_null(strstr(result->error, "was replaced"));
	}
	bench_free(bench);
	free(pattern);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_the_users_file_is_another_one, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_the_other_lanes_go_on, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
