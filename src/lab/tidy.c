/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tidy role of the actor: waits beside a run of the lab, and where the run is killed, even by
 * SIGKILL, removes what it has left. It is the one part of pagewalk that outlives it, for that
 * moment: it has a session of its own and heeds no signal.
 *
 * A run that ends by itself says so, and there is nothing to do. Else the end of file of the
 * control socket tells it; the kernel closes descriptors one by one, so the lock of the run may
 * still be held then, and the process itself has to be gone (pidfd_open(2), Linux 5.3) before
 * what it has left can be told from what others still use.
 */
#include "lab/actor.h"
#include "lab/leftover.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* Of the process that made the control socket; -1 where that is gone already. */
static int open_maker(int control_fd)
{
	struct ucred maker;
	socklen_t len_bytes = sizeof(maker);
	int fd;

	if (getsockopt(control_fd, SOL_SOCKET, SO_PEERCRED, &maker, &len_bytes))
		return -1;
	fd = pidfd_open(maker.pid, 0);
	/* As long as it is our parent it has not ended, and its number is of nobody else. */
	if (fd >= 0 && maker.pid != getppid()) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static void await_end(int pid_fd)
{
	struct pollfd ended = { .fd = pid_fd, .events = POLLIN };

	while (poll(&ended, 1, -1) < 0 && errno == EINTR)
		;
}

int tidy_run(int control_fd, int base_fd)
{
	struct wire_message message;
	sigset_t all;
	int maker_fd, got, err;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	prctl(PR_SET_NAME, "pagewalk-tidy");
	/* Stands in nobody's way who unmounts what pagewalk was started in. */
	if (chdir("/"))
		return 1;
	maker_fd = open_maker(control_fd);
	do {
		got = wire_receive(control_fd, -1, &message);
	} while (!got);
	if (got > 0)
		return 0;
	if (maker_fd >= 0)
		await_end(maker_fd);
	err = leftover_lock(base_fd);
	if (!err)
		leftover_remove_all(base_fd);
	return err ? 1 : 0;
}
