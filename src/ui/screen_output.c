/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The output of the command that was started, as a pager shows it: it follows the end until
 * one scrolls up, and again from the end on. Its bytes are not obeyed by the
 * terminal: model/output.c leaves escape sequences out.
 */
#include "ui/screen_output.h"

#include "base/fmt.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "ui/draw.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Title above; rule, sentence and keys below. */
#define ROWS_ABOVE 1
#define ROWS_BELOW 3
#define SIDE_STEP  16
#define MOST_LEFT  8192

struct screen_output {
	struct screen base;
	const struct output *output;
	char *name; /* safe */
	pid_t pid;
	char end[SCREEN_OUTPUT_END_ROOM]; /* "": it runs */
	bool scrolled;                    /* by the user; otherwise the end is followed */
	uint64_t top;                     /* first line shown, of those kept */
	int left;                         /* columns scrolled to the right */
	size_t page;
};

static struct screen_output *output_of(struct screen *screen)
{
	return (struct screen_output *)screen;
}

static uint64_t last_top(const struct screen_output *view)
{
	size_t nr = output_nr_lines(view->output);

	return nr > view->page ? nr - view->page : 0;
}

static void draw_title(const struct screen_output *view, struct canvas *canvas)
{
	int columns = canvas_columns(canvas), x = 1;

	canvas_fill(canvas, (struct rect){ 0, 0, columns, 1 },
		    (struct glyph){ ' ', COLOUR_TITLE, COLOUR_BAR_BG, 0 });
	x += canvas_text(canvas, x, 0, columns, COLOUR_TITLE, ATTR_BOLD, "pagewalk  output of ");
	canvas_printf(canvas, x, 0, columns - x - 42, COLOUR_TEXT, ATTR_BOLD, "%d %s",
		      (int)view->pid, view->name);
	canvas_text_right(canvas, 1, 0, columns - 2, view->end[0] ? COLOUR_BAD : COLOUR_GOOD,
			  ATTR_BOLD, view->end[0] ? view->end : "running");
}

/* The part of safe text that lies right of `left` columns. */
static const char *skip_columns(const char *text, int left)
{
	size_t len = strlen(text);

	while (left > 0 && len > 0) {
		uint32_t ch;
		size_t step = utf8_decode(text, len, &ch);

		if (!step)
			break;
		left -= text_char_width(ch);
		text += step;
		len -= step;
	}
	return text;
}

static void draw_lines(const struct screen_output *view, struct canvas *canvas)
{
	int columns = canvas_columns(canvas);
	size_t nr = output_nr_lines(view->output);

	for (size_t i = 0; i < view->page && view->top + i < nr; i++) {
		char *line = output_line(view->output, (size_t)view->top + i);

		canvas_text(canvas, 1, ROWS_ABOVE + (int)i, columns - 2, COLOUR_TEXT, 0,
			    skip_columns(line, view->left));
		free(line);
	}
}

/* How much there is, and what is no longer kept. */
static void draw_sentence(const struct screen_output *view, struct canvas *canvas, int y)
{
	uint64_t dropped = output_dropped_bytes(view->output);
	size_t nr = output_nr_lines(view->output);
	int columns = canvas_columns(canvas) - 2;
	char bytes[FMT_LEN], gone[FMT_LEN];

	if (!nr) {
		canvas_text(canvas, 1, y, columns, COLOUR_FAINT, 0,
			    view->end[0] ? "It wrote nothing." : "It has written nothing yet.");
		return;
	}
	fmt_bytes_long(bytes, output_total_bytes(view->output));
	if (dropped)
		canvas_printf(canvas, 1, y, columns, COLOUR_WARN, 0,
			      "%s written; the first %s are dropped, the last 1 MiB is kept", bytes,
			      fmt_bytes_long(gone, dropped));
	else
		canvas_printf(canvas, 1, y, columns, COLOUR_TEXT, 0,
			      "%s written to standard output and error", bytes);
}

static size_t list_keys(const struct screen *screen, struct key_row *rows, size_t room)
{
	static const struct key_row all[] = {
		{ "Esc O", "back", "To the screen before." },
		{ "Up Down", "scroll", "A line; also Page Up and Down, and the wheel." },
		{ "Left Right", "sideways", "Where lines are longer than the screen." },
		{ "End", "follow", "To the end, and with it as more is written." },
		{ "Home", NULL, "To the oldest line that is kept." },
		{ "?", "help", "This explanation." },
		{ "q", "quit", "Leave pagewalk; a command that runs is ended." },
	};
	size_t nr = 0;

	(void)screen;
	for (; nr < sizeof(all) / sizeof(all[0]) && nr < room; nr++)
		rows[nr] = all[nr];
	return nr;
}

static void draw(struct screen *screen, struct canvas *canvas, const struct theme *theme,
		 uint64_t now_ns)
{
	struct screen_output *view = output_of(screen);
	int columns = canvas_columns(canvas), rows = canvas_rows(canvas);
	struct key_row keys[8];

	(void)now_ns;
	view->page = (size_t)(rows - ROWS_ABOVE - ROWS_BELOW);
	if (!view->scrolled || view->top > last_top(view))
		view->top = last_top(view);
	draw_title(view, canvas);
	draw_lines(view, canvas);
	draw_hline(canvas, 0, rows - 3, columns, theme);
	draw_sentence(view, canvas, rows - 2);
	draw_keys(canvas, rows - 1, keys, list_keys(screen, keys, 8));
}

static struct action scroll(struct screen_output *view, long lines)
{
	uint64_t last = last_top(view);

	if (lines < 0)
		view->top = view->top > (uint64_t)-lines ? view->top - (uint64_t)-lines : 0;
	else
		view->top += (uint64_t)lines;
	if (view->top > last)
		view->top = last;
	view->scrolled = view->top < last;
	return (struct action){ .kind = ACTION_REDRAW };
}

static struct action sideways(struct screen_output *view, int columns)
{
	view->left += columns;
	if (view->left < 0)
		view->left = 0;
	if (view->left > MOST_LEFT)
		view->left = MOST_LEFT;
	return (struct action){ .kind = ACTION_REDRAW };
}

static struct action handle_event(struct screen *screen, const struct ui_event *event)
{
	struct screen_output *view = output_of(screen);
	long all = (long)output_nr_lines(view->output), page = view->page ? (long)view->page : 1;

	switch (event->key) {
	case KEY_UI_UP:
	case 'k':
		return scroll(view, -1);
	case KEY_UI_DOWN:
	case 'j':
		return scroll(view, 1);
	case KEY_UI_WHEEL_UP:
		return scroll(view, -3);
	case KEY_UI_WHEEL_DOWN:
		return scroll(view, 3);
	case KEY_UI_PAGE_UP:
		return scroll(view, -page);
	case KEY_UI_PAGE_DOWN:
	case ' ':
		return scroll(view, page);
	case KEY_UI_HOME:
		return scroll(view, -all);
	case KEY_UI_END:
		return scroll(view, all);
	case KEY_UI_LEFT:
		return sideways(view, -SIDE_STEP);
	case KEY_UI_RIGHT:
		return sideways(view, SIDE_STEP);
	case 'O':
	case KEY_UI_ESCAPE:
		return (struct action){ .kind = ACTION_BACK };
	case 'q':
		return (struct action){ .kind = ACTION_QUIT };
	case '?':
	case KEY_UI_F1:
		return (struct action){ .kind = ACTION_HELP };
	case 'c':
		return (struct action){ .kind = ACTION_THEME, .arg = THEME_NEXT_PALETTE };
	default:
		return (struct action){ .kind = ACTION_NONE };
	}
}

static void free_output(struct screen *screen)
{
	free(output_of(screen)->name);
	free(screen);
}

static const struct screen_ops output_ops = {
	.name = "output",
	.about = "What the command that was started has written to its standard output and "
		 "standard error. The last 1 MiB is kept. Colours and other escape sequences are "
		 "left out; other control characters are shown as \\xNN.",
	.draw = draw,
	.event = handle_event,
	.keys = list_keys,
	.free = free_output,
};

struct screen *screen_output_new(const struct output *output, const char *name, pid_t pid)
{
	struct screen_output *view = xcalloc(1, sizeof(*view));

	view->base.ops = &output_ops;
	view->output = output;
	view->name = text_safe_str(name);
	view->pid = pid;
	return &view->base;
}

void screen_output_set_end(struct screen *screen, const char *text)
{
	struct screen_output *view = output_of(screen);

	snprintf(view->end, sizeof(view->end), "%s", text);
}
