/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The transfer modes as facts. Every mode has the same hops in the same order (disk, page
 * cache, what user space sees, socket buffer, network), so that lanes side by side compare
 * row by row; only copy-file-range ends on a disk. A copy counts where the sender's CPU moves
 * the byte; the device's DMA and the receiver's recv(2) are not counted.
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
		.best = 2,
		.user_space = true,
		.scene = "bytes that a program must read or change",
		.java = "InputStream to OutputStream, at its best",
		.nr_hops = 4,
		.hops = {
			{ .how = "readahead", .to = "page cache", .page_cache = true },
			{ .how = HOP_COPY, .to = "heap buffer", .copies = 1 },
			{ .how = HOP_COPY, .to = HOP_SOCKET, .copies = 1 },
			{ .how = "loopback", .to = "network" },
		},
	},
	[MODE_HEAP] = {
		.key = "heap",
		.title = "heap array",
		.calls = "read(2), memcpy, write(2)",
		.avoids = "avoids nothing, and adds two copies: arrays on a managed heap may "
			  "move, so bytes pass through native memory",
		.copies = 4,
		.best = 4,
		.user_space = true,
		.scene = "byte arrays of a managed language",
		.java = "byte[] and heap ByteBuffer",
		.nr_hops = 4,
		.hops = {
			{ .how = "readahead", .to = "page cache", .page_cache = true },
			{ .how = "2 copies by CPU", .to = "heap array", .copies = 2 },
			{ .how = "2 copies by CPU", .to = HOP_SOCKET, .copies = 2 },
			{ .how = "loopback", .to = "network" },
		},
	},
	[MODE_DIRECT] = {
		.key = "direct",
		.title = "direct",
		.calls = "read(2), writev(2)",
		.avoids = "avoids no copy of the kernel's, but two of a managed heap, the merging "
			  "of header and payload, a buffer per request",
		.copies = 2,
		.best = 2,
		.user_space = true,
		.scene = "protocols with headers, changed payload",
		.java = "direct ByteBuffer, CompositeByteBuf",
		.nr_hops = 4,
		.hops = {
			{ .how = "readahead", .to = "page cache", .page_cache = true },
			{ .how = HOP_COPY, .to = "aligned pool", .copies = 1 },
			{ .how = HOP_COPY, .to = HOP_SOCKET, .copies = 1 },
			{ .how = "loopback", .to = "network" },
		},
	},
	[MODE_MMAP_WRITE] = {
		.key = "mmap-write",
		.title = "mmap + write",
		.calls = "mmap(2), write(2)",
		.avoids = "avoids the copy into a user buffer: the mapped page is the page "
			  "cache's own; pays with page faults",
		.copies = 1,
		.best = 1,
		.user_space = true,
		.scene = "random reads, files that many map",
		.java = "FileChannel.map, MappedByteBuffer",
		.nr_hops = 4,
		.hops = {
			{ .how = "fault+readahead", .to = "page cache", .page_cache = true },
			{ .how = "the same frame", .to = "mapping r--s" },
			{ .how = HOP_COPY, .to = HOP_SOCKET, .copies = 1 },
			{ .how = "loopback", .to = "network" },
		},
	},
	[MODE_SENDFILE] = {
		.key = "sendfile",
		.title = "sendfile",
		.calls = "sendfile(2)",
		.avoids = "avoids user space and both copies: the socket holds references to the "
			  "page cache's frames",
		.copies = 0,
		.best = 0,
		.scene = "whole files, unchanged",
		.java = "FileChannel.transferTo, FileRegion",
		.nr_hops = 4,
		.hops = {
			{ .how = "readahead", .to = "page cache", .page_cache = true },
			{ .how = "stays in kernel", .to = "no user page" },
			{ .how = "frame reference", .to = HOP_SOCKET },
			{ .how = "loopback", .to = "network" },
		},
	},
	[MODE_SPLICE] = {
		.key = "splice",
		.title = "splice",
		.calls = "splice(2), pipe(2)",
		.avoids = "avoids user space and both copies, as sendfile does, by references to "
			  "the cache's frames; takes two calls a pipeful",
		.copies = 0,
		.best = 0,
		.scene = "proxies, from any descriptor to any",
		.java = "Netty epoll spliceTo",
		.nr_hops = 4,
		.hops = {
			{ .how = "readahead", .to = "page cache", .page_cache = true },
			{ .how = "frame reference", .to = "pipe, kernel" },
			{ .how = "frame reference", .to = HOP_SOCKET },
			{ .how = "loopback", .to = "network" },
		},
	},
	[MODE_ZEROCOPY] = {
		.key = "zerocopy",
		.title = "MSG_ZEROCOPY",
		.calls = "mmap(2), send(2)",
		.avoids = "avoids the copy into the socket where a network card reads the pages; "
			  "loopback copies, and each completion says so",
		.copies = 1,
		.best = 0,
		.reports = true,
		.user_space = true,
		.scene = "large sends from user memory, real NIC",
		.java = "none",
		.nr_hops = 4,
		.hops = {
			{ .how = "fault+readahead", .to = "page cache", .page_cache = true },
			{ .how = "the same frame", .to = "mapping r--s" },
			{ .how = "pages pinned", .to = HOP_SOCKET },
			{ .how = "loopback copies", .to = "network", .copies = 1 },
		},
	},
	[MODE_URING] = {
		.key = "uring",
		.title = "io_uring",
		.calls = "mmap(2), io_uring_enter(2)",
		.avoids = "avoids the copy into a user buffer, as mmap + write does, and system "
			  "calls: one serves several sends",
		.copies = 1,
		.best = 1,
		.user_space = true,
		.scene = "many small operations at once",
		.java = "Netty io_uring transport",
		.nr_hops = 4,
		.hops = {
			{ .how = "fault+readahead", .to = "page cache", .page_cache = true },
			{ .how = "the same frame", .to = "mapping r--s" },
			{ .how = HOP_COPY, .to = HOP_SOCKET, .copies = 1 },
			{ .how = "loopback", .to = "network" },
		},
	},
	[MODE_URING_ZC] = {
		.key = "uring-zc",
		.title = "io_uring ZC",
		.calls = "mmap(2), io_uring_enter(2)",
		.avoids = "avoids what MSG_ZEROCOPY avoids, with fewer system calls; loopback "
			  "copies, and each notification says so",
		.copies = 1,
		.best = 0,
		.reports = true,
		.user_space = true,
		.scene = "large sends from user memory, real NIC",
		.java = "Netty io_uring send_zc",
		.nr_hops = 4,
		.hops = {
			{ .how = "fault+readahead", .to = "page cache", .page_cache = true },
			{ .how = "the same frame", .to = "mapping r--s" },
			{ .how = "pages pinned", .to = HOP_SOCKET },
			{ .how = "loopback copies", .to = "network", .copies = 1 },
		},
	},
	[MODE_ODIRECT] = {
		.key = "odirect",
		.title = "O_DIRECT",
		.calls = "read(2) O_DIRECT, write(2)",
		.avoids = "avoids the page cache and the copy out of it: the disk writes to user "
			  "memory; pays with a disk read each time",
		.copies = 1,
		.best = 1,
		.user_space = true,
		.scene = "databases with a cache of their own",
		.java = "ExtendedOpenOption.DIRECT",
		.nr_hops = 4,
		.hops = {
			{ .how = "passed by", .to = "page cache", .page_cache = true },
			{ .how = "DMA from disk", .to = "aligned memory" },
			{ .how = HOP_COPY, .to = HOP_SOCKET, .copies = 1 },
			{ .how = "loopback", .to = "network" },
		},
	},
	[MODE_COPY_FILE_RANGE] = {
		.key = "copy-file-range",
		.title = "copy range",
		.calls = "copy_file_range(2)",
		.avoids = "avoids user space: the kernel copies from file to file, or shares the "
			  "blocks where it can (reflink)",
		.copies = 1,
		.best = 0,
		.file_to_file = true,
		.scene = "copies of files on one machine",
		.java = "Files.copy, FileChannel.transferTo",
		.nr_hops = 4,
		.hops = {
			{ .how = "readahead", .to = "page cache", .page_cache = true },
			{ .how = "stays in kernel", .to = "no user page" },
			{ .how = HOP_COPY, .to = "target's cache", .copies = 1 },
			{ .how = "writeback", .to = "disk" },
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
