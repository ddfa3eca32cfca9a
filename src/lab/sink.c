/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The receiving half of a lane: listens on a port of 127.0.0.1 that the kernel chooses,
 * takes the one connection that comes from its sender's port, receives it into one
 * buffer (one copy, by the sink's CPU inside recv(2)) and hashes the payload by XXH3 as it
 * comes. The hash code is compiled in, so that no library besides libc is mapped.
 */
#include "lab/actor.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define BUFFER_BYTES  (256 * 1024)
#define ACCEPT_MS     10000
#define QUIET_SECONDS 1 /* without a byte: then the control socket is looked at */

struct sink {
	int control_fd, socket_fd;
	struct wire_progress *progress;
	struct wire_usage base;
	enum wire_framing framing;
	XXH3_state_t *hash;
	char *buffer;
	uint64_t payload_bytes;
	struct wire_frame frame;   /* the one that is being received */
	size_t frame_bytes;        /* of it that have come */
	uint64_t frame_left_bytes; /* of its payload */
};

/* A listening socket and its port, or -errno. */
static int listen_on_loopback(uint32_t *port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t len_bytes = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) || listen(fd, 8) ||
	    getsockname(fd, (struct sockaddr *)&address, &len_bytes)) {
		int err = -errno;

		close(fd);
		return err;
	}
	*port = ntohs(address.sin_port);
	return fd;
}

/*
 * Takes the connection that comes from `port`; any process of this machine may connect, so
 * others are turned away. A blocking descriptor, or -errno.
 */
static int accept_from(int listen_fd, uint32_t port)
{
	struct pollfd wanted = { .fd = listen_fd, .events = POLLIN };
	struct timeval quiet = { .tv_sec = QUIET_SECONDS };

	for (;;) {
		struct sockaddr_in peer;
		socklen_t len_bytes = sizeof(peer);
		int fd, ready = poll(&wanted, 1, ACCEPT_MS);

		if (ready < 0 && errno != EINTR)
			return -errno;
		if (!ready)
			return -ETIMEDOUT;
		fd = accept4(listen_fd, (struct sockaddr *)&peer, &len_bytes, SOCK_CLOEXEC);
		if (fd < 0) {
			if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED)
				continue;
			return -errno;
		}
		if (ntohs(peer.sin_port) == port) {
			setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &quiet, sizeof(quiet));
			return fd;
		}
		close(fd);
	}
}

static void take_payload(struct sink *sink, const char *bytes, size_t len_bytes)
{
	XXH3_64bits_update(sink->hash, bytes, len_bytes);
	sink->payload_bytes += len_bytes;
}

/* Moves bytes into the frame header; when it is whole, checks it. */
static int take_frame_header(struct sink *sink, const char **bytes, size_t *len_bytes)
{
	size_t part = sizeof(sink->frame) - sink->frame_bytes;

	if (part > *len_bytes)
		part = *len_bytes;
	memcpy((char *)&sink->frame + sink->frame_bytes, *bytes, part);
	sink->frame_bytes += part;
	*bytes += part;
	*len_bytes -= part;
	if (sink->frame_bytes < sizeof(sink->frame))
		return 0;
	if (sink->frame.magic != WIRE_MAGIC || sink->frame.off_bytes != sink->payload_bytes)
		return -EPROTO;
	sink->frame_left_bytes = sink->frame.len_bytes;
	sink->frame_bytes = 0;
	return 0;
}

/* Takes what came out of the stream; -EPROTO where a frame header is wrong. */
static int take_stream(struct sink *sink, const char *bytes, size_t len_bytes)
{
	if (sink->framing == WIRE_RAW) {
		take_payload(sink, bytes, len_bytes);
		return 0;
	}
	while (len_bytes) {
		size_t part = len_bytes;

		if (!sink->frame_left_bytes) {
			int err = take_frame_header(sink, &bytes, &len_bytes);

			if (err)
				return err;
			continue;
		}
		if (part > sink->frame_left_bytes)
			part = (size_t)sink->frame_left_bytes;
		take_payload(sink, bytes, part);
		sink->frame_left_bytes -= part;
		bytes += part;
		len_bytes -= part;
	}
	return 0;
}

/* 0 while the coordinator is there; it has nothing more to say. */
static int check_coordinator(int control_fd)
{
	struct wire_message message;
	int got = wire_receive(control_fd, 0, &message);

	return got > 0 ? -EPROTO : got;
}

/* Receives up to the end of the stream. 0 or -errno. */
static int receive_stream(struct sink *sink)
{
	for (;;) {
		ssize_t got = recv(sink->socket_fd, sink->buffer, BUFFER_BYTES, 0);
		int err = 0;

		atomic_fetch_add_explicit(&sink->progress->calls, 1, memory_order_relaxed);
		if (!got)
			return 0;
		if (got > 0)
			err = take_stream(sink, sink->buffer, (size_t)got);
		else if (errno == EAGAIN)
			err = check_coordinator(sink->control_fd);
		else if (errno != EINTR)
			err = -errno;
		if (err)
			return err;
		atomic_store_explicit(&sink->progress->bytes, sink->payload_bytes,
				      memory_order_relaxed);
	}
}

static int report_received(struct sink *sink)
{
	struct wire_message message = wire_message_make(WIRE_RECEIVED);

	message.finished_ns = actor_now_ns();
	message.usage = actor_usage(&sink->base);
	message.size_bytes = sink->payload_bytes;
	message.hash = XXH3_64bits_digest(sink->hash);
	message.calls = atomic_load(&sink->progress->calls);
	return wire_send(sink->control_fd, &message);
}

/* Listens, tells the port, learns the sender's and takes its connection. 0 or -errno. */
static int meet_sender(struct sink *sink)
{
	struct wire_message listening = wire_message_make(WIRE_LISTENING), peer;
	struct wire_message accepted = wire_message_make(WIRE_ACCEPTED);
	static const struct wire_usage none;
	int listen_fd = listen_on_loopback(&listening.port), err;

	if (listen_fd < 0)
		return listen_fd;
	err = wire_send(sink->control_fd, &listening);
	if (!err) {
		err = wire_receive(sink->control_fd, -1, &peer);
		if (err >= 0)
			err = err && peer.type == WIRE_PEER ? 0 : -EPROTO;
	}
	if (!err) {
		sink->framing = (enum wire_framing)peer.framing;
		sink->socket_fd = accept_from(listen_fd, peer.port);
		err = sink->socket_fd < 0 ? sink->socket_fd : 0;
	}
	close(listen_fd);
	if (err)
		return err;
	sink->base = actor_usage(&none);
	accepted.usage = sink->base;
	return wire_send(sink->control_fd, &accepted);
}

int sink_run(int control_fd, struct wire_progress *progress)
{
	struct sink sink = { .control_fd = control_fd, .socket_fd = -1, .progress = progress };
	struct wire_message order;
	int err;

	if (wire_receive(control_fd, -1, &order) != 1 || order.type != WIRE_LISTEN)
		return 1;
	sink.buffer = malloc(BUFFER_BYTES);
	sink.hash = XXH3_createState();
	err = sink.buffer && sink.hash ? meet_sender(&sink) : -ENOMEM;
	if (!err) {
		XXH3_64bits_reset(sink.hash);
		atomic_store(&progress->window_addr, (uintptr_t)sink.buffer);
		err = receive_stream(&sink);
	}
	if (err)
		actor_report_failure(control_fd, -err, "receiving: %s", strerror(-err));
	else
		report_received(&sink);
	if (sink.socket_fd >= 0)
		close(sink.socket_fd);
	err = actor_idle(control_fd);
	XXH3_freeState(sink.hash);
	free(sink.buffer);
	return err;
}
