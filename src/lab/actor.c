/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pagewalk-actor: one half of a lane of the lab, a process of its own so that its address
 * space holds the workload and little else; or what tidies up after a run that was killed.
 *
 *	pagewalk-actor sink [TARGET]
 *	pagewalk-actor sender MODE FILE [TARGET]
 *	pagewalk-actor tidy DIRECTORY
 *
 * It is started by pagewalk only: descriptor 3 is the control socket, 4 the shared page
 * of counters (lab/wire.h); of tidy 5 is the directory, which is named for those who read ps(1).
 * Sender and sink die with pagewalk however that ends: by PR_SET_PDEATHSIG(2const), and by the
 * end of file of the control socket.
 */
#include "lab/actor.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * The parent may have died before prctl() took effect. SO_PEERCRED names the process that
 * made the control socket: if that is not the parent any more, nobody is.
 */
static int tie_to_parent(void)
{
	struct ucred maker;
	socklen_t len_bytes = sizeof(maker);

	if (prctl(PR_SET_PDEATHSIG, SIGKILL))
		return -1;
	if (getsockopt(WIRE_CONTROL_FD, SOL_SOCKET, SO_PEERCRED, &maker, &len_bytes))
		return -1;
	return maker.pid == getppid() ? 0 : -1;
}

/* By what it is given: a socket that a process made for it, and a directory. */
static int is_given_directory(void)
{
	struct ucred maker;
	socklen_t len_bytes = sizeof(maker);
	struct stat st;

	return !getsockopt(WIRE_CONTROL_FD, SOL_SOCKET, SO_PEERCRED, &maker, &len_bytes) &&
	       !fstat(WIRE_SOCKET_FD, &st) && S_ISDIR(st.st_mode);
}

static struct wire_progress *map_progress(void)
{
	void *at = mmap(NULL, sizeof(struct wire_progress), PROT_READ | PROT_WRITE, MAP_SHARED,
			WIRE_PROGRESS_FD, 0);

	close(WIRE_PROGRESS_FD);
	return at == MAP_FAILED ? NULL : at;
}

int main(int argc, char **argv)
{
	struct wire_progress *progress;

	if (argc == 3 && !strcmp(argv[1], "tidy") && is_given_directory())
		return tidy_run(WIRE_CONTROL_FD, WIRE_SOCKET_FD);
	if (tie_to_parent()) {
		fputs("pagewalk-actor is a part of pagewalk and is started by it\n", stderr);
		return 2;
	}
	fcntl(WIRE_CONTROL_FD, F_SETFD, FD_CLOEXEC);
	progress = map_progress();
	if (!progress)
		return 1;
	if ((argc == 2 || argc == 3) && !strcmp(argv[1], "sink"))
		return sink_run(WIRE_CONTROL_FD, progress, argv[2]);
	if ((argc == 4 || argc == 5) && !strcmp(argv[1], "sender"))
		return sender_run(WIRE_CONTROL_FD, progress, argv[2], argv[3], argv[4]);
	return 2;
}
