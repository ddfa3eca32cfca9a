/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_LAB_LANE_H
#define PAGEWALK_LAB_LANE_H

#include "kernel/filecache.h"
#include "kernel/proc.h"
#include "lab/spawn.h"
#include "model/lab_view.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

enum lane_part {
	LANE_SENDER,
	LANE_SINK,
	NR_LANE_PART,
};

#define LANE_RATE_SAMPLES 32

/* One half of a lane: the process, and how it is observed. */
struct lane_half {
	struct actor actor;
	struct proc *proc;      /* observed like any PID; NULL where that is refused */
	struct wire_usage base; /* what it had used before the transfer began */
	bool reported;          /* its own final figures are in the view */
};

/* How things stood right before a single step. */
struct lane_step_base {
	uint64_t calls, copied_bytes, sent_bytes;
};

/* A moment of a running transfer, for the rate. */
struct lane_sample {
	uint64_t elapsed_ns, bytes;
};

/* One lane: a file, a sender, a sink, and what is known of them. One thread's only. */
struct lane {
	struct lane_view view; /* as published, but that `cache` is owned here */
	const struct host *host;
	char *path;
	dev_t dev; /* which file that is */
	ino_t ino;
	int file_fd;       /* for eviction and reading in; never read while the lane runs */
	char *target_path; /* of the file that the disk sink writes; NULL with other sinks */
	uint64_t hash, received_hash; /* XXH3 of the file, and what the sink says */
	bool hashed;                  /* received_hash was made */
	bool hold;                    /* the sink receives nothing before lane_let_receive() */
	bool count_faults;            /* by perf too: two more descriptors in each process */
	struct filecache *cache;
	struct lane_half halves[NR_LANE_PART];
	uint64_t finished_ns;
	uint64_t next_cache_ns; /* when the file's cache may be looked at again */
	struct lane_step_base step_base;
	struct lane_sample samples[LANE_RATE_SAMPLES];
	size_t nr_samples;
};

/*
 * A lane without file or processes; lane_clear() ends it. The setup is copied to
 * lane->view.setup, and may be changed there until lane_raise() (a round that verifies).
 */
void lane_init(struct lane *lane, const struct host *host, const struct lane_setup *setup);
/* Frees what it owns; its processes must have been ended. */
void lane_clear(struct lane *lane);
/*
 * Gives it its finished file; a disk sink writes PATH with ".bin" replaced by
 * "-received.bin". 0 or -errno.
 */
int lane_set_file(struct lane *lane, const char *path, uint64_t size_bytes, uint64_t hash);

/*
 * Back to LANE_PREPARING with no figures; its processes must have been ended. Removes
 * what its disk sink has written.
 */
void lane_reset(struct lane *lane);
/*
 * Whether the name still stands for the file that the lane has open, and that one has its size:
 * true, or false with one clause in why[room].
 */
bool lane_file_is_as_it_was(const struct lane *lane, char *why, size_t room);
/* What the sender says of itself when it is ready. */
void lane_take_ready(struct lane *lane, const struct wire_message *ready);
/*
 * Starts sink and sender and brings them together. Afterwards it waits for lane_go() in
 * LANE_READY, or is LANE_FAILED, or LANE_UNAVAILABLE where this mode cannot run here. Gives up
 * once *cancel is true.
 */
void lane_raise(struct lane *lane, const char *actor_path, uint64_t pace_bytes_per_s,
		const atomic_bool *cancel);
/* Brings the file to the wanted residency and notes what was found; may fail the lane. */
void lane_reach(struct lane *lane, enum lab_start wanted, const atomic_bool *cancel);
/* Starts, or goes on after a pause. Lanes in other states are left alone; so below. */
void lane_go(struct lane *lane);
void lane_pause(struct lane *lane);
/*
 * Moves a lane that is ready or paused by one buffer; it is paused afterwards, or runs to its
 * end where that was the last one. The file's map is looked at before and after (lane_step.c).
 */
void lane_step(struct lane *lane, size_t nr_cells);
/* Takes the sender's answer (WIRE_STEPPED). */
void lane_take_step(struct lane *lane, const struct wire_message *answer);
/* Brings what has been received of the last step up to date. */
void lane_follow_step(struct lane *lane);
/* Sends the half an order. 0, or -1 when the lane has been failed. */
int lane_tell(struct lane *lane, enum lane_part part, const struct wire_message *message);
/* Lets a sink that is held back (lane->hold) receive. */
void lane_let_receive(struct lane *lane);
void lane_set_pace(struct lane *lane, uint64_t bytes_per_s);
/* Reads what one half has sent; its control socket is readable. */
void lane_hear(struct lane *lane, enum lane_part part);
/* True while something can come from this half. */
bool lane_can_hear(const struct lane *lane, enum lane_part part);
/* Ends the processes of all lanes together. */
void lanes_end(struct lane *lanes, size_t nr);
/* LANE_FAILED with this text; ends its processes. A lane that has ended is left as it is. */
void lane_fail(struct lane *lane, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Brings bytes, calls, faults, CPU, elapsed time and rate up to date (lane_sample.c). */
void lane_sample(struct lane *lane);
/*
 * Looks at the file's page cache unless the last look was so dear that it would take more
 * than one part in `thrift` of the time; 0: always.
 */
void lane_sample_cache(struct lane *lane, size_t nr_cells, unsigned thrift);
/* Takes the final report of a half (WIRE_SENT, WIRE_RECEIVED). */
void lane_take_report(struct lane *lane, enum lane_part part, const struct wire_message *report);
/* Fills *out with a copy that cache_info_clear(&out->cache) frees. */
void lane_copy_view(const struct lane *lane, struct lane_view *out);

#endif
