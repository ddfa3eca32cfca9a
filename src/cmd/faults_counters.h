/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_CMD_FAULTS_COUNTERS_H
#define PAGEWALK_CMD_FAULTS_COUNTERS_H

#include "kernel/host.h"

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

/*
 * What is left of `pagewalk faults` where perf is refused: the counters of /proc/PID/stat, a
 * line a second, and a summary whose events are unknown, with the reason.
 */
struct faults_counting {
	const struct host *host;
	pid_t pid;
	bool json, follow;
	bool from_start;    /* the process has not run yet: what was counted is its own */
	const char *reason; /* why there are no events, one clause */
	FILE *out;
	bool (*is_over)(void *arg);
	/* The exit status of the command that has ended, -1: none. */
	int (*exit_status)(void *arg);
	void *arg;
	void (*go)(void *arg); /* lets the command run */
};

/* Counts until it is over. False where the process was gone before its last counters were read. */
bool faults_count(const struct faults_counting *counting);

#endif
