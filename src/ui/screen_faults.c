/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Screen 2: choosing, and keys. While nothing is moved, the newest view is shown and the cursor
 * stays on the newest fault. Moving up, or Space, holds that view: faults go on being counted
 * and the plot goes on, but what is read stands still until Space or End.
 */
#include "ui/screen_faults.h"

#include "base/xalloc.h"
#include "ui/faults_state.h"

#include <stdlib.h>
#include <string.h>

static const struct action nothing = { .kind = ACTION_NONE };
static const struct action redraw = { .kind = ACTION_REDRAW };

void screen_faults_set(struct screen *base, struct fault_view *view)
{
	struct faults_screen *screen = (struct faults_screen *)base;
	struct fault_view *before = screen->live;

	screen->live = fault_view_ref(view);
	fault_view_unref(before);
}

/* Holds what is shown. */
static void hold(struct faults_screen *screen)
{
	if (!screen->still)
		screen->still = fault_view_ref(screen->live);
}

static void follow(struct faults_screen *screen)
{
	fault_view_unref(screen->still);
	screen->still = NULL;
}

static struct action move_stream(struct faults_screen *screen, long lines)
{
	bool back = lines < 0;
	uint64_t to = screen->cursor, next;

	/* Down from the newest one leads nowhere. */
	if (!screen->still && !back)
		return nothing;
	hold(screen);
	for (long i = labs(lines); i > 0; i--) {
		if (back && !to)
			break;
		if (!fault_view_seek(screen->still, &screen->filter, back ? to - 1 : to + 1, back,
				     &next))
			break;
		to = next;
	}
	screen->cursor = to;
	return redraw;
}

static struct action move_table(struct faults_screen *screen, long lines)
{
	size_t at = faults_sort_rows(screen);
	long to = (long)at + lines;

	if (!screen->nr_order)
		return nothing;
	to = to < 0 ? 0 : to >= (long)screen->nr_order ? (long)screen->nr_order - 1 : to;
	screen->chosen[screen->table] = screen->order[to];
	return redraw;
}

static struct action move_lines(struct faults_screen *screen, long lines)
{
	return screen->table == TABLE_STREAM ? move_stream(screen, lines)
					     : move_table(screen, lines);
}

static struct action go_to_end(struct faults_screen *screen, bool last)
{
	if (screen->table != TABLE_STREAM)
		return move_table(screen, last ? (long)UINT32_MAX : -(long)UINT32_MAX);
	if (last) {
		follow(screen);
		return redraw;
	}
	return move_stream(screen, -(long)FAULT_LOG_KEPT * 2);
}

static struct action open_table(struct faults_screen *screen, int step)
{
	screen->table = (enum faults_table)(((int)screen->table + step + NR_TABLE) % NR_TABLE);
	return redraw;
}

static struct action sort_next(struct faults_screen *screen)
{
	enum faults_sort *sort = &screen->sort[screen->table];

	if (screen->table == TABLE_STREAM)
		return nothing;
	do
		*sort = (enum faults_sort)((*sort + 1) % NR_SORT);
	while (!faults_can_sort(screen->table, *sort));
	return redraw;
}

static struct action open_map(struct faults_screen *screen)
{
	const struct fault_row *row = faults_chosen(screen);
	uint32_t chosen;

	if (screen->table == TABLE_STREAM)
		return row ? (struct action){ .kind = ACTION_OPEN_ADDR, .addr = row->fault.addr }
			   : nothing;
	if (screen->table != TABLE_VMAS)
		return nothing;
	faults_sort_rows(screen);
	chosen = faults_chosen_row(screen);
	if (chosen == FAULT_NO_ROW || !faults_shown(screen)->vmas[chosen].start_addr)
		return nothing;
	return (struct action){ .kind = ACTION_OPEN_ADDR,
				.addr = faults_shown(screen)->vmas[chosen].start_addr };
}

static struct action click(struct faults_screen *screen, const struct ui_event *event)
{
	const struct rect *at = &screen->layout.list;
	int line = event->y - at->y;

	if (line < 0 || line >= at->rows)
		return nothing;
	if (screen->table != TABLE_STREAM) {
		size_t to = screen->top[screen->table] + (size_t)line;

		if (faults_sort_rows(screen), to >= screen->nr_order)
			return nothing;
		screen->chosen[screen->table] = screen->order[to];
		return redraw;
	}
	return move_stream(screen, (long)(line - screen->cursor_line));
}

static struct action move_event(struct faults_screen *screen, const struct ui_event *event)
{
	long page = screen->layout.list.rows > 2 ? screen->layout.list.rows - 1 : 2;

	switch (event->key) {
	case KEY_UI_UP:
	case 'k':
		return move_lines(screen, -1);
	case KEY_UI_DOWN:
	case 'j':
		return move_lines(screen, 1);
	case KEY_UI_WHEEL_UP:
		return move_lines(screen, -3);
	case KEY_UI_WHEEL_DOWN:
		return move_lines(screen, 3);
	case KEY_UI_PAGE_UP:
		return move_lines(screen, -page);
	case KEY_UI_PAGE_DOWN:
		return move_lines(screen, page);
	case KEY_UI_HOME:
		return go_to_end(screen, false);
	case KEY_UI_END:
		return go_to_end(screen, true);
	case KEY_UI_CLICK:
		return click(screen, event);
	case KEY_UI_ENTER:
		return screen->table == TABLE_STREAM ? open_map(screen) : faults_show_row(screen);
	case 'g':
		return open_map(screen);
	case 's':
		return sort_next(screen);
	case 'K':
	case 'V':
	case 'I':
	case 'T':
		return faults_filter_key(screen, event->key);
	case KEY_UI_BACKSPACE:
		return faults_clear_filter(screen);
	case ' ':
		if (screen->still)
			follow(screen);
		else
			hold(screen);
		return redraw;
	default:
		return nothing;
	}
}

static struct action handle_event(struct screen *base, const struct ui_event *event)
{
	struct faults_screen *screen = (struct faults_screen *)base;

	switch (event->key) {
	case KEY_UI_TAB:
	case KEY_UI_RIGHT:
	case 'l':
		return open_table(screen, 1);
	case KEY_UI_BACK_TAB:
	case KEY_UI_LEFT:
	case 'h':
		return open_table(screen, -1);
	case 'L':
		screen->logarithmic = !screen->logarithmic;
		return redraw;
	case 'p':
		return (struct action){ .kind = ACTION_PICK };
	case 'O':
		return (struct action){ .kind = ACTION_OUTPUT };
	case 'S':
		return (struct action){ .kind = ACTION_SAVE };
	case 'y':
		return (struct action){ .kind = ACTION_MOUSE };
	case 'c':
		return (struct action){ .kind = ACTION_THEME, .arg = THEME_NEXT_PALETTE };
	case '?':
	case KEY_UI_F1:
		return (struct action){ .kind = ACTION_HELP };
	case KEY_UI_ESCAPE:
		return (struct action){ .kind = ACTION_BACK };
	case 'q':
	case 3:
		return (struct action){ .kind = ACTION_QUIT };
	default:
		return screen->live && screen->live->watching != WATCH_REFUSED
			       ? move_event(screen, event)
			       : nothing;
	}
}

/* When a key does something. */
enum key_needs {
	ALWAYS,
	FAULTS,
	THE_STREAM,
	A_TABLE,
	THE_MAPPINGS,
	THE_INSTRUCTIONS,
	THE_KINDS,
	A_FILTER,
	A_COMMAND, /* it was started by pagewalk */
	PAUSED,
	NOT_PAUSED,
};

static const struct {
	struct key_row row;
	enum key_needs needs;
} key_table[] = {
	{ { "?", "help", "explain this screen" }, ALWAYS },
	{ { "Tab", "tables", "the stream; tables by mapping, by instruction, by kind" }, FAULTS },
	{ { "Space", "pause", "let the stream stand still; faults are counted all the same" },
	  NOT_PAUSED },
	{ { "Space", "go on", "follow the newest fault again (End too)" }, PAUSED },
	{ { "Enter", "map", "the page of this fault on the map (screen 1)" }, THE_STREAM },
	{ { "Enter", "faults", "the faults of this row that the filter leaves, in the stream" },
	  A_TABLE },
	{ { "s", "sort", "by the next column" }, A_TABLE },
	{ { "g", "map", "the mapping on the map (screen 1)" }, THE_MAPPINGS },
	{ { "BkSp", "all", "all faults again: no filter" }, A_FILTER },
	{ { "q", "quit", "leave pagewalk (Ctrl-C too)" }, ALWAYS },
	{ { "K V T I", "filter",
	    "only faults of this one's Kind, mapping (VMA), Thread, Instruction, here and in the "
	    "tables; again: all" },
	  THE_STREAM },
	{ { "V", "filter", "only this mapping's faults, in all tables and the stream; again: all" },
	  THE_MAPPINGS },
	{ { "I", "filter",
	    "only this instruction's faults, in all tables and the stream; again: all" },
	  THE_INSTRUCTIONS },
	{ { "K", "filter", "only faults of this kind, in all tables and the stream; again: all" },
	  THE_KINDS },
	{ { "L", "log", "the plot linear or logarithmic" }, ALWAYS },
	{ { "Up Down", NULL, "choose a line; up in the stream pauses it (k j, wheel, click too)" },
	  FAULTS },
	{ { "PgUp PgDn", NULL, "a page of lines; Home the oldest fault kept, End the newest" },
	  FAULTS },
	{ { "1 7", NULL, "the other screens by their numbers; H on screen 1: faults as heat" },
	  ALWAYS },
	{ { "p", NULL, "choose another process" }, ALWAYS },
	{ { "O", NULL, "what the command that pagewalk started has written" }, A_COMMAND },
	{ { "Esc", "back", "to the screen before" }, ALWAYS },
	{ { "c", NULL, "the next palette: dark, projector, light" }, ALWAYS },
	{ { "y", NULL, "the mouse on and off: off, the terminal selects text" }, ALWAYS },
	{ { "S", NULL, "save the settings" }, ALWAYS },
};

static bool applies(const struct faults_screen *screen, enum key_needs needs)
{
	bool faults = screen->live && screen->live->watching != WATCH_REFUSED;

	switch (needs) {
	case FAULTS:
		return faults;
	case THE_STREAM:
		return faults && screen->table == TABLE_STREAM;
	case A_TABLE:
		return faults && screen->table != TABLE_STREAM;
	case THE_MAPPINGS:
		return faults && screen->table == TABLE_VMAS;
	case THE_INSTRUCTIONS:
		return faults && screen->table == TABLE_SITES;
	case THE_KINDS:
		return faults && screen->table == TABLE_KINDS;
	case A_FILTER:
		return faults && fault_filter_is_set(&screen->filter);
	case A_COMMAND:
		return screen->live && screen->live->from_start;
	case PAUSED:
		return faults && screen->still;
	case NOT_PAUSED:
		return faults && !screen->still;
	default:
		return true;
	}
}

size_t faults_keys(const struct screen *base, struct key_row *rows, size_t room)
{
	const struct faults_screen *screen = (const struct faults_screen *)base;
	size_t nr = 0;

	for (size_t i = 0; i < sizeof(key_table) / sizeof(key_table[0]) && nr < room; i++)
		if (applies(screen, key_table[i].needs))
			rows[nr++] = key_table[i].row;
	return nr;
}

static void faults_free(struct screen *base)
{
	struct faults_screen *screen = (struct faults_screen *)base;

	faults_drop_part(screen);
	fault_view_unref(screen->live);
	fault_view_unref(screen->still);
	free(screen->order);
	free(screen);
}

static const struct screen_ops faults_ops = {
	.number = 2,
	.name = "faults",
	.about = "Page faults as they strike. A fault is the CPU's question to the kernel: the "
		 "page table has no entry for an address, or one that does not allow the access. "
		 "The kernel finds or makes the page and lets the instruction run again; the "
		 "program notices nothing but the time. Minor: the page was in memory. Major: "
		 "the thread had to wait for storage. Above: how many a second; below: every one "
		 "of them, or counts by mapping, by instruction and by kind. A filter holds for "
		 "all of these, not for what is above; its line says how many faults pass it. "
		 "Hidden: what the kernel counted and gave no event for.",
	.marks = "z anon-read: first touch, the page of zeros. a anon-write: first touch, a new "
		 "page. s stack grew. f file page, cached. F file page, read from storage. w "
		 "shared file page, first store. c copy on write. S from swap. H huge page. u "
		 "userfaultfd. ! SIGSEGV. % SIGBUS. ? not known, the line below says why. M "
		 "before a kind: major. In a table the sign is that of the kind most frequent.",
	.draw = faults_draw,
	.event = handle_event,
	.keys = faults_keys,
	.free = faults_free,
};

struct screen *screen_faults_new(void)
{
	struct faults_screen *screen = xcalloc(1, sizeof(*screen));

	screen->base.ops = &faults_ops;
	for (int table = 0; table < NR_TABLE; table++)
		screen->chosen[table] = FAULT_NO_ROW;
	return &screen->base;
}
