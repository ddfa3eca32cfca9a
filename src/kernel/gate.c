/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pagewalk-gate FATE COMMAND ARGUMENT...: becomes COMMAND and stands still before its first
 * instruction (kernel/launch.c, which lets it go). posix_spawn(3) cannot ask for that, and
 * pagewalk must not fork itself, so this little program does it between the two.
 *
 * PTRACE_TRACEME makes the kernel stop the new program as soon as it is mapped; launch.c
 * turns that stop into an ordinary SIGSTOP and lets go of the trace. Where tracing is forbidden
 * (Yama's ptrace_scope, a seccomp filter), it stops itself just before it becomes the command.
 */
#include "kernel/gate.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct gate_failure failure;

	if (argc < 3)
		return 2;
	fcntl(GATE_REPORT_FD, F_SETFD, FD_CLOEXEC);
	if (!strcmp(argv[1], GATE_DIE))
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
		raise(SIGSTOP);
	execvp(argv[2], argv + 2);
	failure.error = errno;
	if (write(GATE_REPORT_FD, &failure, sizeof(failure)) != sizeof(failure))
		return 125;
	return errno == ENOENT ? 127 : 126;
}
