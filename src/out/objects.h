/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_OUT_OBJECTS_H
#define PAGEWALK_OUT_OBJECTS_H

#include "model/objects.h"

#include <stdio.h>

/*
 * What a process's tasks point to, as a tree for people: tasks, mm, fs, descriptors with their
 * open files, inodes with their page cache. 0, or -errno of writing.
 */
int out_objects_text(FILE *out, const struct objects *objects);
/* The same as one JSON document ("command": "objects"). 0, or -errno of writing. */
int out_objects_json(FILE *out, const struct objects *objects);

#endif
