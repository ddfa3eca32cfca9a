/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mmap-write: the file is mapped shared and read-only, window by window, and write(2)
 * takes its bytes from the mapping. The way of a byte:
 *
 *   disk -> page cache		the device by DMA, when a fault or readahead asks; no CPU copy
 *   page cache -> mapping	no copy: the page table entry points at the cache's own frame
 *   mapping -> socket		the sender's CPU inside write(2): copy 1
 *   socket -> receiver		on loopback the same socket buffers are handed over; no copy
 *
 * The price of the copy that is left out: a fault for each group of pages that is mapped,
 * and the unmapping of each window (with its TLB flush). The last window stays mapped
 * after the end, so that its pages can be looked at.
 *
 * A file that shrinks takes its mapped pages with it. A load from there would raise
 * SIGBUS; this program never loads from the mapping itself, only write(2) does, which
 * answers EFAULT instead.
 */
#include "lab/window.h"

#include <errno.h>
#include <stdlib.h>

#define WINDOW_BYTES (8 * 1024 * 1024)
#define WRITE_BYTES  (1024 * 1024)

static int mmap_write_open(struct transfer *transfer)
{
	transfer->own = calloc(1, sizeof(struct window));
	return transfer->own ? 0 : -ENOMEM;
}

static ssize_t mmap_write_step(struct transfer *transfer)
{
	struct window *window = transfer->own;
	const char *from;
	size_t part;
	ssize_t took;

	if (window_is_used_up(transfer, window)) {
		int err = window_move(transfer, window);

		if (err)
			return err;
	}
	part = window_next(transfer, window, transfer->off_bytes, &from);
	took = transfer_write(transfer, from, part);
	return took == -EFAULT ? -ENODATA : took;
}

static void mmap_write_close(struct transfer *transfer)
{
	window_drop(transfer, transfer->own);
	free(transfer->own);
	transfer->own = NULL;
}

const struct transfer_ops transfer_mmap_write = {
	.key = "mmap-write",
	.framing = WIRE_RAW,
	.buffer_bytes = WRITE_BYTES,
	.window_bytes = WINDOW_BYTES,
	.open = mmap_write_open,
	.step = mmap_write_step,
	.close = mmap_write_close,
};
