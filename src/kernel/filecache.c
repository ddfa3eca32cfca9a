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
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* mincore is asked about this many pages at once: a quarter MiB of answers. */
#define MINCORE_PAGES 262144

struct filecache {
	const struct host *host;
	int fd;
	bool owns_fd;
	enum filecache_source source;
};

static int check_kind(int fd)
{
	struct stat st;

	if (fstat(fd, &st))
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	return S_ISREG(st.st_mode) ? 0 : -ENODEV;
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

int filecache_open(const struct host *host, const char *path, enum filecache_source source,
		   struct filecache **out)
{
	/* O_PATH opens nothing yet: a FIFO does not block, a device is not started. */
	int path_fd = host_openat(host, AT_FDCWD, path, O_PATH), fd = -1, ret;
	char link[32];

	if (path_fd < 0)
		return path_fd;
	ret = check_kind(path_fd);
	if (ret)
		goto out;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", path_fd);
	fd = host_openat(host, AT_FDCWD, link, O_RDONLY | O_NOCTTY | O_NONBLOCK);
	ret = fd < 0 ? fd : filecache_open_fd(host, fd, source, out);
	if (ret && fd >= 0)
		close(fd);
	if (!ret)
		(*out)->owns_fd = true;
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
static bool may_ask(const struct filecache *file, const struct stat *st)
{
	char link[32];

	if (file->host->may_override_owner || st->st_uid == geteuid())
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

/* Pages [first, first + nr) of the file, nr > 0: adds up answers into their cells. */
static enum why ask_mincore(const struct filecache *file, uint64_t first, size_t nr,
			    unsigned char *answers, struct cache_info *out)
{
	unsigned shift = file->host->geometry.page_shift;
	size_t len_bytes = nr << shift;
	void *map = mmap(NULL, len_bytes, PROT_READ, MAP_SHARED | MAP_NORESERVE, file->fd,
			 (off_t)(first << shift));
	enum why why = WHY_OK;

	atomic_fetch_add_explicit(file->host->nr_calls, 3, memory_order_relaxed);
	if (map == MAP_FAILED)
		return errno == ENODEV ? WHY_UNSUPPORTED : why_from_errno(errno);
	if (mincore(map, len_bytes, answers))
		why = why_from_errno(errno);
	munmap(map, len_bytes);
	for (size_t i = 0; why == WHY_OK && i < nr; i++) {
		if (!(answers[i] & 1))
			continue;
		out->total.cached++;
		if (out->nr_cells)
			out->cells[(first + i) / out->pages_per_cell].cached++;
	}
	return why;
}

static enum why read_by_mincore(const struct filecache *file, struct cache_info *out)
{
	unsigned char *answers = xmalloc(MINCORE_PAGES);
	enum why why = WHY_OK;

	for (uint64_t at = 0; why == WHY_OK && at < out->total.pages; at += MINCORE_PAGES) {
		uint64_t left = out->total.pages - at;

		why = ask_mincore(file, at, left < MINCORE_PAGES ? left : MINCORE_PAGES, answers,
				  out);
	}
	free(answers);
	return why;
}

static void add_counts(struct cache_counts *to, const struct cache_counts *from)
{
	to->cached += from->cached;
	to->dirty += from->dirty;
	to->writeback += from->writeback;
	to->evicted += from->evicted;
	to->recently_evicted += from->recently_evicted;
}

static enum why read_by_cachestat(const struct filecache *file, struct cache_info *out)
{
	uint64_t cell_bytes = out->pages_per_cell << file->host->geometry.page_shift;

	/* Length 0 would mean "to the end", whatever is appended meanwhile. */
	if (!out->nr_cells)
		return out->size_bytes ? ask_cachestat(file, 0, out->size_bytes, &out->total)
				       : ask_cachestat(file, 0, 1, &out->total);
	for (size_t i = 0; i < out->nr_cells; i++) {
		enum why why = ask_cachestat(file, i * cell_bytes, cell_bytes, &out->cells[i]);

		if (why != WHY_OK)
			return why;
		add_counts(&out->total, &out->cells[i]);
	}
	return WHY_OK;
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
	bool mincore_wanted = file->source == FILECACHE_MINCORE ||
			      (file->source == FILECACHE_AUTO && file->host->cachestat != WHY_OK);
	uint64_t page_size = geometry_page_size(&file->host->geometry);
	struct stat st;

	memset(out, 0, sizeof(*out));
	if (fstat(file->fd, &st))
		return -errno;
	out->size_bytes = (uint64_t)st.st_size;
	out->inode = st.st_ino;
	out->dev_major = major(st.st_dev);
	out->dev_minor = minor(st.st_dev);
	lay_out(out, (out->size_bytes + page_size - 1) / page_size, nr_cells);
	out->source = mincore_wanted ? SOURCE_MINCORE : SOURCE_CACHESTAT;
	if (!mincore_wanted) {
		out->why = file->host->cachestat == WHY_OK ? read_by_cachestat(file, out)
							   : file->host->cachestat;
		out->why_states = out->why;
		return 0;
	}
	out->why_states = WHY_UNSUPPORTED;
	out->why = may_ask(file, &st) ? read_by_mincore(file, out) : WHY_DENIED;
	return 0;
}

int filecache_evict(struct filecache *file)
{
	return -posix_fadvise(file->fd, 0, 0, POSIX_FADV_DONTNEED);
}
