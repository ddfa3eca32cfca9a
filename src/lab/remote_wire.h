/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_LAB_REMOTE_WIRE_H
#define PAGEWALK_LAB_REMOTE_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What `pagewalk bench --connect` and `pagewalk sink` say to each other over TCP. One
 * connection carries one transfer, so that a single port has to be open:
 *
 *	bench			sink
 *	REQUEST		->
 *			<-	REPLY		accepted, or refused and why
 *	the payload	->			exactly as many bytes as were asked for
 *			<-	RECEIPT		what came: bytes, hash, time, CPU
 *
 * Each message has the same fixed length and is in network byte order, so the two ends may
 * be of different machines. The payload is what the transfer mode sends, framed
 * or not (lab/wire.h).
 */
#define REMOTE_MAGIC   UINT32_C(0x50575242)
#define REMOTE_VERSION 1
#define REMOTE_BYTES   256 /* of a message on the wire */
#define REMOTE_TEXT    128
#define REMOTE_PORT    9090

/* No sink takes more than this at once, whatever it is told (and it may be told less). */
#define REMOTE_MOST_BYTES        (UINT64_C(1) << 44)
#define REMOTE_MOST_BUFFER_BYTES (UINT64_C(1) << 26)

enum remote_type {
	REMOTE_REQUEST,
	REMOTE_REPLY,
	REMOTE_RECEIPT,
	NR_REMOTE_TYPE,
};

enum remote_sink {
	REMOTE_MEMORY,  /* recv(2) into a buffer */
	REMOTE_DISCARD, /* recv(2) with MSG_TRUNC: not even copied */
	REMOTE_DISK,    /* into a file below --output-dir, fdatasync(2) within the time */
	NR_REMOTE_SINK,
};

enum remote_status {
	REMOTE_OK,
	REMOTE_TOO_LARGE,
	REMOTE_BUSY,
	REMOTE_UNWILLING, /* no such sink here; the text says why */
	REMOTE_BROKEN,    /* receiving failed; the text says how */
	NR_REMOTE_STATUS,
};

struct remote_message {
	enum remote_type type;
	enum remote_status status; /* REPLY, RECEIPT */
	/* REQUEST */
	enum remote_sink sink;
	bool framed, verify;   /* verify: hash the payload (XXH3, 64 bits) */
	uint64_t buffer_bytes; /* to receive into; 0: the sink's choice */
	/* REQUEST: of the payload; REPLY: the most that is taken; RECEIPT: that came */
	uint64_t size_bytes;
	/* RECEIPT */
	bool has_hash;
	uint64_t hash;
	uint64_t elapsed_ns; /* from the first byte to the last, or to its being on disk */
	uint64_t user_ns, system_ns;
	uint64_t minflt, majflt;
	uint64_t voluntary, involuntary; /* context switches */
	uint64_t calls;
	char text[REMOTE_TEXT]; /* why not; NUL-terminated printable ASCII */
};

/* A message of this type, the rest zero. */
struct remote_message remote_message_make(enum remote_type type);
void remote_encode(const struct remote_message *message, unsigned char out[REMOTE_BYTES]);
/*
 * Takes `len_bytes` from the network for a message: 0, or -EPROTO where its length, magic,
 * version or type or any bounded field is not as it must be; *out is set only on 0. A
 * peer of another version is -EPROTONOSUPPORT.
 */
int remote_decode(const unsigned char *bytes, size_t len_bytes, struct remote_message *out);
/* "memory", "discard", "disk" */
const char *remote_sink_name(enum remote_sink sink);

#endif
