/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/helper_path.h"

#include "base/xalloc.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char *helper_path(const char *name)
{
	char self[4096];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *path, *slash;

	if (len > 0) {
		self[len] = '\0';
		slash = strrchr(self, '/');
		path = xasprintf("%.*s/%s", slash ? (int)(slash - self) : 0, self, name);
		if (!access(path, X_OK))
			return path;
		free(path);
	}
	return xasprintf("%s/%s", PKGLIBEXECDIR, name);
}
