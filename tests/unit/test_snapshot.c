/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Spans cut at the borders of VMAs, and totals that hold only what is known. */
#include "model/snapshot.h"

#include "base/xalloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

/* Pages 1-2, 3-4 (neighbours), 8, and 100-199 behind gaps. */
static const char maps[] = "1000-3000 rw-p 0 00:00 0 [heap]\n"
			   "3000-5000 r--p 0 00:00 0 \n"
			   "8000-9000 r--p 0 00:00 0 \n"
			   "64000-c8000 rw-p 0 00:00 0 \n";

static const struct geometry geometry = { .page_shift = 12, .levels = 4, .user_addr_bits = 47 };

static struct vma_table *make_table(void)
{
	return vma_table_new(vma_parse_maps(maps, strlen(maps), NULL), &geometry);
}

struct part {
	size_t index;
	uint64_t vpn, nr_pages, first_pfn;
};

struct parts {
	struct part items[16];
	size_t nr;
};

static void take_part(void *arg, size_t index, const struct page_span *span)
{
	struct parts *parts = arg;

	assert_in_range(parts->nr, 0, 15);
	parts->items[parts->nr++] = (struct part){
		index,
		span->vpn,
		span->nr_pages,
		span->pfns ? span->pfns[0] : 0,
	};
}

static void expect(const struct parts *parts, const struct part *expected, size_t nr)
{
	assert_int_equal(parts->nr, nr);
	for (size_t i = 0; i < nr; i++) {
		assert_int_equal(parts->items[i].index, expected[i].index);
		assert_int_equal(parts->items[i].vpn, expected[i].vpn);
		assert_int_equal(parts->items[i].nr_pages, expected[i].nr_pages);
		assert_int_equal(parts->items[i].first_pfn, expected[i].first_pfn);
	}
}

static void test_a_span_over_everything_is_cut(void **state)
{
	static const struct part expected[] = {
		{ 0, 1, 2, 1001 },
		{ 1, 3, 2, 1003 },
		{ 2, 8, 1, 1008 },
		{ 3, 100, 100, 1100 },
	};
	uint64_t pfns[300];
	struct page_span span = { .vpn = 0, .nr_pages = 300, .state = PAGE_PRESENT, .pfns = pfns };
	struct vma_table *table = make_table();
	struct parts parts = { 0 };
	size_t cursor = 0;

	(void)state;
	for (size_t i = 0; i < 300; i++)
		pfns[i] = 1000 + i;
	vma_table_split(table, &geometry, &span, &cursor, take_part, &parts);
	expect(&parts, expected, 4);
	vma_table_unref(table);
}

/* The cursor goes on where the span before ended, also in the middle of a VMA. */
static void test_spans_in_order(void **state)
{
	static const struct part expected[] = {
		{ 0, 2, 1, 0 }, { 1, 3, 1, 0 }, { 1, 4, 1, 0 }, { 3, 100, 1, 0 }, { 3, 199, 1, 0 },
	};
	static const struct {
		uint64_t vpn, nr;
	} spans[] = { { 2, 2 }, { 4, 1 }, { 5, 3 }, { 100, 1 }, { 199, 1 }, { 200, 5 } };
	struct vma_table *table = make_table();
	struct parts parts = { 0 };
	size_t cursor = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(spans) / sizeof(spans[0]); i++) {
		struct page_span span = { .vpn = spans[i].vpn,
					  .nr_pages = spans[i].nr,
					  .state = PAGE_PRESENT };

		vma_table_split(table, &geometry, &span, &cursor, take_part, &parts);
	}
	expect(&parts, expected, 5);
	vma_table_unref(table);
}

static void test_totals_hold_only_what_is_known(void **state)
{
	struct vma_table *table = make_table();
	struct page_span part = { .vpn = 1, .nr_pages = 2, .state = PAGE_PRESENT };

	(void)state;
	assert_int_equal(table->why[0], WHY_NOT_ASKED);
	assert_int_equal(table->counts[0].pages, 2);
	assert_int_equal(table->counts[3].pages, 100);
	vma_table_add_part(table, 0, &part);
	vma_table_add_part(table, 3, &part);
	vma_table_add_part(table, 2, &part);
	table->why[3] = WHY_UNSUPPORTED;
	vma_table_finish(table);
	assert_int_equal(table->why[0], WHY_OK);
	assert_int_equal(table->why[3], WHY_UNSUPPORTED);
	assert_int_equal(table->totals.present, 4);
	assert_int_equal(table->totals.pages, 5);
	assert_false(table->has_flags);
	vma_table_unref(table);
}

static void test_a_table_made_again_is_uncounted(void **state)
{
	struct vma_table *table = make_table(), *again;
	struct page_span part = { .vpn = 1, .nr_pages = 2, .state = PAGE_PRESENT };

	(void)state;
	vma_table_add_part(table, 0, &part);
	vma_table_finish(table);
	again = vma_table_again(table, &geometry);
	vma_table_unref(table);
	assert_int_equal(again->counts[0].present, 0);
	assert_int_equal(again->why[0], WHY_NOT_ASKED);
	assert_string_equal(vma_list_at(again->list, 0)->path, "[heap]");
	vma_table_unref(again);
}

static void test_find(void **state)
{
	struct vma_table *table = make_table();

	(void)state;
	assert_int_equal(vma_table_find(table, 0xfff), SIZE_MAX);
	assert_int_equal(vma_table_find(table, 0x1000), 0);
	assert_int_equal(vma_table_find(table, 0x3000), 1);
	assert_int_equal(vma_table_find(table, 0x5000), SIZE_MAX);
	assert_int_equal(vma_table_find(table, 0xc7fff), 3);
	vma_table_unref(table);
}

static void test_a_snapshot_owns_its_parts(void **state)
{
	struct snapshot *snapshot = snapshot_new(), *second = snapshot_new();

	(void)state;
	assert_int_equal(snapshot->maps_why, WHY_NOT_ASKED);
	assert_int_equal(snapshot->frames_why, WHY_NOT_ASKED);
	assert_int_equal(snapshot->sources.why[SOURCE_PAGEMAP], WHY_NOT_ASKED);
	snapshot->vmas = make_table();
	second->vmas = vma_table_ref(snapshot->vmas);
	snapshot->view = grid_new(0, 4, 1);
	snapshot->has_detail = true;
	snapshot->detail.vma.path = xstrdup("/x");
	assert_ptr_equal(snapshot_ref(snapshot), snapshot);
	snapshot_unref(snapshot);
	assert_int_equal(snapshot->view->nr_pages, 4);
	snapshot_unref(snapshot); /* the leak check sees the rest go */
	assert_int_equal(second->vmas->counts[0].pages, 2);
	snapshot_unref(second);
	snapshot_unref(NULL);
}

/* What is drawn differs, or it does not: time and own cost alone are nothing to draw. */
static void test_what_shows_the_same(void **state)
{
	struct snapshot *a = snapshot_new(), *b = snapshot_new();

	(void)state;
	a->taken_mono_ns = 1;
	a->process.user_ns = 5;
	a->cost.cpu_permille = 3;
	assert_true(snapshot_shows_same(a, b));
	b->process.minflt = 1;
	assert_false(snapshot_shows_same(a, b));
	b->process.minflt = 0;
	b->scanning = true;
	assert_false(snapshot_shows_same(a, b));
	b->scanning = false;
	b->view = grid_new(0, 8, 1);
	assert_false(snapshot_shows_same(a, b));
	a->view = grid_ref(b->view);
	assert_true(snapshot_shows_same(a, b));
	a->has_detail = b->has_detail = true;
	assert_true(snapshot_shows_same(a, b));
	b->detail.pfn = 7;
	assert_false(snapshot_shows_same(a, b));
	b->detail.pfn = 0;
	strcpy(b->process.comm, "other");
	assert_false(snapshot_shows_same(a, b));
	snapshot_unref(a);
	snapshot_unref(b);
}

static void test_requests_are_equal_in_every_field(void **state)
{
	static const struct map_request base = {
		.start_vpn = 1,
		.nr_pages = 2,
		.pages_per_cell = 4,
		.cursor_addr = 5,
		.has_cursor = true,
		.frame_columns = 6,
		.frame_rows = 7,
		.mode = MODE_FLAG,
		.flag = 8,
		.mark_serial = 9,
		.peek_serial = 11,
		.view = VIEW_WHOLE,
		.start_index = 10,
		.frames_per_cell = 1,
	};
	static const struct map_request rows = {
		.view = VIEW_ROWS,
		.nr_rows = 2,
		.rows = { { 1, 2, 3 }, { 4, 5, 6 } },
	};
	struct map_request others[22], other_rows[5];

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		others[i] = base;
	for (size_t i = 0; i < sizeof(other_rows) / sizeof(other_rows[0]); i++)
		other_rows[i] = rows;
	others[0].start_vpn++;
	others[1].nr_pages++;
	others[2].pages_per_cell *= 2;
	others[3].cursor_addr++;
	others[4].has_cursor = false;
	others[5].frame_columns++;
	others[6].frame_rows++;
	others[7].mode = MODE_NODE;
	others[8].flag++;
	others[9].mark_serial++;
	others[10].view = VIEW_VMA;
	others[11].start_index++;
	others[12].filter = VMAS_HEAP;
	others[13].leave_out_empty = true;
	others[14].shown_pfn++;
	others[15].nr_shown++;
	others[16].frames_per_cell++;
	others[17].asked_pfn++;
	others[18].nr_asked++;
	others[19].neighbours = true;
	others[20].seek.serial++;
	others[21].peek_serial++;
	other_rows[0].nr_rows--;
	other_rows[1].rows[1].start_vpn++;
	other_rows[2].rows[0].nr_pages++;
	other_rows[3].rows[1].pages_per_cell++;
	other_rows[4].mode = MODE_NODE;
	assert_true(map_request_equal(&rows, &rows));
	for (size_t i = 0; i < sizeof(other_rows) / sizeof(other_rows[0]); i++)
		assert_false(map_request_equal(&rows, &other_rows[i]));
	(void)state;
	assert_true(map_request_equal(&base, &base));
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_false(map_request_equal(&base, &others[i]));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_span_over_everything_is_cut),
		cmocka_unit_test(test_spans_in_order),
		cmocka_unit_test(test_totals_hold_only_what_is_known),
		cmocka_unit_test(test_a_table_made_again_is_uncounted),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_a_snapshot_owns_its_parts),
		cmocka_unit_test(test_what_shows_the_same),
		cmocka_unit_test(test_requests_are_equal_in_every_field),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
