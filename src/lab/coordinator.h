/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_LAB_COORDINATOR_H
#define PAGEWALK_LAB_COORDINATOR_H

#include "lab/lab.h"
#include "lab/lane.h"
#include "lab/rundir.h"

#include <pthread.h>

struct lab_order {
	enum lab_command command;
	uint64_t arg;
};

/*
 * The inside of the lab, shared by coordinator.c (the thread and its doors) and conduct.c
 * (what is done in which phase). Below `mutex` stands what both sides of the door touch;
 * all the rest belongs to the thread once it runs.
 */
struct lab {
	const struct host *host;
	struct run_dir *run;
	int source_fd;           /* the file to copy, or -1 */
	char *actor_path, *dir;  /* the latter may be NULL */
	struct lane_setup setup; /* of a new lane, but for its mode */
	bool keep, one_at_a_time, start_at_once;
	unsigned rounds; /* of a measurement */

	pthread_t thread;
	atomic_bool cancel; /* lab_free() has been called */
	atomic_bool stop;   /* so, or an order came that ends a measurement */
	int event_fd;       /* counts views; the reader's */
	int order_fd;       /* counts orders; the thread's */

	pthread_mutex_t mutex;
	struct lab_view *newest;
	struct lab_order *orders;
	size_t nr_orders, orders_room;

	enum lab_phase phase;
	enum lab_start start;
	uint64_t size_bytes, pace_bytes_per_s;
	uint64_t prepared_bytes, prepare_total_bytes;
	uint64_t published_ns;
	uint64_t stepped_ns; /* of the last single step; 0: none */
	size_t nr_cells;
	char doing[sizeof(((struct lab_view *)NULL)->doing)];
	char error[sizeof(((struct lab_view *)NULL)->error)];
	char notice[sizeof(((struct lab_view *)NULL)->notice)];
	bool proved;
	struct lab_proof proofs[NR_MODE];
	struct lab_measure measure;
	unsigned nr_files; /* made so far: they are numbered */
	size_t nr_lanes;
	struct lane lanes[LAB_MAX_LANES];
};

/* Makes a view of the state as it is and gives it to whoever looks. */
void lab_publish(struct lab *lab);

/* Writes the lanes' files. 0, -ECANCELED, or -errno with the phase LAB_FAILED. */
int lab_prepare_files(struct lab *lab);
/* Ends old processes, starts new ones, brings the files to lab->start: LAB_READY. */
void lab_raise(struct lab *lab);
/* Proves the copies of every mode once; what could not be found out says why. */
void lab_prove_once(struct lab *lab);
/* Lanes for these modes (bits) and no others, each with a file; ends in LAB_READY. */
void lab_set_modes(struct lab *lab, uint64_t modes);
/* Ends what runs and measures, until it is done or lab->stop is set. */
void lab_measure(struct lab *lab, enum lab_start start);
/*
 * Called before a measurement begins: lab->stop is as the orders that wait want it. True
 * where one of them, or lab_free(), ends it before it has begun.
 */
bool lab_arm_stop(struct lab *lab);
void lab_obey(struct lab *lab, const struct lab_order *order);
/* After lanes have changed state: starts the next one, or ends the run. */
void lab_advance(struct lab *lab);
/* Brings the figures of all lanes up to date; `all_caches` looks at each file anyway. */
void lab_sample(struct lab *lab, bool all_caches);

#endif
