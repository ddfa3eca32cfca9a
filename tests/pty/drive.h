/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_TESTS_DRIVE_H
#define PAGEWALK_TESTS_DRIVE_H

#include "pty.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdbool.h>
#include <sys/types.h>

/*
 * What the tests of the real program have in common. PAGEWALK and PAGEWALK_TARGET name the
 * programs (tests/pty/target.c is the second). Everything that goes wrong here fails the
 * cmocka test that runs, with the screen as it was.
 */

/* No wait is longer; on a good day none is near it. */
#define DRIVE_MS 20000

/* True where this test, and so the program too, was built with the address sanitizer. */
bool drive_is_sanitized(void);
/* $PAGEWALK; the test fails where it is not set. */
const char *drive_program(void);

/* pagewalk in a terminal; `args` without its name and `env` end with NULL; env may be NULL. */
struct pty *drive_start(int columns, int rows, const char *const args[], const char *const env[]);
/* The same as user and group 65534 without any privilege. */
struct pty *drive_start_nobody(int columns, int rows, const char *const args[]);
/* True where a process of ours can become one without privilege that may run pagewalk. */
bool drive_has_nobody(void);

void drive_see(struct pty *pty, const char *format, ...) __attribute__((format(printf, 2, 3)));
void drive_gone(struct pty *pty, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Waits until `is` holds; `what` is said where it never does. */
void drive_until(struct pty *pty, bool (*is)(struct pty *pty, void *arg), void *arg,
		 const char *what);
/* Reads output for this long, because what must not happen cannot be waited for. */
void drive_observe(struct pty *pty, int ms);
void drive_fail(struct pty *pty, const char *format, ...)
	__attribute__((format(printf, 2, 3), noreturn));
/* Lines of the screen that are not blank. */
int drive_count_lines(const struct pty *pty);
/* How often the text stands on the screen. */
int drive_count(const struct pty *pty, const char *text);

/* The end: the program exits with this status and has given the terminal back. */
void drive_exits(struct pty *pty, int status);
/* The terminal is as a program finds it: modes, screen, cursor, mouse. */
void drive_restored(struct pty *pty);
/* Types q, expects status 0 and the terminal given back, and frees pty. */
void drive_quit(struct pty *pty);

/* A process to be watched (target.c). */
struct target {
	pid_t pid;
	int to_fd, from_fd;
	uint64_t start_addr, nr_pages, stripe;
};

/* `word`, unless NULL, is one more argument, only to be seen in lists. */
void target_start(struct target *target, unsigned mib, unsigned stripe, bool as_nobody,
		  const char *word);
/* The same as the process of this PID, unless it is 0: 0, or -errno of clone3(2). */
int target_start_as(struct target *target, pid_t pid, unsigned mib, unsigned stripe, bool as_nobody,
		    const char *word);
/* Sends a command and waits for its answer. */
void target_do(struct target *target, char command, const char *answer);
/* Sends 'e' and takes the new figures over. */
void target_exec(struct target *target);
void target_kill(struct target *target);
/* Kills it if need be, reaps it and closes the pipes. */
void target_end(struct target *target);

/* Everything that was output since it was attached. */
struct tape {
	char *bytes;
	size_t len;
};

void tape_attach(struct tape *tape, struct pty *pty);
bool tape_has(const struct tape *tape, const char *text);
bool tape_is_ascii(const struct tape *tape);
/* Detaches and frees what it holds. */
void tape_end(struct tape *tape, struct pty *pty);

#endif
