/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_OUT_LAB_H
#define PAGEWALK_OUT_LAB_H

#include "model/lab_view.h"

#include <stdio.h>

/*
 * The lab's report: a table with one column for each lane, what each lane avoids, and what
 * is not known and why. 0, or -errno of writing.
 */
int out_lab_text(FILE *out, const struct lab_view *view);
/* The same as one JSON document ("command": "lab"). 0, or -errno of writing. */
int out_lab_json(FILE *out, const struct lab_view *view);

#endif
