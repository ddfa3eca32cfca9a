/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_LAB_LAB_H
#define PAGEWALK_LAB_LAB_H

#include "kernel/host.h"
#include "model/lab_view.h"

#include <stddef.h>
#include <stdint.h>

/*
 * The coordinator of the lab: prepares a file for each lane, starts a sender and a sink
 * process (pagewalk-actor) for each, brings the files to the wanted residency and verifies
 * it, tells the senders when to go, and publishes what it sees. It works in a thread of
 * its own; every function below returns at once but for lab_free().
 */
struct lab;

struct lab_config {
	const char *file; /* copied for each lane; NULL: generate size_bytes */
	uint64_t size_bytes;
	uint64_t pace_bytes_per_s; /* 0: full speed */
	const char *dir;           /* where the lanes' files go; NULL: $XDG_CACHE_HOME/pagewalk */
	bool keep;                 /* leave the files behind */
	bool one_at_a_time;        /* lanes run one after the other (the table), not together */
	bool start_at_once;        /* run as soon as everything is ready */
	enum lab_start start;
	unsigned rounds;         /* of a measurement; 0: MEASURE_ROUNDS */
	const char *actor_path;  /* of pagewalk-actor */
	struct lane_setup setup; /* of every lane, but for its mode */
	size_t nr_modes;
	enum transfer_mode modes[LAB_MAX_LANES];
};

/*
 * Checks the configuration (the file, the directory, free space), then starts the
 * thread. 0, or -errno with one line in error[error_room]. The host must outlive it.
 */
int lab_new(const struct host *host, const struct lab_config *config, struct lab **out, char *error,
	    size_t error_room);
/* Ends every process, waits for them, and removes the files unless they are to be kept. */
void lab_free(struct lab *lab);
void lab_command(struct lab *lab, enum lab_command command, uint64_t arg);
/* The newest view; the caller unrefs it. */
struct lab_view *lab_view_get(struct lab *lab);
/* An eventfd(2) that becomes readable with each new view; the reader clears it. */
int lab_event_fd(const struct lab *lab);

#endif
