/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tables of sockets. They list every socket of a network namespace, so only what is wanted is
 * kept. /proc does not tell the peer or the queues of a UNIX socket: sock_diag(7) does, where
 * the process is in our own network namespace.
 */
#include "kernel/socks.h"

#include "base/xalloc.h"
#include "kernel/unix_diag.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int by_ino(const void *left, const void *right)
{
	const struct sock_note *a = left, *b = right;

	return (a->ino > b->ino) - (a->ino < b->ino);
}

static int by_number(const void *left, const void *right)
{
	const uint64_t *a = left, *b = right;

	return (*a > *b) - (*a < *b);
}

static const char *tcp_state(unsigned state)
{
	static const char *const names[] = {
		[1] = "established", [2] = "SYN sent",   [3] = "SYN received",
		[4] = "FIN wait 1",  [5] = "FIN wait 2", [6] = "time wait",
		[7] = "closed",      [8] = "close wait", [9] = "last ACK",
		[10] = "listening",  [11] = "closing",   [12] = "new SYN received",
	};

	return state < sizeof(names) / sizeof(names[0]) && names[state] ? names[state] : "open";
}

/* "0100007F" or four such words: each is an address word as this machine holds it. */
static bool address_text(const char *hex, unsigned port, char *out, size_t room)
{
	uint32_t words[4] = { 0 };
	size_t len = strlen(hex);
	char address[INET6_ADDRSTRLEN];

	if (len != 8 && len != 32)
		return false;
	for (size_t i = 0; i < len / 8; i++) {
		char word[9];

		snprintf(word, sizeof(word), "%.8s", hex + i * 8);
		words[i] = (uint32_t)strtoul(word, NULL, 16);
	}
	if (!inet_ntop(len == 8 ? AF_INET : AF_INET6, words, address, sizeof(address)))
		return false;
	snprintf(out, room, len == 8 ? "%s:%u" : "[%s]:%u", address, port);
	return true;
}

static char *inet_note(const char *table, const char *line, uint64_t *ino)
{
	unsigned local_port, remote_port, state, tx, rx;
	char local_hex[40], remote_hex[40], local[64], remote[64];
	bool is_tcp = !strncmp(table, "tcp", 3);

	if (sscanf(line,
		   " %*u: %39[0-9A-F]:%x %39[0-9A-F]:%x %x %x:%x %*x:%*x %*x %*u %*u %" SCNu64,
		   local_hex, &local_port, remote_hex, &remote_port, &state, &tx, &rx, ino) != 8)
		return NULL;
	if (!address_text(local_hex, local_port, local, sizeof(local)) ||
	    !address_text(remote_hex, remote_port, remote, sizeof(remote)))
		return NULL;
	if (is_tcp && state == 10)
		return xasprintf("%s %s listening, %u to accept", table, local, rx);
	return xasprintf("%s %s -> %s %s, queues: %u B to send, %u B to read", table, local, remote,
			 is_tcp        ? tcp_state(state)
			 : remote_port ? "connected"
				       : "unconnected",
			 tx, rx);
}

static char *unix_note(const char *table, const char *line, uint64_t *ino)
{
	static const char *const types[] = { [1] = "stream", [2] = "datagram", [5] = "seqpacket" };
	static const char *const states[] = {
		[1] = "unconnected", [2] = "connecting", [3] = "connected", [4] = "disconnecting"
	};
	unsigned flags, type, state;
	int path_at = 0;
	const char *path;

	(void)table;
	if (sscanf(line, "%*x: %*x %*x %x %x %x %" SCNu64 "%n", &flags, &type, &state, ino,
		   &path_at) != 4)
		return NULL;
	path = line + path_at;
	path += *path == ' ';
	return xasprintf("unix %s%s%s %s", type < 6 && types[type] ? types[type] : "socket",
			 *path ? " " : "", path,
			 flags & 0x10000              ? "listening"
			 : state < 5 && states[state] ? states[state]
						      : "open");
}

static char *netlink_note(const char *table, const char *line, uint64_t *ino)
{
	unsigned protocol, rmem, wmem;
	uint64_t port;

	(void)table;
	if (sscanf(line, "%*x %u %" SCNu64 " %*x %u %u %*u %*u %*u %" SCNu64, &protocol, &port,
		   &rmem, &wmem, ino) != 5)
		return NULL;
	return xasprintf("netlink protocol %u port %" PRIu64 ", queues: %u B to send, %u B to read",
			 protocol, port, wmem, rmem);
}

static char *packet_note(const char *table, const char *line, uint64_t *ino)
{
	unsigned protocol, interface, rmem;

	(void)table;
	if (sscanf(line, "%*x %*u %*u %x %u %*u %u %*u %" SCNu64, &protocol, &interface, &rmem,
		   ino) != 4)
		return NULL;
	return xasprintf("packet protocol 0x%04x interface %u, queue: %u B to read", protocol,
			 interface, rmem);
}

static const struct table {
	const char *name;
	char *(*note)(const char *table, const char *line, uint64_t *ino);
} tables[] = {
	{ "tcp", inet_note },      { "tcp6", inet_note },  { "udp", inet_note },
	{ "udp6", inet_note },     { "raw", inet_note },   { "raw6", inet_note },
	{ "icmp", inet_note },     { "icmp6", inet_note }, { "udplite", inet_note },
	{ "udplite6", inet_note }, { "unix", unix_note },  { "netlink", netlink_note },
	{ "packet", packet_note },
};

static void parse_line(const struct table *table, const char *line, const uint64_t *inos, size_t nr,
		       struct socks *out)
{
	uint64_t ino = 0;
	char *text = table->note(table->name, line, &ino);

	if (!text)
		return;
	if (!ino || !nr || !bsearch(&ino, inos, nr, sizeof(*inos), by_number)) {
		free(text);
		return;
	}
	out->items = xgrow(out->items, out->nr, &out->room, sizeof(*out->items));
	out->items[out->nr++] = (struct sock_note){ ino, text };
}

void socks_parse(const char *name, const char *text, size_t len_bytes, const uint64_t *inos,
		 size_t nr, struct socks *out)
{
	const struct table *table = NULL;
	const char *end = text + len_bytes;
	char line[512];

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		if (!strcmp(tables[i].name, name))
			table = &tables[i];
	while (table && text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		size_t len = (size_t)((newline ? newline : end) - text);

		snprintf(line, sizeof(line), "%.*s", (int)(len < 511 ? len : 511), text);
		parse_line(table, line, inos, nr, out);
		text += len + 1;
	}
	if (out->nr)
		qsort(out->items, out->nr, sizeof(*out->items), by_ino);
}

/* The network namespace of the process, or -1 where it is our own. -errno in *error. */
static int open_net(struct proc *proc, int *error)
{
	struct stat theirs, ours;
	int fd = host_openat(proc_host(proc), proc_dir_fd(proc), "ns/net", O_RDONLY);

	*error = fd < 0 ? fd : 0;
	if (fd < 0)
		return -1;
	if (!fstat(fd, &theirs) && !stat("/proc/self/ns/net", &ours) &&
	    theirs.st_ino == ours.st_ino && theirs.st_dev == ours.st_dev) {
		close(fd);
		return -1;
	}
	return fd;
}

static void add_peer(struct sock_note *note, const struct unix_peer *peer)
{
	char *text = note->text;

	if (peer->listening)
		note->text = xasprintf("%s, %u to accept", text, peer->to_read);
	else if (peer->peer_ino)
		note->text = xasprintf("%s -> socket:[%" PRIu64
				       "], queues: %u B to send, %u B to read",
				       text, peer->peer_ino, peer->to_send, peer->to_read);
	else
		note->text = xasprintf("%s, queues: %u B to send, %u B to read", text,
				       peer->to_send, peer->to_read);
	free(text);
}

static bool is_unix(const struct sock_note *note)
{
	return !strncmp(note->text, "unix ", 5);
}

/* Adds to the notes of UNIX sockets what the peer is and what waits in the queues, or why not. */
static void add_peers(struct proc *proc, struct socks *out)
{
	struct unix_peers peers = { 0 };
	bool any = false;
	int net_fd, ret;

	for (size_t i = 0; i < out->nr; i++)
		any |= is_unix(&out->items[i]);
	if (!any)
		return;
	net_fd = open_net(proc, &ret);
	if (!ret)
		ret = unix_peers_read(net_fd, &peers);
	for (size_t i = 0; i < out->nr; i++) {
		struct sock_note *note = &out->items[i];
		const struct unix_peer *peer = unix_peers_find(&peers, note->ino);
		char *text = note->text;

		if (!is_unix(note))
			continue;
		if (peer)
			add_peer(note, peer);
		if (!ret)
			continue;
		note->text = xasprintf("%s, peer ?: %s%s", text,
				       net_fd >= 0 ? "of another network namespace, " : "",
				       ret == -EPERM || ret == -EACCES
					       ? "which needs CAP_SYS_ADMIN (sudo)"
					       : strerror(-ret));
		free(text);
	}
	unix_peers_clear(&peers);
	if (net_fd >= 0)
		close(net_fd);
}

int socks_read(struct proc *proc, const uint64_t *inos, size_t nr, struct socks *out)
{
	int ret = -ENOENT;

	*out = (struct socks){ 0 };
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		char path[32], *text;
		size_t len_bytes;
		int got;

		snprintf(path, sizeof(path), "net/%s", tables[i].name);
		got = host_read_all(proc_host(proc), proc_dir_fd(proc), path, &text, &len_bytes);
		if (got) {
			ret = ret ? got : 0;
			continue;
		}
		ret = 0;
		socks_parse(tables[i].name, text, len_bytes, inos, nr, out);
		free(text);
	}
	add_peers(proc, out);
	return ret;
}

const char *socks_find(const struct socks *socks, uint64_t ino)
{
	struct sock_note key = { .ino = ino };
	const struct sock_note *found = socks->nr ? bsearch(&key, socks->items, socks->nr,
							    sizeof(key), by_ino)
						  : NULL;

	return found ? found->text : NULL;
}

void socks_clear(struct socks *socks)
{
	for (size_t i = 0; i < socks->nr; i++)
		free(socks->items[i].text);
	free(socks->items);
	*socks = (struct socks){ 0 };
}
