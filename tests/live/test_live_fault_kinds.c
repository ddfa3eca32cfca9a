/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every kind of fault, made by mkfaults in known number at known addresses, is recognised and
 * counted exactly; and without the error code of the hardware nothing is called what it is not.
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
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <unistd.h>

struct kind_test {
	const char *step, *kind, *severity;
	const char *first; /* what the same pages took before, as often; NULL: nothing */
	const char *rule;  /* "broken_rule" of each */
};

static const struct kind_test kind_tests[] = {
	{ "anon-read", "anon-read", "minor", NULL, NULL },
	{ "anon-write", "anon-write", "minor", NULL, NULL },
	{ "in-kernel", "anon-write", "minor", NULL, NULL },
	{ "jit", "anon-write", "minor", NULL, NULL },
	{ "thread", "anon-write", "minor", NULL, NULL },
	{ "stack", "stack", "minor", NULL, NULL },
	{ "file-minor", "file-minor", "minor", NULL, NULL },
	{ "file-major", "file-major", "major", NULL, NULL },
	{ "shared-write", "shared-write", "minor", "file-minor", NULL },
	{ "cow-file", "cow", "minor", "file-minor", NULL },
	{ "cow-fork", "cow", "minor", "anon-write", NULL },
	{ "huge", "huge", "minor", NULL, NULL },
	{ "hugetlb", "huge", "minor", NULL, NULL },
	{ "uffd", "uffd", "minor", NULL, NULL },
	{ "segv-unmapped", "segv", "failed", NULL, "no mapping there" },
	{ "segv-read-only", "segv", "failed", NULL, "the mapping may not be written" },
	{ "segv-none", "segv", "failed", NULL, "the mapping may not be read" },
	/* The kernel gives an absent page before it sees that it may not be executed. */
	{ "segv-no-execute", "segv", "failed", "anon-read", "the mapping may not be executed" },
	{ "bus", "bus", "failed", NULL, "the mapping has no page of its file there" },
};

#define NR_KIND_TESTS (sizeof(kind_tests) / sizeof(kind_tests[0]))

/* Has one step made under the eyes of pagewalk. NULL where this machine cannot; said. */
static json_t *make_step(const char *step, const char *const options[], struct stream *stream)
{
	struct piped faulter, watch;
	json_t *hello = faulter_start(&faulter, geteuid(), (const char *[]){ "steps", NULL });
	json_t *said;
	const char *skip;

	watch_start(&watch, stream, geteuid(), options, faulter.pid);
	piped_say(&faulter, step);
	said = piped_hear(&faulter);
	assert_non_null(said);
	/* What must be looked at in the page table stays as it is until pagewalk has ended. */
	usleep(60000);
	watch_end(&watch, stream, SIGINT);
	piped_end(&faulter);
	json_decref(hello);
	assert_int_equal(stream->status, 0);
	skip = json_string_value(json_object_get(said, "skip"));
	if (!skip)
		return said;
	print_message("%s: skipped: %s\n", step, skip);
	json_decref(said);
	stream_clear(stream);
	return NULL;
}

static void show(const struct stream *stream, const json_t *said)
{
	uint64_t start = json_get_u64(said, "start"), end = json_get_u64(said, "end");
	unsigned nr = 0;
	json_t *fault;
	size_t i;

	json_array_foreach(stream->faults, i, fault)
	{
		uint64_t addr = json_get_u64(fault, "address");
		char *text = json_dumps(fault, JSON_COMPACT);

		if (addr >= start && addr < end && nr++ < 6)
			print_message("%s\n", text);
		free(text);
	}
}

/* Whether the kernel shows its addresses to us (kernel.kptr_restrict). */
static bool shows_kernel(void)
{
	unsigned long long addr = 0;
	FILE *in = fopen("/proc/kallsyms", "r");

	if (!in)
		return false;
	/* The first is a function of the kernel's text, or an offset. */
	while (!addr && fscanf(in, "%llx %*[^\n]", &addr) == 1 && !feof(in))
		;
	fclose(in);
	return addr;
}

/* Where the kernel touches it, its function has a name, or it is said why not. */
static void check_site(const struct kind_test *test, const json_t *fault)
{
	bool in_kernel = !strcmp(test->step, "in-kernel");
	const char *module = json_string_value(json_object_get(fault, "module"));
	const json_t *unknown = json_object_get(fault, "unknown");

	assert_int_equal(module && !strcmp(module, "[kernel]"), in_kernel);
	if (in_kernel)
		assert_true(json_is_string(json_object_get(fault, "symbol")) !=
			    json_is_string(json_object_get(unknown, "symbol")));
	if (in_kernel && shows_kernel())
		assert_null(json_object_get(unknown, "symbol"));
}

static void check_faults(const struct kind_test *test, const struct stream *stream,
			 const json_t *said)
{
	uint64_t start = json_get_u64(said, "start"), end = json_get_u64(said, "end");
	json_t *fault;
	size_t i;

	json_array_foreach(stream->faults, i, fault)
	{
		uint64_t addr = json_get_u64(fault, "address");
		const char *kind = json_string_value(json_object_get(fault, "kind"));

		if (addr < start || addr >= end || strcmp(kind, test->kind))
			continue;
		assert_string_equal(json_string_value(json_object_get(fault, "severity")),
				    test->severity);
		check_site(test, fault);
		if (test->rule)
			assert_string_equal(
				json_string_value(json_object_get(fault, "broken_rule")),
				test->rule);
	}
}

static void check_kind(const struct kind_test *test, const char *const options[])
{
	struct stream stream;
	json_t *said = make_step(test->step, options, &stream);
	unsigned n, all;

	if (!said)
		return;
	n = (unsigned)json_get_u64(said, "n");
	all = test->first ? 2 * n : n;
	if (stream_count(&stream, said, test->kind) != n ||
	    (test->first && stream_count(&stream, said, test->first) < 1) ||
	    (!test->first && stream_count(&stream, said, NULL) != all)) {
		show(&stream, said);
		fail_msg("%s: %u of %u are %s", test->step, stream_count(&stream, said, test->kind),
			 n, test->kind);
	}
	check_faults(test, &stream, said);
	assert_int_equal(json_get_u64(stream.summary, "lost"), 0);
	json_decref(said);
	stream_clear(&stream);
}

static void need_tracepoints(void)
{
	if (!run_is_privileged())
		run_skip("the error code needs root");
}

static void write_number(const char *path, const char *text)
{
	FILE *out = fopen(path, "w");

	assert_non_null(out);
	fputs(text, out);
	fclose(out);
}

/* What was changed of the system; put back by a teardown, also where a test failed. */
static const char overcommit[] = "/proc/sys/vm/nr_overcommit_hugepages";
static char overcommit_before[32], device[64], number[32];

static int restore_overcommit(void **state)
{
	(void)state;
	if (overcommit_before[0])
		write_number(overcommit, overcommit_before);
	return 0;
}

static void test_kinds(void **state)
{
	FILE *in;

	(void)state;
	need_tracepoints();
	in = fopen(overcommit, "r");
	if (in) {
		if (fgets(overcommit_before, sizeof(overcommit_before), in))
			write_number(overcommit, "8");
		fclose(in);
	}
	for (size_t i = 0; i < NR_KIND_TESTS; i++) {
		print_message("%s\n", kind_tests[i].step);
		check_kind(&kind_tests[i], NULL);
		check_kind(&kind_tests[i], (const char *[]){ "--no-bpf", NULL });
	}
}

/* A device of compressed memory to swap to. False, with the reason said, where there is none. */
static bool add_swap(void)
{
	char path[128], command[192];
	FILE *in = fopen("/sys/class/zram-control/hot_add", "r");

	if (!in || !fgets(number, (int)sizeof(number), in)) {
		if (in)
			fclose(in);
		return false;
	}
	fclose(in);
	number[strcspn(number, "\n")] = '\0';
	snprintf(path, sizeof(path), "/sys/block/zram%s/disksize", number);
	write_number(path, "64M");
	snprintf(device, sizeof(device), "/dev/zram%s", number);
	snprintf(command, sizeof(command), "mkswap %s >/dev/null 2>&1", device);
	return system(command) == 0 && swapon(device, 0) == 0;
}

static int remove_swap(void **state)
{
	char path[128];

	(void)state;
	if (!number[0])
		return 0;
	swapoff(device);
	snprintf(path, sizeof(path), "/sys/block/zram%s/reset", number);
	write_number(path, "1");
	write_number("/sys/class/zram-control/hot_remove", number);
	return 0;
}

static void test_swap_in(void **state)
{
	static const struct kind_test test = { "swap-in", "swap-in", "major", NULL, NULL };
	struct stream stream;
	json_t *said;
	unsigned n, nr;
	bool added;

	(void)state;
	need_tracepoints();
	if (access("/sys/class/zram-control/hot_add", R_OK))
		run_skip("this kernel has no zram");
	added = add_swap();
	said = added ? make_step("swap-in", NULL, &stream) : NULL;
	if (!added)
		run_skip("swapping to zram is not allowed here");
	if (!said)
		run_skip("nothing was swapped");
	n = (unsigned)json_get_u64(said, "n");
	nr = stream_count(&stream, said, "swap-in");
	if (nr != n)
		show(&stream, said);
	assert_int_equal(nr, n);
	check_faults(&test, &stream, said);
	json_decref(said);
	stream_clear(&stream);
}

/* Without error codes: the right kind, or unknown with its reason; never a wrong one. */
static void test_kinds_without_error_code(void **state)
{
	(void)state;
	for (size_t i = 0; i < NR_KIND_TESTS; i++) {
		const struct kind_test *test = &kind_tests[i];
		struct stream stream;
		unsigned right, unknown, all;
		json_t *said;

		/* What ends in a signal is not among the events that are left. */
		if (!strcmp(test->severity, "failed"))
			continue;
		said = make_step(test->step, (const char *[]){ "--software", NULL }, &stream);
		if (!said)
			continue;
		right = stream_count(&stream, said, test->kind);
		unknown = stream_count(&stream, said, "unknown");
		all = stream_count(&stream, said, NULL);
		if (test->first)
			right += stream_count(&stream, said, test->first);
		print_message("%-12s %u right, %u unknown of %u\n", test->step, right, unknown,
			      all);
		if (all < json_get_u64(said, "n") || right + unknown != all) {
			show(&stream, said);
			fail_msg("%s: %u right, %u unknown of %u", test->step, right, unknown, all);
		}
		json_decref(said);
		stream_clear(&stream);
	}
}

/* One step, after which it goes on. */
static json_t *say_step(struct piped *faulter, const char *step)
{
	json_t *said;

	piped_say(faulter, step);
	said = piped_hear(faulter);
	assert_non_null(said);
	if (json_object_get(said, "skip"))
		run_skip(json_string_value(json_object_get(said, "skip")));
	return said;
}

/* The faults of one place that are of a kind, or NULL, and marked as evicted before. */
static unsigned count_evicted_before(const struct stream *stream, const json_t *where,
				     const char *kind)
{
	struct stream marked = { .faults = json_array() };
	json_t *fault;
	unsigned nr;
	size_t i;

	json_array_foreach(stream->faults, i,
			   fault) if (json_is_true(json_object_get(fault, "evicted_before")))
		json_array_append(marked.faults, fault);
	nr = stream_count(&marked, where, kind);
	stream_clear(&marked);
	return nr;
}

/* A file of n pages is mapped, dropped and mapped again under the eyes of pagewalk. */
struct evicting {
	struct stream stream;
	json_t *first, *again;
	uint64_t n;
};

static void evict(struct evicting *out, uid_t uid, const char *const options[])
{
	struct piped faulter, watch;

	json_decref(faulter_start(&faulter, uid, (const char *[]){ "steps", NULL }));
	watch_start(&watch, &out->stream, uid, options, faulter.pid);
	out->first = say_step(&faulter, "evict-map");
	/* From here on its file is watched. */
	watch_until(&watch, &out->stream, out->first);
	json_decref(say_step(&faulter, "evict-drop"));
	out->again = say_step(&faulter, "evict-again");
	watch_end(&watch, &out->stream, SIGINT);
	piped_end(&faulter);
	out->n = json_get_u64(out->again, "n");
	assert_int_equal(out->stream.status, 0);
}

static void evicting_clear(struct evicting *evicting)
{
	json_decref(evicting->first);
	json_decref(evicting->again);
	stream_clear(&evicting->stream);
}

static bool is_made_file(const json_t *name)
{
	const char *text = json_string_value(name);

	return text && !strncmp(text, "/var/tmp/mkfaults-", strlen("/var/tmp/mkfaults-"));
}

/* The sum of a field of the rows whose name is that of a file made by mkfaults; and how many. */
static uint64_t sum_rows(const json_t *rows, const char *name, const char *field, size_t *nr)
{
	uint64_t sum = 0;
	json_t *row;
	size_t i;

	*nr = 0;
	json_array_foreach(rows, i, row)
	{
		if (!is_made_file(json_object_get(row, name)))
			continue;
		assert_true(json_is_integer(json_object_get(row, field)));
		sum += (uint64_t)json_integer_value(json_object_get(row, field));
		++*nr;
	}
	return sum;
}

/* Skips the test where the made file's evictions are unknown, for no fault of pagewalk's. */
static void need_known_evictions(const struct stream *stream)
{
	const char *overlayfs = "overlayfs keeps the pages in the file system below";
	json_t *row;
	size_t i;

	json_array_foreach(json_object_get(stream->summary, "by_vma"), i, row)
	{
		const char *why = json_string_value(
			json_object_get(json_object_get(row, "unknown"), "evicted"));

		if (is_made_file(json_object_get(row, "vma")) && why &&
		    !strncmp(why, overlayfs, strlen(overlayfs)))
			run_skip("/var/tmp lies on overlayfs, which keeps the pages elsewhere");
	}
}

static void test_evictions(void **state)
{
	struct evicting it;
	const json_t *summary;
	size_t nr;

	(void)state;
	need_tracepoints();
	evict(&it, geteuid(), NULL);
	need_known_evictions(&it.stream);
	summary = it.stream.summary;
	assert_true(json_is_true(json_object_get(it.stream.start, "evictions")));
	assert_int_equal(json_get_u64(summary, "evictions_lost"), 0);
	/* Exactly the pages of the mapped file, and none of the other one. */
	assert_int_equal(
		sum_rows(json_object_get(summary, "evicted_by_file"), "file", "pages", &nr), it.n);
	assert_int_equal(nr, 1);
	assert_int_equal(sum_rows(json_object_get(summary, "by_vma"), "vma", "evicted", &nr), it.n);
	assert_true(nr >= 1);
	assert_true(json_get_u64(summary, "evicted") >= it.n);
	/* Each page is read again, and says that it was there before. */
	assert_int_equal(count_evicted_before(&it.stream, it.again, "file-major"), it.n);
	assert_int_equal(count_evicted_before(&it.stream, it.again, NULL), it.n);
	/* The first faults, at the same addresses or not, are none of them. */
	assert_true(stream_count(&it.stream, it.first, "file-minor") >= 1);
	assert_int_equal(count_evicted_before(&it.stream, it.first, "file-minor"), 0);
	evicting_clear(&it);
}

/* What leaves at once after the first fault of a mapping is that mapping's all the same. */
static void test_evicted_at_once(void **state)
{
	struct piped faulter, watch;
	struct stream stream;
	json_t *first, *at_once;
	uint64_t n;
	size_t nr;

	(void)state;
	need_tracepoints();
	json_decref(faulter_start(&faulter, geteuid(), (const char *[]){ "steps", NULL }));
	watch_start(&watch, &stream, geteuid(), NULL, faulter.pid);
	first = say_step(&faulter, "evict-map");
	watch_until(&watch, &stream, first);
	at_once = say_step(&faulter, "evict-at-once");
	n = json_get_u64(at_once, "n");
	watch_end(&watch, &stream, SIGINT);
	piped_end(&faulter);
	need_known_evictions(&stream);
	assert_int_equal(
		sum_rows(json_object_get(stream.summary, "evicted_by_file"), "file", "pages", &nr),
		n);
	assert_int_equal(nr, 1);
	/* Both mappings have that part of the file. */
	assert_int_equal(sum_rows(json_object_get(stream.summary, "by_vma"), "vma", "evicted", &nr),
			 2 * n);
	assert_int_equal(nr, 2);
	json_decref(first);
	json_decref(at_once);
	stream_clear(&stream);
}

/* Nothing is known, and that is said; no page is called evicted, or not evicted. */
static void check_unknown(uid_t uid, const char *const options[])
{
	static const char *const fields[] = { "evicted", "evictions_lost", "evicted_by_file" };
	struct evicting it;
	const json_t *summary;
	json_t *row;
	size_t i, nr = 0;

	evict(&it, uid, options);
	summary = it.stream.summary;
	assert_true(json_is_null(json_object_get(it.stream.start, "evictions")));
	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		assert_true(json_is_null(json_object_get(summary, fields[i])));
		assert_true(json_is_string(
			json_object_get(json_object_get(summary, "unknown"), fields[i])));
	}
	json_array_foreach(json_object_get(summary, "by_vma"), i, row)
	{
		if (!is_made_file(json_object_get(row, "vma")))
			continue;
		nr++;
		assert_true(json_is_null(json_object_get(row, "evicted")));
		assert_true(json_is_string(
			json_object_get(json_object_get(row, "unknown"), "evicted")));
	}
	assert_true(nr >= 1);
	assert_int_equal(count_evicted_before(&it.stream, it.again, NULL), 0);
	evicting_clear(&it);
}

static void test_evictions_unknown(void **state)
{
	(void)state;
	check_unknown(geteuid(), (const char *[]){ "--software", NULL });
	if (run_is_privileged())
		check_unknown(65534, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_kinds, restore_overcommit),
		cmocka_unit_test_teardown(test_swap_in, remove_swap),
		cmocka_unit_test(test_kinds_without_error_code),
		cmocka_unit_test(test_evictions),
		cmocka_unit_test(test_evicted_at_once),
		cmocka_unit_test(test_evictions_unknown),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
