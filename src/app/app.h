/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_APP_APP_H
#define PAGEWALK_APP_APP_H

#include "app/feed.h"
#include "kernel/host.h"
#include "lab/lab.h"
#include "model/config.h"
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
	uint64_t period_ns;     /* between samples */
	struct config config;   /* as the file and the options have it */
	char config_path[4096]; /* where settings are saved; "": nowhere */
	char warning[224];      /* said on the first screen; "": nothing */
	bool no_faults;         /* faults of a started command are not watched before asked */
};

/* What to begin with. */
struct app_start {
	enum place place; /* PLACE_MAP needs a pid, PLACE_LAB a lab */
	pid_t pid;
	const char *filter; /* of PLACE_PICK; may be NULL */
	const struct lab_config *lab;
	const struct learn_config *learn; /* may be NULL */
	struct launch *launch; /* it stands still, and goes after the first picture; or NULL */
	const struct action *action; /* for the first screen; may be NULL */
};

/*
 * Runs until the user leaves. Returns an exit status; errors were said on standard error,
 * after the terminal was given back. All that is passed must outlive the call.
 */
int app_run(const struct host *host, const struct app_options *options,
	    const struct app_start *start);

#endif
