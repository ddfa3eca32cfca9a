/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/replace.h"

#include "base/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static int write_all(int fd, const char *text, size_t len_bytes)
{
	while (len_bytes) {
		ssize_t wrote = write(fd, text, len_bytes);

		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote <= 0)
			return wrote < 0 ? -errno : -EIO;
		text += wrote;
		len_bytes -= (size_t)wrote;
	}
	return 0;
}

/* A FIFO without a reader is refused, and not waited for. */
static int write_into(const char *path, const char *text, size_t len_bytes)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), ret;

	if (fd < 0)
		return -errno;
	ret = write_all(fd, text, len_bytes);
	if (close(fd) && !ret)
		ret = -errno;
	return ret;
}

/* mkostemp(3) gives mode 0600; `mode` is of the file that is replaced, 0 where there is none. */
static int write_beside(const char *path, mode_t mode, const char *text, size_t len_bytes)
{
	char *temporary = xasprintf("%s.XXXXXX", path);
	int fd = mkostemp(temporary, O_CLOEXEC), ret = 0;

	if (fd < 0) {
		ret = -errno;
		free(temporary);
		return ret;
	}
	if (mode && fchmod(fd, mode & 0777))
		ret = -errno;
	if (!ret)
		ret = write_all(fd, text, len_bytes);
	if (!ret && fsync(fd))
		ret = -errno;
	if (close(fd) && !ret)
		ret = -errno;
	if (!ret && rename(temporary, path))
		ret = -errno;
	if (ret)
		unlink(temporary);
	free(temporary);
	return ret;
}

int replace_file(const char *path, const char *text, size_t len_bytes)
{
	char *real = realpath(path, NULL);
	const char *to = real ? real : path;
	struct stat st;
	bool there = !stat(to, &st);
	int ret;

	if (there && S_ISDIR(st.st_mode))
		ret = -EISDIR;
	else if (there && !S_ISREG(st.st_mode))
		ret = write_into(to, text, len_bytes);
	else
		ret = write_beside(to, there ? st.st_mode : 0, text, len_bytes);
	free(real);
	return ret;
}
