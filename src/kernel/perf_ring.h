/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_KERNEL_PERF_RING_H
#define PAGEWALK_KERNEL_PERF_RING_H

#include "kernel/host.h"

#include <linux/perf_event.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Rings of perf_event_open(2): the kernel writes records, we read them without a system call.
 * A ring belongs to one descriptor; other events of the same CPU write into it too after
 * perf_share().
 */
struct perf_ring;

/*
 * perf_event_open(2), counted, close-on-exec. A descriptor, or -errno: -EACCES and -EPERM
 * where perf_event_paranoid, a seccomp filter or a container forbids it.
 */
int perf_open(const struct host *host, struct perf_event_attr *attr, pid_t pid, int cpu);
/* Lets `fd` write into the ring of `ring_fd` (PERF_EVENT_IOC_SET_OUTPUT). 0 or -errno. */
int perf_share(const struct host *host, int fd, int ring_fd);

/*
 * Maps a ring over fd, of at least `bytes` or as many as the locked-memory limit allows
 * (perf_event_mlock_kb), halving down to 64 KiB. 0 or -errno. fd stays the caller's and must
 * outlive the ring.
 */
int perf_ring_new(int fd, size_t bytes, struct perf_ring **out);
void perf_ring_free(struct perf_ring *ring);
/* Bytes that the ring has room for. */
size_t perf_ring_bytes(const struct perf_ring *ring);
/*
 * Hands every whole record that is there to `fn`, in the ring's order, aligned and
 * contiguous, and gives its room back at the end. At most `most` bytes; 0: all. Returns how
 * many bytes were read.
 */
size_t perf_ring_drain(struct perf_ring *ring, size_t most,
		       void (*fn)(void *arg, const struct perf_event_header *header), void *arg);
/* Bytes of records that wait to be read. */
size_t perf_ring_fill(const struct perf_ring *ring);
/* Records that the kernel had no room for, as its LOST records have said so far. */
uint64_t perf_ring_lost(const struct perf_ring *ring);

/* The parts of a PERF_RECORD_SAMPLE that pagewalk asks for. */
#define PERF_SAMPLE_WANTED                                                                         \
	(PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME |            \
	 PERF_SAMPLE_ADDR | PERF_SAMPLE_CPU | PERF_SAMPLE_RAW)

struct perf_sample {
	uint64_t id; /* PERF_EVENT_IOC_ID of the event */
	uint64_t ip, addr, t_ns;
	pid_t pid, tid;
	uint32_t cpu;
	const void *raw; /* of a tracepoint; borrowed from the record, or NULL */
	uint32_t raw_len_bytes;
};

/*
 * Takes a sample apart whose event asked for `sample_type`, a part of PERF_SAMPLE_WANTED. False
 * where the record is shorter than that, or is no sample.
 */
bool perf_parse_sample(const struct perf_event_header *header, uint64_t sample_type,
		       struct perf_sample *out);

#endif
