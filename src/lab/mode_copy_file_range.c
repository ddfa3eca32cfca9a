/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * copy-file-range: copy_file_range(2) from the file to the sink's file; the socket between
 * the two only tells the end. The way of a byte:
 *
 *   disk -> page cache		the device by DMA, at readahead's request; no CPU copy
 *   page cache -> page cache	the sender's CPU inside the call, from the source's pages to the
 *				target's: copy 1; none where the file system shares the blocks
 *   page cache -> disk		by writeback, which the sink waits for (fdatasync(2))
 *
 * Which of the two happened cannot be told from the call's answer; the coordinator looks at
 * the target's extents afterwards, and the lane says it.
 */
#include "lab/transfer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PACED_BYTES (1024 * 1024)
#define FULL_BYTES  (16 * 1024 * 1024)

struct copy_file_range {
	int target_fd;
};

/* Asked for nothing, the kernel still says whether it could (Linux 5.19). */
static int probe(struct transfer *transfer, int target_fd)
{
	off_t in_bytes = 0, out_bytes = 0;

	if (!copy_file_range(transfer->file_fd, &in_bytes, target_fd, &out_bytes, 0, 0))
		return 0;
	return transfer_refuse(transfer, "copy_file_range between these two files: %s",
			       strerror(errno));
}

static int copy_file_range_open(struct transfer *transfer)
{
	struct copy_file_range *own = calloc(1, sizeof(*own));

	if (!own)
		return -ENOMEM;
	transfer->own = own;
	own->target_fd = -1;
	if (!transfer->target_path)
		return transfer_refuse(transfer, "it writes to a file: it needs the disk sink");
	own->target_fd = open(transfer->target_path, O_WRONLY | O_CLOEXEC);
	if (own->target_fd < 0)
		return -errno;
	return probe(transfer, own->target_fd);
}

static ssize_t copy_file_range_step(struct transfer *transfer)
{
	struct copy_file_range *own = transfer->own;
	off_t off_bytes = (off_t)transfer->off_bytes;
	size_t part = transfer_part_bytes(transfer, transfer->off_bytes,
					  transfer_step_bytes(transfer));
	ssize_t took = transfer_copy_range(transfer, &off_bytes, own->target_fd, part);

	return took ? took : -ENODATA;
}

static void copy_file_range_close(struct transfer *transfer)
{
	struct copy_file_range *own = transfer->own;

	if (own->target_fd >= 0)
		close(own->target_fd);
	free(own);
	transfer->own = NULL;
}

const struct transfer_ops transfer_copy_file_range = {
	.key = "copy-file-range",
	.framing = WIRE_ASIDE,
	.buffer_bytes = FULL_BYTES,
	.paced_bytes = PACED_BYTES,
	.open = copy_file_range_open,
	.step = copy_file_range_step,
	.close = copy_file_range_close,
};
