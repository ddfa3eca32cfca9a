/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * traditional: read(2) into a heap buffer, write(2) to the socket. The way of a byte:
 *
 *   disk -> page cache		the device by DMA, at readahead's or read's request; no CPU copy
 *   page cache -> heap buffer	the sender's CPU inside read(2): copy 1
 *   heap buffer -> socket	the sender's CPU inside write(2), into fresh socket buffers: copy 2
 *   socket -> receiver		on loopback the same socket buffers are handed over; no copy
 *
 * The buffer comes from malloc(3), below its mmap threshold unless a larger one is asked
 * for, so it lies in [heap].
 */
#include "lab/transfer.h"

#include <errno.h>
#include <stdlib.h>

#define BUFFER_BYTES (64 * 1024)

struct traditional {
	char *buffer;
	size_t from, to; /* the part of the buffer that is not yet sent */
};

static int traditional_open(struct transfer *transfer)
{
	struct traditional *own = calloc(1, sizeof(*own));

	if (!own)
		return -ENOMEM;
	transfer->own = own;
	own->buffer = malloc(transfer->buffer_bytes);
	if (!own->buffer)
		return -ENOMEM;
	transfer_set_window(transfer, (uintptr_t)own->buffer);
	return 0;
}

static ssize_t traditional_step(struct transfer *transfer)
{
	struct traditional *own = transfer->own;
	ssize_t took;

	if (own->from == own->to) {
		size_t want = transfer_part_bytes(transfer, transfer->off_bytes,
						  transfer->buffer_bytes);
		ssize_t got = transfer_read(transfer, own->buffer, want);

		if (got <= 0)
			return got ? got : -ENODATA;
		own->from = 0;
		own->to = (size_t)got;
	}
	took = transfer_write(transfer, own->buffer + own->from, own->to - own->from);
	if (took > 0)
		own->from += (size_t)took;
	return took;
}

static void traditional_close(struct transfer *transfer)
{
	struct traditional *own = transfer->own;

	free(own->buffer);
	free(own);
	transfer->own = NULL;
}

const struct transfer_ops transfer_traditional = {
	.key = "traditional",
	.framing = WIRE_RAW,
	.buffer_bytes = BUFFER_BYTES,
	.open = traditional_open,
	.step = traditional_step,
	.close = traditional_close,
};
