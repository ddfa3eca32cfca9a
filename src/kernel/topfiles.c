/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/topfiles.h"

#include "base/xalloc.h"
#include "kernel/filecache.h"
#include "kernel/filelist.h"
#include "kernel/proc.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FIRST_SLOTS 4096

/* The slot of an inode: one that holds it, or a free one (0). It holds an index plus one. */
static uint32_t *find_slot(const struct top_files *files, uint32_t dev_major, uint32_t dev_minor,
			   uint64_t inode)
{
	uint64_t mix = inode ^ ((uint64_t)dev_major << 52 | (uint64_t)dev_minor << 32);
	size_t at = (size_t)(mix * UINT64_C(0x9e3779b97f4a7c15) >> 24) & (files->nr_slots - 1);

	for (;; at = (at + 1) & (files->nr_slots - 1)) {
		const struct top_file *file;

		if (!files->slots[at])
			return &files->slots[at];
		file = &files->items[files->slots[at] - 1];
		if (file->inode == inode && file->dev_major == dev_major &&
		    file->dev_minor == dev_minor)
			return &files->slots[at];
	}
}

static void grow_slots(struct top_files *files)
{
	free(files->slots);
	files->nr_slots = files->nr_slots ? files->nr_slots * 2 : FIRST_SLOTS;
	files->slots = xcalloc(files->nr_slots, sizeof(*files->slots));
	for (size_t i = 0; i < files->nr; i++)
		*find_slot(files, files->items[i].dev_major, files->items[i].dev_minor,
			   files->items[i].inode) = (uint32_t)i + 1;
}

static void count_file(struct proc *proc, const struct file_entry *entry, struct cache_info *info)
{
	struct filecache *cache;
	int fd, ret;

	*info = (struct cache_info){ .source = SOURCE_CACHESTAT,
				     .size_bytes = entry->size_bytes,
				     .why = WHY_NOT_ASKED,
				     .why_states = WHY_NOT_ASKED };
	if (entry->may_hang)
		return;
	fd = file_list_open(proc, entry);
	ret = fd < 0 ? fd : filecache_take_fd(proc_host(proc), fd, FILECACHE_AUTO, &cache);
	if (ret && fd >= 0)
		close(fd);
	if (!ret) {
		ret = filecache_read(cache, 0, info);
		filecache_close(cache);
	}
	if (ret)
		info->why = info->why_states = why_from_errno(-ret);
}

static void add_entry(struct top_files *files, struct proc *proc, const struct file_entry *entry)
{
	struct top_file *file;
	uint32_t *slot;

	if (files->nr_slots < 2 * (files->nr + 1))
		grow_slots(files);
	slot = find_slot(files, entry->dev_major, entry->dev_minor, entry->ino);
	if (*slot) {
		files->items[*slot - 1].nr_processes++;
		return;
	}
	files->items = xgrow(files->items, files->nr, &files->room, sizeof(*files->items));
	file = &files->items[files->nr++];
	*slot = (uint32_t)files->nr;
	*file = (struct top_file){
		.path = xstrdup(entry->path),
		.dev_major = entry->dev_major,
		.dev_minor = entry->dev_minor,
		.inode = entry->ino,
		.nr_processes = 1,
	};
	count_file(proc, entry, &file->info);
}

/* Anonymous shared memory has an inode, too, but is no file that anybody could name. */
static bool is_file(const struct file_entry *entry)
{
	return entry->path[0] == '/' && strncmp(entry->path, "/dev/zero", 9) &&
	       strncmp(entry->path, "/SYSV", 5);
}

static void add_process(const struct host *host, pid_t pid, struct top_files *files)
{
	struct file_list list;
	struct proc *proc;

	if (proc_open(host, pid, &proc))
		return;
	if (!file_list_read(proc, &list)) {
		files->nr_processes++;
		files->nr_denied += list.fds_why == WHY_DENIED || list.maps_why == WHY_DENIED;
		for (size_t i = 0; i < list.nr; i++)
			if (is_file(&list.items[i]))
				add_entry(files, proc, &list.items[i]);
		file_list_clear(&list);
	}
	proc_close(proc);
}

static int most_cached_first(const void *a, const void *b)
{
	const struct top_file *x = a, *y = b;
	bool x_known = x->info.why == WHY_OK, y_known = y->info.why == WHY_OK;

	if (x_known != y_known)
		return x_known ? -1 : 1;
	if (x->info.total.cached != y->info.total.cached)
		return x->info.total.cached < y->info.total.cached ? 1 : -1;
	return strcmp(x->path, y->path);
}

/* The PIDs there are. 0 or -errno; the caller frees *pids. */
static int list_pids(const struct host *host, pid_t **pids, size_t *nr)
{
	char *path = xasprintf("%s/proc", host->root);
	DIR *dir = opendir(path);
	struct dirent *entry;
	size_t room = 0;

	free(path);
	if (!dir)
		return -errno;
	*pids = NULL;
	*nr = 0;
	while ((entry = readdir(dir))) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		*pids = xgrow(*pids, *nr, &room, sizeof(**pids));
		(*pids)[(*nr)++] = (pid_t)strtol(entry->d_name, NULL, 10);
	}
	closedir(dir);
	return 0;
}

int topfiles_read(const struct host *host,
		  void (*progress)(void *arg, size_t done, size_t of, size_t nr_files), void *arg,
		  struct top_files *out)
{
	pid_t *pids = NULL;
	size_t nr = 0;
	int ret = list_pids(host, &pids, &nr);

	*out = (struct top_files){ 0 };
	if (ret)
		return ret;
	for (size_t i = 0; i < nr; i++) {
		add_process(host, pids[i], out);
		if (progress)
			progress(arg, i + 1, nr, out->nr);
	}
	free(pids);
	if (out->nr)
		qsort(out->items, out->nr, sizeof(out->items[0]), most_cached_first);
	return 0;
}

void topfiles_clear(struct top_files *files)
{
	for (size_t i = 0; i < files->nr; i++) {
		free(files->items[i].path);
		cache_info_clear(&files->items[i].info);
	}
	free(files->items);
	free(files->slots);
	*files = (struct top_files){ 0 };
}
