/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_LAB_REMOTE_H
#define PAGEWALK_LAB_REMOTE_H

#include "lab/remote_wire.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The two ends of a remote transfer: the server behind `pagewalk sink`, and the link by
 * which `pagewalk bench --connect` reaches it. Names and bytes from the other end are
 * never trusted: the server makes its own file names, and takes no more than it said.
 */

/* "127.0.0.1:9090", "[::1]:9090", "host", ":9090": as typed by the user. */
struct remote_address {
	char host[256]; /* empty: none was given */
	char port[8];
};

/* Reads ADDR:PORT; what is missing is left as it was in *out. 0 or -EINVAL. */
int remote_address_parse(const char *text, struct remote_address *out);
/* "[::1]:9090", for messages. Fills and returns `out`. */
char *remote_address_text(const struct remote_address *address, char *out, size_t room);

struct remote_server;

/* What one connection came to, for whoever watches the server. */
struct remote_done {
	char peer[64];
	bool asked; /* a well-formed request came */
	struct remote_message request, receipt;
	const char *file; /* where it was kept, or NULL; borrowed for the call */
};

struct remote_server_config {
	struct remote_address listen;
	const char *output_dir; /* NULL: the disk sink is refused */
	bool keep;              /* leave received files behind */
	bool once;              /* end after one transfer that was asked for */
	uint64_t most_bytes;    /* of one transfer */
	uint64_t buffer_bytes;  /* where the request leaves it open; 0: 256 KiB */
	unsigned most_connections;
	uint64_t quiet_ns; /* a connection that brings nothing for so long is ended */
	/* Called for each connection that has ended, from the thread of remote_server_run(). */
	void (*done)(void *arg, const struct remote_done *done);
	void *arg;
};

#define REMOTE_MOST_CONNECTIONS 64

/*
 * Listens. 0, or -errno with one line in error[room]. The configuration's strings must
 * outlive the server, which remote_server_close() ends.
 */
int remote_server_open(const struct remote_server_config *config, struct remote_server **out,
		       char *error, size_t room);
/* Where it listens, with the port that the kernel chose where 0 was asked for. */
void remote_server_address(const struct remote_server *server, struct remote_address *out);
/*
 * Serves until stop_fd becomes readable, or after one transfer with `once`. 0, or -errno of
 * waiting. When it returns, every connection has ended.
 */
int remote_server_run(struct remote_server *server, int stop_fd);
void remote_server_close(struct remote_server *server);

/* One connection, as a thread of the server serves it (remote_receive.c). */
struct remote_connection {
	int fd;
	const struct remote_server_config *config;
	const atomic_bool *stop;
	struct remote_done done;
	char *file; /* where what came was kept, or NULL; owned */
};

/* Takes request and payload, and answers. The descriptor stays open. */
void remote_receive(struct remote_connection *connection);

/*
 * Connects to the sink at `address`: a TCP socket whose sending gives up after a second, as
 * the senders want it, or -errno with one line in error[room]. Gives up after timeout_ns, or
 * once *cancel is true; so below.
 */
int remote_link_connect(const struct remote_address *address, uint64_t timeout_ns,
			const atomic_bool *cancel, char *error, size_t room);
/*
 * Asks for a transfer: 0, and exactly request->size_bytes of payload shall go through `fd`,
 * or -errno with one line in error[room].
 */
int remote_link_ask(int fd, const struct remote_message *request, uint64_t timeout_ns,
		    const atomic_bool *cancel, char *error, size_t room);
/* Both: a connection that waits for its payload, or -errno with one line. */
int remote_link_open(const struct remote_address *address, const struct remote_message *request,
		     uint64_t timeout_ns, const atomic_bool *cancel, char *error, size_t room);
/* Takes the receipt; 0, or -errno with one line in error[room]. `fd` as above. */
int remote_link_receipt(int fd, uint64_t timeout_ns, const atomic_bool *cancel,
			struct remote_message *out, char *error, size_t room);

/*
 * Reads exactly one message within the time. 0, -ETIMEDOUT, -ECANCELED, -EPIPE where the
 * peer has closed, -EPROTO for garbage, or -errno.
 */
int remote_read(int fd, uint64_t timeout_ns, const atomic_bool *cancel, struct remote_message *out);
/* Writes a message within the time. 0 or -errno as above. */
int remote_write(int fd, uint64_t timeout_ns, const atomic_bool *cancel,
		 const struct remote_message *message);

#endif
