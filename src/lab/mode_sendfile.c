/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sendfile: sendfile(2) from the file to the socket. The way of a byte:
 *
 *   disk -> page cache		the device by DMA, at readahead's request; no CPU copy
 *   page cache -> socket	no copy: the socket buffer holds a reference to the cache's frame
 *   socket -> receiver		on loopback the same reference is handed over; no copy
 *
 * No page of the sender's address space is involved at all. The receiver's recv(2) still
 * copies; on a network card the frame would be read by DMA. Because the socket holds the
 * frame itself, bytes overwritten in the file before they are received arrive overwritten.
 */
#include "lab/transfer.h"

#include <errno.h>

/*
 * At a pace, a call is small enough to be watched; at full speed it is large enough for
 * its own cost to vanish and small enough to be interrupted within a moment.
 */
#define PACED_BYTES (1024 * 1024)
#define FULL_BYTES  (16 * 1024 * 1024)

static int sendfile_open(struct transfer *transfer)
{
	(void)transfer;
	return 0;
}

static ssize_t sendfile_step(struct transfer *transfer)
{
	off_t off_bytes = (off_t)transfer->off_bytes;
	size_t part = transfer_part_bytes(transfer, transfer->off_bytes,
					  transfer_step_bytes(transfer));
	ssize_t took = transfer_sendfile_part(transfer, &off_bytes, part);

	return took ? took : -ENODATA;
}

static void sendfile_close(struct transfer *transfer)
{
	(void)transfer;
}

const struct transfer_ops transfer_sendfile = {
	.key = "sendfile",
	.framing = WIRE_RAW,
	.buffer_bytes = FULL_BYTES,
	.paced_bytes = PACED_BYTES,
	.open = sendfile_open,
	.step = sendfile_step,
	.close = sendfile_close,
};
