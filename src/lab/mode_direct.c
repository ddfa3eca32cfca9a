/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * direct: what a direct buffer of a managed language does. A page-aligned pool outside
 * malloc's heap is mapped once, touched once and used again for every buffer. The way of
 * a byte:
 *
 *   disk -> page cache		the device by DMA; no CPU copy
 *   page cache -> pool		the sender's CPU inside read(2): copy 1
 *   pool -> socket		the sender's CPU inside writev(2): copy 2
 *   socket -> receiver		on loopback the same socket buffers are handed over; no copy
 *
 * So as many copies as `traditional` makes. What is avoided lies elsewhere: the two
 * copies between native memory and an array on a managed heap, the allocation per
 * buffer, and the merging of header and payload into one buffer: the frame header and
 * the payload stay where they are and go out as one vector. The sink takes the headers
 * out again (WIRE_FRAMED), so that the hash is of the file's bytes alone.
 */
#include "lab/transfer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define POOL_BYTES (256 * 1024)

struct direct {
	char *pool;
	struct wire_frame frame;
	size_t from, to; /* not yet sent, in a stream of the frame header and then the pool */
};

static int direct_open(struct transfer *transfer)
{
	struct direct *own = calloc(1, sizeof(*own));
	void *pool;

	if (!own)
		return -ENOMEM;
	transfer->own = own;
	pool = mmap(NULL, transfer->buffer_bytes, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (pool == MAP_FAILED)
		return -errno;
	/* Every page gets its frame now, so that no fault falls into the transfer. */
	memset(pool, 0xff, transfer->buffer_bytes);
	own->pool = pool;
	transfer_set_window(transfer, (uintptr_t)pool);
	return 0;
}

static int direct_fill(struct transfer *transfer, struct direct *own)
{
	size_t want = transfer_part_bytes(transfer, transfer->off_bytes, transfer->buffer_bytes);
	ssize_t got = transfer_read(transfer, own->pool, want);

	if (got <= 0)
		return got ? (int)got : -ENODATA;
	own->frame.magic = WIRE_MAGIC;
	own->frame.len_bytes = (uint32_t)got;
	own->frame.off_bytes = transfer->off_bytes;
	own->from = 0;
	own->to = sizeof(own->frame) + (size_t)got;
	return 0;
}

static ssize_t direct_step(struct transfer *transfer)
{
	struct direct *own = transfer->own;
	size_t frame_left, payload_from;
	ssize_t took;

	if (own->from == own->to) {
		int err = direct_fill(transfer, own);

		if (err)
			return err;
	}
	frame_left = own->from < sizeof(own->frame) ? sizeof(own->frame) - own->from : 0;
	payload_from = own->from + frame_left - sizeof(own->frame);
	struct iovec parts[2] = {
		{ (char *)&own->frame + (sizeof(own->frame) - frame_left), frame_left },
		{ own->pool + payload_from, own->to - own->from - frame_left },
	};

	took = transfer_writev(transfer, parts, 2);
	if (took < 0)
		return took;
	own->from += (size_t)took;
	return (size_t)took > frame_left ? took - (ssize_t)frame_left : 0;
}

static void direct_close(struct transfer *transfer)
{
	struct direct *own = transfer->own;

	if (own->pool)
		munmap(own->pool, transfer->buffer_bytes);
	free(own);
	transfer->own = NULL;
}

const struct transfer_ops transfer_direct = {
	.key = "direct",
	.framing = WIRE_FRAMED,
	.buffer_bytes = POOL_BYTES,
	.open = direct_open,
	.step = direct_step,
	.close = direct_close,
};
