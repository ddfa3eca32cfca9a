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
#include "ui/lab_lane.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)

struct screen_lab {
	struct screen base;
	struct lab_view *view, *previous; /* the one before tells what changed */
	size_t chosen;
	bool pace_asked; /* for, and not yet seen in a view: keys count from it */
	uint64_t asked_bytes_per_s;
	struct lab_layout drawn; /* at the last drawing, for clicks */
};

static size_t nr_lanes_of(const struct screen_lab *lab)
{
	return lab->view ? lab->view->nr_lanes : 0;
}

/* ---- what frames the lanes ---- */

/* "cold: verified 0 % cached", of all lanes together. */
static void start_text(const struct lab_view *view, char *out, size_t room)
{
	const char *name = view->start == LAB_COLD ? "cold" : "hot";
	uint64_t cached = 0, pages = 0;
	char percent[FMT_LEN];
	bool verified = view->nr_lanes > 0;

	for (size_t i = 0; i < view->nr_lanes; i++) {
		verified &= view->lanes[i].start_verified || view->lanes[i].error[0];
		cached += view->lanes[i].start_cached_pages;
		pages += view->lanes[i].start_pages;
	}
	if (verified && pages)
		snprintf(out, room, "%s: verified %s cached", name,
			 fmt_percent(percent, cached, pages));
	else if (view->phase == LAB_PREPARING)
		snprintf(out, room, "%s: not verified yet", name);
	else
		snprintf(out, room, "%s: not verified", name);
}

static void pace_text(const struct lab_view *view, char *out, size_t room)
{
	char pace[FMT_LEN];

	if (view->pace_bytes_per_s)
		snprintf(out, room, "pace %s/s", fmt_bytes_long(pace, view->pace_bytes_per_s));
	else
		snprintf(out, room, "full speed");
}

/* Between sender and sink, and what the sink does where that is not the usual. */
static const char *way_name(const struct lab_view *view)
{
	static const char *const names[NR_SINK] = {
		[SINK_MEMORY] = "TCP on 127.0.0.1",
		[SINK_DISCARD] = "TCP, discarded",
		[SINK_DISK] = "TCP, to disk",
		[SINK_UNIX] = "AF_UNIX stream",
	};

	return names[view->nr_lanes ? view->lanes[0].setup.sink : SINK_MEMORY];
}

static const struct {
	const char *name;
	uint8_t colour;
} phase_look[] = {
	[LAB_PREPARING] = { "preparing", COLOUR_WARN }, [LAB_READY] = { "ready", COLOUR_GOOD },
	[LAB_RUNNING] = { "running", COLOUR_GOOD },     [LAB_PAUSED] = { "paused", COLOUR_WARN },
	[LAB_DONE] = { "done", COLOUR_GOOD },           [LAB_FAILED] = { "failed", COLOUR_BAD },
};

static void draw_title(const struct screen_lab *lab, struct canvas *canvas)
{
	const struct lab_view *view = lab->view;
	int columns = canvas_columns(canvas), x = 15;
	char size[FMT_LEN], parts[4][64];

	canvas_fill(canvas, (struct rect){ 0, 0, columns, 1 },
		    (struct glyph){ ' ', COLOUR_TITLE, COLOUR_BAR_BG, 0 });
	canvas_text(canvas, 1, 0, columns, COLOUR_TITLE, ATTR_BOLD, "pagewalk lab");
	if (!view)
		return;
	snprintf(parts[0], sizeof(parts[0]), "%s", fmt_bytes_long(size, view->size_bytes));
	start_text(view, parts[1], sizeof(parts[1]));
	pace_text(view, parts[2], sizeof(parts[2]));
	snprintf(parts[3], sizeof(parts[3]), "%s", way_name(view));
	for (size_t i = 0; i < 4; i++) {
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

/* One that is done keeps its buffers and its mapping, to be looked at. */
static bool sender_is_alive(const struct lane_view *lane)
{
	return lane->sender.pid > 0 && (lane->state == LANE_READY || lane->state == LANE_RUNNING ||
					lane->state == LANE_PAUSED || lane->state == LANE_DONE);
}

/* What is to be said of the chosen lane: how it works, and what is not known and why. */
static void lane_sentence(const struct lane_view *lane, char *out, size_t room)
{
	const struct mode_info *mode = mode_info(lane->setup.mode);
	size_t at;

	if (lane->state == LANE_FAILED || lane->state == LANE_UNAVAILABLE) {
		snprintf(out, room, "%s %s: %s", mode->title,
			 lane->state == LANE_FAILED ? "failed" : "cannot run here", lane->error);
		return;
	}
	snprintf(out, room, "%s: %s; %s.", mode->title, mode->calls, mode->avoids);
	at = strlen(out);
	if (lane->sender.why != WHY_OK)
		at += (size_t)snprintf(out + at, room - at, " ?: the sender's figures: %s.",
				       why_name(lane->sender.why));
	if (lane->sink.why != WHY_OK && at < room)
		at += (size_t)snprintf(out + at, room - at, " ?: the sink's figures: %s.",
				       why_name(lane->sink.why));
	if (lane->cache.why != WHY_OK && at < room)
		snprintf(out + at, room - at, " The file's map: %s.", why_name(lane->cache.why));
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
	char text[512];

	if (!view) {
		strcpy(text, "Starting the lab...");
	} else if (view->phase == LAB_FAILED) {
		snprintf(text, sizeof(text), "The lab cannot run: %s", view->error);
		colour = COLOUR_BAD;
	} else if (view->phase == LAB_PREPARING) {
		draw_preparing(view, canvas, at, theme);
		return;
	} else if (view->nr_lanes) {
		lane_sentence(&view->lanes[lab->chosen], text, sizeof(text));
		if (view->lanes[lab->chosen].error[0])
			colour = COLOUR_BAD;
	} else {
		strcpy(text, "There are no lanes.");
	}
	draw_paragraph(canvas, box, colour, 0, text);
}

static void draw_lanes(const struct screen_lab *lab, struct canvas *canvas,
		       const struct lab_layout *at, const struct theme *theme)
{
	const struct lab_view *before = lab->previous;

	for (size_t slot = 0; slot < at->nr_lanes; slot++) {
		size_t i = at->first + slot;

		lab_lane_draw(canvas, at, slot, theme, &lab->view->lanes[i],
			      before && i < before->nr_lanes ? &before->lanes[i] : NULL,
			      i == lab->chosen);
	}
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

	(void)now_ns;
	if (columns < SCREEN_MIN_COLUMNS || rows < SCREEN_MIN_ROWS) {
		draw_too_small(canvas);
		return;
	}
	draw_title(lab, canvas);
	if (lab->view)
		lab_layout_fit_map(&at, lab->view, theme);
	lab->drawn = at;
	if (nr_lanes_of(lab))
		draw_lanes(lab, canvas, &at, theme);
	draw_sentence(lab, canvas, &at, theme);
	draw_keys(canvas, at.keys_y, keys, lab_keys(screen, keys, 24));
}

/* ---- keys ---- */

static bool may_start(const struct lab_view *view)
{
	return view && (view->phase == LAB_READY || view->phase == LAB_PAUSED);
}

static bool may_pause(const struct lab_view *view)
{
	return view && view->phase == LAB_RUNNING;
}

static bool may_restart(const struct lab_view *view)
{
	return view && view->phase != LAB_PREPARING && view->phase != LAB_FAILED;
}

static const struct lane_view *chosen_lane(const struct screen_lab *lab)
{
	return lab->chosen < nr_lanes_of(lab) ? &lab->view->lanes[lab->chosen] : NULL;
}

static size_t lab_keys(const struct screen *screen, struct key_row *rows, size_t room)
{
	const struct screen_lab *lab = (const struct screen_lab *)screen;
	const struct lab_view *view = lab->view;
	const struct lane_view *lane = chosen_lane(lab);
	const struct {
		bool applies;
		struct key_row row;
	} all[] = {
		{ may_start(view),
		  { "Space", view && view->phase == LAB_PAUSED ? "go on" : "start",
		    "Start all lanes, or let them go on (also s)." } },
		{ may_pause(view), { "Space", "pause", "Pause all lanes (also s)." } },
		{ nr_lanes_of(lab) > 1,
		  { "Tab", "lane", "Choose a lane; also Left, Right, mouse." } },
		{ lane && sender_is_alive(lane),
		  { "Enter", "its map", "Open the map of the chosen lane's sender." } },
		{ may_restart(view),
		  { "c", "cold", "Start again with the files out of the page cache." } },
		{ may_restart(view),
		  { "h", "hot", "Start again with the files in the page cache." } },
		{ view != NULL, { "+ -", "pace", "Double or halve the pace of every lane." } },
		{ true, { "?", "help", "This explanation." } },
		{ true, { "q", "quit", "End the lab, its processes and its files." } },
		{ view && view->pace_bytes_per_s,
		  { "f", "full speed", "Let the lanes run as fast as they can." } },
		{ true, { "p", "palette", "Next palette: for a dark screen, or high contrast." } },
	};
	size_t nr = 0;

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]) && nr < room; i++)
		if (all[i].applies)
			rows[nr++] = all[i].row;
	return nr;
}

static const struct action nothing = { .kind = ACTION_NONE };
static const struct action redraw = { .kind = ACTION_REDRAW };

static struct action command(enum lab_command lab_command, uint64_t arg)
{
	return (struct action){ .kind = ACTION_LAB, .lab_command = lab_command, .arg = arg };
}

static struct action start_or_pause(const struct screen_lab *lab)
{
	if (may_start(lab->view))
		return command(LAB_CMD_START, 0);
	return may_pause(lab->view) ? command(LAB_CMD_PAUSE, 0) : nothing;
}

static struct action restart(const struct screen_lab *lab, enum lab_start start)
{
	return may_restart(lab->view) ? command(LAB_CMD_RESTART, start) : nothing;
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

	if (!lane || !sender_is_alive(lane))
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

static struct action lab_event(struct screen *screen, const struct ui_event *event)
{
	struct screen_lab *lab = (struct screen_lab *)screen;

	switch (event->key) {
	case ' ':
	case 's':
		return start_or_pause(lab);
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
	.about = "Each lane sends a file of its own over a TCP connection, in a process of its "
		 "own, to a sink process that checks the bytes by their hash. From top to bottom "
		 "stands the way that each byte takes; a copy that the sender's CPU makes is "
		 "marked. The map shows which part of the lane's file is in the page cache; the "
		 "white cell is where the sender is. CPU is in seconds per GiB sent, the "
		 "sender's as user+kernel. Calls are the sender's transfer system calls.",
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
}

size_t screen_lab_wanted_cells(const struct screen *screen, const struct theme *theme, int columns,
			       int rows)
{
	const struct screen_lab *lab = (const struct screen_lab *)screen;
	struct lab_layout at = lab_layout_make(nr_lanes_of(lab), lab->chosen, columns, rows);

	return (size_t)(at.inner > 0 ? at.inner : 1) * (size_t)at.map_rows * (theme->dense ? 2 : 1);
}
