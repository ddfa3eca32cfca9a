/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The transfer modes as facts. Every mode has the same hops in the same order (disk, page
 * cache, what user space sees, socket buffer, network), so that lanes side by side compare
 * row by row. A copy counts where the sender's CPU moves the byte; the device's DMA and the
 * receiver's recv(2) are the same for all and are not counted.
 */
#include "model/modes.h"

#include <string.h>

#define HOP_SOCKET "socket buffer"
#define HOP_COPY   "copy by CPU"

static const struct mode_info modes[NR_MODE] = {
	[MODE_TRADITIONAL] = {
		.key = "traditional",
		.title = "traditional",
		.calls = "read(2), write(2)",
		.avoids = "avoids nothing: each byte is copied into a heap buffer and out of it "
			  "again; this is the baseline",
		.copies = 2,
		.nr_hops = 4,
		.hops = {
			{ .how = "readahead", .to = "page cache", .page_cache = true },
			{ .how = HOP_COPY, .to = "heap buffer 64K", .cpu_copy = true },
			{ .how = HOP_COPY, .to = HOP_SOCKET, .cpu_copy = true },
			{ .how = "TCP, loopback", .to = "network" },
		},
	},
	[MODE_DIRECT] = {
		.key = "direct",
		.title = "direct",
		.calls = "read(2), writev(2)",
		.avoids = "avoids no copy of the kernel's, but the two in and out of a managed "
			  "heap, the merging of header and payload, and a buffer per request",
		.copies = 2,
		.nr_hops = 4,
		.hops = {
			{ .how = "readahead", .to = "page cache", .page_cache = true },
			{ .how = HOP_COPY, .to = "aligned pool 256K", .cpu_copy = true },
			{ .how = HOP_COPY, .to = HOP_SOCKET, .cpu_copy = true },
			{ .how = "TCP, loopback", .to = "network" },
		},
	},
	[MODE_MMAP_WRITE] = {
		.key = "mmap-write",
		.title = "mmap + write",
		.calls = "mmap(2), write(2)",
		.avoids = "avoids the copy into a user buffer: the mapped page is the page "
			  "cache's own; pays with page faults",
		.copies = 1,
		.nr_hops = 4,
		.hops = {
			{ .how = "fault+readahead", .to = "page cache", .page_cache = true },
			{ .how = "the same frame", .to = "mapping r--s" },
			{ .how = HOP_COPY, .to = HOP_SOCKET, .cpu_copy = true },
			{ .how = "TCP, loopback", .to = "network" },
		},
	},
	[MODE_SENDFILE] = {
		.key = "sendfile",
		.title = "sendfile",
		.calls = "sendfile(2)",
		.avoids = "avoids user space and both copies: the socket holds references to the "
			  "page cache's frames",
		.copies = 0,
		.nr_hops = 4,
		.hops = {
			{ .how = "readahead", .to = "page cache", .page_cache = true },
			{ .how = "stays in kernel", .to = "no user page" },
			{ .how = "frame reference", .to = HOP_SOCKET },
			{ .how = "TCP, loopback", .to = "network" },
		},
	},
};

const struct mode_info *mode_info(enum transfer_mode mode)
{
	return &modes[mode];
}

bool mode_by_key(const char *key, enum transfer_mode *mode)
{
	for (int i = 0; i < NR_MODE; i++) {
		if (strcmp(modes[i].key, key))
			continue;
		*mode = (enum transfer_mode)i;
		return true;
	}
	return false;
}
