/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether the blocks of a file are its own: what tells a reflink from a copy. */
#include "kernel/extents.h"

#include "base/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define AT_ONCE      256
#define MOST_EXTENTS (UINT32_C(1) << 20)

/* One call's answer is added to the counts. WHY_OK; *off_bytes is where the next one begins. */
static enum why count_some(int fd, struct fiemap *map, uint64_t *off_bytes, bool *last,
			   uint32_t *nr_shared, uint32_t *nr_extents)
{
	memset(map, 0, sizeof(*map));
	map->fm_start = *off_bytes;
	map->fm_length = FIEMAP_MAX_OFFSET - *off_bytes;
	map->fm_flags = FIEMAP_FLAG_SYNC;
	map->fm_extent_count = AT_ONCE;
	if (ioctl(fd, FS_IOC_FIEMAP, map))
		return why_from_errno(errno);
	*last = !map->fm_mapped_extents;
	*nr_extents += map->fm_mapped_extents;
	for (uint32_t i = 0; i < map->fm_mapped_extents; i++) {
		const struct fiemap_extent *extent = &map->fm_extents[i];

		*nr_shared += (extent->fe_flags & FIEMAP_EXTENT_SHARED) != 0;
		*last = *last || extent->fe_flags & FIEMAP_EXTENT_LAST;
		*off_bytes = extent->fe_logical + extent->fe_length;
	}
	return WHY_OK;
}

enum why extents_count_shared(const char *path, uint32_t *nr_shared, uint32_t *nr_extents)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct fiemap *map;
	uint64_t off_bytes = 0;
	enum why why = WHY_OK;
	bool last = false;

	*nr_shared = *nr_extents = 0;
	if (fd < 0)
		return why_from_errno(errno);
	map = xcalloc(1, sizeof(*map) + AT_ONCE * sizeof(map->fm_extents[0]));
	while (why == WHY_OK && !last) {
		why = count_some(fd, map, &off_bytes, &last, nr_shared, nr_extents);
		if (why == WHY_OK && !last && *nr_extents > MOST_EXTENTS)
			why = WHY_TRUNCATED;
	}
	free(map);
	close(fd);
	return why;
}
