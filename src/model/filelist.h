/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_MODEL_FILELIST_H
#define PAGEWALK_MODEL_FILELIST_H

#include "base/why.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A regular file that a process has open or mapped, once for each inode. */
struct file_entry {
	uint32_t dev_major, dev_minor; /* as statx(2) gives them; as maps does where stat_why */
	uint64_t ino;
	char *path;        /* raw, as the process sees it */
	enum why stat_why; /* of size_bytes: map_files needs a privilege */
	uint64_t size_bytes;
	int fd; /* a descriptor of the process that leads to it; -1: none */
	unsigned nr_fds;
	uint64_t start_addr, end_addr; /* a mapping that leads to it; 0: none */
	unsigned nr_vmas;
	bool may_hang; /* its file system asks a server: opening it may never return */
	char fstype[24];
};

struct file_list {
	struct file_entry *items; /* descriptors first, then mappings by address */
	size_t nr, room;
	enum why fds_why;  /* why open files are missing, or WHY_OK */
	enum why maps_why; /* why mapped files are missing, or WHY_OK */
};

/* Frees what *list owns, not list itself. */
void file_list_clear(struct file_list *list);

#endif
