/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_BASE_LIBRARY_H
#define PAGEWALK_BASE_LIBRARY_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Shared libraries that few commands need, loaded when first asked for (dlopen(3)): linked, they
 * and what they need would be paid for at every start.
 */

/* A function of a library, and where its address goes in a table of the caller's. */
struct library_function {
	const char *name;
	size_t off_bytes;
};

/*
 * Fills the table with the nr functions of a library by its soname ("libdw.so.1"). False where
 * the library or one of them is not there. It stays loaded; asking again costs only look-ups.
 */
bool library_find(const char *soname, const struct library_function *functions, size_t nr,
		  void *table);

#endif
