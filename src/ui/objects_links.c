/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lines between the boxes of screen 3. A gutter is three columns wide: lines leave a box in
 * the first, run up and down in the second, and reach the next box by an arrow in the third.
 */
#include "ui/objects_state.h"

#include "ui/draw.h"

#include <string.h>

#define MOST_ROWS 512

enum side {
	SIDE_UP = 1,
	SIDE_DOWN = 2,
	SIDE_LEFT = 4,
	SIDE_RIGHT = 8,
};

/* The lines of one gutter: which sides each row of its middle column joins. */
struct gutter {
	uint8_t sides[MOST_ROWS];
};

/* A line from the left at row y0 to the right at row y1. */
static void join(struct gutter *gutter, int y0, int y1)
{
	int low = y0 < y1 ? y0 : y1, high = y0 < y1 ? y1 : y0;

	if (low < 0 || high >= MOST_ROWS)
		return;
	gutter->sides[y0] |= SIDE_LEFT;
	gutter->sides[y1] |= SIDE_RIGHT;
	for (int y = low; y < high; y++) {
		gutter->sides[y] |= SIDE_DOWN;
		gutter->sides[y + 1] |= SIDE_UP;
	}
}

static enum glyph_name corner_of(unsigned sides)
{
	static const uint8_t glyphs[16] = {
		[SIDE_UP] = GLYPH_VLINE,
		[SIDE_DOWN] = GLYPH_VLINE,
		[SIDE_UP | SIDE_DOWN] = GLYPH_VLINE,
		[SIDE_LEFT] = GLYPH_HLINE,
		[SIDE_RIGHT] = GLYPH_HLINE,
		[SIDE_LEFT | SIDE_RIGHT] = GLYPH_HLINE,
		[SIDE_LEFT | SIDE_UP] = GLYPH_CORNER_LOWER_RIGHT,
		[SIDE_LEFT | SIDE_DOWN] = GLYPH_CORNER_UPPER_RIGHT,
		[SIDE_LEFT | SIDE_UP | SIDE_DOWN] = GLYPH_TEE_LEFT,
		[SIDE_RIGHT | SIDE_UP] = GLYPH_CORNER_LOWER_LEFT,
		[SIDE_RIGHT | SIDE_DOWN] = GLYPH_CORNER_UPPER_LEFT,
		[SIDE_RIGHT | SIDE_UP | SIDE_DOWN] = GLYPH_TEE_RIGHT,
		[SIDE_LEFT | SIDE_RIGHT | SIDE_UP] = GLYPH_TEE_UP,
		[SIDE_LEFT | SIDE_RIGHT | SIDE_DOWN] = GLYPH_TEE_DOWN,
		[SIDE_LEFT | SIDE_RIGHT | SIDE_UP | SIDE_DOWN] = GLYPH_CROSS,
	};

	return (enum glyph_name)glyphs[sides];
}

static void draw_gutter(const struct gutter *gutter, struct canvas *canvas,
			const struct theme *theme, int x)
{
	for (int y = 0; y < MOST_ROWS && y < canvas_rows(canvas); y++) {
		unsigned sides = gutter->sides[y];
		struct glyph glyph = { 0, COLOUR_KEY, COLOUR_DEFAULT, ATTR_BOLD };

		if (!sides)
			continue;
		glyph.ch = theme_glyph(theme, corner_of(sides));
		canvas_put(canvas, x + 1, y, glyph);
		glyph.ch = theme_glyph(theme, GLYPH_HLINE);
		if (sides & SIDE_LEFT)
			canvas_put(canvas, x, y, glyph);
		glyph.ch = theme_glyph(theme, GLYPH_ARROW_RIGHT);
		if (sides & SIDE_RIGHT)
			canvas_put(canvas, x + 2, y, glyph);
	}
}

/* From the chosen task to those of the process's structs that it has. */
static void link_task(const struct objects_screen *screen, struct gutter *gutter)
{
	static const struct {
		enum share share;
		enum obj_box box;
	} rows[] = { { SHARE_VM, BOX_MM }, { SHARE_FS, BOX_FS }, { SHARE_FILES, BOX_FD } };
	const struct obj_task *task = objects_task(screen);
	int y = objects_line_y(screen, BOX_TASK, screen->chosen[BOX_TASK]);

	if (!task || y < 0)
		return;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (task->id[rows[i].share] == 1)
			join(gutter, y, screen->layout.box[rows[i].box].y);
}

/* From every descriptor in sight that is the chosen open file. */
static void link_fds(const struct objects_screen *screen, struct gutter *gutter)
{
	const struct obj_file *file = objects_file(screen);
	int to = file ? objects_line_y(screen, BOX_FILE, screen->chosen[BOX_FILE]) : -1;
	const struct rect *at = &screen->layout.box[BOX_FD];
	size_t end = screen->top[BOX_FD] + (size_t)(at->rows > 2 ? at->rows - 2 : 0);

	if (to < 0)
		return;
	for (size_t i = screen->top[BOX_FD]; i < end && i < screen->objects->nr_fds; i++)
		if (screen->objects->fds[i].file == screen->chosen[BOX_FILE])
			join(gutter, objects_line_y(screen, BOX_FD, i), to);
}

static void link_file(const struct objects_screen *screen, struct gutter *gutter)
{
	int from, to;

	if (!objects_file(screen) || !objects_inode(screen))
		return;
	from = objects_line_y(screen, BOX_FILE, screen->chosen[BOX_FILE]);
	to = objects_line_y(screen, BOX_INODE, screen->chosen[BOX_INODE]);
	if (from >= 0 && to >= 0)
		join(gutter, from, to);
}

/* From a box to the one below it. */
static void draw_down(const struct objects_screen *screen, struct canvas *canvas,
		      const struct theme *theme, enum obj_box to)
{
	const struct rect *at = &screen->layout.box[to];

	if (at->rows)
		canvas_put(canvas, at->x + at->columns - 3, at->y,
			   (struct glyph){ theme_glyph(theme, GLYPH_ARROW_DOWN), COLOUR_KEY,
					   COLOUR_DEFAULT, ATTR_BOLD });
}

void objects_draw_links(const struct objects_screen *screen, struct canvas *canvas,
			const struct theme *theme)
{
	const struct objects_layout *layout = &screen->layout;
	struct gutter gutters[3];

	memset(gutters, 0, sizeof(gutters));
	link_task(screen, &gutters[0]);
	if (screen->of_mm) {
		join(&gutters[1], layout->box[BOX_MM].y, layout->box[BOX_MM].y);
	} else {
		const struct obj_inode *inode = objects_inode(screen);

		link_fds(screen, &gutters[1]);
		link_file(screen, &gutters[2]);
		if (inode && inode->regular)
			draw_down(screen, canvas, theme, BOX_CACHE);
		if (inode && inode->nr_vmas)
			draw_down(screen, canvas, theme, BOX_VMA);
	}
	for (int i = 0; i < (screen->of_mm ? 2 : 3); i++)
		draw_gutter(&gutters[i], canvas, theme, layout->gutter_x[i]);
}
