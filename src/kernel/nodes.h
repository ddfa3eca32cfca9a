/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_KERNEL_NODES_H
#define PAGEWALK_KERNEL_NODES_H

#include "kernel/host.h"
#include "model/nodes.h"

/*
 * Which frames belong to which NUMA node: from the memory blocks below /sys/devices/system/node
 * (Documentation/admin-guide/mm/memory-hotplug.rst), or where this kernel has no nodes, from
 * the spans of the zones given. The caller clears *map.
 */
void nodes_read(const struct host *host, const struct zone *zones, size_t nr_zones,
		struct node_map *map);

#endif
