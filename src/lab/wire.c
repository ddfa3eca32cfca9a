/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages between the coordinator and its actors. Both ends come from one build, but a
 * wrong or broken program at the other end must end in an error and not in nonsense, so
 * everything received is checked. Used by both programs: libc only.
 */
#include "lab/wire.h"

#include "base/why.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define NS_PER_SECOND INT64_C(1000000000)

/* Which bounded fields a type carries. */
struct wire_shape {
	unsigned has_port : 1;
	unsigned has_framing : 1;
	unsigned has_text : 1;
	unsigned has_sizes : 1; /* sink, buffer_bytes, window_bytes */
};

static const struct wire_shape shapes[NR_WIRE] = {
	[WIRE_LISTENING] = { .has_port = 1 },
	[WIRE_LISTEN] = { .has_sizes = 1 },
	[WIRE_PREPARE] = { .has_port = 1, .has_sizes = 1 },
	[WIRE_READY] = { .has_port = 1, .has_framing = 1 },
	[WIRE_PEER] = { .has_port = 1, .has_framing = 1 },
	[WIRE_FAILED] = { .has_text = 1 },
	[WIRE_UNAVAILABLE] = { .has_text = 1 },
};

struct wire_message wire_message_make(enum wire_type type)
{
	struct wire_message message;

	memset(&message, 0, sizeof(message));
	message.magic = WIRE_MAGIC;
	message.version = WIRE_VERSION;
	message.type = (uint16_t)type;
	message.len_bytes = sizeof(message);
	return message;
}

int wire_check(const void *bytes, size_t len_bytes, struct wire_message *out)
{
	struct wire_message got;
	const struct wire_shape *shape;

	if (len_bytes != sizeof(got))
		return -EPROTO;
	memcpy(&got, bytes, sizeof(got));
	if (got.magic != WIRE_MAGIC || got.version != WIRE_VERSION ||
	    got.len_bytes != sizeof(got) || got.type >= NR_WIRE)
		return -EPROTO;
	shape = &shapes[got.type];
	if (shape->has_port && (!got.port || got.port > WIRE_MAX_PORT))
		return -EPROTO;
	if (shape->has_sizes &&
	    (got.sink >= NR_SINK || got.buffer_bytes > SETUP_MAX_BUFFER_BYTES ||
	     got.window_bytes > SETUP_MAX_WINDOW_BYTES || got.window_bytes % SETUP_WINDOW_UNIT))
		return -EPROTO;
	if (got.flags & ~WIRE_ALL_FLAGS || got.nr_copied_completions > got.nr_completions)
		return -EPROTO;
	if (got.usage.perf_why >= NR_WHY)
		return -EPROTO;
	if (shape->has_framing && got.framing >= NR_WIRE_FRAMING)
		return -EPROTO;
	if (shape->has_text && !memchr(got.text, '\0', sizeof(got.text)))
		return -EPROTO;
	*out = got;
	return 0;
}

int wire_send(int fd, const struct wire_message *message)
{
	ssize_t sent;

	do {
		sent = send(fd, message, sizeof(*message), MSG_NOSIGNAL | MSG_DONTWAIT);
	} while (sent < 0 && errno == EINTR);
	if (sent < 0)
		return errno == ECONNRESET ? -EPIPE : -errno;
	return 0;
}

static int64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * NS_PER_SECOND + ts.tv_nsec;
}

/* 1 when readable (end of file included), 0 after the time, or -errno. */
static int await_input(int fd, int64_t timeout_ns)
{
	int64_t end_ns = timeout_ns > 0 ? now_ns() + timeout_ns : 0;
	struct pollfd wanted = { .fd = fd, .events = POLLIN };

	for (;;) {
		struct timespec left = { timeout_ns > 0 ? timeout_ns / NS_PER_SECOND : 0,
					 timeout_ns > 0 ? timeout_ns % NS_PER_SECOND : 0 };
		int ready = ppoll(&wanted, 1, timeout_ns < 0 ? NULL : &left, NULL);

		if (ready >= 0)
			return ready;
		if (errno != EINTR)
			return -errno;
		if (timeout_ns > 0) {
			timeout_ns = end_ns - now_ns();
			if (timeout_ns < 0)
				return 0;
		}
	}
}

int wire_receive(int fd, int64_t timeout_ns, struct wire_message *out)
{
	/* One byte more than a message, so that a longer packet is seen to be longer. */
	char bytes[sizeof(struct wire_message) + 1];
	int err = await_input(fd, timeout_ns);
	ssize_t got;

	if (err <= 0)
		return err;
	do {
		got = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		return errno == ECONNRESET ? -EPIPE : errno == EAGAIN ? 0 : -errno;
	if (got == 0)
		return -EPIPE;
	err = wire_check(bytes, (size_t)got, out);
	return err ? err : 1;
}
