/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whole programs under `pagewalk faults`: what the events lack of the kernel's counters is
 * exactly what has no events, whatever the program does meanwhile.
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
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY 65534
/* More than a program that does nothing has hidden: execve(2) differs by a page or two. */
#define SLACK 32

static uint64_t get(const struct stream *stream, const char *field)
{
	return json_get_u64(stream->summary, field);
}

static void need_root(void)
{
	if (!run_is_privileged())
		run_skip("faults inside system calls are seen by root");
}

/* MiB that a program touches: all that was promised, or less where it must be quick. */
static const char *amount(void)
{
	const char *mib = getenv("PAGEWALK_FAULTS_MIB");

	return mib ? mib : "512";
}

/* Faults whose kind is unknown. */
static uint64_t get_unknown(const struct stream *stream)
{
	const json_t *kinds = json_object_get(stream->summary, "by_kind");

	return (uint64_t)json_integer_value(json_object_get(kinds, "unknown"));
}

/* Runs it and checks that every fault is accounted for. Returns what was hidden. */
static uint64_t run_exact(const char *const options[], const char *const args[])
{
	struct stream stream;
	uint64_t hidden, counted;
	json_t *said;

	watch_command(&stream, options, args, &said);
	assert_int_equal(stream.status, 0);
	assert_non_null(said);
	counted = get(&stream, "minflt") + get(&stream, "majflt");
	assert_int_equal(get(&stream, "lost"), 0);
	hidden = get(&stream, "hidden");
	assert_int_equal(get(&stream, "events") + hidden, counted);
	/* With error codes hardly a kind is unknown: a page of the vdso and the like. */
	if (json_is_true(json_object_get(stream.start, "error_codes")))
		assert_in_range(get_unknown(&stream), 0, 16);
	/* Against what the program itself was told of its counters, just before its end. */
	assert_in_range(counted, json_get_u64(said, "minflt") + json_get_u64(said, "majflt"),
			json_get_u64(said, "minflt") + json_get_u64(said, "majflt") + 4);
	json_decref(said);
	stream_clear(&stream);
	return hidden;
}

/*
 * What is hidden of a program that does nothing: the strings of execve(2), and what the
 * process took before it became the program.
 */
static uint64_t least_hidden(void)
{
	return run_exact((const char *[]){ "--summary", NULL },
			 (const char *[]){ "populate", "0", "0", NULL });
}

static void test_every_fault(void **state)
{
	static const char *const summary[] = { "--summary", NULL };
	static const char *const software[] = { "--summary", "--software", NULL };
	static const char *const follow[] = { "--summary", "--follow", NULL };
	uint64_t most;

	(void)state;
	need_root();
	most = least_hidden() + SLACK;
	assert_in_range(run_exact(summary, (const char *[]){ "threads", "1", amount(), NULL }), 1,
			most);
	assert_in_range(run_exact(summary, (const char *[]){ "threads", "16", amount(), NULL }), 1,
			most);
	assert_in_range(run_exact(software, (const char *[]){ "threads", "16", amount(), NULL }), 1,
			most);
	assert_in_range(run_exact(follow, (const char *[]){ "fork", "8", amount(), NULL }), 1,
			most);
}

/* The same where samples of perf are all that may be had. */
static void test_every_fault_without_bpf(void **state)
{
	static const char *const summary[] = { "--summary", "--no-bpf", NULL };
	static const char *const software[] = { "--summary", "--no-bpf", "--software", NULL };
	static const char *const follow[] = { "--summary", "--no-bpf", "--follow", NULL };
	uint64_t most;

	(void)state;
	need_root();
	most = least_hidden() + SLACK;
	assert_in_range(run_exact(summary, (const char *[]){ "threads", "16", amount(), NULL }), 1,
			most);
	assert_in_range(run_exact(software, (const char *[]){ "threads", "1", amount(), NULL }), 1,
			most);
	assert_in_range(run_exact(follow, (const char *[]){ "fork", "8", amount(), NULL }), 1,
			most);
}

/* Whether programs or samples tell of the faults is said, and why. */
static void test_who_writes_them_down(void **state)
{
	static const char *const args[] = { "populate", "0", "0", NULL };
	struct stream stream;
	json_t *said, *unknown;
	const char *reason;

	(void)state;
	need_root();
	watch_command(&stream, NULL, args, &said);
	unknown = json_object_get(stream.start, "unknown");
	reason = json_string_value(json_object_get(unknown, "bpf"));
	if (reason)
		assert_string_equal(reason, "unsupported");
	else
		assert_true(json_is_true(json_object_get(stream.start, "bpf")));
	json_decref(said);
	stream_clear(&stream);
	watch_command(&stream, (const char *[]){ "--no-bpf", NULL }, args, &said);
	unknown = json_object_get(stream.start, "unknown");
	assert_true(json_is_null(json_object_get(stream.start, "bpf")));
	assert_string_equal(json_string_value(json_object_get(unknown, "bpf")), "not asked");
	json_decref(said);
	stream_clear(&stream);
}

static void test_populated_is_hidden(void **state)
{
	static const char *const summary[] = { "--summary", NULL };
	uint64_t none, populated, locked;

	(void)state;
	need_root();
	none = least_hidden();
	populated = run_exact(summary, (const char *[]){ "populate", "64", "0", NULL });
	locked = run_exact(summary, (const char *[]){ "populate", "0", "16", NULL });
	/* The strings of execve(2) differ by an argument: a page more or less. */
	assert_in_range(populated - none, 64 * 256 - 8, 64 * 256 + 8);
	assert_in_range(locked - none, 16 * 256 - 8, 16 * 256 + 8);
}

/* Faults of one kind alone; what is left out is told, and all of them still balance. */
static void test_only_some_kinds(void **state)
{
	json_t *said, *fault, *kinds, *left_out;
	const char *kind;
	struct stream stream;
	uint64_t shown = 0, others = 0;
	size_t i;

	(void)state;
	need_root();
	watch_command(&stream, (const char *[]){ "--kind", "shared-write,segv", NULL },
		      (const char *[]){ "churn", "100", NULL }, &said);
	assert_int_equal(stream.status, 0);
	json_array_foreach(stream.faults, i, fault) assert_string_equal(
		json_string_value(json_object_get(fault, "kind")), "shared-write");
	kinds = json_object_get(stream.summary, "by_kind");
	left_out = json_object_get(stream.summary, "left_out");
	json_object_foreach(kinds, kind, fault) shown += (uint64_t)json_integer_value(fault);
	json_object_foreach(left_out, kind, fault) others += (uint64_t)json_integer_value(fault);
	assert_int_equal(json_object_size(kinds), 1);
	assert_int_equal(json_get_u64(kinds, "shared-write"), 400);
	assert_int_equal(json_array_size(stream.faults), 400);
	assert_null(json_object_get(left_out, "shared-write"));
	assert_true(json_get_u64(left_out, "anon-write") >= 400);
	assert_int_equal(shown + others, get(&stream, "events") + get(&stream, "failed"));
	assert_int_equal(get(&stream, "events") + get(&stream, "hidden"),
			 get(&stream, "minflt") + get(&stream, "majflt"));
	json_decref(said);
	stream_clear(&stream);
}

static void test_kinds_that_there_are_not(void **state)
{
	struct run run = run_pagewalk(
		(const char *[]){ "faults", "--kind", "cow,heap\n", "--", "true", NULL });

	(void)state;
	run_expect(&run, 2);
	assert_non_null(strstr(run.err, "'heap"));
	assert_non_null(strstr(run.err, "anon-read anon-write stack"));
	assert_string_equal(run.out, "");
	run_clear(&run);
}

static void test_a_process_and_a_command(void **state)
{
	struct run run = run_pagewalk((const char *[]){ "faults", "1", "--", "true", NULL });

	(void)state;
	run_expect(&run, 2);
	assert_non_null(strstr(run.err, "not both"));
	run_clear(&run);
	/* What follows belongs to the command, dashes too. */
	run = run_pagewalk((const char *[]){ "faults", "-s", "--", "echo", "--", "1", NULL });
	run_expect(&run, 0);
	assert_string_equal(run.out, "-- 1\n");
	run_clear(&run);
}

static void test_maps_at_full_speed(void **state)
{
	struct stream stream;
	json_t *said, *kinds;

	(void)state;
	need_root();
	watch_command(&stream, (const char *[]){ "--summary", NULL },
		      (const char *[]){ "churn", "20000", NULL }, &said);
	assert_int_equal(stream.status, 0);
	assert_int_equal(get(&stream, "lost"), 0);
	assert_in_range(get(&stream, "hidden"), 1, least_hidden() + SLACK);
	kinds = json_object_get(stream.summary, "by_kind");
	/*
	 * Every second mapping is of memory, the others of a file; no fault is in the wrong one,
	 * though there is more than is taken out of a ring at once.
	 */
	assert_in_range(json_get_u64(kinds, "anon-write"), 80000, 80100);
	assert_in_range(json_get_u64(kinds, "shared-write"), 80000, 80000);
	json_decref(said);
	stream_clear(&stream);
}

static void test_threads_are_born_meanwhile(void **state)
{
	struct piped faulter, watch;
	struct stream stream;
	json_t *where = faulter_start(&faulter, geteuid(), (const char *[]){ "births", NULL });
	json_t *fault, *said;
	uint64_t first = 0, last = 0;
	unsigned nr;
	size_t i;

	(void)state;
	watch_start(&watch, &stream, geteuid(), NULL, faulter.pid);
	usleep(200000);
	piped_say(&faulter, "");
	said = piped_hear(&faulter);
	watch_end(&watch, &stream, SIGINT);
	piped_end(&faulter);
	nr = stream_count(&stream, where, NULL);
	/* Each of the threads touches 16 pages: none of those born since is missed. */
	json_array_foreach(stream.faults, i, fault)
	{
		uint64_t tid = json_get_u64(fault, "tid");

		if (json_get_u64(fault, "address") < json_get_u64(where, "start") ||
		    json_get_u64(fault, "address") >= json_get_u64(where, "end"))
			continue;
		first = first ? first : tid;
		last = tid;
	}
	assert_true(nr > 16 * 20);
	assert_true(last != first);
	assert_int_equal(get(&stream, "lost"), 0);
	if (run_is_privileged()) {
		/* The first thread may have begun before the watch. */
		assert_true(nr % 16 == 0 || nr > 16 * 20);
		assert_in_range(get(&stream, "hidden"), 0, 16);
	}
	json_decref(said);
	json_decref(where);
	stream_clear(&stream);
}

static void test_many_threads(void **state)
{
	struct piped faulter, watch;
	struct stream stream;
	json_t *where = faulter_start(&faulter, geteuid(),
				      (const char *[]){ "many", "1500", NULL });

	(void)state;
	watch_start(&watch, &stream, geteuid(), NULL, faulter.pid);
	assert_int_equal(json_get_u64(stream.start, "threads") +
				 json_get_u64(stream.start, "threads_unwatched"),
			 1501);
	piped_say(&faulter, "");
	json_decref(piped_hear(&faulter));
	watch_end(&watch, &stream, SIGINT);
	piped_end(&faulter);
	if (json_get_u64(stream.start, "threads_unwatched"))
		assert_true(stream_count(&stream, where, NULL) < 1500);
	else
		assert_int_equal(stream_count(&stream, where, NULL), 1500);
	json_decref(where);
	stream_clear(&stream);
}

static void test_exec_in_the_target(void **state)
{
	struct piped faulter, watch;
	struct stream stream;
	json_t *said = faulter_start(&faulter, geteuid(), (const char *[]){ "steps", NULL });

	(void)state;
	watch_start(&watch, &stream, geteuid(), NULL, faulter.pid);
	json_decref(said);
	piped_say(&faulter, "exec");
	said = piped_hear(&faulter);
	assert_non_null(said);
	json_decref(said);
	piped_say(&faulter, "anon-write");
	said = piped_hear(&faulter);
	watch_end(&watch, &stream, SIGINT);
	piped_end(&faulter);
	assert_int_equal(stream.status, 0);
	assert_int_equal(stream_count(&stream, said, NULL), 16);
	if (run_is_privileged())
		assert_int_equal(stream_count(&stream, said, "anon-write"), 16);
	assert_int_equal(get(&stream, "lost"), 0);
	json_decref(said);
	stream_clear(&stream);
}

static void test_killed_in_a_burst(void **state)
{
	struct piped faulter, watch;
	struct stream stream;
	json_t *said = faulter_start(&faulter, geteuid(), (const char *[]){ "storm", "64", NULL });

	(void)state;
	watch_start(&watch, &stream, geteuid(), (const char *[]){ "--summary", NULL }, faulter.pid);
	usleep(300000);
	kill(faulter.pid, SIGKILL);
	watch_end(&watch, &stream, 0);
	assert_int_equal(piped_end(&faulter), 128 + SIGKILL);
	assert_int_equal(stream.status, 0);
	assert_true(get(&stream, "events") > 1000);
	json_decref(said);
	stream_clear(&stream);
}

/* Of one that faults all the time, the events are of the same time as what the kernel counted. */
static void storm_balances(const char *option)
{
	const char *const options[] = { "--summary", "--duration", "0.5", option, NULL };
	struct piped faulter, watch;
	struct stream stream;
	json_t *said = faulter_start(&faulter, geteuid(), (const char *[]){ "storm", "64", NULL });
	uint64_t events, counted;

	watch_start(&watch, &stream, geteuid(), options, faulter.pid);
	watch_end(&watch, &stream, 0);
	kill(faulter.pid, SIGKILL);
	piped_end(&faulter);
	events = get(&stream, "events");
	counted = get(&stream, "minflt") + get(&stream, "majflt");
	assert_int_equal(stream.status, 0);
	assert_true(events > 1000);
	/* It may be kept from its CPU for a moment between the one and the other. */
	assert_in_range(events, counted - counted / 4, counted + counted / 4);
	/* What was taken while it was attached to, or at the end, is not said to be hidden. */
	assert_in_range(get(&stream, "hidden"), 0, counted / 20);
	json_decref(said);
	stream_clear(&stream);
}

static void test_storm_balances(void **state)
{
	(void)state;
	need_root();
	storm_balances(NULL);
	storm_balances("--follow");
	storm_balances("--no-bpf");
	storm_balances("--software");
}

static void test_signal_of_the_command(void **state)
{
	struct stream stream;
	json_t *said, *fault, *last = NULL;
	size_t i;

	(void)state;
	need_root();
	watch_command(&stream, NULL, (const char *[]){ "segv", "0x123000", NULL }, &said);
	assert_null(said);
	assert_int_equal(stream.status, 128 + SIGSEGV);
	json_array_foreach(stream.faults, i, fault) last = fault;
	assert_non_null(last);
	assert_string_equal(json_string_value(json_object_get(last, "kind")), "segv");
	assert_int_equal(json_get_u64(last, "address"), 0x123000);
	assert_string_equal(json_string_value(json_object_get(last, "broken_rule")),
			    "no mapping there");
	stream_clear(&stream);
	/* Where signals are not seen, that is said. */
	watch_command(&stream, (const char *[]){ "--software", NULL },
		      (const char *[]){ "segv", "0x123000", NULL }, &said);
	assert_int_equal(stream.status, 128 + SIGSEGV);
	assert_true(json_is_null(json_object_get(stream.summary, "fatal_address")));
	assert_non_null(
		json_object_get(json_object_get(stream.summary, "unknown"), "fatal_address"));
	stream_clear(&stream);
}

static void test_as_nobody(void **state)
{
	struct piped faulter, watch;
	struct stream stream;
	json_t *said, *unknown;

	(void)state;
	if (geteuid())
		run_skip("another user than root can only be had by root");
	json_decref(faulter_start(&faulter, NOBODY, (const char *[]){ "steps", NULL }));
	watch_start(&watch, &stream, NOBODY, NULL, faulter.pid);
	assert_false(json_is_true(json_object_get(stream.start, "in_kernel")));
	unknown = json_object_get(stream.start, "unknown");
	assert_non_null(json_object_get(unknown, "error_codes"));
	assert_string_equal(json_string_value(json_object_get(unknown, "bpf")), "denied");
	piped_say(&faulter, "anon-write");
	said = piped_hear(&faulter);
	assert_int_equal(json_get_u64(said, "n"), 16);
	json_decref(said);
	piped_say(&faulter, "in-kernel");
	said = piped_hear(&faulter);
	watch_end(&watch, &stream, SIGINT);
	piped_end(&faulter);
	assert_int_equal(stream.status, 0);
	/* Those inside read(2) are not seen, but they are counted. */
	assert_int_equal(stream_count(&stream, said, NULL), 0);
	assert_in_range(get(&stream, "hidden"), 16, 64);
	assert_true(get(&stream, "events") >= 16);
	json_decref(said);
	stream_clear(&stream);
}

/* Where perf is refused, the counters are what is left, and nothing is made up beside them. */
static void test_perf_refused(void **state)
{
	const char *faulter = getenv("PAGEWALK_FAULTER"), *program = getenv("PAGEWALK");
	struct piped target, watch;
	struct stream stream = { 0 };
	json_t *said = faulter_start(&target, geteuid(), (const char *[]){ "storm", "16", NULL });
	unsigned nr_rates = 0;
	char pid[16];
	json_t *line;
	const char *argv[] = { faulter, "noperf", program, "faults", "--json",
			       "-d",    "2.5",    pid,     NULL };

	(void)state;
	json_decref(said);
	snprintf(pid, sizeof(pid), "%d", (int)target.pid);
	piped_start(&watch, geteuid(), argv);
	while ((line = piped_hear(&watch))) {
		const char *type = json_string_value(json_object_get(line, "type"));

		if (!strcmp(type, "rate")) {
			nr_rates++;
			assert_true(json_get_u64(line, "minflt_per_s") > 100);
		}
		if (!strcmp(type, "start")) {
			assert_true(json_is_null(json_object_get(line, "events")));
			assert_non_null(
				json_object_get(json_object_get(line, "unknown"), "events"));
		}
		if (!strcmp(type, "summary"))
			stream.summary = json_incref(line);
		assert_string_not_equal(type, "fault");
		json_decref(line);
	}
	assert_int_equal(piped_end(&watch), 3);
	kill(target.pid, SIGKILL);
	piped_end(&target);
	assert_in_range(nr_rates, 1, 2);
	assert_non_null(stream.summary);
	assert_true(get(&stream, "minflt") > 100);
	for (size_t i = 0; i < 4; i++) {
		static const char *const fields[] = { "events", "lost", "hidden", "by_kind" };

		assert_true(json_is_null(json_object_get(stream.summary, fields[i])));
	}
	stream_clear(&stream);
}

/* Where bpf(2) alone is refused, samples tell the same, and that is said. */
static void test_bpf_refused(void **state)
{
	const char *faulter = getenv("PAGEWALK_FAULTER"), *program = getenv("PAGEWALK");
	struct piped target, watch;
	json_t *line, *said, *unknown;
	unsigned nr = 0;
	char pid[16];
	const char *argv[] = { faulter, "nobpf", program, "faults", "--json", pid, NULL };

	(void)state;
	need_root();
	json_decref(faulter_start(&target, geteuid(), (const char *[]){ "steps", NULL }));
	snprintf(pid, sizeof(pid), "%d", (int)target.pid);
	piped_start(&watch, geteuid(), argv);
	line = piped_hear(&watch);
	unknown = json_object_get(line, "unknown");
	assert_string_equal(json_string_value(json_object_get(unknown, "bpf")), "denied");
	assert_true(json_is_true(json_object_get(line, "error_codes")));
	json_decref(line);
	piped_say(&target, "anon-write");
	said = piped_hear(&target);
	kill(watch.pid, SIGINT);
	while ((line = piped_hear(&watch))) {
		const char *kind = json_string_value(json_object_get(line, "kind"));
		uint64_t addr = kind ? json_get_u64(line, "address") : 0;

		nr += kind && !strcmp(kind, "anon-write") && addr >= json_get_u64(said, "start") &&
		      addr < json_get_u64(said, "end");
		if (!kind)
			assert_int_equal(json_get_u64(line, "lost"), 0);
		json_decref(line);
	}
	assert_int_equal(piped_end(&watch), 0);
	piped_end(&target);
	assert_int_equal(nr, json_get_u64(said, "n"));
	json_decref(said);
}

/* Two who watch the same process: each sees all of it. */
static void watch_twice(const char *const options[])
{
	static const char *const steps[] = { "anon-write", "file-major", "segv-unmapped" };
	static const char *const kinds[] = { "anon-write", "file-major", "segv" };
	struct piped target, watches[2];
	struct stream streams[2];
	json_t *said[3];

	json_decref(faulter_start(&target, geteuid(), (const char *[]){ "steps", NULL }));
	for (int i = 0; i < 2; i++)
		watch_start(&watches[i], &streams[i], geteuid(), options, target.pid);
	for (size_t step = 0; step < 3; step++) {
		piped_say(&target, steps[step]);
		said[step] = piped_hear(&target);
		assert_non_null(said[step]);
	}
	for (int i = 0; i < 2; i++)
		watch_end(&watches[i], &streams[i], SIGINT);
	piped_end(&target);
	for (size_t step = 0; step < 3; step++) {
		for (int i = 0; i < 2; i++)
			assert_int_equal(stream_count(&streams[i], said[step], kinds[step]),
					 stream_count(&streams[0], said[step], kinds[step]));
		assert_in_range(stream_count(&streams[1], said[step], kinds[step]), 1,
				json_get_u64(said[step], "n"));
		json_decref(said[step]);
	}
	for (int i = 0; i < 2; i++) {
		assert_int_equal(get(&streams[i], "lost"), 0);
		assert_in_range(get(&streams[i], "hidden"), 0, 8);
		stream_clear(&streams[i]);
	}
}

static void test_two_watch_at_once(void **state)
{
	(void)state;
	need_root();
	watch_twice(NULL);
	watch_twice((const char *[]){ "--no-bpf", NULL });
}

/* What a command says and how it ends are its own, also where only the counters are had. */
static void test_command_without_perf(void **state)
{
	const char *faulter = getenv("PAGEWALK_FAULTER"), *program = getenv("PAGEWALK");
	const char *argv[] = { faulter, "noperf", program, "faults", "--json",         "-o",
			       NULL,    "--",     "sh",    "-c",     "echo 5; exit 5", NULL };
	char path[] = "/tmp/pagewalk-faults-XXXXXX";
	struct piped watch;
	int fd = mkstemp(path);
	char text[16] = "";

	(void)state;
	assert_return_code(fd, errno);
	argv[6] = path;
	piped_start(&watch, geteuid(), argv);
	assert_non_null(fgets(text, sizeof(text), watch.from));
	assert_string_equal(text, "5\n");
	assert_int_equal(piped_end(&watch), 5);
	close(fd);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_fault),
		cmocka_unit_test(test_every_fault_without_bpf),
		cmocka_unit_test(test_who_writes_them_down),
		cmocka_unit_test(test_populated_is_hidden),
		cmocka_unit_test(test_only_some_kinds),
		cmocka_unit_test(test_kinds_that_there_are_not),
		cmocka_unit_test(test_a_process_and_a_command),
		cmocka_unit_test(test_maps_at_full_speed),
		cmocka_unit_test(test_threads_are_born_meanwhile),
		cmocka_unit_test(test_many_threads),
		cmocka_unit_test(test_exec_in_the_target),
		cmocka_unit_test(test_killed_in_a_burst),
		cmocka_unit_test(test_storm_balances),
		cmocka_unit_test(test_signal_of_the_command),
		cmocka_unit_test(test_as_nobody),
		cmocka_unit_test(test_perf_refused),
		cmocka_unit_test(test_bpf_refused),
		cmocka_unit_test(test_two_watch_at_once),
		cmocka_unit_test(test_command_without_perf),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
