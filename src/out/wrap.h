/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_OUT_WRAP_H
#define PAGEWALK_OUT_WRAP_H

#include <stdio.h>

/*
 * Writes words of safe text in lines of at most 78 columns; `head` begins the first, and its
 * width is the others' indent.
 */
void out_wrapped(FILE *out, const char *head, const char *text);

#endif
