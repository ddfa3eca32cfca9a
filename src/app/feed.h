/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_APP_FEED_H
#define PAGEWALK_APP_FEED_H

#include "kernel/host.h"
#include "kernel/launch.h"
#include "kernel/proc.h"
#include "lab/lab.h"
#include "model/config.h"
#include "ui/screen.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * A screen and what feeds it: the worker that reads in a thread of its own, and the way
 * between the two. The app knows nothing else of any screen, so to add one is to add a
 * file feed_NAME.c and a line in feeds.c. All functions are called by the app's thread and
 * return at once.
 */
struct feed;
struct fault_worker;
struct learn_config;

struct feed_ops {
	/* A descriptor that becomes readable when the worker has something new; -1: none. */
	int (*event_fd)(const struct feed *feed);
	/* Clears the event and hands the newest to the screen. True: there was something. */
	bool (*take)(struct feed *feed);
	/* Tells the worker what the screen wants at this size; may be NULL. */
	void (*request)(struct feed *feed, const struct theme *theme, int columns, int rows);
	/* It comes to the front, or leaves it; may be NULL. */
	void (*show)(struct feed *feed, bool shown);
	/*
	 * Takes an action that its screen gave and that is not the app's own; may be NULL.
	 * False where it knows none such.
	 */
	bool (*act)(struct feed *feed, const struct action *action);
	/* Notes what of the screen's state is a setting that can be saved; may be NULL. */
	void (*save)(const struct feed *feed, struct config *config);
	/* Ends the worker and frees the screen. */
	void (*free)(struct feed *feed);
};

/* The first member of every feed's own struct. */
struct feed {
	const struct feed_ops *ops;
	struct screen *screen;
};

/* What a feed is made of. */
struct feed_context {
	const struct host *host;
	uint64_t period_ns;          /* between samples */
	const struct config *config; /* how screens begin */
	/* The process that is watched, borrowed; NULL: none. A feed makes its own by proc_clone(). */
	const struct proc *proc;
	struct fault_worker
		*faults; /* of that process, borrowed; it watches once a screen begins */
	const struct action *action; /* that asked for the screen; NULL: a number key */
	const char *filter;          /* of the list of processes; may be NULL */
	const struct lab_config *lab;
	const struct learn_config *learn; /* NULL: as by the number key */
	struct launch *launch;            /* the command that was started, borrowed; NULL: none */
	char *error;                      /* where a failure is said in one line */
	size_t error_room;
};

/* The places that a screen can have: the list of processes, and those of the number keys. */
enum place {
	PLACE_PICK,
	PLACE_MAP,
	PLACE_FAULTS,
	PLACE_OBJECTS,
	PLACE_CACHE,
	PLACE_FRAMES,
	PLACE_LAB,
	PLACE_LEARN,
	PLACE_OUTPUT, /* of the command that was started: no number key, but O */
	NR_PLACE,
};

/* How a place is filled. */
struct feed_kind {
	/* 0 and a new feed, or -errno with context->error written. NULL: no such screen. */
	int (*open)(const struct feed_context *context, struct feed **out);
	bool of_process; /* it shows the process that is watched, and ends with it */
	bool is_free;    /* it can be opened without a process, too */
};

extern const struct feed_kind feed_kinds[NR_PLACE];

int feed_map_open(const struct feed_context *context, struct feed **out);
int feed_faults_open(const struct feed_context *context, struct feed **out);
int feed_cache_open(const struct feed_context *context, struct feed **out);
int feed_lab_open(const struct feed_context *context, struct feed **out);
int feed_learn_open(const struct feed_context *context, struct feed **out);
int feed_output_open(const struct feed_context *context, struct feed **out);
int feed_objects_open(const struct feed_context *context, struct feed **out);
int feed_pick_open(const struct feed_context *context, struct feed **out);

#endif
