/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files of a process, by inode. maps gives the device of the file system, statx(2) that of the
 * file, which differ on btrfs and overlayfs; map_files leads from a mapping to the file itself,
 * so where it may be used both have one name.
 */
#include "kernel/filelist.h"

#include "base/xalloc.h"
#include "kernel/fds.h"
#include "kernel/mounts.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int compare_entries(const void *left, const void *right)
{
	const struct file_entry *a = left, *b = right;

	if (a->ino != b->ino)
		return a->ino < b->ino ? -1 : 1;
	if (a->dev_major != b->dev_major)
		return a->dev_major < b->dev_major ? -1 : 1;
	if (a->dev_minor != b->dev_minor)
		return a->dev_minor < b->dev_minor ? -1 : 1;
	if (a->fd != b->fd)
		return a->fd == -1 ? 1 : b->fd == -1 ? -1 : a->fd < b->fd ? -1 : 1;
	return (a->start_addr > b->start_addr) - (a->start_addr < b->start_addr);
}

static int by_place(const void *left, const void *right)
{
	const struct file_entry *a = left, *b = right;

	if ((a->fd < 0) != (b->fd < 0))
		return a->fd < 0 ? 1 : -1;
	if (a->fd != b->fd)
		return a->fd < b->fd ? -1 : 1;
	return (a->start_addr > b->start_addr) - (a->start_addr < b->start_addr);
}

static void add(struct file_list *list, const struct file_entry *entry, const struct mount *mount,
		const char *path)
{
	struct file_entry *to;

	list->items = xgrow(list->items, list->nr, &list->room, sizeof(*list->items));
	to = &list->items[list->nr++];
	*to = *entry;
	to->path = xstrdup(path);
	to->may_hang = mount_may_hang(mount);
	if (mount)
		snprintf(to->fstype, sizeof(to->fstype), "%s", mount->fstype);
}

static int add_fds(struct proc *proc, const struct mounts *mounts, struct file_list *out)
{
	int *fds, ret;
	size_t nr;

	ret = fds_list(proc, &fds, &nr);
	out->fds_why = why_from_errno(-ret);
	if (ret)
		return ret == -ESRCH ? ret : 0;
	for (size_t i = 0; i < nr; i++) {
		struct inode_stat stat;
		char name[32], *path;

		snprintf(name, sizeof(name), "fd/%d", fds[i]);
		ret = fds_stat(proc, name, &stat);
		if (ret == -EACCES || ret == -EPERM)
			out->fds_why = WHY_DENIED;
		if (ret || !S_ISREG(stat.mode) || fds_link(proc, name, &path))
			continue;
		add(out,
		    &(struct file_entry){
			    .dev_major = stat.dev_major,
			    .dev_minor = stat.dev_minor,
			    .ino = stat.ino,
			    .size_bytes = stat.size_bytes,
			    .fd = fds[i],
			    .nr_fds = 1,
		    },
		    mounts_by_dev(mounts, stat.dev_major, stat.dev_minor), path);
		free(path);
	}
	free(fds);
	return 0;
}

/* True where the VMA before it was of the same file: then nothing new is to be asked. */
static bool repeats(const struct file_list *list, const struct vma *vma, const struct vma *before)
{
	return before && list->nr && before->inode == vma->inode &&
	       before->dev_major == vma->dev_major && before->dev_minor == vma->dev_minor;
}

static void add_vma(struct proc *proc, const struct mounts *mounts, const struct vma *vma,
		    const struct vma *before, struct file_list *out)
{
	struct file_entry entry = {
		.dev_major = vma->dev_major,
		.dev_minor = vma->dev_minor,
		.ino = vma->inode,
		.fd = -1,
		.start_addr = vma->start_addr,
		.end_addr = vma->end_addr,
		.nr_vmas = 1,
	};
	const struct mount *mount = mounts_by_dev(mounts, vma->dev_major, vma->dev_minor);
	struct inode_stat stat;
	char name[64];
	int ret;

	if (repeats(out, vma, before)) {
		out->items[out->nr - 1].nr_vmas++;
		return;
	}
	snprintf(name, sizeof(name), "map_files/%" PRIx64 "-%" PRIx64, vma->start_addr,
		 vma->end_addr);
	ret = fds_stat(proc, name, &stat);
	entry.stat_why = why_from_errno(-ret);
	if (!ret) {
		if (!S_ISREG(stat.mode))
			return;
		entry.dev_major = stat.dev_major;
		entry.dev_minor = stat.dev_minor;
		entry.ino = stat.ino;
		entry.size_bytes = stat.size_bytes;
	}
	add(out, &entry, mount, vma->path);
}

static int add_maps(struct proc *proc, const struct mounts *mounts, struct file_list *out)
{
	const struct vma *before = NULL;
	struct vma_list *vmas;
	int ret = proc_read_maps(proc, &vmas);

	out->maps_why = why_from_errno(-ret);
	if (ret)
		return ret == -ESRCH ? ret : 0;
	for (size_t i = 0; i < vma_list_nr(vmas); i++) {
		const struct vma *vma = vma_list_at(vmas, i);

		if (!vma->inode || vma->kind == VMA_DEVICE || vma->kind == VMA_SPECIAL)
			continue;
		add_vma(proc, mounts, vma, before, out);
		before = vma;
	}
	vma_list_free(vmas);
	return 0;
}

static bool same_inode(const struct file_entry *a, const struct file_entry *b)
{
	return a->ino == b->ino && a->dev_major == b->dev_major && a->dev_minor == b->dev_minor;
}

/* One entry for each inode, with the first descriptor and the first mapping of all. */
static void merge(struct file_list *list)
{
	size_t kept = 0;

	if (!list->nr)
		return;
	qsort(list->items, list->nr, sizeof(*list->items), compare_entries);
	for (size_t i = 1; i < list->nr; i++) {
		struct file_entry *to = &list->items[kept], *from = &list->items[i];

		if (!same_inode(to, from)) {
			list->items[++kept] = *from;
			continue;
		}
		if (!to->start_addr && from->start_addr) {
			to->start_addr = from->start_addr;
			to->end_addr = from->end_addr;
		}
		to->nr_fds += from->nr_fds;
		to->nr_vmas += from->nr_vmas;
		free(from->path);
	}
	list->nr = kept + 1;
	qsort(list->items, list->nr, sizeof(*list->items), by_place);
}

int file_list_read(struct proc *proc, struct file_list *out)
{
	struct mounts mounts;
	int ret;

	*out = (struct file_list){ 0 };
	ret = mounts_read(proc, &mounts);
	if (ret == -ESRCH || ret == -ENOENT)
		return -ESRCH;
	ret = add_fds(proc, &mounts, out);
	if (!ret)
		ret = add_maps(proc, &mounts, out);
	mounts_clear(&mounts);
	if (ret)
		file_list_clear(out);
	else
		merge(out);
	return ret;
}

int file_list_open(struct proc *proc, const struct file_entry *entry)
{
	return fds_open(proc, entry->fd, entry->start_addr, entry->end_addr);
}
