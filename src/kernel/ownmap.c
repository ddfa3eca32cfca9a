/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The touch is a write(2) of one byte of the mapping into a pipe: the copy faults the page in as
 * a load would, but where the file has shrunk it gives EFAULT instead of SIGBUS. It must not be
 * done by get_user_pages (process_vm_readv(2), MADV_POPULATE_READ), which marks pages as used.
 * One fault maps the cached pages around it too, so 16 pages cost about one touch. The flags
 * are read after unmapping, so that they and the map count are those without us; a second
 * look tells whether the frame still was the page's then.
 */
#include "kernel/ownmap.h"

#include "base/xalloc.h"
#include "kernel/kpage.h"
#include "model/page.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/statfs.h>
#include <unistd.h>

/* So many pages are mapped at once: 16 MiB. */
#define CHUNK_PAGES 4096
/* What a fault maps around it (fault_around_bytes in mm/memory.c), in pages of 4 KiB. */
#define WINDOW_PAGES 16

struct ownmap {
	const struct host *host;
	enum why why;
	int pagemap_fd, pipe_fds[2];
	struct kpage *kpage;
	unsigned char resident[CHUNK_PAGES];
	uint64_t pfns[CHUNK_PAGES], again[CHUNK_PAGES];
	uint64_t flags[CHUNK_PAGES], mapcounts[CHUNK_PAGES];
};

static void count_calls(const struct ownmap *own, unsigned long nr)
{
	atomic_fetch_add_explicit(own->host->nr_calls, nr, memory_order_relaxed);
}

/* Frame numbers of nr pages from an address on, 0 for what is not in our page table. */
static int read_pfns(const struct ownmap *own, const char *addr, size_t nr, uint64_t *pfns)
{
	uint64_t vpn = (uintptr_t)addr >> own->host->geometry.page_shift;
	ssize_t got = host_pread(own->host, own->pagemap_fd, pfns, nr * sizeof(*pfns),
				 (off_t)(vpn * sizeof(*pfns)));

	if (got < 0)
		return (int)got;
	for (size_t i = 0; i < nr; i++)
		pfns[i] = i < (size_t)got / sizeof(*pfns) ? page_pfn_of_entry(pfns[i]) : 0;
	return 0;
}

/* True when nothing marks a page that was mapped so, touched and unmapped: tried out. */
static bool leaves_no_trace(struct ownmap *own, size_t page_bytes)
{
	int fd = memfd_create("pagewalk-trial", MFD_CLOEXEC);
	uint64_t pfn = 0, flags = 0;
	char *map = MAP_FAILED;
	bool known;

	if (fd >= 0 && !ftruncate(fd, (off_t)page_bytes))
		map = mmap(NULL, page_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	known = map != MAP_FAILED && !madvise(map, page_bytes, MADV_RANDOM);
	if (known) {
		*(volatile char *)map = 1;
		known = !read_pfns(own, map, 1, &pfn) && pfn;
	}
	if (map != MAP_FAILED)
		munmap(map, page_bytes);
	/* The page stays in the memfd. */
	known = known && !kpage_read(own->kpage, SOURCE_KPAGEFLAGS, &pfn, 1, 0, &flags);
	if (fd >= 0)
		close(fd);
	count_calls(own, 6);
	return known && flags & KPF_BIT(KPF_UPTODATE) && !(flags & KPF_BIT(KPF_REFERENCED));
}

struct ownmap *ownmap_new(const struct host *host)
{
	struct ownmap *own = xcalloc(1, sizeof(*own));

	own->host = host;
	own->pagemap_fd = own->pipe_fds[0] = own->pipe_fds[1] = -1;
	own->why = host->may_see_frames ? WHY_OK : WHY_DENIED;
	if (own->why != WHY_OK)
		return own;
	own->kpage = kpage_open(host);
	own->pagemap_fd = host_open(host, "/proc/self/pagemap", O_RDONLY);
	if (own->pagemap_fd < 0)
		own->why = why_from_errno(-own->pagemap_fd);
	else if (kpage_why(own->kpage, SOURCE_KPAGEFLAGS) != WHY_OK)
		own->why = kpage_why(own->kpage, SOURCE_KPAGEFLAGS);
	else if (pipe2(own->pipe_fds, O_CLOEXEC | O_NONBLOCK))
		own->why = why_from_errno(errno);
	else if (!leaves_no_trace(own, geometry_page_size(&host->geometry)))
		own->why = WHY_UNSUPPORTED;
	return own;
}

void ownmap_free(struct ownmap *own)
{
	if (!own)
		return;
	kpage_close(own->kpage);
	if (own->pagemap_fd >= 0)
		close(own->pagemap_fd);
	for (int i = 0; i < 2; i++)
		if (own->pipe_fds[i] >= 0)
			close(own->pipe_fds[i]);
	free(own);
}

enum why ownmap_why(const struct ownmap *own)
{
	return own->why;
}

/* Brings one page into our page table, if it is resident at this moment. */
static void touch(const struct ownmap *own, char *addr, size_t page_bytes)
{
	unsigned char resident;
	char byte;

	count_calls(own, 1);
	if (mincore(addr, page_bytes, &resident) || !(resident & 1))
		return;
	count_calls(own, 2);
	/* EFAULT: the file has shrunk. */
	if (write(own->pipe_fds[1], addr, 1) == 1 && read(own->pipe_fds[0], &byte, 1) != 1)
		return;
}

/* Touches what is resident of a window and not in the page table yet. */
static int touch_window(struct ownmap *own, char *map, size_t first, size_t nr, size_t page_bytes)
{
	uint64_t pfns[WINDOW_PAGES];
	bool fresh = false;
	int ret = 0;

	for (size_t i = 0; i < nr && !ret; i++) {
		if (!(own->resident[first + i] & 1))
			continue;
		if (!fresh)
			ret = read_pfns(own, map + first * page_bytes, nr, pfns);
		fresh = true;
		if (ret || pfns[i])
			continue;
		touch(own, map + (first + i) * page_bytes, page_bytes);
		fresh = false;
	}
	return ret;
}

/* One look at one chunk: the frames of its resident pages. 0 or -errno. */
static int look(struct ownmap *own, int fd, uint64_t first_page, size_t nr, uint64_t *pfns)
{
	size_t page_bytes = geometry_page_size(&own->host->geometry);
	char *map = mmap(NULL, nr * page_bytes, PROT_READ, MAP_SHARED | MAP_NORESERVE, fd,
			 (off_t)(first_page << own->host->geometry.page_shift));
	int ret = 0;

	count_calls(own, 4);
	if (map == MAP_FAILED)
		return errno == ENODEV ? -EOPNOTSUPP : -errno;
	/* Without it nothing may be touched. */
	if (madvise(map, nr * page_bytes, MADV_RANDOM) ||
	    mincore(map, nr * page_bytes, own->resident))
		ret = -errno;
	for (size_t at = 0; at < nr && !ret; at += WINDOW_PAGES)
		ret = touch_window(own, map, at, nr - at < WINDOW_PAGES ? nr - at : WINDOW_PAGES,
				   page_bytes);
	if (!ret)
		ret = read_pfns(own, map, nr, pfns);
	munmap(map, nr * page_bytes);
	return ret;
}

static int read_chunk(struct ownmap *own, int fd, uint64_t first_page, size_t nr,
		      struct cache_frame *frames)
{
	struct kpage_want wants[] = {
		{ .source = SOURCE_KPAGEFLAGS, .values = own->flags },
		{ .source = SOURCE_KPAGECOUNT, .values = own->mapcounts },
	};
	int ret = look(own, fd, first_page, nr, own->pfns);

	if (ret)
		return ret;
	kpage_plan(own->kpage, own->pfns, nr);
	kpage_read_planned(own->kpage, wants, 2);
	ret = look(own, fd, first_page, nr, own->again);
	if (!ret)
		ret = wants[0].ret ? wants[0].ret : wants[1].ret;
	for (size_t i = 0; i < nr && !ret; i++) {
		frames[i] = (struct cache_frame){ 0 };
		if (own->pfns[i] && own->pfns[i] == own->again[i])
			frames[i] = (struct cache_frame){
				.pfn = own->pfns[i],
				.flags = frame_flags_clean(own->flags[i]),
				.mapcount = own->mapcounts[i],
			};
	}
	return ret;
}

static uint64_t major_faults(void)
{
	struct rusage usage;

	return getrusage(RUSAGE_THREAD, &usage) ? 0 : (uint64_t)usage.ru_majflt;
}

int ownmap_read(struct ownmap *own, struct filecache *file, uint64_t first_page, uint64_t nr,
		struct cache_frame *frames, uint64_t *nr_read_back)
{
	uint64_t before = major_faults();
	struct statx st;
	struct statfs fs;
	int ret = 0;

	if (own->why != WHY_OK)
		return own->why == WHY_DENIED ? -EPERM : -EOPNOTSUPP;
	/* To anybody else mincore says "all resident", and the touch would read it all in. */
	if (!filecache_may_ask(file))
		return -EPERM;
	ret = filecache_stat(file, &st);
	if (ret)
		return ret;
	/*
	 * Huge pages of hugetlbfs are no page cache, and a touch reserves them. A server is not
	 * asked for what its block size tells.
	 */
	if (st.stx_blksize > geometry_page_size(&own->host->geometry) &&
	    (fstatfs(filecache_fd(file), &fs) || fs.f_type == HUGETLBFS_MAGIC))
		return -EOPNOTSUPP;
	for (uint64_t at = 0; at < nr && !ret; at += CHUNK_PAGES)
		ret = read_chunk(own, filecache_fd(file), first_page + at,
				 nr - at < CHUNK_PAGES ? (size_t)(nr - at) : CHUNK_PAGES,
				 frames + at);
	*nr_read_back += major_faults() - before;
	return ret;
}

/* Which chunks of the file have anything cached. The caller frees the cells. */
static int count_chunks(struct filecache *file, uint64_t nr_pages, struct cache_counts **out,
			size_t *nr_chunks)
{
	struct cache_counts *cells;
	enum why why, why_states;
	int ret;

	*nr_chunks = (size_t)((nr_pages + CHUNK_PAGES - 1) / CHUNK_PAGES);
	cells = xcalloc(*nr_chunks ? *nr_chunks : 1, sizeof(*cells));
	for (size_t i = 0; i < *nr_chunks; i++) {
		uint64_t left = nr_pages - i * CHUNK_PAGES;

		cells[i].pages = left < CHUNK_PAGES ? left : CHUNK_PAGES;
	}
	ret = filecache_count(file, 0, CHUNK_PAGES, *nr_chunks, cells, &why, &why_states);
	if (!ret && why != WHY_OK)
		ret = why == WHY_DENIED ? -EPERM : -EOPNOTSUPP;
	*out = cells;
	return ret;
}

int ownmap_read_file(struct ownmap *own, struct filecache *file, struct cache_info *info)
{
	struct cache_frame *frames = xcalloc(CHUNK_PAGES, sizeof(*frames));
	struct cache_counts *chunks;
	size_t nr_chunks;
	int ret = count_chunks(file, info->total.pages, &chunks, &nr_chunks);

	for (size_t i = 0; i < nr_chunks && !ret; i++) {
		if (!chunks[i].cached)
			continue;
		ret = ownmap_read(own, file, i * CHUNK_PAGES, chunks[i].pages, frames,
				  &info->nr_read_back);
		if (!ret)
			cache_info_add_frames(info, i * CHUNK_PAGES, frames,
					      (size_t)chunks[i].pages);
	}
	free(chunks);
	free(frames);
	info->frames_why = own->why != WHY_OK ? own->why : why_from_errno(-ret);
	return ret;
}
