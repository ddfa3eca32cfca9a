/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtual addresses taken apart, as the processor does: an index for each level of the page table
 * and the offset in the page; and, once the step is done, the frame and the physical address.
 */
#include "ui/learn_state.h"

#include "ui/draw.h"

#include <inttypes.h>
#include <stdio.h>

/* "PGD 64 PUD 0 PMD 0 PTE 0 +064" */
static void split_text(const struct geometry *geometry, uint64_t addr, char *out, size_t room)
{
	struct addr_split split = geometry_split(geometry, addr);
	size_t len = 0;

	out[0] = '\0';
	for (int level = 0; level < NR_LEVELS && len < room; level++)
		if (geometry_has_level(geometry, (enum level)level))
			len += (size_t)snprintf(out + len, room - len, "%s %u ",
						level_name((enum level)level), split.index[level]);
	if (len < room)
		snprintf(out + len, room - len, "+%03" PRIx64, split.offset_bytes);
}

/* Where the byte lies in physical memory now. */
static void physical_text(const struct screen_learn *learn, const struct lesson_region *region,
			  uint64_t off_bytes, char *out, size_t room)
{
	const struct geometry *geometry = &learn->steps[learn->step].result->geometry;
	size_t page = off_bytes >> geometry->page_shift;
	bool after = learn_is_done(learn);
	size_t nr = after ? region->nr_after : region->nr_before;
	const struct lesson_page *pages = after ? region->after : region->before;
	uint64_t in_page = off_bytes & (geometry_page_size(geometry) - 1);

	if (page >= nr || !pages[page].state)
		snprintf(out, room, "> no frame%s", after ? "" : " yet");
	else if (!pages[page].pfn)
		snprintf(out, room, "> a frame; its number is for root");
	else
		snprintf(out, room, "> frame %" PRIx64 ", physical %" PRIx64, pages[page].pfn,
			 (pages[page].pfn << geometry->page_shift) + in_page);
}

int learn_draw_addresses(const struct screen_learn *learn, struct canvas *canvas,
			 const struct lesson_region *region, struct rect at)
{
	const struct lesson_step *step = learn_lesson_step(learn);
	const struct geometry *geometry = &learn->steps[learn->step].result->geometry;
	int y = 0;

	if (region->index || !geometry->levels)
		return 0;
	for (size_t i = 0; i < step->nr_split && y + LEARN_SPLIT_ROWS <= at.rows; i++) {
		uint64_t addr = region->start_addr + step->split_bytes[i];
		char split[96], physical[64];

		split_text(geometry, addr, split, sizeof(split));
		/* Of a byte that the action is yet to touch the answer is not told. */
		if (i && !learn_is_done(learn))
			snprintf(physical, sizeof(physical), "> ?");
		else
			physical_text(learn, region, step->split_bytes[i], physical,
				      sizeof(physical));
		canvas_printf(canvas, at.x, at.y + y, at.columns, COLOUR_TITLE, ATTR_BOLD,
			      "address %" PRIx64, addr);
		canvas_text(canvas, at.x, at.y + y + 1, at.columns, COLOUR_TEXT, 0, split);
		canvas_text(canvas, at.x, at.y + y + 2, at.columns, COLOUR_TEXT, 0, physical);
		y += LEARN_SPLIT_ROWS;
	}
	return y;
}
