/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_KERNEL_SOCKS_H
#define PAGEWALK_KERNEL_SOCKS_H

#include "kernel/proc.h"

#include <stddef.h>
#include <stdint.h>

/*
 * What sockets are: protocol, addresses, state and queues, from the tables of /proc/PID/net
 * (proc_pid_net(5)), which show the network namespace of that process.
 */
struct sock_note {
	uint64_t ino;
	char *text; /* raw: a path may be in it */
};

struct socks {
	struct sock_note *items; /* by inode */
	size_t nr, room;
};

/*
 * Notes of the sockets with these inodes (ascending). 0, or -errno where no table could be
 * read. The caller calls socks_clear().
 */
int socks_read(struct proc *proc, const uint64_t *inos, size_t nr, struct socks *out);
/*
 * Parses the text of one table ("tcp", "tcp6", "udp", "unix", "netlink", "packet", ...) and
 * adds the sockets that are among the inodes; lines that do not parse are left out.
 */
void socks_parse(const char *table, const char *text, size_t len_bytes, const uint64_t *inos,
		 size_t nr, struct socks *out);
/* NULL where it is not known. */
const char *socks_find(const struct socks *socks, uint64_t ino);
void socks_clear(struct socks *socks);

#endif
