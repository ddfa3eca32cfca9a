/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Screen 6: transfer modes side by side. Each lane is one column (ui/lab_lane.c); around
 * them stand the title with how the run was started, the legend, a sentence about the
 * chosen lane, and the keys. All of it comes from the lab_view; what that does not know
 * is drawn as "?", and the sentence says why.
 */
#include "ui/screen_lab.h"

#include "base/fmt.h"
#include "base/xalloc.h"
#include "ui/draw.h"
#include "ui/lab_chart.h"
#include "ui/lab_choose.h"
#include "ui/lab_keys.h"
#include "ui/lab_lane.h"
#include "ui/lab_words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)

struct screen_lab {
	struct screen base;
	struct lab_view *view, *previous; /* the one before tells what changed */
	size_t chosen;
	size_t first;      /* lane at the left, where not all are in sight */
	size_t chosen_bar; /* while measuring */
	struct lab_choose choose;
	bool pace_asked; /* for, and not yet seen in a view: keys count from it */
	uint64_t asked_bytes_per_s;
	struct lab_layout drawn; /* at the last drawing, for clicks */
	int drawn_rows;
};

static size_t nr_lanes_of(const struct screen_lab *lab)
{
	return lab->view ? lab->view->nr_lanes : 0;
}

/* ---- what frames the lanes ---- */

static const struct {
	const char *name;
	uint8_t colour;
} phase_look[] = {
	[LAB_PREPARING] = { "preparing", COLOUR_WARN },
	[LAB_READY] = { "ready", COLOUR_GOOD },
	[LAB_RUNNING] = { "running", COLOUR_GOOD },
	[LAB_PAUSED] = { "paused", COLOUR_WARN },
	[LAB_DONE] = { "done", COLOUR_GOOD },
	[LAB_FAILED] = { "failed", COLOUR_BAD },
	[LAB_MEASURING] = { "measuring", COLOUR_WARN },
	[LAB_MEASURED] = { "measured", COLOUR_GOOD },
};

static void draw_title(const struct screen_lab *lab, struct canvas *canvas)
{
	const struct lab_view *view = lab->view;
	int columns = canvas_columns(canvas), x = 15;
	char parts[4][64];
	size_t nr;

	canvas_fill(canvas, (struct rect){ 0, 0, columns, 1 },
		    (struct glyph){ ' ', COLOUR_TITLE, COLOUR_BAR_BG, 0 });
	canvas_text(canvas, 1, 0, columns, COLOUR_TITLE, ATTR_BOLD, "pagewalk lab");
	if (!view)
		return;
	nr = lab_title_parts(view, parts);
	for (size_t i = 0; i < nr; i++) {
		int width = (int)strlen(parts[i]);

		if (x + width > columns - 12)
			break;
		canvas_text(canvas, x, 0, width, COLOUR_TEXT, 0, parts[i]);
		x += width + 2 + (columns >= 110);
	}
	canvas_text_right(canvas, columns - 11, 0, 10, phase_look[view->phase].colour, ATTR_BOLD,
			  phase_look[view->phase].name);
}

/* Bytes that one drawn cell of the chosen lane's map stands for, 0 where not known. */
static uint64_t cell_bytes(const struct screen_lab *lab, const struct lab_layout *at,
			   const struct theme *theme)
{
	const struct lane_view *lane = &lab->view->lanes[lab->chosen];
	uint64_t page_bytes = 1;

	if (lane->cache.why != WHY_OK || !lane->cache.nr_cells || !lane->cache.total.pages)
		return 0;
	/* The view counts in pages: their size is the power of two that covers the file. */
	while (page_bytes * lane->cache.total.pages < lane->cache.size_bytes)
		page_bytes *= 2;
	return page_bytes * lane->cache.pages_per_cell *
	       lab_tiling_make(&lane->cache, at, theme).merge;
}

struct sample {
	struct tile tile;
	const char *label;
};

/* The rule between path and figures carries the legend of the maps. */
static void draw_rule(const struct screen_lab *lab, struct canvas *canvas,
		      const struct lab_layout *at, const struct theme *theme)
{
	static const struct sample samples[] = {
		{ { CLASS_FILE, NR_CLASS, NR_STRENGTH - 1, false, false, 0, false }, "cached" },
		{ { CLASS_FILE, NR_CLASS, 1, false, false, 0, false }, "in part" },
		{ { CLASS_DIRTY, NR_CLASS, NR_STRENGTH - 1, false, false, 0, false }, "dirty" },
		{ { CLASS_ABSENT, NR_CLASS, 0, false, false, 0, false }, "absent" },
		{ { CLASS_FILE, NR_CLASS, NR_STRENGTH - 1, false, true, 0, false }, "sender" },
	};
	int x = lab_layout_lane_x(at, 0), y = at->rule_y;
	uint64_t bytes = cell_bytes(lab, at, theme);
	char text[FMT_LEN];

	draw_hline(canvas, 0, y, canvas_columns(canvas), theme);
	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
		draw_tile(canvas, x, y, theme, &samples[i].tile, &samples[i].tile);
		x += 1 + canvas_printf(canvas, x + 1, y, 20, COLOUR_FAINT, 0, " %s%s",
				       samples[i].label, at->pad ? "   " : "  ");
	}
	if (bytes)
		canvas_printf(canvas, x, y, 24, COLOUR_FAINT, 0, "1 cell = %s ",
			      fmt_bytes_long(text, bytes));
}

/* NULL while there is none. */
static const struct lab_proof *proof_of(const struct lab_view *view, enum transfer_mode mode)
{
	return view->proved ? &view->proofs[mode] : NULL;
}

static void draw_preparing(const struct lab_view *view, struct canvas *canvas,
			   const struct lab_layout *at, const struct theme *theme)
{
	int columns = canvas_columns(canvas) - 2;
	char done[FMT_LEN], all[FMT_LEN];

	canvas_printf(canvas, 1, at->sentence_y, columns, COLOUR_TEXT, 0, "Preparing: %s",
		      view->doing);
	draw_bar(canvas, 1, at->sentence_y + 1, columns - 20, theme,
		 colour_of_class(CLASS_FILE, NR_STRENGTH - 1), view->prepared_bytes,
		 view->prepare_total_bytes);
	canvas_printf(canvas, columns - 17, at->sentence_y + 1, 18, COLOUR_TEXT, 0, "%s of %s",
		      fmt_bytes(done, view->prepared_bytes),
		      fmt_bytes(all, view->prepare_total_bytes));
}

static void draw_sentence(const struct screen_lab *lab, struct canvas *canvas,
			  const struct lab_layout *at, const struct theme *theme)
{
	const struct lab_view *view = lab->view;
	struct rect box = { 1, at->sentence_y, canvas_columns(canvas) - 2, at->sentence_rows };
	uint8_t colour = COLOUR_TEXT;
	char text[700];

	if (!view) {
		strcpy(text, "Starting the lab...");
	} else if (view->phase == LAB_FAILED) {
		snprintf(text, sizeof(text), "The lab cannot run: %s", view->error);
		colour = COLOUR_BAD;
	} else if (view->phase == LAB_PREPARING) {
		draw_preparing(view, canvas, at, theme);
		return;
	} else if (view->notice[0]) {
		snprintf(text, sizeof(text), "%s", view->notice);
		colour = COLOUR_WARN;
	} else if (view->nr_lanes) {
		lab_lane_sentence(&view->lanes[lab->chosen],
				  proof_of(view, view->lanes[lab->chosen].setup.mode),
				  (size_t)(box.rows * (box.columns - 8)), text, sizeof(text));
		if (view->lanes[lab->chosen].error[0])
			colour = COLOUR_BAD;
	} else {
		strcpy(text, "There are no lanes.");
	}
	draw_paragraph(canvas, box, colour, 0, text);
}

/* The same lane in the view before, or NULL: lanes come and go. */
static const struct lane_view *lane_before(const struct screen_lab *lab, size_t i)
{
	const struct lab_view *before = lab->previous;

	if (!before || i >= before->nr_lanes ||
	    before->lanes[i].setup.mode != lab->view->lanes[i].setup.mode)
		return NULL;
	return &before->lanes[i];
}

/* How many lanes are out of sight to each side: "<2 3>". */
static void draw_hidden(const struct screen_lab *lab, struct canvas *canvas,
			const struct lab_layout *at)
{
	size_t right = nr_lanes_of(lab) - at->first - at->nr_lanes;

	if (at->first)
		canvas_printf(canvas, 0, 1, 3, COLOUR_KEY, ATTR_BOLD, "<%zu", at->first);
	if (right)
		canvas_printf(canvas, 4, 1, 3, COLOUR_KEY, ATTR_BOLD, "%zu>", right);
}

static void draw_lanes(const struct screen_lab *lab, struct canvas *canvas,
		       const struct lab_layout *at, const struct theme *theme)
{
	for (size_t slot = 0; slot < at->nr_lanes; slot++) {
		size_t i = at->first + slot;
		const struct lane_view *lane = &lab->view->lanes[i];

		lab_lane_draw(canvas, at, slot, theme, lane, lane_before(lab, i),
			      proof_of(lab->view, lane->setup.mode), i == lab->chosen);
	}
	draw_hidden(lab, canvas, at);
	lab_lane_draw_labels(canvas, at);
	draw_rule(lab, canvas, at, theme);
}

static size_t lab_keys(const struct screen *screen, struct key_row *rows, size_t room);

static void lab_draw(struct screen *screen, struct canvas *canvas, const struct theme *theme,
		     uint64_t now_ns)
{
	struct screen_lab *lab = (struct screen_lab *)screen;
	int columns = canvas_columns(canvas), rows = canvas_rows(canvas);
	struct lab_layout at = lab_layout_make(nr_lanes_of(lab), lab->chosen, columns, rows);
	struct key_row keys[24];
	bool lanes = !lab->choose.open && !lab_is_measuring(lab->view);

	(void)now_ns;
	if (columns < SCREEN_MIN_COLUMNS || rows < SCREEN_MIN_ROWS) {
		draw_too_small(canvas);
		return;
	}
	draw_title(lab, canvas);
	lab_layout_scroll(&at, nr_lanes_of(lab), lab->chosen, lab->first);
	lab->first = at.first;
	if (lab->view)
		lab_layout_fit_map(&at, lab->view, theme);
	lab->drawn = at;
	lab->drawn_rows = rows;
	if (lab->choose.open)
		lab_choose_draw(&lab->choose, lab->view, canvas, theme);
	else if (!lanes)
		lab_chart_draw(&lab->view->measure, lab->chosen_bar, canvas, theme);
	else if (nr_lanes_of(lab))
		draw_lanes(lab, canvas, &at, theme);
	if (lanes)
		draw_sentence(lab, canvas, &at, theme);
	draw_keys(canvas, at.keys_y, keys, lab_keys(screen, keys, 24));
}

/* ---- keys ---- */

static const struct lane_view *chosen_lane(const struct screen_lab *lab)
{
	return lab->chosen < nr_lanes_of(lab) ? &lab->view->lanes[lab->chosen] : NULL;
}

static size_t lab_keys(const struct screen *screen, struct key_row *rows, size_t room)
{
	const struct screen_lab *lab = (const struct screen_lab *)screen;

	if (lab->choose.open)
		return lab_choose_keys(&lab->choose, rows, room);
	if (lab_is_measuring(lab->view))
		return lab_measure_keys(lab->view, rows, room);
	return lab_watch_keys(lab->view, chosen_lane(lab), rows, room);
}

static const struct action nothing = { .kind = ACTION_NONE };
static const struct action redraw = { .kind = ACTION_REDRAW };

static struct action command(enum lab_command lab_command, uint64_t arg)
{
	return (struct action){ .kind = ACTION_LAB, .lab_command = lab_command, .arg = arg };
}

static struct action start_or_pause(const struct screen_lab *lab)
{
	if (lab_may_start(lab->view))
		return command(LAB_CMD_START, 0);
	return lab_may_pause(lab->view) ? command(LAB_CMD_PAUSE, 0) : nothing;
}

/* While they run there is no single step: the key pauses first. */
static struct action step(const struct screen_lab *lab, uint64_t lane)
{
	if (lab_may_pause(lab->view))
		return command(LAB_CMD_PAUSE, 0);
	if (!lab_may_start(lab->view) || !chosen_lane(lab))
		return nothing;
	return command(LAB_CMD_STEP, lane);
}

static struct action measure(const struct screen_lab *lab, enum lab_start start)
{
	return lab_may_measure(lab->view) ? command(LAB_CMD_MEASURE, start) : nothing;
}

static struct action open_choice(struct screen_lab *lab)
{
	const struct lane_view *lane = chosen_lane(lab);

	if (!lab_may_restart(lab->view))
		return nothing;
	lab_choose_open(&lab->choose, lab->view, lane ? lane->setup.mode : MODE_TRADITIONAL);
	return redraw;
}

static struct action restart(const struct screen_lab *lab, enum lab_start start)
{
	return lab_may_restart(lab->view) ? command(LAB_CMD_RESTART, start) : nothing;
}

#define PACE_LEAST (1 * MIB)
#define PACE_MOST  (4 * GIB) /* one step beyond is full speed */

/* The pace as the last key left it, though the lab may not have obeyed yet. */
static uint64_t present_pace(const struct screen_lab *lab)
{
	return lab->pace_asked ? lab->asked_bytes_per_s : lab->view->pace_bytes_per_s;
}

static struct action ask_pace(struct screen_lab *lab, uint64_t bytes_per_s)
{
	lab->pace_asked = true;
	lab->asked_bytes_per_s = bytes_per_s;
	return command(LAB_CMD_PACE, bytes_per_s);
}

static struct action change_pace(struct screen_lab *lab, bool faster)
{
	uint64_t pace = lab->view ? present_pace(lab) : 0;

	if (!lab->view || (faster && !pace) || (!faster && pace && pace <= PACE_LEAST))
		return nothing;
	if (faster)
		return ask_pace(lab, pace >= PACE_MOST ? 0 : pace * 2);
	return ask_pace(lab, pace ? pace / 2 : 1 * GIB);
}

static struct action full_speed(struct screen_lab *lab)
{
	return lab->view && present_pace(lab) ? ask_pace(lab, 0) : nothing;
}

static struct action choose(struct screen_lab *lab, size_t lane)
{
	if (lane >= nr_lanes_of(lab))
		return nothing;
	lab->chosen = lane;
	return redraw;
}

static struct action step_lane(struct screen_lab *lab, bool forward, bool around)
{
	size_t nr = nr_lanes_of(lab);

	if (!nr)
		return nothing;
	if (around)
		return choose(lab, (lab->chosen + (forward ? 1 : nr - 1)) % nr);
	return choose(lab, forward ? lab->chosen + 1 : lab->chosen - 1);
}

static struct action open_sender(const struct screen_lab *lab)
{
	const struct lane_view *lane = chosen_lane(lab);

	if (!lane || !lab_sender_is_alive(lane))
		return nothing;
	return (struct action){ .kind = ACTION_OPEN_PID, .pid = lane->sender.pid };
}

static struct action click(struct screen_lab *lab, int x)
{
	const struct lab_layout *at = &lab->drawn;

	if (!at->lane_columns || x < at->gutter)
		return nothing;
	return choose(lab, at->first + (size_t)((x - at->gutter) / at->lane_columns));
}

static struct action choose_bar(struct screen_lab *lab, size_t bar)
{
	if (bar >= lab->view->measure.nr_bars)
		return nothing;
	lab->chosen_bar = bar;
	return redraw;
}

static struct action step_bar(struct screen_lab *lab, bool forward)
{
	size_t nr = lab->view->measure.nr_bars;

	return nr ? choose_bar(lab, (lab->chosen_bar + (forward ? 1 : nr - 1)) % nr) : nothing;
}

/* Keys that mean the same on every view of the screen. */
static struct action common_event(const struct ui_event *event)
{
	switch (event->key) {
	case '?':
	case KEY_UI_F1:
		return (struct action){ .kind = ACTION_HELP };
	case 'p':
		return (struct action){ .kind = ACTION_THEME, .arg = THEME_NEXT_PALETTE };
	case 'q':
		return (struct action){ .kind = ACTION_QUIT };
	case KEY_UI_ESCAPE:
		return (struct action){ .kind = ACTION_BACK };
	default:
		return nothing;
	}
}

static struct action measure_event(struct screen_lab *lab, const struct ui_event *event)
{
	const struct lab_measure *measured = &lab->view->measure;

	switch (event->key) {
	case 'm':
		return command(LAB_CMD_WATCH, 0);
	case 'c':
		return measure(lab, LAB_COLD);
	case 'h':
		return measure(lab, LAB_HOT);
	case 'l':
		return open_choice(lab);
	case KEY_UI_UP:
	case KEY_UI_BACK_TAB:
		return step_bar(lab, false);
	case KEY_UI_DOWN:
	case KEY_UI_TAB:
		return step_bar(lab, true);
	case KEY_UI_CLICK:
		return choose_bar(lab, lab_chart_row_at(measured, event->y, lab->drawn_rows));
	case KEY_UI_ESCAPE:
		return command(lab->view->phase == LAB_MEASURING ? LAB_CMD_STOP : LAB_CMD_WATCH, 0);
	default:
		return common_event(event);
	}
}

static struct action choice_event(struct screen_lab *lab, const struct ui_event *event)
{
	switch (lab_choose_event(&lab->choose, lab->view, event)) {
	case CHOOSE_APPLY:
		return command(LAB_CMD_MODES, lab->choose.ticked);
	case CHOOSE_NOTHING:
		return common_event(event);
	default:
		return redraw;
	}
}

static struct action lab_event(struct screen *screen, const struct ui_event *event)
{
	struct screen_lab *lab = (struct screen_lab *)screen;

	if (lab->choose.open)
		return choice_event(lab, event);
	if (lab_is_measuring(lab->view))
		return measure_event(lab, event);
	switch (event->key) {
	case ' ':
		return start_or_pause(lab);
	case 's':
		return step(lab, lab->chosen);
	case 'a':
		return step(lab, LAB_ALL_LANES);
	case 'm':
		return measure(lab, LAB_HOT);
	case 'l':
		return open_choice(lab);
	case 'c':
		return restart(lab, LAB_COLD);
	case 'h':
		return restart(lab, LAB_HOT);
	case '+':
	case '=':
		return change_pace(lab, true);
	case '-':
		return change_pace(lab, false);
	case 'f':
		return full_speed(lab);
	case KEY_UI_LEFT:
		return step_lane(lab, false, false);
	case KEY_UI_RIGHT:
		return step_lane(lab, true, false);
	case KEY_UI_TAB:
		return step_lane(lab, true, true);
	case KEY_UI_BACK_TAB:
		return step_lane(lab, false, true);
	case KEY_UI_CLICK:
		return click(lab, event->x);
	case KEY_UI_ENTER:
		return open_sender(lab);
	default:
		return common_event(event);
	}
}

static bool lab_animates(const struct screen *screen, uint64_t now_ns)
{
	(void)screen;
	(void)now_ns;
	return false;
}

static void lab_free(struct screen *screen)
{
	struct screen_lab *lab = (struct screen_lab *)screen;

	lab_view_unref(lab->view);
	lab_view_unref(lab->previous);
	free(lab);
}

static const struct screen_ops lab_ops = {
	.number = 6,
	.name = "lab",
	.about = "Each lane sends a file of its own, in a process of its own, to a sink process "
		 "that checks the bytes by their hash. From top to bottom stands the way of each "
		 "byte; a copy that the sender's CPU makes is marked. The map shows which part of "
		 "the file is in the page cache; the white cell is where the sender is. Copied or "
		 "shared is proved: the file is overwritten after the send, before the receiver "
		 "reads. CPU is in seconds per GiB, the sender's as user+kernel. Measure compares "
		 "the modes one at a time, in shuffled rounds.",
	.draw = lab_draw,
	.event = lab_event,
	.keys = lab_keys,
	.animates = lab_animates,
	.free = lab_free,
};

struct screen *screen_lab_new(void)
{
	struct screen_lab *lab = xcalloc(1, sizeof(*lab));

	lab->base.ops = &lab_ops;
	return &lab->base;
}

void screen_lab_set_view(struct screen *screen, struct lab_view *view)
{
	struct screen_lab *lab = (struct screen_lab *)screen;

	if (view == lab->view)
		return;
	lab_view_unref(lab->previous);
	lab->previous = lab->view;
	lab->view = lab_view_ref(view);
	if (lab->pace_asked && view->pace_bytes_per_s == lab->asked_bytes_per_s)
		lab->pace_asked = false;
	if (lab->chosen >= nr_lanes_of(lab))
		lab->chosen = 0;
	if (lab->chosen_bar >= view->measure.nr_bars)
		lab->chosen_bar = 0;
	/* Where nothing can be chosen any more, neither is the list open. */
	if (view->phase == LAB_FAILED || view->phase == LAB_PREPARING)
		lab->choose.open = false;
}

size_t screen_lab_wanted_cells(const struct screen *screen, const struct theme *theme, int columns,
			       int rows)
{
	const struct screen_lab *lab = (const struct screen_lab *)screen;
	struct lab_layout at = lab_layout_make(nr_lanes_of(lab), lab->chosen, columns, rows);

	return (size_t)(at.inner > 0 ? at.inner : 1) * (size_t)at.map_rows * (theme->dense ? 2 : 1);
}
