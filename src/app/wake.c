/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/wake.h"

#include "base/clock.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

int wake_new(void)
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	if (fd < 0)
		abort();
	return fd;
}

void wake_send(int fd)
{
	uint64_t one = 1;

	/* Fails only when the counter is full, and then it is readable anyway. */
	if (write(fd, &one, sizeof(one)) < 0)
		return;
}

void wake_clear(int fd)
{
	uint64_t count;

	/* Fails only when nobody sent. */
	if (read(fd, &count, sizeof(count)) < 0)
		return;
}

void wake_wait(int fd, uint64_t t_ns)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	struct timespec left = {
		.tv_sec = (time_t)(t_ns / NS_PER_S),
		.tv_nsec = (long)(t_ns % NS_PER_S),
	};

	if (ppoll(&poll_fd, 1, t_ns == UINT64_MAX ? NULL : &left, NULL) > 0)
		wake_clear(fd);
}
