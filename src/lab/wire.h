/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_LAB_WIRE_H
#define PAGEWALK_LAB_WIRE_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What the coordinator and an actor say to each other: fixed-size messages, one to a
 * packet, over an AF_UNIX SOCK_SEQPACKET pair (unix(7)), and one shared page of counters
 * that the coordinator reads without disturbing the actor.
 *
 *	coordinator		sink			sender
 *	LISTEN		->
 *			<-	LISTENING port
 *	PREPARE port				->
 *			<-				READY its port, framing
 *	PEER port	->
 *			<-	ACCEPTED
 *	START, PAUSE, PACE			->
 *			<-				SENT
 *			<-	RECEIVED hash
 *
 * Either actor may send FAILED at any time; it ends on end of file of the socket.
 */
#define WIRE_MAGIC   UINT32_C(0x50574c42)
#define WIRE_VERSION 1

/* Descriptors that an actor is started with. */
#define WIRE_CONTROL_FD  3
#define WIRE_PROGRESS_FD 4

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
	WIRE_SENT,
	WIRE_RECEIVED,
	WIRE_FAILED,
	NR_WIRE,
};

/*
 * How a payload lies in the TCP stream. RAW: nothing but the file's bytes. FRAMED: a
 * struct wire_frame before each buffer, which the sink checks and leaves out of the hash.
 */
enum wire_framing {
	WIRE_RAW,
	WIRE_FRAMED,
	NR_WIRE_FRAMING,
};

struct wire_frame {
	uint32_t magic;
	uint32_t len_bytes; /* of the payload that follows */
	uint64_t off_bytes; /* of that payload in the file */
};

/* getrusage(2) of an actor, as a difference since it was ready or as a base. */
struct wire_usage {
	uint64_t user_ns, system_ns;
	uint64_t minflt, majflt;
};

#define WIRE_TEXT 120

struct wire_message {
	uint32_t magic;
	uint16_t version;
	uint16_t type;      /* enum wire_type */
	uint32_t len_bytes; /* of the whole message: always sizeof(struct wire_message) */
	uint32_t port;      /* LISTENING, PREPARE: the sink's; READY, PEER: the sender's */
	uint32_t framing;   /* READY, PEER: enum wire_framing */
	int32_t err;        /* FAILED: a positive errno */
	uint64_t
		size_bytes; /* PREPARE, PEER: of the payload; READY: of one buffer; SENT, RECEIVED */
	uint64_t pace_bytes_per_s; /* PREPARE, PACE: 0 is full speed */
	uint64_t hash;             /* RECEIVED: XXH3, 64 bits, of the payload */
	uint64_t calls;            /* SENT, RECEIVED */
	uint64_t finished_ns;      /* RECEIVED: CLOCK_MONOTONIC at the end of the stream */
	struct wire_usage usage;   /* READY, ACCEPTED: the base; SENT, RECEIVED: since then */
	char text[WIRE_TEXT];      /* FAILED: what failed; NUL-terminated */
};

/* The shared page. Each field has one writer; a reader may see them a moment apart. */
struct wire_progress {
	_Atomic uint64_t bytes;          /* payload sent or received */
	_Atomic uint64_t calls;          /* transfer system calls made */
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
