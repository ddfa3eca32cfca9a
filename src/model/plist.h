/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_MODEL_PLIST_H
#define PAGEWALK_MODEL_PLIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* What the list of processes can be ordered by. */
enum plist_key {
	PLIST_PID,
	PLIST_USER,
	PLIST_STATE,
	PLIST_THREADS,
	PLIST_RSS,
	PLIST_FAULTS, /* a second */
	PLIST_COMMAND,
	NR_PLIST_KEY,
};

/* "pid", "user", ... */
extern const char *const plist_key_names[NR_PLIST_KEY];

/* A line of the process picker. */
struct plist_row {
	pid_t pid, ppid;
	uid_t uid;
	char state;
	bool kthread;
	unsigned nr_threads;
	unsigned depth; /* below its oldest ancestor; 0 unless in a tree */
	uint64_t start_ticks;
	uint64_t rss_bytes;
	uint64_t minflt, majflt;
	bool has_rate; /* it was read twice */
	double faults_per_s;
	char *user;    /* safe to draw */
	char *comm;    /* raw */
	char *program; /* raw: the last part of argv[0]; "" where there is none */
	char *command; /* the command line, or [comm] of a kernel thread; safe to draw */
};

struct plist {
	size_t nr, room;
	uint64_t taken_mono_ns;
	struct plist_row *rows;
};

struct plist *plist_new(void);
void plist_free(struct plist *list);
/* Takes over the strings of *row. */
void plist_add(struct plist *list, const struct plist_row *row);

/*
 * Orders the rows: figures with the largest first, names and PIDs upwards, or the other way
 * round; equal ones by PID. In a tree, children follow their parent in that order, one
 * deeper; a row whose parent is not in the list stands at the top.
 */
void plist_sort(struct plist *list, enum plist_key key, bool reversed, bool tree);
/*
 * True where every word of `filter` occurs in the row's command, name, user or PID,
 * letter case aside; an empty filter matches all.
 */
bool plist_row_matches(const struct plist_row *row, const char *filter);
/* True where `name` is its command name, which the kernel cuts at 15 bytes, or its program's. */
bool plist_row_is_called(const struct plist_row *row, const char *name);

/* The counters of an earlier reading, by which rates are known. */
struct plist_marks;

struct plist_marks *plist_marks_new(void);
void plist_marks_free(struct plist_marks *marks);
/* Gives the rows their rates since the reading before, and remembers this one. */
void plist_add_rates(struct plist *list, struct plist_marks *marks);

#endif
