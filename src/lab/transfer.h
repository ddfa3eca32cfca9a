/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_LAB_TRANSFER_H
#define PAGEWALK_LAB_TRANSFER_H

#include "lab/wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
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
	bool pins;           /* pages stay pinned while they are sent: RLIMIT_MEMLOCK counts */
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
	uint64_t stop_bytes; /* where a single step ends; 0: it runs on */
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
extern const struct transfer_ops transfer_heap;
extern const struct transfer_ops transfer_direct;
extern const struct transfer_ops transfer_mmap_write;
extern const struct transfer_ops transfer_sendfile;
extern const struct transfer_ops transfer_splice_pipe;
extern const struct transfer_ops transfer_zerocopy;
extern const struct transfer_ops transfer_uring;
extern const struct transfer_ops transfer_uring_zc;
extern const struct transfer_ops transfer_odirect;
extern const struct transfer_ops transfer_copy_file_range;

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
/* read(2) at an offset of a file opened with O_DIRECT: the device writes, no CPU copies. */
ssize_t transfer_read_direct(struct transfer *transfer, int direct_fd, void *out, size_t len_bytes,
			     uint64_t off_bytes);
/* send(2); what MSG_ZEROCOPY sends counts as copied only by its completion. */
ssize_t transfer_send(struct transfer *transfer, const void *in, size_t len_bytes, int flags);
/* `off_in` may be NULL, as for splice(2). */
ssize_t transfer_splice(struct transfer *transfer, int in_fd, off_t *off_in, int out_fd,
			size_t len_bytes, unsigned flags);
ssize_t transfer_copy_range(struct transfer *transfer, off_t *off_bytes, int target_fd,
			    size_t len_bytes);
/* Waits up to timeout_ms for the socket's error queue. 1, 0 after the time, or -errno. */
int transfer_poll_errors(struct transfer *transfer, int timeout_ms);
/* recvmsg(2) from the socket's error queue, without waiting. */
ssize_t transfer_receive_error(struct transfer *transfer, struct msghdr *message);
/* memcpy(3) that counts, and that no compiler leaves out. */
void transfer_move(struct transfer *transfer, void *to, const void *from, size_t len_bytes);
/* So many bytes were copied by the kernel after all, or by a call that is not of these. */
void transfer_count_copied(struct transfer *transfer, uint64_t len_bytes);
/* What was called while the mode was found out about is no part of the transfer. */
void transfer_forget_calls(struct transfer *transfer);
/* One call that is made elsewhere. */
void transfer_count_call(struct transfer *transfer, enum call_kind kind);
/* Maps a part of the file read-only and shared. 0 or -errno; ends by transfer_unmap(). */
int transfer_map(struct transfer *transfer, uint64_t off_bytes, size_t len_bytes, char **window);
void transfer_unmap(struct transfer *transfer, char *window, size_t len_bytes);
/* Says where the buffer or window in use lies. */
void transfer_set_window(struct transfer *transfer, uint64_t addr);

#endif
