/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_MODEL_PLIST_H
#define PAGEWALK_MODEL_PLIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* A line of the process picker. */
struct plist_row {
	pid_t pid, ppid;
	uid_t uid;
	char state;
	bool kthread;
	unsigned nr_threads;
	uint64_t rss_bytes;
	uint64_t minflt, majflt;
	char *user;    /* safe to draw */
	char *comm;    /* raw */
	char *command; /* the command line, or [comm] of a kernel thread; safe to draw */
};

struct plist {
	size_t nr, room;
	struct plist_row *rows;
};

struct plist *plist_new(void);
void plist_free(struct plist *list);
/* Takes over the strings of *row. */
void plist_add(struct plist *list, const struct plist_row *row);
/* Largest resident set first, then by PID. */
void plist_sort_rss(struct plist *list);
/*
 * True where every word of `filter` occurs in the row's command, name, user or PID,
 * letter case aside; an empty filter matches all.
 */
bool plist_row_matches(const struct plist_row *row, const char *filter);

#endif
