/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One connection of the remote sink. A payload is received piece by piece, never more than
 * was announced; a frame's header is read by itself, so that all three sinks go the same
 * way. Time runs from the first byte to the last, for the disk sink to the end of
 * fdatasync(2). A peer may be slow, silent or gone: each wait is bounded, and so is the whole.
 */
#include "lab/remote.h"

#include "base/clock.h"
#include "base/xalloc.h"
#include "lab/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <sys/time.h>
#include <unistd.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#define MESSAGE_NS      (10 * NS_PER_S) /* for a request or a receipt to go through */
#define SLICE_US        200000          /* between looks at `stop` */
#define DEFAULT_BYTES   (UINT64_C(256) * 1024)
#define LEAST_BYTES     (UINT64_C(4) * 1024)
#define LEAST_RATE      (UINT64_C(1) << 20) /* bytes a second over the whole transfer */
#define NS_PER_MICRO    UINT64_C(1000)
#define READ_BACK_BYTES (1 << 20)

struct receiver {
	struct remote_connection *connection;
	const struct remote_message *request;
	char *buffer;
	size_t buffer_bytes;
	int file_fd; /* of the disk sink, or -1 */
	XXH3_state_t *hash;
	uint64_t payload_bytes, frame_left_bytes;
	uint64_t calls, first_ns, end_ns, heard_ns;
};

__attribute__((format(printf, 3, 4))) static void fail(struct remote_message *answer,
						       enum remote_status status,
						       const char *format, ...)
{
	va_list args;

	answer->status = status;
	va_start(args, format);
	vsnprintf(answer->text, sizeof(answer->text), format, args);
	va_end(args);
}

/* Whether so many more bytes fit below the output directory. */
static void check_space(const struct remote_server_config *config, uint64_t size_bytes,
			struct remote_message *reply)
{
	struct statvfs fs;

	if (!config->output_dir)
		fail(reply, REMOTE_UNWILLING, "it was started without --output-dir");
	else if (statvfs(config->output_dir, &fs))
		fail(reply, REMOTE_UNWILLING, "its output directory: %s", strerror(errno));
	else if (size_bytes > (uint64_t)fs.f_bavail * fs.f_frsize)
		fail(reply, REMOTE_TOO_LARGE, "not enough space in its output directory");
}

static struct remote_message judge(const struct remote_server_config *config,
				   const struct remote_message *request)
{
	struct remote_message reply = remote_message_make(REMOTE_REPLY);

	reply.size_bytes = config->most_bytes;
	if (request->size_bytes > config->most_bytes)
		fail(&reply, REMOTE_TOO_LARGE, "it takes at most %llu bytes at once",
		     (unsigned long long)config->most_bytes);
	else if (request->sink == REMOTE_DISK)
		check_space(config, request->size_bytes, &reply);
	else if (request->sink == REMOTE_DISCARD && request->verify)
		fail(&reply, REMOTE_UNWILLING, "what is discarded cannot be hashed");
	return reply;
}

/* 0 while it is worth waiting on, else -ECANCELED or -ETIMEDOUT. */
static int check_patience(const struct receiver *receiver)
{
	uint64_t now_ns = clock_mono_ns();

	if (atomic_load(receiver->connection->stop))
		return -ECANCELED;
	if (now_ns > receiver->end_ns ||
	    now_ns > receiver->heard_ns + receiver->connection->config->quiet_ns)
		return -ETIMEDOUT;
	return 0;
}

/* Receives 1 to `most` bytes; with `out` NULL they are dropped by the kernel. */
static ssize_t receive_part(struct receiver *receiver, void *out, size_t most)
{
	for (;;) {
		ssize_t got = recv(receiver->connection->fd, out, most, out ? 0 : MSG_TRUNC);
		int err;

		receiver->calls++;
		if (got > 0) {
			receiver->heard_ns = clock_mono_ns();
			if (!receiver->first_ns)
				receiver->first_ns = receiver->heard_ns;
			/* A peer that drips is never silent, but it may take too long. */
			err = receiver->heard_ns > receiver->end_ns ? -ETIMEDOUT : 0;
			if (!err && atomic_load(receiver->connection->stop))
				err = -ECANCELED;
			return err ? err : got;
		}
		if (!got)
			return -EPIPE;
		if (errno != EAGAIN && errno != EINTR)
			return errno == ECONNRESET ? -EPIPE : -errno;
		err = check_patience(receiver);
		if (err)
			return err;
	}
}

/* Reads the header of the next frame and checks it. 0 or -errno. */
static int receive_frame(struct receiver *receiver)
{
	struct wire_frame frame;
	size_t have = 0;

	while (have < sizeof(frame)) {
		ssize_t got = receive_part(receiver, (char *)&frame + have, sizeof(frame) - have);

		if (got < 0)
			return (int)got;
		have += (size_t)got;
	}
	if (frame.magic != WIRE_MAGIC || frame.off_bytes != receiver->payload_bytes ||
	    !frame.len_bytes ||
	    frame.len_bytes > receiver->request->size_bytes - receiver->payload_bytes)
		return -EPROTO;
	receiver->frame_left_bytes = frame.len_bytes;
	return 0;
}

static int write_part(struct receiver *receiver, size_t len_bytes)
{
	const char *at = receiver->buffer;

	while (len_bytes) {
		ssize_t took = write(receiver->file_fd, at, len_bytes);

		receiver->calls++;
		if (took < 0 && errno == EINTR)
			continue;
		if (took < 0)
			return -errno;
		at += took;
		len_bytes -= (size_t)took;
	}
	return 0;
}

static int receive_payload(struct receiver *receiver)
{
	const struct remote_message *request = receiver->request;

	while (receiver->payload_bytes < request->size_bytes) {
		uint64_t left = request->size_bytes - receiver->payload_bytes;
		size_t most = receiver->buffer_bytes;
		ssize_t got;
		int err = 0;

		if (request->framed && !receiver->frame_left_bytes)
			err = receive_frame(receiver);
		if (err)
			return err;
		if (request->framed)
			left = receiver->frame_left_bytes;
		if (most > left)
			most = (size_t)left;
		got = receive_part(receiver,
				   request->sink == REMOTE_DISCARD ? NULL : receiver->buffer, most);
		if (got < 0)
			return (int)got;
		receiver->payload_bytes += (uint64_t)got;
		if (request->framed)
			receiver->frame_left_bytes -= (uint64_t)got;
		if (request->sink == REMOTE_DISK)
			err = write_part(receiver, (size_t)got);
		else if (request->verify)
			XXH3_64bits_update(receiver->hash, receiver->buffer, (size_t)got);
		if (err)
			return err;
	}
	if (receiver->file_fd >= 0 && fdatasync(receiver->file_fd))
		return -errno;
	return 0;
}

/* What is on the disk, hashed outside the time: the file itself, not what was received. */
static int hash_file(struct receiver *receiver)
{
	char *block = xmalloc(READ_BACK_BYTES);
	off_t off_bytes = 0;
	ssize_t got;
	int err = 0;

	while (!err && (got = pread(receiver->file_fd, block, READ_BACK_BYTES, off_bytes))) {
		if (got < 0 && errno != EINTR)
			err = -errno;
		if (got > 0) {
			XXH3_64bits_update(receiver->hash, block, (size_t)got);
			off_bytes += got;
		}
		if (atomic_load(receiver->connection->stop))
			err = -ECANCELED;
	}
	free(block);
	return err;
}

/*
 * A file under a name of our own; unless it is to be kept, the name goes at once, so that
 * however this ends nothing is left.
 */
static int make_file(struct receiver *receiver)
{
	const struct remote_server_config *config = receiver->connection->config;
	char *path = xasprintf("%s/received-XXXXXX.bin", config->output_dir);

	receiver->file_fd = mkostemps(path, (int)strlen(".bin"), O_CLOEXEC);
	if (receiver->file_fd < 0) {
		int err = -errno;

		free(path);
		return err;
	}
	if (config->keep) {
		receiver->connection->file = path;
		return 0;
	}
	unlink(path);
	free(path);
	return 0;
}

static uint64_t timeval_ns(const struct timeval *time)
{
	return (uint64_t)time->tv_sec * NS_PER_S + (uint64_t)time->tv_usec * NS_PER_MICRO;
}

static void note_usage(struct remote_message *receipt, const struct rusage *base)
{
	struct rusage now;

	getrusage(RUSAGE_THREAD, &now);
	receipt->user_ns = timeval_ns(&now.ru_utime) - timeval_ns(&base->ru_utime);
	receipt->system_ns = timeval_ns(&now.ru_stime) - timeval_ns(&base->ru_stime);
	receipt->minflt = (uint64_t)(now.ru_minflt - base->ru_minflt);
	receipt->majflt = (uint64_t)(now.ru_majflt - base->ru_majflt);
	receipt->voluntary = (uint64_t)(now.ru_nvcsw - base->ru_nvcsw);
	receipt->involuntary = (uint64_t)(now.ru_nivcsw - base->ru_nivcsw);
}

static void explain(struct remote_message *receipt, const struct receiver *receiver, int err)
{
	unsigned long long bytes = receiver->payload_bytes;

	receipt->status = REMOTE_BROKEN;
	switch (err) {
	case -ETIMEDOUT:
		fail(receipt, REMOTE_BROKEN, "no more came in time after %llu bytes", bytes);
		break;
	case -EPIPE:
		fail(receipt, REMOTE_BROKEN, "the sender ended after %llu bytes", bytes);
		break;
	case -EPROTO:
		fail(receipt, REMOTE_BROKEN, "a wrong frame after %llu bytes", bytes);
		break;
	case -ECANCELED:
		fail(receipt, REMOTE_BROKEN, "stopped after %llu bytes", bytes);
		break;
	default:
		fail(receipt, REMOTE_BROKEN, "after %llu bytes: %s", bytes, strerror(-err));
	}
}

static void run_transfer(struct receiver *receiver, struct remote_message *receipt)
{
	const struct remote_message *request = receiver->request;
	struct rusage base;
	int err;

	getrusage(RUSAGE_THREAD, &base);
	err = receive_payload(receiver);
	if (receiver->first_ns)
		receipt->elapsed_ns = clock_mono_ns() - receiver->first_ns;
	note_usage(receipt, &base);
	receipt->calls = receiver->calls;
	receipt->size_bytes = receiver->payload_bytes;
	if (!err && request->verify && request->sink == REMOTE_DISK)
		err = hash_file(receiver);
	if (!err && request->verify) {
		receipt->has_hash = true;
		receipt->hash = XXH3_64bits_digest(receiver->hash);
	}
	if (err)
		explain(receipt, receiver, err);
}

/* Buffers and file; then the transfer. */
static void receive_accepted(struct remote_connection *connection)
{
	const struct remote_message *request = &connection->done.request;
	const struct remote_server_config *config = connection->config;
	uint64_t buffer_bytes = request->buffer_bytes ? request->buffer_bytes
						      : config->buffer_bytes;
	uint64_t now_ns = clock_mono_ns();
	struct receiver receiver = {
		.connection = connection,
		.request = request,
		.file_fd = -1,
		.heard_ns = now_ns,
		.end_ns = now_ns + config->quiet_ns + request->size_bytes / LEAST_RATE * NS_PER_S,
	};
	struct remote_message *receipt = &connection->done.receipt;
	int err = 0;

	if (!buffer_bytes)
		buffer_bytes = DEFAULT_BYTES;
	receiver.buffer_bytes = (size_t)(buffer_bytes < LEAST_BYTES ? LEAST_BYTES : buffer_bytes);
	receiver.buffer = xmalloc(receiver.buffer_bytes);
	receiver.hash = XXH3_createState();
	if (receiver.hash)
		XXH3_64bits_reset(receiver.hash);
	if (request->sink == REMOTE_DISK)
		err = make_file(&receiver);
	if (err || !receiver.hash)
		explain(receipt, &receiver, err ? err : -ENOMEM);
	else
		run_transfer(&receiver, receipt);
	if (receiver.file_fd >= 0)
		close(receiver.file_fd);
	if (connection->file && receipt->status != REMOTE_OK) {
		unlink(connection->file);
		free(connection->file);
		connection->file = NULL;
	}
	XXH3_freeState(receiver.hash);
	free(receiver.buffer);
}

void remote_receive(struct remote_connection *connection)
{
	const struct timeval slice = { 0, SLICE_US };
	struct remote_done *done = &connection->done;
	struct remote_message reply;
	int err;

	setsockopt(connection->fd, SOL_SOCKET, SO_RCVTIMEO, &slice, sizeof(slice));
	done->receipt = remote_message_make(REMOTE_RECEIPT);
	err = remote_read(connection->fd, MESSAGE_NS, connection->stop, &done->request);
	if (err || done->request.type != REMOTE_REQUEST) {
		done->receipt.status = REMOTE_BROKEN;
		/* One that only looks whether somebody is here is nothing to speak of. */
		if (err != -EPIPE)
			fail(&done->receipt, REMOTE_BROKEN, "no request that could be understood");
		return;
	}
	done->asked = true;
	reply = judge(connection->config, &done->request);
	if (remote_write(connection->fd, MESSAGE_NS, connection->stop, &reply)) {
		fail(&done->receipt, REMOTE_BROKEN, "the peer went away");
		return;
	}
	if (reply.status != REMOTE_OK) {
		done->receipt.status = reply.status;
		memcpy(done->receipt.text, reply.text, sizeof(reply.text));
		return;
	}
	receive_accepted(connection);
	remote_write(connection->fd, MESSAGE_NS, connection->stop, &done->receipt);
}
