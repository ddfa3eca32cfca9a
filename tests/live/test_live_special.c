/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory of rarer kinds: swapped (to a zram that the test makes and removes), hugetlb (pages
 * that it reserves and gives back), devices and rings of the kernel's, the last user addresses,
 * names of every length; and a PID that is given to another process.
 */
#include "run.h"

#include "kernel/proc.h"
#include "kernel/walk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define ZRAM_CONTROL "/sys/class/zram-control"

static struct run run_map(pid_t pid, const char *option)
{
	char text[16];
	const char *const args[] = { "map", text, "--json", option, NULL };

	snprintf(text, sizeof(text), "%d", (int)pid);
	return run_pagewalk(args);
}

/* translate's result for one address; the caller clears the run. */
static json_t *translate(struct run *run, pid_t pid, uint64_t addr)
{
	char pid_text[16], addr_text[24];
	const char *const args[] = { "translate", pid_text, addr_text, "--json", NULL };

	snprintf(pid_text, sizeof(pid_text), "%d", (int)pid);
	snprintf(addr_text, sizeof(addr_text), "%llx", (unsigned long long)addr);
	*run = run_pagewalk(args);
	run_expect(run, run_is_privileged() ? 0 : 3);
	return json_array_get(json_object_get(run->json, "results"), 0);
}

static long read_number(const char *path)
{
	FILE *in = fopen(path, "r");
	long number = -1;

	if (in && fscanf(in, "%ld", &number) != 1)
		number = -1;
	if (in)
		fclose(in);
	return number;
}

static bool write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool wrote = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return wrote;
}

/* A command of one device: "mkswap /dev/zram1". */
static bool do_zram(const char *command, long id)
{
	char text[160];

	snprintf(text, sizeof(text), "%s /dev/zram%ld >/dev/null 2>&1", command, id);
	return system(text) == 0;
}

static void remove_zram(long id)
{
	char text[24];

	do_zram("swapoff", id);
	snprintf(text, sizeof(text), "%ld", id);
	write_text(ZRAM_CONTROL "/hot_remove", text);
}

/* Swap of 32 MiB in memory: its number, or -1 where there can be none. */
static long make_zram(void)
{
	long id = read_number(ZRAM_CONTROL "/hot_add");
	char path[64];

	if (id < 0)
		return -1;
	snprintf(path, sizeof(path), "/sys/block/zram%ld/disksize", id);
	if (write_text(path, "33554432") && do_zram("mkswap", id) && do_zram("swapon -p 32767", id))
		return id;
	remove_zram(id);
	return -1;
}

/* What the test reads of the page table itself. */
static uint64_t count_swapped(const struct helper *helper, const struct area *area)
{
	uint64_t *entries = calloc(area->nr_pages, sizeof(*entries)), nr = 0;

	assert_non_null(entries);
	read_pagemap(helper->pid, area->start_addr / 4096, area->nr_pages, entries);
	for (uint64_t i = 0; i < area->nr_pages; i++)
		nr += entries[i] >> 62 & 1;
	free(entries);
	return nr;
}

static void check_swapped(const struct helper *helper)
{
	struct area area = helper_area(helper, "paged-out");
	uint64_t before = count_swapped(helper, &area), after, entry, swapped = 0, said;
	struct run run = run_map(helper->pid, NULL);
	json_t *vma, *result, *swap;

	after = count_swapped(helper, &area);
	run_expect(&run, 0);
	vma = run_vma(&run, area.start_addr);
	said = json_get_u64(vma, "swapped");
	assert_true(before > 0);
	assert_true(said <= before && said >= after);
	assert_int_equal(said + json_get_u64(vma, "present"), area.nr_pages);
	assert_true(json_get_u64(json_object_get(run.json, "totals"), "swapped") >= said);
	run_clear(&run);
	for (uint64_t i = 0; i < area.nr_pages && !swapped; i++) {
		read_pagemap(helper->pid, area.start_addr / 4096 + i, 1, &entry);
		swapped = entry >> 62 & 1 ? area.start_addr + i * 4096 : 0;
	}
	assert_true(swapped);
	result = translate(&run, helper->pid, swapped);
	assert_true(json_is_true(json_object_get(result, "swapped")));
	assert_true(json_is_false(json_object_get(result, "present")));
	swap = json_object_get(result, "swap");
	assert_int_equal(json_get_u64(swap, "type"), entry & 0x1f);
	assert_int_equal(json_get_u64(swap, "offset"), (entry & ((UINT64_C(1) << 55) - 1)) >> 5);
	run_clear(&run);
}

static void test_swapped_pages(void **state)
{
	static const char *const argv[] = { "mkmaps", "paged-out", NULL };
	struct helper *helper;
	struct area area;
	bool paged_out;
	long id;

	(void)state;
	if (!run_is_privileged())
		run_skip("only root can make swap");
	id = make_zram();
	if (id < 0)
		run_skip("no zram to swap to (module zram, mkswap, swapon)");
	helper = helper_start(argv);
	area = helper_area(helper, "paged-out");
	paged_out = count_swapped(helper, &area) > 0;
	if (paged_out)
		check_swapped(helper);
	helper_stop(helper);
	remove_zram(id);
	if (!paged_out)
		run_skip("nothing was paged out: MADV_PAGEOUT is refused here");
}

static void check_hugetlb(const struct helper *helper)
{
	struct area area = helper_area(helper, "hugetlb");
	struct run run = run_map(helper->pid, NULL);
	json_t *vma = run_vma(&run, area.start_addr), *result;

	run_expect(&run, 0);
	assert_string_equal(json_string_value(json_object_get(vma, "kind")), "hugetlb");
	assert_int_equal(json_get_u64(vma, "present"), area.nr_pages);
	assert_int_equal(json_get_u64(vma, "huge"), area.nr_pages);
	run_clear(&run);
	result = translate(&run, helper->pid, area.start_addr + 5 * 4096 + 7);
	assert_int_equal(json_get_u64(result, "leaf_bytes"), 2 << 20);
	assert_true(json_is_true(json_object_get(result, "present")));
	/* The frame is that of the page within the huge one. */
	assert_int_equal(json_get_u64(result, "pfn") % 512, 5);
	assert_int_equal(json_get_u64(result, "physical"), json_get_u64(result, "pfn") * 4096 + 7);
	run_clear(&run);
}

static void test_hugetlb_pages(void **state)
{
	static const char path[] = "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages";
	static const char *const argv[] = { "mkmaps", "hugetlb", NULL };
	long before = read_number(path);
	struct helper *helper;
	bool had_pages;
	char text[24];

	(void)state;
	if (before < 0 || !run_is_privileged())
		run_skip("only root can reserve hugetlb pages, where the kernel has them");
	snprintf(text, sizeof(text), "%ld", before + 4);
	assert_true(write_text(path, text));
	helper = helper_start(argv);
	had_pages = !helper_area(helper, "hugetlb").skip;
	if (had_pages)
		check_hugetlb(helper);
	helper_stop(helper);
	snprintf(text, sizeof(text), "%ld", before);
	assert_true(write_text(path, text));
	if (!had_pages)
		run_skip("no memory for hugetlb pages");
}

static void test_devices_and_the_end_of_addresses(void **state)
{
	static const char *const argv[] = { "mkmaps", "top", "dev-zero", "perf-ring", NULL };
	static const char *const names[] = { "top", "dev-zero", "perf-ring" };
	struct helper *helper = helper_start(argv);
	struct run run = run_map(helper->pid, "--pages"), one;

	(void)state;
	run_expect(&run, run_is_privileged() ? 0 : 3);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct area area = helper_area(helper, names[i]);
		json_t *vma, *result;

		if (area.skip) {
			print_message("%s: %s\n", names[i], area.skip);
			continue;
		}
		vma = run_vma(&run, area.start_addr);
		assert_int_equal(json_get_u64(vma, "pages"), area.nr_pages);
		/* What remap_pfn_range(9) mapped, pagemap passes over: that is not 0 pages. */
		if (!strcmp(names[i], "perf-ring")) {
			assert_true(json_is_null(json_object_get(vma, "present")));
			assert_non_null(
				json_object_get(json_object_get(vma, "unknown"), "present"));
			continue;
		}
		assert_true(json_get_u64(vma, "present") >= area.touched);
		result = translate(&one, helper->pid, area.start_addr);
		assert_true(json_is_true(json_object_get(result, "present")));
		run_clear(&one);
	}
	run_clear(&run);
	helper_stop(helper);
}

/* Outside user addresses: listed, unknown with its reason, and no failure. */
static void test_vsyscall(void **state)
{
	static const char *const argv[] = { "mkmaps", "dense", NULL };
	struct helper *helper = helper_start(argv);
	struct run run = run_map(helper->pid, NULL);
	json_t *vmas = json_object_get(run.json, "vmas");
	json_t *last = json_array_get(vmas, json_array_size(vmas) - 1);

	(void)state;
	run_expect(&run, run_is_privileged() ? 0 : 3);
	if (!strcmp(json_string_value(json_object_get(last, "path")), "[vsyscall]")) {
		assert_true(json_is_null(json_object_get(last, "present")));
		assert_non_null(json_object_get(json_object_get(last, "unknown"), "present"));
	} else {
		print_message("this kernel maps no vsyscall page\n");
	}
	run_clear(&run);
	helper_stop(helper);
}

static void test_names_of_every_kind(void **state)
{
	static const char *const argv[] = {
		"mkmaps",       "long-file", "as-if-deleted-file", "named-deleted-file",
		"deleted-file", NULL
	};
	struct helper *helper = helper_start(argv);
	struct run run = run_map(helper->pid, NULL);
	struct area area = helper_area(helper, "long-file");
	json_t *vma;

	(void)state;
	run_expect(&run, run_is_privileged() ? 0 : 3);
	if (area.skip)
		print_message("long-file: %s\n", area.skip);
	else
		assert_int_equal(
			json_string_length(json_object_get(run_vma(&run, area.start_addr), "path")),
			4095);
	area = helper_area(helper, "as-if-deleted-file");
	assert_null(area.skip);
	vma = run_vma(&run, area.start_addr);
	assert_non_null(strstr(json_string_value(json_object_get(vma, "path")), " (deleted)-"));
	assert_false(json_is_true(json_object_get(vma, "deleted")));
	area = helper_area(helper, "named-deleted-file");
	assert_null(area.skip);
	vma = run_vma(&run, area.start_addr);
	assert_string_equal(json_string_value(json_object_get(vma, "path")), area.path);
	assert_false(json_is_true(json_object_get(vma, "deleted")));
	area = helper_area(helper, "deleted-file");
	assert_null(area.skip);
	vma = run_vma(&run, area.start_addr);
	assert_true(json_is_true(json_object_get(vma, "deleted")));
	run_clear(&run);
	helper_stop(helper);
}

/* A child with this PID and no other, or -errno. */
static pid_t fork_as(pid_t pid)
{
	struct clone_args args = {
		.exit_signal = SIGCHLD,
		.set_tid = (uintptr_t)&pid,
		.set_tid_size = 1,
	};
	long ret = syscall(SYS_clone3, &args, sizeof(args));

	return ret < 0 ? -errno : (pid_t)ret;
}

static int take(void *arg, const struct page_span *span)
{
	(void)arg;
	(void)span;
	return 0;
}

/* Whatever was opened of the first one never answers for the second. */
static void test_a_pid_that_is_used_again(void **state)
{
	static const char *const argv[] = { "mkmaps", "dense", NULL };
	struct host *host = host_new("");
	struct helper *helper = helper_start(argv);
	pid_t pid = helper->pid, again;
	struct walker *walker, *late;
	struct process_info info;
	struct vma_list *list;
	struct proc *proc;
	uint64_t value;

	(void)state;
	assert_int_equal(proc_open(host, pid, &proc), 0);
	assert_int_equal(walker_new(proc, 64, &walker), 0);
	assert_int_equal(proc_read_pulse(proc, &value), 0);
	helper_stop(helper);
	again = fork_as(pid);
	if (!again)
		for (;;)
			pause();
	if (again > 0) {
		assert_int_equal(again, pid);
		assert_int_equal(proc_read_info(proc, &info), 0);
		assert_int_equal(info.life, PROCESS_GONE);
		assert_string_equal(info.comm, "mkmaps");
		assert_int_equal(proc_read_maps(proc, &list), -ESRCH);
		assert_int_equal(proc_read_pulse(proc, &value), -ESRCH);
		assert_int_equal(proc_read_pss(proc, &value), -ESRCH);
		assert_int_equal(walker_new(proc, 64, &late), -ESRCH);
		assert_true(walk_pages(walker, 16, UINT64_C(1) << 34, WALK_ALL, take, NULL) < 0);
		kill(again, SIGKILL);
		waitpid(again, NULL, 0);
	}
	walker_free(walker);
	proc_close(proc);
	host_free(host);
	if (again < 0)
		run_skip("no PID can be chosen here (clone3 set_tid: CAP_CHECKPOINT_RESTORE)");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_swapped_pages),
		cmocka_unit_test(test_hugetlb_pages),
		cmocka_unit_test(test_devices_and_the_end_of_addresses),
		cmocka_unit_test(test_vsyscall),
		cmocka_unit_test(test_names_of_every_kind),
		cmocka_unit_test(test_a_pid_that_is_used_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
