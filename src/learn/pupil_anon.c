/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Actions on anonymous memory and on mappings as such. Region 0 is the one that a lesson is
 * about; 1 and 2 are the heap and the stack.
 */
#include "kernel/uapi/madvise.h"
#include "learn/pupil.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define SMALL 16
#define LARGE 256
#define SWAP  64

#define ANON_FLAGS (MAP_PRIVATE | MAP_ANONYMOUS)

static int map_anon(struct pupil *pupil, size_t nr_pages)
{
	pupil_end_tasks(pupil);
	return pupil_map(pupil, 0, "anonymous", nr_pages, PROT_READ | PROT_WRITE, ANON_FLAGS, -1);
}

/* For tests: what a step claims must not be so when nothing is done. */
static int rest(struct pupil *pupil)
{
	(void)pupil;
	return 0;
}

static int map_small(struct pupil *pupil)
{
	return map_anon(pupil, SMALL);
}

static int map_large(struct pupil *pupil)
{
	return map_anon(pupil, LARGE);
}

/* What is there is taken away, so that the mapping can be seen to come. */
static int name_large(struct pupil *pupil)
{
	int err = map_anon(pupil, LARGE);
	uintptr_t at = (uintptr_t)pupil->stage.regions[0].start_addr;

	if (err)
		return err;
	pupil_unmap(pupil, 0);
	pupil_name_region(pupil, 0, "anonymous", pupil->stage.tasks[0], at, LARGE);
	return 0;
}

static int touch_first_byte(struct pupil *pupil)
{
	pupil_page(pupil, 0, 0)[LESSON_FIRST_BYTE] = 1;
	return 0;
}

static int map_and_touch(struct pupil *pupil)
{
	int err = map_small(pupil);

	return err ? err : touch_first_byte(pupil);
}

static int touch_second_byte(struct pupil *pupil)
{
	pupil_page(pupil, 0, 0)[LESSON_SECOND_BYTE] = 2;
	return 0;
}

/* Not in the order of the addresses: the allocator hands frames out as it is asked. */
static int write_scattered(struct pupil *pupil)
{
	for (size_t first = 0; first < 2; first++)
		for (size_t i = 1 - first; i < LARGE; i += 2)
			pupil_write(pupil, 0, i, 1);
	return 0;
}

static int read_all(struct pupil *pupil)
{
	pupil_read(pupil, 0, 0, pupil->stage.regions[0].nr_pages);
	return 0;
}

static int write_all(struct pupil *pupil)
{
	pupil_write(pupil, 0, 0, pupil->stage.regions[0].nr_pages);
	return 0;
}

static int map_and_read(struct pupil *pupil)
{
	int err = map_small(pupil);

	return err ? err : read_all(pupil);
}

static int map_and_write_large(struct pupil *pupil)
{
	int err = map_large(pupil);

	return err ? err : write_all(pupil);
}

static int write_sixteen(struct pupil *pupil)
{
	pupil_write(pupil, 0, 0, SMALL);
	return 0;
}

/* ---- huge page ---- */

static size_t huge_pages(const struct pupil *pupil)
{
	/* One entry above the lowest level maps as many pages as a table has entries. */
	return pupil->page_bytes / sizeof(uint64_t);
}

/*
 * Proves that a huge page can be had now, by making one out of small ones (MADV_COLLAPSE, Linux
 * 6.1, which compacts memory if it must) and giving it back.
 */
static int find_huge_page(struct pupil *pupil)
{
	size_t nr_pages = huge_pages(pupil), len_bytes = nr_pages * pupil->page_bytes;
	int err = 0;

	err = pupil_map(pupil, 0, "anonymous", nr_pages, PROT_READ | PROT_WRITE, ANON_FLAGS, -1);
	if (err)
		return err;
	void *at = (void *)(uintptr_t)pupil->stage.regions[0].start_addr;

	if ((uintptr_t)at % len_bytes)
		return pupil_fail(pupil, EOPNOTSUPP, "no room at an address for a huge page");
	if (madvise(at, len_bytes, MADV_HUGEPAGE))
		return pupil_fail(pupil, EOPNOTSUPP, "this kernel has no transparent huge pages");
	pupil_write(pupil, 0, 0, 1);
	if (madvise(at, len_bytes, MADV_COLLAPSE))
		return pupil_fail(pupil, EOPNOTSUPP, "no huge page is to be had now");
	return 0;
}

static int map_huge(struct pupil *pupil)
{
	size_t nr_pages = huge_pages(pupil);
	int err;

	pupil_end_tasks(pupil);
	if (nr_pages > PUPIL_PAGES)
		return pupil_fail(pupil, EOPNOTSUPP, "huge pages of this machine are too large");
	err = find_huge_page(pupil);
	if (!err)
		err = pupil_map(pupil, 0, "huge", nr_pages, PROT_READ | PROT_WRITE, ANON_FLAGS, -1);
	if (!err && madvise((void *)(uintptr_t)pupil->stage.regions[0].start_addr,
			    nr_pages * pupil->page_bytes, MADV_HUGEPAGE))
		err = pupil_fail(pupil, errno, "MADV_HUGEPAGE");
	return err;
}

static int write_one(struct pupil *pupil)
{
	pupil_write(pupil, 0, 0, 1);
	return 0;
}

/* ---- mappings ---- */

static int map_and_write_some(struct pupil *pupil)
{
	int err = map_large(pupil);

	return err ? err : write_sixteen(pupil);
}

static int protect_middle(struct pupil *pupil)
{
	void *at = (void *)(uintptr_t)pupil_page(pupil, 0, 8);

	return mprotect(at, 4 * pupil->page_bytes, PROT_READ) ? pupil_fail(pupil, errno, "mprotect")
							      : 0;
}

static int unmap_middle(struct pupil *pupil)
{
	void *at = (void *)(uintptr_t)pupil_page(pupil, 0, 8);

	return munmap(at, 4 * pupil->page_bytes) ? pupil_fail(pupil, errno, "munmap") : 0;
}

/* The pages above the break, of which none is mapped yet. */
static int find_heap(struct pupil *pupil)
{
	uintptr_t at = (uintptr_t)sbrk(0);

	pupil_unmap(pupil, 0);
	at = (at + pupil->page_bytes - 1) & ~(uintptr_t)(pupil->page_bytes - 1);
	/* The break stands on a page's border from now on, so that a page is all heap or none. */
	if (brk((void *)at))
		return pupil_fail(pupil, errno, "brk");
	pupil_name_region(pupil, 1, "heap", 0, at, SMALL);
	pupil->stage.regions[1].pid = pupil->stage.tasks[0];
	return 0;
}

static int grow_heap(struct pupil *pupil)
{
	uint64_t end_addr = pupil->stage.regions[1].start_addr + SMALL * pupil->page_bytes;

	return brk((void *)(uintptr_t)end_addr) ? pupil_fail(pupil, errno, "brk") : 0;
}

/* Pages of stack that nobody has used: deeper with each time, for a stack does not shrink. */
static int find_stack(struct pupil *pupil)
{
	static uintptr_t lowest;
	uintptr_t here = (uintptr_t)__builtin_frame_address(0);
	struct rlimit limit;

	pupil_unmap(pupil, 0);
	if (!lowest)
		lowest = (here & ~(uintptr_t)(pupil->page_bytes - 1)) - 64 * pupil->page_bytes;
	lowest -= SMALL * pupil->page_bytes;
	if (getrlimit(RLIMIT_STACK, &limit) || here - lowest > limit.rlim_cur / 2)
		return pupil_fail(pupil, EOPNOTSUPP, "the limit of the stack is near");
	pupil_name_region(pupil, 2, "stack", pupil->stage.tasks[0], lowest, SMALL);
	return 0;
}

static int touch_stack(struct pupil *pupil)
{
	*pupil_page(pupil, 2, 0) = 1;
	return 0;
}

/* ---- swap ---- */

static int map_for_swap(struct pupil *pupil)
{
	int err = map_anon(pupil, SWAP);

	if (err)
		return err;
	pupil_write(pupil, 0, 0, SWAP);
	pupil->stage.said[0] = 0;
	return 0;
}

static int page_out(struct pupil *pupil)
{
	const struct pupil_region *region = &pupil->stage.regions[0];

	/* More than once: what another CPU holds for a moment stays the first time. */
	for (int i = 0; i < 4; i++) {
		const struct timespec nap = { 0, 5000000 };

		if (i)
			nanosleep(&nap, NULL);
		if (madvise((void *)(uintptr_t)region->start_addr,
			    region->nr_pages * pupil->page_bytes, MADV_PAGEOUT))
			return pupil_fail(pupil, errno, "MADV_PAGEOUT");
	}
	return 0;
}

/*
 * Out of the swap cache, too. Where swap is a disk the pages stay there after they were written, and
 * an access would find them without reading. Mapped again by a read they are clean, and have
 * their place in swap, so that the next MADV_PAGEOUT drops them at once.
 */
static int map_and_page_out(struct pupil *pupil)
{
	const struct timespec writing = { 0, 100000000 };
	int err = map_for_swap(pupil);

	if (!err)
		err = page_out(pupil);
	if (err)
		return err;
	nanosleep(&writing, NULL);
	pupil_read(pupil, 0, 0, SWAP);
	return page_out(pupil);
}

static int read_first(struct pupil *pupil)
{
	pupil_read(pupil, 0, 0, 1);
	return 0;
}

/* How many pages have the byte that was written into them. */
static int check_all(struct pupil *pupil)
{
	pupil->stage.said[0] = 0;
	for (size_t i = 0; i < SWAP; i++)
		pupil->stage.said[0] += *pupil_page(pupil, 0, i) == (unsigned char)(i + 1);
	return 0;
}

const struct pupil_action pupil_anon_actions[] = {
	{ "rest", rest },
	{ "map-16", map_small },
	{ "map-256", map_large },
	{ "touch-byte", touch_first_byte },
	{ "map-16-touch-byte", map_and_touch },
	{ "touch-other-byte", touch_second_byte },
	{ "write-scattered", write_scattered },
	{ "read-all", read_all },
	{ "write-all", write_all },
	{ "write-16", write_sixteen },
	{ "map-16-read", map_and_read },
	{ "map-256-write", map_and_write_large },
	{ "map-huge", map_huge },
	{ "write-one", write_one },
	{ "name-256", name_large },
	{ "map-256-write-16", map_and_write_some },
	{ "protect-middle", protect_middle },
	{ "unmap-middle", unmap_middle },
	{ "find-heap", find_heap },
	{ "grow-heap", grow_heap },
	{ "find-stack", find_stack },
	{ "touch-stack", touch_stack },
	{ "map-for-swap", map_for_swap },
	{ "page-out", page_out },
	{ "map-and-page-out", map_and_page_out },
	{ "read-first", read_first },
	{ "check-all", check_all },
	{ NULL, NULL },
};
