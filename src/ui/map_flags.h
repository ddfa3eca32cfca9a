/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_UI_MAP_FLAGS_H
#define PAGEWALK_UI_MAP_FLAGS_H

#include "model/detail.h"
#include "ui/canvas.h"
#include "ui/prompt.h"
#include "ui/term.h"
#include "ui/theme.h"

#include <stdbool.h>

/* The list in which the flag that colours the cells is chosen. Open while its prompt is. */
struct map_flags {
	struct prompt prompt;
	unsigned at;       /* enum frame_flag under the cursor */
	struct rect shown; /* where the names were drawn last */
};

/* Opens it with the cursor on this flag. */
void map_flags_open(struct map_flags *flags, unsigned flag);
/* Takes a key while it is open. True: it has closed, and `at` is what was chosen. */
bool map_flags_event(struct map_flags *flags, const struct ui_event *event);
/*
 * Draws it over the middle of the screen and what is typed over line `keys_y`. Flags that the
 * page under the cursor has are marked; `detail` is NULL where there is none.
 */
void map_flags_draw(struct map_flags *flags, const struct page_detail *detail,
		    struct canvas *canvas, const struct theme *theme, int keys_y);

#endif
