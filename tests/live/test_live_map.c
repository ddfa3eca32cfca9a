/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `pagewalk map` against a process whose mappings are known (mkmaps) and against what the
 * test reads of its pagemap by itself. A state is set, checked and measured in one breath,
 * and only what must hold is asserted.
 */
#include "run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PRESENT  (UINT64_C(1) << 63)
#define PFN_MASK ((UINT64_C(1) << 55) - 1)

static struct helper *start(const char *a, const char *b, const char *c)
{
	const char *const argv[] = { "mkmaps", a, b, c, NULL };

	return helper_start(argv);
}

static struct run map_json(const struct helper *helper, const char *option)
{
	char pid[16];
	const char *const args[] = { "map", pid, "--json", option, NULL };
	struct run run;

	snprintf(pid, sizeof(pid), "%d", (int)helper->pid);
	run = run_pagewalk(args);
	run_expect(&run, run_is_privileged() || (option && !strcmp(option, "--states")) ? 0 : 3);
	assert_non_null(run.json);
	return run;
}

static const char *text_of(const json_t *object, const char *field)
{
	return json_string_value(json_object_get(object, field));
}

/* Page i of the area was touched by the helper. */
static bool was_touched(const struct area *area, uint64_t i)
{
	return area->step && i >= area->first && (i - area->first) % area->step == 0;
}

/* The head of the document holds what the contract names. */
static void test_head_of_the_document(void **state)
{
	struct helper *helper = start("dense", NULL, NULL);
	struct run run = map_json(helper, NULL);

	(void)state;
	assert_string_equal(text_of(run.json, "command"), "map");
	assert_non_null(text_of(run.json, "pagewalk"));
	assert_true(json_get_u64(run.json, "taken_ns") > UINT64_C(1600000000000000000));
	assert_int_equal(json_get_u64(run.json, "pid"), helper->pid);
	assert_string_equal(text_of(run.json, "comm"), "mkmaps");
	assert_int_equal(json_get_u64(run.json, "page_size"),
			 json_get_u64(helper->said, "page_size"));
	assert_true(json_get_u64(run.json, "start_time_ticks") > 0);
	assert_non_null(text_of(run.json, "kernel"));
	assert_string_equal(text_of(json_object_get(run.json, "sources"), "vmas"), "maps");
	run_clear(&run);
	helper_stop(helper);
}

/* Anonymous memory: exactly the touched pages, in both ways of asking. */
static void check_anon(const struct helper *helper, const char *name, const char *option)
{
	struct area area = helper_area(helper, name);
	struct run run = map_json(helper, option);
	json_t *vma = run_vma(&run, area.start_addr);

	assert_int_equal(json_get_u64(vma, "pages"), area.nr_pages);
	assert_int_equal(json_get_u64(vma, "present"), area.touched);
	assert_int_equal(json_get_u64(vma, "anon"), area.touched);
	assert_int_equal(json_get_u64(vma, "file"), 0);
	assert_int_equal(json_get_u64(vma, "swapped"), 0);
	run_clear(&run);
}

static void test_stripes_and_dense(void **state)
{
	static const char *const options[] = { NULL, "--states", "--pages" };
	struct helper *helper = start("stripes", "dense", NULL);

	(void)state;
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		helper_again(helper);
		check_anon(helper, "stripes", options[i]);
		check_anon(helper, "dense", options[i]);
	}
	helper_stop(helper);
}

/* Marks the pages of the VMA's runs in seen[], with their frames; each page once. */
static void take_runs(const json_t *vma, const struct area *area, uint64_t page_size,
		      uint64_t *frames, unsigned char *seen)
{
	json_t *runs = json_object_get(vma, "runs"), *one;
	size_t index;

	json_array_foreach(runs, index, one)
	{
		uint64_t first = (json_get_u64(one, "start") - area->start_addr) / page_size;
		uint64_t pages = json_get_u64(one, "pages"), pfn = json_get_u64(one, "pfn");

		assert_string_equal(text_of(one, "state"), "present");
		assert_true(pages > 0 && first + pages <= area->nr_pages);
		for (uint64_t i = 0; i < pages; i++) {
			assert_int_equal(seen[first + i], 0);
			seen[first + i] = 1;
			frames[first + i] = pfn + i;
		}
	}
}

static void check_runs(const struct helper *helper, const char *name)
{
	struct area area = helper_area(helper, name);
	uint64_t page_size = json_get_u64(helper->said, "page_size");
	uint64_t *entries = calloc(area.nr_pages, sizeof(*entries));
	uint64_t *frames = calloc(area.nr_pages, sizeof(*frames));
	unsigned char *seen = calloc(area.nr_pages, 1);
	struct run run = map_json(helper, "--pages");

	read_pagemap(helper->pid, area.start_addr / page_size, area.nr_pages, entries);
	take_runs(run_vma(&run, area.start_addr), &area, page_size, frames, seen);
	for (uint64_t i = 0; i < area.nr_pages; i++) {
		assert_int_equal(seen[i], !!(entries[i] & PRESENT));
		if (was_touched(&area, i))
			assert_int_equal(seen[i], 1);
		if (seen[i])
			assert_int_equal(frames[i], entries[i] & PFN_MASK);
	}
	run_clear(&run);
	free(entries);
	free(frames);
	free(seen);
}

static void test_frames_of_runs_are_those_of_pagemap(void **state)
{
	static const char *const areas[] = { "stripes", "memfd", "private-file" };
	struct helper *helper;

	(void)state;
	if (!run_is_privileged())
		run_skip("frame numbers need root");
	helper = start("stripes", "memfd", "private-file");
	for (size_t i = 0; i < sizeof(areas) / sizeof(areas[0]); i++)
		check_runs(helper, areas[i]);
	helper_stop(helper);
}

/* A gigabyte against the kernel's own sums, of the process as it stands. */
static uint64_t rollup_kib(pid_t pid, const char *name)
{
	char path[64], line[256];
	unsigned long long kib = 0;
	bool found = false;
	FILE *in;

	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)pid);
	in = fopen(path, "r");
	assert_non_null(in);
	while (!found && fgets(line, sizeof(line), in))
		found = !strncmp(line, name, strlen(name)) &&
			sscanf(line + strlen(name), ": %llu", &kib) == 1;
	fclose(in);
	assert_true(found);
	return kib;
}

/* Present pages that smaps counts: it leaves out zero pages and those of vvar, mapped raw. */
static uint64_t present_for_smaps(const struct run *run)
{
	json_t *vmas = json_object_get(run->json, "vmas"), *vma;
	uint64_t present = 0, counted = 0;
	size_t i;

	json_array_foreach(vmas, i, vma)
	{
		json_t *nr = json_object_get(vma, "present");

		if (!json_is_integer(nr))
			continue;
		present += (uint64_t)json_integer_value(nr);
		if (strncmp(text_of(vma, "path"), "[vvar", 5))
			counted += (uint64_t)json_integer_value(nr) - json_get_u64(vma, "zero");
	}
	assert_int_equal(present, json_get_u64(json_object_get(run->json, "totals"), "present"));
	return counted;
}

static bool knows_zero_pages(const struct run *run)
{
	const char *source = text_of(json_object_get(run->json, "sources"), "states");

	return source && !strcmp(source, "PAGEMAP_SCAN");
}

/*
 * The helper stands still in read(2), so both readings are of one state, but reclaim may take
 * pages of its program in between: repeated until before and after agree.
 */
static void test_a_gigabyte_against_smaps_rollup(void **state)
{
	struct helper *helper = start("big", NULL, NULL);
	uint64_t page_kib = json_get_u64(helper->said, "page_size") / 1024;
	bool settled = false, zero_known = true;

	(void)state;
	for (int tries = 0; zero_known && !settled && tries < 20; tries++) {
		uint64_t before, after;
		struct run run;

		helper_again(helper);
		before = rollup_kib(helper->pid, "Rss");
		run = map_json(helper, "--states");
		after = rollup_kib(helper->pid, "Rss");
		zero_known = knows_zero_pages(&run);
		settled = before == after;
		if (settled && zero_known)
			assert_int_equal(present_for_smaps(&run) * page_kib, after);
		run_clear(&run);
	}
	helper_stop(helper);
	if (!zero_known)
		run_skip("without PAGEMAP_SCAN zero pages are not told apart");
	assert_true(settled);
}

static void test_a_reserved_terabyte_holds_nothing(void **state)
{
	struct helper *helper = start("reserve", NULL, NULL);
	struct area area = helper_area(helper, "reserve");
	struct run run = map_json(helper, NULL);
	json_t *vma = run_vma(&run, area.start_addr);

	(void)state;
	assert_string_equal(text_of(vma, "perms"), "---p");
	assert_int_equal(json_get_u64(vma, "pages") * json_get_u64(run.json, "page_size"),
			 UINT64_C(1) << 40);
	assert_int_equal(json_get_u64(vma, "present"), 0);
	assert_int_equal(json_get_u64(vma, "swapped"), 0);
	run_clear(&run);
	helper_stop(helper);
}

static void test_zero_pages(void **state)
{
	struct helper *helper = start("zero", NULL, NULL);
	struct area area = helper_area(helper, "zero");
	struct run run = map_json(helper, "--states");
	json_t *vma = run_vma(&run, area.start_addr);

	(void)state;
	assert_int_equal(json_get_u64(vma, "present"), area.touched);
	if (knows_zero_pages(&run))
		assert_int_equal(json_get_u64(vma, "zero"), area.touched);
	else
		assert_true(json_is_null(json_object_get(vma, "zero")));
	run_clear(&run);
	helper_stop(helper);
}

/* What was written to was copied; what is shared stays the file's. */
static void test_private_and_shared_files(void **state)
{
	struct helper *helper = start("private-file", "shared-file", "memfd");
	struct area copied = helper_area(helper, "private-file");
	struct area shared = helper_area(helper, "shared-file"),
		    memfd = helper_area(helper, "memfd");
	struct run run;
	json_t *vma;

	(void)state;
	if (copied.skip || shared.skip)
		run_skip(copied.skip ? copied.skip : shared.skip);
	run = map_json(helper, NULL);
	vma = run_vma(&run, copied.start_addr);
	assert_string_equal(text_of(vma, "kind"), "file");
	assert_string_equal(text_of(vma, "path"), copied.path);
	assert_int_equal(json_get_u64(vma, "anon"), copied.touched);
	assert_int_equal(json_get_u64(vma, "present"),
			 json_get_u64(vma, "anon") + json_get_u64(vma, "file"));
	vma = run_vma(&run, shared.start_addr);
	assert_int_equal(json_get_u64(vma, "file"), shared.touched);
	assert_int_equal(json_get_u64(vma, "anon"), 0);
	assert_string_equal(text_of(vma, "perms"), "rw-s");
	vma = run_vma(&run, memfd.start_addr);
	assert_string_equal(text_of(vma, "kind"), "shmem");
	assert_true(json_get_u64(vma, "file") >= memfd.touched);
	assert_int_equal(json_get_u64(vma, "anon"), 0);
	run_clear(&run);
	helper_stop(helper);
}

static void test_shared_anonymous_memory(void **state)
{
	struct helper *helper = start("shared-anon", NULL, NULL);
	struct area area = helper_area(helper, "shared-anon");
	struct run run = map_json(helper, NULL);
	json_t *vma = run_vma(&run, area.start_addr);

	(void)state;
	assert_string_equal(text_of(vma, "kind"), "shmem");
	assert_true(json_get_u64(vma, "file") >= area.touched);
	assert_int_equal(json_get_u64(vma, "anon"), 0);
	run_clear(&run);
	helper_stop(helper);
}

static void test_a_huge_page(void **state)
{
	struct helper *helper = start("huge", NULL, NULL);
	struct area area = helper_area(helper, "huge");
	struct run run = { 0 };
	json_t *vma;

	(void)state;
	if (area.skip) {
		print_message("%s\n", area.skip);
		helper_stop(helper);
		run_skip("no huge page");
	}
	run = map_json(helper, NULL);
	vma = run_vma(&run, area.start_addr);
	assert_int_equal(json_get_u64(vma, "present"), area.nr_pages);
	if (json_is_null(json_object_get(vma, "huge")))
		assert_non_null(text_of(json_object_get(vma, "unknown"), "huge"));
	else
		assert_int_equal(json_get_u64(vma, "huge"), area.nr_pages);
	run_clear(&run);
	helper_stop(helper);
}

static void test_names_made_to_mislead(void **state)
{
	static const char part[] = "\x1b[2J\n7f00-8000 rwxp\\xff";
	struct helper *helper = start("named", "hostile-file", NULL);
	struct area named = helper_area(helper, "named");
	struct area file = helper_area(helper, "hostile-file");
	char pid[16];
	const char *const args[] = { "map", pid, NULL };
	struct run run = map_json(helper, NULL);

	(void)state;
	if (!named.skip)
		assert_string_equal(text_of(run_vma(&run, named.start_addr), "path"),
				    "[anon:rw-p 0 x]");
	if (!file.skip)
		assert_non_null(strstr(text_of(run_vma(&run, file.start_addr), "path"), part));
	run_clear(&run);
	/* And nothing of it reaches a terminal. */
	snprintf(pid, sizeof(pid), "%d", (int)helper->pid);
	run = run_pagewalk(args);
	assert_true(run.status == 0 || run.status == 3);
	for (const char *at = run.out; *at; at++)
		assert_true((unsigned char)*at >= ' ' || *at == '\n');
	run_clear(&run);
	helper_stop(helper);
}

/* Any process may look at itself and its own user's; frames stay unknown, and say why. */
static void expect_frames_unknown(const struct run *run)
{
	static const char *const fields[] = { "dirty", "active", "shared" };
	json_t *vmas = json_object_get(run->json, "vmas"), *vma;
	size_t i, nr_checked = 0;

	json_array_foreach(vmas, i, vma)
	{
		json_t *present = json_object_get(vma, "present");

		if (!json_is_integer(present) || !json_integer_value(present))
			continue;
		for (size_t f = 0; f < sizeof(fields) / sizeof(fields[0]); f++) {
			assert_true(json_is_null(json_object_get(vma, fields[f])));
			assert_non_null(strstr(text_of(json_object_get(vma, "unknown"), fields[f]),
					       "denied"));
		}
		nr_checked++;
	}
	assert_true(nr_checked > 0);
}

static void test_without_privilege_frames_are_unknown(void **state)
{
	char pid[16];
	const char *const args[] = { "map", pid, "--json", "--pages", NULL };
	pid_t child;
	struct run run;

	(void)state;
	if (!run_is_privileged())
		run_skip("only root can become another user");
	/* A process of that user: it executes, so that it may be looked at. */
	child = fork();
	if (!child) {
		if (setresgid(65534, 65534, 65534) || setresuid(65534, 65534, 65534))
			_exit(1);
		execl("/bin/sh", "sh", "-c", "kill -STOP $$", NULL);
		_exit(1);
	}
	assert_int_equal(waitpid(child, NULL, WUNTRACED), child);
	snprintf(pid, sizeof(pid), "%d", (int)child);
	run = run_pagewalk_as(65534, args);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	run_expect(&run, 3);
	assert_non_null(run.json);
	assert_non_null(strstr(run.err, "CAP_SYS_ADMIN"));
	expect_frames_unknown(&run);
	run_clear(&run);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_head_of_the_document),
		cmocka_unit_test(test_stripes_and_dense),
		cmocka_unit_test(test_frames_of_runs_are_those_of_pagemap),
		cmocka_unit_test(test_a_gigabyte_against_smaps_rollup),
		cmocka_unit_test(test_a_reserved_terabyte_holds_nothing),
		cmocka_unit_test(test_zero_pages),
		cmocka_unit_test(test_private_and_shared_files),
		cmocka_unit_test(test_shared_anonymous_memory),
		cmocka_unit_test(test_a_huge_page),
		cmocka_unit_test(test_names_made_to_mislead),
		cmocka_unit_test(test_without_privilege_frames_are_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
