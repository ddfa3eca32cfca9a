/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Addresses, and messages over a socket that may be slow, silent or gone: every wait is
 * sliced, so that a stop is heeded, and has an end. Sockets are left blocking (the
 * transfer modes want that); only the calls here do not block.
 */
#include "lab/remote.h"

#include "base/clock.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define SLICE_MS      100
#define STALL_SECONDS 1 /* as lab/endpoint.h has it for sinks on this machine */

static int take_port(const char *text, struct remote_address *out)
{
	char *end;
	unsigned long port;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	port = strtoul(text, &end, 10);
	if (*end || port > UINT16_MAX)
		return -EINVAL;
	snprintf(out->port, sizeof(out->port), "%lu", port);
	return 0;
}

int remote_address_parse(const char *text, struct remote_address *out)
{
	const char *host = text, *end, *colon;
	struct remote_address got = *out;
	size_t len;

	if (*text == '[') {
		host = text + 1;
		end = strchr(text, ']');
		if (!end || (end[1] && end[1] != ':'))
			return -EINVAL;
		colon = end[1] ? end + 1 : NULL;
	} else {
		colon = strrchr(text, ':');
		/* Several colons and no brackets: an IPv6 address without a port. */
		if (colon && strchr(text, ':') != colon)
			colon = NULL;
		end = colon ? colon : text + strlen(text);
	}
	len = (size_t)(end - host);
	if (len >= sizeof(got.host) || (!len && !colon))
		return -EINVAL;
	if (len)
		snprintf(got.host, sizeof(got.host), "%.*s", (int)len, host);
	if (colon && take_port(colon + 1, &got))
		return -EINVAL;
	*out = got;
	return 0;
}

char *remote_address_text(const struct remote_address *address, char *out, size_t room)
{
	char *safe = text_safe_str(address->host);
	bool brackets = strchr(safe, ':');

	snprintf(out, room, "%s%s%s:%s", brackets ? "[" : "", safe, brackets ? "]" : "",
		 address->port);
	free(safe);
	return out;
}

/* Waits until the socket is ready. 0, -ETIMEDOUT, -ECANCELED or -errno. */
static int await(int fd, short events, uint64_t end_ns, const atomic_bool *cancel)
{
	struct pollfd wanted = { .fd = fd, .events = events };

	for (;;) {
		int ready = poll(&wanted, 1, SLICE_MS);

		if (ready > 0)
			return 0;
		if (ready < 0 && errno != EINTR)
			return -errno;
		if (atomic_load(cancel))
			return -ECANCELED;
		if (clock_mono_ns() >= end_ns)
			return -ETIMEDOUT;
	}
}

int remote_read(int fd, uint64_t timeout_ns, const atomic_bool *cancel, struct remote_message *out)
{
	unsigned char bytes[REMOTE_BYTES];
	uint64_t end_ns = clock_mono_ns() + timeout_ns;
	size_t have = 0;

	while (have < sizeof(bytes)) {
		int err = await(fd, POLLIN, end_ns, cancel);
		ssize_t got;

		if (err)
			return err;
		got = recv(fd, bytes + have, sizeof(bytes) - have, MSG_DONTWAIT);
		if (got < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (got < 0)
			return errno == ECONNRESET ? -EPIPE : -errno;
		if (!got)
			return -EPIPE;
		have += (size_t)got;
		/* One that drips its bytes has no more time than one that is silent. */
		if (clock_mono_ns() >= end_ns && have < sizeof(bytes))
			return -ETIMEDOUT;
	}
	return remote_decode(bytes, sizeof(bytes), out);
}

int remote_write(int fd, uint64_t timeout_ns, const atomic_bool *cancel,
		 const struct remote_message *message)
{
	unsigned char bytes[REMOTE_BYTES];
	uint64_t end_ns = clock_mono_ns() + timeout_ns;
	size_t done = 0;

	remote_encode(message, bytes);
	while (done < sizeof(bytes)) {
		int err = await(fd, POLLOUT, end_ns, cancel);
		ssize_t took;

		if (err)
			return err;
		took = send(fd, bytes + done, sizeof(bytes) - done, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (took < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (took < 0)
			return errno == ECONNRESET ? -EPIPE : -errno;
		done += (size_t)took;
	}
	return 0;
}

/* One address of a name. A connected, blocking socket, or -errno. */
static int connect_one(const struct addrinfo *info, uint64_t end_ns, const atomic_bool *cancel)
{
	int fd = socket(info->ai_family, info->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int err = 0, cause = 0;
	socklen_t len_bytes = sizeof(cause);

	if (fd < 0)
		return -errno;
	if (connect(fd, info->ai_addr, info->ai_addrlen)) {
		err = errno == EINPROGRESS ? await(fd, POLLOUT, end_ns, cancel) : -errno;
		if (!err && !getsockopt(fd, SOL_SOCKET, SO_ERROR, &cause, &len_bytes))
			err = -cause;
	}
	if (!err && fcntl(fd, F_SETFL, 0))
		err = -errno;
	if (err) {
		close(fd);
		return err;
	}
	return fd;
}

/* A connection to the first address of the name that answers, or -errno with a line. */
static int connect_any(const struct remote_address *address, uint64_t end_ns,
		       const atomic_bool *cancel, char *error, size_t room)
{
	const struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
	char text[sizeof(address->host) + 16];
	struct addrinfo *list;
	int fd = -EHOSTUNREACH, err;

	remote_address_text(address, text, sizeof(text));
	err = getaddrinfo(address->host, address->port, &hints, &list);
	if (err) {
		snprintf(error, room, "no address of the sink %s: %s", text, gai_strerror(err));
		return -EHOSTUNREACH;
	}
	for (const struct addrinfo *info = list; info && fd < 0; info = info->ai_next)
		fd = connect_one(info, end_ns, cancel);
	freeaddrinfo(list);
	if (fd < 0)
		snprintf(error, room, "no connection to the sink %s: %s", text, strerror(-fd));
	return fd;
}

/* What went wrong in talking to the sink, as one line. Returns err. */
static int say(int err, const char *when, char *error, size_t room)
{
	const char *why = strerror(-err);

	if (err == -EPROTO)
		why = "it does not answer as a pagewalk sink does";
	else if (err == -EPROTONOSUPPORT)
		why = "it is of another version of pagewalk";
	else if (err == -EPIPE)
		why = "it has closed the connection";
	else if (err == -ETIMEDOUT)
		why = "it does not answer";
	snprintf(error, room, "the sink, %s: %s", when, why);
	return err;
}

int remote_link_connect(const struct remote_address *address, uint64_t timeout_ns,
			const atomic_bool *cancel, char *error, size_t room)
{
	const struct timeval stall = { .tv_sec = STALL_SECONDS };
	int fd = connect_any(address, clock_mono_ns() + timeout_ns, cancel, error, room);

	if (fd >= 0)
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &stall, sizeof(stall));
	return fd;
}

int remote_link_ask(int fd, const struct remote_message *request, uint64_t timeout_ns,
		    const atomic_bool *cancel, char *error, size_t room)
{
	struct remote_message reply;
	int err = remote_write(fd, timeout_ns, cancel, request);

	if (!err)
		err = remote_read(fd, timeout_ns, cancel, &reply);
	if (!err && reply.type != REMOTE_REPLY)
		err = -EPROTO;
	if (err)
		return say(err, "asked for a transfer", error, room);
	if (reply.status == REMOTE_OK)
		return 0;
	snprintf(error, room, "the sink refuses: %s",
		 reply.text[0] ? reply.text : "it does not say why");
	return -EACCES;
}

int remote_link_open(const struct remote_address *address, const struct remote_message *request,
		     uint64_t timeout_ns, const atomic_bool *cancel, char *error, size_t room)
{
	int fd = remote_link_connect(address, timeout_ns, cancel, error, room), err;

	if (fd < 0)
		return fd;
	err = remote_link_ask(fd, request, timeout_ns, cancel, error, room);
	if (!err)
		return fd;
	close(fd);
	return err;
}

int remote_link_receipt(int fd, uint64_t timeout_ns, const atomic_bool *cancel,
			struct remote_message *out, char *error, size_t room)
{
	int err = remote_read(fd, timeout_ns, cancel, out);

	if (!err && out->type != REMOTE_RECEIPT)
		err = -EPROTO;
	if (err)
		return say(err, "asked for its receipt", error, room);
	if (out->status == REMOTE_OK)
		return 0;
	snprintf(error, room, "the sink: %s", out->text[0] ? out->text : "receiving failed");
	return -EIO;
}
