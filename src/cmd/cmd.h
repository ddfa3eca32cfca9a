/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_CMD_CMD_H
#define PAGEWALK_CMD_CMD_H

#include "kernel/host.h"
#include "kernel/proc.h"
#include "model/sources.h"

#include <stdbool.h>
#include <stdint.h>

/* The exit statuses of pagewalk, as the man page gives them. */
enum exit_status {
	STATUS_DONE = 0,
	STATUS_FAILED = 1, /* one line on standard error says what and why */
	STATUS_USAGE = 2,
	STATUS_PARTLY = 3, /* done, but something asked for could not be known */
};

/* A command: argv[0] is its name. Returns an exit status. */
struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *usage;   /* "map PID [OPTION...]" */
	const char *summary; /* one line for the list of commands */
	bool only_looks;     /* it does without root's other rights (kernel/privilege.h) */
	const char *options; /* the text of its --help below the usage */
};

extern const struct command cmd_map;
extern const struct command cmd_translate;
extern const struct command cmd_cache;
extern const struct command cmd_bench;
extern const struct command cmd_faults;
extern const struct command cmd_lab;
extern const struct command cmd_learn;
extern const struct command cmd_sink;
extern const struct command cmd_objects;
extern const struct command cmd_watch; /* PID, NAME, PATH or nothing */

enum report_format {
	FORMAT_TEXT,
	FORMAT_JSON,
	FORMAT_CSV,
};

/* "pagewalk: " and one line on standard error. Returns STATUS_FAILED. */
int cmd_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same with a hint at --help. Returns STATUS_USAGE. */
int cmd_bad_usage(const struct command *command, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Prints --help of a command on standard output. Returns STATUS_DONE. */
int cmd_help(const struct command *command);
/*
 * Reads a PID: 0, or STATUS_USAGE after saying what is wrong with it.
 */
int cmd_parse_pid(const struct command *command, const char *text, pid_t *pid);
/*
 * Opens a process that has user memory: 0, or STATUS_FAILED after saying that there is
 * none, or that it is a kernel thread or a zombie.
 */
int cmd_open_proc(const struct host *host, pid_t pid, struct proc **proc);
/*
 * Opens a process, hands it to `report` with `arg`, and closes it: what a report about one
 * process comes down to. Returns the report's status, or STATUS_FAILED after saying why.
 */
int cmd_on_proc(pid_t pid, int (*report)(struct proc *proc, const void *arg), const void *arg);
/* What an errno means for a process, said on standard error. Returns STATUS_FAILED. */
int cmd_fail_proc(pid_t pid, int error);
/*
 * Names the sources that were asked and refused on standard error. Returns STATUS_PARTLY,
 * or STATUS_DONE where all answered.
 */
int cmd_name_refused(const struct sources *sources);
/*
 * Blocks SIGINT, SIGTERM and SIGHUP, for threads started later too, and returns a signalfd(2)
 * that they can be read from, or -1 and errno. The caller closes it.
 */
int cmd_stop_signals(void);

#endif
