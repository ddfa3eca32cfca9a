/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_LAB_SINK_WAYS_H
#define PAGEWALK_LAB_SINK_WAYS_H

#include "kernel/fault_count.h"
#include "lab/wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

/* What a sink has received so far, and where it puts it. */
struct sink {
	const struct sink_way *way;
	int control_fd, socket_fd;
	int file_fd; /* of the disk sink, else -1 */
	struct wire_progress *progress;
	struct wire_usage base;
	struct fault_count count;
	enum wire_framing framing;
	XXH3_state_t *hash; /* NULL: nothing is hashed */
	char *buffer;
	size_t buffer_bytes;
	uint64_t payload_bytes;
	struct wire_frame frame;   /* the one that is being received */
	size_t frame_bytes;        /* of it that have come */
	uint64_t frame_left_bytes; /* of its payload */
};

/* One kind of sink. */
struct sink_way {
	/* Receives once. The bytes of the stream, 0 at its end, or -errno. */
	ssize_t (*receive)(struct sink *sink);
	/* After the end of the stream, still within the timing; NULL: nothing. 0 or -errno. */
	int (*finish)(struct sink *sink);
	/* Hashes what is kept, after the timing; NULL: the hash is made on the way. */
	int (*read_back)(struct sink *sink);
};

const struct sink_way *sink_way(enum sink_kind kind);

#endif
