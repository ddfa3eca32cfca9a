/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sock_diag(7) for AF_UNIX: one question, answers until NLMSG_DONE. */
#include "kernel/unix_diag.h"

#include "base/xalloc.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define ANSWER_BYTES 32768
#define STATE_LISTEN 10 /* TCP_LISTEN of the kernel's net/tcp_states.h */

static int by_ino(const void *left, const void *right)
{
	const struct unix_peer *a = left, *b = right;

	return (a->ino > b->ino) - (a->ino < b->ino);
}

/* The attributes behind a unix_diag_msg. */
static void take_attributes(const unsigned char *at, size_t left, struct unix_peer *peer)
{
	struct nlattr attr;

	while (left >= sizeof(attr)) {
		size_t len;

		memcpy(&attr, at, sizeof(attr));
		len = NLA_ALIGN((size_t)attr.nla_len);
		if (attr.nla_len < sizeof(attr) || attr.nla_len > left)
			return;
		if (attr.nla_type == UNIX_DIAG_PEER && attr.nla_len >= sizeof(attr) + 4) {
			uint32_t ino;

			memcpy(&ino, at + sizeof(attr), sizeof(ino));
			peer->peer_ino = ino;
		} else if (attr.nla_type == UNIX_DIAG_RQLEN && attr.nla_len >= sizeof(attr) + 8) {
			struct unix_diag_rqlen queues;

			memcpy(&queues, at + sizeof(attr), sizeof(queues));
			peer->to_read = queues.udiag_rqueue;
			peer->to_send = queues.udiag_wqueue;
		}
		if (len >= left)
			return;
		at += len;
		left -= len;
	}
}

static void take_message(const unsigned char *at, size_t len, struct unix_peers *out)
{
	struct unix_diag_msg message;
	struct unix_peer peer = { 0 };

	if (len < sizeof(message))
		return;
	memcpy(&message, at, sizeof(message));
	peer.ino = message.udiag_ino;
	peer.listening = message.udiag_state == STATE_LISTEN;
	take_attributes(at + sizeof(message), len - sizeof(message), &peer);
	out->items = xgrow(out->items, out->nr, &out->room, sizeof(*out->items));
	out->items[out->nr++] = peer;
}

int unix_peers_parse(const void *bytes, size_t len_bytes, struct unix_peers *out)
{
	const unsigned char *at = bytes;
	struct nlmsghdr header;

	while (len_bytes >= sizeof(header)) {
		size_t len;
		int error;

		memcpy(&header, at, sizeof(header));
		if (header.nlmsg_len < sizeof(header) || header.nlmsg_len > len_bytes)
			return -EPROTO;
		if (header.nlmsg_type == NLMSG_DONE)
			return 0;
		if (header.nlmsg_type == NLMSG_ERROR) {
			if (header.nlmsg_len < sizeof(header) + sizeof(error))
				return -EPROTO;
			memcpy(&error, at + sizeof(header), sizeof(error));
			return error < 0 ? error : -EPROTO;
		}
		if (header.nlmsg_type == SOCK_DIAG_BY_FAMILY)
			take_message(at + sizeof(header), header.nlmsg_len - sizeof(header), out);
		len = NLMSG_ALIGN((size_t)header.nlmsg_len);
		if (len >= len_bytes)
			break;
		at += len;
		len_bytes -= len;
	}
	return 1;
}

static int ask(int fd)
{
	struct {
		struct nlmsghdr header;
		struct unix_diag_req request;
	} question = {
		.header = {
			.nlmsg_len = sizeof(question),
			.nlmsg_type = SOCK_DIAG_BY_FAMILY,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
		},
		.request = {
			.sdiag_family = AF_UNIX,
			.udiag_states = UINT32_MAX,
			.udiag_show = UDIAG_SHOW_PEER | UDIAG_SHOW_RQLEN,
		},
	};
	struct timeval patience = { .tv_sec = 1 };

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	return send(fd, &question, sizeof(question), 0) < 0 ? -errno : 0;
}

static int open_here(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);

	return fd < 0 ? -errno : fd;
}

struct there {
	int net_fd, fd;
};

/* A socket keeps the namespace in which it was made; the thread takes its own one with it. */
static void *open_there(void *arg)
{
	struct there *there = arg;

	there->fd = setns(there->net_fd, CLONE_NEWNET) ? -errno : open_here();
	return NULL;
}

static int open_in(int net_fd)
{
	struct there there = { .net_fd = net_fd };
	pthread_t thread;
	int ret;

	if (net_fd < 0)
		return open_here();
	ret = pthread_create(&thread, NULL, open_there, &there);
	if (ret)
		return -ret;
	pthread_join(thread, NULL);
	return there.fd;
}

int unix_peers_read(int net_fd, struct unix_peers *out)
{
	int ret, fd = open_in(net_fd);
	unsigned char *answer;

	*out = (struct unix_peers){ 0 };
	if (fd < 0)
		return fd;
	answer = xmalloc(ANSWER_BYTES);
	ret = ask(fd);
	if (!ret)
		ret = 1;
	while (ret == 1) {
		ssize_t got = recv(fd, answer, ANSWER_BYTES, 0);

		ret = got < 0 ? -errno : unix_peers_parse(answer, (size_t)got, out);
	}
	free(answer);
	close(fd);
	if (ret)
		unix_peers_clear(out);
	else if (out->nr)
		qsort(out->items, out->nr, sizeof(*out->items), by_ino);
	return ret;
}

const struct unix_peer *unix_peers_find(const struct unix_peers *peers, uint64_t ino)
{
	struct unix_peer key = { .ino = ino };

	return peers->nr ? bsearch(&key, peers->items, peers->nr, sizeof(key), by_ino) : NULL;
}

void unix_peers_clear(struct unix_peers *peers)
{
	free(peers->items);
	*peers = (struct unix_peers){ 0 };
}
