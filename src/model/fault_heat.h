/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_MODEL_FAULT_HEAT_H
#define PAGEWALK_MODEL_FAULT_HEAT_H

#include <stddef.h>
#include <stdint.h>

/*
 * Where faults struck lately. A fault gives its page a heat of 1, which halves each second; what
 * has cooled below FAULT_HEAT_LEAST is forgotten. The memory is bounded: where more pages are
 * hot than there is room for, neighbours are taken together, and apart again as it cools.
 */
struct fault_heat;

#define FAULT_HEAT_LEAST (1.0 / 16)

/* Room for `most` hot places. The caller frees it. */
struct fault_heat *fault_heat_new(size_t most);
void fault_heat_free(struct fault_heat *heat);
void fault_heat_add(struct fault_heat *heat, uint64_t vpn, uint64_t t_ns);
void fault_heat_clear(struct fault_heat *heat);

/* What was hot at one moment, never changed, to be shared by reference count. */
struct heat_map;

/* The caller unrefs it. */
struct heat_map *fault_heat_map(struct fault_heat *heat, uint64_t now_ns);
struct heat_map *heat_map_ref(struct heat_map *map);
void heat_map_unref(struct heat_map *map);
/*
 * The heat of pages [start_vpn, past_vpn) at now_ns; places that reach beyond the range count by
 * the part that lies in it. NULL has none.
 */
double heat_map_sum(const struct heat_map *map, uint64_t start_vpn, uint64_t past_vpn,
		    uint64_t now_ns);
/* All of it at now_ns. */
double heat_map_total(const struct heat_map *map, uint64_t now_ns);
/* Pages that were taken together in one place. */
uint64_t heat_map_pages(const struct heat_map *map);

#endif
