/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The remote sink: one thread for each connection, and no more of them than there are
 * slots, so that a peer that is slow, silent or hostile keeps nobody else waiting.
 */
#include "lab/remote.h"

#include "base/xalloc.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 16

struct slot {
	struct remote_connection connection;
	struct remote_server *server;
	pthread_t thread;
	bool used;
	atomic_bool ended;
};

struct remote_server {
	struct remote_server_config config;
	int listen_fd;
	int ended_fd; /* eventfd(2): connections that have ended */
	atomic_bool stop;
	struct slot *slots;
};

/* A listening socket on this address, or -errno. */
static int listen_one(const struct addrinfo *info)
{
	const int yes = 1;
	int fd = socket(info->ai_family, info->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int err;

	if (fd < 0)
		return -errno;
	/* The port of a sink that has just ended is free; one in use is still refused. */
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (!bind(fd, info->ai_addr, info->ai_addrlen) && !listen(fd, BACKLOG))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

static int listen_on(const struct remote_address *address, char *error, size_t room)
{
	const struct addrinfo hints = {
		.ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_PASSIVE,
	};
	char text[sizeof(address->host) + 16];
	struct addrinfo *list;
	int fd = -EADDRNOTAVAIL, err;

	remote_address_text(address, text, sizeof(text));
	err = getaddrinfo(address->host, address->port, &hints, &list);
	if (err) {
		snprintf(error, room, "cannot listen on %s: %s", text, gai_strerror(err));
		return -EADDRNOTAVAIL;
	}
	for (const struct addrinfo *info = list; info && fd < 0; info = info->ai_next)
		fd = listen_one(info);
	freeaddrinfo(list);
	if (fd < 0)
		snprintf(error, room, "cannot listen on %s: %s", text, strerror(-fd));
	return fd;
}

int remote_server_open(const struct remote_server_config *config, struct remote_server **out,
		       char *error, size_t room)
{
	int listen_fd = listen_on(&config->listen, error, room), ended_fd;
	struct remote_server *server;

	if (listen_fd < 0)
		return listen_fd;
	ended_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (ended_fd < 0) {
		int err = -errno;

		snprintf(error, room, "cannot wait: %s", strerror(-err));
		close(listen_fd);
		return err;
	}
	server = xcalloc(1, sizeof(*server));
	server->config = *config;
	server->listen_fd = listen_fd;
	server->ended_fd = ended_fd;
	server->slots = xcalloc(config->most_connections, sizeof(*server->slots));
	*out = server;
	return 0;
}

void remote_server_address(const struct remote_server *server, struct remote_address *out)
{
	struct sockaddr_storage address;
	socklen_t len_bytes = sizeof(address);

	*out = server->config.listen;
	if (!getsockname(server->listen_fd, (struct sockaddr *)&address, &len_bytes))
		getnameinfo((struct sockaddr *)&address, len_bytes, out->host, sizeof(out->host),
			    out->port, sizeof(out->port), NI_NUMERICHOST | NI_NUMERICSERV);
}

static void *serve(void *arg)
{
	struct slot *slot = arg;
	const uint64_t one = 1;
	ssize_t ignored;

	remote_receive(&slot->connection);
	atomic_store(&slot->ended, true);
	ignored = write(slot->server->ended_fd, &one, sizeof(one));
	(void)ignored;
	return NULL;
}

/* Says no without waiting for anything. */
static void turn_away(int fd)
{
	struct remote_message reply = remote_message_make(REMOTE_REPLY);
	unsigned char bytes[REMOTE_BYTES];
	ssize_t ignored;

	reply.status = REMOTE_BUSY;
	snprintf(reply.text, sizeof(reply.text), "it serves as many connections as it may");
	remote_encode(&reply, bytes);
	ignored = send(fd, bytes, sizeof(bytes), MSG_DONTWAIT | MSG_NOSIGNAL);
	(void)ignored;
	close(fd);
}

static struct slot *free_slot(struct remote_server *server)
{
	for (unsigned i = 0; i < server->config.most_connections; i++)
		if (!server->slots[i].used)
			return &server->slots[i];
	return NULL;
}

/* Signals are for the thread that waits for them. */
static int start_thread(struct slot *slot)
{
	sigset_t all, before;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&slot->thread, NULL, serve, slot);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return err;
}

static void accept_one(struct remote_server *server)
{
	struct sockaddr_storage peer;
	socklen_t len_bytes = sizeof(peer);
	int fd = accept4(server->listen_fd, (struct sockaddr *)&peer, &len_bytes, SOCK_CLOEXEC);
	struct slot *slot = free_slot(server);

	if (fd < 0)
		return;
	if (!slot) {
		turn_away(fd);
		return;
	}
	memset(&slot->connection, 0, sizeof(slot->connection));
	slot->connection.fd = fd;
	slot->connection.config = &server->config;
	slot->connection.stop = &server->stop;
	slot->server = server;
	atomic_store(&slot->ended, false);
	if (getnameinfo((struct sockaddr *)&peer, len_bytes, slot->connection.done.peer,
			sizeof(slot->connection.done.peer), NULL, 0, NI_NUMERICHOST))
		strcpy(slot->connection.done.peer, "?");
	slot->used = !start_thread(slot);
	if (!slot->used)
		turn_away(fd);
}

/* Joins the threads that have ended, or all. Returns how many had been asked for a transfer. */
static unsigned join_ended(struct remote_server *server, bool all)
{
	unsigned asked = 0;

	for (unsigned i = 0; i < server->config.most_connections; i++) {
		struct slot *slot = &server->slots[i];
		struct remote_connection *connection = &slot->connection;

		if (!slot->used || (!all && !atomic_load(&slot->ended)))
			continue;
		pthread_join(slot->thread, NULL);
		close(connection->fd);
		connection->done.file = connection->file;
		asked += connection->done.asked;
		if (server->config.done)
			server->config.done(server->config.arg, &connection->done);
		free(connection->file);
		slot->used = false;
	}
	return asked;
}

int remote_server_run(struct remote_server *server, int stop_fd)
{
	struct pollfd fds[] = {
		{ .fd = server->listen_fd, .events = POLLIN },
		{ .fd = server->ended_fd, .events = POLLIN },
		{ .fd = stop_fd, .events = POLLIN },
	};
	int err = 0;

	for (;;) {
		uint64_t nr;

		if (poll(fds, 3, -1) < 0) {
			if (errno == EINTR)
				continue;
			err = -errno;
			break;
		}
		if (fds[2].revents)
			break;
		if (fds[1].revents && read(server->ended_fd, &nr, sizeof(nr)) > 0 &&
		    join_ended(server, false) && server->config.once)
			break;
		if (fds[0].revents)
			accept_one(server);
	}
	atomic_store(&server->stop, true);
	join_ended(server, true);
	return err;
}

void remote_server_close(struct remote_server *server)
{
	if (!server)
		return;
	close(server->listen_fd);
	close(server->ended_fd);
	free(server->slots);
	free(server);
}
