/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The page cache of one file. Interfaces: cachestat(2) (Linux 6.5,
 * Documentation/admin-guide/mm/ and mm/filemap.c), mincore(2), posix_fadvise(2).
 *
 * Who may ask: the file's owner, who may write it, or CAP_FOWNER. To anybody else mincore(2)
 * answers "all resident" (since Linux 5.2), so the rule is checked before it is asked. A
 * mapping made for mincore is never touched and brings nothing into memory.
 */
#include "kernel/filecache.h"

#include "base/xalloc.h"
#include "kernel/uapi/cachestat.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* mincore is asked about this many pages at once: a quarter MiB of answers. */
#define MINCORE_PAGES 262144
/* Into so many parts a range is cut where one question was not enough. */
#define CACHESTAT_PARTS 16

struct filecache {
	const struct host *host;
	int fd;
	bool owns_fd;
	enum filecache_source source;
};

static int stat_fd(int fd, struct statx *out)
{
	return statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_BASIC_STATS, out) ? -errno
											 : 0;
}

int filecache_stat(const struct filecache *file, struct statx *out)
{
	return stat_fd(file->fd, out);
}

static int check_kind(int fd)
{
	struct statx st;
	int ret = stat_fd(fd, &st);

	if (ret)
		return ret;
	if (S_ISDIR(st.stx_mode))
		return -EISDIR;
	return S_ISREG(st.stx_mode) ? 0 : -ENODEV;
}

int filecache_open_fd(const struct host *host, int fd, enum filecache_source source,
		      struct filecache **out)
{
	struct filecache *file;
	int ret = check_kind(fd);

	if (ret)
		return ret;
	file = xcalloc(1, sizeof(*file));
	*file = (struct filecache){ .host = host, .fd = fd, .source = source };
	*out = file;
	return 0;
}

int filecache_take_fd(const struct host *host, int fd, enum filecache_source source,
		      struct filecache **out)
{
	int ret = filecache_open_fd(host, fd, source, out);

	if (ret)
		return ret;
	(*out)->owns_fd = true;
	/* Mapping a file counts as access; only its owner may have that left out. */
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NOATIME);
	return 0;
}

int filecache_open(const struct host *host, const char *path, enum filecache_source source,
		   struct filecache **out)
{
	return filecache_open_at(host, AT_FDCWD, path, source, out);
}

int filecache_open_at(const struct host *host, int dir_fd, const char *path,
		      enum filecache_source source, struct filecache **out)
{
	/* O_PATH opens nothing yet: a FIFO does not block, a device is not started. */
	int path_fd = host_openat(host, dir_fd, path, O_PATH), fd = -1, ret;
	char link[32];

	if (path_fd < 0)
		return path_fd;
	ret = check_kind(path_fd);
	if (ret)
		goto out;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", path_fd);
	fd = host_openat(host, AT_FDCWD, link, O_RDONLY | O_NOCTTY | O_NONBLOCK);
	ret = fd < 0 ? fd : filecache_take_fd(host, fd, source, out);
	if (ret && fd >= 0)
		close(fd);
out:
	close(path_fd);
	return ret;
}

void filecache_close(struct filecache *file)
{
	if (!file)
		return;
	if (file->owns_fd)
		close(file->fd);
	free(file);
}

/* The kernel's rule for both interfaces (mm/filemap.c can_do_cachestat, mm/mincore.c). */
bool filecache_may_ask(const struct filecache *file)
{
	struct statx st;
	char link[32];

	if (file->host->may_override_owner ||
	    (!filecache_stat(file, &st) && st.stx_uid == geteuid()))
		return true;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", file->fd);
	return faccessat(AT_FDCWD, link, W_OK, AT_EACCESS) == 0;
}

static enum why ask_cachestat(const struct filecache *file, uint64_t off_bytes, uint64_t len_bytes,
			      struct cache_counts *counts)
{
	struct cachestat_range range = { .off = off_bytes, .len = len_bytes };
	struct cachestat stat;

	atomic_fetch_add_explicit(file->host->nr_calls, 1, memory_order_relaxed);
	if (syscall(__NR_cachestat, file->fd, &range, &stat, 0))
		return why_from_errno(errno);
	counts->cached = stat.nr_cache;
	counts->dirty = stat.nr_dirty;
	counts->writeback = stat.nr_writeback;
	counts->evicted = stat.nr_evicted;
	counts->recently_evicted = stat.nr_recently_evicted;
	return WHY_OK;
}

/* Cells of a range of a file; the last one may have fewer pages. */
struct layout {
	uint64_t first_page, pages_per_cell;
	size_t nr_cells;
	struct cache_counts *cells; /* `pages` is set */
};

static uint64_t layout_pages(const struct layout *layout)
{
	if (!layout->nr_cells)
		return 0;
	return (layout->nr_cells - 1) * layout->pages_per_cell +
	       layout->cells[layout->nr_cells - 1].pages;
}

/* Pages [at, at + nr) of the range, nr > 0: adds up answers into their cells. */
static enum why ask_mincore(const struct filecache *file, const struct layout *layout, uint64_t at,
			    size_t nr, unsigned char *answers)
{
	unsigned shift = file->host->geometry.page_shift;
	size_t len_bytes = nr << shift;
	void *map = mmap(NULL, len_bytes, PROT_READ, MAP_SHARED | MAP_NORESERVE, file->fd,
			 (off_t)((layout->first_page + at) << shift));
	enum why why = WHY_OK;

	atomic_fetch_add_explicit(file->host->nr_calls, 3, memory_order_relaxed);
	if (map == MAP_FAILED)
		return errno == ENODEV ? WHY_UNSUPPORTED : why_from_errno(errno);
	if (mincore(map, len_bytes, answers))
		why = why_from_errno(errno);
	munmap(map, len_bytes);
	for (size_t i = 0; why == WHY_OK && i < nr; i++)
		layout->cells[(at + i) / layout->pages_per_cell].cached += answers[i] & 1;
	return why;
}

static enum why count_by_mincore(const struct filecache *file, const struct layout *layout)
{
	unsigned char *answers = xmalloc(MINCORE_PAGES);
	uint64_t nr_pages = layout_pages(layout);
	enum why why = WHY_OK;

	for (uint64_t at = 0; why == WHY_OK && at < nr_pages; at += MINCORE_PAGES) {
		uint64_t left = nr_pages - at;

		why = ask_mincore(file, layout, at, left < MINCORE_PAGES ? left : MINCORE_PAGES,
				  answers);
	}
	free(answers);
	return why;
}

/* True when the counts of a range say what each page of it is. */
static bool is_uniform(const struct cache_counts *counts)
{
	if (!counts->cached)
		return !counts->evicted && !counts->recently_evicted;
	return counts->cached == counts->pages && !counts->dirty && !counts->writeback;
}

/*
 * Cells [first, first + nr): one question for all, and for parts only where that leaves
 * something open. What is wholly absent or wholly cached and clean costs one call.
 */
static enum why count_by_cachestat(const struct filecache *file, const struct layout *layout,
				   size_t first, size_t nr)
{
	unsigned shift = file->host->geometry.page_shift;
	struct layout part = { .pages_per_cell = layout->pages_per_cell,
			       .nr_cells = nr,
			       .cells = layout->cells + first };
	struct cache_counts counts = { .pages = layout_pages(&part) };
	uint64_t start = layout->first_page + first * layout->pages_per_cell;
	size_t step = (nr + CACHESTAT_PARTS - 1) / CACHESTAT_PARTS;
	enum why why = ask_cachestat(file, start << shift, counts.pages << shift, &counts);

	if (why == WHY_OK && nr == 1)
		layout->cells[first] = counts;
	if (why != WHY_OK || nr == 1)
		return why;
	if (is_uniform(&counts)) {
		for (size_t i = first; counts.cached && i < first + nr; i++)
			layout->cells[i].cached = layout->cells[i].pages;
		return WHY_OK;
	}
	for (size_t at = 0; why == WHY_OK && at < nr; at += step)
		why = count_by_cachestat(file, layout, first + at, nr - at < step ? nr - at : step);
	return why;
}

static bool wants_mincore(const struct filecache *file)
{
	return file->source == FILECACHE_MINCORE ||
	       (file->source == FILECACHE_AUTO && file->host->cachestat != WHY_OK);
}

static enum why count_layout(const struct filecache *file, const struct layout *layout)
{
	if (!layout->nr_cells)
		return WHY_OK;
	if (wants_mincore(file))
		return filecache_may_ask(file) ? count_by_mincore(file, layout) : WHY_DENIED;
	if (file->host->cachestat != WHY_OK)
		return file->host->cachestat;
	return count_by_cachestat(file, layout, 0, layout->nr_cells);
}

static void add_counts(struct cache_counts *to, const struct cache_counts *from)
{
	to->cached += from->cached;
	to->dirty += from->dirty;
	to->writeback += from->writeback;
	to->evicted += from->evicted;
	to->recently_evicted += from->recently_evicted;
}

/* An empty file is asked about too, to know whether one may. */
static enum why count_total(const struct filecache *file, struct cache_counts *total)
{
	struct cache_counts counts = { .pages = total->pages };
	struct layout layout = { 0, total->pages, 1, &counts };
	enum why why;

	if (!total->pages) {
		layout.pages_per_cell = counts.pages = 1;
		if (wants_mincore(file))
			return filecache_may_ask(file) ? WHY_OK : WHY_DENIED;
	}
	why = count_layout(file, &layout);
	add_counts(total, &counts);
	return why;
}

static void lay_out(struct cache_info *out, uint64_t nr_pages, size_t nr_cells)
{
	out->total.pages = nr_pages;
	if (!nr_cells || !nr_pages)
		return;
	out->pages_per_cell = cache_pages_per_cell(nr_pages, nr_cells);
	out->nr_cells = (size_t)((nr_pages + out->pages_per_cell - 1) / out->pages_per_cell);
	out->cells = xcalloc(out->nr_cells, sizeof(*out->cells));
	for (size_t i = 0; i < out->nr_cells; i++) {
		uint64_t left = nr_pages - i * out->pages_per_cell;

		out->cells[i].pages = left < out->pages_per_cell ? left : out->pages_per_cell;
	}
}

int filecache_read(struct filecache *file, size_t nr_cells, struct cache_info *out)
{
	uint64_t page_size = geometry_page_size(&file->host->geometry);
	struct statx st;
	int ret = filecache_stat(file, &st);

	memset(out, 0, sizeof(*out));
	out->frames_why = WHY_NOT_ASKED;
	if (ret)
		return ret;
	out->size_bytes = st.stx_size;
	out->inode = st.stx_ino;
	out->dev_major = st.stx_dev_major;
	out->dev_minor = st.stx_dev_minor;
	lay_out(out, (out->size_bytes + page_size - 1) / page_size, nr_cells);
	out->source = wants_mincore(file) ? SOURCE_MINCORE : SOURCE_CACHESTAT;
	if (!out->nr_cells) {
		out->why = count_total(file, &out->total);
	} else {
		struct layout layout = { 0, out->pages_per_cell, out->nr_cells, out->cells };

		out->why = count_layout(file, &layout);
		for (size_t i = 0; out->why == WHY_OK && i < out->nr_cells; i++)
			add_counts(&out->total, &out->cells[i]);
	}
	out->why_states = wants_mincore(file) ? WHY_UNSUPPORTED : out->why;
	return 0;
}

int filecache_count(struct filecache *file, uint64_t first_page, uint64_t pages_per_cell,
		    size_t nr_cells, struct cache_counts *cells, enum why *why,
		    enum why *why_states)
{
	struct layout layout = { first_page, pages_per_cell, nr_cells, cells };
	struct statx st;
	int ret = filecache_stat(file, &st);

	if (ret)
		return ret;
	*why = count_layout(file, &layout);
	*why_states = wants_mincore(file) ? WHY_UNSUPPORTED : *why;
	return 0;
}

int filecache_fd(const struct filecache *file)
{
	return file->fd;
}

char *filecache_name(const struct filecache *file, const char *path)
{
	char link[32], name[PATH_MAX + 16];
	ssize_t len;

	if (strncmp(path, "/proc/", 6))
		return xstrdup(path);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", file->fd);
	len = readlink(link, name, sizeof(name));
	return len > 0 ? xstrndup(name, (size_t)len) : xstrdup(path);
}

int filecache_read_page(struct filecache *file, uint64_t page)
{
	size_t len_bytes = geometry_page_size(&file->host->geometry);
	char *buffer = xmalloc(len_bytes);
	ssize_t got = host_pread(file->host, file->fd, buffer, len_bytes,
				 (off_t)(page << file->host->geometry.page_shift));

	free(buffer);
	return got < 0 ? (int)got : 0;
}

int filecache_read_ahead(struct filecache *file, uint64_t first_page, uint64_t nr_pages)
{
	unsigned shift = file->host->geometry.page_shift;

	return readahead(file->fd, (off_t)(first_page << shift), nr_pages << shift) ? -errno : 0;
}

int filecache_write_back(struct filecache *file)
{
	unsigned flags = SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE |
			 SYNC_FILE_RANGE_WAIT_AFTER;

	return sync_file_range(file->fd, 0, 0, flags) ? -errno : 0;
}

int filecache_evict(struct filecache *file)
{
	return -posix_fadvise(file->fd, 0, 0, POSIX_FADV_DONTNEED);
}
