/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The choice of a flag. All that have a name stand in three columns, down and then across;
 * what is typed leaves those that have it in their name, and the cursor is always on one of
 * these while there are any.
 */
#include "ui/map_flags.h"

#include "model/flag_about.h"
#include "model/page.h"

#include <string.h>

#define PANEL_COLUMNS 76
#define NAME_COLUMNS  24
#define NAME_ROWS     13
/* The title, the names, what the flag means, the lower edge. */
#define PANEL_ROWS (NAME_ROWS + 3)

static bool is_offered(const char *typed, unsigned flag)
{
	const char *name = frame_flag_name(flag);

	return name && (!typed[0] || strcasestr(name, typed));
}

/* The flags that are offered, in order; returns how many. */
static size_t offered(const struct map_flags *flags, unsigned out[NR_KPF])
{
	char typed[PROMPT_CHARS * 4 + 1];
	size_t nr = 0;

	prompt_text(&flags->prompt, typed);
	for (unsigned flag = 0; flag < NR_KPF; flag++)
		if (is_offered(typed, flag))
			out[nr++] = flag;
	return nr;
}

/* The place of the cursor among the offered ones, or `nr`. */
static size_t place_of(const struct map_flags *flags, const unsigned *of, size_t nr)
{
	size_t i = 0;

	while (i < nr && of[i] != flags->at)
		i++;
	return i;
}

void map_flags_open(struct map_flags *flags, unsigned flag)
{
	prompt_begin(&flags->prompt, "page flag");
	flags->at = flag;
}

static void move(struct map_flags *flags, int step)
{
	unsigned of[NR_KPF];
	size_t nr = offered(flags, of), at = place_of(flags, of, nr);

	if (nr)
		flags->at = of[(at + nr + (size_t)(step + (int)nr)) % nr];
}

static bool take(struct map_flags *flags)
{
	unsigned of[NR_KPF];

	if (!offered(flags, of)) {
		prompt_refuse(&flags->prompt, "no flag has that in its name");
		return false;
	}
	prompt_end(&flags->prompt);
	return true;
}

static bool click(struct map_flags *flags, const struct ui_event *event)
{
	const struct rect *shown = &flags->shown;
	unsigned of[NR_KPF];
	size_t nr = offered(flags, of), at;

	if (event->x < shown->x || event->x >= shown->x + shown->columns || event->y < shown->y ||
	    event->y >= shown->y + shown->rows)
		return false;
	at = (size_t)((event->x - shown->x) / NAME_COLUMNS * NAME_ROWS + event->y - shown->y);
	if (at >= nr)
		return false;
	flags->at = of[at];
	return take(flags);
}

/* What is typed: the cursor stays where it is, or goes to the first that still fits. */
static void type(struct map_flags *flags, uint32_t key)
{
	unsigned of[NR_KPF];
	size_t nr;

	prompt_key(&flags->prompt, key);
	nr = offered(flags, of);
	if (nr && place_of(flags, of, nr) == nr)
		flags->at = of[0];
}

bool map_flags_event(struct map_flags *flags, const struct ui_event *event)
{
	switch (event->key) {
	case KEY_UI_UP:
	case KEY_UI_WHEEL_UP:
	case KEY_UI_BACK_TAB:
		move(flags, -1);
		return false;
	case KEY_UI_DOWN:
	case KEY_UI_WHEEL_DOWN:
	case KEY_UI_TAB:
		move(flags, 1);
		return false;
	case KEY_UI_CLICK:
		return click(flags, event);
	case KEY_UI_ENTER:
		return take(flags);
	default:
		type(flags, event->key);
		return false;
	}
}

static void draw_panel(struct canvas *canvas, struct rect panel)
{
	struct glyph bar = { ' ', COLOUR_TITLE, COLOUR_BAR_BG, 0 };

	canvas_fill(canvas, panel, bar);
	canvas_fill(canvas,
		    (struct rect){ panel.x + 1, panel.y + 1, panel.columns - 2, panel.rows - 2 },
		    (struct glyph){ ' ', COLOUR_TEXT, COLOUR_DEFAULT, 0 });
}

static void draw_name(struct canvas *canvas, const struct theme *theme, int x, int y, unsigned flag,
		      bool here, bool has)
{
	if (here)
		canvas_fill(canvas, (struct rect){ x, y, NAME_COLUMNS - 1, 1 },
			    (struct glyph){ ' ', COLOUR_TITLE, COLOUR_SELECT_BG, 0 });
	if (here)
		canvas_put(canvas, x, y,
			   (struct glyph){ theme_glyph(theme, GLYPH_POINTER), COLOUR_KEY,
					   COLOUR_SELECT_BG, ATTR_BOLD });
	if (has)
		canvas_text(canvas, x + 2, y, 1, COLOUR_GOOD, ATTR_BOLD, "*");
	canvas_text(canvas, x + 4, y, NAME_COLUMNS - 5, COLOUR_TEXT, here ? ATTR_BOLD : 0,
		    frame_flag_name(flag));
}

void map_flags_draw(struct map_flags *flags, const struct page_detail *detail,
		    struct canvas *canvas, const struct theme *theme, int keys_y)
{
	struct rect panel = { (canvas_columns(canvas) - PANEL_COLUMNS) / 2, keys_y - PANEL_ROWS - 3,
			      PANEL_COLUMNS, PANEL_ROWS };
	uint64_t has = detail && detail->flags_why == WHY_OK ? detail->flags : 0;
	unsigned of[NR_KPF];
	size_t nr;

	if (!flags->prompt.open)
		return;
	nr = offered(flags, of);
	flags->shown = (struct rect){ panel.x + 2, panel.y + 1, 3 * NAME_COLUMNS, NAME_ROWS };
	draw_panel(canvas, panel);
	canvas_text(canvas, panel.x + 2, panel.y, PANEL_COLUMNS - 4, COLOUR_TITLE, ATTR_BOLD,
		    has ? "Colour by which flag?  * the page under the cursor has it"
			: "Colour by which flag?");
	for (size_t i = 0; i < nr; i++)
		draw_name(canvas, theme, flags->shown.x + (int)(i / NAME_ROWS) * NAME_COLUMNS,
			  flags->shown.y + (int)(i % NAME_ROWS), of[i], of[i] == flags->at,
			  has >> of[i] & 1);
	canvas_printf(canvas, panel.x + 2, panel.y + PANEL_ROWS - 2, PANEL_COLUMNS - 4,
		      nr ? COLOUR_TEXT : COLOUR_WARN, 0, "%s%s%s",
		      nr ? frame_flag_name(flags->at) : "no flag has that in its name",
		      nr ? ": " : "", nr ? frame_flag_about(flags->at) : "");
	canvas_text(canvas, panel.x + 2, panel.y + PANEL_ROWS - 1, PANEL_COLUMNS - 4, COLOUR_TEXT,
		    0, "Type a part of its name; Up Down: choose");
	prompt_draw(&flags->prompt, canvas, keys_y);
}
