/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cgroup directories by inode number (Documentation/admin-guide/cgroup-v2.rst; version 1
 * memory hierarchies likewise). There is no call that maps one to the other, so the mounted
 * hierarchies are searched, breadth first and within limits.
 */
#include "kernel/cgroup.h"

#include "base/xalloc.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MOST_DIRECTORIES 20000

struct cgroup_name {
	uint64_t inode;
	char *path; /* NULL: searched for and not found */
};

struct cgroup_names {
	const struct host *host;
	struct cgroup_name *known;
	size_t nr, room;
};

struct cgroup_names *cgroup_names_new(const struct host *host)
{
	struct cgroup_names *names = xcalloc(1, sizeof(*names));

	names->host = host;
	return names;
}

void cgroup_names_free(struct cgroup_names *names)
{
	if (!names)
		return;
	for (size_t i = 0; i < names->nr; i++)
		free(names->known[i].path);
	free(names->known);
	free(names);
}

/* Directories still to be looked into, relative to the mount point ("" is itself). */
struct queue {
	char **paths;
	size_t nr, room, next;
};

static void queue_add(struct queue *queue, char *path)
{
	queue->paths = xgrow(queue->paths, queue->nr, &queue->room, sizeof(*queue->paths));
	queue->paths[queue->nr++] = path;
}

static void add_children(struct queue *queue, const char *mount, const char *path)
{
	char *full = xasprintf("%s%s", mount, path);
	DIR *dir = opendir(full);
	struct dirent *entry;

	free(full);
	if (!dir)
		return;
	while ((entry = readdir(dir)) && queue->nr < MOST_DIRECTORIES)
		if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
			queue_add(queue, xasprintf("%s/%s", path, entry->d_name));
	closedir(dir);
}

static bool has_inode(const char *mount, const char *path, uint64_t inode)
{
	char *full = xasprintf("%s%s", mount, path);
	struct stat st;
	bool same = !stat(full, &st) && st.st_ino == inode;

	free(full);
	return same;
}

/* The path below `mount` with that inode number, the caller's to free, or NULL. */
static char *search(const char *mount, uint64_t inode)
{
	struct queue queue = { 0 };
	char *found = NULL;

	queue_add(&queue, xstrdup(""));
	for (; queue.next < queue.nr && !found; queue.next++) {
		const char *path = queue.paths[queue.next];

		if (has_inode(mount, path, inode))
			found = xstrdup(path[0] ? path : "/");
		else
			add_children(&queue, mount, path);
	}
	for (size_t i = 0; i < queue.nr; i++)
		free(queue.paths[i]);
	free(queue.paths);
	return found;
}

const char *cgroup_names_find(struct cgroup_names *names, uint64_t inode)
{
	static const char *const mounts[] = {
		"/sys/fs/cgroup/memory", /* version 1, and hybrid set-ups */
		"/sys/fs/cgroup",        /* version 2 */
	};
	struct cgroup_name name = { .inode = inode };

	for (size_t i = 0; i < names->nr; i++)
		if (names->known[i].inode == inode)
			return names->known[i].path;
	for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]) && !name.path; i++) {
		char *mount = xasprintf("%s%s", names->host->root, mounts[i]);

		name.path = search(mount, inode);
		free(mount);
	}
	names->known = xgrow(names->known, names->nr, &names->room, sizeof(*names->known));
	names->known[names->nr++] = name;
	return name.path;
}
