/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_UI_LAB_KEYS_H
#define PAGEWALK_UI_LAB_KEYS_H

#include "model/lab_view.h"
#include "ui/screen.h"

#include <stdbool.h>
#include <stddef.h>

/* What may be asked of the lab now; false where there is no view yet (NULL). */
bool lab_may_start(const struct lab_view *view);
bool lab_may_pause(const struct lab_view *view);
bool lab_may_restart(const struct lab_view *view);
bool lab_may_measure(const struct lab_view *view);
/* True where the chart is in front and not the lanes. */
bool lab_is_measuring(const struct lab_view *view);
bool lab_sender_is_alive(const struct lane_view *lane);
/* Fills rows[room] with the keys that apply; how many. `lane` is the chosen one or NULL. */
size_t lab_watch_keys(const struct lab_view *view, const struct lane_view *lane,
		      struct key_row *rows, size_t room);
size_t lab_measure_keys(const struct lab_view *view, struct key_row *rows, size_t room);

#endif
