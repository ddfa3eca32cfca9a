/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_KERNEL_LAUNCH_H
#define PAGEWALK_KERNEL_LAUNCH_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * A command that is started to be watched: it stands still before its first instruction,
 * its program already mapped, until launch_go(). It is not traced, neither while it stands nor while
 * it runs, so that it is as fast as ever and a debugger may still attach.
 */
struct launch;

struct launch_options {
	const char *input;  /* a file for its standard input; NULL: /dev/null */
	bool inherits;      /* standard input, output and error are ours (reports) */
	bool keeps_running; /* it outlives launch_end(), and pagewalk */
	const char *gate;   /* path of pagewalk-gate; NULL: it is found */
};

/*
 * Starts argv[0] (found by PATH) with the environment, credentials and signal mask that the
 * caller has; call it before any of them is changed and before threads are started. Waits
 * until it stands before its first instruction. 0; or -errno with one line in `error`:
 * -ENOENT where there is no such program, another error of execve(2) where it cannot run.
 * The calling thread must live as long as the command: it is killed with it
 * (PR_SET_PDEATHSIG), unless it keeps running. The caller ends it by launch_end().
 */
int launch_start(char *const argv[], const struct launch_options *options, struct launch **out,
		 char *error, size_t room);
pid_t launch_pid(const struct launch *launch);
/* The command as it was typed, argv[0]; raw. Borrowed. */
const char *launch_name(const struct launch *launch);
/* Lets it run its first instruction; a second call does nothing. */
void launch_go(struct launch *launch);
/*
 * A descriptor that becomes readable with what it writes to standard output and error (a
 * pseudo-terminal without an input side); -1 once all of it was read, and where it inherits ours.
 */
int launch_output_fd(const struct launch *launch);
/* Reads what it has written so far. Bytes; 0 where nothing waits or nothing more will come. */
size_t launch_read_output(struct launch *launch, char *out, size_t room);
/* Tells the terminal that it writes to how large ours is. */
void launch_resize_output(const struct launch *launch, int columns, int rows);
/* A descriptor that becomes readable when it ends (pidfd_open(2)). */
int launch_event_fd(const struct launch *launch);
/*
 * True when it has ended; *wait_status is then that of waitpid(2). It is not reaped before
 * launch_end(), so that its PID stays its own and /proc tells how it ended.
 */
bool launch_has_ended(const struct launch *launch, int *wait_status);
/* How it ended, as a shell would say it: the exit status, or 128 + the signal. */
int launch_exit_status(int wait_status);
/* 127 where the program is not there, 126 where it cannot be run: what a shell returns. */
int launch_failure_status(int error);

enum launch_fate {
	LAUNCH_ENDED,       /* by itself; *wait_status says how */
	LAUNCH_WAS_ENDED,   /* by us; *wait_status says by which signal, unless it caught it */
	LAUNCH_KEPT_RUNNING /* *wait_status is not set */
};

/*
 * Ends it where it still runs: SIGTERM to its process group, a second later SIGKILL; reaps
 * it and frees everything. One that keeps running is let go instead, also where it still stood.
 */
enum launch_fate launch_end(struct launch *launch, int *wait_status);

#endif
