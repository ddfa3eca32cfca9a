/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_UI_SCREEN_OUTPUT_H
#define PAGEWALK_UI_SCREEN_OUTPUT_H

#include "model/output.h"
#include "ui/screen.h"

#define SCREEN_OUTPUT_END_ROOM 96

/*
 * What a started command has written to its standard output and error. `output` is borrowed
 * and must outlive the screen; `name` is raw.
 */
struct screen *screen_output_new(const struct output *output, const char *name, pid_t pid);
/* How it ended: "exited with status 3". */
void screen_output_set_end(struct screen *screen, const char *text);

#endif
