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
#include "lab/transfer.h"

#include <errno.h>
#include <stdlib.h>

#define WINDOW_BYTES (8 * 1024 * 1024)
#define WRITE_BYTES  (1024 * 1024)

struct mmap_write {
	char *window;
	uint64_t off_bytes; /* of the window in the file */
	size_t len_bytes;
};

static int mmap_write_open(struct transfer *transfer)
{
	transfer->own = calloc(1, sizeof(struct mmap_write));
	return transfer->own ? 0 : -ENOMEM;
}

static void drop_window(struct transfer *transfer, struct mmap_write *own)
{
	if (own->window)
		transfer_unmap(transfer, own->window, own->len_bytes);
	own->window = NULL;
	own->len_bytes = 0;
}

/* Moves the window on to where the transfer has got. */
static int move_window(struct transfer *transfer, struct mmap_write *own)
{
	int err;

	drop_window(transfer, own);
	own->off_bytes = transfer->off_bytes;
	own->len_bytes = transfer_part_bytes(transfer, own->off_bytes, transfer->window_bytes);
	err = transfer_map(transfer, own->off_bytes, own->len_bytes, &own->window);
	if (err)
		own->len_bytes = 0;
	transfer_set_window(transfer, (uintptr_t)own->window);
	return err;
}

static ssize_t mmap_write_step(struct transfer *transfer)
{
	struct mmap_write *own = transfer->own;
	size_t from, left;
	ssize_t took;

	if (transfer->off_bytes == own->off_bytes + own->len_bytes) {
		int err = move_window(transfer, own);

		if (err)
			return err;
	}
	from = (size_t)(transfer->off_bytes - own->off_bytes);
	left = own->len_bytes - from;
	took = transfer_write(transfer, own->window + from,
			      left < transfer->buffer_bytes ? left : transfer->buffer_bytes);
	return took == -EFAULT ? -ENODATA : took;
}

static void mmap_write_close(struct transfer *transfer)
{
	drop_window(transfer, transfer->own);
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
