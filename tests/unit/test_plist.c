/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The list of processes: orders, the tree, rates, and what a process is called. */
#include "model/plist.h"

#include "base/clock.h"
#include "base/xalloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static struct plist_row *add(struct plist *list, pid_t pid, pid_t ppid, uint64_t rss_bytes)
{
	const struct plist_row row = {
		.pid = pid,
		.ppid = ppid,
		.state = 'S',
		.start_ticks = 100 + (uint64_t)pid,
		.rss_bytes = rss_bytes,
		.user = xstrdup(pid % 2 ? "odd" : "even"),
		.comm = xstrdup("comm"),
		.program = xstrdup("a-program-with-a-long-name"),
		.command = xasprintf("command %d", (int)(100 - pid)),
	};

	plist_add(list, &row);
	return &list->rows[list->nr - 1];
}

/* PIDs in their order, each with its depth. */
static void expect(const struct plist *list, size_t nr, const int expected[][2])
{
	assert_int_equal(list->nr, nr);
	for (size_t i = 0; i < nr; i++) {
		assert_int_equal(list->rows[i].pid, expected[i][0]);
		assert_int_equal(list->rows[i].depth, expected[i][1]);
	}
}

static struct plist *make(void)
{
	struct plist *list = plist_new();

	add(list, 1, 0, 10);
	add(list, 2, 0, 0);
	add(list, 5, 1, 70);
	add(list, 6, 1, 80);
	add(list, 7, 6, 80);
	add(list, 8, 6, 5);
	add(list, 9, 2, 0);
	return list;
}

static void test_orders(void **state)
{
	struct plist *list = make();

	(void)state;
	plist_sort(list, PLIST_RSS, false, false);
	expect(list, 7,
	       (const int[][2]){
		       { 6, 0 }, { 7, 0 }, { 5, 0 }, { 1, 0 }, { 8, 0 }, { 2, 0 }, { 9, 0 } });
	plist_sort(list, PLIST_RSS, true, false);
	expect(list, 7,
	       (const int[][2]){
		       { 2, 0 }, { 9, 0 }, { 8, 0 }, { 1, 0 }, { 5, 0 }, { 6, 0 }, { 7, 0 } });
	plist_sort(list, PLIST_USER, false, false);
	expect(list, 7,
	       (const int[][2]){
		       { 2, 0 }, { 6, 0 }, { 8, 0 }, { 1, 0 }, { 5, 0 }, { 7, 0 }, { 9, 0 } });
	plist_sort(list, PLIST_COMMAND, false, false);
	assert_int_equal(list->rows[0].pid, 9);
	plist_sort(list, PLIST_PID, true, false);
	assert_int_equal(list->rows[0].pid, 9);
	plist_free(list);
}

static void test_tree(void **state)
{
	struct plist *list = make();

	(void)state;
	plist_sort(list, PLIST_RSS, false, true);
	expect(list, 7,
	       (const int[][2]){
		       { 1, 0 }, { 6, 1 }, { 7, 2 }, { 8, 2 }, { 5, 1 }, { 2, 0 }, { 9, 1 } });
	plist_sort(list, PLIST_PID, false, true);
	expect(list, 7,
	       (const int[][2]){
		       { 1, 0 }, { 5, 1 }, { 6, 1 }, { 7, 2 }, { 8, 2 }, { 2, 0 }, { 9, 1 } });
	/* And flat again. */
	plist_sort(list, PLIST_PID, false, false);
	assert_int_equal(list->rows[3].depth, 0);
	plist_free(list);
}

/* A PID that was used again while the list was read: every process stands there, once. */
static void test_a_ring_of_parents(void **state)
{
	struct plist *list = plist_new();

	(void)state;
	add(list, 1, 0, 0);
	add(list, 3, 5, 0);
	add(list, 4, 3, 0);
	add(list, 5, 4, 0);
	add(list, 6, 6, 0);
	plist_sort(list, PLIST_PID, false, true);
	expect(list, 5, (const int[][2]){ { 1, 0 }, { 6, 0 }, { 3, 0 }, { 4, 1 }, { 5, 2 } });
	plist_free(list);
	/* A chain as long as there can be PIDs needs no more stack than a short one. */
	list = plist_new();
	for (int i = 1; i <= 30000; i++)
		add(list, i, i - 1, 0);
	plist_sort(list, PLIST_PID, false, true);
	assert_int_equal(list->rows[29999].depth, 29999);
	plist_free(list);
	list = plist_new();
	plist_sort(list, PLIST_PID, false, true);
	plist_free(list);
}

static struct plist *reading(uint64_t at_s, uint64_t minflt, uint64_t start_ticks)
{
	struct plist *list = plist_new();
	struct plist_row *row = add(list, 7, 1, 0);

	row->minflt = minflt;
	row->start_ticks = start_ticks;
	add(list, 3, 1, 0);
	list->taken_mono_ns = at_s * NS_PER_S;
	return list;
}

static void test_rates(void **state)
{
	struct plist_marks *marks = plist_marks_new();
	struct plist *list = reading(10, 1000, 5);

	(void)state;
	plist_add_rates(list, marks);
	/* One reading tells no rate: that is not 0. */
	assert_false(list->rows[0].has_rate);
	plist_free(list);
	list = reading(12, 1500, 5);
	plist_add_rates(list, marks);
	assert_true(list->rows[0].has_rate);
	assert_true(list->rows[0].faults_per_s == 250);
	assert_true(list->rows[1].has_rate && list->rows[1].faults_per_s == 0);
	plist_free(list);
	/* Another process under the PID. */
	list = reading(13, 9000, 6);
	plist_add_rates(list, marks);
	assert_false(list->rows[0].has_rate);
	plist_free(list);
	plist_marks_free(marks);
}

static void test_names(void **state)
{
	struct plist *list = plist_new();
	struct plist_row *row = add(list, 7, 1, 0);

	(void)state;
	assert_true(plist_row_is_called(row, "comm"));
	/* The kernel cuts the command name at 15 bytes; the program's name is whole. */
	assert_true(plist_row_is_called(row, "a-program-with-a-long-name"));
	assert_false(plist_row_is_called(row, "a-program-with"));
	assert_false(plist_row_is_called(row, ""));
	plist_free(list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_orders),
		cmocka_unit_test(test_tree),
		cmocka_unit_test(test_a_ring_of_parents),
		cmocka_unit_test(test_rates),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
