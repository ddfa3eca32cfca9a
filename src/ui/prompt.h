/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_UI_PROMPT_H
#define PAGEWALK_UI_PROMPT_H

#include "ui/canvas.h"
#include "ui/term.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * A line in which something is typed, with the usual editing keys. It holds characters, not
 * bytes, and only such that may be drawn; what was typed comes out as UTF-8.
 */
#define PROMPT_CHARS 64

struct prompt {
	bool open;
	char label[24]; /* safe text before the line: "go to address" */
	char error[80]; /* safe text behind it, until the next key; "" where none */
	uint32_t text[PROMPT_CHARS];
	size_t nr, cursor;
};

enum prompt_result {
	PROMPT_EDITED, /* or the key means nothing here; the prompt is open still */
	PROMPT_DONE,   /* Enter: prompt_text() is the answer; the prompt is open still */
	PROMPT_CLOSED, /* Escape */
};

/* Opens it empty. */
void prompt_begin(struct prompt *prompt, const char *label);
void prompt_end(struct prompt *prompt);
/* Takes a key. */
enum prompt_result prompt_key(struct prompt *prompt, uint32_t key);
/* Says why an answer was not taken; the prompt stays open. */
void prompt_refuse(struct prompt *prompt, const char *error);
/* What was typed, NUL-terminated, into `out` of at least PROMPT_CHARS * 4 + 1 bytes; returns it. */
char *prompt_text(const struct prompt *prompt, char *out);
/* Draws it over line y. */
void prompt_draw(const struct prompt *prompt, struct canvas *canvas, int y);

#endif
