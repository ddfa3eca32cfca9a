/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_KERNEL_FILEMAPS_H
#define PAGEWALK_KERNEL_FILEMAPS_H

#include "kernel/host.h"
#include "model/mappers.h"
#include "model/page.h"
#include "model/sources.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Which pages of a file are in page tables, and in which frames they lie, told by the page
 * tables of the processes that map it. Nothing is mapped or touched for this, so a cached
 * page that no process has in its page table keeps its frame to itself.
 */
struct filemaps;

/* A file as /proc/PID/maps names it. */
struct file_key {
	uint32_t dev_major, dev_minor;
	uint64_t inode;
};

/* Nobody is looked at yet. The host must outlive it. */
struct filemaps *filemaps_new(const struct host *host);
void filemaps_free(struct filemaps *maps);
/*
 * Reads the maps of every process and keeps those that map the file, `first` (0: none)
 * before others and FILEMAPS_PROCESSES at most. 0 or -errno.
 */
int filemaps_find(struct filemaps *maps, const struct file_key *key, pid_t first);
#define FILEMAPS_PROCESSES 64
/* The mappings that were found; borrowed until the next filemaps_find(). */
const struct mapper_list *filemaps_list(const struct filemaps *maps);
/* How many processes map it, looked at or not. */
size_t filemaps_nr_processes(const struct filemaps *maps);
/* Why some mappings were left out (DENIED, TRUNCATED), or WHY_OK. */
enum why filemaps_why(const struct filemaps *maps);

/* A span of the file's pages in the page table of mapping `mapper`; span->vpn as there. */
typedef void filemaps_fn(void *arg, const struct mapper *mapper, uint64_t page,
			 const struct page_span *span);
/*
 * Walks pages [first, first + nr) of the file in every mapping that still is what it was;
 * copies made on write are left out, they are no pages of the file. `want`: enum walk_want.
 * *sources tells which interface answered. 0 or -errno.
 */
int filemaps_walk(struct filemaps *maps, uint64_t first_page, uint64_t nr_pages, unsigned want,
		  filemaps_fn *fn, void *arg, struct sources *sources);
/* Where a process maps a page of the file; 0: nowhere. */
uint64_t filemaps_addr(const struct filemaps *maps, pid_t pid, uint64_t page);

#endif
