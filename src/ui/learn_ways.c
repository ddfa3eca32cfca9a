/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The picture of a step on transfer modes: the way of a byte, where each copy is told only after
 * the action; of many modes a table that fills as the steps are done.
 */
#include "ui/learn_state.h"

#include "model/modes.h"
#include "ui/draw.h"

#include <inttypes.h>
#include <stdio.h>

#define MAX_WAYS   2
#define BOX_ROWS   3
#define MOST_BOX   30
#define WIDE_TABLE 60 /* columns */

/* One place on the way, in a box where there is room for it; returns the rows that it took. */
static int draw_station(struct canvas *canvas, const struct theme *theme, const char *name, int x,
			int y, int columns, bool boxed)
{
	struct rect box = { x, y, columns < MOST_BOX ? columns : MOST_BOX, BOX_ROWS };

	if (boxed)
		draw_box(canvas, box, COLOUR_FAINT, theme);
	canvas_text(canvas, boxed ? x + 2 : x, boxed ? y + 1 : y, columns - (boxed ? 4 : 0),
		    COLOUR_TITLE, ATTR_BOLD, name);
	return boxed ? BOX_ROWS : 1;
}

/* The arrow to the next place, and how the bytes get there. */
static void draw_hop(struct canvas *canvas, const struct theme *theme, const struct mode_hop *hop,
		     int x, int y, int columns, bool told)
{
	bool copies = told && hop->copies;

	canvas_put(canvas, x, y,
		   (struct glyph){ theme_glyph(theme, GLYPH_ARROW_DOWN),
				   copies ? COLOUR_BAD : COLOUR_FAINT, COLOUR_DEFAULT, ATTR_BOLD });
	canvas_text(canvas, x + 2, y, columns - 2, copies ? COLOUR_BAD : COLOUR_FAINT,
		    copies ? ATTR_BOLD : 0, told ? hop->how : "?");
}

static void draw_way(const struct screen_learn *learn, struct canvas *canvas,
		     const struct theme *theme, const struct mode_info *mode, struct rect at)
{
	/* What is asked about is not told before the answer. */
	bool told = learn_is_done(learn) || !learn_lesson_step(learn)->question;
	int nr = (int)mode->nr_hops, end = at.y + at.rows, y = at.y + 2;
	/* Above the first place is the name of the mode, under the last one its calls. */
	bool boxed = 2 + (nr + 1) * BOX_ROWS + nr + 3 <= at.rows;
	int inset = boxed ? 2 : 0;

	canvas_text(canvas, at.x, at.y, at.columns, COLOUR_KEY, ATTR_BOLD, mode->key);
	y += draw_station(canvas, theme, "disk", at.x, y, at.columns, boxed);
	for (int i = 0; i < nr && y + 1 < end; i++) {
		draw_hop(canvas, theme, &mode->hops[i], at.x + inset, y, at.columns - inset, told);
		y += 1 +
		     draw_station(canvas, theme, mode->hops[i].to, at.x, y + 1, at.columns, boxed);
	}
	if (y + 1 < end)
		draw_paragraph(canvas, (struct rect){ at.x, y + 1, at.columns, end - y - 1 },
			       COLOUR_FAINT, 0, mode->calls);
}

/* ---- the table ---- */

enum table_column {
	TABLE_COPIES,
	TABLE_CALLS,
	TABLE_SOCKET,
	NR_TABLE_COLUMN,
};

static const struct {
	const char *title;
	enum quantity quantity;
	int x, wide_x; /* of the column, in a narrow and in a wide picture */
} table[NR_TABLE_COLUMN] = {
	[TABLE_COPIES] = { "copies", QUANTITY_COPIES, 13, 20 },
	[TABLE_CALLS] = { "calls", QUANTITY_CALLS, 21, 36 },
	[TABLE_SOCKET] = { "socket", QUANTITY_SHARED, 28, 52 },
};

/* The claim of any step done so far that tells it; NULL: none. */
static const struct claim_result *find_claim(const struct screen_learn *learn, unsigned mode,
					     enum quantity quantity)
{
	for (size_t step = 0; step < learn->lesson->nr_steps && step < LEARN_MAX_STEPS; step++) {
		const struct step_result *result = learn->steps[step].result;

		for (size_t i = 0; result && result->performed && i < result->nr_claims; i++)
			if (result->claims[i].claim->quantity == quantity &&
			    result->claims[i].claim->subject == mode)
				return &result->claims[i];
	}
	return NULL;
}

static void draw_entry(const struct screen_learn *learn, struct canvas *canvas, unsigned mode,
		       enum table_column column, int x, int y)
{
	const struct claim_result *claim = find_claim(learn, mode, table[column].quantity);
	char text[24] = "-";
	uint8_t colour = COLOUR_FAINT;

	if (claim && claim->verdict == VERDICT_UNKNOWN) {
		colour = COLOUR_WARN;
		snprintf(text, sizeof(text), "?");
	} else if (claim) {
		colour = claim->verdict == VERDICT_HELD ? COLOUR_GOOD : COLOUR_BAD;
		if (column == TABLE_SOCKET)
			snprintf(text, sizeof(text), "%s", claim->measured ? "shared" : "copied");
		else
			snprintf(text, sizeof(text), "%" PRId64, claim->measured);
	}
	canvas_text(canvas, x, y, 7, colour, ATTR_BOLD, text);
}

static int column_x(int column, struct rect at)
{
	return at.x + (at.columns >= WIDE_TABLE ? table[column].wide_x : table[column].x);
}

static void draw_table(const struct screen_learn *learn, struct canvas *canvas,
		       const struct theme *theme, unsigned ways, struct rect at)
{
	int nr = __builtin_popcount(ways), y = at.y;
	/* White between the lines where there is room. */
	int pitch = 2 + nr * 2 + 4 <= at.rows ? 2 : 1;

	for (int column = 0; column < NR_TABLE_COLUMN; column++)
		canvas_text(canvas, column_x(column, at), y, 7, COLOUR_TITLE, ATTR_BOLD,
			    table[column].title);
	draw_hline(canvas, at.x, y + 1, at.columns, theme);
	y += 2;
	for (unsigned mode = 0; mode < NR_MODE && y < at.y + at.rows; mode++) {
		if (!(ways & 1u << mode))
			continue;
		canvas_text(canvas, at.x, y, 12, COLOUR_TEXT, ATTR_BOLD,
			    mode_info((enum transfer_mode)mode)->key);
		for (int column = 0; column < NR_TABLE_COLUMN; column++)
			draw_entry(learn, canvas, mode, (enum table_column)column,
				   column_x(column, at), y);
		y += pitch;
	}
	if (y + 3 < at.y + at.rows)
		draw_paragraph(canvas, (struct rect){ at.x, y + 1, at.columns, 3 }, COLOUR_FAINT, 0,
			       "- : not measured yet. Copies of each byte by the sender's CPU; "
			       "calls for 32 MiB.");
}

void learn_draw_ways(const struct screen_learn *learn, struct canvas *canvas,
		     const struct theme *theme, struct rect at)
{
	unsigned ways = learn_lesson_step(learn)->ways;
	int nr = __builtin_popcount(ways), columns, x = at.x;

	if (nr > MAX_WAYS) {
		draw_table(learn, canvas, theme, ways, at);
		return;
	}
	columns = at.columns / nr;
	for (unsigned mode = 0; mode < NR_MODE; mode++) {
		if (!(ways & 1u << mode))
			continue;
		draw_way(learn, canvas, theme, mode_info((enum transfer_mode)mode),
			 (struct rect){ x, at.y, columns - 1, at.rows });
		x += columns;
	}
}
