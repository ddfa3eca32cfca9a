/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_UI_LAB_CHOOSE_H
#define PAGEWALK_UI_LAB_CHOOSE_H

#include "model/lab_view.h"
#include "ui/canvas.h"
#include "ui/screen.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The list on screen 6 in which modes are ticked; nothing happens before Enter. */
struct lab_choose {
	bool open;
	size_t cursor;
	uint64_t ticked; /* bits of enum transfer_mode */
};

enum choose_answer {
	CHOOSE_NOTHING,
	CHOOSE_REDRAW,
	CHOOSE_CLOSED, /* as if nothing had been ticked */
	CHOOSE_APPLY,  /* closed too; `ticked` is what is wanted */
};

/* Opens it with the modes of the lanes ticked and the cursor on this one. */
void lab_choose_open(struct lab_choose *choose, const struct lab_view *view,
		     enum transfer_mode mode);
/* Takes a key or a click while it is open. */
enum choose_answer lab_choose_event(struct lab_choose *choose, const struct lab_view *view,
				    const struct ui_event *event);
/* Draws it between title and keys, both left alone. */
void lab_choose_draw(const struct lab_choose *choose, const struct lab_view *view,
		     struct canvas *canvas, const struct theme *theme);
size_t lab_choose_keys(const struct lab_choose *choose, struct key_row *rows, size_t room);
/* False where this mode cannot run with this lab's sink or on this machine: why[room]. */
bool lab_choose_can_run(const struct lab_view *view, enum transfer_mode mode, char *why,
			size_t room);

#endif
