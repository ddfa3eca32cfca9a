/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * uring-zc: as zerocopy, but by io_uring(7) (IORING_OP_SEND_ZC, Linux 6.0; the report whether
 * it was copied, 6.2). The way of a byte:
 *
 *   disk -> page cache		the device by DMA, when a fault or readahead asks; no CPU copy
 *   page cache -> mapping	no copy: the page table entry points at the cache's own frame
 *   mapping -> socket		no copy: the pages are pinned, the socket refers to them
 *   socket -> receiver		a network card reads them by DMA, no copy; on loopback: copy 1
 *
 * Each send has a notification, in the same ring, when its pages are free again.
 */
#include "lab/ring.h"

#include "kernel/uapi/send_zc.h"

#include <errno.h>
#include <string.h>

#define WINDOW_BYTES (8 * 1024 * 1024)
#define SEND_BYTES   (1024 * 1024)

static void prepare_send(struct io_uring_sqe *sqe, int socket_fd, const void *in, size_t len_bytes)
{
	io_uring_prep_send_zc(sqe, socket_fd, in, len_bytes, MSG_WAITALL | MSG_NOSIGNAL,
			      IORING_SEND_ZC_REPORT_USAGE);
}

/* A send of nothing tells whether this socket and this kernel can: no other question does. */
static int uring_zc_open(struct transfer *transfer)
{
	int err = ring_open(transfer, IORING_OP_SEND_ZC, "SEND_ZC"), took;

	if (err)
		return err;
	took = ring_send_one(transfer, prepare_send, "", 0);
	err = ring_settle(transfer, 0);
	transfer_forget_calls(transfer);
	if (err)
		return err;
	if (took == -EOPNOTSUPP)
		return transfer_refuse(transfer, "this kind of socket has no SEND_ZC (%s)",
				       strerror(-took));
	if (took == -EINVAL)
		return transfer_refuse(transfer, "this kernel's SEND_ZC does not report whether "
						 "it copied (Linux 6.2)");
	return took < 0 ? took : 0;
}

static ssize_t uring_zc_step(struct transfer *transfer)
{
	return ring_step(transfer, prepare_send);
}

static int uring_zc_finish(struct transfer *transfer)
{
	return ring_settle(transfer, 0);
}

const struct transfer_ops transfer_uring_zc = {
	.key = "uring-zc",
	.framing = WIRE_RAW,
	.buffer_bytes = SEND_BYTES,
	.window_bytes = WINDOW_BYTES,
	.pins = true,
	.open = uring_zc_open,
	.step = uring_zc_step,
	.finish = uring_zc_finish,
	.close = ring_close,
};
