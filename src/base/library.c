/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/library.h"

#include <dlfcn.h>
#include <string.h>

bool library_find(const char *soname, const struct library_function *functions, size_t nr,
		  void *table)
{
	void *library = dlopen(soname, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	bool all = library;

	for (size_t i = 0; all && i < nr; i++) {
		void *found = dlsym(library, functions[i].name);

		memcpy((char *)table + functions[i].off_bytes, &found, sizeof(found));
		all = found;
	}
	/* Gives back the count alone: NODELETE keeps the library. */
	if (library)
		dlclose(library);
	return all;
}
