/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The graph of one process's kernel objects: memory, links, nothing read. */
#include "model/objects.h"

#include "base/xalloc.h"

#include <stdlib.h>
#include <string.h>

struct objects *objects_new(void)
{
	struct objects *objects = xcalloc(1, sizeof(*objects));

	atomic_init(&objects->refs, 1);
	sources_init(&objects->sources);
	objects->fds_why = objects->vmas_why = WHY_NOT_ASKED;
	return objects;
}

struct objects *objects_ref(struct objects *objects)
{
	atomic_fetch_add_explicit(&objects->refs, 1, memory_order_relaxed);
	return objects;
}

static void free_parts(struct objects *objects)
{
	for (size_t i = 0; i < objects->nr_fds; i++) {
		free(objects->fds[i].path);
		free(objects->fds[i].note);
		free(objects->fds[i].watches);
	}
	for (size_t i = 0; i < objects->nr_files; i++)
		free(objects->files[i].aliases);
	for (size_t i = 0; i < objects->nr_inodes; i++) {
		free(objects->inodes[i].path);
		cache_info_clear(&objects->inodes[i].cache);
	}
	for (int i = 0; i < NR_FS_LINK; i++)
		free(objects->fs.link[i]);
}

void objects_unref(struct objects *objects)
{
	if (!objects || atomic_fetch_sub_explicit(&objects->refs, 1, memory_order_acq_rel) != 1)
		return;
	free_parts(objects);
	free(objects->tasks);
	free(objects->fds);
	free(objects->files);
	free(objects->inodes);
	vma_table_unref(objects->vmas);
	free(objects->vma_inode);
	free(objects->vma_next);
	free(objects);
}

struct obj_task *objects_add_task(struct objects *objects)
{
	struct obj_task *task;

	objects->tasks = xgrow(objects->tasks, objects->nr_tasks, &objects->room_tasks,
			       sizeof(*objects->tasks));
	task = &objects->tasks[objects->nr_tasks++];
	memset(task, 0, sizeof(*task));
	for (int i = 0; i < NR_SHARE; i++)
		task->why[i] = WHY_NOT_ASKED;
	return task;
}

struct obj_fd *objects_add_fd(struct objects *objects)
{
	struct obj_fd *fd;

	objects->fds = xgrow(objects->fds, objects->nr_fds, &objects->room_fds,
			     sizeof(*objects->fds));
	fd = &objects->fds[objects->nr_fds++];
	memset(fd, 0, sizeof(*fd));
	fd->file = fd->inode = fd->next = OBJ_NONE;
	return fd;
}

struct obj_file *objects_add_file(struct objects *objects)
{
	struct obj_file *file;

	objects->files = xgrow(objects->files, objects->nr_files, &objects->room_files,
			       sizeof(*objects->files));
	file = &objects->files[objects->nr_files++];
	memset(file, 0, sizeof(*file));
	file->first_fd = file->last_fd = OBJ_NONE;
	return file;
}

struct obj_inode *objects_add_inode(struct objects *objects)
{
	struct obj_inode *inode;

	objects->inodes = xgrow(objects->inodes, objects->nr_inodes, &objects->room_inodes,
				sizeof(*objects->inodes));
	inode = &objects->inodes[objects->nr_inodes++];
	memset(inode, 0, sizeof(*inode));
	inode->first_fd = inode->first_vma = OBJ_NONE;
	inode->cache.why = inode->cache.why_states = WHY_NOT_ASKED;
	inode->cache.source = SOURCE_CACHESTAT;
	return inode;
}

void obj_file_add_alias(struct obj_file *file, pid_t pid, int fd)
{
	file->aliases = xgrow(file->aliases, file->nr_aliases, &file->room_aliases,
			      sizeof(*file->aliases));
	file->aliases[file->nr_aliases++] = (struct obj_alias){ pid, fd };
}

void objects_link_file(struct objects *objects, uint32_t fd, uint32_t file)
{
	struct obj_file *to = &objects->files[file];

	objects->fds[fd].file = file;
	if (to->nr_fds++)
		objects->fds[to->last_fd].next = fd;
	else
		to->first_fd = fd;
	to->last_fd = fd;
}

void objects_link_inode(struct objects *objects, uint32_t fd, uint32_t inode)
{
	struct obj_inode *to = &objects->inodes[inode];

	objects->fds[fd].inode = inode;
	if (to->first_fd == OBJ_NONE)
		to->first_fd = fd;
	to->nr_fds++;
}

void objects_set_vmas(struct objects *objects, struct vma_table *vmas)
{
	size_t nr = vma_list_nr(vmas->list);

	objects->vmas = vmas;
	objects->vmas_why = WHY_OK;
	objects->vma_inode = xreallocarray(NULL, nr + 1, sizeof(*objects->vma_inode));
	objects->vma_next = xreallocarray(NULL, nr + 1, sizeof(*objects->vma_next));
	for (size_t i = 0; i < nr; i++)
		objects->vma_inode[i] = objects->vma_next[i] = OBJ_NONE;
}

void objects_link_vma(struct objects *objects, uint32_t vma, uint32_t inode)
{
	struct obj_inode *to = &objects->inodes[inode];

	objects->vma_inode[vma] = inode;
	objects->vma_next[vma] = to->first_vma;
	to->first_vma = vma;
	to->nr_vmas++;
}

unsigned obj_task_shared(const struct obj_task *a, const struct obj_task *b)
{
	unsigned shared = 0;

	for (int i = 0; i < NR_SHARE; i++)
		if (a->id[i] && a->id[i] == b->id[i])
			shared |= 1u << i;
	return shared;
}

const char *obj_short_path(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}
