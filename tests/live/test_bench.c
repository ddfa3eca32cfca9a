/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pagewalk bench and pagewalk sink as programs: what is promised of a report, what must be
 * refused, and that nothing is left however it ends. No figure of speed is asserted.
 */
#include "base/clock.h"
#include "base/xalloc.h"
#include "run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WAIT_MS 60000
#define NOBODY  65534

struct fixture {
	char dir[64], lanes[80], received[80];
};

static int count_names(const char *path)
{
	DIR *dir = opendir(path);
	const struct dirent *entry;
	int nr = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir)))
		nr += entry->d_name[0] != '.';
	closedir(dir);
	return nr;
}

static void remove_all(const char *path)
{
	DIR *dir = opendir(path);
	const struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			unlinkat(dirfd(dir), entry->d_name, 0);
	if (dir)
		closedir(dir);
	rmdir(path);
}

static int setup(void **state)
{
	struct fixture *fixture = xcalloc(1, sizeof(*fixture));

	/* A disk: what is in a tmpfs cannot be evicted. */
	strcpy(fixture->dir, "/var/tmp/pagewalk-test-XXXXXX");
	assert_non_null(mkdtemp(fixture->dir));
	snprintf(fixture->lanes, sizeof(fixture->lanes), "%s/lanes", fixture->dir);
	snprintf(fixture->received, sizeof(fixture->received), "%s/received", fixture->dir);
	assert_int_equal(mkdir(fixture->lanes, 0700), 0);
	assert_int_equal(mkdir(fixture->received, 0700), 0);
	*state = fixture;
	return 0;
}

/* However a test ended: no lane's file and no received file. */
static int teardown(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(count_names(fixture->lanes), 0);
	assert_int_equal(count_names(fixture->received), 0);
	rmdir(fixture->lanes);
	rmdir(fixture->received);
	remove_all(fixture->dir);
	free(fixture);
	return 0;
}

/* A row of the results without what differs from run to run. */
static char *row_text(const json_t *row)
{
	return xasprintf("%s %s %s round %d order %d bytes %d",
			 json_string_value(json_object_get(row, "mode")),
			 json_string_value(json_object_get(row, "sink")),
			 json_string_value(json_object_get(row, "state")),
			 (int)json_get_u64(row, "round"), (int)json_get_u64(row, "order"),
			 (int)json_get_u64(row, "bytes"));
}

static void test_one_seed_gives_the_same_order_and_rows(void **state)
{
	const struct fixture *fixture = *state;
	const char *const args[] = { "bench",
				     "--size",
				     "1MiB",
				     "--rounds",
				     "4",
				     "--modes",
				     "heap,mmap-write,sendfile",
				     "--seed",
				     "77",
				     "--sinks",
				     "memory,discard",
				     "--json",
				     "-",
				     "--dir",
				     fixture->lanes,
				     NULL };
	struct run first = run_pagewalk(args), again = run_pagewalk(args);
	json_t *a, *b;

	run_expect(&first, 0);
	run_expect(&again, 0);
	a = json_object_get(first.json, "results");
	b = json_object_get(again.json, "results");
	assert_int_equal(json_array_size(a), 4 * 2 * 5);
	assert_int_equal(json_array_size(b), 4 * 2 * 5);
	for (size_t i = 0; i < json_array_size(a); i++) {
		char *one = row_text(json_array_get(a, i)), *two = row_text(json_array_get(b, i));

		assert_string_equal(one, two);
		free(one);
		free(two);
	}
	run_clear(&first);
	run_clear(&again);
}

static void test_every_lane_delivers_every_byte(void **state)
{
	static const char *const sizes[] = { "0", "1", "65537", "1048576" };
	const struct fixture *fixture = *state;

	for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
		const char *const args[] = { "bench",
					     "--size",
					     sizes[s],
					     "--rounds",
					     "1",
					     "--warmup",
					     "0",
					     "--modes",
					     "heap,direct,mmap-write,sendfile,splice",
					     "--sinks",
					     "memory,disk,unix",
					     "--json",
					     "-",
					     "--dir",
					     fixture->lanes,
					     NULL };
		struct run run = run_pagewalk(args);
		json_t *summaries, *summary;
		size_t i;

		run_expect(&run, 0);
		summaries = json_object_get(run.json, "summaries");
		assert_int_equal(json_array_size(summaries), 3 * 7);
		json_array_foreach(summaries, i, summary) assert_string_equal(
			json_string_value(json_object_get(summary, "hash")), "equal");
		run_clear(&run);
	}
}

/* Loopback is not to be paced; where there is no TCP, there is nothing to say. */
static void test_the_congestion_control_is_told(void **state)
{
	const struct fixture *fixture = *state;
	const char *const sinks[] = { "memory", "unix" };

	for (size_t i = 0; i < 2; i++) {
		const char *const args[] = {
			"bench",   "--size", "1MiB",   "--rounds", "1",     "--modes",      "heap",
			"--sinks", sinks[i], "--json", "-",        "--dir", fixture->lanes, NULL
		};
		struct run run = run_pagewalk(args);
		json_t *used;

		run_expect(&run, 0);
		used = json_object_get(json_object_get(run.json, "environment"),
				       "congestion_control");
		if (i)
			assert_true(json_is_null(used));
		else
			assert_string_equal(json_string_value(used), "reno");
		run_clear(&run);
	}
}

static const json_t *row_of(const struct run *run, const char *list, const char *mode)
{
	json_t *row;
	size_t i;

	json_array_foreach(
		json_object_get(run->json, list), i,
		row) if (!strcmp(json_string_value(json_object_get(row, "mode")), mode)) return row;
	fail_msg("no %s in the %s", mode, list);
	return NULL;
}

/* By whom the faults were counted, as the sources, the row and the table say it together. */
static void check_faults(const struct run *run, bool perf)
{
	const json_t *sources = json_object_get(run->json, "sources");
	const char *source = json_string_value(json_object_get(sources, "faults"));
	json_t *row;
	size_t i;

	assert_non_null(strstr(source, perf ? "perf_event_open" : "perf: denied"));
	json_array_foreach(json_object_get(run->json, "results"), i, row)
	{
		const json_t *sender = json_object_get(row, "sender");

		if (strcmp(json_string_value(json_object_get(row, "state")), "done"))
			continue;
		assert_string_equal(json_string_value(json_object_get(sender, "faults_by")),
				    perf ? "perf" : "getrusage");
		assert_true(json_get_u64(sender, "minflt_task") >= json_get_u64(sender, "minflt"));
	}
}

/*
 * A file that is written from its mapping is faulted in, and perf sees it; one whose pages are
 * pinned is faulted in by the kernel, and only the task's own count has that.
 */
static void test_faults_are_counted_by_perf(void **state)
{
	const struct fixture *fixture = *state;
	const char *const args[] = {
		"bench",    "--size", "4MiB",         "--modes", "mmap-write,zerocopy",
		"--rounds", "1",      "--warmup",     "0",       "--json",
		"-",        "--dir",  fixture->lanes, NULL
	};
	struct run run = run_pagewalk(args);
	const json_t *row;

	run_expect(&run, 0);
	if (!run_is_privileged()) {
		run_clear(&run);
		run_skip("without root, perf may not be let see the faults of system calls");
	}
	check_faults(&run, true);
	row = json_object_get(row_of(&run, "results", "mmap-write"), "sender");
	assert_true(json_get_u64(row, "minflt") + json_get_u64(row, "majflt") > 0);
	row = row_of(&run, "results", "zerocopy");
	if (!strcmp(json_string_value(json_object_get(row, "state")), "done")) {
		row = json_object_get(row, "sender");
		assert_true(json_get_u64(row, "minflt_task") + json_get_u64(row, "majflt_task") >
			    json_get_u64(row, "minflt") + json_get_u64(row, "majflt"));
	}
	run_clear(&run);
}

static bool perf_is_refused_to_users(void)
{
	FILE *in = fopen("/proc/sys/kernel/perf_event_paranoid", "re");
	int level = -1;

	if (in && fscanf(in, "%d", &level) != 1)
		level = -1;
	if (in)
		fclose(in);
	return level > 1;
}

static void test_faults_are_counted_without_perf_too(void **state)
{
	const struct fixture *fixture = *state;
	const char *const args[] = { "bench",    "--size", "1MiB",         "--modes", "mmap-write",
				     "--rounds", "1",      "--warmup",     "0",       "--json",
				     "-",        "--dir",  fixture->lanes, NULL };
	struct run run;

	if (geteuid())
		run_skip("only root can become nobody");
	if (!perf_is_refused_to_users())
		run_skip("perf_event_paranoid lets every user see the kernel");
	assert_int_equal(chmod(fixture->dir, 0711), 0);
	assert_int_equal(chown(fixture->lanes, NOBODY, NOBODY), 0);
	run = run_pagewalk_as(NOBODY, args);
	run_expect(&run, 0);
	check_faults(&run, false);
	assert_true(json_get_u64(json_object_get(row_of(&run, "results", "mmap-write"), "sender"),
				 "minflt") > 0);
	run_clear(&run);
}

static void test_a_cold_start_is_verified(void **state)
{
	const struct fixture *fixture = *state;
	const char *const args[] = { "bench",   "--size", "1MiB",         "--rounds", "2",
				     "--start", "cold",   "--modes",      "sendfile", "--json",
				     "-",       "--dir",  fixture->lanes, NULL };
	struct run run = run_pagewalk(args);
	json_t *row;
	size_t i;

	run_expect(&run, 0);
	json_array_foreach(json_object_get(run.json, "results"), i, row)
	{
		json_t *start = json_object_get(row, "start");

		/* What it claims to have verified must be what it found. */
		assert_string_equal(json_string_value(json_object_get(start, "wanted")), "cold");
		assert_int_equal(json_is_true(json_object_get(start, "verified")),
				 !json_get_u64(start, "cached_pages"));
		assert_true(json_get_u64(start, "pages") > 0);
	}
	run_clear(&run);
}

static void test_the_command_line_of_java_zero_copy_is_understood(void **state)
{
	const struct fixture *fixture = *state;
	static const char *const names[] = { "own-results.csv", "own-summary.csv",
					     "own-report.json" };
	char *results = xasprintf("--result-dir=%s", fixture->dir);
	char *dir = xasprintf("--server-output-dir=%s", fixture->lanes);
	const char *const args[] = { "bench",
				     "--execution-mode=local",
				     "--file-size=1MB",
				     "--buffer-size=64KB",
				     "--mapped-chunk-size=1MB",
				     "--warmup=1",
				     "--iterations=2",
				     "--cpu-sample-interval-ms=50",
				     "--host=127.0.0.1",
				     "--port=0",
				     "--mode=copy,zero-copy,mapped-buffer",
				     "--server-mode=receive-only,flush",
				     "--delete-generated-file=true",
				     "--delete-received-files=true",
				     "--result-prefix=own",
				     "--write-csv=true",
				     "--write-json=true",
				     results,
				     dir,
				     NULL };
	struct run run = run_pagewalk(args);

	run_expect(&run, 0);
	assert_non_null(strstr(run.out, "mmap-write"));
	assert_non_null(strstr(run.out, "disk sink"));
	for (size_t i = 0; i < 3; i++) {
		char *path = xasprintf("%s/%s", fixture->dir, names[i]);

		assert_int_equal(access(path, R_OK), 0);
		free(path);
	}
	run_clear(&run);
	free(results);
	free(dir);
}

static void test_wrong_usage_is_one_line(void **state)
{
	const struct fixture *fixture = *state;
	char *file = xasprintf("%s/thousand", fixture->dir);
	int fd = open(file, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	const char *const wrong[][6] = {
		{ "bench", "--no-such-option" },
		{ "bench", "--modes", "sendfil" },
		{ "bench", "--modes", "," },
		{ "bench", "--sinks", "floor" },
		{ "bench", "--rounds", "0" },
		{ "bench", "--size", "much" },
		{ "bench", "--start", "warm" },
		{ "bench", "--buffer", "1" },
		{ "bench", "--window", "4097" },
		{ "bench", "--connect", "host:port" },
		{ "bench", "--delete-received-files=false" },
		{ "bench", "--file", file, "--size", "1MiB" },
		{ "bench", "extra" },
		{ "sink", "--listen", "here:there" },
		{ "sink", "--max-connections", "0" },
		{ "sink", "--no-such-option" },
		{ "lab", "--rounds", "0" },
		{ "lab", "--rounds", "100" },
	};

	assert_int_equal(ftruncate(fd, 1000), 0);
	close(fd);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct run run = run_pagewalk(wrong[i]);

		run_expect(&run, 2);
		assert_true(run_said_one_line(&run));
		run_clear(&run);
	}
	free(file);
}

static void test_what_cannot_work_fails_in_one_line(void **state)
{
	const struct fixture *fixture = *state;
	const char *const wrong[][6] = {
		{ "bench", "--file", "/no/such/file", "--dir", fixture->lanes },
		{ "bench", "--file", "/dev", "--dir", fixture->lanes },
		{ "bench", "--size", "15TiB", "--dir", fixture->lanes },
		{ "bench", "--csv", "/dev/null/x", "--dir", fixture->lanes },
		{ "bench", "--connect", "127.0.0.1:1", "--dir", fixture->lanes },
		{ "sink", "--output-dir", "/no/such/dir" },
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct run run = run_pagewalk(wrong[i]);

		run_expect(&run, 1);
		assert_true(run_said_one_line(&run));
		run_clear(&run);
	}
}

/* pagewalk in the background, with what it writes. */
struct program {
	pid_t pid;
	int out_fd;
};

static struct program start(const char *const args[], int err_to_null)
{
	struct program program;
	const char *argv[32] = { getenv("PAGEWALK") };
	int out[2];

	for (size_t i = 0; args[i]; i++)
		argv[i + 1] = args[i];
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	program.pid = fork();
	assert_return_code(program.pid, errno);
	if (!program.pid) {
		dup2(out[1], STDOUT_FILENO);
		if (err_to_null)
			dup2(open("/dev/null", O_WRONLY | O_CLOEXEC), STDERR_FILENO);
		execv(argv[0], (char *const *)argv);
		_exit(126);
	}
	close(out[1]);
	program.out_fd = out[0];
	return program;
}

/* Its exit status once it has ended, or 128 + signal. */
static int await_end(struct program *program, struct rusage *usage)
{
	int status;

	assert_int_equal(wait4(program->pid, &status, 0, usage), program->pid);
	close(program->out_fd);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* The port that a sink says it listens on. */
static int read_port(const struct program *program)
{
	struct pollfd wanted = { .fd = program->out_fd, .events = POLLIN };
	char line[200] = "", *colon;
	size_t len = 0;

	while (len < sizeof(line) - 1 && !memchr(line, '\n', len)) {
		assert_int_equal(poll(&wanted, 1, WAIT_MS), 1);
		assert_int_equal(read(program->out_fd, line + len, 1), 1);
		len++;
	}
	colon = strrchr(line, ':');
	assert_non_null(colon);
	return atoi(colon + 1);
}

static void test_a_sink_elsewhere_gets_what_is_sent(void **state)
{
	const struct fixture *fixture = *state;
	const char *const sink_args[] = { "sink",         "--listen",        "127.0.0.1:0",
					  "--output-dir", fixture->received, NULL };
	struct program sink = start(sink_args, 0);
	char *address = xasprintf("127.0.0.1:%d", read_port(&sink));
	const char *const args[] = { "bench",
				     "--size",
				     "1MiB",
				     "--rounds",
				     "2",
				     "--modes",
				     "direct,mmap-write,sendfile,splice",
				     "--sinks",
				     "memory,discard,disk,unix",
				     "--connect",
				     address,
				     "--json",
				     "-",
				     "--dir",
				     fixture->lanes,
				     NULL };
	struct run run = run_pagewalk(args);
	json_t *summary;
	size_t i;

	/* The unix sink cannot be elsewhere, and the discard sink hashes nothing. */
	run_expect(&run, 3);
	json_array_foreach(json_object_get(run.json, "summaries"), i, summary)
	{
		const char *kind = json_string_value(json_object_get(summary, "sink"));
		const char *hash = json_string_value(json_object_get(summary, "hash"));

		if (!strcmp(kind, "unix")) {
			assert_int_equal(json_get_u64(summary, "rounds_unavailable"), 2);
			continue;
		}
		assert_int_equal(json_get_u64(summary, "rounds"), 2);
		assert_string_equal(hash, strcmp(kind, "discard") ? "equal" : "impossible");
	}
	run_clear(&run);
	assert_int_equal(count_names(fixture->received), 0);
	kill(sink.pid, SIGINT);
	assert_int_equal(await_end(&sink, NULL), 0);
	free(address);
}

/* The sink goes away in the middle: rows with a reason, an end, and nothing left. */
static void test_a_sink_that_goes_away_fails_its_lanes(void **state)
{
	const struct fixture *fixture = *state;
	const char *const sink_args[] = { "sink", "--listen", "127.0.0.1:0", "--once", NULL };
	struct program sink = start(sink_args, 0);
	char *address = xasprintf("127.0.0.1:%d", read_port(&sink));
	const char *const args[] = { "bench",    "--size",      "1MiB",  "--rounds",
				     "2",        "--warmup",    "0",     "--modes",
				     "sendfile", "--connect",   address, "--json",
				     "-",        "--no-verify", "--dir", fixture->lanes,
				     NULL };
	struct run run = run_pagewalk(args);
	unsigned done = 0, failed = 0;
	json_t *row;
	size_t i;

	run_expect(&run, 1);
	json_array_foreach(json_object_get(run.json, "results"), i, row)
	{
		const char *how = json_string_value(json_object_get(row, "state"));

		done += !strcmp(how, "done");
		failed += !strcmp(how, "failed");
		if (!strcmp(how, "failed"))
			assert_non_null(json_string_value(json_object_get(row, "error")));
	}
	assert_int_equal(done, 1);
	assert_int_equal(failed, 5);
	run_clear(&run);
	assert_int_equal(await_end(&sink, NULL), 0);
	free(address);
}

static void test_a_port_in_use_is_one_line(void **state)
{
	const char *const first_args[] = { "sink", "--listen", "127.0.0.1:0", NULL };
	struct program first = start(first_args, 0);
	char *address = xasprintf("127.0.0.1:%d", read_port(&first));
	const char *const args[] = { "sink", "--listen", address, NULL };
	struct run run = run_pagewalk(args);

	(void)state;
	run_expect(&run, 1);
	assert_true(run_said_one_line(&run));
	assert_non_null(strstr(run.err, address));
	run_clear(&run);
	kill(first.pid, SIGTERM);
	assert_int_equal(await_end(&first, NULL), 0);
	free(address);
}

/* True once something is in the directory of the lanes. */
static bool await_files(const char *dir)
{
	uint64_t end_ns = clock_mono_ns() + WAIT_MS * NS_PER_MS;

	while (!count_names(dir))
		if (clock_mono_ns() > end_ns)
			return false;
	return true;
}

/* Ctrl-C while files are written and, a little later each time, while lanes run. */
static void test_an_interrupt_leaves_nothing(void **state)
{
	const struct fixture *fixture = *state;
	const char *const args[] = { "bench",       "--size",  "4MiB",         "--rounds",
				     "900",         "--modes", "sendfile",     "--sinks",
				     "memory,disk", "--dir",   fixture->lanes, NULL };

	for (int i = 0; i < 6; i++) {
		struct program program = start(args, 1);
		const struct timespec later = { 0, i * 60000000L };

		assert_true(await_files(fixture->lanes));
		nanosleep(&later, NULL);
		kill(program.pid, i % 2 ? SIGTERM : SIGINT);
		assert_int_equal(await_end(&program, NULL), 1);
		assert_int_equal(count_names(fixture->lanes), 0);
	}
	/* The actors were its children, not ours; orphans would have come to init. */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

/* What the receiver gets when the file is overwritten in between: the same in every run. */
static void test_copies_are_proved(void **state)
{
	static const struct {
		const char *mode, *verdict;
	} expected[] = { { "sendfile", "shared" },
			 { "splice", "shared" },
			 { "traditional", "copied" },
			 { "mmap-write", "copied" } };
	const struct fixture *fixture = *state;
	const char *const args[] = { "bench",   "--prove",
				     "--modes", "traditional,mmap-write,sendfile,splice",
				     "--json",  "-",
				     "--dir",   fixture->lanes,
				     NULL };
	struct run run = run_pagewalk(args);
	json_t *proof;
	size_t i;

	run_expect(&run, 0);
	assert_int_equal(json_array_size(json_object_get(run.json, "proofs")), 8);
	json_array_foreach(json_object_get(run.json, "proofs"), i, proof)
	{
		const char *mode = json_string_value(json_object_get(proof, "mode"));

		for (size_t e = 0; e < 4; e++)
			if (!strcmp(expected[e].mode, mode))
				assert_string_equal(
					json_string_value(json_object_get(proof, "verdict")),
					expected[e].verdict);
	}
	run_clear(&run);
}

/* The most memory that pagewalk had while it measured files of this size. */
static long peak_kib(const struct fixture *fixture, const char *size)
{
	const char *const args[] = { "bench",    "--size",     size,    "--rounds",
				     "1",        "--warmup",   "0",     "--modes",
				     "sendfile", "--one-file", "--dir", fixture->lanes,
				     NULL };
	struct program program = start(args, 1);
	struct rusage usage;

	assert_int_equal(await_end(&program, &usage), 0);
	return usage.ru_maxrss;
}

/* The file's size is not in pagewalk's memory; a sanitizer's own memory is in both figures. */
static void test_memory_does_not_follow_the_file(void **state)
{
	long small_kib = peak_kib(*state, "8MiB"), large_kib = peak_kib(*state, "128MiB");

	assert_true(large_kib < small_kib + 16 * 1024);
}

#define BENCH_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BENCH_TEST(test_one_seed_gives_the_same_order_and_rows),
		BENCH_TEST(test_every_lane_delivers_every_byte),
		BENCH_TEST(test_the_congestion_control_is_told),
		BENCH_TEST(test_faults_are_counted_by_perf),
		BENCH_TEST(test_faults_are_counted_without_perf_too),
		BENCH_TEST(test_a_cold_start_is_verified),
		BENCH_TEST(test_the_command_line_of_java_zero_copy_is_understood),
		BENCH_TEST(test_wrong_usage_is_one_line),
		BENCH_TEST(test_what_cannot_work_fails_in_one_line),
		BENCH_TEST(test_a_sink_elsewhere_gets_what_is_sent),
		BENCH_TEST(test_a_sink_that_goes_away_fails_its_lanes),
		BENCH_TEST(test_a_port_in_use_is_one_line),
		BENCH_TEST(test_an_interrupt_leaves_nothing),
		BENCH_TEST(test_copies_are_proved),
		BENCH_TEST(test_memory_does_not_follow_the_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
