/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The pages of a file as page tables have them. A file page has no address of its own, but
 * every page table entry for it names its frame (Documentation/admin-guide/mm/pagemap.rst),
 * and bit 61 tells it from a private copy. Processes are held by their pidfd, and a mapping
 * is asked about again (PROCMAP_QUERY, else maps) before its pages are believed.
 */
#include "kernel/filemaps.h"

#include "base/xalloc.h"
#include "kernel/mappers.h"
#include "kernel/proc.h"
#include "kernel/walk.h"

#include <errno.h>
#include <stdlib.h>

struct filemaps {
	const struct host *host;
	struct file_key key;
	struct mapper_list list;
	size_t nr_processes;
	struct proc *procs[FILEMAPS_PROCESSES];
	pid_t pids[FILEMAPS_PROCESSES];
	size_t nr_procs;
};

struct filemaps *filemaps_new(const struct host *host)
{
	struct filemaps *maps = xcalloc(1, sizeof(*maps));

	maps->host = host;
	return maps;
}

static void forget(struct filemaps *maps)
{
	for (size_t i = 0; i < maps->nr_procs; i++)
		proc_close(maps->procs[i]);
	maps->nr_procs = maps->nr_processes = 0;
	mapper_list_clear(&maps->list);
	maps->list = (struct mapper_list){ 0 };
}

void filemaps_free(struct filemaps *maps)
{
	if (!maps)
		return;
	forget(maps);
	free(maps);
}

static struct proc *proc_of(const struct filemaps *maps, pid_t pid)
{
	for (size_t i = 0; i < maps->nr_procs; i++)
		if (maps->pids[i] == pid)
			return maps->procs[i];
	return NULL;
}

static void keep(struct filemaps *maps, pid_t pid)
{
	struct proc *proc;

	if (maps->nr_procs == FILEMAPS_PROCESSES || proc_of(maps, pid) ||
	    proc_open(maps->host, pid, &proc))
		return;
	maps->procs[maps->nr_procs] = proc;
	maps->pids[maps->nr_procs++] = pid;
}

int filemaps_find(struct filemaps *maps, const struct file_key *key, pid_t first)
{
	pid_t last = 0;
	int ret;

	forget(maps);
	maps->key = *key;
	ret = mappers_find(maps->host, key->dev_major, key->dev_minor, key->inode, &maps->list);
	if (ret)
		return ret;
	for (size_t i = 0; first && i < maps->list.nr; i++)
		if (maps->list.items[i].pid == first)
			keep(maps, first);
	for (size_t i = 0; i < maps->list.nr; i++) {
		pid_t pid = maps->list.items[i].pid;

		maps->nr_processes += pid != last;
		last = pid;
		keep(maps, pid);
	}
	return 0;
}

const struct mapper_list *filemaps_list(const struct filemaps *maps)
{
	return &maps->list;
}

size_t filemaps_nr_processes(const struct filemaps *maps)
{
	return maps->nr_processes;
}

enum why filemaps_why(const struct filemaps *maps)
{
	if (maps->list.nr_denied)
		return WHY_DENIED;
	return maps->nr_processes > FILEMAPS_PROCESSES ? WHY_TRUNCATED : WHY_OK;
}

static bool is_same(const struct filemaps *maps, const struct mapper *mapper, const struct vma *vma)
{
	return vma->inode == maps->key.inode && vma->dev_major == maps->key.dev_major &&
	       vma->dev_minor == maps->key.dev_minor && vma->start_addr <= mapper->start_addr &&
	       vma->end_addr >= mapper->end_addr &&
	       vma->off_bytes + (mapper->start_addr - vma->start_addr) == mapper->off_bytes;
}

/* True when the mapping still is one of this file, at the same place. */
static bool still_maps(const struct filemaps *maps, struct proc *proc, const struct mapper *mapper)
{
	struct vma_list *list;
	const struct vma *found;
	struct vma vma;
	bool same;

	if (maps->host->procmap_query == WHY_OK)
		return !proc_query_vma(proc, mapper->start_addr, &vma) &&
		       is_same(maps, mapper, &vma);
	if (proc_read_maps(proc, &list))
		return false;
	found = vma_list_find(list, mapper->start_addr);
	same = found && is_same(maps, mapper, found);
	vma_list_free(list);
	return same;
}

struct walking {
	filemaps_fn *fn;
	void *arg;
	const struct mapper *mapper;
	unsigned page_shift;
};

static int take_span(void *arg, const struct page_span *span)
{
	const struct walking *walking = arg;
	const struct mapper *mapper = walking->mapper;
	uint64_t addr = span->vpn << walking->page_shift;

	if ((span->state & (PAGE_PRESENT | PAGE_FILE)) == (PAGE_PRESENT | PAGE_FILE))
		walking->fn(walking->arg, mapper,
			    (addr - mapper->start_addr + mapper->off_bytes) >> walking->page_shift,
			    span);
	return 0;
}

/* What one mapping has of pages [first, past). */
static int walk_one(struct filemaps *maps, struct proc *proc, uint64_t first, uint64_t past,
		    unsigned want, struct walking *walking, struct sources *sources)
{
	const struct mapper *mapper = walking->mapper;
	unsigned shift = maps->host->geometry.page_shift;
	uint64_t page = mapper->off_bytes >> shift;
	uint64_t nr_pages = (mapper->end_addr - mapper->start_addr) >> shift;
	uint64_t vpn = mapper->start_addr >> shift;
	uint64_t from = first > page ? first : page;
	uint64_t to = past < page + nr_pages ? past : page + nr_pages;
	struct walker *walker;
	int ret;

	if (from >= to || !still_maps(maps, proc, mapper))
		return 0;
	ret = walker_new(proc, WALK_CHUNK_PAGES, &walker);
	if (ret)
		return ret;
	ret = walk_pages(walker, vpn + (from - page), vpn + (to - page), want, take_span, walking);
	for (int i = 0; i < NR_SOURCE; i++)
		if (walker_sources(walker)->why[i] != WHY_NOT_ASKED)
			sources->why[i] = walker_sources(walker)->why[i];
	walker_free(walker);
	return ret;
}

int filemaps_walk(struct filemaps *maps, uint64_t first_page, uint64_t nr_pages, unsigned want,
		  filemaps_fn *fn, void *arg, struct sources *sources)
{
	struct walking walking = { fn, arg, NULL, maps->host->geometry.page_shift };
	int failed = 0;

	sources_init(sources);
	for (size_t i = 0; i < maps->list.nr; i++) {
		struct proc *proc = proc_of(maps, maps->list.items[i].pid);
		int ret;

		walking.mapper = &maps->list.items[i];
		if (!proc)
			continue;
		ret = walk_one(maps, proc, first_page, first_page + nr_pages, want, &walking,
			       sources);
		/* One that is gone maps nothing any more. */
		if (ret && ret != -ESRCH && ret != -EFAULT)
			failed = ret;
	}
	return failed;
}

uint64_t filemaps_addr(const struct filemaps *maps, pid_t pid, uint64_t page)
{
	uint64_t off_bytes = page << maps->host->geometry.page_shift;

	for (size_t i = 0; i < maps->list.nr; i++) {
		const struct mapper *mapper = &maps->list.items[i];

		if (mapper->pid == pid && off_bytes >= mapper->off_bytes &&
		    off_bytes - mapper->off_bytes < mapper->end_addr - mapper->start_addr)
			return mapper->start_addr + (off_bytes - mapper->off_bytes);
	}
	return 0;
}
