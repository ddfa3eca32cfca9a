/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_LAB_TRANSFER_H
#define PAGEWALK_LAB_TRANSFER_H

#include "lab/wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

struct transfer;

/*
 * A transfer mode as the sender runs it. To add one: a file mode_NAME.c with such a
 * constant, its line in transfer.c, and its facts in model/modes.c under the same key.
 */
struct transfer_ops {
	const char *key;
	enum wire_framing framing;
	size_t buffer_bytes; /* of one step, unless another size was asked for */
	size_t paced_bytes;  /* of one step at a pace, where that is fewer; 0: the same */
	size_t window_bytes; /* of the file mapped at a time; 0: the mode maps none */
	/*
	 * Finds out whether the mode can run here, and makes its buffers in transfer->own;
	 * may settle transfer->buffer_bytes otherwise. 0, -errno, or what
	 * transfer_refuse() returns. What it has made is given back by close in any case.
	 */
	int (*open)(struct transfer *transfer);
	/*
	 * Fills its buffer or window where that is used up, and sends once. Returns the
	 * payload bytes that the socket took, which may be fewer than the buffer holds;
	 * the next step goes on from there. -ENODATA where the file ended early,
	 * -EAGAIN where the socket took nothing for a while, or -errno.
	 */
	ssize_t (*step)(struct transfer *transfer);
	/* After the last byte: waits for what is still under way; NULL: nothing. 0 or -errno. */
	int (*finish)(struct transfer *transfer);
	/* Gives back what open and step made; the file and socket stay. */
	void (*close)(struct transfer *transfer);
};

/* One file on its way into one socket. */
struct transfer {
	const struct transfer_ops *ops;
	int file_fd, socket_fd;
	uint64_t size_bytes; /* to send */
	uint64_t off_bytes;  /* sent so far; the driver adds what a step returns */
	bool paced;          /* small steps are wanted, so that eyes can follow */
	bool sized;          /* buffer_bytes was asked for */
	size_t buffer_bytes, window_bytes;
	const char *path;        /* of the file */
	const char *target_path; /* of the sink's file, or NULL */
	struct wire_progress *progress;
	uint64_t nr_completions;        /* that the kernel sent for what was sent without a copy */
	uint64_t nr_copied_completions; /* of them those that say that it was copied after all */
	char refusal[WIRE_TEXT];        /* why the mode cannot run here */
	void *own;                      /* the mode's state; NULL before open */
};

extern const struct transfer_ops transfer_traditional;
extern const struct transfer_ops transfer_direct;
extern const struct transfer_ops transfer_mmap_write;
extern const struct transfer_ops transfer_sendfile;

/* The mode called `key`, or NULL. */
const struct transfer_ops *transfer_by_key(const char *key);
/* Says why the mode cannot run here; returns -EOPNOTSUPP. */
int transfer_refuse(struct transfer *transfer, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* What one step is to send now, at most. */
size_t transfer_step_bytes(const struct transfer *transfer);
/* The smaller of `most` and what of the file lies behind `off_bytes`. */
size_t transfer_part_bytes(const struct transfer *transfer, uint64_t off_bytes, size_t most);

/*
 * The system calls that move or map the file's bytes. Each call that is made is counted,
 * one that a signal cut short included. They return what the call did, or -errno.
 */
ssize_t transfer_read(struct transfer *transfer, void *out, size_t len_bytes);
ssize_t transfer_write(struct transfer *transfer, const void *in, size_t len_bytes);
ssize_t transfer_writev(struct transfer *transfer, const struct iovec *parts, int nr_parts);
/* From the file's offset *off_bytes, which is moved on. */
ssize_t transfer_sendfile_part(struct transfer *transfer, off_t *off_bytes, size_t len_bytes);
/* Maps a part of the file read-only and shared. 0 or -errno; ends by transfer_unmap(). */
int transfer_map(struct transfer *transfer, uint64_t off_bytes, size_t len_bytes, char **window);
void transfer_unmap(struct transfer *transfer, char *window, size_t len_bytes);
/* Says where the buffer or window in use lies. */
void transfer_set_window(struct transfer *transfer, uint64_t addr);

#endif
