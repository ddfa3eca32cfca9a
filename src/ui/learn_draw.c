/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the parts of a step stand: title, text, picture, claims, and the line that says what is to
 * be done. The picture keeps its place when the claims appear, so that nothing jumps between
 * before and after; a large terminal gets larger pictures and white between the lines.
 */
#include "ui/learn_state.h"

#include "ui/draw.h"

#include <stdio.h>

void learn_draw_title(const struct screen_learn *learn, struct canvas *canvas)
{
	int columns = canvas_columns(canvas);

	canvas_fill(canvas, (struct rect){ 0, 0, columns, 1 },
		    (struct glyph){ ' ', COLOUR_TITLE, COLOUR_BAR_BG, 0 });
	canvas_text(canvas, 1, 0, columns, COLOUR_TITLE, ATTR_BOLD, "pagewalk learn");
	if (!learn->lesson) {
		canvas_printf(canvas, 17, 0, columns - 18, COLOUR_TEXT, 0, "%zu lessons",
			      learn->nr_lessons);
		return;
	}
	canvas_printf(canvas, 17, 0, columns - 32, COLOUR_TEXT, 0, "%s: %s", learn->lesson->name,
		      learn->lesson->title);
	canvas_printf(canvas, columns - 14, 0, 13, COLOUR_TITLE, ATTR_BOLD, "step %zu of %zu",
		      learn->step + 1, learn_nr_steps(learn));
}

/* What goes on, or what is to be done, in the line above the keys. */
static void draw_state(const struct screen_learn *learn, struct canvas *canvas, int y)
{
	const struct step_result *result = learn->steps[learn->step].result;
	int columns = canvas_columns(canvas) - 2;
	uint8_t colour = COLOUR_FAINT;
	char text[200];

	if (learn->said[0]) {
		colour = COLOUR_BAD;
		snprintf(text, sizeof(text), "%s", learn->said);
	} else if (learn->view && learn->view->error[0]) {
		colour = COLOUR_BAD;
		snprintf(text, sizeof(text), "%s", learn->view->error);
	} else if (learn->hint) {
		colour = COLOUR_WARN;
		snprintf(text, sizeof(text),
			 "Predict first: choose by number, then Enter. Space goes on without.");
	} else if (learn_is_done(learn) && result->nr_tries > 1) {
		snprintf(text, sizeof(text),
			 "Done. It took %u tries: the memory had changed in between.%s",
			 result->nr_tries,
			 learn->step + 1 < learn_nr_steps(learn) ? "" : " The lesson ends here.");
	} else if (learn_is_done(learn)) {
		snprintf(text, sizeof(text), "%s",
			 learn->step + 1 < learn_nr_steps(learn) ? "Done."
								 : "The lesson ends here.");
	} else if (learn_in_stage(learn, STAGE_ACTING)) {
		colour = COLOUR_WARN;
		snprintf(text, sizeof(text), "It is being done and measured ...");
	} else if (!learn_in_stage(learn, STAGE_READY)) {
		colour = COLOUR_WARN;
		snprintf(text, sizeof(text), "Preparing ...");
	} else if (learn_is_asking(learn)) {
		snprintf(text, sizeof(text), "Your prediction? %zu claim%s will be measured.",
			 learn_lesson_step(learn)->nr_claims,
			 learn_lesson_step(learn)->nr_claims == 1 ? "" : "s");
	} else {
		snprintf(text, sizeof(text), "Ready: Space does it.");
	}
	canvas_text(canvas, 1, y, columns, colour, 0, text);
}

/* Lines longer than this are hard to read. */
#define MOST_TEXT 100

static int text_columns(int columns)
{
	int wide = columns * 52 / 100;

	return wide > MOST_TEXT ? MOST_TEXT : wide;
}

static void draw_picture(const struct screen_learn *learn, struct canvas *canvas,
			 const struct theme *theme, struct rect at)
{
	int rows;

	if (learn_lesson_step(learn)->ways) {
		learn_draw_ways(learn, canvas, theme, at);
		return;
	}
	rows = learn_draw_descriptors(learn, canvas, theme, at);
	at.y += rows;
	at.rows -= rows;
	learn_draw_regions(learn, canvas, theme, at);
}

/* Rows of the claims with the rule above them, or that they will take. */
static int claims_height(int rows, int claim_rows, int pitch)
{
	int height = claim_rows * pitch + (pitch > 1);

	if (height > rows / 2)
		height = rows / 2;
	return height + 1;
}

void learn_draw_lesson(const struct screen_learn *learn, struct canvas *canvas,
		       const struct theme *theme)
{
	int columns = canvas_columns(canvas), rows = canvas_rows(canvas);
	int left = text_columns(columns), claims = learn_claim_rows(learn, columns - 2);
	int least = learn_least_claim_rows(learn), pitch = rows >= LEARN_ROOMY_ROWS ? 2 : 1;
	int top = rows >= 30 ? 4 : 3, bottom = rows - 2;
	int low = bottom - claims_height(rows, claims > least ? claims : least, pitch);

	canvas_text(canvas, 1, rows >= 30 ? 2 : 1, columns - 2, COLOUR_KEY, ATTR_BOLD,
		    learn_lesson_step(learn)->title);
	if (learn_is_done(learn)) {
		bottom = low;
		draw_hline(canvas, 0, bottom, columns, theme);
		learn_draw_claims(
			learn, canvas, theme,
			(struct rect){ 1, bottom + pitch, columns - 2, rows - 2 - bottom - pitch },
			pitch);
	}
	learn_draw_text(learn, canvas, theme, (struct rect){ 1, top, left - 2, bottom - top });
	draw_vline(canvas, left, top, bottom - top, theme);
	draw_picture(learn, canvas, theme,
		     (struct rect){ left + 2, top, columns - left - 3, low - top });
	draw_state(learn, canvas, rows - 2);
}
