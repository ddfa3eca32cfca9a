/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The user's half of a perf ring: data_head is read with acquire, data_tail written with
 * release, as the comment on struct perf_event_mmap_page in linux/perf_event.h asks. A record
 * that wraps around the end is put together in a buffer of its own.
 */
#include "kernel/perf_ring.h"

#include "base/xalloc.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define RING_LEAST_BYTES ((size_t)64 << 10)

struct perf_ring {
	struct perf_event_mmap_page *head;
	unsigned char *data;
	size_t map_bytes, data_bytes;
	uint64_t nr_lost;
	/* A record is at most 64 KiB: its size is 16 bits wide. */
	uint64_t bounce[65536 / sizeof(uint64_t)];
};

int perf_open(const struct host *host, struct perf_event_attr *attr, pid_t pid, int cpu)
{
	int fd;

	attr->size = sizeof(*attr);
	atomic_fetch_add_explicit(host->nr_calls, 1, memory_order_relaxed);
	fd = (int)syscall(SYS_perf_event_open, attr, pid, cpu, -1, PERF_FLAG_FD_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int perf_share(const struct host *host, int fd, int ring_fd)
{
	atomic_fetch_add_explicit(host->nr_calls, 1, memory_order_relaxed);
	return ioctl(fd, PERF_EVENT_IOC_SET_OUTPUT, ring_fd) ? -errno : 0;
}

int perf_ring_new(int fd, size_t bytes, struct perf_ring **out)
{
	size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE), data_bytes = RING_LEAST_BYTES;
	struct perf_ring *ring;
	void *map = MAP_FAILED;

	if (data_bytes < page_bytes)
		data_bytes = page_bytes;
	while (data_bytes < bytes)
		data_bytes *= 2;
	for (; data_bytes >= page_bytes && data_bytes >= RING_LEAST_BYTES; data_bytes /= 2) {
		map = mmap(NULL, page_bytes + data_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
			   0);
		if (map != MAP_FAILED || (errno != EPERM && errno != ENOMEM))
			break;
	}
	if (map == MAP_FAILED)
		return -errno;
	ring = xcalloc(1, sizeof(*ring));
	ring->head = map;
	ring->data = (unsigned char *)map + page_bytes;
	ring->map_bytes = page_bytes + data_bytes;
	ring->data_bytes = data_bytes;
	*out = ring;
	return 0;
}

void perf_ring_free(struct perf_ring *ring)
{
	if (!ring)
		return;
	munmap(ring->head, ring->map_bytes);
	free(ring);
}

size_t perf_ring_bytes(const struct perf_ring *ring)
{
	return ring->data_bytes;
}

uint64_t perf_ring_lost(const struct perf_ring *ring)
{
	return ring->nr_lost;
}

size_t perf_ring_fill(const struct perf_ring *ring)
{
	uint64_t head = atomic_load_explicit((_Atomic uint64_t *)&ring->head->data_head,
					     memory_order_acquire);

	return (size_t)(head - ring->head->data_tail);
}

/* The record at `at`, made contiguous; NULL where its size makes no sense. */
static const struct perf_event_header *record_at(struct perf_ring *ring, uint64_t at,
						 uint64_t avail_bytes)
{
	size_t off = (size_t)(at & (ring->data_bytes - 1)), first = ring->data_bytes - off;
	const struct perf_event_header *header = (const void *)(ring->data + off);

	/* Records are multiples of 8 bytes, so that a header never wraps. */
	if (header->size < sizeof(*header) || header->size > avail_bytes)
		return NULL;
	if (header->size <= first)
		return header;
	memcpy(ring->bounce, ring->data + off, first);
	memcpy((unsigned char *)ring->bounce + first, ring->data, header->size - first);
	return (const void *)ring->bounce;
}

size_t perf_ring_drain(struct perf_ring *ring, size_t most,
		       void (*fn)(void *arg, const struct perf_event_header *header), void *arg)
{
	uint64_t head = atomic_load_explicit((_Atomic uint64_t *)&ring->head->data_head,
					     memory_order_acquire);
	uint64_t start = ring->head->data_tail, at = start;

	while (at != head && (!most || at - start < most)) {
		const struct perf_event_header *header = record_at(ring, at, head - at);

		if (!header) {
			at = head;
			break;
		}
		if (header->type == PERF_RECORD_LOST)
			ring->nr_lost += ((const uint64_t *)(header + 1))[1];
		else
			fn(arg, header);
		at += header->size;
	}
	atomic_store_explicit((_Atomic uint64_t *)&ring->head->data_tail, at, memory_order_release);
	return (size_t)(at - start);
}

/* Takes nr bytes off the record; false at its end. */
static bool take(const unsigned char **at, size_t *left, void *out, size_t len_bytes)
{
	if (*left < len_bytes)
		return false;
	memcpy(out, *at, len_bytes);
	*at += len_bytes;
	*left -= len_bytes;
	return true;
}

bool perf_parse_sample(const struct perf_event_header *header, uint64_t sample_type,
		       struct perf_sample *out)
{
	const unsigned char *at = (const unsigned char *)(header + 1);
	size_t left;
	uint32_t ids[2] = { 0 }, cpu[2] = { 0 };
	bool ok = true;

	*out = (struct perf_sample){ 0 };
	if (header->type != PERF_RECORD_SAMPLE || header->size < sizeof(*header))
		return false;
	left = header->size - sizeof(*header);
	/* The order is that of perf_event_open(2), "PERF_RECORD_SAMPLE". */
	if (sample_type & PERF_SAMPLE_IDENTIFIER)
		ok = ok && take(&at, &left, &out->id, 8);
	if (sample_type & PERF_SAMPLE_IP)
		ok = ok && take(&at, &left, &out->ip, 8);
	if (sample_type & PERF_SAMPLE_TID)
		ok = ok && take(&at, &left, ids, sizeof(ids));
	if (sample_type & PERF_SAMPLE_TIME)
		ok = ok && take(&at, &left, &out->t_ns, 8);
	if (sample_type & PERF_SAMPLE_ADDR)
		ok = ok && take(&at, &left, &out->addr, 8);
	if (sample_type & PERF_SAMPLE_CPU)
		ok = ok && take(&at, &left, cpu, sizeof(cpu));
	if (ok && sample_type & PERF_SAMPLE_RAW) {
		ok = take(&at, &left, &out->raw_len_bytes, 4) && out->raw_len_bytes <= left;
		out->raw = ok ? at : NULL;
	}
	out->pid = (pid_t)ids[0];
	out->tid = (pid_t)ids[1];
	out->cpu = cpu[0];
	return ok;
}
