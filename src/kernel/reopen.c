/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/reopen.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

int reopen_fd(int fd, int flags)
{
	char path[64];
	int again;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	again = open(path, flags | O_CLOEXEC);
	return again < 0 ? -errno : again;
}
