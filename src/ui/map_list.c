/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The list of screen 1: a line for each mapping and each gap before one. The chosen mapping is
 * remembered by its address, so that it stays chosen when others come and go around it.
 */
#include "ui/map_state.h"

#include "base/xalloc.h"

const struct vma *map_chosen(const struct map_screen *map)
{
	const struct vma_table *table = map->snapshot ? map->snapshot->vmas : NULL;

	if (!table || !map->nr_lines)
		return NULL;
	return vma_list_at(table->list, map->lines[map->chosen_line].vma);
}

void map_chosen_pages(const struct map_screen *map, uint64_t *first_vpn, uint64_t *nr_pages)
{
	const struct vma *vma = map_chosen(map);
	unsigned shift = map->snapshot ? map->snapshot->geometry.page_shift : 0;

	*first_vpn = vma ? vma->start_addr >> shift : 0;
	*nr_pages = vma ? vma_len_bytes(vma) >> shift : 0;
}

void map_make_lines(struct map_screen *map)
{
	const struct vma_list *list = map->snapshot->vmas->list;
	uint64_t end_addr = 0;

	map->nr_lines = 0;
	for (size_t i = 0; i < vma_list_nr(list); i++) {
		const struct vma *vma = vma_list_at(list, i);

		for (int gap = i && vma->start_addr > end_addr; gap >= 0; gap--) {
			map->lines = xgrow(map->lines, map->nr_lines, &map->room,
					   sizeof(*map->lines));
			map->lines[map->nr_lines++] = (struct map_line){ gap, i };
		}
		end_addr = vma->end_addr;
	}
	map->lines_of = list;
}

/* Where a newcomer looks first: the mapping that has most in memory. */
size_t map_most_resident_line(const struct map_screen *map)
{
	const struct vma_table *table = map->snapshot->vmas;
	size_t best = 0;
	uint64_t most = 0;

	for (size_t i = 0; i < map->nr_lines; i++) {
		uint64_t present = table->counts[map->lines[i].vma].present;

		if (!map->lines[i].gap && present > most) {
			most = present;
			best = i;
		}
	}
	return best;
}

/* The line of the VMA that was chosen, or of the one that now lies nearest behind. */
size_t map_line_of_chosen(const struct map_screen *map)
{
	const struct vma_list *list = map->snapshot->vmas->list;
	size_t last = 0;

	for (size_t i = 0; i < map->nr_lines; i++) {
		const struct vma *vma = vma_list_at(list, map->lines[i].vma);

		if (map->lines[i].gap)
			continue;
		last = i;
		if (vma->end_addr > map->chosen_addr)
			return i;
	}
	return last;
}

void map_choose_line(struct map_screen *map, size_t line)
{
	const struct vma *vma;
	uint64_t first_vpn, nr_pages;

	map->chosen_line = line;
	vma = map_chosen(map);
	if (!vma)
		return;
	if (vma->start_addr != map->chosen_addr) {
		map->chosen_addr = vma->start_addr;
		map->fit = true;
		map_chosen_pages(map, &first_vpn, &nr_pages);
		map->start_vpn = map->cursor_vpn = first_vpn;
	}
}

/* Steps to the next line in a direction that is a VMA; stays where there is none. */
void map_step_line(struct map_screen *map, int step)
{
	size_t line = map->chosen_line;

	do {
		if ((step < 0 && line == 0) || (step > 0 && line + 1 >= map->nr_lines))
			return;
		line += (size_t)step;
	} while (map->lines[line].gap);
	map->settled = true;
	map_choose_line(map, line);
}

void map_step_lines(struct map_screen *map, int steps)
{
	int step = steps < 0 ? -1 : 1;

	for (; steps; steps -= step)
		map_step_line(map, step);
}

void map_settle_list(struct map_screen *map)
{
	size_t rows = (size_t)map->layout.list.rows - 1; /* below its heading */

	if (map->chosen_line < map->top_line)
		map->top_line = map->chosen_line;
	/* The gap before the chosen mapping belongs to it. */
	if (map->top_line == map->chosen_line && map->top_line && map->lines[map->top_line - 1].gap)
		map->top_line--;
	if (map->chosen_line >= map->top_line + rows)
		map->top_line = map->chosen_line - rows + 1;
	if (map->top_line + rows > map->nr_lines)
		map->top_line = map->nr_lines > rows ? map->nr_lines - rows : 0;
}
