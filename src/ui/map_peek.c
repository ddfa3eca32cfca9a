/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bytes of the page under the cursor, in a pane over the list and the cells. They are those
 * of one moment, and read again only when asked for.
 */
#include "ui/map_state.h"

#include "base/fmt.h"
#include "ui/draw.h"

#include <stdio.h>

/* Lines of the dump that there are, and that the pane has room for at the last drawing. */
static int nr_lines(const struct map_screen *map)
{
	const struct page_peek *peek = map->snapshot ? map->snapshot->peek : NULL;

	return peek ? (int)(peek->len_bytes / PEEK_LINE_BYTES) : 0;
}

static void scroll(struct map_peek *state, int lines, int nr)
{
	int most = nr > state->rows ? nr - state->rows : 0;

	state->top += lines;
	if (state->top > most)
		state->top = most;
	if (state->top < 0)
		state->top = 0;
}

static bool handle_open(struct map_screen *map, const struct ui_event *event, struct action *action)
{
	struct map_peek *state = &map->peek;
	int nr = nr_lines(map), page = state->rows > 1 ? state->rows - 1 : 1;

	*action = (struct action){ .kind = ACTION_REDRAW };
	switch (event->key) {
	case 'e':
		state->serial++;
		action->kind = ACTION_REQUEST;
		return true;
	case KEY_UI_ESCAPE:
	case KEY_UI_ENTER:
		state->open = false;
		return true;
	case KEY_UI_UP:
	case 'k':
	case KEY_UI_WHEEL_UP:
		scroll(state, -1, nr);
		return true;
	case KEY_UI_DOWN:
	case 'j':
	case KEY_UI_WHEEL_DOWN:
		scroll(state, 1, nr);
		return true;
	case KEY_UI_PAGE_UP:
		scroll(state, -page, nr);
		return true;
	case KEY_UI_PAGE_DOWN:
		scroll(state, page, nr);
		return true;
	case KEY_UI_HOME:
		scroll(state, -nr, nr);
		return true;
	case KEY_UI_END:
		scroll(state, nr, nr);
		return true;
	case 'q':
	case 'c':
	case '?':
	case KEY_UI_F1:
		return false;
	default:
		/* What cannot be seen shall not move. */
		action->kind = ACTION_NONE;
		return true;
	}
}

bool map_peek_key(struct map_screen *map, const struct ui_event *event, struct action *action)
{
	if (map->peek.open)
		return handle_open(map, event, action);
	if (event->key != 'e' || !map->nr_lines)
		return false;
	map->peek.open = true;
	map->peek.top = 0;
	map->peek.serial++;
	*action = (struct action){ .kind = ACTION_REQUEST };
	return true;
}

size_t map_peek_keys(struct key_row *rows, size_t room)
{
	static const struct key_row all[] = {
		{ "Esc", "close", "back to the cells" },
		{ "e", "read again", "read the page once more" },
		{ "Up Down", "scroll", "a line; also PgUp and PgDn, Home and End" },
		{ "q", "quit", "leave pagewalk (Ctrl-C too)" },
	};
	size_t nr = 0;

	for (; nr < sizeof(all) / sizeof(all[0]) && nr < room; nr++)
		rows[nr] = all[nr];
	return nr;
}

static void draw_dump(const struct map_peek *state, const struct page_peek *peek,
		      struct canvas *canvas, const struct rect *at)
{
	char line[128];

	for (int row = 0; row < state->rows; row++) {
		size_t index = (size_t)(state->top + row);

		if (index * PEEK_LINE_BYTES >= peek->len_bytes)
			break;
		canvas_text(canvas, at->x + 2, at->y + 2 + row, at->columns - 3, COLOUR_TEXT, 0,
			    page_peek_line(peek, index, line, sizeof(line)));
	}
}

void map_draw_peek(struct map_screen *map, struct canvas *canvas)
{
	const struct page_peek *peek = map->snapshot->peek;
	struct map_peek *state = &map->peek;
	struct rect at = { 0, 1, canvas_columns(canvas), map->layout.detail_rule_y - 1 };
	char addr[FMT_LEN];

	if (!state->open)
		return;
	state->rows = at.rows - 2;
	canvas_fill(canvas, at, (struct glyph){ ' ', COLOUR_TEXT, COLOUR_DEFAULT, 0 });
	canvas_fill(canvas, (struct rect){ 0, at.y, at.columns, 1 },
		    (struct glyph){ ' ', COLOUR_TITLE, COLOUR_SELECT_BG, 0 });
	if (!peek || peek->serial != state->serial) {
		canvas_text(canvas, 1, at.y, at.columns - 2, COLOUR_TITLE, ATTR_BOLD, "reading...");
		return;
	}
	scroll(state, 0, nr_lines(map));
	canvas_printf(canvas, 1, at.y, at.columns - 2, COLOUR_TITLE, ATTR_BOLD,
		      "bytes of the page at %s", fmt_addr(addr, peek->addr));
	canvas_text(canvas, 1, at.y + 1, at.columns - 2,
		    peek->result == PEEK_READ && !peek->faulted ? COLOUR_FAINT : COLOUR_WARN, 0,
		    page_peek_sentence(peek));
	draw_dump(state, peek, canvas, &at);
}
