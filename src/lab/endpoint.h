/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_LAB_ENDPOINT_H
#define PAGEWALK_LAB_ENDPOINT_H

#include "model/lane_setup.h"

#include <stdint.h>

/*
 * The stream between a sender and its sink, TCP or AF_UNIX, by the number that stands for an
 * address (WIRE_MAX_PORT). All return a descriptor that the caller closes, or -errno.
 */

/* Listens, non-blocking, at an address that the kernel chooses; its number goes to *port. */
int endpoint_listen(enum transport transport, uint32_t *port);
/*
 * Connects to that number; its own goes to *own_port. Sending gives up after a second. Over TCP
 * the congestion control is one that does not pace.
 */
int endpoint_connect(enum transport transport, uint32_t port, uint32_t *own_port);
/*
 * Waits for the connection that comes from `peer_port`; any process of this machine may
 * connect, so others are turned away. Receiving gives up after a second. -ETIMEDOUT where
 * none comes.
 */
int endpoint_accept(int listen_fd, uint32_t peer_port);

#define ENDPOINT_NAME 17 /* TCP_CA_NAME_MAX and its end */

/* The congestion control in use on a connection, or "" where it has none (tcp(7)). */
void endpoint_congestion(int fd, char out[ENDPOINT_NAME]);

#endif
