/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_MODEL_LAB_VIEW_H
#define PAGEWALK_MODEL_LAB_VIEW_H

#include "base/why.h"
#include "model/cache.h"
#include "model/calls.h"
#include "model/lab_measure.h"
#include "model/lane_setup.h"
#include "model/proof.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * What the lab shows at one moment: made by the coordinator, never changed once it is
 * published, shared by reference count. Screens and reports need nothing else.
 */
enum lane_state {
	LANE_PREPARING, /* its file is being written or brought to the wanted residency */
	LANE_READY,
	LANE_RUNNING,
	LANE_PAUSED,
	LANE_DONE,        /* all bytes sent and received; hash_state says whether they were right */
	LANE_FAILED,      /* `error` says why */
	LANE_UNAVAILABLE, /* this mode cannot run here; `error` says why */
	NR_LANE_STATE,
};

enum hash_state {
	HASH_PENDING,
	HASH_EQUAL, /* the sink's XXH3 is that of the file */
	HASH_DIFFERS,
	HASH_NOT_ASKED,  /* the lane was set up without verifying */
	HASH_IMPOSSIBLE, /* this sink does not see the bytes */
};

/* CPU time, faults and calls of one process of a lane, as far as it has got. */
struct lane_side {
	pid_t pid;                   /* 0 before it is started */
	enum why why;                /* why the figures below are unknown, or WHY_OK */
	uint64_t user_ns, system_ns; /* to the tick while it runs, exact in the end */
	uint64_t cpu_ns;             /* both, not rounded to the tick */
	uint64_t minflt, majflt;
	enum why why_perf; /* of the next two: what perf counted, known once it has reported */
	uint64_t perf_minflt, perf_majflt;
	enum why why_switches;   /* the next two are known once it has reported */
	uint64_t nvcsw, nivcsw;  /* voluntary and involuntary context switches */
	uint64_t calls;          /* transfer system calls, counted by the actor itself; exact */
	uint64_t kinds[NR_CALL]; /* the same by kind */
	uint64_t copied_bytes;   /* copied by its calls into or out of user memory, or there */
};

/*
 * What the last single step moved: one buffer, from where the sender stood. The sender's
 * counts are exact; what is received is so up to this view.
 */
struct lane_step {
	unsigned nr;  /* steps made since the start; 0: none, and nothing below counts */
	bool pending; /* ordered, not yet made */
	bool last;    /* nothing else has moved since: received_bytes follows */
	uint64_t moved_bytes;
	uint64_t calls, copied_bytes, minflt, majflt; /* of the sender */
	enum why why_queued;
	uint64_t queued_bytes; /* in the sender's socket as the call returned */
	enum why why_cache;    /* of the page cache's figures */
	uint64_t cached_before_pages, cached_pages;
	uint64_t received_bytes;
};

struct lane_view {
	struct lane_setup setup;
	enum lane_state state;
	enum hash_state hash_state;
	uint64_t size_bytes;
	uint64_t sent_bytes, received_bytes;
	uint64_t elapsed_ns; /* of sending, pauses left out; up to the sink's answer once done */
	uint64_t rate_bytes_per_s; /* over the last second while it runs, else the mean */
	uint64_t buffer_bytes;     /* one step: buffer that the mode uses */
	/* Completions that the kernel sent for MSG_ZEROCOPY or SEND_ZC, once done. */
	uint64_t nr_completions, nr_copied_completions;
	struct lane_step step;
	struct lane_side sender, sink;
	struct cache_info cache; /* of the lane's file by offset */
	bool start_verified;     /* the residency asked for was verified before the start */
	uint64_t start_cached_pages, start_pages;
	char congestion[24]; /* of the sender's connection, safe to draw; "": it has none */
	char path[256];      /* the lane's file, safe to draw */
	char error[160];     /* of LANE_FAILED and LANE_UNAVAILABLE */
	char note[160];      /* where the kernel took another way than asked for, else empty */
};

enum lab_phase {
	LAB_PREPARING, /* files are written; progress below */
	LAB_READY,
	LAB_RUNNING,
	LAB_PAUSED,
	LAB_DONE,      /* every lane is done or failed */
	LAB_FAILED,    /* `error` says why nothing can run */
	LAB_MEASURING, /* no lane has processes; `measure` says how far it is */
	LAB_MEASURED,  /* it has ended, one way or other */
	NR_LAB_PHASE,
};

/* What a user may tell the lab to do; `arg` goes with the command. */
enum lab_command {
	LAB_CMD_START, /* or go on after a pause */
	LAB_CMD_PAUSE,
	LAB_CMD_RESTART, /* arg: enum lab_start; senders are replaced, files brought back */
	LAB_CMD_PACE,    /* arg: bytes per second, 0: full speed */
	LAB_CMD_CELLS,   /* arg: how many cells each lane's file map shall have */
	LAB_CMD_STEP,    /* arg: the lane that moves by one buffer, or LAB_ALL_LANES */
	LAB_CMD_MODES,   /* arg: bits of enum transfer_mode; lanes come and go */
	LAB_CMD_MEASURE, /* arg: enum lab_start; ends what runs, then the benchmark's rounds */
	LAB_CMD_STOP,    /* ends the measurement; what is measured stays to be seen */
	LAB_CMD_WATCH,   /* from measuring back to the lanes */
	NR_LAB_CMD,
};

#define LAB_ALL_LANES UINT64_MAX

#define LAB_MAX_LANES 16

struct lab_view {
	atomic_uint refs;
	uint64_t taken_mono_ns;
	enum lab_phase phase;
	enum lab_start start;
	uint64_t size_bytes;
	uint64_t pace_bytes_per_s; /* of each lane; 0: full speed */
	uint64_t prepared_bytes, prepare_total_bytes;
	char doing[96];   /* while preparing: what is being done now */
	char error[200];  /* of LAB_FAILED */
	char notice[120]; /* what a command could not do; "" where it could */
	/* Each mode on the sink's kind of socket, by enum transfer_mode; NR_MODE of them. */
	bool proved;
	struct lab_proof proofs[NR_MODE];
	struct lab_measure measure;
	size_t nr_lanes;
	struct lane_view lanes[LAB_MAX_LANES];
};

struct lab_view *lab_view_new(void);
struct lab_view *lab_view_ref(struct lab_view *view);
void lab_view_unref(struct lab_view *view);
/* "preparing", "ready", "running", ... */
const char *lane_state_name(enum lane_state state);
/* "pending", "equal", "differs", "not asked", "impossible" */
const char *hash_state_name(enum hash_state state);
/* True where no lane in this state will ever do anything more. */
bool lane_state_is_final(enum lane_state state);

#endif
