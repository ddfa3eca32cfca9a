/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Evicted pages are remembered in a table without search: a page has one place, and a page that
 * comes later takes it. The pages of a file lie side by side in it, so that those of a file that
 * is no longer than the table never take each other's.
 */
#include "model/fault_evictions.h"

#include "base/xalloc.h"

#include <stdlib.h>

#define PAGES_KEPT (UINT64_C(1) << 17) /* a power of two */

struct evicted_page {
	uint64_t key;      /* file and page; 0: free */
	uint64_t first_ns; /* when it was evicted first */
};

const char *eviction_doubt_text(enum eviction_doubt doubt)
{
	static const char *const texts[NR_EVICTION_DOUBT] = {
		[EVICTIONS_KNOWN] = "",
		[EVICTIONS_NOT_ASKED] = "the tracepoints are left out (--software)",
		[EVICTIONS_DENIED] =
			"the page cache's tracepoints need root (tracefs, CAP_PERFMON)",
		[EVICTIONS_NO_TRACEFS] = "tracefs, which has the tracepoints, is not mounted and "
					 "could not be",
		[EVICTIONS_UNSUPPORTED] = "this kernel has no tracepoint of what leaves the page "
					  "cache",
		[EVICTIONS_FAILED] = "the tracepoint of what leaves the page cache could not be "
				     "used",
		[EVICTIONS_NO_ROOM] = "no room for more events (descriptors, ulimit -n)",
		[EVICTIONS_STACKED] = "overlayfs keeps the pages in the file system below, under "
				      "another number",
		[EVICTIONS_NO_MOUNTS] = "the mounts of its process could not be read: it may lie "
					"on overlayfs",
		[EVICTIONS_TOO_MANY] = "only the first 256 files that were mapped are watched",
		[EVICTIONS_LOST] = "records of evictions were lost",
	};

	return texts[doubt];
}

void fault_evictions_clear(struct fault_evictions *evictions)
{
	for (size_t i = 0; i < evictions->nr; i++)
		free(evictions->files[i].path);
	free(evictions->pages);
	*evictions = (struct fault_evictions){ 0 };
}

bool fault_evictions_concern(const struct vma *vma)
{
	return vma->kind == VMA_FILE && vma->inode;
}

static size_t find(const struct fault_evictions *evictions, uint32_t dev_major, uint32_t dev_minor,
		   uint64_t inode)
{
	size_t at = 0;

	while (at < evictions->nr && (evictions->files[at].inode != inode ||
				      evictions->files[at].dev_minor != dev_minor ||
				      evictions->files[at].dev_major != dev_major))
		at++;
	return at;
}

struct evicted_file *fault_evictions_find(struct fault_evictions *evictions, uint32_t dev_major,
					  uint32_t dev_minor, uint64_t inode)
{
	size_t at = find(evictions, dev_major, dev_minor, inode);

	return at < evictions->nr ? &evictions->files[at] : NULL;
}

struct evicted_file *fault_evictions_add_file(struct fault_evictions *evictions,
					      const struct vma *vma)
{
	size_t at = find(evictions, vma->dev_major, vma->dev_minor, vma->inode);

	if (at < evictions->nr)
		return &evictions->files[at];
	if (at == EVICTION_FILES) {
		evictions->has_more = true;
		return NULL;
	}
	evictions->files[evictions->nr++] = (struct evicted_file){
		.inode = vma->inode,
		.dev_major = vma->dev_major,
		.dev_minor = vma->dev_minor,
		.path = xstrdup(vma->path),
	};
	return &evictions->files[at];
}

static uint64_t key_of(const struct fault_evictions *evictions, const struct evicted_file *file,
		       uint64_t page)
{
	return page * EVICTION_FILES + (uint64_t)(file - evictions->files) + 1;
}

static size_t place_of(const struct fault_evictions *evictions, const struct evicted_file *file,
		       uint64_t page)
{
	uint64_t nr = (uint64_t)(file - evictions->files);

	return (nr * UINT64_C(0x9e3779b97f4a7c15) + page) & (PAGES_KEPT - 1);
}

static void remember(struct fault_evictions *evictions, const struct fault_eviction *eviction)
{
	uint64_t nr = eviction->nr_pages < PAGES_KEPT ? eviction->nr_pages : PAGES_KEPT;

	if (!evictions->pages)
		evictions->pages = xcalloc(PAGES_KEPT, sizeof(*evictions->pages));
	for (uint64_t page = eviction->page; page < eviction->page + nr; page++) {
		struct evicted_page *at =
			&evictions->pages[place_of(evictions, eviction->file, page)];
		uint64_t key = key_of(evictions, eviction->file, page);

		/* One that leaves a second time was there before since the first. */
		if (at->key != key)
			*at = (struct evicted_page){ key, eviction->t_ns };
		else if (eviction->t_ns < at->first_ns)
			at->first_ns = eviction->t_ns;
	}
}

void fault_evictions_take(struct fault_evictions *evictions, const struct fault_eviction *eviction)
{
	struct evicted_file *file = &evictions->files[eviction->file - evictions->files];

	file->nr_pages += eviction->nr_pages;
	evictions->nr_pages += eviction->nr_pages;
	if (eviction->t_ns > file->last_ns)
		file->last_ns = eviction->t_ns;
	remember(evictions, eviction);
}

bool fault_evictions_had(const struct fault_evictions *evictions, const struct evicted_file *file,
			 uint64_t page, uint64_t t_ns)
{
	const struct evicted_page *at;

	if (!evictions->pages)
		return false;
	at = &evictions->pages[place_of(evictions, file, page)];
	return at->key == key_of(evictions, file, page) && at->first_ns < t_ns;
}

enum eviction_doubt fault_evictions_doubt_of(const struct fault_evictions *evictions,
					     uint32_t dev_major, uint32_t dev_minor, uint64_t inode)
{
	size_t at;

	if (evictions->doubt)
		return evictions->doubt;
	at = find(evictions, dev_major, dev_minor, inode);
	if (at == evictions->nr)
		return EVICTIONS_TOO_MANY;
	if (evictions->files[at].doubt)
		return evictions->files[at].doubt;
	return evictions->nr_lost ? EVICTIONS_LOST : EVICTIONS_KNOWN;
}

enum eviction_doubt fault_evictions_doubt(const struct fault_evictions *evictions)
{
	if (evictions->doubt)
		return evictions->doubt;
	for (size_t i = 0; i < evictions->nr; i++)
		if (evictions->files[i].doubt)
			return evictions->files[i].doubt;
	if (evictions->has_more)
		return EVICTIONS_TOO_MANY;
	return evictions->nr_lost ? EVICTIONS_LOST : EVICTIONS_KNOWN;
}
