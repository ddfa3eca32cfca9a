/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Descriptors, their open files and inodes. A descriptor that closes between the listing and
 * the look at it is left out; an inode is known by device and number as statx(2) gives them,
 * a mapping's through map_files where that is allowed (see kernel/filelist.c).
 */
#include "kernel/objects_read.h"

#include "base/xalloc.h"
#include "kernel/filecache.h"
#include "kernel/kcmp.h"
#include "kernel/socks.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Descriptors of one relative that are looked at, and relatives. */
#define MOST_RELATIVE_FDS 4096
#define MOST_RELATIVES    64

static int by_number(const void *left, const void *right)
{
	const uint64_t *a = left, *b = right;

	return (*a > *b) - (*a < *b);
}

/* What the sockets among the descriptors are. */
static void read_sockets(struct objects_reader *reader)
{
	struct objects *out = reader->out;
	uint64_t *inos = xcalloc(out->nr_fds + 1, sizeof(*inos));
	struct socks socks;
	size_t nr = 0;
	int ret;

	for (size_t i = 0; i < out->nr_fds; i++)
		if (out->fds[i].kind == FD_SOCKET && reader->stats[i].ino)
			inos[nr++] = reader->stats[i].ino;
	if (nr) {
		qsort(inos, nr, sizeof(*inos), by_number);
		ret = socks_read(reader->proc, inos, nr, &socks);
		objects_note_source(reader, SOURCE_NET, why_from_errno(-ret));
		for (size_t i = 0; i < out->nr_fds; i++) {
			const char *note = socks_find(&socks, reader->stats[i].ino);

			if (out->fds[i].kind != FD_SOCKET || !note)
				continue;
			free(out->fds[i].note);
			out->fds[i].note = xstrdup(note);
		}
		socks_clear(&socks);
	}
	free(inos);
}

int objects_read_fds(struct objects_reader *reader)
{
	struct objects *out = reader->out;
	size_t most = reader->limits->nr_fds, nr;
	int *fds, ret = fds_list(reader->proc, &fds, &nr);

	if (ret == -ESRCH)
		return ret;
	out->fds_why = why_from_errno(-ret);
	objects_note_source(reader, SOURCE_FD, out->fds_why);
	if (ret)
		return 0;
	out->nr_fds_total = nr;
	if (most && nr > most)
		nr = most;
	reader->stats = xcalloc(nr + 1, sizeof(*reader->stats));
	for (size_t i = 0; i < nr && !objects_stopped(reader); i++) {
		struct obj_fd *fd = objects_add_fd(out);

		fds_read(reader->proc, fds[i], fd, &reader->stats[out->nr_fds - 1]);
		if (fd->why == WHY_GONE) {
			/* It has closed meanwhile: nothing of it was allocated but a note. */
			free(fd->note);
			free(fd->watches);
			out->nr_fds--;
			out->nr_fds_total--;
			continue;
		}
		objects_note_source(reader, SOURCE_FD, fd->why);
		objects_note_source(reader, SOURCE_FDINFO, fd->info_why);
	}
	free(fds);
	read_sockets(reader);
	return 0;
}

/* A hash of inodes by device and number; it holds indexes. */
struct inode_index {
	struct objects *objects;
	uint32_t *slots;
	size_t nr_slots; /* a power of two */
};

static struct inode_index index_new(struct objects *objects, size_t most)
{
	struct inode_index index = { .objects = objects, .nr_slots = 16 };

	while (index.nr_slots < most * 2)
		index.nr_slots *= 2;
	index.slots = xreallocarray(NULL, index.nr_slots, sizeof(*index.slots));
	memset(index.slots, 0xff, index.nr_slots * sizeof(*index.slots));
	return index;
}

/* The inode's index; a new inode where it is not known yet. */
static uint32_t index_find(struct inode_index *index, uint32_t dev_major, uint32_t dev_minor,
			   uint64_t ino)
{
	uint64_t hash = (ino ^ (uint64_t)dev_major << 40 ^ (uint64_t)dev_minor << 20) *
			UINT64_C(0x9e3779b97f4a7c15);
	size_t at = (size_t)(hash >> 20) & (index->nr_slots - 1);
	struct obj_inode *inode;

	while (index->slots[at] != OBJ_NONE) {
		inode = &index->objects->inodes[index->slots[at]];
		if (inode->ino == ino && inode->dev_major == dev_major &&
		    inode->dev_minor == dev_minor)
			return index->slots[at];
		at = (at + 1) & (index->nr_slots - 1);
	}
	index->slots[at] = (uint32_t)index->objects->nr_inodes;
	inode = objects_add_inode(index->objects);
	inode->dev_major = dev_major;
	inode->dev_minor = dev_minor;
	inode->ino = ino;
	inode->why = WHY_DENIED;
	return index->slots[at];
}

static void fill_inode(struct objects_reader *reader, struct obj_inode *inode,
		       const struct inode_stat *stat, const char *path, const struct mount *mount)
{
	if (inode->path)
		return;
	inode->why = WHY_OK;
	inode->mode = stat->mode;
	inode->nlink = stat->nlink;
	inode->uid = stat->uid;
	inode->size_bytes = stat->size_bytes;
	inode->path = path ? xstrdup(path) : NULL;
	if (!mount)
		mount = mounts_by_dev(&reader->mounts, inode->dev_major, inode->dev_minor);
	if (mount)
		snprintf(inode->fstype, sizeof(inode->fstype), "%s", mount->fstype);
}

static void inodes_of_fds(struct objects_reader *reader, struct inode_index *index)
{
	struct objects *out = reader->out;

	for (size_t i = 0; i < out->nr_fds; i++) {
		const struct inode_stat *stat = &reader->stats[i];
		struct obj_fd *fd = &out->fds[i];
		uint32_t at;

		if (!stat->ino)
			continue;
		at = index_find(index, stat->dev_major, stat->dev_minor, stat->ino);
		fill_inode(reader, &out->inodes[at], stat, fd->path,
			   mounts_by_id(&reader->mounts, fd->mnt_id));
		out->inodes[at].regular |= S_ISREG(stat->mode) &&
					   (fd->kind == FD_REGULAR || fd->kind == FD_MEMFD);
		if (!out->inodes[at].open_path[0])
			snprintf(out->inodes[at].open_path, sizeof(out->inodes[at].open_path),
				 "/proc/%d/fd/%d", (int)out->process.pid, fd->fd);
		objects_link_inode(out, (uint32_t)i, at);
	}
}

static bool same_file(const struct vma *a, const struct vma *b)
{
	return a->inode == b->inode && a->dev_major == b->dev_major &&
	       a->dev_minor == b->dev_minor && !strcmp(a->path, b->path);
}

static uint32_t inode_of_vma(struct objects_reader *reader, struct inode_index *index,
			     const struct vma *vma)
{
	struct obj_inode *inode;
	struct inode_stat stat;
	char name[64];
	uint32_t at;
	int ret;

	snprintf(name, sizeof(name), "map_files/%" PRIx64 "-%" PRIx64, vma->start_addr,
		 vma->end_addr);
	ret = fds_stat(reader->proc, name, &stat);
	at = ret ? index_find(index, vma->dev_major, vma->dev_minor, vma->inode)
		 : index_find(index, stat.dev_major, stat.dev_minor, stat.ino);
	inode = &reader->out->inodes[at];
	if (!ret)
		fill_inode(reader, inode, &stat, vma->path, NULL);
	else if (!inode->path)
		inode->path = xstrdup(vma->path);
	inode->regular |= ret ? vma_has_file(vma) : S_ISREG(stat.mode);
	return at;
}

/* From the last to the first, as objects_link_vma() wants them. */
static void inodes_of_vmas(struct objects_reader *reader, struct inode_index *index)
{
	struct objects *out = reader->out;
	const struct vma *after = NULL;
	uint32_t at = OBJ_NONE;

	for (size_t i = out->vmas ? vma_list_nr(out->vmas->list) : 0; i-- > 0;) {
		const struct vma *vma = vma_list_at(out->vmas->list, i);

		if (!vma->inode || vma->kind == VMA_SPECIAL)
			continue;
		/* The parts of one library follow each other: it is asked about once. */
		if (!after || !same_file(after, vma))
			at = inode_of_vma(reader, index, vma);
		objects_link_vma(out, (uint32_t)i, at);
		after = vma;
	}
}

/* How much of the file lies in the page cache. */
static void read_cache(struct objects_reader *reader, struct obj_inode *inode)
{
	const struct objects *out = reader->out;
	struct mount mount = { 0 };
	uint64_t start_addr = 0, end_addr = 0;
	struct filecache *cache;
	int fd = inode->first_fd != OBJ_NONE ? out->fds[inode->first_fd].fd : -1, ret;

	if (inode->first_vma != OBJ_NONE) {
		start_addr = vma_list_at(out->vmas->list, inode->first_vma)->start_addr;
		end_addr = vma_list_at(out->vmas->list, inode->first_vma)->end_addr;
	}
	snprintf(mount.fstype, sizeof(mount.fstype), "%s", inode->fstype);
	inode->may_hang = mount_may_hang(&mount);
	/* To open it, and to close it, is to ask its server: the user does that on screen 4. */
	if (inode->may_hang)
		return;
	ret = fds_open(reader->proc, fd, start_addr, end_addr);
	if (ret >= 0) {
		fd = ret;
		ret = filecache_open_fd(reader->host, fd, FILECACHE_AUTO, &cache);
		if (!ret) {
			ret = filecache_read(cache, 0, &inode->cache);
			filecache_close(cache);
		}
		close(fd);
	}
	if (ret)
		inode->cache.why = inode->cache.why_states = why_from_errno(-ret);
	objects_note_source(reader, inode->cache.source, inode->cache.why);
}

int objects_read_inodes(struct objects_reader *reader)
{
	struct objects *out = reader->out;
	size_t nr_vmas = out->vmas ? vma_list_nr(out->vmas->list) : 0;
	struct inode_index index = index_new(out, out->nr_fds + nr_vmas);

	inodes_of_fds(reader, &index);
	inodes_of_vmas(reader, &index);
	free(index.slots);
	for (size_t i = 0; i < out->nr_inodes && !reader->limits->first_look; i++) {
		if (objects_late(reader) || objects_stopped(reader))
			break;
		if (out->inodes[i].regular)
			read_cache(reader, &out->inodes[i]);
	}
	return 0;
}

/* Descriptors that may be the same open file: our own, and those of relatives. */
struct pool {
	struct kcmp_fd *items;
	size_t nr, room;
	uint64_t *inos; /* of our own, ascending */
	size_t nr_inos;
};

static void pool_add(struct pool *pool, pid_t pid, int fd, const struct inode_stat *stat,
		     uint32_t tag)
{
	pool->items = xgrow(pool->items, pool->nr, &pool->room, sizeof(*pool->items));
	pool->items[pool->nr++] = (struct kcmp_fd){
		.pid = pid,
		.fd = fd,
		.dev_major = stat->dev_major,
		.dev_minor = stat->dev_minor,
		.ino = stat->ino,
		.tag = tag,
	};
}

static void pool_add_relative(struct objects_reader *reader, struct pool *pool, pid_t tid)
{
	struct proc *proc;
	size_t nr;
	int *fds;

	if (proc_open(reader->host, tid, &proc))
		return;
	if (fds_list(proc, &fds, &nr))
		nr = 0;
	for (size_t i = 0; i < nr && i < MOST_RELATIVE_FDS && !objects_late(reader); i++) {
		struct inode_stat stat;
		char name[32];

		snprintf(name, sizeof(name), "fd/%d", fds[i]);
		if (!fds_stat(proc, name, &stat) && pool->nr_inos &&
		    bsearch(&stat.ino, pool->inos, pool->nr_inos, sizeof(stat.ino), by_number))
			pool_add(pool, tid, fds[i], &stat, OBJ_NONE);
	}
	free(fds);
	proc_close(proc);
}

/* One task for each file table that is not the process's own. */
static void pool_add_relatives(struct objects_reader *reader, struct pool *pool)
{
	struct objects *out = reader->out;
	uint32_t done[MOST_RELATIVES];
	size_t nr_done = 0;

	for (size_t i = 0; i < out->nr_tasks && nr_done < MOST_RELATIVES; i++) {
		uint32_t id = out->tasks[i].id[SHARE_FILES];
		bool seen = id <= 1;

		for (size_t j = 0; j < nr_done; j++)
			seen |= done[j] == id;
		if (seen || objects_late(reader) || objects_stopped(reader))
			continue;
		done[nr_done++] = id;
		pool_add_relative(reader, pool, out->tasks[i].tid);
	}
}

/* Groups become open files, in the order of their first descriptors. */
static void take_groups(struct objects *out, const struct pool *pool)
{
	uint32_t *group_of = xreallocarray(NULL, out->nr_fds + 1, sizeof(*group_of));
	uint32_t *file_of = xreallocarray(NULL, pool->nr + 1, sizeof(*file_of));

	memset(group_of, 0xff, (out->nr_fds + 1) * sizeof(*group_of));
	memset(file_of, 0xff, (pool->nr + 1) * sizeof(*file_of));
	for (size_t i = 0; i < pool->nr; i++)
		if (pool->items[i].tag != OBJ_NONE)
			group_of[pool->items[i].tag] = pool->items[i].group;
	for (uint32_t i = 0; i < out->nr_fds; i++) {
		uint32_t group = group_of[i];

		if (group == OBJ_NONE)
			continue;
		if (file_of[group] == OBJ_NONE) {
			file_of[group] = (uint32_t)out->nr_files;
			objects_add_file(out);
		}
		objects_link_file(out, i, file_of[group]);
	}
	for (size_t i = 0; i < pool->nr; i++) {
		const struct kcmp_fd *item = &pool->items[i];
		uint32_t file = file_of[item->group];

		if (file == OBJ_NONE)
			continue;
		if (item->tag == OBJ_NONE)
			obj_file_add_alias(&out->files[file], item->pid, item->fd);
		else if (item->why != WHY_OK)
			out->files[file].why = item->why;
	}
	free(group_of);
	free(file_of);
}

int objects_read_files(struct objects_reader *reader)
{
	struct objects *out = reader->out;
	struct pool pool = { .inos = xcalloc(out->nr_fds + 1, sizeof(uint64_t)) };
	pid_t tid = reader->living_tid ? reader->living_tid : out->process.pid;

	for (uint32_t i = 0; i < out->nr_fds; i++) {
		if (out->fds[i].why != WHY_OK || !reader->stats[i].ino)
			continue;
		pool_add(&pool, tid, out->fds[i].fd, &reader->stats[i], i);
		pool.inos[pool.nr_inos++] = reader->stats[i].ino;
	}
	if (pool.nr_inos)
		qsort(pool.inos, pool.nr_inos, sizeof(*pool.inos), by_number);
	if (!reader->limits->first_look)
		pool_add_relatives(reader, &pool);
	kcmp_group(reader->host, pool.items, pool.nr);
	take_groups(out, &pool);
	for (size_t i = 0; i < out->nr_files; i++)
		objects_note_source(reader, SOURCE_KCMP, out->files[i].why);
	free(pool.items);
	free(pool.inos);
	return 0;
}
