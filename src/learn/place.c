/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "learn/place.h"

#include "kernel/machine.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool is_on_disk(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char name[32];

	if (fd < 0)
		return false;
	machine_fs_name(fd, name, sizeof(name));
	close(fd);
	return strcmp(name, "tmpfs") && strcmp(name, "ramfs");
}

const char *place_choose(const char *asked, bool *on_disk)
{
	const char *const usual[] = { getenv("TMPDIR"), "/var/tmp", getenv("HOME") };
	const char *first = NULL;

	if (asked) {
		*on_disk = is_on_disk(asked);
		return asked;
	}
	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
		if (!usual[i] || usual[i][0] != '/' || access(usual[i], W_OK))
			continue;
		*on_disk = is_on_disk(usual[i]);
		if (*on_disk)
			return usual[i];
		first = first ? first : usual[i];
	}
	*on_disk = false;
	return first ? first : "/var/tmp";
}
