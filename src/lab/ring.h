/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_LAB_RING_H
#define PAGEWALK_LAB_RING_H

#include "lab/window.h"

#include <liburing.h>

#define RING_BATCH  8  /* sends that one call submits */
#define RING_FLIGHT 64 /* notifications that may be outstanding */

/*
 * One send, by its number. Answer and notification may come in either order, and one that
 * failed or was cancelled may be notified without having said so (Linux 6.18): only those
 * that an answer promised and that have not come are owed.
 */
struct ring_slot {
	uint32_t number;
	uint32_t len_bytes;           /* that it took, by its answer */
	bool answered, owed, noticed; /* noticed: its notification has come */
	bool copied;                  /* and says so */
};

/* What both io_uring modes keep: the ring, the mapping, and what is under way. */
struct ring {
	struct io_uring uring;
	bool made;
	bool narrow; /* one send at a time: more may not be pinned at once (RLIMIT_MEMLOCK) */
	struct window window;
	uint32_t nr_sent; /* sends since the start: the next one's number */
	uint32_t nr_owed; /* notifications that are still to come */
	struct ring_slot slots[RING_FLIGHT];
	int results[RING_BATCH];    /* of the batch that is under way */
	uint32_t first, nr_answers; /* of the batch: its first number; answers that came */
};

/* Prepares one send of these bytes; io_uring_prep_send(3) or its kin. */
typedef void (*ring_prepare_fn)(struct io_uring_sqe *sqe, int socket_fd, const void *in,
				size_t len_bytes);

/*
 * Makes the ring in transfer->own, and sees that the kernel knows the operation. 0, -errno,
 * or what transfer_refuse() returns.
 */
int ring_open(struct transfer *transfer, int operation, const char *operation_name);
/* One step, as struct transfer_ops has it. */
ssize_t ring_step(struct transfer *transfer, ring_prepare_fn prepare);
/* Waits until no more than `most` notifications are to come. 0 or -errno. */
int ring_settle(struct transfer *transfer, uint32_t most);
/* Sends these bytes, which may be none, and waits for the answer. Bytes taken or -errno. */
int ring_send_one(struct transfer *transfer, ring_prepare_fn prepare, const void *in,
		  size_t len_bytes);
void ring_close(struct transfer *transfer);

#endif
