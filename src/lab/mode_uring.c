/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * uring: as mmap-write, but the sends go through io_uring(7), several in one system call
 * (IORING_OP_SEND, Linux 5.6). The way of a byte:
 *
 *   disk -> page cache		the device by DMA, when a fault or readahead asks; no CPU copy
 *   page cache -> mapping	no copy: the page table entry points at the cache's own frame
 *   mapping -> socket		the sender's CPU, in the call or in its completion: copy 1
 *   socket -> receiver		on loopback the same socket buffers are handed over; no copy
 *
 * What is saved is the entering of the kernel, not a copy.
 */
#include "lab/ring.h"

#define WINDOW_BYTES (8 * 1024 * 1024)
#define SEND_BYTES   (1024 * 1024)

static int uring_open(struct transfer *transfer)
{
	return ring_open(transfer, IORING_OP_SEND, "send");
}

static void prepare_send(struct io_uring_sqe *sqe, int socket_fd, const void *in, size_t len_bytes)
{
	io_uring_prep_send(sqe, socket_fd, in, len_bytes, MSG_WAITALL | MSG_NOSIGNAL);
}

static ssize_t uring_step(struct transfer *transfer)
{
	ssize_t took = ring_step(transfer, prepare_send);

	if (took > 0)
		transfer_count_copied(transfer, (uint64_t)took);
	return took;
}

const struct transfer_ops transfer_uring = {
	.key = "uring",
	.framing = WIRE_RAW,
	.buffer_bytes = SEND_BYTES,
	.window_bytes = WINDOW_BYTES,
	.open = uring_open,
	.step = uring_step,
	.close = ring_close,
};
