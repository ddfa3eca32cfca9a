/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The list of the lab's modes: which have a lane, how often each copies, what the proof says,
 * and why one cannot run here (what its sender said when the proof was tried).
 */
#include "ui/lab_choose.h"

#include "ui/draw.h"
#include "ui/lab_lane.h"

#include <stdio.h>
#include <string.h>

#define FIRST_Y 3

static enum sink_kind sink_of(const struct lab_view *view)
{
	return view->nr_lanes ? view->lanes[0].setup.sink : SINK_MEMORY;
}

void lab_choose_open(struct lab_choose *choose, const struct lab_view *view,
		     enum transfer_mode mode)
{
	*choose = (struct lab_choose){ .open = true, .cursor = mode };
	for (size_t i = 0; i < view->nr_lanes; i++)
		choose->ticked |= UINT64_C(1) << view->lanes[i].setup.mode;
}

bool lab_choose_can_run(const struct lab_view *view, enum transfer_mode mode, char *why,
			size_t room)
{
	struct lane_setup setup = { .mode = mode, .sink = sink_of(view) };
	const char *evidence, *reason;

	if (!setup_is_possible(&setup, why, room))
		return false;
	if (!view->proved || !view->proofs[mode].unavailable)
		return true;
	/* What follows the name of the state is the reason. */
	evidence = view->proofs[mode].evidence;
	reason = strstr(evidence, ": ");
	snprintf(why, room, "%s", reason ? reason + 2 : evidence);
	return false;
}

/* One that has a lane may always lose it; what cannot run gets none. */
static enum choose_answer toggle(struct lab_choose *choose, const struct lab_view *view)
{
	uint64_t bit = UINT64_C(1) << choose->cursor;
	char why[200];

	if (!(choose->ticked & bit) &&
	    !lab_choose_can_run(view, (enum transfer_mode)choose->cursor, why, sizeof(why)))
		return CHOOSE_NOTHING;
	choose->ticked ^= bit;
	return CHOOSE_REDRAW;
}

static enum choose_answer tick_all(struct lab_choose *choose, const struct lab_view *view)
{
	char why[200];

	for (int mode = 0; mode < NR_MODE; mode++)
		if (lab_choose_can_run(view, (enum transfer_mode)mode, why, sizeof(why)))
			choose->ticked |= UINT64_C(1) << mode;
	return CHOOSE_REDRAW;
}

static enum choose_answer move(struct lab_choose *choose, size_t by)
{
	choose->cursor = (choose->cursor + by) % NR_MODE;
	return CHOOSE_REDRAW;
}

static enum choose_answer click(struct lab_choose *choose, const struct lab_view *view, int y)
{
	if (y < FIRST_Y || y >= FIRST_Y + NR_MODE)
		return CHOOSE_NOTHING;
	choose->cursor = (size_t)(y - FIRST_Y);
	toggle(choose, view);
	return CHOOSE_REDRAW;
}

static enum choose_answer close_it(struct lab_choose *choose, enum choose_answer answer)
{
	/* A lab without lanes shows nothing: at least one is to be ticked. */
	if (answer == CHOOSE_APPLY && !choose->ticked)
		return CHOOSE_NOTHING;
	choose->open = false;
	return answer;
}

enum choose_answer lab_choose_event(struct lab_choose *choose, const struct lab_view *view,
				    const struct ui_event *event)
{
	switch (event->key) {
	case KEY_UI_UP:
		return move(choose, NR_MODE - 1);
	case KEY_UI_DOWN:
		return move(choose, 1);
	case ' ':
		return toggle(choose, view);
	case 'a':
		return tick_all(choose, view);
	case KEY_UI_CLICK:
		return click(choose, view, event->y);
	case KEY_UI_ENTER:
		return close_it(choose, CHOOSE_APPLY);
	case 'l':
	case KEY_UI_ESCAPE:
		return close_it(choose, CHOOSE_CLOSED);
	default:
		return CHOOSE_NOTHING;
	}
}

static void draw_mode(const struct lab_choose *choose, const struct lab_view *view,
		      struct canvas *canvas, const struct theme *theme, enum transfer_mode mode)
{
	const struct mode_info *info = mode_info(mode);
	bool ticked = choose->ticked >> mode & 1, chosen = choose->cursor == (size_t)mode;
	int y = FIRST_Y + (int)mode, columns = canvas_columns(canvas);
	uint8_t copies = info->copies ? COLOUR_WARN : COLOUR_GOOD;
	char why[200];

	if (chosen) {
		canvas_fill(canvas, (struct rect){ 1, y, columns - 2, 1 },
			    (struct glyph){ ' ', COLOUR_TITLE, COLOUR_SELECT_BG, 0 });
		canvas_put(canvas, 1, y,
			   (struct glyph){ theme_glyph(theme, GLYPH_POINTER), COLOUR_KEY,
					   COLOUR_SELECT_BG, ATTR_BOLD });
	}
	canvas_text(canvas, 3, y, 3, ticked ? COLOUR_GOOD : COLOUR_FAINT, ATTR_BOLD,
		    ticked ? "[x]" : "[ ]");
	canvas_text(canvas, 7, y, 16, COLOUR_TEXT, ticked ? ATTR_BOLD : 0, info->title);
	if (!lab_choose_can_run(view, mode, why, sizeof(why))) {
		canvas_printf(canvas, 25, y, columns - 27, COLOUR_BAD, 0, "cannot run here: %s",
			      why);
		return;
	}
	canvas_printf(canvas, 25, y, 6, copies, ATTR_BOLD, "%u", info->copies);
	canvas_text(canvas, 33, y, 8, COLOUR_TEXT, 0,
		    view->proved ? lab_proof_word(&view->proofs[mode]) : "-");
	canvas_text(canvas, 42, y, columns - 44, COLOUR_FAINT, 0, info->calls);
}

/* What the chosen mode does, or why it cannot; with the proof's evidence. */
static void sentence(const struct lab_choose *choose, const struct lab_view *view, char *out,
		     size_t room)
{
	const struct mode_info *info = mode_info((enum transfer_mode)choose->cursor);
	const struct lab_proof *proof = &view->proofs[choose->cursor];
	char why[200];

	if (!lab_choose_can_run(view, (enum transfer_mode)choose->cursor, why, sizeof(why)))
		snprintf(out, room, "%s cannot run here: %s.", info->title, why);
	else if (view->proved)
		snprintf(out, room, "%s: %s; %s. Proof (%s): %s.", info->title, info->calls,
			 info->avoids, proof_socket_name(proof->socket), proof->evidence);
	else
		snprintf(out, room, "%s: %s; %s.", info->title, info->calls, info->avoids);
}

void lab_choose_draw(const struct lab_choose *choose, const struct lab_view *view,
		     struct canvas *canvas, const struct theme *theme)
{
	int columns = canvas_columns(canvas), rows = canvas_rows(canvas);
	struct rect box = { 1, FIRST_Y + NR_MODE + 1, columns - 2, 4 };
	char text[700];

	canvas_text(canvas, 1, 1, columns - 2, COLOUR_TITLE, ATTR_BOLD, "Which modes have a lane");
	canvas_text(canvas, 7, 2, 16, COLOUR_FAINT, 0, "mode");
	canvas_text(canvas, 25, 2, 7, COLOUR_FAINT, 0, "copies");
	canvas_text(canvas, 33, 2, 8, COLOUR_FAINT, 0, "proof");
	canvas_text(canvas, 42, 2, columns - 43, COLOUR_FAINT, 0, "calls");
	for (int mode = 0; mode < NR_MODE; mode++)
		draw_mode(choose, view, canvas, theme, (enum transfer_mode)mode);
	sentence(choose, view, text, sizeof(text));
	draw_paragraph(canvas, box, COLOUR_TEXT, 0, text);
	if (choose->ticked)
		return;
	canvas_text(canvas, 1, rows - 2, columns - 2, COLOUR_WARN, 0, "Tick at least one.");
}

size_t lab_choose_keys(const struct lab_choose *choose, struct key_row *rows, size_t room)
{
	static const struct key_row all[] = {
		{ "Space", "tick", "Give the mode a lane, or take it away." },
		{ "Up Down", "choose", "Choose a mode; also the mouse." },
		{ "a", "all", "Tick all that can run here." },
		{ "Enter", "apply", "Write the new lanes' files and start the lab anew." },
		{ "Esc", "leave", "Leave the lanes as they are." },
	};
	size_t nr = 0;

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]) && nr < room; i++)
		if (choose->ticked || strcmp(all[i].keys, "Enter"))
			rows[nr++] = all[i];
	return nr;
}
