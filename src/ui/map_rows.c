/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One row for each VMA: its label, and the whole of it in as many cells as there is room for,
 * so that a small mapping is as easy to read as a huge one. Rows do not share a scale.
 */
#include "ui/map_state.h"

#include "base/fmt.h"
#include "base/text.h"
#include "ui/draw.h"

#include <stdio.h>
#include <stdlib.h>

static void draw_label(const struct map_screen *map, struct canvas *canvas, const struct vma *vma,
		       int y, bool chosen)
{
	int x = map->layout.grid.x + 1, columns = map_row_label_columns(map) - 2;
	char fitted[64], perms[5], size[FMT_LEN], *name = vma_short_name(vma);
	uint8_t weight = chosen ? ATTR_BOLD : 0, colour = chosen ? COLOUR_KEY : COLOUR_TEXT;

	if (columns >= 24) {
		x += canvas_printf(canvas, x, y, 11, colour, weight, "%s %5s ",
				   vma_perms_text(vma, perms), fmt_bytes(size, vma_len_bytes(vma)));
		columns -= 11;
	}
	text_fit(fitted, sizeof(fitted), name, columns, false);
	canvas_text(canvas, x, y, columns, colour, weight, fitted);
	free(name);
}

static void draw_row(const struct map_screen *map, struct canvas *canvas, const struct theme *theme,
		     const struct vma *vma, int y, bool chosen, uint64_t now_ns)
{
	unsigned shift = map->snapshot->geometry.page_shift;
	uint64_t first = vma->start_addr >> shift, nr_pages = vma_len_bytes(vma) >> shift;
	uint64_t pages = map_row_pages_per_cell(map, nr_pages);
	int x = map->layout.grid.x + map_row_label_columns(map);

	for (uint64_t at = 0; at < nr_pages; at += pages, x++) {
		uint64_t past = at + pages < nr_pages ? at + pages : nr_pages;
		struct map_cell cell;
		struct tile tile;

		if (!map_find_cell(map, first + at, &cell))
			continue;
		tile = map_tile(map, &cell, first + at, first + past, now_ns);
		tile.cursor = chosen && map->focus == FOCUS_GRID && map->cursor_vpn >= first + at &&
			      map->cursor_vpn < first + past;
		draw_tile(canvas, x, y, theme, &tile, NULL);
	}
}

void map_draw_rows(const struct map_screen *map, struct canvas *canvas, const struct theme *theme,
		   uint64_t now_ns)
{
	const struct vma_list *list = map->snapshot->vmas->list;
	const struct rect *at = &map->layout.grid;

	for (int row = 0; row < at->rows; row++) {
		size_t i = map->top_row + (size_t)row;
		const struct vma *vma;
		bool chosen;

		if (i >= map->nr_vma_lines)
			break;
		vma = vma_list_at(list, map->lines[map->vma_lines[i]].vma);
		chosen = map->vma_lines[i] == map->chosen_line;
		draw_label(map, canvas, vma, at->y + row, chosen);
		draw_row(map, canvas, theme, vma, at->y + row, chosen, now_ns);
	}
}
