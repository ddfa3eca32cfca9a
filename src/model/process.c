/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a process ended, in the words that shells and debuggers use. */
#include "model/process.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

char *signal_text(char *out, size_t room, int number)
{
	const char *name = sigabbrev_np(number);

	if (name)
		snprintf(out, room, "SIG%s", name);
	else if (number >= SIGRTMIN && number <= SIGRTMAX)
		snprintf(out, room, "SIGRTMIN+%d", number - SIGRTMIN);
	else
		snprintf(out, room, "signal %d", number);
	return out;
}

char *wait_status_text(char *out, size_t room, int wait_status)
{
	char name[32];

	if (WIFEXITED(wait_status))
		snprintf(out, room, "exited with status %d", WEXITSTATUS(wait_status));
	else
		snprintf(out, room, "killed by %s%s",
			 signal_text(name, sizeof(name), WTERMSIG(wait_status)),
			 WCOREDUMP(wait_status) ? " (core dumped)" : "");
	return out;
}
