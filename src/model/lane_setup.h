/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_MODEL_LANE_SETUP_H
#define PAGEWALK_MODEL_LANE_SETUP_H

#include "model/modes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What a lane is asked to be: how the bytes are sent, where they go, and how large the
 * parts are. Given to the lane, told to its two processes (lab/wire.h), and shown.
 */
enum sink_kind {
	SINK_MEMORY,  /* recv(2) into a buffer, over TCP */
	SINK_DISCARD, /* recv(2) with MSG_TRUNC: dropped unread, over TCP */
	SINK_DISK,    /* recv(2), then write(2) to a file and fdatasync(2), over TCP */
	SINK_UNIX,    /* as memory, over an AF_UNIX stream */
	NR_SINK,
};

enum transport {
	TRANSPORT_TCP,  /* 127.0.0.1 */
	TRANSPORT_UNIX, /* AF_UNIX, SOCK_STREAM, abstract address */
	NR_TRANSPORT,
};

struct sink_info {
	const char *key;   /* "memory": on the command line and in JSON */
	const char *calls; /* "recv(2)" */
	enum transport transport;
	unsigned copies; /* by the receiver's CPU, per byte */
	bool can_verify; /* the bytes can be hashed; else `says` tells why not */
	const char *says;
};

enum lab_start {
	LAB_COLD, /* the file is evicted, and verified so */
	LAB_HOT,  /* it is read in, and verified so */
};

struct lane_setup {
	enum transfer_mode mode;
	enum sink_kind sink;
	bool verify; /* the sink hashes what it receives (XXH3); never while a speed is measured */
	uint32_t buffer_bytes;  /* one step of the sender; 0: as the mode has it */
	uint32_t window_bytes;  /* of modes that map the file; 0: as the mode has it */
	uint32_t receive_bytes; /* the sink's buffer; 0: SETUP_RECEIVE_BYTES */
};

#define SETUP_RECEIVE_BYTES    (256 * 1024)
#define SETUP_MIN_BUFFER_BYTES 512
#define SETUP_MAX_BUFFER_BYTES (64 * 1024 * 1024)
#define SETUP_MAX_WINDOW_BYTES (1024 * 1024 * 1024)
/* Windows begin at multiples of it: a multiple of every page size that Linux has. */
#define SETUP_WINDOW_UNIT 65536

const struct sink_info *sink_info(enum sink_kind sink);
/* The sink called `key`; false where there is none. */
bool sink_by_key(const char *key, enum sink_kind *sink);
/* "tcp 127.0.0.1", "unix stream" */
const char *transport_name(enum transport transport);
/* True where a size is 0 or lies within its bounds. */
bool setup_buffer_fits(uint64_t buffer_bytes);
bool setup_window_fits(uint64_t window_bytes);
/*
 * True where such a lane can be tried at all; else one line in why[room]: a size out of
 * bounds, or a mode and a sink that do not go together. What this machine can do is
 * found out by the lane itself.
 */
bool setup_is_possible(const struct lane_setup *setup, char *why, size_t room);

#endif
