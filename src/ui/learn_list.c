/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The list of lessons: what each is about, and what it needs that is not there. */
#include "ui/learn_state.h"

#include "ui/draw.h"

#include <stdio.h>

#define LIST_Y        3
#define NAME_COLUMNS  13
#define WIDE_COLUMNS  160 /* room for what each is about */
#define ABOUT_COLUMNS 62

static void draw_row(const struct screen_learn *learn, struct canvas *canvas,
		     const struct theme *theme, size_t index, int y)
{
	const struct lesson *lesson = learn->lessons[index];
	int columns = canvas_columns(canvas), title_columns = columns >= 110 ? 48 : 36, x = 1;
	char missing[LESSON_REASON] = "";
	bool chosen = index == learn->cursor;
	uint8_t colour = COLOUR_GOOD;

	if (learn->view)
		lesson_missing(lesson, &learn->view->powers, missing, sizeof(missing));
	if (missing[0])
		colour = COLOUR_WARN;
	if (chosen)
		canvas_fill(canvas, (struct rect){ 0, y, columns, 1 },
			    (struct glyph){ ' ', COLOUR_TEXT, COLOUR_SELECT_BG, 0 });
	if (chosen)
		canvas_put(canvas, 0, y,
			   (struct glyph){ theme_glyph(theme, GLYPH_POINTER), COLOUR_KEY,
					   COLOUR_SELECT_BG, ATTR_BOLD });
	x += canvas_printf(canvas, x, y, 4, COLOUR_FAINT, 0, "%2zu  ", index + 1);
	canvas_text(canvas, x, y, NAME_COLUMNS, COLOUR_KEY, chosen ? ATTR_BOLD : 0, lesson->name);
	x += NAME_COLUMNS;
	canvas_text(canvas, x, y, title_columns, COLOUR_TEXT, chosen ? ATTR_BOLD : 0,
		    lesson->title);
	x += title_columns + 1;
	if (columns >= WIDE_COLUMNS) {
		canvas_text(canvas, x, y, ABOUT_COLUMNS - 1, COLOUR_FAINT, 0, lesson->summary);
		x += ABOUT_COLUMNS;
	}
	if (!learn->view)
		return;
	if (missing[0])
		canvas_text(canvas, x, y, columns - x, colour, 0, missing);
	else
		canvas_text(canvas, x, y, columns - x, colour, 0, "nothing");
}

/* Keeps the cursor within the rows that are there. */
static void scroll(struct screen_learn *learn, size_t rows)
{
	if (learn->cursor < learn->top)
		learn->top = learn->cursor;
	if (rows && learn->cursor >= learn->top + rows)
		learn->top = learn->cursor - rows + 1;
}

void learn_draw_list(struct screen_learn *learn, struct canvas *canvas, const struct theme *theme)
{
	int columns = canvas_columns(canvas), rows = canvas_rows(canvas);
	int pitch = rows >= LEARN_ROOMY_ROWS ? 2 : 1, top = LIST_Y + pitch - 1;
	int list_rows = (rows - top - 4) / pitch;
	int needed_x = 6 + NAME_COLUMNS + (columns >= 110 ? 48 : 36);
	const struct lesson *lesson;

	scroll(learn, list_rows > 0 ? (size_t)list_rows : 1);
	canvas_text(
		canvas, 1, 1, columns - 2, COLOUR_TEXT, 0,
		"Each lesson runs on this machine's own kernel, in a small process of its own.");
	canvas_text(canvas, 5, LIST_Y - 1, 8, COLOUR_FAINT, 0, "lesson");
	canvas_text(canvas, 5 + NAME_COLUMNS, LIST_Y - 1, 8, COLOUR_FAINT, 0, "about");
	if (columns >= WIDE_COLUMNS)
		needed_x += ABOUT_COLUMNS;
	canvas_text(canvas, needed_x, LIST_Y - 1, 24, COLOUR_FAINT, 0, "still needed here");
	for (int i = 0; i < list_rows && learn->top + (size_t)i < learn->nr_lessons; i++)
		draw_row(learn, canvas, theme, learn->top + (size_t)i, top + i * pitch);
	draw_hline(canvas, 0, rows - 4, columns, theme);
	if (!learn->nr_lessons)
		return;
	lesson = learn->lessons[learn->cursor];
	canvas_printf(canvas, 1, rows - 3, columns - 2, COLOUR_TITLE, ATTR_BOLD, "%s: %zu step%s",
		      lesson->title, lesson->nr_steps, lesson->nr_steps == 1 ? "" : "s");
	canvas_text(canvas, 1, rows - 2, columns - 2, COLOUR_TEXT, 0, lesson->summary);
}
