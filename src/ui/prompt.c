/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ui/prompt.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

#define CTRL(letter) ((uint32_t)(letter)-0x40)

void prompt_begin(struct prompt *prompt, const char *label)
{
	memset(prompt, 0, sizeof(*prompt));
	prompt->open = true;
	snprintf(prompt->label, sizeof(prompt->label), "%s", label);
}

void prompt_end(struct prompt *prompt)
{
	prompt->open = false;
}

void prompt_refuse(struct prompt *prompt, const char *error)
{
	snprintf(prompt->error, sizeof(prompt->error), "%s", error);
}

/* Takes the characters [first, past) out. */
static void cut(struct prompt *prompt, size_t first, size_t past)
{
	memmove(prompt->text + first, prompt->text + past,
		(prompt->nr - past) * sizeof(prompt->text[0]));
	prompt->nr -= past - first;
	prompt->cursor = first;
}

static void insert(struct prompt *prompt, uint32_t ch)
{
	if (prompt->nr == PROMPT_CHARS || !text_drawable(ch))
		return;
	memmove(prompt->text + prompt->cursor + 1, prompt->text + prompt->cursor,
		(prompt->nr - prompt->cursor) * sizeof(prompt->text[0]));
	prompt->text[prompt->cursor++] = ch;
	prompt->nr++;
}

static size_t word_before(const struct prompt *prompt)
{
	size_t at = prompt->cursor;

	while (at && prompt->text[at - 1] == ' ')
		at--;
	while (at && prompt->text[at - 1] != ' ')
		at--;
	return at;
}

static void edit(struct prompt *prompt, uint32_t key)
{
	switch (key) {
	case KEY_UI_BACKSPACE:
		if (prompt->cursor)
			cut(prompt, prompt->cursor - 1, prompt->cursor);
		break;
	case KEY_UI_DELETE:
		if (prompt->cursor < prompt->nr)
			cut(prompt, prompt->cursor, prompt->cursor + 1);
		break;
	case CTRL('U'):
		cut(prompt, 0, prompt->cursor);
		break;
	case CTRL('K'):
		prompt->nr = prompt->cursor;
		break;
	case CTRL('W'):
		cut(prompt, word_before(prompt), prompt->cursor);
		break;
	case KEY_UI_LEFT:
		prompt->cursor -= prompt->cursor > 0;
		break;
	case KEY_UI_RIGHT:
		prompt->cursor += prompt->cursor < prompt->nr;
		break;
	case KEY_UI_HOME:
	case CTRL('A'):
		prompt->cursor = 0;
		break;
	case KEY_UI_END:
	case CTRL('E'):
		prompt->cursor = prompt->nr;
		break;
	default:
		if (key >= ' ' && key < KEY_UI_UP)
			insert(prompt, key);
	}
}

enum prompt_result prompt_key(struct prompt *prompt, uint32_t key)
{
	prompt->error[0] = '\0';
	if (key == KEY_UI_ENTER)
		return PROMPT_DONE;
	if (key == KEY_UI_ESCAPE) {
		prompt->open = false;
		return PROMPT_CLOSED;
	}
	edit(prompt, key);
	return PROMPT_EDITED;
}

char *prompt_text(const struct prompt *prompt, char *out)
{
	size_t at = 0;

	for (size_t i = 0; i < prompt->nr; i++)
		at += utf8_encode(prompt->text[i], out + at);
	out[at] = '\0';
	return out;
}

/* The first character to show, so that the cursor is within `columns`. */
static size_t first_shown(const struct prompt *prompt, int columns)
{
	int width = 1;
	size_t first = prompt->cursor;

	while (first && width + text_char_width(prompt->text[first - 1]) <= columns)
		width += text_char_width(prompt->text[--first]);
	return first;
}

void prompt_draw(const struct prompt *prompt, struct canvas *canvas, int y)
{
	int columns = canvas_columns(canvas), x = 1, room;
	int error_columns = prompt->error[0] ? text_width(prompt->error) + 2 : 0;

	canvas_fill(canvas, (struct rect){ 0, y, columns, 1 },
		    (struct glyph){ ' ', COLOUR_TEXT, COLOUR_BAR_BG, 0 });
	x += canvas_printf(canvas, x, y, columns / 3, COLOUR_KEY, ATTR_BOLD, "%s: ", prompt->label);
	room = columns - x - error_columns - 1;
	if (room < 12)
		room = 12;
	for (size_t i = first_shown(prompt, room); i <= prompt->nr; i++) {
		uint32_t ch = i < prompt->nr ? prompt->text[i] : ' ';
		struct glyph glyph = { ch, COLOUR_TEXT, COLOUR_BAR_BG,
				       i == prompt->cursor ? ATTR_REVERSE : 0 };

		if (x + text_char_width(ch) > columns - error_columns)
			break;
		canvas_put(canvas, x, y, glyph);
		if (text_char_width(ch) == 2)
			canvas_put(canvas, x + 1, y,
				   (struct glyph){ .ch = 0, .bg = COLOUR_BAR_BG });
		x += text_char_width(ch);
	}
	if (prompt->error[0])
		canvas_text(canvas,
			    x + 2 > columns - error_columns ? columns - error_columns : x + 2, y,
			    error_columns, COLOUR_BAD, ATTR_BOLD, prompt->error);
	else
		canvas_text_right(canvas, x + 2, y, columns - x - 3, COLOUR_FAINT, 0,
				  "Enter: take it   Esc: leave");
}
