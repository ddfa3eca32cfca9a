/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The words of a step: prose, the question with its choices, the answer with its reason, and the
 * claims with what was measured. Before the action nothing here tells what it will show.
 */
#include "ui/learn_state.h"

#include "base/text.h"
#include "ui/draw.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Lines that a text takes. */
static int lines_of(const char *text, int columns)
{
	int lines = 0;

	while (*text && columns > 0) {
		text += draw_wrap_bytes(text, columns);
		while (*text == ' ')
			text++;
		lines++;
	}
	return lines;
}

/* What is still free of a rectangle, from the top. */
struct pen {
	struct canvas *canvas;
	struct rect left;
};

static void pen_skip(struct pen *pen, int rows)
{
	rows = rows < pen->left.rows ? rows : pen->left.rows;
	pen->left.y += rows;
	pen->left.rows -= rows;
}

static void pen_write(struct pen *pen, int indent, uint8_t fg, uint8_t attrs, const char *text)
{
	struct rect at = { pen->left.x + indent, pen->left.y, pen->left.columns - indent,
			   pen->left.rows };

	pen_skip(pen, draw_paragraph(pen->canvas, at, fg, attrs, text));
}

size_t learn_nr_choices(const struct lesson_question *question)
{
	size_t nr = 0;

	while (nr < LESSON_CHOICES && question->choices[nr])
		nr++;
	return nr;
}

/* Rows between two choices. */
static int choice_gap(int rows)
{
	return rows >= LEARN_ROOMY_ROWS / 2;
}

/* "answer: 12", for those who predicted something else, or nothing. */
static void answer_text(const struct lesson_question *question, char *out, size_t room)
{
	snprintf(out, room, "answer: %s", question->choices[question->right]);
}

static int answer_rows(const struct screen_learn *learn, int columns)
{
	const struct lesson_question *question = learn_lesson_step(learn)->question;
	unsigned choice = learn->steps[learn->step].choice;
	int rows = lines_of(question->why, columns) + (choice != NO_CHOICE);
	char line[200];

	if (choice == question->right)
		return rows;
	answer_text(question, line, sizeof(line));
	return rows + lines_of(line, columns - 2);
}

/* True where the answer has room for what was asked above it, and the prose keeps its own. */
static bool recalls_question(const struct screen_learn *learn, int columns, int text_rows)
{
	const struct lesson_step *step = learn_lesson_step(learn);

	return lines_of(step->prose, columns) + 1 + lines_of(step->question->text, columns) +
		       answer_rows(learn, columns) <=
	       text_rows;
}

/* Rows of the question as it is asked, or of its answer, in a text of `text_rows`. */
static int question_rows(const struct screen_learn *learn, int columns, int text_rows)
{
	const struct lesson_question *question = learn_lesson_step(learn)->question;
	int rows = 0;

	if (!question)
		return 0;
	if (learn_is_done(learn)) {
		rows = answer_rows(learn, columns);
		if (recalls_question(learn, columns, text_rows))
			rows += lines_of(question->text, columns);
		return rows;
	}
	for (size_t i = 0; i < learn_nr_choices(question); i++)
		rows += lines_of(question->choices[i], columns - 5) + choice_gap(text_rows);
	return rows + lines_of(question->text, columns);
}

static void draw_question(const struct screen_learn *learn, struct pen *pen,
			  const struct theme *theme, int gap)
{
	const struct lesson_question *question = learn_lesson_step(learn)->question;
	const struct learn_step *step = &learn->steps[learn->step];

	pen_write(pen, 0, COLOUR_TITLE, ATTR_BOLD, question->text);
	for (size_t i = 0; i < learn_nr_choices(question); i++) {
		bool marked = step->cursor == i;
		int y;

		pen_skip(pen, gap);
		y = pen->left.y;
		if (pen->left.rows <= 0)
			return;
		if (marked)
			canvas_put(pen->canvas, pen->left.x, y,
				   (struct glyph){ theme_glyph(theme, GLYPH_POINTER), COLOUR_KEY,
						   COLOUR_DEFAULT, ATTR_BOLD });
		canvas_printf(pen->canvas, pen->left.x + 2, y, 3, COLOUR_KEY, ATTR_BOLD, "%zu",
			      i + 1);
		pen_write(pen, 4, marked ? COLOUR_KEY : COLOUR_TEXT, marked ? ATTR_BOLD : 0,
			  question->choices[i]);
	}
}

static void put_mark(struct canvas *canvas, int x, int y, const struct theme *theme, bool good)
{
	canvas_put(canvas, x, y,
		   (struct glyph){ theme_glyph(theme, good ? GLYPH_TICK : GLYPH_CROSS_MARK),
				   good ? COLOUR_GOOD : COLOUR_BAD, COLOUR_DEFAULT, ATTR_BOLD });
}

static void draw_answer(const struct screen_learn *learn, struct pen *pen,
			const struct theme *theme)
{
	const struct lesson_question *question = learn_lesson_step(learn)->question;
	unsigned choice = learn->steps[learn->step].choice;
	bool right = choice == question->right;
	char line[200];

	if (choice != NO_CHOICE && pen->left.rows > 0) {
		put_mark(pen->canvas, pen->left.x, pen->left.y, theme, right);
		snprintf(line, sizeof(line), "%s%s",
			 right ? "predicted right: " : "predicted: ", question->choices[choice]);
		canvas_text(pen->canvas, pen->left.x + 2, pen->left.y, pen->left.columns - 2,
			    right ? COLOUR_GOOD : COLOUR_BAD, ATTR_BOLD, line);
		pen_skip(pen, 1);
	}
	if (!right) {
		answer_text(question, line, sizeof(line));
		pen_write(pen, 2, COLOUR_TITLE, ATTR_BOLD, line);
	}
	pen_write(pen, 0, COLOUR_TITLE, 0, question->why);
}

void learn_draw_text(const struct screen_learn *learn, struct canvas *canvas,
		     const struct theme *theme, struct rect at)
{
	const struct lesson_step *step = learn_lesson_step(learn);
	int asked = question_rows(learn, at.columns, at.rows),
	    prose = lines_of(step->prose, at.columns);
	struct pen pen = { canvas, at };

	/* The question, or the reason, always has its room. */
	if (prose > at.rows - asked)
		prose = at.rows > asked ? at.rows - asked : 0;
	pen.left.rows = prose;
	if (prose)
		pen_write(&pen, 0, COLOUR_TEXT, 0, step->prose);
	pen.left = (struct rect){ at.x, at.y + prose, at.columns, at.rows - prose };
	if (pen.left.rows > asked)
		pen_skip(&pen, 1);
	if (step->question && learn_is_done(learn)) {
		if (recalls_question(learn, at.columns, at.rows))
			pen_write(&pen, 0, COLOUR_FAINT, 0, step->question->text);
		draw_answer(learn, &pen, theme);
	} else if (step->question)
		draw_question(learn, &pen, theme, choice_gap(at.rows));
	if (pen.left.rows > 2 && step->look.screen && step->look.where) {
		char line[200];

		pen_skip(&pen, 1);
		snprintf(line, sizeof(line), "See also screen %d: %s.", step->look.screen,
			 step->look.where);
		pen_write(&pen, 0, COLOUR_FAINT, 0, line);
	}
}

int learn_claim_rows(const struct screen_learn *learn, int columns)
{
	const struct step_result *result = learn->steps[learn->step].result;
	int rows = 0;

	if (!learn_is_done(learn))
		return 0;
	if (result->error && result->error_text[0])
		return lines_of(result->error_text, columns - 2);
	for (size_t i = 0; i < result->nr_claims; i++) {
		rows++;
		if (result->claims[i].verdict == VERDICT_UNKNOWN)
			rows++;
	}
	return rows;
}

int learn_least_claim_rows(const struct screen_learn *learn)
{
	return (int)learn_lesson_step(learn)->nr_claims;
}

/* A figure as people say it: "16", "yes", and of a change "4 fewer", "as before". */
static void value_text(const struct lesson_claim *claim, int64_t value, char *out, size_t room)
{
	if (quantity_is_truth(claim->quantity))
		snprintf(out, room, "%s", value ? "yes" : "no");
	else if (claim->when != CLAIM_CHANGE || quantity_is_event(claim->quantity))
		snprintf(out, room, "%" PRId64, value);
	else if (value)
		snprintf(out, room, "%" PRId64 " %s", value < 0 ? -value : value,
			 value < 0 ? "fewer" : "more");
	else
		snprintf(out, room, "as before");
}

/* "minor faults there: 16"; narrow terminals leave out the source. */
static void measured_text(const struct claim_result *result, bool wide, char *out, size_t room)
{
	const struct lesson_claim *claim = result->claim;
	char expected[64], value[32];

	value_text(claim, result->measured, value, sizeof(value));
	if (result->verdict == VERDICT_NOT_HELD)
		snprintf(out, room, "%s: %s, not %s", quantity_name(claim->quantity), value,
			 claim_expected_text(claim, expected, sizeof(expected)));
	else
		snprintf(out, room, "%s: %s%s%s", quantity_name(claim->quantity), value,
			 wide ? ", by " : "", wide ? quantity_source(claim->quantity) : "");
}

static void draw_claim(struct pen *pen, const struct theme *theme,
		       const struct claim_result *result, int text_columns)
{
	int x = pen->left.x, y = pen->left.y, columns = pen->left.columns;
	bool held = result->verdict == VERDICT_HELD;
	char text[200];

	if (pen->left.rows <= 0)
		return;
	if (result->verdict == VERDICT_UNKNOWN) {
		canvas_text(pen->canvas, x, y, 1, COLOUR_WARN, ATTR_BOLD, "?");
		canvas_text(pen->canvas, x + 2, y, columns - 2, COLOUR_TEXT, 0,
			    result->claim->text);
		pen_skip(pen, 1);
		snprintf(text, sizeof(text), "not measured: %s", result->reason);
		if (pen->left.rows > 0)
			canvas_text(pen->canvas, x + 2, y + 1, columns - 2, COLOUR_WARN, 0, text);
		pen_skip(pen, 1);
		return;
	}
	put_mark(pen->canvas, x, y, theme, held);
	canvas_text(pen->canvas, x + 2, y, text_columns - 1, COLOUR_TEXT, held ? 0 : ATTR_BOLD,
		    result->claim->text);
	measured_text(result, columns >= 110, text, sizeof(text));
	canvas_text(pen->canvas, x + 2 + text_columns, y, columns - 2 - text_columns,
		    held ? COLOUR_GOOD : COLOUR_BAD, ATTR_BOLD, text);
	pen_skip(pen, 1);
}

void learn_draw_claims(const struct screen_learn *learn, struct canvas *canvas,
		       const struct theme *theme, struct rect at, int pitch)
{
	const struct step_result *result = learn->steps[learn->step].result;
	struct pen pen = { canvas, at };

	if (result->error && result->error_text[0]) {
		char *safe = text_safe_str(result->error_text);

		canvas_text(canvas, at.x, at.y, 1, COLOUR_BAD, ATTR_BOLD, "!");
		pen_write(&pen, 2, COLOUR_BAD, 0, safe);
		free(safe);
		return;
	}
	for (size_t i = 0; i < result->nr_claims; i++) {
		draw_claim(&pen, theme, &result->claims[i], at.columns >= 110 ? 56 : 42);
		pen_skip(&pen, pitch - 1);
	}
}
