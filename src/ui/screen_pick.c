/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The list of processes to choose from. Every character typed narrows the list, as people
 * know it from launchers; so no letter is a command here, and Esc or Ctrl-C quits. The
 * chosen line is held by its PID: a newer list moves lines but not the choice.
 */
#include "ui/screen_pick.h"

#include "base/fmt.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "ui/draw.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Rows above and below the list: title, filter, headings; rule, sentence, keys. */
#define ROWS_ABOVE 4
#define ROWS_BELOW 3
#define CTRL_T     0x14

struct screen_pick {
	struct screen base;
	struct plist *list;
	size_t nr_shown, *shown; /* indexes of the rows that match the filter */
	size_t chosen;           /* index into shown[] */
	pid_t chosen_pid;
	size_t top;  /* first of shown[] on the screen */
	size_t page; /* lines of the list at the last drawing */
	char filter[96];
	struct pick_settings settings;
};

static const struct plist_row *row_at(const struct screen_pick *pick, size_t index)
{
	return &pick->list->rows[pick->shown[index]];
}

static const struct plist_row *chosen_row(const struct screen_pick *pick)
{
	return pick->chosen < pick->nr_shown ? row_at(pick, pick->chosen) : NULL;
}

static void choose(struct screen_pick *pick, size_t index)
{
	if (!pick->nr_shown)
		return;
	pick->chosen = index < pick->nr_shown ? index : pick->nr_shown - 1;
	pick->chosen_pid = chosen_row(pick)->pid;
}

/* After the list or the filter changed: the same process, else the first. */
static void apply_filter(struct screen_pick *pick)
{
	const struct pick_settings *settings = &pick->settings;
	size_t keep = 0;

	pick->nr_shown = 0;
	if (!pick->list)
		return;
	free(pick->shown);
	pick->shown = xcalloc(pick->list->nr + 1, sizeof(*pick->shown));
	for (size_t i = 0; i < pick->list->nr; i++) {
		if (!plist_row_matches(&pick->list->rows[i], pick->filter) ||
		    (pick->list->rows[i].kthread && !settings->kernel_threads))
			continue;
		if (pick->list->rows[i].pid == pick->chosen_pid)
			keep = pick->nr_shown;
		pick->shown[pick->nr_shown++] = i;
	}
	choose(pick, keep);
}

/* The rows in the order that is set, and of these those that match. */
static void apply_order(struct screen_pick *pick)
{
	const struct pick_settings *settings = &pick->settings;

	if (pick->list)
		plist_sort(pick->list, settings->sort, settings->reversed, settings->tree);
	apply_filter(pick);
}

struct column {
	const char *title;
	int x, columns;
	bool right;
};

/* Each column is one that the list can be ordered by. */
static const struct column table[NR_PLIST_KEY] = {
	[PLIST_PID] = { "PID", 2, 8, true },
	[PLIST_USER] = { "USER", 12, 9, false },
	[PLIST_STATE] = { "S", 22, 1, false },
	[PLIST_THREADS] = { "THR", 24, 5, true },
	[PLIST_RSS] = { "RSS", 30, 6, true },
	[PLIST_FAULTS] = { "FAULTS/s", 37, 8, true },
	[PLIST_COMMAND] = { "COMMAND", 47, 1000, false },
};

/* Deeper than this, a tree no longer moves commands to the right. */
#define MOST_DEPTH 12

static void put_column(struct canvas *canvas, int y, unsigned column, uint8_t fg, uint8_t attrs,
		       const char *text)
{
	const struct column *at = &table[column];

	if (at->right)
		canvas_text_right(canvas, at->x, y, at->columns, fg, attrs, text);
	else
		canvas_text(canvas, at->x, y, at->columns, fg, attrs, text);
}

/* In a tree, below and to the right of its parent. */
static void draw_command(struct canvas *canvas, int y, const struct plist_row *row, uint8_t fg,
			 uint8_t attrs)
{
	unsigned depth = row->depth < MOST_DEPTH ? row->depth : MOST_DEPTH;
	int x = table[PLIST_COMMAND].x + 2 * (int)depth;

	if (depth)
		canvas_text(canvas, x - 2, y, 2, COLOUR_FAINT, 0, "`-");
	canvas_text(canvas, x, y, canvas_columns(canvas) - x, fg, attrs, row->command);
}

static void draw_row(struct canvas *canvas, const struct theme *theme, int y,
		     const struct plist_row *row, bool chosen)
{
	uint8_t fg = row->kthread ? COLOUR_FAINT : COLOUR_TEXT;
	uint8_t attrs = chosen ? ATTR_BOLD : 0;
	char text[FMT_LEN];

	if (chosen) {
		canvas_fill(canvas, (struct rect){ 0, y, canvas_columns(canvas), 1 },
			    (struct glyph){ ' ', COLOUR_TEXT, COLOUR_SELECT_BG, 0 });
		canvas_put(canvas, 1, y,
			   (struct glyph){ theme_glyph(theme, GLYPH_POINTER), COLOUR_KEY,
					   COLOUR_SELECT_BG, ATTR_BOLD });
		fg = COLOUR_TITLE;
	}
	canvas_printf(canvas, table[PLIST_PID].x, y, table[PLIST_PID].columns, fg, attrs, "%8d",
		      (int)row->pid);
	put_column(canvas, y, PLIST_USER, fg, attrs, row->user);
	canvas_put(canvas, table[PLIST_STATE].x, y,
		   (struct glyph){ (unsigned char)row->state, fg,
				   chosen ? COLOUR_SELECT_BG : COLOUR_DEFAULT, attrs });
	put_column(canvas, y, PLIST_THREADS, fg, attrs, fmt_count(text, row->nr_threads));
	/* A kernel thread has no user memory: not zero bytes, but none to speak of. */
	put_column(canvas, y, PLIST_RSS, fg, attrs,
		   row->kthread ? "-" : fmt_bytes(text, row->rss_bytes));
	put_column(canvas, y, PLIST_FAULTS, fg, attrs,
		   row->kthread || !row->has_rate
			   ? "-"
			   : fmt_count(text, (uint64_t)(row->faults_per_s + 0.5)));
	draw_command(canvas, y, row, fg, attrs);
}

/* How the list is ordered, in words, because colours alone carry nothing. */
static void draw_order(const struct screen_pick *pick, struct canvas *canvas)
{
	const struct pick_settings *settings = &pick->settings;
	int columns = canvas_columns(canvas);

	canvas_printf(canvas, 2, 2, columns - 4, COLOUR_FAINT, 0, "by %s%s%s%s",
		      plist_key_names[settings->sort], settings->reversed ? ", reversed" : "",
		      settings->tree ? ", as a tree" : "",
		      settings->kernel_threads ? "" : ", without kernel threads");
}

static void draw_head(const struct screen_pick *pick, struct canvas *canvas)
{
	int columns = canvas_columns(canvas);
	char count[64], shown[FMT_LEN], all[FMT_LEN];

	canvas_fill(canvas, (struct rect){ 0, 0, columns, 1 },
		    (struct glyph){ ' ', COLOUR_TITLE, COLOUR_BAR_BG, 0 });
	canvas_text(canvas, 1, 0, columns, COLOUR_TITLE, ATTR_BOLD, "pagewalk  choose a process");
	snprintf(count, sizeof(count), "%s of %s processes", fmt_count(shown, pick->nr_shown),
		 fmt_count(all, pick->list ? pick->list->nr : 0));
	canvas_text_right(canvas, 1, 0, columns - 2, COLOUR_TEXT, 0, count);
	canvas_text(canvas, 2, 1, 8, COLOUR_FAINT, 0, "filter:");
	if (pick->filter[0])
		canvas_printf(canvas, 10, 1, columns - 11, COLOUR_KEY, ATTR_BOLD, "%s_",
			      pick->filter);
	else
		canvas_text(canvas, 10, 1, columns - 11, COLOUR_FAINT, 0,
			    "type a part of the command, the user or the PID");
	for (unsigned i = 0; i < NR_PLIST_KEY; i++) {
		bool chosen = i == pick->settings.sort;

		put_column(canvas, 3, i, chosen ? COLOUR_KEY : COLOUR_TITLE,
			   chosen ? ATTR_BOLD | ATTR_UNDERLINE : ATTR_BOLD, table[i].title);
	}
	draw_order(pick, canvas);
}

static void draw_sentence(const struct screen_pick *pick, struct canvas *canvas, int y)
{
	const struct plist_row *row = chosen_row(pick);
	int columns = canvas_columns(canvas) - 2;

	if (!pick->list)
		canvas_text(canvas, 1, y, columns, COLOUR_TEXT, 0, "Reading the processes...");
	else if (!row)
		canvas_text(
			canvas, 1, y, columns, COLOUR_WARN, 0,
			"No process matches. Backspace takes a character back, Esc all of them.");
	else if (row->kthread)
		canvas_printf(canvas, 1, y, columns, COLOUR_TEXT, 0,
			      "%d %s is a kernel thread: it has no memory of its own to show.",
			      (int)row->pid, row->command);
	else if (row->state == 'Z')
		canvas_printf(
			canvas, 1, y, columns, COLOUR_TEXT, 0,
			"%d has exited and waits for its parent %d: its memory is given back.",
			(int)row->pid, (int)row->ppid);
	else
		canvas_printf(canvas, 1, y, columns, COLOUR_TEXT, 0,
			      "Enter shows where the pages of %d lie: %s", (int)row->pid,
			      row->command);
}

/* The list scrolls only as far as it must to show the choice. */
static void scroll_to_choice(struct screen_pick *pick)
{
	if (pick->chosen < pick->top)
		pick->top = pick->chosen;
	if (pick->chosen >= pick->top + pick->page)
		pick->top = pick->chosen - pick->page + 1;
	if (pick->nr_shown <= pick->page)
		pick->top = 0;
	else if (pick->top > pick->nr_shown - pick->page)
		pick->top = pick->nr_shown - pick->page;
}

static size_t pick_keys(const struct screen *screen, struct key_row *rows, size_t room)
{
	const struct screen_pick *pick = (const struct screen_pick *)screen;
	const struct key_row all[] = {
		{ "Enter", "watch it", "Watch the chosen process: where its pages lie." },
		{ "Up Down", "choose",
		  "Choose a process; also Page Up and Down, Home, End, mouse." },
		{ "letters", "filter",
		  "Show only processes that have all the words typed in their "
		  "command, user or PID." },
		{ "Backspace", NULL, "Take the last character of the filter back." },
		{ "Esc", pick->filter[0] ? "clear the filter" : "quit",
		  "Clear the filter; without one, quit." },
		{ "Ctrl-C", pick->filter[0] ? "quit" : NULL,
		  "Quit. q does not, because it types a q." },
		{ "F6 < >", "sort",
		  "Order by the next column, or by the one before (<); a click on a heading too." },
		{ "F5", "tree", "Children below their parents (Ctrl-T too), or one list." },
		{ "F7", NULL, "Leave kernel threads out, or show them." },
		{ "F8", NULL, "Turn the order round." },
		{ "F1", "help", "This explanation." },
		{ "F2", NULL, "Next palette: dark, high contrast for a projector, light." },
	};
	size_t nr = 0;

	for (size_t i = chosen_row(pick) ? 0 : 1; i < sizeof(all) / sizeof(all[0]) && nr < room;
	     i++)
		rows[nr++] = all[i];
	return nr;
}

static void pick_draw(struct screen *screen, struct canvas *canvas, const struct theme *theme,
		      uint64_t now_ns)
{
	struct screen_pick *pick = (struct screen_pick *)screen;
	int columns = canvas_columns(canvas), rows = canvas_rows(canvas);
	struct key_row keys[24];

	(void)now_ns;
	if (columns < SCREEN_MIN_COLUMNS || rows < SCREEN_MIN_ROWS) {
		draw_too_small(canvas);
		return;
	}
	pick->page = (size_t)(rows - ROWS_ABOVE - ROWS_BELOW);
	scroll_to_choice(pick);
	draw_head(pick, canvas);
	for (size_t i = 0; i < pick->page && pick->top + i < pick->nr_shown; i++)
		draw_row(canvas, theme, ROWS_ABOVE + (int)i, row_at(pick, pick->top + i),
			 pick->top + i == pick->chosen);
	draw_hline(canvas, 0, rows - 3, columns, theme);
	draw_sentence(pick, canvas, rows - 2);
	draw_keys(canvas, rows - 1, keys, pick_keys(screen, keys, 24));
}

static const struct action nothing = { .kind = ACTION_NONE };
static const struct action redraw = { .kind = ACTION_REDRAW };

/* Moves the choice by whole lines, staying within the list. */
static struct action move(struct screen_pick *pick, long lines)
{
	size_t last = pick->nr_shown ? pick->nr_shown - 1 : 0;

	if (lines < 0)
		choose(pick, pick->chosen > (size_t)-lines ? pick->chosen - (size_t)-lines : 0);
	else
		choose(pick,
		       pick->chosen + (size_t)lines < last ? pick->chosen + (size_t)lines : last);
	return redraw;
}

static struct action type_character(struct screen_pick *pick, uint32_t ch)
{
	size_t len = strlen(pick->filter);
	char bytes[4];
	size_t nr = utf8_encode(ch, bytes);

	if (!text_drawable(ch) || len + nr >= sizeof(pick->filter))
		return nothing;
	memcpy(pick->filter + len, bytes, nr);
	pick->filter[len + nr] = '\0';
	apply_filter(pick);
	return redraw;
}

static struct action rub_out(struct screen_pick *pick)
{
	size_t len = strlen(pick->filter);

	while (len > 0 && ((unsigned char)pick->filter[--len] & 0xc0) == 0x80)
		continue;
	pick->filter[len] = '\0';
	apply_filter(pick);
	return redraw;
}

static struct action escape(struct screen_pick *pick)
{
	if (!pick->filter[0])
		return (struct action){ .kind = ACTION_QUIT };
	pick->filter[0] = '\0';
	apply_filter(pick);
	return redraw;
}

static struct action open_chosen(struct screen_pick *pick)
{
	const struct plist_row *row = chosen_row(pick);

	return row ? (struct action){ .kind = ACTION_OPEN_PID, .pid = row->pid } : nothing;
}

static struct action order_by(struct screen_pick *pick, enum plist_key key)
{
	if (pick->settings.sort == key)
		pick->settings.reversed = !pick->settings.reversed;
	else
		pick->settings.reversed = false;
	pick->settings.sort = key;
	apply_order(pick);
	return redraw;
}

static struct action step_order(struct screen_pick *pick, int step)
{
	return order_by(
		pick, (enum plist_key)((pick->settings.sort + NR_PLIST_KEY + step) % NR_PLIST_KEY));
}

static struct action click_heading(struct screen_pick *pick, int x)
{
	for (unsigned i = NR_PLIST_KEY; i-- > 0;)
		if (x >= table[i].x)
			return order_by(pick, (enum plist_key)i);
	return nothing;
}

static struct action toggle(struct screen_pick *pick, bool *what)
{
	*what = !*what;
	apply_order(pick);
	return redraw;
}

/* Keys that change how the list is ordered; false for any other. */
static bool handle_order(struct screen_pick *pick, const struct ui_event *event,
			 struct action *action)
{
	struct pick_settings *settings = &pick->settings;

	switch (event->key) {
	case '<':
		*action = step_order(pick, -1);
		return true;
	case '>':
	case KEY_UI_F1 + 5:
		*action = step_order(pick, 1);
		return true;
	case KEY_UI_F1 + 4:
	case CTRL_T:
		*action = toggle(pick, &settings->tree);
		return true;
	case KEY_UI_F1 + 6:
		*action = toggle(pick, &settings->kernel_threads);
		return true;
	case KEY_UI_F1 + 7:
		*action = toggle(pick, &settings->reversed);
		return true;
	default:
		return false;
	}
}

static struct action click(struct screen_pick *pick, int x, int y)
{
	size_t index = pick->top + (size_t)(y - ROWS_ABOVE);

	if (y == ROWS_ABOVE - 1)
		return click_heading(pick, x);
	if (y < ROWS_ABOVE || index >= pick->nr_shown || (size_t)(y - ROWS_ABOVE) >= pick->page)
		return nothing;
	if (index == pick->chosen)
		return open_chosen(pick);
	choose(pick, index);
	return redraw;
}

static struct action pick_event(struct screen *screen, const struct ui_event *event)
{
	struct screen_pick *pick = (struct screen_pick *)screen;
	long page = pick->page ? (long)pick->page : 1;
	struct action action;

	if (handle_order(pick, event, &action))
		return action;
	switch (event->key) {
	case KEY_UI_UP:
		return move(pick, -1);
	case KEY_UI_DOWN:
		return move(pick, 1);
	case KEY_UI_PAGE_UP:
		return move(pick, -page);
	case KEY_UI_PAGE_DOWN:
		return move(pick, page);
	case KEY_UI_HOME:
		return move(pick, -(long)pick->nr_shown);
	case KEY_UI_END:
		return move(pick, (long)pick->nr_shown);
	case KEY_UI_WHEEL_UP:
		return move(pick, -3);
	case KEY_UI_WHEEL_DOWN:
		return move(pick, 3);
	case KEY_UI_CLICK:
		return click(pick, event->x, event->y);
	case KEY_UI_ENTER:
		return open_chosen(pick);
	case KEY_UI_ESCAPE:
		return escape(pick);
	case KEY_UI_BACKSPACE:
		return rub_out(pick);
	case KEY_UI_F1:
		return (struct action){ .kind = ACTION_HELP };
	case KEY_UI_F1 + 1:
		return (struct action){ .kind = ACTION_THEME, .arg = THEME_NEXT_PALETTE };
	default:
		return event->key < KEY_UI_UP ? type_character(pick, event->key) : nothing;
	}
}

static bool pick_animates(const struct screen *screen, uint64_t now_ns)
{
	(void)screen;
	(void)now_ns;
	return false;
}

static void pick_free(struct screen *screen)
{
	struct screen_pick *pick = (struct screen_pick *)screen;

	plist_free(pick->list);
	free(pick->shown);
	free(pick);
}

static const struct screen_ops pick_ops = {
	.name = "choose a process",
	.about = "All processes of this machine. RSS is the memory "
		 "that is in RAM now and mapped by the process, shared pages counted in full. "
		 "FAULTS/s are the page faults that it took in the last second, minor and major. "
		 "Kernel threads, in brackets and faint, have no memory of their own.",
	.draw = pick_draw,
	.event = pick_event,
	.keys = pick_keys,
	.animates = pick_animates,
	.free = pick_free,
};

struct screen *screen_pick_new(const char *filter, const struct pick_settings *settings)
{
	struct screen_pick *pick = xcalloc(1, sizeof(*pick));

	pick->base.ops = &pick_ops;
	pick->settings = *settings;
	if (filter)
		text_fit(pick->filter, sizeof(pick->filter), filter, (int)sizeof(pick->filter) / 4,
			 false);
	return &pick->base;
}

void screen_pick_set_list(struct screen *screen, struct plist *list)
{
	struct screen_pick *pick = (struct screen_pick *)screen;

	plist_free(pick->list);
	pick->list = list;
	apply_order(pick);
}

void screen_pick_get_settings(const struct screen *screen, struct pick_settings *settings)
{
	*settings = ((const struct screen_pick *)screen)->settings;
}
