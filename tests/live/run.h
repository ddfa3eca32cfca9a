/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_TESTS_RUN_H
#define PAGEWALK_TESTS_RUN_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * What live tests have in common: the program itself ($PAGEWALK) run to its end, and the
 * helper ($PAGEWALK_HELPER) that makes known mappings. A skip is exit status 77, for the
 * whole program or, by run_skip(), for one test.
 */
#define RUN_SKIP_ALL 77

/* The helper while it runs; the tests read what it said. */
struct helper {
	pid_t pid;
	int to_fd, from_fd;
	json_t *said;
};

/* Starts the helper with these arguments and waits for its line. Fails the test if none comes. */
struct helper *helper_start(const char *const argv[]);
/* Lets it bring its mappings into their state again and say so; `said` is new. */
void helper_again(struct helper *helper);
/* Ends it, by the end of its input, and reaps it. */
void helper_stop(struct helper *helper);

/* An area that the helper made. */
struct area {
	uint64_t start_addr, nr_pages;
	uint64_t first, step, touched; /* pages first, first + step, ... were touched */
	const char *skip;              /* why it could not be made; NULL: it was */
	const char *path;
	json_t *json;
};

/* Fails the test where the helper made no area of this name. */
struct area helper_area(const struct helper *helper, const char *name);

struct run {
	int status;      /* exit status, or 128 + signal */
	char *out, *err; /* what it wrote, NUL-terminated */
	json_t *json;    /* of `out`, NULL where that is no JSON */
};

/* Runs pagewalk with these arguments (without argv[0]) to its end; a minute is the bound. */
struct run run_pagewalk(const char *const args[]);
/* The same as another user, without any privilege. */
struct run run_pagewalk_as(uid_t uid, const char *const args[]);
void run_clear(struct run *run);
/* Fails the test, showing what was written, unless the status is as expected. */
void run_expect(const struct run *run, int status);
/* True where standard error has exactly one line. */
bool run_said_one_line(const struct run *run);

/* The VMA of map's JSON that starts at the address; fails the test where there is none. */
json_t *run_vma(const struct run *run, uint64_t start_addr);
/* A number or "0x..." of an object; fails the test where it is missing or null. */
uint64_t json_get_u64(const json_t *object, const char *field);

/* Entries of /proc/PID/pagemap from page vpn on, read by the test itself. */
void read_pagemap(pid_t pid, uint64_t vpn, size_t nr, uint64_t *entries);

/* True for root with CAP_SYS_ADMIN: frames can be seen. */
bool run_is_privileged(void);
/* Says why and skips the test that runs. */
void run_skip(const char *reason);

#endif
