/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kinds of sink do with the stream:
 *
 *   memory, unix	recv(2) copies it into one buffer: copy 1, by the sink's CPU
 *   discard		recv(2) with MSG_TRUNC drops it (tcp(7)); nothing is copied
 *   disk		recv(2) copies it into the buffer (1), write(2) from there into the page
 *			cache of a file (2); fdatasync(2) at the end belongs to the price
 *
 * The hash is made of the buffer as it comes; of a file by reading it back when the clock
 * has been stopped. Where headers lie in the stream (WIRE_FRAMED) they are taken out; the
 * sink that drops the payload still receives the headers, or it could not know its length.
 */
#include "lab/sink_ways.h"

#include "lab/actor.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static ssize_t count_recv(struct sink *sink, void *out, size_t len_bytes, int flags)
{
	ssize_t got = recv(sink->socket_fd, out, len_bytes, flags);

	actor_count_call(sink->progress, CALL_RECV);
	if (got < 0)
		return -errno;
	if (!(flags & MSG_TRUNC))
		actor_count_copied(sink->progress, (uint64_t)got);
	return got;
}

static int write_to_file(struct sink *sink, const char *bytes, size_t len_bytes)
{
	while (len_bytes) {
		ssize_t took = write(sink->file_fd, bytes, len_bytes);

		actor_count_call(sink->progress, CALL_WRITE);
		if (took < 0 && errno == EINTR)
			continue;
		if (took < 0)
			return -errno;
		actor_count_copied(sink->progress, (uint64_t)took);
		bytes += took;
		len_bytes -= (size_t)took;
	}
	return 0;
}

static int take_payload(struct sink *sink, const char *bytes, size_t len_bytes)
{
	sink->payload_bytes += len_bytes;
	if (sink->file_fd >= 0)
		return write_to_file(sink, bytes, len_bytes);
	if (sink->hash)
		XXH3_64bits_update(sink->hash, bytes, len_bytes);
	return 0;
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
	if (sink->framing == WIRE_ASIDE)
		return len_bytes ? -EPROTO : 0;
	if (sink->framing == WIRE_RAW)
		return take_payload(sink, bytes, len_bytes);
	while (len_bytes) {
		size_t part = len_bytes;
		int err;

		if (!sink->frame_left_bytes) {
			err = take_frame_header(sink, &bytes, &len_bytes);
			if (err)
				return err;
			continue;
		}
		if (part > sink->frame_left_bytes)
			part = (size_t)sink->frame_left_bytes;
		err = take_payload(sink, bytes, part);
		if (err)
			return err;
		sink->frame_left_bytes -= part;
		bytes += part;
		len_bytes -= part;
	}
	return 0;
}

static ssize_t receive_into_buffer(struct sink *sink)
{
	ssize_t got = count_recv(sink, sink->buffer, sink->buffer_bytes, 0);
	int err = got > 0 ? take_stream(sink, sink->buffer, (size_t)got) : 0;

	return err ? err : got;
}

static ssize_t receive_header(struct sink *sink)
{
	ssize_t got = count_recv(sink, sink->buffer, sizeof(sink->frame) - sink->frame_bytes, 0);
	int err = got > 0 ? take_stream(sink, sink->buffer, (size_t)got) : 0;

	return err ? err : got;
}

static ssize_t receive_nothing(struct sink *sink)
{
	size_t most = sink->buffer_bytes;
	ssize_t got;

	if (sink->framing == WIRE_FRAMED) {
		if (!sink->frame_left_bytes)
			return receive_header(sink);
		if (most > sink->frame_left_bytes)
			most = (size_t)sink->frame_left_bytes;
	}
	got = count_recv(sink, NULL, most, MSG_TRUNC);
	if (got <= 0)
		return got;
	sink->payload_bytes += (size_t)got;
	if (sink->framing == WIRE_FRAMED)
		sink->frame_left_bytes -= (size_t)got;
	return got;
}

/* What a sender has put into the file by another way (WIRE_ASIDE) is counted here. */
static int sync_file(struct sink *sink)
{
	struct stat now;

	actor_count_call(sink->progress, CALL_FDATASYNC);
	if (fdatasync(sink->file_fd) || fstat(sink->file_fd, &now))
		return -errno;
	if (sink->framing == WIRE_ASIDE)
		sink->payload_bytes = (uint64_t)now.st_size;
	return (uint64_t)now.st_size == sink->payload_bytes ? 0 : -EIO;
}

static int hash_file(struct sink *sink)
{
	off_t off_bytes = 0;
	ssize_t got;

	while ((got = pread(sink->file_fd, sink->buffer, sink->buffer_bytes, off_bytes))) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		XXH3_64bits_update(sink->hash, sink->buffer, (size_t)got);
		off_bytes += got;
	}
	return 0;
}

const struct sink_way *sink_way(enum sink_kind kind)
{
	static const struct sink_way ways[NR_SINK] = {
		[SINK_MEMORY] = { .receive = receive_into_buffer },
		[SINK_DISCARD] = { .receive = receive_nothing },
		[SINK_DISK] = { .receive = receive_into_buffer,
				.finish = sync_file,
				.read_back = hash_file },
		[SINK_UNIX] = { .receive = receive_into_buffer },
	};

	return &ways[kind];
}
