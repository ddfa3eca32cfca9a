/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sending by io_uring(7): several sends are put into the ring as a chain, each beginning
 * when the one before it is complete, and one io_uring_enter(2) submits them and waits for
 * all. A send that stops short (MSG_WAITALL is asked for) breaks the chain; the rest is
 * cancelled, and the next step goes on from there. SEND_ZC answers twice: how much was
 * taken, and later a notification that the pages are free again.
 */
#include "lab/ring.h"

#include "kernel/uapi/send_zc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NR_ENTRIES 64

static int enter(struct transfer *transfer, struct ring *ring, unsigned nr_wanted)
{
	int ret;

	do {
		transfer_count_call(transfer, CALL_URING_ENTER);
		ret = io_uring_submit_and_wait(&ring->uring, nr_wanted);
	} while (ret == -EINTR);
	return ret < 0 ? ret : 0;
}

/* A send that took bytes and has been notified is complete. */
static void count_completion(struct transfer *transfer, const struct ring_slot *slot)
{
	if (!slot->answered || !slot->noticed || !slot->len_bytes)
		return;
	transfer->nr_completions++;
	if (!slot->copied)
		return;
	transfer->nr_copied_completions++;
	transfer_count_copied(transfer, slot->len_bytes);
}

static void take_notification(struct transfer *transfer, struct ring *ring,
			      const struct io_uring_cqe *cqe)
{
	struct ring_slot *slot = &ring->slots[cqe->user_data % RING_FLIGHT];

	if (slot->number != (uint32_t)cqe->user_data || slot->noticed)
		return;
	slot->noticed = true;
	slot->copied = (uint32_t)cqe->res & IORING_NOTIF_USAGE_ZC_COPIED;
	ring->nr_owed -= slot->owed;
	slot->owed = false;
	count_completion(transfer, slot);
}

static void take_answer(struct transfer *transfer, struct ring *ring,
			const struct io_uring_cqe *cqe)
{
	struct ring_slot *slot = &ring->slots[cqe->user_data % RING_FLIGHT];

	ring->results[((uint32_t)cqe->user_data - ring->first) % RING_BATCH] = cqe->res;
	ring->nr_answers++;
	slot->answered = true;
	slot->len_bytes = cqe->res > 0 ? (uint32_t)cqe->res : 0;
	slot->owed = cqe->flags & IORING_CQE_F_MORE && !slot->noticed;
	ring->nr_owed += slot->owed;
	count_completion(transfer, slot);
}

/* Takes everything that has come, without a call. */
static void drain(struct transfer *transfer, struct ring *ring)
{
	struct io_uring_cqe *cqe;

	while (!io_uring_peek_cqe(&ring->uring, &cqe)) {
		if (cqe->flags & IORING_CQE_F_NOTIF)
			take_notification(transfer, ring, cqe);
		else
			take_answer(transfer, ring, cqe);
		io_uring_cqe_seen(&ring->uring, cqe);
	}
}

int ring_settle(struct transfer *transfer, uint32_t most)
{
	struct ring *ring = transfer->own;

	drain(transfer, ring);
	while (ring->nr_owed > most) {
		int err = enter(transfer, ring, 1);

		if (err)
			return err;
		drain(transfer, ring);
	}
	return 0;
}

/* Submits what was prepared and waits for its answers; notifications come when they come. */
static int run_batch(struct transfer *transfer, struct ring *ring, unsigned nr)
{
	ring->nr_answers = 0;
	do {
		int err = enter(transfer, ring, nr - ring->nr_answers);

		if (err)
			return err;
		drain(transfer, ring);
	} while (ring->nr_answers < nr);
	return 0;
}

static void add_send(struct transfer *transfer, struct ring *ring, ring_prepare_fn prepare,
		     const void *in, size_t len_bytes)
{
	/* There is room: the ring is larger than a batch, and empty between batches. */
	struct io_uring_sqe *sqe = io_uring_get_sqe(&ring->uring);

	prepare(sqe, transfer->socket_fd, in, len_bytes);
	io_uring_sqe_set_flags(sqe, IOSQE_IO_LINK);
	io_uring_sqe_set_data64(sqe, ring->nr_sent);
	ring->slots[ring->nr_sent % RING_FLIGHT] = (struct ring_slot){ .number = ring->nr_sent };
	ring->nr_sent++;
}

int ring_send_one(struct transfer *transfer, ring_prepare_fn prepare, const void *in,
		  size_t len_bytes)
{
	struct ring *ring = transfer->own;
	int err;

	ring->first = ring->nr_sent;
	add_send(transfer, ring, prepare, in, len_bytes);
	err = run_batch(transfer, ring, 1);
	return err ? err : ring->results[0];
}

/*
 * What the batch took together, up to the first send that stopped short; or, where that is
 * nothing, why: a chain that fails anywhere while it is submitted is cancelled from its
 * first send on, so the reason may stand behind.
 */
static ssize_t sum_results(const struct ring *ring, unsigned nr, const size_t *asked_bytes)
{
	ssize_t sum = 0;

	for (unsigned i = 0; i < nr && ring->results[i] >= 0; i++) {
		sum += ring->results[i];
		if ((size_t)ring->results[i] < asked_bytes[i])
			break;
	}
	for (unsigned i = 0; i < nr && !sum; i++)
		if (ring->results[i] < 0 && ring->results[i] != -ECANCELED)
			return ring->results[i];
	return sum || !nr ? sum : -ECANCELED;
}

static ssize_t send_batch(struct transfer *transfer, struct ring *ring, ring_prepare_fn prepare)
{
	unsigned nr = 0, most = transfer->paced || ring->narrow ? 1 : RING_BATCH;
	uint64_t off_bytes = transfer->off_bytes;
	size_t asked_bytes[RING_BATCH];
	int err;

	ring->first = ring->nr_sent;
	while (nr < most && off_bytes < ring->window.off_bytes + ring->window.len_bytes) {
		const char *from;

		asked_bytes[nr] = window_next(transfer, &ring->window, off_bytes, &from);
		add_send(transfer, ring, prepare, from, asked_bytes[nr]);
		off_bytes += asked_bytes[nr++];
	}
	err = run_batch(transfer, ring, nr);
	return err ? err : sum_results(ring, nr, asked_bytes);
}

ssize_t ring_step(struct transfer *transfer, ring_prepare_fn prepare)
{
	struct ring *ring = transfer->own;
	bool used_up = window_is_used_up(transfer, &ring->window);
	ssize_t took = ring_settle(transfer,
				   used_up || ring->narrow ? 0 : RING_FLIGHT - RING_BATCH);

	if (!took && used_up)
		took = window_move(transfer, &ring->window);
	if (took)
		return took;
	took = send_batch(transfer, ring, prepare);
	/* Too much would be pinned: less at once may be allowed, but is tried only once. */
	if ((took == -ENOBUFS || took == -ENOMEM) && !ring->narrow) {
		ring->narrow = true;
		took = ring_settle(transfer, 0);
		return took ? took : -EAGAIN;
	}
	if (took == -EINTR)
		return -EAGAIN;
	return took == -EFAULT ? -ENODATA : took;
}

static bool knows_operation(struct ring *ring, int operation)
{
	struct io_uring_probe *probe = io_uring_get_probe_ring(&ring->uring);
	bool known = probe && io_uring_opcode_supported(probe, operation);

	io_uring_free_probe(probe);
	return known;
}

int ring_open(struct transfer *transfer, int operation, const char *operation_name)
{
	struct ring *ring = calloc(1, sizeof(*ring));
	int err;

	if (!ring)
		return -ENOMEM;
	transfer->own = ring;
	err = io_uring_queue_init(NR_ENTRIES, &ring->uring, 0);
	if (err)
		return transfer_refuse(transfer, "no io_uring here: %s%s", strerror(-err),
				       err == -EPERM ? " (sysctl kernel.io_uring_disabled)" : "");
	ring->made = true;
	if (!knows_operation(ring, operation))
		return transfer_refuse(transfer, "this kernel's io_uring has no %s",
				       operation_name);
	return 0;
}

void ring_close(struct transfer *transfer)
{
	struct ring *ring = transfer->own;

	if (ring->made)
		io_uring_queue_exit(&ring->uring);
	window_drop(transfer, &ring->window);
	free(ring);
	transfer->own = NULL;
}
