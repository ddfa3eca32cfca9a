/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * zerocopy: the file is mapped window by window, and send(2) with MSG_ZEROCOPY takes its
 * bytes from the mapping (Documentation/networking/msg_zerocopy.rst, Linux 4.14). The way
 * of a byte:
 *
 *   disk -> page cache		the device by DMA, when a fault or readahead asks; no CPU copy
 *   page cache -> mapping	no copy: the page table entry points at the cache's own frame
 *   mapping -> socket		no copy: send(2) pins the pages, the socket refers to them
 *   socket -> receiver		a network card reads them by DMA, no copy; on loopback the
 *				receiver must not hold a sender's pages: copy 1
 *
 * For each send a completion comes to the socket's error queue when its pages are free
 * again, and says whether they were copied after all. A window is unmapped only when all
 * of its sends have completed, as a program must that wants to use its buffers again.
 */
#include "lab/window.h"

#include <errno.h>
#include <linux/errqueue.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#define WINDOW_BYTES (8 * 1024 * 1024)
#define SEND_BYTES   (1024 * 1024)
#define NR_FLIGHT    256  /* sends that may be without their completion */
#define WAIT_MS      1000 /* for completions, before the control socket is looked at */
#define NR_WAITS     10   /* at the end */

struct zerocopy {
	struct window window;
	/* The kernel numbers the sends of a socket from 0, and names ranges of them. */
	uint32_t nr_sent, nr_done;
	uint32_t len_bytes[NR_FLIGHT]; /* of each send, by its number */
};

static int zerocopy_open(struct transfer *transfer)
{
	const int on = 1;

	transfer->own = calloc(1, sizeof(struct zerocopy));
	if (!transfer->own)
		return -ENOMEM;
	if (setsockopt(transfer->socket_fd, SOL_SOCKET, SO_ZEROCOPY, &on, sizeof(on)))
		return transfer_refuse(transfer,
				       "this kind of socket has no MSG_ZEROCOPY (SO_ZEROCOPY: %s)",
				       strerror(errno));
	return 0;
}

/* The sends [first, last] have completed. */
static void take_completion(struct transfer *transfer, uint32_t first, uint32_t last, bool copied)
{
	struct zerocopy *own = transfer->own;

	for (uint32_t number = first; number != last + 1; number++) {
		transfer->nr_completions++;
		own->nr_done++;
		if (!copied)
			continue;
		transfer->nr_copied_completions++;
		transfer_count_copied(transfer, own->len_bytes[number % NR_FLIGHT]);
	}
}

/* Takes one message from the error queue. 0, -EAGAIN where it is empty, or -errno. */
static int take_message(struct transfer *transfer)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(struct sock_extended_err)) +
			   CMSG_SPACE(sizeof(struct sockaddr_in6))];
	} control;
	struct msghdr message = { .msg_control = &control, .msg_controllen = sizeof(control) };
	const struct zerocopy *own = transfer->own;
	ssize_t got = transfer_receive_error(transfer, &message);

	if (got < 0)
		return (int)got;
	for (struct cmsghdr *part = CMSG_FIRSTHDR(&message); part;
	     part = CMSG_NXTHDR(&message, part)) {
		struct sock_extended_err said;

		if (part->cmsg_level != SOL_IP || part->cmsg_type != IP_RECVERR)
			continue;
		memcpy(&said, CMSG_DATA(part), sizeof(said));
		if (said.ee_origin != SO_EE_ORIGIN_ZEROCOPY || said.ee_errno)
			return said.ee_errno ? -(int)said.ee_errno : -EPROTO;
		/* More than is under way would be nonsense. */
		if (said.ee_data - said.ee_info >= own->nr_sent - own->nr_done)
			return -EPROTO;
		take_completion(transfer, said.ee_info, said.ee_data,
				said.ee_code & SO_EE_CODE_ZEROCOPY_COPIED);
	}
	return 0;
}

/* Waits for completions until fewer than `most` sends are without. 0, -EAGAIN, or -errno. */
static int reap(struct transfer *transfer, uint32_t most)
{
	const struct zerocopy *own = transfer->own;

	while (own->nr_sent - own->nr_done > most) {
		int err = take_message(transfer);

		if (err != -EAGAIN) {
			if (err)
				return err;
			continue;
		}
		err = transfer_poll_errors(transfer, WAIT_MS);
		if (err <= 0)
			return err ? err : -EAGAIN;
		/* Readiness without a message is an error of the connection itself. */
		err = take_message(transfer);
		if (err)
			return err == -EAGAIN ? -ECONNRESET : err;
	}
	return 0;
}

/* The next window, or room for another send. 0, -EAGAIN, or -errno. */
static int make_way(struct transfer *transfer, struct zerocopy *own)
{
	int err;

	if (!window_is_used_up(transfer, &own->window))
		return reap(transfer, NR_FLIGHT - 1);
	err = reap(transfer, 0);
	return err ? err : window_move(transfer, &own->window);
}

static ssize_t zerocopy_step(struct transfer *transfer)
{
	struct zerocopy *own = transfer->own;
	const char *from;
	size_t part;
	ssize_t took = make_way(transfer, own);

	if (took)
		return took;
	part = window_next(transfer, &own->window, transfer->off_bytes, &from);
	took = transfer_send(transfer, from, part, MSG_ZEROCOPY | MSG_NOSIGNAL);
	if (took > 0)
		own->len_bytes[own->nr_sent++ % NR_FLIGHT] = (uint32_t)took;
	/* Too much is pinned or waits to be told: that must come first. */
	if (took == -ENOBUFS && own->nr_sent != own->nr_done) {
		int err = reap(transfer, own->nr_sent - own->nr_done - 1);

		return err ? err : -EAGAIN;
	}
	return took == -EFAULT ? -ENODATA : took;
}

static int zerocopy_finish(struct transfer *transfer)
{
	int err = -EAGAIN;

	for (int i = 0; i < NR_WAITS && err == -EAGAIN; i++)
		err = reap(transfer, 0);
	return err == -EAGAIN ? -ETIMEDOUT : err;
}

static void zerocopy_close(struct transfer *transfer)
{
	struct zerocopy *own = transfer->own;

	window_drop(transfer, &own->window);
	free(own);
	transfer->own = NULL;
}

const struct transfer_ops transfer_zerocopy = {
	.key = "zerocopy",
	.framing = WIRE_RAW,
	.buffer_bytes = SEND_BYTES,
	.window_bytes = WINDOW_BYTES,
	.pins = true,
	.open = zerocopy_open,
	.step = zerocopy_step,
	.finish = zerocopy_finish,
	.close = zerocopy_close,
};
