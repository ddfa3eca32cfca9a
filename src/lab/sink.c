/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The receiving half of a lane: listens at an address that the kernel chooses, takes the
 * one connection that comes from its sender, and receives up to the end of the stream in
 * the way of its kind (sink_ways.c). The hash code is compiled in, so that no library
 * besides libc is mapped.
 */
#include "lab/actor.h"
#include "lab/endpoint.h"
#include "lab/sink_ways.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
		ssize_t got = sink->way->receive(sink);
		int err = 0;

		if (!got)
			return sink->way->finish ? sink->way->finish(sink) : 0;
		if (got == -EAGAIN)
			err = check_coordinator(sink->control_fd);
		else if (got < 0 && got != -EINTR)
			err = (int)got;
		if (err)
			return err;
		atomic_store_explicit(&sink->progress->bytes, sink->payload_bytes,
				      memory_order_relaxed);
	}
}

/* The clock and the CPU time stop before a file is read back. 0 or -errno. */
static int report_received(struct sink *sink)
{
	struct wire_message message = wire_message_make(WIRE_RECEIVED);
	int err;

	message.finished_ns = actor_now_ns();
	message.usage = actor_usage(&sink->count, &sink->base);
	message.size_bytes = sink->payload_bytes;
	if (sink->hash) {
		err = sink->way->read_back ? sink->way->read_back(sink) : 0;
		if (err)
			return err;
		message.hash = XXH3_64bits_digest(sink->hash);
		message.flags = WIRE_HASHED;
	}
	return wire_send(sink->control_fd, &message);
}

/* Waits for one order of this type. 0 or -errno. */
static int await_order(int control_fd, enum wire_type type, struct wire_message *order)
{
	int got = wire_receive(control_fd, -1, order);

	if (got < 0)
		return got;
	return got && order->type == type ? 0 : -EPROTO;
}

/* Listens, tells the port, learns the sender's and takes its connection. 0 or -errno. */
static int meet_sender(struct sink *sink, const struct wire_message *order)
{
	struct wire_message listening = wire_message_make(WIRE_LISTENING), peer;
	struct wire_message accepted = wire_message_make(WIRE_ACCEPTED), start;
	static const struct wire_usage none;
	int listen_fd = endpoint_listen(sink_info((enum sink_kind)order->sink)->transport,
					&listening.port);
	int err;

	if (listen_fd < 0)
		return listen_fd;
	err = wire_send(sink->control_fd, &listening);
	if (!err)
		err = await_order(sink->control_fd, WIRE_PEER, &peer);
	if (!err) {
		sink->framing = (enum wire_framing)peer.framing;
		sink->socket_fd = endpoint_accept(listen_fd, peer.port);
		err = sink->socket_fd < 0 ? sink->socket_fd : 0;
	}
	close(listen_fd);
	if (err)
		return err;
	sink->base = actor_usage(&sink->count, &none);
	accepted.usage = sink->base;
	err = wire_send(sink->control_fd, &accepted);
	if (!err && order->flags & WIRE_HOLD)
		err = await_order(sink->control_fd, WIRE_START, &start);
	return err;
}

/* Makes what a sink of this kind needs. 0 or -errno. */
static int prepare(struct sink *sink, const struct wire_message *order, const char *path)
{
	sink->way = sink_way((enum sink_kind)order->sink);
	sink->buffer_bytes = order->buffer_bytes ? order->buffer_bytes : SETUP_RECEIVE_BYTES;
	sink->buffer = malloc(sink->buffer_bytes);
	if (!sink->buffer)
		return -ENOMEM;
	atomic_store(&sink->progress->window_addr, (uintptr_t)sink->buffer);
	if (order->flags & WIRE_VERIFY && sink_info((enum sink_kind)order->sink)->can_verify) {
		sink->hash = XXH3_createState();
		if (!sink->hash)
			return -ENOMEM;
		XXH3_64bits_reset(sink->hash);
	}
	if (order->sink != SINK_DISK)
		return 0;
	sink->file_fd = open(path ? path : "", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	return sink->file_fd < 0 ? -errno : 0;
}

static const char *failed_at(const struct sink *sink)
{
	return sink->file_fd >= 0 ? "receiving into the file" : "receiving";
}

int sink_run(int control_fd, struct wire_progress *progress, const char *path)
{
	struct sink sink = {
		.control_fd = control_fd, .socket_fd = -1, .file_fd = -1, .progress = progress
	};
	struct wire_message order;
	int err;

	if (wire_receive(control_fd, -1, &order) != 1 || order.type != WIRE_LISTEN)
		return 1;
	actor_count_faults(&order, &sink.count);
	err = prepare(&sink, &order, path);
	if (!err)
		err = meet_sender(&sink, &order);
	if (!err)
		err = receive_stream(&sink);
	if (!err)
		err = report_received(&sink);
	if (err)
		actor_report_failure(control_fd, -err, "%s: %s", failed_at(&sink), strerror(-err));
	if (sink.socket_fd >= 0)
		close(sink.socket_fd);
	err = actor_idle(control_fd);
	if (sink.file_fd >= 0)
		close(sink.file_fd);
	XXH3_freeState(sink.hash);
	free(sink.buffer);
	fault_count_close(&sink.count);
	return err;
}
