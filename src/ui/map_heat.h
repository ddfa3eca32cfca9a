/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_UI_MAP_HEAT_H
#define PAGEWALK_UI_MAP_HEAT_H

#include "model/fault_view.h"
#include "ui/canvas.h"
#include "ui/draw.h"
#include "ui/theme.h"

#include <stdbool.h>
#include <stdint.h>

/* Page faults as heat over the cells of screen 1. */
struct map_heat {
	bool on;
	struct fault_view *faults; /* the newest; NULL: none came yet */
};

void map_heat_free(struct map_heat *heat);
/* What becomes of the tile of a cell that stands for `pages` of these pages. */
void map_heat_tile(const struct map_heat *heat, uint64_t first_vpn, uint64_t past_vpn,
		   uint64_t pages, uint64_t now_ns, struct tile *tile);
/* True while something still cools down. */
bool map_heat_animates(const struct map_heat *heat, uint64_t now_ns);
/* In place of the legend of colours; false: the heat is off. */
bool map_heat_draw_legend(const struct map_heat *heat, struct canvas *canvas,
			  const struct theme *theme, const struct rect *at);

#endif
