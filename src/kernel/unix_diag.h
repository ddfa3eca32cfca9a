/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_KERNEL_UNIX_DIAG_H
#define PAGEWALK_KERNEL_UNIX_DIAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What /proc does not tell of UNIX sockets: the other end and the queues, from
 * sock_diag(7), unix_diag (Linux 3.3), which answers for one network namespace.
 */
struct unix_peer {
	uint64_t ino, peer_ino;    /* peer 0: none */
	uint32_t to_read, to_send; /* bytes; of a listening one: connections to accept, backlog */
	bool listening;
};

struct unix_peers {
	struct unix_peer *items; /* by inode */
	size_t nr, room;
};

/*
 * All of a network namespace, given by a descriptor of /proc/PID/ns/net; -1: our own. Another one
 * is entered by a thread that ends at once (setns(2): CAP_SYS_ADMIN). 0 or -errno; the caller
 * calls unix_peers_clear().
 */
int unix_peers_read(int net_fd, struct unix_peers *out);
/*
 * Parses one answer of the kernel. 1: more will come; 0: that was the last; -EPROTO where it
 * is not one, or the error that it carries.
 */
int unix_peers_parse(const void *bytes, size_t len_bytes, struct unix_peers *out);
/* NULL where it is not among them. */
const struct unix_peer *unix_peers_find(const struct unix_peers *peers, uint64_t ino);
void unix_peers_clear(struct unix_peers *peers);

#endif
