/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames back to pages: what a walk finds in the frames of a helper's pages is what inspecting
 * those pages one by one says, and nothing else; and the next page that is there is found from
 * both sides.
 */
#include "kernel/frame_pages.h"
#include "kernel/inspect.h"
#include "model/snapshot.h"
#include "run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>

struct fixture {
	struct host *host;
	struct helper *helper;
	struct proc *proc;
	struct area area;
	struct vma_list *list;
	struct vma_table *table;
	struct fold *fold;
	struct walker *walker;
	uint64_t start_vpn;
};

static void begin(struct fixture *fixture)
{
	static const char *const argv[] = { "mkmaps", "stripes", NULL };

	fixture->host = host_new("");
	fixture->helper = helper_start(argv);
	fixture->area = helper_area(fixture->helper, "stripes");
	fixture->start_vpn = fixture->area.start_addr >> fixture->host->geometry.page_shift;
	assert_int_equal(proc_open(fixture->host, fixture->helper->pid, &fixture->proc), 0);
	assert_int_equal(proc_read_maps(fixture->proc, &fixture->list), 0);
	fixture->table = vma_table_new(fixture->list, &fixture->host->geometry);
	fixture->fold = fold_of_table(fixture->table, &fixture->host->geometry, VMAS_ALL, false);
	assert_int_equal(walker_new(fixture->proc, 64, &fixture->walker), 0);
}

static void end(struct fixture *fixture)
{
	walker_free(fixture->walker);
	fold_unref(fixture->fold);
	vma_table_unref(fixture->table);
	proc_close(fixture->proc);
	host_free(fixture->host);
	helper_stop(fixture->helper);
}

/* The frame of a page, by another way than the walk. */
static uint64_t frame_of(struct fixture *fixture, uint64_t vpn)
{
	struct cgroup_names *cgroups = cgroup_names_new(fixture->host);
	struct page_detail detail;
	uint64_t pfn;

	assert_int_equal(inspect_address(fixture->proc, fixture->list, cgroups,
					 vpn << fixture->host->geometry.page_shift, &detail),
			 0);
	pfn = detail.state & PAGE_PRESENT ? detail.pfn : 0;
	page_detail_clear(&detail);
	cgroup_names_free(cgroups);
	return pfn;
}

static void test_a_frame_leads_back_to_its_page(void **state)
{
	struct fixture fixture;

	(void)state;
	begin(&fixture);
	if (!fixture.host->may_see_frames) {
		print_message("frame numbers need CAP_SYS_ADMIN\n");
		end(&fixture);
		skip();
	}
	for (uint64_t i = fixture.area.first; i < 64; i += fixture.area.step) {
		uint64_t pfn = frame_of(&fixture, fixture.start_vpn + i), vpn = 0, found = 0;
		struct frame_pages *pages = frame_pages_new(pfn, 1);

		assert_int_not_equal(pfn, 0);
		assert_int_equal(
			frame_pages_read(fixture.walker, fixture.host, fixture.fold, pages), 0);
		assert_int_equal(pages->why, WHY_OK);
		assert_int_equal(pages->nr_pages, 1);
		assert_true(frame_pages_at(pages, 0, &vpn, &found));
		assert_int_equal(vpn, fixture.start_vpn + i);
		assert_int_equal(found, pfn);
		frame_pages_read_uses(fixture.host, pages);
		assert_int_equal(pages->uses_why, WHY_OK);
		assert_int_equal(pages->uses[0], FRAME_ANON);
		frame_pages_unref(pages);
	}
	end(&fixture);
}

/* Over all frames there are and 64 pages: each that is told lies where inspecting it says. */
static void test_a_range_of_frames_holds_what_it_says(void **state)
{
	struct fixture fixture;
	struct frame_pages *pages;
	uint64_t vpn, pfn, nr_in_area = 0;

	(void)state;
	begin(&fixture);
	fold_unref(fixture.fold);
	fixture.fold = fold_of_range(fixture.start_vpn, 64, VMA_ANON);
	pages = frame_pages_new(0, UINT64_C(1) << 52);
	assert_int_equal(frame_pages_read(fixture.walker, fixture.host, fixture.fold, pages), 0);
	if (pages->why == WHY_DENIED) {
		assert_int_equal(pages->nr_pages, 0);
		print_message("frame numbers need CAP_SYS_ADMIN\n");
		frame_pages_unref(pages);
		end(&fixture);
		skip();
	}
	for (uint64_t i = 0; frame_pages_at(pages, i, &vpn, &pfn); i++) {
		assert_in_range(vpn, fixture.start_vpn, fixture.start_vpn + 63);
		assert_int_equal(frame_of(&fixture, vpn), pfn);
		nr_in_area++;
	}
	assert_int_equal(nr_in_area,
			 (64 - fixture.area.first + fixture.area.step - 1) / fixture.area.step);
	frame_pages_unref(pages);
	end(&fixture);
}

static void test_the_next_page_from_both_sides(void **state)
{
	struct fixture fixture;
	uint64_t step, vpn = 0;

	(void)state;
	begin(&fixture);
	step = fixture.area.step;
	assert_true(step > 1);
	for (uint64_t i = 0; i < 4 * step; i++) {
		uint64_t from = fixture.start_vpn + fixture.area.first + i;
		uint64_t next = fixture.start_vpn + fixture.area.first +
				(i + step - 1) / step * step;
		uint64_t last = fixture.start_vpn + fixture.area.first + i / step * step;

		assert_int_equal(walk_seek(fixture.walker, from, from + step, false, &vpn), 0);
		assert_int_equal(vpn, next);
		assert_int_equal(walk_seek(fixture.walker, fixture.start_vpn, from + 1, true, &vpn),
				 0);
		assert_int_equal(vpn, last);
	}
	assert_int_equal(walk_seek(fixture.walker, fixture.start_vpn + fixture.area.first + 1,
				   fixture.start_vpn + fixture.area.first + step, false, &vpn),
			 -ENOENT);
	assert_int_equal(walk_seek(fixture.walker, 5, 5, true, &vpn), -ENOENT);
	end(&fixture);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_frame_leads_back_to_its_page),
		cmocka_unit_test(test_a_range_of_frames_holds_what_it_says),
		cmocka_unit_test(test_the_next_page_from_both_sides),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
