/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The walk over a process's page table. PAGEMAP_SCAN (Linux 6.7) names the populated
 * regions and skips all else, so a terabyte of reservation costs nothing; it alone answers
 * a walk for states. Where frames are wanted, regions that lie close together are gathered
 * into a window of at most chunk_pages, whose pagemap entries are read in one piece, then
 * kpageflags and kpagecount of its frames. Without PAGEMAP_SCAN the windows are laid over
 * the whole range. There are two windows: while the frames of one are read, the other is
 * gathered (window.c).
 *
 * Between the scan and the read a page may come or go: the entry, being newer, decides
 * present, swapped and file; the scan adds what only it tells (huge, zero page).
 * Nothing here faults a page in or sets a referenced bit.
 */
#include "kernel/walk.h"

#include "base/xalloc.h"
#include "kernel/uapi/pagemap_scan.h"
#include "kernel/window.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SCAN_REGIONS 1024
/* A call of PAGEMAP_SCAN ends after so many pages, 5 ms or so, for the hook to run. */
#define SCAN_PAGES 131072
#define GAP_PAGES  128 /* a read of pagemap costs about as much as this many entries */

struct walker {
	const struct host *host;
	int pagemap_fd;
	struct frame_reader *reader; /* made by the first walk that wants flags or counts */
	bool two_threads;
	struct sources sources;
	int (*hook)(void *arg);
	void *hook_arg;
	size_t chunk_pages;
	struct page_region *regions;
	struct window windows[2]; /* of at most chunk_pages each */
	struct window *window;    /* the one being gathered */
	struct window *pending;   /* the other, where its frames are being read; or NULL */
};

/* One call of walk_pages(). */
struct walk {
	struct walker *walker;
	unsigned want;
	int (*fn)(void *arg, const struct page_span *span);
	void *arg;
};

int walker_new(struct proc *proc, size_t chunk_pages, struct walker **out)
{
	const struct host *host = proc_host(proc);
	int fd = host_openat(host, proc_dir_fd(proc), "pagemap", O_RDONLY);
	struct walker *walker;

	if (fd < 0)
		return fd == -ENOENT ? -ESRCH : fd;
	walker = xcalloc(1, sizeof(*walker));
	walker->host = host;
	walker->pagemap_fd = fd;
	walker->chunk_pages = chunk_pages;
	walker->window = &walker->windows[0];
	walker->regions = xcalloc(SCAN_REGIONS, sizeof(*walker->regions));
	sources_init(&walker->sources);
	*out = walker;
	return 0;
}

void walker_free(struct walker *walker)
{
	if (!walker)
		return;
	close(walker->pagemap_fd);
	frame_reader_free(walker->reader);
	free(walker->regions);
	window_clear(&walker->windows[0]);
	window_clear(&walker->windows[1]);
	free(walker);
}

const struct geometry *walker_geometry(const struct walker *walker)
{
	return &walker->host->geometry;
}

bool walker_skips_gaps(const struct walker *walker)
{
	return walker->host->pagemap_scan == WHY_OK;
}

const struct sources *walker_sources(const struct walker *walker)
{
	return &walker->sources;
}

void walker_set_hook(struct walker *walker, int (*hook)(void *arg), void *arg)
{
	walker->hook = hook;
	walker->hook_arg = arg;
}

void walker_use_two_threads(struct walker *walker)
{
	walker->two_threads = true;
}

static int run_hook(const struct walker *walker)
{
	return walker->hook ? walker->hook(walker->hook_arg) : 0;
}

static unsigned state_of_categories(uint64_t categories)
{
	unsigned state = 0;

	if (categories & PAGE_IS_PRESENT)
		state |= PAGE_PRESENT;
	if (categories & PAGE_IS_SWAPPED)
		state |= PAGE_SWAPPED;
	if (categories & PAGE_IS_FILE)
		state |= PAGE_FILE;
	if (categories & PAGE_IS_PFNZERO)
		state |= PAGE_ZERO;
	if (categories & PAGE_IS_HUGE)
		state |= PAGE_HUGE;
	return state;
}

static bool wants_frame_files(unsigned want)
{
	return want & (WALK_FLAGS | WALK_COUNTS);
}

/* Buffers for frames are made by the first walk that wants them. */
static void make_windows(struct walker *walker, unsigned want)
{
	for (int i = 0; i < (walker->two_threads ? 2 : 1); i++)
		window_make(&walker->windows[i], walker->chunk_pages, want & WALK_FLAGS,
			    want & WALK_COUNTS);
	if (wants_frame_files(want) && !walker->reader)
		walker->reader = frame_reader_new(walker->host, walker->two_threads);
}

static int read_entries(struct walker *walker)
{
	struct window *window = walker->window;
	size_t want_bytes = window->nr_pages * sizeof(uint64_t);
	off_t at = (off_t)(window->vpn * sizeof(uint64_t));
	ssize_t got = host_pread(walker->host, walker->pagemap_fd, window->entries, want_bytes, at);

	if (got < 0) {
		walker->sources.why[SOURCE_PAGEMAP] = why_from_errno((int)-got);
		return (int)got;
	}
	/* Nothing at all: the address space was given up while we looked. */
	if (got == 0)
		return -ESRCH;
	memset((char *)window->entries + got, 0, want_bytes - (size_t)got);
	walker->sources.why[SOURCE_PAGEMAP] = WHY_OK;
	walker->sources.why[SOURCE_FRAMES] = walker->host->may_see_frames ? WHY_OK : WHY_DENIED;
	for (size_t i = 0; i < window->nr_pages; i++)
		window->pfns[i] = page_pfn_of_entry(window->entries[i]);
	return 0;
}

static unsigned page_state(const struct window *window, size_t i)
{
	unsigned state = page_state_of_entry(window->entries[i]);

	state &= PAGE_PRESENT | PAGE_SWAPPED | PAGE_FILE;
	if (state & PAGE_PRESENT)
		state |= window->hints[i] & (PAGE_ZERO | PAGE_HUGE);
	return state;
}

/* What of an entry makes page_state(). */
#define STATE_BITS (PM_PRESENT | PM_SWAPPED | PM_FILE)

/* Where the pages of the same state as page i end. */
static size_t end_of_state(const struct window *window, size_t i)
{
	uint64_t entry = window->entries[i];
	uint16_t hint = window->hints[i];
	size_t end = i + 1;

	while (end < window->nr_pages && !((window->entries[end] ^ entry) & STATE_BITS) &&
	       window->hints[end] == hint)
		end++;
	return end;
}

static int emit_spans(const struct walk *walk, const struct window *window)
{
	const uint64_t *pfns = walk->walker->host->may_see_frames ? window->pfns : NULL;
	const uint64_t *flags = window->flags_why == WHY_OK ? window->flags : NULL;
	const uint64_t *mapcounts = window->mapcounts_why == WHY_OK ? window->mapcounts : NULL;
	int ret = 0;

	for (size_t i = 0, end; !ret && i < window->nr_pages; i = end) {
		unsigned state = page_state(window, i);
		struct page_span span;

		end = end_of_state(window, i);
		if (!(state & (PAGE_PRESENT | PAGE_SWAPPED)))
			continue;
		span = (struct page_span){
			.vpn = window->vpn + i,
			.nr_pages = end - i,
			.state = state,
			.pfns = pfns ? pfns + i : NULL,
			.flags = flags ? flags + i : NULL,
			.mapcounts = mapcounts ? mapcounts + i : NULL,
			.entries = window->entries + i,
		};
		ret = walk->fn(walk->arg, &span);
	}
	return ret;
}

static void note_why(struct sources *sources, enum source source, enum why why)
{
	if (why != WHY_NOT_ASKED)
		sources->why[source] = why;
}

/* Waits for the window whose frames are being read, and returns it; NULL where there is none. */
static struct window *take_pending(struct walker *walker)
{
	struct window *window = walker->pending;

	walker->pending = NULL;
	if (!window)
		return NULL;
	if (walker->reader)
		frame_reader_wait(walker->reader);
	note_why(&walker->sources, SOURCE_KPAGEFLAGS, window->flags_why);
	note_why(&walker->sources, SOURCE_KPAGECOUNT, window->mapcounts_why);
	return window;
}

/* Hands the pages of a window on, and makes it empty; NULL is allowed. */
static int hand_on(const struct walk *walk, struct window *window)
{
	int ret = window ? emit_spans(walk, window) : 0;

	if (window)
		window->nr_pages = 0;
	return ret;
}

static void start_frames(const struct walk *walk)
{
	struct walker *walker = walk->walker;
	struct window *window = walker->window;

	window->flags_why = window->mapcounts_why = WHY_NOT_ASKED;
	if (wants_frame_files(walk->want))
		frame_reader_start(walker->reader, window);
	walker->pending = window;
}

/* With two threads the window before is handed on while the frames of this one are read. */
static int flush_window(const struct walk *walk)
{
	struct walker *walker = walk->walker;
	struct window *before;
	int ret;

	if (!walker->window->nr_pages)
		return 0;
	ret = run_hook(walker);
	if (!ret)
		ret = read_entries(walker);
	if (ret)
		return ret;
	before = take_pending(walker);
	start_frames(walk);
	if (!walker->two_threads)
		before = take_pending(walker);
	else
		walker->window = &walker->windows[walker->window == &walker->windows[0]];
	return hand_on(walk, before);
}

/* The end of a walk: all that was gathered is handed on, or dropped where it failed. */
static int finish(const struct walk *walk, int ret)
{
	if (!ret)
		ret = flush_window(walk);
	if (!ret)
		ret = hand_on(walk, take_pending(walk->walker));
	take_pending(walk->walker);
	return ret;
}

/* Adds a region's pages to the window, flushing it as often as it is full. */
static int gather(const struct walk *walk, uint64_t vpn, uint64_t end_vpn, unsigned state)
{
	struct walker *walker = walk->walker;

	while (vpn < end_vpn) {
		struct window *window = walker->window;
		uint64_t offset = vpn - window->vpn, nr;

		if (window->nr_pages &&
		    (offset > window->nr_pages + GAP_PAGES || offset >= walker->chunk_pages)) {
			int ret = flush_window(walk);

			if (ret)
				return ret;
			window = walker->window;
		}
		if (!window->nr_pages) {
			window->vpn = vpn;
			offset = 0;
		}
		for (; window->nr_pages < offset; window->nr_pages++)
			window->hints[window->nr_pages] = 0;
		nr = walker->chunk_pages - offset;
		if (nr > end_vpn - vpn)
			nr = end_vpn - vpn;
		for (uint64_t i = 0; i < nr; i++)
			window->hints[offset + i] = (uint16_t)state;
		window->nr_pages = offset + nr;
		vpn += nr;
	}
	return 0;
}

static int take_region(const struct walk *walk, const struct page_region *region)
{
	unsigned shift = walk->walker->host->geometry.page_shift;
	unsigned state = state_of_categories(region->categories);
	uint64_t vpn = region->start >> shift, end_vpn = region->end >> shift;
	struct page_span span = { .vpn = vpn, .nr_pages = end_vpn - vpn, .state = state };

	if (walk->want)
		return gather(walk, vpn, end_vpn, state);
	return walk->fn(walk->arg, &span);
}

static int scan(const struct walk *walk, uint64_t start_vpn, uint64_t end_vpn)
{
	struct walker *walker = walk->walker;
	unsigned shift = walker->host->geometry.page_shift;
	struct pm_scan_arg arg = {
		.size = sizeof(arg),
		.start = start_vpn << shift,
		.end = end_vpn << shift,
		.vec = (uintptr_t)walker->regions,
		.vec_len = SCAN_REGIONS,
		.max_pages = SCAN_PAGES,
		.category_anyof_mask = PAGE_IS_PRESENT | PAGE_IS_SWAPPED,
		.return_mask = PAGE_IS_PRESENT | PAGE_IS_SWAPPED | PAGE_IS_PFNZERO | PAGE_IS_HUGE,
	};

	/* Only for this bit the kernel looks at each page itself; the entry has it too. */
	if (!walk->want)
		arg.return_mask |= PAGE_IS_FILE;

	while (arg.start < arg.end) {
		int nr = host_ioctl(walker->host, walker->pagemap_fd, PAGEMAP_SCAN, &arg), ret;

		walker->sources.why[SOURCE_PAGEMAP_SCAN] = nr < 0 ? why_from_errno(-nr) : WHY_OK;
		if (nr < 0)
			return nr;
		for (int i = 0; i < nr; i++) {
			ret = take_region(walk, &walker->regions[i]);
			if (ret)
				return ret;
		}
		ret = run_hook(walker);
		if (ret)
			return ret;
		/*
		 * The kernel gathers 512 regions at a time, and where the last of them end the
		 * range, walk_end stays behind regions that were given (measured on 6.18).
		 */
		if (nr > 0 && arg.walk_end < walker->regions[nr - 1].end)
			arg.walk_end = walker->regions[nr - 1].end;
		if (arg.walk_end <= arg.start)
			break;
		arg.start = arg.walk_end;
	}
	return 0;
}

int walk_pages(struct walker *walker, uint64_t start_vpn, uint64_t end_vpn, unsigned want,
	       int (*fn)(void *arg, const struct page_span *span), void *arg)
{
	const struct geometry *geometry = &walker->host->geometry;
	struct walk walk = { walker, want, fn, arg };

	if (end_vpn > UINT64_C(1) << (geometry->user_addr_bits - geometry->page_shift))
		return -EFAULT;
	walker->windows[0].nr_pages = walker->windows[1].nr_pages = 0;
	if (want)
		make_windows(walker, want);
	if (walker->host->pagemap_scan == WHY_OK)
		return finish(&walk, scan(&walk, start_vpn, end_vpn));
	walker->sources.why[SOURCE_PAGEMAP_SCAN] = walker->host->pagemap_scan;
	make_windows(walker, want);
	return finish(&walk, gather(&walk, start_vpn, end_vpn, 0));
}
