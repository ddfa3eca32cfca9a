/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NUMA nodes. The zones of two nodes may span each other's frames; memory blocks (128 MiB and
 * more, all of one node) do not, so these are asked first. A kernel without NUMA has neither
 * nodes nor doubt: there is one node, the 0 of /proc/zoneinfo.
 */
#include "kernel/nodes.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NODE_DIR   "/sys/devices/system/node"
#define BLOCK_SIZE "/sys/devices/system/memory/block_size_bytes"

static uint64_t frames_per_block(const struct host *host)
{
	uint64_t bytes;
	size_t len_bytes;
	char *text;

	if (host_read_all(host, AT_FDCWD, BLOCK_SIZE, &text, &len_bytes))
		return 0;
	bytes = strtoull(text, NULL, 16);
	free(text);
	return bytes >> host->geometry.page_shift;
}

static DIR *open_dir(const struct host *host, const char *path)
{
	int fd = host_open(host, path, O_RDONLY | O_DIRECTORY);
	DIR *dir;

	if (fd < 0)
		return NULL;
	dir = fdopendir(fd);
	if (!dir)
		close(fd);
	return dir;
}

/* The number behind a prefix that is the rest of the name; -1: it is another name. */
static long number_after(const char *name, const char *prefix)
{
	size_t len = strlen(prefix);
	char *end;
	long number;

	if (strncmp(name, prefix, len) || name[len] < '0' || name[len] > '9')
		return -1;
	number = strtol(name + len, &end, 10);
	return *end ? -1 : number;
}

static void read_node(const struct host *host, unsigned node, uint64_t block_frames,
		      struct node_map *map)
{
	const struct dirent *entry;
	char path[64];
	DIR *dir;

	snprintf(path, sizeof(path), NODE_DIR "/node%u", node);
	dir = open_dir(host, path);
	while (dir && (entry = readdir(dir))) {
		long block = number_after(entry->d_name, "memory");

		if (block >= 0)
			node_map_add(map, (uint64_t)block * block_frames, block_frames, node);
	}
	if (dir)
		closedir(dir);
}

void nodes_read(const struct host *host, const struct zone *zones, size_t nr_zones,
		struct node_map *map)
{
	uint64_t block_frames = frames_per_block(host);
	DIR *dir = block_frames ? open_dir(host, NODE_DIR) : NULL;
	const struct dirent *entry;

	*map = (struct node_map){ 0 };
	while (dir && (entry = readdir(dir))) {
		long node = number_after(entry->d_name, "node");

		if (node >= 0)
			read_node(host, (unsigned)node, block_frames, map);
	}
	if (dir)
		closedir(dir);
	if (map->nr)
		node_map_finish(map);
	else
		node_map_add_zones(map, zones, nr_zones);
}
