/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_APP_APP_H
#define PAGEWALK_APP_APP_H

#include "kernel/host.h"
#include "lab/lab.h"
#include "ui/term.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * The interactive program: one thread draws and takes keys, another samples; this is where
 * kernel, model, lab and screens meet.
 */
struct app_options {
	struct term_options term;
	uint64_t period_ns; /* between samples */
};

/*
 * Runs until the user leaves. `pid` 0: starts with the list of processes, filtered by
 * `filter` (may be NULL). `lab` not NULL: starts with screen 6 on that lab. Returns an exit
 * status; errors were said on standard error, after the terminal was given back.
 */
int app_run(const struct host *host, const struct app_options *options, pid_t pid,
	    const char *filter, const struct lab_config *lab);

#endif
