/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_LAB_WIRE_H
#define PAGEWALK_LAB_WIRE_H

#include "model/calls.h"
#include "model/lane_setup.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What the coordinator and an actor say to each other: fixed-size messages, one to a
 * packet, over an AF_UNIX SOCK_SEQPACKET pair (unix(7)), and one shared page of counters
 * that the coordinator reads without disturbing the actor.
 *
 *	coordinator		sink			sender
 *	LISTEN sink	->
 *			<-	LISTENING port
 *	PREPARE port, sizes			->
 *			<-				READY its port, framing
 *	PEER port	->
 *			<-	ACCEPTED
 *	START (if held)	->
 *	START, PAUSE, PACE, STEP		->
 *			<-				STEPPED bytes, queue (one for each STEP)
 *			<-				SENT
 *			<-	RECEIVED hash
 *
 * Either actor may send FAILED at any time; it ends on end of file of the socket. A sender
 * whose mode cannot run here answers PREPARE by UNAVAILABLE.
 */
#define WIRE_MAGIC   UINT32_C(0x50574c42)
#define WIRE_VERSION 4

/* Descriptors that an actor is started with. */
#define WIRE_CONTROL_FD  3
#define WIRE_PROGRESS_FD 4
#define WIRE_SOCKET_FD   5 /* WIRE_GIVEN: the connection, already made; tidy: a directory */

enum wire_type {
	WIRE_LISTEN,
	WIRE_LISTENING,
	WIRE_PREPARE,
	WIRE_READY,
	WIRE_PEER,
	WIRE_ACCEPTED,
	WIRE_START, /* or go on */
	WIRE_PAUSE,
	WIRE_PACE,
	WIRE_STEP, /* of one that does not run: to the end of the buffer at hand */
	WIRE_STEPPED,
	WIRE_SENT,
	WIRE_RECEIVED,
	WIRE_FAILED,
	WIRE_UNAVAILABLE,
	WIRE_DISMISS, /* to tidy: the run has ended by itself */
	NR_WIRE,
};

/*
 * How a payload lies in the stream. RAW: nothing but the file's bytes. FRAMED: a
 * struct wire_frame before each buffer, which the sink checks and leaves out of the hash.
 * ASIDE: nothing comes through the stream but its end; the bytes are in the sink's file.
 */
enum wire_framing {
	WIRE_RAW,
	WIRE_FRAMED,
	WIRE_ASIDE,
	NR_WIRE_FRAMING,
};

struct wire_frame {
	uint32_t magic;
	uint32_t len_bytes; /* of the payload that follows */
	uint64_t off_bytes; /* of that payload in the file */
};

/*
 * getrusage(2) of an actor, as a difference since it was ready or as a base, and what perf
 * counted in the same time (WIRE_COUNT).
 */
struct wire_usage {
	uint64_t user_ns, system_ns;
	uint64_t minflt, majflt;
	uint64_t nvcsw, nivcsw;
	uint64_t perf_minflt, perf_majflt;
	uint64_t perf_why; /* enum why of these two; 0 is WHY_OK */
};

#define WIRE_TEXT 120

/* Of wire_message.flags. */
#define WIRE_VERIFY    UINT32_C(1)  /* LISTEN: hash what comes */
#define WIRE_HOLD      UINT32_C(2)  /* LISTEN: receive nothing before START */
#define WIRE_HASHED    UINT32_C(4)  /* RECEIVED: `hash` was made */
#define WIRE_GIVEN     UINT32_C(8)  /* PREPARE: send into WIRE_SOCKET_FD; `port` is not used */
#define WIRE_COUNT     UINT32_C(16) /* LISTEN, PREPARE: let perf count the faults, too */
#define WIRE_ALL_FLAGS UINT32_C(31)

/*
 * What stands for an address: a TCP port of 127.0.0.1, or one more than the number that the
 * kernel chose as an abstract AF_UNIX address (five hexadecimal digits: unix(7), autobind).
 */
#define WIRE_MAX_PORT UINT32_C(0x100000)

struct wire_message {
	uint32_t magic;
	uint16_t version;
	uint16_t type;      /* enum wire_type */
	uint32_t len_bytes; /* of the whole message: always sizeof(struct wire_message) */
	uint32_t port;      /* LISTENING, PREPARE: the sink's; READY, PEER: the sender's */
	uint32_t framing;   /* READY, PEER: enum wire_framing */
	uint32_t sink;      /* LISTEN, PREPARE: enum sink_kind */
	uint32_t flags;
	uint32_t buffer_bytes; /* PREPARE: the sender's, LISTEN: the sink's; 0: as it has it */
	uint32_t window_bytes; /* PREPARE; 0: as the mode has it */
	int32_t err;           /* FAILED, or STEPPED without a queue: a positive errno */
	uint64_t size_bytes;   /* PREPARE: of the payload; READY: of one buffer; others: moved */
	uint64_t pace_bytes_per_s; /* PREPARE, PACE: 0 is full speed */
	uint64_t queued_bytes;     /* STEPPED: in the socket as the last call returned (SIOCOUTQ) */
	uint64_t hash;             /* RECEIVED: XXH3, 64 bits, of the payload */
	/* SENT: completions of MSG_ZEROCOPY or SEND_ZC, and those of them that say COPIED. */
	uint64_t nr_completions, nr_copied_completions;
	uint64_t finished_ns; /* RECEIVED: CLOCK_MONOTONIC at the end of the stream */
	struct wire_usage
		usage; /* READY, ACCEPTED: the base; SENT, RECEIVED: since then; STEPPED: of it */
	/* FAILED, UNAVAILABLE: what and why; READY: the congestion control. NUL-terminated */
	char text[WIRE_TEXT];
};

/* The shared page. Each field has one writer; a reader may see them a moment apart. */
struct wire_progress {
	_Atomic uint64_t bytes;          /* payload sent or received */
	_Atomic uint64_t calls[NR_CALL]; /* transfer system calls made, by kind */
	_Atomic uint64_t copied_bytes;   /* by them, into or out of user memory, or within it */
	_Atomic uint64_t started_ns;     /* CLOCK_MONOTONIC of the sender's START; 0 before */
	_Atomic uint64_t paused_ns;      /* length of all pauses that have ended */
	_Atomic uint64_t pause_began_ns; /* of a pause that lasts; 0: none */
	_Atomic uint64_t window_addr;    /* the buffer or mapping in use, in the actor's space */
	_Atomic uint64_t doorbell; /* written by the coordinator: one more with each message */
};

/* A message of this type, the rest zero. */
struct wire_message wire_message_make(enum wire_type type);
/*
 * Takes `len_bytes` that came from outside for a message: 0, or -EPROTO where its length,
 * magic, version, type or a bounded field is not as it must be; *out is set only on 0.
 */
int wire_check(const void *bytes, size_t len_bytes, struct wire_message *out);
/* Sends without ever blocking. 0, -EPIPE when the other end is gone, or -errno. */
int wire_send(int fd, const struct wire_message *message);
/*
 * Waits for a message up to timeout_ns (negative: for ever). 1 with a checked message, 0
 * after the time, -EPIPE on end of file, -EPROTO for garbage, or -errno.
 */
int wire_receive(int fd, int64_t timeout_ns, struct wire_message *out);

#endif
