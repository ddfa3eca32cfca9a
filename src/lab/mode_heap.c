/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * heap: what a managed language does with an array on its heap. The collector may move the
 * array while a system call runs, so the call gets native memory that stays where it is,
 * and the runtime copies between the two. The way of a byte:
 *
 *   disk -> page cache		the device by DMA, at readahead's or read's request; no CPU copy
 *   page cache -> native	the sender's CPU inside read(2): copy 1
 *   native -> heap array	the sender's CPU, in the runtime: copy 2
 *   heap array -> native	the sender's CPU, in the runtime: copy 3
 *   native -> socket		the sender's CPU inside write(2): copy 4
 *   socket -> receiver		on loopback the same socket buffers are handed over; no copy
 *
 * The native memory is made once and used again, as runtimes do that keep it per thread.
 */
#include "lab/transfer.h"

#include <errno.h>
#include <stdlib.h>

#define BUFFER_BYTES (64 * 1024)

struct heap {
	char *native, *array;
	size_t from, to; /* the part of `native` that is not yet sent */
};

static int heap_open(struct transfer *transfer)
{
	struct heap *own = calloc(1, sizeof(*own));

	if (!own)
		return -ENOMEM;
	transfer->own = own;
	own->native = malloc(transfer->buffer_bytes);
	own->array = malloc(transfer->buffer_bytes);
	if (!own->native || !own->array)
		return -ENOMEM;
	transfer_set_window(transfer, (uintptr_t)own->array);
	return 0;
}

static ssize_t heap_step(struct transfer *transfer)
{
	struct heap *own = transfer->own;
	ssize_t took;

	if (own->from == own->to) {
		size_t want = transfer_part_bytes(transfer, transfer->off_bytes,
						  transfer->buffer_bytes);
		ssize_t got = transfer_read(transfer, own->native, want);

		if (got <= 0)
			return got ? got : -ENODATA;
		transfer_move(transfer, own->array, own->native, (size_t)got);
		transfer_move(transfer, own->native, own->array, (size_t)got);
		own->from = 0;
		own->to = (size_t)got;
	}
	took = transfer_write(transfer, own->native + own->from, own->to - own->from);
	if (took > 0)
		own->from += (size_t)took;
	return took;
}

static void heap_close(struct transfer *transfer)
{
	struct heap *own = transfer->own;

	free(own->native);
	free(own->array);
	free(own);
	transfer->own = NULL;
}

const struct transfer_ops transfer_heap = {
	.key = "heap",
	.framing = WIRE_RAW,
	.buffer_bytes = BUFFER_BYTES,
	.open = heap_open,
	.step = heap_step,
	.close = heap_close,
};
