/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * walk_pages() over a helper's stripes: the pages that it delivers do not depend on how many
 * it reads at once, nor on whether PAGEMAP_SCAN shows it the way. Tiny chunks hit every border.
 */
#include "kernel/walk.h"
#include "run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NR_PAGES 512 /* of each area, at its start */

struct walked {
	uint64_t start_vpn, nr_pages;
	uint64_t last_vpn; /* the first page that may come next */
	unsigned state[NR_PAGES];
	uint64_t pfn[NR_PAGES], flags[NR_PAGES], mapcount[NR_PAGES];
	bool has_flags;
};

static int take(void *arg, const struct page_span *span)
{
	struct walked *walked = arg;

	assert_true(span->nr_pages > 0);
	assert_true(span->vpn >= walked->last_vpn);
	walked->last_vpn = span->vpn + span->nr_pages;
	for (uint64_t i = 0; i < span->nr_pages; i++) {
		uint64_t at = span->vpn + i - walked->start_vpn;

		assert_in_range(at, 0, walked->nr_pages - 1);
		walked->state[at] = span->state & (PAGE_PRESENT | PAGE_SWAPPED | PAGE_FILE);
		walked->pfn[at] = span->pfns ? span->pfns[i] : 0;
		walked->flags[at] = span->flags ? span->flags[i] : 0;
		walked->mapcount[at] = span->mapcounts ? span->mapcounts[i] : 0;
		walked->has_flags = walked->has_flags || span->flags;
	}
	return 0;
}

static void walk_by(struct proc *proc, size_t chunk_pages, bool two_threads, uint64_t start_vpn,
		    unsigned want, struct walked *out)
{
	struct walker *walker;

	memset(out, 0, sizeof(*out));
	out->start_vpn = start_vpn;
	out->nr_pages = NR_PAGES;
	assert_int_equal(walker_new(proc, chunk_pages, &walker), 0);
	if (two_threads)
		walker_use_two_threads(walker);
	assert_int_equal(walk_pages(walker, start_vpn, start_vpn + NR_PAGES, want, take, out), 0);
	walker_free(walker);
}

static void walk(struct proc *proc, size_t chunk_pages, uint64_t start_vpn, unsigned want,
		 struct walked *out)
{
	walk_by(proc, chunk_pages, false, start_vpn, want, out);
}

/* LRU, active, referenced and idle bits move by themselves; these do not. */
static uint64_t steady(uint64_t flags)
{
	return flags & (KPF_BIT(KPF_ANON) | KPF_BIT(KPF_SWAPBACKED) | KPF_BIT(KPF_HUGE) |
			KPF_BIT(KPF_THP) | KPF_BIT(KPF_NOPAGE) | KPF_BIT(KPF_SLAB));
}

static void expect_equal(const struct walked *got, const struct walked *expected)
{
	for (uint64_t i = 0; i < NR_PAGES; i++) {
		assert_int_equal(got->state[i], expected->state[i]);
		assert_int_equal(got->pfn[i], expected->pfn[i]);
		assert_int_equal(steady(got->flags[i]), steady(expected->flags[i]));
		assert_int_equal(got->mapcount[i], expected->mapcount[i]);
	}
}

static struct helper *start(void)
{
	static const char *const argv[] = { "mkmaps", "stripes", "zero", "memfd", NULL };

	return helper_start(argv);
}

static void test_every_chunk_gives_the_same_pages(void **state)
{
	static const size_t chunks[] = { 1, 2, 3, 7, 64, WALK_CHUNK_PAGES };
	static const char *const areas[] = { "stripes", "zero", "memfd" };
	struct host *host = host_new("");
	struct helper *helper = start();
	enum why scan = host->pagemap_scan;
	struct proc *proc;

	(void)state;
	assert_int_equal(proc_open(host, helper->pid, &proc), 0);
	for (size_t a = 0; a < sizeof(areas) / sizeof(areas[0]); a++) {
		struct area area = helper_area(helper, areas[a]);
		uint64_t start_vpn = area.start_addr >> host->geometry.page_shift;
		struct walked whole, part;

		walk(proc, WALK_CHUNK_PAGES, start_vpn, WALK_ALL, &whole);
		for (uint64_t i = area.first; i < NR_PAGES; i += area.step)
			assert_true(whole.state[i] & PAGE_PRESENT);
		for (size_t c = 0; c < sizeof(chunks) / sizeof(chunks[0]); c++) {
			walk(proc, chunks[c], start_vpn, WALK_ALL, &part);
			expect_equal(&part, &whole);
			walk_by(proc, chunks[c], true, start_vpn, WALK_ALL, &part);
			expect_equal(&part, &whole);
			/* And without PAGEMAP_SCAN, as on a kernel before 6.7. */
			host->pagemap_scan = WHY_UNSUPPORTED;
			walk(proc, chunks[c], start_vpn, WALK_ALL, &part);
			expect_equal(&part, &whole);
			walk_by(proc, chunks[c], true, start_vpn, WALK_ALL, &part);
			expect_equal(&part, &whole);
			host->pagemap_scan = scan;
		}
	}
	proc_close(proc);
	host_free(host);
	helper_stop(helper);
}

static void test_states_alone_agree_with_frames(void **state)
{
	struct host *host = host_new("");
	struct helper *helper = start();
	struct area area = helper_area(helper, "stripes");
	uint64_t start_vpn = area.start_addr >> host->geometry.page_shift;
	struct walked states, all, without;
	struct proc *proc;

	(void)state;
	assert_int_equal(proc_open(host, helper->pid, &proc), 0);
	walk(proc, 7, start_vpn, WALK_STATES, &states);
	walk(proc, 7, start_vpn, WALK_ALL, &all);
	host->pagemap_scan = WHY_UNSUPPORTED;
	walk(proc, 7, start_vpn, WALK_STATES, &without);
	for (uint64_t i = 0; i < NR_PAGES; i++) {
		assert_int_equal(states.state[i], i % 2 ? 0 : PAGE_PRESENT);
		assert_int_equal(all.state[i], states.state[i]);
		assert_int_equal(without.state[i], states.state[i]);
	}
	assert_false(states.has_flags);
	proc_close(proc);
	host_free(host);
	helper_stop(helper);
}

static int stop_at_once(void *arg, const struct page_span *span)
{
	(void)span;
	++*(int *)arg;
	return -ECANCELED;
}

static int hook(void *arg)
{
	return ++*(int *)arg >= 3 ? -EINTR : 0;
}

static int count(void *arg, const struct page_span *span)
{
	*(uint64_t *)arg += span->nr_pages;
	return 0;
}

static void test_a_walk_can_be_ended(void **state)
{
	struct host *host = host_new("");
	struct helper *helper = start();
	struct area area = helper_area(helper, "stripes");
	uint64_t vpn = area.start_addr >> host->geometry.page_shift, nr = 0;
	struct walker *walker;
	struct proc *proc;
	int calls = 0;

	(void)state;
	assert_int_equal(proc_open(host, helper->pid, &proc), 0);
	assert_int_equal(walker_new(proc, 16, &walker), 0);
	assert_int_equal(walk_pages(walker, vpn, vpn + 64, WALK_ALL, stop_at_once, &calls),
			 -ECANCELED);
	assert_int_equal(calls, 1);
	calls = 0;
	walker_set_hook(walker, hook, &calls);
	assert_int_equal(walk_pages(walker, vpn, vpn + 4096, WALK_ALL, count, &nr), -EINTR);
	assert_int_equal(calls, 3);
	assert_true(nr > 0 && nr < 2048);
	walker_set_hook(walker, NULL, NULL);
	nr = 0;
	assert_int_equal(walk_pages(walker, vpn, vpn + 4096, WALK_ALL, count, &nr), 0);
	assert_int_equal(nr, 2048);
	walker_free(walker);
	proc_close(proc);
	host_free(host);
	helper_stop(helper);
}

/*
 * A range that ends within populated memory: PAGEMAP_SCAN of 6.18 then says that it got less
 * far than the regions that it gave. No page may come twice.
 */
static void test_ranges_that_end_among_pages(void **state)
{
	static const uint64_t ends[] = {
		1023, 1024, 1025, 1026, 1300, 2047, 2048, 2049, 3072, 4096
	};
	static const unsigned wants[] = { WALK_STATES, WALK_ALL };
	struct host *host = host_new("");
	struct helper *helper = start();
	struct area area = helper_area(helper, "stripes");
	uint64_t vpn = area.start_addr >> host->geometry.page_shift;
	struct walker *walker;
	struct proc *proc;

	(void)state;
	assert_int_equal(proc_open(host, helper->pid, &proc), 0);
	assert_int_equal(walker_new(proc, 100, &walker), 0);
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		for (size_t w = 0; w < 2; w++) {
			uint64_t nr = 0;

			assert_int_equal(
				walk_pages(walker, vpn, vpn + ends[i], wants[w], count, &nr), 0);
			assert_int_equal(nr, (ends[i] + 1) / 2);
		}
	}
	walker_free(walker);
	proc_close(proc);
	host_free(host);
	helper_stop(helper);
}

static void test_beyond_user_addresses(void **state)
{
	struct host *host = host_new("");
	struct helper *helper = start();
	uint64_t past = UINT64_C(1) << (host->geometry.user_addr_bits - host->geometry.page_shift);
	uint64_t nr = 0;
	struct walker *walker;
	struct proc *proc;

	(void)state;
	assert_int_equal(proc_open(host, helper->pid, &proc), 0);
	assert_int_equal(walker_new(proc, 16, &walker), 0);
	assert_int_equal(walk_pages(walker, past, past + 1, WALK_ALL, count, &nr), -EFAULT);
	/* The last page of all is kept from user space on x86-64. */
	assert_int_equal(walk_pages(walker, past - 2, past - 1, WALK_ALL, count, &nr), 0);
	assert_int_equal(nr, 0);
	walker_free(walker);
	proc_close(proc);
	host_free(host);
	helper_stop(helper);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_chunk_gives_the_same_pages),
		cmocka_unit_test(test_states_alone_agree_with_frames),
		cmocka_unit_test(test_a_walk_can_be_ended),
		cmocka_unit_test(test_ranges_that_end_among_pages),
		cmocka_unit_test(test_beyond_user_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
