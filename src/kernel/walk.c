/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The walk over a process's page table. PAGEMAP_SCAN (Linux 6.7) names the populated
 * regions and skips all else, so a terabyte of reservation costs nothing; it alone answers
 * a walk for states. Where frames are wanted, regions that lie close together are gathered
 * into a window of at most chunk_pages, whose pagemap entries are read in one piece, then
 * kpageflags and kpagecount of its frames. Without PAGEMAP_SCAN the windows are laid over
 * the whole range.
 *
 * Between the scan and the read a page may come or go: the entry, being newer, decides
 * present, swapped and file; the scan adds what only it tells (huge, zero page).
 * Nothing here faults a page in or sets a referenced bit.
 */
#include "kernel/walk.h"

#include "base/xalloc.h"
#include "kernel/kpage.h"
#include "kernel/uapi/pagemap_scan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SCAN_REGIONS 1024
#define GAP_PAGES    128 /* a read of pagemap costs about as much as this many entries */

struct walker {
	const struct host *host;
	int pagemap_fd;
	struct kpage *kpage;
	struct sources sources;
	int (*hook)(void *arg);
	void *hook_arg;
	size_t chunk_pages;
	struct page_region *regions;
	/* The window: chunk_pages elements each, from page window_vpn on. */
	uint64_t window_vpn;
	size_t window_pages;
	uint16_t *hints; /* enum page_state bits from the scan */
	uint64_t *entries, *pfns, *flags, *mapcounts;
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
	kpage_close(walker->kpage);
	free(walker->regions);
	free(walker->hints);
	free(walker->entries);
	free(walker->pfns);
	free(walker->flags);
	free(walker->mapcounts);
	free(walker);
}

const struct geometry *walker_geometry(const struct walker *walker)
{
	return &walker->host->geometry;
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

/* Buffers for frames are made by the first walk that wants them. */
static void make_window(struct walker *walker, unsigned want)
{
	size_t nr = walker->chunk_pages;

	if (!walker->entries) {
		walker->hints = xcalloc(nr, sizeof(*walker->hints));
		walker->entries = xcalloc(nr, sizeof(*walker->entries));
		walker->pfns = xcalloc(nr, sizeof(*walker->pfns));
	}
	if (want & (WALK_FLAGS | WALK_COUNTS) && !walker->kpage)
		walker->kpage = kpage_open(walker->host);
	if (want & WALK_FLAGS && !walker->flags)
		walker->flags = xcalloc(nr, sizeof(*walker->flags));
	if (want & WALK_COUNTS && !walker->mapcounts)
		walker->mapcounts = xcalloc(nr, sizeof(*walker->mapcounts));
}

/* Reads one of the frame files for the window. Returns the array, or NULL where refused. */
static const uint64_t *read_frame_file(struct walker *walker, enum source source, uint64_t none,
				       uint64_t *values)
{
	enum why why = kpage_why(walker->kpage, source);

	if (why == WHY_OK && !walker->host->may_see_frames)
		why = WHY_DENIED; /* the file is open, but which frame to look at is not told */
	if (why == WHY_OK) {
		int ret = kpage_read(walker->kpage, source, walker->pfns, walker->window_pages,
				     none, values);

		why = ret ? why_from_errno(-ret) : WHY_OK;
	}
	walker->sources.why[source] = why;
	return why == WHY_OK ? values : NULL;
}

static int read_entries(struct walker *walker)
{
	size_t want_bytes = walker->window_pages * sizeof(uint64_t);
	off_t at = (off_t)(walker->window_vpn * sizeof(uint64_t));
	ssize_t got = host_pread(walker->host, walker->pagemap_fd, walker->entries, want_bytes, at);

	if (got < 0) {
		walker->sources.why[SOURCE_PAGEMAP] = why_from_errno((int)-got);
		return (int)got;
	}
	/* Nothing at all: the address space was given up while we looked. */
	if (got == 0)
		return -ESRCH;
	memset((char *)walker->entries + got, 0, want_bytes - (size_t)got);
	walker->sources.why[SOURCE_PAGEMAP] = WHY_OK;
	walker->sources.why[SOURCE_FRAMES] = walker->host->may_see_frames ? WHY_OK : WHY_DENIED;
	return 0;
}

static unsigned window_state(const struct walker *walker, size_t i)
{
	unsigned state = page_state_of_entry(walker->entries[i]);

	state &= PAGE_PRESENT | PAGE_SWAPPED | PAGE_FILE;
	if (state & PAGE_PRESENT)
		state |= walker->hints[i] & (PAGE_ZERO | PAGE_HUGE);
	return state;
}

static int emit_spans(const struct walk *walk, const uint64_t *flags, const uint64_t *mapcounts)
{
	const struct walker *walker = walk->walker;
	size_t i = 0;

	while (i < walker->window_pages) {
		unsigned state = window_state(walker, i);
		size_t end = i + 1;
		struct page_span span;
		int ret;

		while (end < walker->window_pages && window_state(walker, end) == state)
			end++;
		span = (struct page_span){
			.vpn = walker->window_vpn + i,
			.nr_pages = end - i,
			.state = state,
			.pfns = walker->host->may_see_frames ? walker->pfns + i : NULL,
			.flags = flags ? flags + i : NULL,
			.mapcounts = mapcounts ? mapcounts + i : NULL,
			.entries = walker->entries + i,
		};
		i = end;
		if (!(state & (PAGE_PRESENT | PAGE_SWAPPED)))
			continue;
		ret = walk->fn(walk->arg, &span);
		if (ret)
			return ret;
	}
	return 0;
}

static int flush_window(const struct walk *walk)
{
	struct walker *walker = walk->walker;
	const uint64_t *flags = NULL, *mapcounts = NULL;
	int ret;

	if (!walker->window_pages)
		return 0;
	ret = run_hook(walker);
	if (!ret)
		ret = read_entries(walker);
	if (ret)
		return ret;
	for (size_t i = 0; i < walker->window_pages; i++)
		walker->pfns[i] = page_pfn_of_entry(walker->entries[i]);
	if (walk->want & WALK_FLAGS)
		flags = read_frame_file(walker, SOURCE_KPAGEFLAGS, KPF_BIT(KPF_NOPAGE),
					walker->flags);
	if (walk->want & WALK_COUNTS)
		mapcounts = read_frame_file(walker, SOURCE_KPAGECOUNT, 0, walker->mapcounts);
	ret = emit_spans(walk, flags, mapcounts);
	walker->window_pages = 0;
	return ret;
}

/* Adds a region's pages to the window, flushing it as often as it is full. */
static int gather(const struct walk *walk, uint64_t vpn, uint64_t end_vpn, unsigned state)
{
	struct walker *walker = walk->walker;
	int ret;

	while (vpn < end_vpn) {
		uint64_t offset = vpn - walker->window_vpn, nr;

		if (walker->window_pages &&
		    (offset > walker->window_pages + GAP_PAGES || offset >= walker->chunk_pages)) {
			ret = flush_window(walk);
			if (ret)
				return ret;
		}
		if (!walker->window_pages) {
			walker->window_vpn = vpn;
			offset = 0;
		}
		for (; walker->window_pages < offset; walker->window_pages++)
			walker->hints[walker->window_pages] = 0;
		nr = walker->chunk_pages - offset;
		if (nr > end_vpn - vpn)
			nr = end_vpn - vpn;
		for (uint64_t i = 0; i < nr; i++)
			walker->hints[offset + i] = (uint16_t)state;
		walker->window_pages = offset + nr;
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
		.category_anyof_mask = PAGE_IS_PRESENT | PAGE_IS_SWAPPED,
		.return_mask = PAGE_IS_PRESENT | PAGE_IS_SWAPPED | PAGE_IS_FILE | PAGE_IS_PFNZERO |
			       PAGE_IS_HUGE,
	};

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
	return walk->want ? flush_window(walk) : 0;
}

int walk_pages(struct walker *walker, uint64_t start_vpn, uint64_t end_vpn, unsigned want,
	       int (*fn)(void *arg, const struct page_span *span), void *arg)
{
	const struct geometry *geometry = &walker->host->geometry;
	struct walk walk = { walker, want, fn, arg };
	int ret;

	if (end_vpn > UINT64_C(1) << (geometry->user_addr_bits - geometry->page_shift))
		return -EFAULT;
	walker->window_pages = 0;
	if (want)
		make_window(walker, want);
	if (walker->host->pagemap_scan == WHY_OK)
		return scan(&walk, start_vpn, end_vpn);
	walker->sources.why[SOURCE_PAGEMAP_SCAN] = walker->host->pagemap_scan;
	make_window(walker, want);
	ret = gather(&walk, start_vpn, end_vpn, 0);
	return ret ? ret : flush_window(&walk);
}
