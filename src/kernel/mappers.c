/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who maps a file: the maps of every process, compared by device and inode. On file systems
 * whose stat(2) gives another device number than maps does (btrfs, overlayfs), nothing is
 * found; that is a limit of the interface.
 */
#include "kernel/mappers.h"

#include "base/xalloc.h"
#include "kernel/proc.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

struct search {
	uint32_t dev_major, dev_minor;
	uint64_t inode;
	struct mapper_list *out;
};

static void search_process(const struct host *host, pid_t pid, const struct search *search)
{
	struct mapper_list *out = search->out;
	struct process_info info;
	struct vma_list *vmas;
	struct proc *proc;
	int ret;

	if (proc_open(host, pid, &proc))
		return;
	ret = proc_read_maps(proc, &vmas);
	if (!ret && !proc_read_info(proc, &info)) {
		for (size_t i = 0; i < vma_list_nr(vmas); i++) {
			const struct vma *vma = vma_list_at(vmas, i);
			struct mapper *mapper;

			if (vma->inode != search->inode || vma->dev_major != search->dev_major ||
			    vma->dev_minor != search->dev_minor)
				continue;
			out->items = xgrow(out->items, out->nr, &out->room, sizeof(*out->items));
			mapper = &out->items[out->nr++];
			*mapper = (struct mapper){
				.pid = pid,
				.start_addr = vma->start_addr,
				.end_addr = vma->end_addr,
				.off_bytes = vma->off_bytes,
				.perms = vma->perms,
			};
			snprintf(mapper->comm, sizeof(mapper->comm), "%s", info.comm);
		}
	} else if (ret == -EACCES || ret == -EPERM) {
		out->nr_denied++;
	}
	if (!ret)
		vma_list_free(vmas);
	proc_close(proc);
}

int mappers_find(const struct host *host, uint32_t dev_major, uint32_t dev_minor, uint64_t inode,
		 struct mapper_list *out)
{
	struct search search = { dev_major, dev_minor, inode, out };
	char *path = xasprintf("%s/proc", host->root);
	DIR *dir = opendir(path);
	struct dirent *entry;
	int ret = dir ? 0 : -errno;

	*out = (struct mapper_list){ 0 };
	free(path);
	if (!dir)
		return ret;
	while ((entry = readdir(dir)))
		if (isdigit((unsigned char)entry->d_name[0]))
			search_process(host, (pid_t)strtol(entry->d_name, NULL, 10), &search);
	closedir(dir);
	return 0;
}
