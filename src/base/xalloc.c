/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Allocation that does not return failure. pagewalk's own memory follows what
 * is drawn, so running out of it means that the machine is in trouble: nothing
 * better can be done than to give the terminal back and say so.
 */
#include "base/xalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void (*out_of_memory_hook)(void);

void xalloc_set_hook(void (*hook)(void))
{
	out_of_memory_hook = hook;
}

static void *checked(void *memory)
{
	static const char message[] = "pagewalk: out of memory\n";

	if (memory)
		return memory;
	if (out_of_memory_hook)
		out_of_memory_hook();
	if (write(STDERR_FILENO, message, sizeof(message) - 1) < 0)
		abort();
	abort();
}

void *xmalloc(size_t len_bytes)
{
	return checked(malloc(len_bytes ? len_bytes : 1));
}

void *xcalloc(size_t nr, size_t len_bytes)
{
	return checked(calloc(nr ? nr : 1, len_bytes ? len_bytes : 1));
}

void *xreallocarray(void *old, size_t nr, size_t len_bytes)
{
	return checked(reallocarray(old, nr ? nr : 1, len_bytes ? len_bytes : 1));
}

char *xstrdup(const char *text)
{
	return checked(strdup(text));
}

char *xstrndup(const char *text, size_t len_bytes)
{
	return checked(strndup(text, len_bytes));
}

char *xasprintf(const char *format, ...)
{
	char *text = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	return checked(text);
}

void *xgrow(void *items, size_t nr, size_t *room, size_t len_bytes)
{
	if (nr < *room)
		return items;
	*room = *room ? *room * 2 : 16;
	return xreallocarray(items, *room, len_bytes);
}
