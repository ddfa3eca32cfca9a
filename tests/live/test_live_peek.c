/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Peeking at pages of a process in known states: what is present is read and stays what it was, and
 * what is not present is not brought in by it.
 */
#include "run.h"

#include "kernel/inspect.h"
#include "kernel/peek.h"

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
#include <sys/wait.h>
#include <unistd.h>

#define NR_PAGES 8

static struct host *host;
static size_t page_bytes;

/* A child that shares our address space as it was at the fork, and waits. */
static pid_t fork_child(void)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid)
		for (;;)
			pause();
	return pid;
}

static void end_child(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static struct page_peek *peek_at(pid_t pid, const void *at)
{
	struct cgroup_names *cgroups = cgroup_names_new(host);
	struct page_detail detail;
	struct page_peek *peek;
	struct vma_list *vmas;
	struct proc *proc;

	assert_int_equal(proc_open(host, pid, &proc), 0);
	assert_int_equal(proc_read_maps(proc, &vmas), 0);
	assert_int_equal(inspect_address(proc, vmas, cgroups, (uintptr_t)at, &detail), 0);
	peek = peek_page(proc, &detail);
	page_detail_clear(&detail);
	vma_list_free(vmas);
	proc_close(proc);
	cgroup_names_free(cgroups);
	return peek;
}

static void expect_result(pid_t pid, const void *at, enum peek_result result)
{
	struct page_peek *peek = peek_at(pid, at);

	if (peek->result != result)
		fail_msg("%p: %s", at, page_peek_sentence(peek));
	if (result != PEEK_READ)
		assert_int_equal(peek->len_bytes, 0);
	page_peek_unref(peek);
}

static uint64_t entry_of(pid_t pid, const void *at)
{
	uint64_t entry;

	read_pagemap(pid, (uintptr_t)at / page_bytes, 1, &entry);
	return entry;
}

static char *map_pages(int protection)
{
	char *at = mmap(NULL, NR_PAGES * page_bytes, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			0);

	assert_ptr_not_equal(at, MAP_FAILED);
	madvise(at, NR_PAGES * page_bytes, MADV_NOHUGEPAGE);
	return at;
}

static void test_reads_what_is_present(void **state)
{
	char *at = map_pages(PROT_READ | PROT_WRITE);
	struct page_peek *peek;
	uint64_t before;
	pid_t pid;

	(void)state;
	for (size_t i = 0; i < page_bytes; i++)
		at[3 * page_bytes + i] = (char)(i * 7);
	pid = fork_child();
	/* It is shared since the fork: reading it must not make the child a copy of it. */
	before = entry_of(pid, at + 3 * page_bytes);
	peek = peek_at(pid, at + 3 * page_bytes + 17);
	assert_int_equal(peek->result, PEEK_READ);
	assert_int_equal(peek->len_bytes, page_bytes);
	assert_int_equal(peek->addr, (uintptr_t)at + 3 * page_bytes);
	assert_memory_equal(peek->bytes, at + 3 * page_bytes, page_bytes);
	assert_false(peek->faulted);
	assert_false(peek->moved);
	assert_int_equal(entry_of(pid, at + 3 * page_bytes), before);
	page_peek_unref(peek);
	end_child(pid);
	munmap(at, NR_PAGES * page_bytes);
}

static void test_brings_nothing_in(void **state)
{
	char *at = map_pages(PROT_READ | PROT_WRITE);
	pid_t pid = fork_child();

	(void)state;
	for (int i = 0; i < NR_PAGES; i++) {
		expect_result(pid, at + (size_t)i * page_bytes, PEEK_ABSENT);
		assert_int_equal(entry_of(pid, at + (size_t)i * page_bytes) >> 61, 0);
	}
	end_child(pid);
	munmap(at, NR_PAGES * page_bytes);
}

static void test_minds_permissions(void **state)
{
	char *at = map_pages(PROT_READ | PROT_WRITE);
	pid_t pid;

	(void)state;
	at[0] = 1;
	assert_int_equal(mprotect(at, NR_PAGES * page_bytes, PROT_NONE), 0);
	pid = fork_child();
	expect_result(pid, at, PEEK_UNREADABLE);
	expect_result(pid, at + page_bytes, PEEK_ABSENT);
	munmap(at, NR_PAGES * page_bytes);
	end_child(pid);
	pid = fork_child();
	expect_result(pid, at, PEEK_UNMAPPED);
	end_child(pid);
}

/* Where our own [vvar] is, a mapping of frames without pages; 0: there is none. */
static uintptr_t find_vvar(void)
{
	FILE *in = fopen("/proc/self/maps", "r");
	unsigned long start = 0;
	char line[512];

	assert_non_null(in);
	while (fgets(line, sizeof(line), in))
		if (strstr(line, "[vvar]"))
			start = strtoul(line, NULL, 16);
	fclose(in);
	return start;
}

static void test_leaves_devices_alone(void **state)
{
	uintptr_t vvar = find_vvar();
	pid_t pid = fork_child();
	struct page_peek *peek;

	(void)state;
	if (!vvar) {
		end_child(pid);
		run_skip("there is no [vvar] on this machine");
	}
	peek = peek_at(pid, (const void *)vvar);
	/* One that nobody has read yet has no page table entry. */
	assert_true(peek->result == PEEK_DEVICE || peek->result == PEEK_ABSENT);
	page_peek_unref(peek);
	end_child(pid);
}

static void test_a_process_that_ends(void **state)
{
	struct cgroup_names *cgroups = cgroup_names_new(host);
	char *at = map_pages(PROT_READ | PROT_WRITE);
	struct page_detail detail;
	struct page_peek *peek;
	struct vma_list *vmas;
	struct proc *proc;
	pid_t pid;

	(void)state;
	at[0] = 1;
	pid = fork_child();
	assert_int_equal(proc_open(host, pid, &proc), 0);
	assert_int_equal(proc_read_maps(proc, &vmas), 0);
	assert_int_equal(inspect_address(proc, vmas, cgroups, (uintptr_t)at, &detail), 0);
	end_child(pid);
	peek = peek_page(proc, &detail);
	assert_int_equal(peek->result, PEEK_GONE);
	page_peek_unref(peek);
	page_detail_clear(&detail);
	vma_list_free(vmas);
	proc_close(proc);
	cgroup_names_free(cgroups);
	munmap(at, NR_PAGES * page_bytes);
}

static int make_host(void **state)
{
	(void)state;
	page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	host = host_new("");
	return 0;
}

static int free_host(void **state)
{
	(void)state;
	host_free(host);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads_what_is_present),
		cmocka_unit_test(test_brings_nothing_in),
		cmocka_unit_test(test_minds_permissions),
		cmocka_unit_test(test_leaves_devices_alone),
		cmocka_unit_test(test_a_process_that_ends),
	};

	return cmocka_run_group_tests(tests, make_host, free_host);
}
