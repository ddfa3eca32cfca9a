/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_BASE_XALLOC_H
#define PAGEWALK_BASE_XALLOC_H

#include <stdarg.h>
#include <stddef.h>

/*
 * Allocation that does not fail: when memory is out, the hook set by
 * xalloc_set_hook() runs (it restores the terminal), one line says so on
 * standard error, and the process aborts. Results are the caller's to free().
 */
void *xmalloc(size_t len_bytes);
void *xcalloc(size_t nr, size_t len_bytes);
/* Aborts, too, when nr * len_bytes overflows. */
void *xreallocarray(void *old, size_t nr, size_t len_bytes);
char *xstrdup(const char *text);
char *xstrndup(const char *text, size_t len_bytes);
char *xasprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * Makes room for one more element in a growing array: returns `items`, moved
 * if need be, able to hold nr + 1 elements; *room is its capacity.
 */
void *xgrow(void *items, size_t nr, size_t *room, size_t len_bytes);

/* `hook` runs once before the abort of an allocation that failed; NULL: none. */
void xalloc_set_hook(void (*hook)(void));

#endif
