/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * odirect: read(2) from a descriptor opened with O_DIRECT, write(2) to the socket. The way
 * of a byte:
 *
 *   disk -> aligned memory	the device by DMA; the page cache is passed by; no CPU copy
 *   aligned memory -> socket	the sender's CPU inside write(2): copy 1
 *   socket -> receiver		on loopback the same socket buffers are handed over; no copy
 *
 * Memory, offset and length must be aligned as statx(2) says (STATX_DIOALIGN, Linux 6.1).
 * The tail of a file is asked for by a whole aligned length: the answer ends where the file
 * does. A file system that takes O_DIRECT and reads through its cache all the same (tmpfs)
 * gives no alignment, and is refused here.
 */
#include "lab/transfer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define POOL_BYTES (1024 * 1024)

struct odirect {
	int fd;
	char *pool;
	uint32_t align_bytes; /* of offsets and lengths */
	size_t from, to;      /* the part of the pool that is not yet sent */
};

/* Opens the same file once more, for direct reading. */
static int open_direct(struct transfer *transfer, struct odirect *own)
{
	struct stat direct, plain;

	own->fd = open(transfer->path, O_RDONLY | O_DIRECT | O_CLOEXEC);
	if (own->fd < 0 && errno == EINVAL)
		return transfer_refuse(transfer, "this file system has no O_DIRECT");
	if (own->fd < 0 || fstat(own->fd, &direct) || fstat(transfer->file_fd, &plain))
		return -errno;
	return direct.st_dev == plain.st_dev && direct.st_ino == plain.st_ino ? 0 : -ESTALE;
}

static int take_alignment(struct transfer *transfer, struct odirect *own)
{
	struct statx said;

	if (statx(own->fd, "", AT_EMPTY_PATH, STATX_DIOALIGN, &said))
		return -errno;
	if (!(said.stx_mask & STATX_DIOALIGN))
		return transfer_refuse(transfer, "this file system does not say that it reads "
						 "directly (statx: no STATX_DIOALIGN)");
	if (!said.stx_dio_offset_align || said.stx_dio_mem_align > (uint32_t)getpagesize())
		return transfer_refuse(transfer,
				       "this file cannot be read directly (statx: "
				       "alignment %u of memory, %u of offsets)",
				       said.stx_dio_mem_align, said.stx_dio_offset_align);
	own->align_bytes = said.stx_dio_offset_align;
	if (transfer->buffer_bytes % own->align_bytes)
		return transfer_refuse(transfer,
				       "its buffer must be a multiple of %u bytes here, not %zu",
				       own->align_bytes, transfer->buffer_bytes);
	return 0;
}

static int odirect_open(struct transfer *transfer)
{
	struct odirect *own = calloc(1, sizeof(*own));
	void *pool;
	int err;

	if (!own)
		return -ENOMEM;
	own->fd = -1;
	transfer->own = own;
	err = open_direct(transfer, own);
	if (!err)
		err = take_alignment(transfer, own);
	if (err)
		return err;
	pool = mmap(NULL, transfer->buffer_bytes, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (pool == MAP_FAILED)
		return -errno;
	memset(pool, 0xff, transfer->buffer_bytes);
	own->pool = pool;
	transfer_set_window(transfer, (uintptr_t)pool);
	return 0;
}

static ssize_t odirect_fill(struct transfer *transfer, struct odirect *own)
{
	ssize_t got;

	/* Only a file that shrank ends where nothing more can be read from. */
	if (transfer->off_bytes % own->align_bytes)
		return -ENODATA;
	got = transfer_read_direct(transfer, own->fd, own->pool, transfer->buffer_bytes,
				   transfer->off_bytes);
	if (got <= 0)
		return got ? got : -ENODATA;
	own->from = 0;
	own->to = transfer_part_bytes(transfer, transfer->off_bytes, (size_t)got);
	return 0;
}

static ssize_t odirect_step(struct transfer *transfer)
{
	struct odirect *own = transfer->own;
	ssize_t took;

	if (own->from == own->to) {
		ssize_t err = odirect_fill(transfer, own);

		if (err)
			return err;
	}
	took = transfer_write(transfer, own->pool + own->from, own->to - own->from);
	if (took > 0)
		own->from += (size_t)took;
	return took;
}

static void odirect_close(struct transfer *transfer)
{
	struct odirect *own = transfer->own;

	if (own->pool)
		munmap(own->pool, transfer->buffer_bytes);
	if (own->fd >= 0)
		close(own->fd);
	free(own);
	transfer->own = NULL;
}

const struct transfer_ops transfer_odirect = {
	.key = "odirect",
	.framing = WIRE_RAW,
	.buffer_bytes = POOL_BYTES,
	.open = odirect_open,
	.step = odirect_step,
	.close = odirect_close,
};
