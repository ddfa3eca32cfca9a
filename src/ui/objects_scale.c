/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The boundaries of an mm_struct on its address scale: the highest address at the top, as
 * textbooks draw it, with what lies between two of them at the left and the large gaps named.
 */
#include "ui/objects_state.h"

#include "base/fmt.h"
#include "ui/draw.h"

#include <stdio.h>
#include <stdlib.h>

/* A gap from here on gets a line of its own. */
#define GAP_BYTES (UINT64_C(1) << 20)

/* What ends at a boundary: where it began, its name, its colour. */
struct segment {
	enum mm_bound start;
	const char *name;
	enum page_class class;
};

static const struct segment segments[NR_MM_BOUND] = {
	[MM_END_CODE] = { MM_START_CODE, "code", CLASS_FILE },
	[MM_END_DATA] = { MM_START_DATA, "data", CLASS_DIRTY },
	[MM_BRK] = { MM_START_BRK, "heap", CLASS_ANON },
	[MM_ARG_END] = { MM_ARG_START, "args", CLASS_SHMEM },
	[MM_ENV_END] = { MM_ENV_START, "env", CLASS_SHMEM },
};

struct bound {
	enum mm_bound name;
	uint64_t addr;
};

/* Higher addresses first; at one address what begins there stands above what ends. */
static int by_address(const void *left, const void *right)
{
	const struct bound *a = left, *b = right;

	if (a->addr != b->addr)
		return a->addr > b->addr ? -1 : 1;
	return (a->name < b->name) - (a->name > b->name);
}

static size_t sorted_bounds(const struct obj_mm *mm, struct bound out[NR_MM_BOUND])
{
	size_t nr = 0;

	for (int i = 0; i < NR_MM_BOUND; i++)
		if (mm->bound_why[i] == WHY_OK)
			out[nr++] = (struct bound){ (enum mm_bound)i, mm->bound_addr[i] };
	qsort(out, nr, sizeof(*out), by_address);
	return nr;
}

static void draw_bound(const struct obj_mm *mm, struct canvas *canvas, const struct theme *theme,
		       const struct rect *at, int y, const struct bound *bound)
{
	const struct segment *segment = &segments[bound->name];
	char addr[FMT_LEN], size[FMT_LEN];

	canvas_printf(canvas, at->x + 2, y, at->columns - 2, COLOUR_TEXT, 0, "%s %s",
		      fmt_addr(addr, bound->addr), mm_bound_name(bound->name));
	if (!segment->name || mm->bound_why[segment->start] != WHY_OK)
		return;
	canvas_put(canvas, at->x, y,
		   (struct glyph){ theme_glyph(theme, GLYPH_CLASS_FULL + segment->class),
				   colour_of_class(segment->class, NR_STRENGTH - 1), COLOUR_DEFAULT,
				   0 });
	canvas_printf(canvas, at->x + 25, y, at->columns - 25, COLOUR_FAINT, 0, "%5s %s",
		      fmt_bytes(size, bound->addr - mm->bound_addr[segment->start]), segment->name);
}

/* VMAs by kind: how many, and how large together. */
static int draw_kinds(const struct objects *objects, struct canvas *canvas, const struct rect *at,
		      int y)
{
	uint64_t bytes[NR_VMA_KIND] = { 0 }, nr[NR_VMA_KIND] = { 0 };

	for (size_t i = 0; objects->vmas && i < vma_list_nr(objects->vmas->list); i++) {
		const struct vma *vma = vma_list_at(objects->vmas->list, i);

		bytes[vma->kind] += vma_len_bytes(vma);
		nr[vma->kind]++;
	}
	for (int kind = 0; kind < NR_VMA_KIND && y < at->y + at->rows; kind++) {
		char size[FMT_LEN], count[FMT_LEN];

		if (nr[kind])
			canvas_printf(canvas, at->x + 2, y++, at->columns - 2, COLOUR_FAINT, 0,
				      "%5s VMAs %-8s %7s", fmt_count(count, nr[kind]),
				      vma_kind_name((enum vma_kind)kind),
				      fmt_bytes(size, bytes[kind]));
	}
	return y;
}

void objects_draw_scale(const struct objects_screen *screen, struct canvas *canvas,
			const struct theme *theme)
{
	const struct objects *objects = screen->objects;
	const struct rect *box = &screen->layout.scale;
	struct rect at = { box->x + 1, box->y + 1, box->columns - 2, box->rows - 2 };
	struct bound bounds[NR_MM_BOUND];
	size_t nr = sorted_bounds(&objects->mm, bounds);
	int y = at.y, spare = at.rows - (int)nr;
	char size[FMT_LEN], reason[160];

	if (!nr)
		draw_paragraph(canvas, at, COLOUR_WARN, 0,
			       source_refusal(SOURCE_STAT, objects->mm.bound_why[MM_START_CODE],
					      reason, sizeof(reason)));
	for (size_t i = 0; i < nr && y < at.y + at.rows; i++) {
		uint64_t gap = i + 1 < nr ? bounds[i].addr - bounds[i + 1].addr : 0;

		draw_bound(&objects->mm, canvas, theme, &at, y++, &bounds[i]);
		if (gap < GAP_BYTES || spare <= 0 || segments[bounds[i].name].name)
			continue;
		canvas_put(canvas, at.x, y,
			   (struct glyph){ theme_glyph(theme, GLYPH_VLINE), COLOUR_FAINT,
					   COLOUR_DEFAULT, 0 });
		canvas_printf(canvas, at.x + 15, y++, at.columns - 15, COLOUR_FAINT, 0, "%s",
			      fmt_bytes_long(size, gap));
		spare--;
	}
	if (nr && spare > 2)
		draw_kinds(objects, canvas, &at, y + 1);
}
