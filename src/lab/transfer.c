/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What all transfer modes have in common: their table, and the counted system calls. The
 * count is exact because nothing moves or maps a byte of the file but through here.
 */
#include "lab/transfer.h"

#include "lab/actor.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <unistd.h>

static const struct transfer_ops *const modes[] = {
	&transfer_traditional,     &transfer_heap,
	&transfer_direct,          &transfer_mmap_write,
	&transfer_sendfile,        &transfer_splice_pipe,
	&transfer_zerocopy,        &transfer_uring,
	&transfer_uring_zc,        &transfer_odirect,
	&transfer_copy_file_range,
};

const struct transfer_ops *transfer_by_key(const char *key)
{
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (!strcmp(modes[i]->key, key))
			return modes[i];
	return NULL;
}

size_t transfer_part_bytes(const struct transfer *transfer, uint64_t off_bytes, size_t most)
{
	uint64_t left = transfer->size_bytes - off_bytes;

	return left < most ? (size_t)left : most;
}

int transfer_refuse(struct transfer *transfer, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(transfer->refusal, sizeof(transfer->refusal), format, args);
	va_end(args);
	return -EOPNOTSUPP;
}

size_t transfer_step_bytes(const struct transfer *transfer)
{
	bool small = transfer->paced && !transfer->sized && transfer->ops->paced_bytes;
	size_t step = small ? transfer->ops->paced_bytes : transfer->buffer_bytes;
	uint64_t stop_bytes = transfer->stop_bytes;

	if (stop_bytes > transfer->off_bytes && stop_bytes - transfer->off_bytes < step)
		step = (size_t)(stop_bytes - transfer->off_bytes);
	return step;
}

void transfer_count_call(struct transfer *transfer, enum call_kind kind)
{
	actor_count_call(transfer->progress, kind);
}

void transfer_forget_calls(struct transfer *transfer)
{
	for (int kind = 0; kind < NR_CALL; kind++)
		atomic_store(&transfer->progress->calls[kind], 0);
}

void transfer_count_copied(struct transfer *transfer, uint64_t len_bytes)
{
	actor_count_copied(transfer->progress, len_bytes);
}

/* What a call copied between user memory and the kernel; passes its result on. */
static ssize_t count_copied(struct transfer *transfer, ssize_t len_bytes)
{
	if (len_bytes > 0)
		actor_count_copied(transfer->progress, (uint64_t)len_bytes);
	return len_bytes;
}

ssize_t transfer_read(struct transfer *transfer, void *out, size_t len_bytes)
{
	ssize_t got;

	do {
		transfer_count_call(transfer, CALL_READ);
		got = read(transfer->file_fd, out, len_bytes);
	} while (got < 0 && errno == EINTR);
	return got < 0 ? -errno : count_copied(transfer, got);
}

ssize_t transfer_write(struct transfer *transfer, const void *in, size_t len_bytes)
{
	ssize_t took;

	do {
		transfer_count_call(transfer, CALL_WRITE);
		took = write(transfer->socket_fd, in, len_bytes);
	} while (took < 0 && errno == EINTR);
	return took < 0 ? -errno : count_copied(transfer, took);
}

ssize_t transfer_writev(struct transfer *transfer, const struct iovec *parts, int nr_parts)
{
	ssize_t took;

	do {
		transfer_count_call(transfer, CALL_WRITEV);
		took = writev(transfer->socket_fd, parts, nr_parts);
	} while (took < 0 && errno == EINTR);
	return took < 0 ? -errno : count_copied(transfer, took);
}

ssize_t transfer_sendfile_part(struct transfer *transfer, off_t *off_bytes, size_t len_bytes)
{
	ssize_t took;

	do {
		transfer_count_call(transfer, CALL_SENDFILE);
		took = sendfile(transfer->socket_fd, transfer->file_fd, off_bytes, len_bytes);
	} while (took < 0 && errno == EINTR);
	return took < 0 ? -errno : took;
}

ssize_t transfer_read_direct(struct transfer *transfer, int direct_fd, void *out, size_t len_bytes,
			     uint64_t off_bytes)
{
	ssize_t got;

	do {
		transfer_count_call(transfer, CALL_READ);
		got = pread(direct_fd, out, len_bytes, (off_t)off_bytes);
	} while (got < 0 && errno == EINTR);
	return got < 0 ? -errno : got;
}

ssize_t transfer_send(struct transfer *transfer, const void *in, size_t len_bytes, int flags)
{
	ssize_t took;

	do {
		transfer_count_call(transfer, CALL_SEND);
		took = send(transfer->socket_fd, in, len_bytes, flags);
	} while (took < 0 && errno == EINTR);
	if (took < 0)
		return -errno;
	return flags & MSG_ZEROCOPY ? took : count_copied(transfer, took);
}

ssize_t transfer_splice(struct transfer *transfer, int in_fd, off_t *off_in, int out_fd,
			size_t len_bytes, unsigned flags)
{
	ssize_t took;

	do {
		transfer_count_call(transfer, CALL_SPLICE);
		took = splice(in_fd, off_in, out_fd, NULL, len_bytes, flags);
	} while (took < 0 && errno == EINTR);
	return took < 0 ? -errno : took;
}

ssize_t transfer_copy_range(struct transfer *transfer, off_t *off_bytes, int target_fd,
			    size_t len_bytes)
{
	off_t off_out = *off_bytes;
	ssize_t took;

	do {
		transfer_count_call(transfer, CALL_COPY_FILE_RANGE);
		took = copy_file_range(transfer->file_fd, off_bytes, target_fd, &off_out, len_bytes,
				       0);
	} while (took < 0 && errno == EINTR);
	return took < 0 ? -errno : took;
}

int transfer_poll_errors(struct transfer *transfer, int timeout_ms)
{
	struct pollfd wanted = { .fd = transfer->socket_fd };
	int ready;

	transfer_count_call(transfer, CALL_POLL);
	ready = poll(&wanted, 1, timeout_ms);
	return ready < 0 && errno != EINTR ? -errno : ready > 0;
}

ssize_t transfer_receive_error(struct transfer *transfer, struct msghdr *message)
{
	ssize_t got;

	transfer_count_call(transfer, CALL_RECVMSG);
	got = recvmsg(transfer->socket_fd, message, MSG_ERRQUEUE | MSG_DONTWAIT);
	return got < 0 ? -errno : got;
}

void transfer_move(struct transfer *transfer, void *to, const void *from, size_t len_bytes)
{
	memcpy(to, from, len_bytes);
	__asm__ volatile("" : : "r"(to) : "memory");
	actor_count_copied(transfer->progress, len_bytes);
}

int transfer_map(struct transfer *transfer, uint64_t off_bytes, size_t len_bytes, char **window)
{
	void *at;

	transfer_count_call(transfer, CALL_MMAP);
	at = mmap(NULL, len_bytes, PROT_READ, MAP_SHARED, transfer->file_fd, (off_t)off_bytes);
	if (at == MAP_FAILED)
		return -errno;
	*window = at;
	return 0;
}

void transfer_unmap(struct transfer *transfer, char *window, size_t len_bytes)
{
	transfer_count_call(transfer, CALL_MUNMAP);
	munmap(window, len_bytes);
}

void transfer_set_window(struct transfer *transfer, uint64_t addr)
{
	atomic_store_explicit(&transfer->progress->window_addr, addr, memory_order_relaxed);
}
