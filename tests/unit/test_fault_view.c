/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Views of faults: what is kept and dropped, that old views stay as they were, filters and counts. */
#include "base/xalloc.h"
#include "model/fault_part.h"
#include "model/fault_view.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void add(struct fault_log *log, uint64_t number)
{
	struct fault_row row = { .fault = { .addr = number << 12,
					    .tid = (pid_t)(number % 3),
					    .kind = (uint8_t)(number % 5) },
				 .vma = (uint32_t)(number % 7) };

	fault_log_add(log, &row);
}

static struct fault_view *view_of(const struct fault_log *log)
{
	struct fault_view *view = fault_view_new();

	fault_view_take_log(view, log);
	return view;
}

static void test_empty(void **state)
{
	struct fault_log *log = fault_log_new();
	struct fault_view *view = view_of(log);
	struct fault_filter filter = { 0 };
	uint64_t found;

	(void)state;
	assert_null(fault_view_at(view, 0));
	assert_false(fault_view_seek(view, &filter, 0, false, &found));
	assert_false(fault_view_seek(view, &filter, UINT64_MAX, true, &found));
	fault_view_unref(view);
	fault_log_free(log);
}

/* At every length around the borders of chunks the last ones are there, and all of the bound. */
static void test_the_last_are_kept(void **state)
{
	struct fault_log *log = fault_log_new();

	(void)state;
	for (uint64_t nr = 1; nr <= FAULT_LOG_KEPT + 4 * FAULT_LOG_CHUNK; nr++) {
		struct fault_view *view;
		uint64_t kept;

		add(log, nr - 1);
		if ((nr + 1) % FAULT_LOG_CHUNK > 2)
			continue;
		view = view_of(log);
		kept = view->past - view->first;
		assert_int_equal(view->past, nr);
		assert_true(kept == nr || kept >= FAULT_LOG_KEPT);
		assert_true(kept <= FAULT_LOG_KEPT + FAULT_LOG_CHUNK);
		assert_int_equal(fault_view_at(view, nr - 1)->fault.addr, (nr - 1) << 12);
		assert_int_equal(fault_view_at(view, view->first)->fault.addr, view->first << 12);
		assert_null(fault_view_at(view, nr));
		if (view->first)
			assert_null(fault_view_at(view, view->first - 1));
		fault_view_unref(view);
	}
	fault_log_free(log);
}

/* A view that is held keeps its faults though the log has gone round, and ended. */
static void test_a_held_view_stays(void **state)
{
	struct fault_log *log = fault_log_new();
	struct fault_view *held;

	(void)state;
	for (uint64_t i = 0; i < 1500; i++)
		add(log, i);
	held = view_of(log);
	for (uint64_t i = 1500; i < 4 * FAULT_LOG_KEPT; i++)
		add(log, i);
	fault_log_free(log);
	assert_int_equal(held->past, 1500);
	for (uint64_t i = 0; i < 1500; i++)
		assert_int_equal(fault_view_at(held, i)->fault.addr, i << 12);
	fault_view_unref(held);
}

static void test_filters(void **state)
{
	struct fault_log *log = fault_log_new();
	struct fault_filter filter = { .by_kind = true, .kind = 2 };
	struct fault_view *view;
	uint64_t at = 0, nr = 0;

	(void)state;
	for (uint64_t i = 0; i < 3000; i++)
		add(log, i);
	view = view_of(log);
	while (fault_view_seek(view, &filter, at, false, &at)) {
		assert_int_equal(at % 5, 2);
		nr++;
		at++;
	}
	assert_int_equal(nr, 600);
	filter.by_thread = filter.by_vma = true;
	filter.tid = 1;
	filter.vma = 3;
	/* 2 of 5, 1 of 3 and 3 of 7: one in 105, the last at 52 + 28 * 105. */
	assert_true(fault_view_seek(view, &filter, UINT64_MAX, true, &at));
	assert_int_equal(at, 52 + 28 * 105);
	assert_true(fault_view_seek(view, &filter, at - 1, true, &at));
	assert_int_equal(at, 52 + 27 * 105);
	filter.by_site = true;
	filter.site = 9;
	assert_false(fault_view_seek(view, &filter, 0, false, &at));
	assert_true(fault_filter_is_set(&filter));
	fault_view_unref(view);
	fault_log_free(log);
}

/* Counts and names of rows; those that found no room are told as such. */
static void test_tally_and_names(void **state)
{
	const struct vma one = { .start_addr = 0x1000, .end_addr = 0x3000, .path = "/a/lib.so" };
	const struct vma two = { .start_addr = 0x8000, .end_addr = 0x9000, .path = "" };
	struct fault_tally *tally = fault_tally_new(2, 1);
	struct fault_names *names = fault_names_new(3, 2);
	struct fault_view *view = fault_view_new();
	struct fault fault = { .pid = 5, .ip = 0x1234, .kind = FAULT_COW };
	const struct fault_evictions evictions = { 0 };

	(void)state;
	fault_tally_add(tally, &fault, &one, NULL);
	assert_int_equal(fault_tally_last_vma(tally), 0);
	fault_tally_add(tally, &fault, &two, NULL);
	assert_int_equal(fault_tally_last_vma(tally), 1);
	fault.severity = FAULT_MAJOR;
	fault.kind = FAULT_FILE_MAJOR;
	fault.ip = 0x9999;
	fault_tally_add(tally, &fault, NULL, NULL);
	fault_tally_add(tally, &fault, &one, NULL);
	fault_tally_add(tally, &fault, &one, NULL);
	for (size_t i = 0; i < fault_tally_nr_vmas(tally); i++)
		fault_names_set_vma(names, i, fault_tally_vma(tally, i));
	for (size_t i = 0; i < fault_tally_nr_sites(tally); i++)
		fault_names_set_site(names, i, fault_tally_site(tally, i), false);
	fault_view_take_tally(view, tally, &evictions, names);
	assert_int_equal(view->nr_vmas, 3);
	assert_int_equal(view->nr_sites, 2);
	assert_string_equal(names->vmas[0].path, "/a/lib.so");
	assert_string_equal(names->vmas[1].path, "");
	assert_null(names->vmas[2].path);
	assert_true(names->sites[1].others && !names->sites[0].others);
	assert_int_equal(view->vmas[0].by_severity[FAULT_MAJOR], 2);
	assert_int_equal(view->vmas[0].by_severity[FAULT_MINOR], 1);
	assert_int_equal(view->vmas[0].kind, FAULT_FILE_MAJOR);
	assert_int_equal(view->vmas[1].kind, FAULT_COW);
	assert_int_equal(fault_count_sum(&view->vmas[0]), 3);
	assert_int_equal(view->numbers.by_kind[FAULT_FILE_MAJOR], 3);
	assert_null(atomic_load(&names->sites[0].symbol));
	fault_names_set_symbol(names, 0, "main", 12, "a.c:3");
	assert_string_equal(atomic_load(&names->sites[0].symbol)->name, "main");
	fault_names_unref(names);
	fault_tally_free(tally);
	/* The view has its names still. */
	assert_string_equal(view->names->vmas[0].path, "/a/lib.so");
	fault_view_unref(view);
}

/* Faults as the worker counts them, and every one of them again for comparison. */
struct counted {
	struct fault_log *log;
	struct fault_tally *tally;
	struct fault_cross *cross;
	struct fault_names *names;
	struct fault_row *rows;
	size_t nr;
};

/* `nr` random faults in 5 mappings by 4 instructions of `nr_threads` threads; `most` cells. */
static struct counted counted_new(size_t nr, unsigned nr_threads, size_t most)
{
	struct counted counted = {
		.log = fault_log_new(),
		.tally = fault_tally_new(8, 8),
		.cross = fault_cross_new(most),
		.names = fault_names_new(9, 9),
		.rows = xcalloc(nr, sizeof(*counted.rows)),
		.nr = nr,
	};
	unsigned seed = 7;

	for (size_t i = 0; i < nr; i++) {
		struct fault_row *row = &counted.rows[i];
		struct vma vma = { .start_addr = (uint64_t)(1 + rand_r(&seed) % 5) << 20,
				   .path = "/a/file" };

		row->fault = (struct fault){
			.pid = 5,
			.tid = (pid_t)(100 + (unsigned)rand_r(&seed) % nr_threads),
			.ip = 0x1000 + (uint64_t)(rand_r(&seed) % 4),
			.kind = (uint8_t)(rand_r(&seed) % 3),
			.severity = (uint8_t)(rand_r(&seed) % NR_FAULT_SEVERITY),
		};
		fault_tally_add(counted.tally, &row->fault, &vma, NULL);
		row->vma = (uint32_t)fault_tally_last_vma(counted.tally);
		row->site = (uint32_t)fault_tally_last_site(counted.tally);
		fault_cross_add(counted.cross, &row->fault, row->vma, row->site);
		fault_log_add(counted.log, row);
	}
	return counted;
}

static struct fault_view *counted_view(const struct counted *counted)
{
	static const struct fault_evictions none;
	struct fault_view *view = view_of(counted->log);

	fault_view_take_tally(view, counted->tally, &none, counted->names);
	fault_view_take_cross(view, counted->cross);
	return view;
}

static void counted_clear(struct counted *counted)
{
	fault_log_free(counted->log);
	fault_tally_free(counted->tally);
	fault_cross_free(counted->cross);
	fault_names_unref(counted->names);
	free(counted->rows);
}

/* The counts of a part against those of the faults from `first` on, one by one. */
static void assert_part(const struct counted *counted, const struct fault_view *view,
			const struct fault_filter *filter, uint64_t first)
{
	struct fault_part *part = fault_part_new(view, filter);
	struct fault_numbers all = { 0 }, vmas[9] = { 0 }, sites[9] = { 0 };

	for (size_t i = first; i < counted->nr; i++) {
		const struct fault_row *row = &counted->rows[i];
		struct fault_numbers *of[] = { &all, &vmas[row->vma], &sites[row->site] };

		if (!fault_filter_passes(filter, row))
			continue;
		for (int j = 0; j < 3; j++) {
			of[j]->by_kind[row->fault.kind]++;
			of[j]->by_severity[row->fault.severity]++;
		}
	}
	assert_int_equal(part->exact, !first);
	assert_int_equal(part->nr_all, counted->nr - first);
	assert_memory_equal(&part->numbers, &all, sizeof(all));
	for (size_t i = 0; i < view->nr_vmas; i++) {
		assert_memory_equal(part->vmas[i].by_severity, vmas[i].by_severity,
				    sizeof(vmas[i].by_severity));
		for (int kind = 0; kind < NR_FAULT_KIND; kind++)
			assert_true(vmas[i].by_kind[kind] <= vmas[i].by_kind[part->vmas[i].kind]);
		assert_int_equal(part->vmas[i].start_addr, view->vmas[i].start_addr);
	}
	for (size_t i = 0; i < view->nr_sites; i++)
		assert_memory_equal(part->sites[i].by_severity, sites[i].by_severity,
				    sizeof(sites[i].by_severity));
	fault_part_free(part);
}

/* Sixteen filters: any of kind, mapping, instruction and thread. */
static struct fault_filter filter_of(unsigned bits)
{
	return (struct fault_filter){
		.by_kind = bits & 1,
		.by_vma = bits & 2,
		.by_site = bits & 4,
		.by_thread = bits & 8,
		.kind = 1,
		.vma = 2,
		.site = 3,
		.tid = 101,
	};
}

/* Though most of the faults are not kept, all of them are counted under any filter. */
static void test_parts_are_exact(void **state)
{
	/* 5 mappings, 4 instructions and 3 kinds by 3 threads: 180 cells, and exactly their room. */
	struct counted counted = counted_new(200000, 3, 180);
	struct fault_view *view = counted_view(&counted);

	(void)state;
	assert_true(view->first > 0);
	for (unsigned bits = 0; bits < 16; bits++) {
		struct fault_filter filter = filter_of(bits);

		assert_part(&counted, view, &filter, 0);
	}
	fault_view_unref(view);
	counted_clear(&counted);
}

/*
 * Threads without end: filters that ask for one count what is kept, and say so; all others are
 * as exact as before. Where places have no room either, none is.
 */
static void test_parts_beyond_the_cells(void **state)
{
	for (size_t most = 59; most <= 60; most++) {
		struct counted counted = counted_new(100000, 500, most);
		struct fault_view *view = counted_view(&counted);

		(void)state;
		assert_true(view->first > 0);
		assert_false(view->threads.whole);
		assert_int_equal(view->threads.nr, 0);
		assert_int_equal(view->places.whole, most == 60);
		for (unsigned bits = 0; bits < 16; bits++) {
			struct fault_filter filter = filter_of(bits);

			assert_part(&counted, view, &filter,
				    most == 60 && !filter.by_thread ? 0 : view->first);
		}
		fault_view_unref(view);
		counted_clear(&counted);
	}
}

/* As long as all faults are kept, they are all that there are. */
static void test_parts_of_few_faults(void **state)
{
	struct counted counted = counted_new(3000, 500, 1);
	struct fault_view *view = counted_view(&counted);
	struct fault_filter filter = filter_of(8);

	(void)state;
	assert_false(view->threads.whole);
	assert_part(&counted, view, &filter, 0);
	/* The view stays as it was while faults go on being counted. */
	for (int i = 0; i < 10; i++)
		fault_log_add(counted.log, &counted.rows[0]);
	assert_part(&counted, view, &filter, 0);
	fault_view_unref(view);
	counted_clear(&counted);
}

static void test_same_filters(void **state)
{
	(void)state;
	for (unsigned bits = 0; bits < 16; bits++)
		for (unsigned others = 0; others < 16; others++) {
			struct fault_filter one = filter_of(bits), other = filter_of(others);

			assert_int_equal(fault_filter_is_same(&one, &other), bits == others);
			/* What is not set does not matter; what is, does. */
			other.tid = 7;
			assert_int_equal(fault_filter_is_same(&one, &other),
					 bits == others && !one.by_thread);
		}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_the_last_are_kept),
		cmocka_unit_test(test_a_held_view_stays),
		cmocka_unit_test(test_filters),
		cmocka_unit_test(test_tally_and_names),
		cmocka_unit_test(test_parts_are_exact),
		cmocka_unit_test(test_parts_beyond_the_cells),
		cmocka_unit_test(test_parts_of_few_faults),
		cmocka_unit_test(test_same_filters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
