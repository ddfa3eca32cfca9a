/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether the blocks of a file are its own: what tells a reflink from a copy. */
#include "kernel/extents.h"

#include "base/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define MOST_EXTENTS 256

enum why extents_count_shared(const char *path, uint32_t *nr_shared, uint32_t *nr_extents)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct fiemap *map;
	enum why why = WHY_OK;

	if (fd < 0)
		return why_from_errno(errno);
	map = xcalloc(1, sizeof(*map) + MOST_EXTENTS * sizeof(map->fm_extents[0]));
	map->fm_length = FIEMAP_MAX_OFFSET;
	map->fm_flags = FIEMAP_FLAG_SYNC;
	map->fm_extent_count = MOST_EXTENTS;
	if (ioctl(fd, FS_IOC_FIEMAP, map))
		why = why_from_errno(errno);
	*nr_shared = 0;
	*nr_extents = map->fm_mapped_extents;
	for (uint32_t i = 0; why == WHY_OK && i < map->fm_mapped_extents; i++)
		*nr_shared += (map->fm_extents[i].fe_flags & FIEMAP_EXTENT_SHARED) != 0;
	free(map);
	close(fd);
	return why;
}
