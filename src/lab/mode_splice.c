/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * splice: splice(2) from the file into a pipe, and from the pipe into the socket. The way
 * of a byte:
 *
 *   disk -> page cache		the device by DMA, at readahead's request; no CPU copy
 *   page cache -> pipe		no copy: the pipe's slot refers to the cache's frame
 *   pipe -> socket		no copy: the reference moves on into the socket buffer
 *   socket -> receiver		on loopback the same reference is handed over; no copy
 *
 * As sendfile(2), which has such a pipe inside; here it can be seen, and each pipeful
 * takes two calls. The pipe has a slot for each page, so its size bounds a step: more than
 * /proc/sys/fs/pipe-max-size (1 MiB) needs privilege.
 */
#include "lab/transfer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PIPE_BYTES (1024 * 1024)

struct splice {
	int pipe[2];
	size_t in_pipe_bytes;
};

/* Makes the pipe as large as a step, if that is allowed. */
static int size_pipe(struct transfer *transfer, struct splice *own)
{
	int room = fcntl(own->pipe[1], F_SETPIPE_SZ, (int)transfer->buffer_bytes);

	if (room < 0 && transfer->sized)
		return transfer_refuse(transfer, "no pipe of %zu bytes: %s", transfer->buffer_bytes,
				       strerror(errno));
	if (room < 0)
		room = fcntl(own->pipe[1], F_GETPIPE_SZ);
	if (room < 0)
		return -errno;
	if ((size_t)room < transfer->buffer_bytes)
		transfer->buffer_bytes = (size_t)room;
	return 0;
}

static int splice_open(struct transfer *transfer)
{
	struct splice *own = calloc(1, sizeof(*own));

	if (!own)
		return -ENOMEM;
	own->pipe[0] = own->pipe[1] = -1;
	transfer->own = own;
	if (pipe2(own->pipe, O_CLOEXEC))
		return -errno;
	return size_pipe(transfer, own);
}

static ssize_t splice_step(struct transfer *transfer)
{
	struct splice *own = transfer->own;
	unsigned more = 0;
	ssize_t took;

	if (!own->in_pipe_bytes) {
		off_t off_bytes = (off_t)transfer->off_bytes;
		size_t part = transfer_part_bytes(transfer, transfer->off_bytes,
						  transfer->buffer_bytes);

		took = transfer_splice(transfer, transfer->file_fd, &off_bytes, own->pipe[1], part,
				       SPLICE_F_MOVE);
		if (took <= 0)
			return took ? took : -ENODATA;
		own->in_pipe_bytes = (size_t)took;
	}
	/* The socket need not send a short segment where more follows at once. */
	if (!transfer->paced && transfer->off_bytes + own->in_pipe_bytes < transfer->size_bytes)
		more = SPLICE_F_MORE;
	took = transfer_splice(transfer, own->pipe[0], NULL, transfer->socket_fd,
			       own->in_pipe_bytes, SPLICE_F_MOVE | more);
	if (took > 0)
		own->in_pipe_bytes -= (size_t)took;
	return took;
}

static void splice_close(struct transfer *transfer)
{
	struct splice *own = transfer->own;

	for (int end = 0; end < 2; end++)
		if (own->pipe[end] >= 0)
			close(own->pipe[end]);
	free(own);
	transfer->own = NULL;
}

const struct transfer_ops transfer_splice_pipe = {
	.key = "splice",
	.framing = WIRE_RAW,
	.buffer_bytes = PIPE_BYTES,
	.open = splice_open,
	.step = splice_step,
	.close = splice_close,
};
