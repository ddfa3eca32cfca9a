/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Records of a ring or a log as items: samples of software events and tracepoints, and the news that
 * perf gives beside them (PERF_RECORD_MMAP2, COMM, FORK, EXIT of perf_event_open(2)).
 */
#include "kernel/fault_capture_state.h"

#include "base/xalloc.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static void push(struct capture_queue *queue, const struct capture_item *item)
{
	size_t at;

	queue->items = xgrow(queue->items, queue->nr, &queue->room, sizeof(*item));
	/* A record of an interrupt may stand before one that it interrupted. */
	for (at = queue->nr++; at > queue->first && queue->items[at - 1].t_ns > item->t_ns; at--)
		queue->items[at] = queue->items[at - 1];
	queue->items[at] = *item;
}

static void take_trace(const struct fault_capture *capture, enum capture_kind kind,
		       const struct perf_sample *sample, struct capture_item *item)
{
	const void *raw = sample->raw;
	size_t len = sample->raw_len_bytes;

	item->addr = trace_field_value(capture->field_addr[kind], raw, len);
	item->ip = trace_field_value(capture->field_ip[kind], raw, len);
	item->value = trace_field_value(capture->field_value[kind], raw, len);
	if (kind == CAPTURE_SIGNAL) {
		item->signal = (int)item->addr;
		/* A signal that somebody else sent says nothing of an access. */
		if ((pid_t)item->ip != item->tid)
			item->signal = 0;
	}
	if (kind == CAPTURE_AROUND)
		item->value = trace_field_value(capture->field_more[kind], raw, len) - item->value +
			      1;
	if (kind == CAPTURE_ADD)
		item->value = UINT64_C(1) << (item->value & 31);
}

/* Where records are taken into: the queue's CPU and whose they are. */
struct taker {
	struct fault_capture *capture;
	struct capture_queue *queue;
};

/* What the sample is about; NR_CAPTURE_EVENT: nothing of ours. */
static enum capture_kind kind_of_sample(const struct fault_capture *capture,
					const struct perf_event_header *header)
{
	enum capture_kind kind = NR_CAPTURE_EVENT;
	uint64_t id;

	if (header->size < sizeof(*header) + sizeof(id))
		return NR_CAPTURE_EVENT;
	id = *(const uint64_t *)(header + 1);
	if (id >= capture->first_id && id - capture->first_id < capture->nr_ids)
		kind = (enum capture_kind)capture->kind_of_id[id - capture->first_id];
	if (kind == NR_CAPTURE_EVENT && header->size == MINOR_BYTES)
		return CAPTURE_MINOR;
	if (kind == NR_CAPTURE_EVENT && header->size == MAJOR_BYTES)
		return CAPTURE_MAJOR;
	return kind;
}

static void take_sample(struct taker *taker, const struct perf_event_header *header)
{
	struct fault_capture *capture = taker->capture;
	enum capture_kind kind = kind_of_sample(capture, header);
	struct capture_item item = { .kind = kind };
	struct perf_sample sample;

	if (kind == NR_CAPTURE_EVENT ||
	    !perf_parse_sample(header, capture_sample_type(kind), &sample))
		return;
	item.t_ns = sample.t_ns;
	item.pid = sample.pid;
	item.tid = sample.tid;
	item.addr = sample.addr;
	item.ip = sample.ip;
	if (capture_events[item.kind].name)
		take_trace(capture, item.kind, &sample, &item);
	push(taker->queue, &item);
}

/* The body of PERF_RECORD_MMAP2 before the name, as perf_event_open(2) lays it out. */
struct mmap2_record {
	struct perf_event_header header;
	uint32_t pid, tid;
	uint64_t addr, len_bytes, off_bytes;
	uint32_t major, minor;
	uint64_t inode, inode_generation;
	uint32_t prot, flags;
	char name[];
};

/* Names that perf gives to what /proc/PID/maps calls otherwise. */
static const char *map_path(const char *name)
{
	return !strcmp(name, "//anon") ? "" : name;
}

static void take_map(const struct perf_event_header *header, struct capture_item *item)
{
	static const char deleted[] = " (deleted)";
	const struct mmap2_record *record = (const void *)header;
	size_t room = header->size - sizeof(*record), len, tail = sizeof(deleted) - 1;
	struct vma *vma = xcalloc(1, sizeof(*vma));
	char *path;

	*vma = (struct vma){
		.start_addr = record->addr,
		.end_addr = record->addr + record->len_bytes,
		.off_bytes = record->off_bytes,
		.inode = record->inode,
		.dev_major = record->major,
		.dev_minor = record->minor,
		.perms = (record->prot & PROT_READ ? VMA_READ : 0U) |
			 (record->prot & PROT_WRITE ? VMA_WRITE : 0U) |
			 (record->prot & PROT_EXEC ? VMA_EXEC : 0U) |
			 (record->flags & MAP_SHARED ? VMA_SHARED : 0U),
	};
	path = xstrndup(record->name, strnlen(record->name, room));
	len = strlen(path);
	if (len > tail && !strcmp(path + len - tail, deleted)) {
		vma->deleted = true;
		path[len - tail] = '\0';
	}
	vma->path = xstrdup(map_path(path));
	free(path);
	/* Without a file the offset is the address's own and means nothing. */
	if (!vma->inode)
		vma->off_bytes = 0;
	vma->kind = record->flags & MAP_HUGETLB ? VMA_HUGETLB : vma_kind_of(vma);
	item->kind = CAPTURE_MAP;
	item->owned = vma;
}

/* Bytes that sample_id_all puts behind every other record: pid and tid, time, identifier. */
#define TRAILER_BYTES 24

static void take_record(void *arg, const struct perf_event_header *header)
{
	struct taker *taker = arg;
	const uint32_t *body = (const uint32_t *)(header + 1);
	struct capture_item item = { 0 };

	if (header->type == PERF_RECORD_SAMPLE) {
		take_sample(taker, header);
		return;
	}
	if (header->size < sizeof(*header) + 8 + TRAILER_BYTES)
		return;
	memcpy(&item.t_ns, (const char *)header + header->size - 16, sizeof(item.t_ns));
	item.pid = (pid_t)body[0];
	item.tid = (pid_t)body[1];
	switch (header->type) {
	case PERF_RECORD_MMAP2:
		if (header->size < sizeof(struct mmap2_record) + TRAILER_BYTES)
			return;
		take_map(header, &item);
		break;
	case PERF_RECORD_COMM:
		if (!(header->misc & PERF_RECORD_MISC_COMM_EXEC))
			return;
		item.kind = CAPTURE_EXEC;
		item.owned = xstrndup((const char *)(body + 2),
				      header->size - sizeof(*header) - 8 - TRAILER_BYTES);
		break;
	case PERF_RECORD_FORK: /* pid, ppid, tid, ptid */
		taker->capture->nr_births++;
		if (body[0] == body[1])
			return;
		item.kind = CAPTURE_FORK;
		item.value = body[1];
		break;
	case PERF_RECORD_EXIT:
		item.tid = (pid_t)body[2];
		item.kind = CAPTURE_EXIT;
		break;
	default:
		return;
	}
	push(taker->queue, &item);
}

/* A record of a BPF program. */
static void take_logged(void *arg, const struct bpf_log_record *record)
{
	static const enum capture_kind kinds[NR_BPF_LOG_KIND] = {
		[BPF_LOG_MINOR] = CAPTURE_MINOR,
		[BPF_LOG_MAJOR] = CAPTURE_MAJOR,
		[BPF_LOG_USER] = CAPTURE_USER,
		[BPF_LOG_KERNEL] = CAPTURE_KERNEL,
	};
	struct taker *taker = arg;

	if (record->kind >= NR_BPF_LOG_KIND)
		return;
	taker->capture->nr_logged += record->kind <= BPF_LOG_MAJOR;
	push(taker->queue, &(struct capture_item){
				   .t_ns = record->t_ns,
				   .addr = record->addr,
				   .ip = record->ip,
				   .value = record->error_code,
				   .pid = record->pid,
				   .tid = record->tid,
				   .kind = kinds[record->kind],
			   });
}

/* The CPU whose log a queue is for; -1: it is a ring's. */
static int log_cpu(const struct fault_capture *capture, const struct capture_queue *queue)
{
	size_t at = (size_t)(queue - capture->queues);

	return capture->log && at >= capture->nr_cpus ? (int)(at - capture->nr_cpus) : -1;
}

size_t capture_drain(struct fault_capture *capture, struct capture_queue *queue, size_t most)
{
	struct taker taker = { capture, queue };
	int cpu = log_cpu(capture, queue);

	if (cpu >= 0)
		return bpf_log_drain(capture->log, (unsigned)cpu, most, take_logged, &taker);
	return queue->ring ? perf_ring_drain(queue->ring, most, take_record, &taker) : 0;
}

size_t capture_fill(const struct fault_capture *capture, const struct capture_queue *queue,
		    size_t *room_bytes)
{
	int cpu = log_cpu(capture, queue);

	*room_bytes = 0;
	if (cpu >= 0) {
		*room_bytes = bpf_log_bytes(capture->log);
		return bpf_log_fill(capture->log, (unsigned)cpu);
	}
	if (!queue->ring)
		return 0;
	*room_bytes = perf_ring_bytes(queue->ring);
	return perf_ring_fill(queue->ring);
}
