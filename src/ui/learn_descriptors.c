/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Descriptors of the lesson's process: which struct file each points to, a letter for each of them,
 * and where it stands, before the action and after it.
 */
#include "ui/learn_state.h"

#include "ui/draw.h"

#include <inttypes.h>
#include <stdio.h>

#define FILE_X 10
#define POS_X  24

static void position_text(const struct reading *reading, char *out, size_t room)
{
	if (reading->why == WHY_OK)
		snprintf(out, room, "%" PRId64, reading->value);
	else
		snprintf(out, room, "?");
}

static void draw_one(const struct screen_learn *learn, struct canvas *canvas,
		     const struct theme *theme, const struct lesson_descriptor *descriptor,
		     struct rect at)
{
	char before[24], after[24] = "?", letter[2] = "?";
	int x = at.x + POS_X;

	if (descriptor->has_open_file)
		letter[0] = (char)('A' + descriptor->open_file);
	position_text(&descriptor->before, before, sizeof(before));
	if (learn_is_done(learn))
		position_text(&descriptor->after, after, sizeof(after));
	canvas_printf(canvas, at.x, at.y, FILE_X - 2, COLOUR_TEXT, 0, "fd %d", descriptor->fd);
	canvas_put(canvas, at.x + FILE_X - 3, at.y,
		   (struct glyph){ theme_glyph(theme, GLYPH_ARROW_RIGHT), COLOUR_FAINT,
				   COLOUR_DEFAULT, 0 });
	canvas_text(canvas, at.x + FILE_X, at.y, 1, COLOUR_TITLE, ATTR_BOLD, letter);
	x += canvas_text(canvas, x, at.y, at.columns - POS_X, COLOUR_TEXT, 0, before);
	canvas_put(canvas, x + 1, at.y,
		   (struct glyph){ theme_glyph(theme, GLYPH_ARROW_RIGHT), COLOUR_KEY,
				   COLOUR_DEFAULT, ATTR_BOLD });
	canvas_text(canvas, x + 3, at.y, at.columns - (x + 3 - at.x), COLOUR_TITLE, ATTR_BOLD,
		    after);
}

int learn_draw_descriptors(const struct screen_learn *learn, struct canvas *canvas,
			   const struct theme *theme, struct rect at)
{
	const struct step_result *result = learn->steps[learn->step].result;
	int nr = result ? (int)result->nr_descriptors : 0;

	if (!nr || nr + 3 > at.rows)
		return 0;
	canvas_text(canvas, at.x, at.y, FILE_X, COLOUR_FAINT, 0, "entry");
	canvas_text(canvas, at.x + FILE_X, at.y, POS_X - FILE_X, COLOUR_FAINT, 0, "struct file");
	canvas_text(canvas, at.x + POS_X, at.y, at.columns - POS_X, COLOUR_FAINT, 0, "position");
	for (int i = 0; i < nr; i++)
		draw_one(learn, canvas, theme, &result->descriptors[i],
			 (struct rect){ at.x, at.y + 1 + i, at.columns, 1 });
	return nr + 2;
}
