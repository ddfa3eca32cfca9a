/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_MODEL_MODES_H
#define PAGEWALK_MODEL_MODES_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The transfer modes as facts: what each is called, the way a byte takes, and who
 * copies it. The code that carries them out is in lab/; screens and reports read
 * only this table.
 */
enum transfer_mode {
	MODE_TRADITIONAL,
	MODE_HEAP,
	MODE_DIRECT,
	MODE_MMAP_WRITE,
	MODE_SENDFILE,
	MODE_SPLICE,
	MODE_ZEROCOPY,
	MODE_URING,
	MODE_URING_ZC,
	MODE_ODIRECT,
	MODE_COPY_FILE_RANGE,
	NR_MODE,
};

/* One hop of a byte on its way: how it gets there, and where it then is. */
struct mode_hop {
	const char *how; /* "readahead", "copy by CPU", "frame reference" */
	const char *to;  /* "page cache", "heap buffer 64K", "socket buffer" */
	unsigned copies; /* how often the sender's CPU copies each byte here */
	bool page_cache; /* `to` is the page cache: the file's map is drawn here */
};

#define MODE_MAX_HOPS 6

struct mode_info {
	const char *key;    /* "mmap-write": on the command line and in JSON */
	const char *title;  /* "mmap + write" */
	const char *calls;  /* "read(2), write(2)" */
	const char *avoids; /* what is not copied here, one clause; said of every lane */
	unsigned copies;    /* by the sender's CPU, per byte, as the lab runs it (loopback) */
	unsigned best;      /* the same where device or file system help: NIC, reflink */
	bool file_to_file;  /* nothing goes through the socket: the sink must be a file */
	bool reports;       /* the kernel tells for each send whether it copied after all */
	bool user_space;    /* each byte is in a user buffer on its way */
	const char *scene;  /* where it is at home, one phrase */
	const char *java;   /* its counterpart in Java or Netty, or "none" */
	size_t nr_hops;     /* the first hop starts at the disk */
	struct mode_hop hops[MODE_MAX_HOPS];
};

const struct mode_info *mode_info(enum transfer_mode mode);
/* The mode called `key`; false where there is none. */
bool mode_by_key(const char *key, enum transfer_mode *mode);

#endif
