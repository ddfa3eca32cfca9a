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

static void add_line(struct map_screen *map, bool gap, size_t vma)
{
	if (!gap) {
		map->vma_lines = xgrow(map->vma_lines, map->nr_vma_lines, &map->vma_room,
				       sizeof(*map->vma_lines));
		map->vma_lines[map->nr_vma_lines++] = map->nr_lines;
	}
	map->lines = xgrow(map->lines, map->nr_lines, &map->room, sizeof(*map->lines));
	map->lines[map->nr_lines++] = (struct map_line){ gap, vma, map->nr_vma_lines - !gap };
}

size_t map_filter_nr(const struct map_screen *map, enum vma_filter filter)
{
	const struct vma_table *table = map->snapshot->vmas;
	size_t nr = 0;

	for (size_t i = 0; i < vma_list_nr(table->list); i++)
		nr += vma_filter_match(filter, vma_list_at(table->list, i), &table->counts[i],
				       table->why[i]);
	return nr;
}

void map_make_lines(struct map_screen *map)
{
	const struct vma_table *table = map->snapshot->vmas;
	const struct vma_list *list = table->list;
	uint64_t end_addr = 0;

	/* A filter that nothing passes any more would leave nothing to choose. */
	if (map->filter && !map_filter_nr(map, map->filter))
		map->filter = VMAS_ALL;
	map->nr_lines = map->nr_vma_lines = 0;
	for (size_t i = 0; i < vma_list_nr(list); i++) {
		const struct vma *vma = vma_list_at(list, i);

		if (!vma_filter_match(map->filter, vma, &table->counts[i], table->why[i]))
			continue;
		/* What lies between two VMAs of a filter is not a gap. */
		if (!map->filter && i && vma->start_addr > end_addr)
			add_line(map, true, i);
		add_line(map, false, i);
		end_addr = vma->end_addr;
	}
	map->lines_of = list;
	map->lines_filter = map->filter;
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

size_t map_line_at(const struct map_screen *map, uint64_t vpn)
{
	const struct vma_table *table = map->snapshot ? map->snapshot->vmas : NULL;
	uint64_t addr = vpn << (map->snapshot ? map->snapshot->geometry.page_shift : 0);
	size_t low = 0, high = map->nr_vma_lines;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		size_t line = map->vma_lines[middle];

		if (vma_list_at(table->list, map->lines[line].vma)->end_addr > addr)
			high = middle;
		else
			low = middle + 1;
	}
	if (low == map->nr_vma_lines ||
	    vma_list_at(table->list, map->lines[map->vma_lines[low]].vma)->start_addr > addr)
		return SIZE_MAX;
	return map->vma_lines[low];
}

void map_choose_line(struct map_screen *map, size_t line)
{
	const struct vma *vma;
	uint64_t first_vpn, nr_pages;

	map->chosen_line = line;
	vma = map_chosen(map);
	if (!vma || vma->start_addr == map->chosen_addr)
		return;
	map->chosen_addr = vma->start_addr;
	map_chosen_pages(map, &first_vpn, &nr_pages);
	map->cursor_vpn = first_vpn;
	if (map->view == VIEW_VMA) {
		map->fit = true;
		map->start_index = 0;
	}
}

bool map_choose_page(struct map_screen *map, uint64_t vpn)
{
	size_t line = map_line_at(map, vpn);

	if (line == SIZE_MAX)
		return false;
	map->settled = true;
	map_choose_line(map, line);
	map->cursor_vpn = vpn;
	return true;
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
