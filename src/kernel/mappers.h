/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_KERNEL_MAPPERS_H
#define PAGEWALK_KERNEL_MAPPERS_H

#include "kernel/host.h"
#include "model/mappers.h"

/*
 * The processes whose /proc/PID/maps name the file with this device and inode. Processes
 * that may not be looked at are counted in out->nr_denied. 0 or -errno; the caller calls
 * mapper_list_clear().
 */
int mappers_find(const struct host *host, uint32_t dev_major, uint32_t dev_minor, uint64_t inode,
		 struct mapper_list *out);

#endif
