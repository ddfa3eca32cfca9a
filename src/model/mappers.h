/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_MODEL_MAPPERS_H
#define PAGEWALK_MODEL_MAPPERS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* One mapping of a file by a process. */
struct mapper {
	pid_t pid;
	char comm[64]; /* raw */
	uint64_t start_addr, end_addr, off_bytes;
	unsigned perms; /* enum vma_perm */
};

struct mapper_list {
	struct mapper *items;
	size_t nr, room;
	size_t nr_denied; /* processes whose maps could not be read */
};

/* Frees what *list owns, not list itself. */
void mapper_list_clear(struct mapper_list *list);

#endif
