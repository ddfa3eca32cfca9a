/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Addresses of both families as one number. An AF_UNIX socket that is bound without a name
 * gets an abstract one of five hexadecimal digits (unix(7)): nothing of it is in the file
 * system, and nothing is left when its process is gone.
 */
#include "lab/endpoint.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define ACCEPT_MS     10000
#define STALL_SECONDS 1 /* a call gives up after it, so that the control socket is looked at */
#define NAME_DIGITS   5
/* In every kernel, and open to every user (tcp(7)). */
#define LOOPBACK_CONGESTION "reno"

union address {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_un un;
};

/* Fills the address of a number; 0 is "choose one". Returns its length. */
static socklen_t make_address(enum transport transport, uint32_t port, union address *address)
{
	memset(address, 0, sizeof(*address));
	if (transport == TRANSPORT_TCP) {
		address->in.sin_family = AF_INET;
		address->in.sin_port = htons((uint16_t)port);
		address->in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		return sizeof(address->in);
	}
	address->un.sun_family = AF_UNIX;
	if (!port)
		return sizeof(sa_family_t);
	snprintf(address->un.sun_path + 1, NAME_DIGITS + 1, "%05x", (port - 1) & 0xfffffu);
	return offsetof(struct sockaddr_un, sun_path) + 1 + NAME_DIGITS;
}

/* The number of an address, or 0 where it has none. */
static uint32_t port_of(const union address *address, socklen_t len_bytes)
{
	char digits[NAME_DIGITS + 1];

	if (address->any.sa_family == AF_INET)
		return ntohs(address->in.sin_port);
	if (len_bytes != offsetof(struct sockaddr_un, sun_path) + 1 + NAME_DIGITS)
		return 0;
	memcpy(digits, address->un.sun_path + 1, NAME_DIGITS);
	digits[NAME_DIGITS] = '\0';
	return (uint32_t)strtoul(digits, NULL, 16) + 1;
}

static int own_port(int fd, uint32_t *port)
{
	union address address;
	socklen_t len_bytes = sizeof(address);

	if (getsockname(fd, &address.any, &len_bytes))
		return -errno;
	*port = port_of(&address, len_bytes);
	return *port ? 0 : -EADDRNOTAVAIL;
}

static int make_socket(enum transport transport, int flags)
{
	int fd = socket(transport == TRANSPORT_TCP ? AF_INET : AF_UNIX,
			SOCK_STREAM | SOCK_CLOEXEC | flags, 0);

	return fd < 0 ? -errno : fd;
}

static int close_with(int fd, int err)
{
	close(fd);
	return err;
}

int endpoint_listen(enum transport transport, uint32_t *port)
{
	union address address;
	socklen_t len_bytes = make_address(transport, 0, &address);
	int fd = make_socket(transport, SOCK_NONBLOCK), err;

	if (fd < 0)
		return fd;
	if (bind(fd, &address.any, len_bytes) || listen(fd, 8))
		return close_with(fd, -errno);
	err = own_port(fd, port);
	return err ? close_with(fd, err) : fd;
}

/*
 * What is measured is how bytes come into and out of the socket, so nothing may hold them up
 * between. A congestion control that paces (bbr) does: it spaces out what loopback could take at
 * once (sendfile: 1.8 GiB/s against 4.5). A kernel that refuses leaves its own; which one it
 * came to be is reported.
 */
static void leave_unpaced(int fd)
{
	setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, LOOPBACK_CONGESTION,
		   sizeof(LOOPBACK_CONGESTION) - 1);
}

void endpoint_congestion(int fd, char out[ENDPOINT_NAME])
{
	socklen_t len_bytes = ENDPOINT_NAME - 1;

	memset(out, 0, ENDPOINT_NAME);
	/* An AF_UNIX stream has none. */
	if (getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, out, &len_bytes))
		out[0] = '\0';
}

int endpoint_connect(enum transport transport, uint32_t port, uint32_t *own)
{
	struct timeval stall = { .tv_sec = STALL_SECONDS };
	union address address;
	socklen_t len_bytes = make_address(transport, 0, &address);
	int fd = make_socket(transport, 0), err;

	if (fd < 0)
		return fd;
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &stall, sizeof(stall));
	if (transport == TRANSPORT_TCP)
		leave_unpaced(fd);
	/* Without a name of its own, the sink could not tell it from others. */
	if (transport == TRANSPORT_UNIX && bind(fd, &address.any, len_bytes))
		return close_with(fd, -errno);
	len_bytes = make_address(transport, port, &address);
	if (connect(fd, &address.any, len_bytes))
		return close_with(fd, -errno);
	err = own_port(fd, own);
	return err ? close_with(fd, err) : fd;
}

int endpoint_accept(int listen_fd, uint32_t peer_port)
{
	struct pollfd wanted = { .fd = listen_fd, .events = POLLIN };
	struct timeval stall = { .tv_sec = STALL_SECONDS };

	for (;;) {
		union address peer;
		socklen_t len_bytes = sizeof(peer);
		int fd, ready = poll(&wanted, 1, ACCEPT_MS);

		if (ready < 0 && errno != EINTR)
			return -errno;
		if (!ready)
			return -ETIMEDOUT;
		fd = accept4(listen_fd, &peer.any, &len_bytes, SOCK_CLOEXEC);
		if (fd < 0) {
			if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED)
				continue;
			return -errno;
		}
		if (port_of(&peer, len_bytes) == peer_port) {
			setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &stall, sizeof(stall));
			return fd;
		}
		close(fd);
	}
}
