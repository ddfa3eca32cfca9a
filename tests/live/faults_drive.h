/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_TESTS_FAULTS_DRIVE_H
#define PAGEWALK_TESTS_FAULTS_DRIVE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

/*
 * `pagewalk faults` on a process of tests/live/mkfaults.c ($PAGEWALK_FAULTER), both under a
 * bound of time. What cannot be done fails the test that runs.
 */

/* A program with its standard input and output. */
struct piped {
	pid_t pid;
	FILE *to, *from;
};

/* As user `uid`, without privilege, unless that is the user that runs the test. */
void piped_start(struct piped *piped, uid_t uid, const char *const argv[]);
/* One line as JSON, new; NULL at the end of its output. */
json_t *piped_hear(struct piped *piped);
void piped_say(struct piped *piped, const char *line);
/* Closes its input and reaps it: exit status, or 128 + signal. */
int piped_end(struct piped *piped);

/* mkfaults with these arguments; its first line is heard and returned. */
json_t *faulter_start(struct piped *faulter, uid_t uid, const char *const args[]);

/* A stream that was read to its end. */
struct stream {
	json_t *start, *faults /* array */, *summary;
	int status;
};

/* `pagewalk faults --json OPTION... PID`, when it has begun to watch; `start` is heard. */
void watch_start(struct piped *watch, struct stream *stream, uid_t uid, const char *const options[],
		 pid_t pid);
/* Reads what it says until it has told a fault at an address of [start, end) of the reply. */
void watch_until(struct piped *watch, struct stream *stream, const json_t *where);
/* Interrupts it and reads what it says to its end; or only reads, where `signal` is 0. */
void watch_end(struct piped *watch, struct stream *stream, int signal);
/* `pagewalk faults --json OPTION... -o FILE -- mkfaults ARG...`; *said is mkfaults' last line. */
void watch_command(struct stream *stream, const char *const options[], const char *const args[],
		   json_t **said);
void stream_clear(struct stream *stream);

/* Faults at addresses of [start, end) of the reply, of a kind; NULL: of any. */
unsigned stream_count(const struct stream *stream, const json_t *where, const char *kind);

#endif
