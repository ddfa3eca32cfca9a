/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Faults from the rings of perf. One ring for each CPU; the events of all threads write into it.
 * A software event says that a fault was accounted as minor or major
 * (mm/memory.c: mm_account_fault()); the tracepoint before it, at the entry of the exception,
 * carries the error code. Both name the thread and the address, by which they are brought
 * together after the rings' records are put in the order of time. A fault that is waiting for
 * its page may end on another CPU than it began, so no ring is told by itself.
 *
 * A thread born later inherits the events of the thread that made it (attr.inherit), and writes
 * into the same rings.
 */
#include "kernel/fault_capture.h"

#include "base/clock.h"
#include "base/xalloc.h"
#include "kernel/perf_ring.h"
#include "kernel/tracefs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

/* All rings together, and the bounds of one. A second of faults at full speed is 50 MiB. */
#define RINGS_BYTES       ((size_t)512 << 20)
#define MOST_RING_BYTES   ((size_t)128 << 20)
#define LEAST_RING_BYTES  ((size_t)2 << 20)
#define READER_NICE       (-15)
#define MOST_DESCRIPTORS  1048576
#define OTHER_DESCRIPTORS 256 /* for what else the program opens */
#define CHUNK_BYTES       ((size_t)2 << 20)
/* A record may stand that much behind a younger one: an interrupt came in between. */
#define DISORDER_NS (NS_PER_MS)
/* More than this in the rings is a burst, until nothing comes for a while. */
#define BURST_BYTES       ((size_t)64 << 10)
#define PAUSE_NS          (30 * NS_PER_MS)
#define BURST_NS          NS_PER_S
#define MOST_ATTACH_LOOKS 50
#define NEVER             UINT64_MAX

/* What a record is about. The first six are events of their own; the rest come with MINOR. */
enum capture_kind {
	CAPTURE_MINOR,
	CAPTURE_MAJOR,
	CAPTURE_USER,   /* exceptions:page_fault_user */
	CAPTURE_KERNEL, /* exceptions:page_fault_kernel */
	CAPTURE_SIGNAL,
	CAPTURE_ADD,    /* filemap:mm_filemap_add_to_page_cache */
	CAPTURE_AROUND, /* filemap:mm_filemap_map_pages */
	NR_CAPTURE_EVENT,
	CAPTURE_MAP = NR_CAPTURE_EVENT,
	CAPTURE_EXEC,
	CAPTURE_FORK,
	CAPTURE_EXIT,
};

static const struct {
	const char *name; /* of the tracepoint; NULL: a software event */
	const char *filter;
} events[NR_CAPTURE_EVENT] = {
	[CAPTURE_USER] = { "exceptions/page_fault_user", NULL },
	[CAPTURE_KERNEL] = { "exceptions/page_fault_kernel", NULL },
	[CAPTURE_SIGNAL] = { "signal/signal_generate", "sig == 11 || sig == 7" },
	[CAPTURE_ADD] = { "filemap/mm_filemap_add_to_page_cache", NULL },
	[CAPTURE_AROUND] = { "filemap/mm_filemap_map_pages", NULL },
};

/* A record, taken out of its ring. */
struct item {
	uint64_t t_ns;
	uint64_t addr, ip;
	uint64_t value; /* error code; signal code; pages; parent */
	pid_t pid, tid;
	enum capture_kind kind;
	int signal;
	void *owned; /* CAPTURE_MAP: struct vma with its path; CAPTURE_EXEC: the name */
};

/* The records of one CPU that have not been told yet: items[first .. nr). */
struct queue {
	struct perf_ring *ring;
	int ring_fd;
	struct item *items;
	size_t first, nr, room;
};

/* A fault that has begun: its exception was seen, its end not yet. */
struct pending {
	pid_t tid; /* 0: free */
	bool open;
	bool in_kernel;
	uint8_t error_code;
	uint32_t pages_inserted, pages_around;
	uint64_t t_ns, addr, ip;
};

struct fault_capture {
	const struct host *host;
	struct fault_capture_config config;
	struct fault_capture_powers powers;
	unsigned nr_cpus;
	struct queue *queues; /* one for each CPU */
	struct pollfd *polls;
	struct trace_event trace[NR_CAPTURE_EVENT];
	const struct trace_field *field_addr[NR_CAPTURE_EVENT], *field_ip[NR_CAPTURE_EVENT],
		*field_value[NR_CAPTURE_EVENT], *field_more[NR_CAPTURE_EVENT];
	bool wanted[NR_CAPTURE_EVENT];

	int *fds;
	size_t nr_fds, fds_room;
	size_t most_fds; /* that this process may have open */
	pid_t *tids;     /* attached to */
	size_t nr_tids, tids_room;
	uint8_t *kind_of_id; /* by id - first_id: ids are given in order */
	uint64_t first_id;
	size_t nr_ids;

	struct pending *pending; /* a table of a power of two, by tid */
	size_t nr_pending, pending_room;
	uint64_t told_ns;  /* up to here all is told */
	uint64_t round_ns; /* when the last reading of the rings began */
	size_t last_fill;  /* of all rings, when they were left alone last */
	uint64_t grew_ns;  /* when they were seen to have grown last */
	bool more;         /* a ring was not emptied by the last reading */
	bool stopped;
	uint64_t nr_lost; /* that the kernel had counted at the end */
	bool went_first;
	int old_nice;
};

/* Pending faults: open addressing, never more than half full. */
static struct pending *find_pending(struct fault_capture *capture, pid_t tid)
{
	size_t mask = capture->pending_room - 1, at = (uint32_t)tid * UINT32_C(2654435761) & mask;

	while (capture->pending[at].tid && capture->pending[at].tid != tid)
		at = (at + 1) & mask;
	return &capture->pending[at];
}

static struct pending *need_pending(struct fault_capture *capture, pid_t tid)
{
	struct pending *slot;

	if (capture->nr_pending * 2 >= capture->pending_room) {
		struct pending *old = capture->pending;
		size_t old_room = capture->pending_room;

		capture->pending_room = old_room ? old_room * 2 : 64;
		capture->pending = xcalloc(capture->pending_room, sizeof(*old));
		capture->nr_pending = 0;
		for (size_t i = 0; i < old_room; i++) {
			/* Threads that have nothing open are forgotten on the way. */
			if (!old[i].tid || !old[i].open)
				continue;
			*find_pending(capture, old[i].tid) = old[i];
			capture->nr_pending++;
		}
		free(old);
	}
	slot = find_pending(capture, tid);
	if (!slot->tid) {
		slot->tid = tid;
		capture->nr_pending++;
	}
	return slot;
}

static void push(struct queue *queue, const struct item *item)
{
	size_t at;

	queue->items = xgrow(queue->items, queue->nr, &queue->room, sizeof(*item));
	/* A record of an interrupt may stand before one that it interrupted. */
	for (at = queue->nr++; at > queue->first && queue->items[at - 1].t_ns > item->t_ns; at--)
		queue->items[at] = queue->items[at - 1];
	queue->items[at] = *item;
}

static void take_trace(const struct fault_capture *capture, enum capture_kind kind,
		       const struct perf_sample *sample, struct item *item)
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

#define SOFT_SAMPLE                                                                                \
	(PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME |            \
	 PERF_SAMPLE_ADDR)
#define TRACE_SAMPLE (PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_RAW)

/* Where records are taken into: the queue's CPU and whose they are. */
struct taker {
	struct fault_capture *capture;
	struct queue *queue;
};

static void take_sample(struct taker *taker, const struct perf_event_header *header)
{
	struct fault_capture *capture = taker->capture;
	uint64_t id = ((const uint64_t *)(header + 1))[0];
	struct perf_sample sample;
	struct item item = { 0 };

	if (header->size < sizeof(*header) + 8 || id < capture->first_id ||
	    id - capture->first_id >= capture->nr_ids)
		return;
	item.kind = (enum capture_kind)capture->kind_of_id[id - capture->first_id];
	if (!perf_parse_sample(header, events[item.kind].name ? TRACE_SAMPLE : SOFT_SAMPLE,
			       &sample))
		return;
	item.t_ns = sample.t_ns;
	item.pid = sample.pid;
	item.tid = sample.tid;
	item.addr = sample.addr;
	item.ip = sample.ip;
	if (events[item.kind].name)
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

static void take_map(const struct perf_event_header *header, struct item *item)
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
	struct item item = { 0 };

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

/* Telling. */
static void tell_end(struct fault_capture *capture, const struct item *item,
		     const struct fault_capture_ops *ops, void *arg)
{
	struct pending *begun = find_pending(capture, item->tid);
	struct fault fault = {
		.t_ns = item->t_ns,
		.addr = item->addr,
		.ip = item->ip,
		.pid = item->pid,
		.tid = item->tid,
		.severity = item->kind == CAPTURE_MAJOR ? FAULT_MAJOR : FAULT_MINOR,
		/* The upper half of the address space is the kernel's. */
		.in_kernel = item->ip >> 63,
	};

	if (begun->tid && begun->open && (begun->addr == item->addr || item->signal)) {
		fault.t_ns = begun->t_ns;
		fault.addr = begun->addr;
		fault.ip = begun->ip;
		fault.error_code = begun->error_code;
		fault.has_error_code = true;
		fault.in_kernel = begun->in_kernel;
		fault.pages_inserted = begun->pages_inserted;
		fault.pages_mapped = begun->pages_around;
	} else if (item->signal) {
		return; /* a general protection fault: no page was looked for */
	}
	begun->open = false;
	if (item->signal) {
		fault.severity = FAULT_FAILED;
		fault.si_code = (int16_t)item->value;
	}
	ops->fault(arg, &fault, item->signal);
}

static void tell_begin(struct fault_capture *capture, const struct item *item)
{
	*need_pending(capture, item->tid) = (struct pending){
		.tid = item->tid,
		.open = true,
		.in_kernel = item->kind == CAPTURE_KERNEL,
		.error_code = (uint8_t)item->value,
		.t_ns = item->t_ns,
		.addr = item->addr,
		.ip = item->ip,
	};
}

static void tell_brought(struct fault_capture *capture, const struct item *item)
{
	struct pending *begun = find_pending(capture, item->tid);

	if (!begun->tid || !begun->open)
		return; /* read(2), not a fault */
	if (item->kind == CAPTURE_ADD)
		begun->pages_inserted += (uint32_t)item->value;
	else
		begun->pages_around += (uint32_t)item->value;
}

static void tell_item(struct fault_capture *capture, struct item *item,
		      const struct fault_capture_ops *ops, void *arg)
{
	struct vma *vma;

	switch (item->kind) {
	case CAPTURE_USER:
	case CAPTURE_KERNEL:
		tell_begin(capture, item);
		break;
	case CAPTURE_MINOR:
	case CAPTURE_MAJOR:
		tell_end(capture, item, ops, arg);
		break;
	case CAPTURE_SIGNAL:
		if (item->signal)
			tell_end(capture, item, ops, arg);
		break;
	case CAPTURE_ADD:
	case CAPTURE_AROUND:
		tell_brought(capture, item);
		break;
	case CAPTURE_MAP:
		vma = item->owned;
		ops->map(arg, item->pid, vma);
		free((char *)vma->path);
		free(vma);
		break;
	case CAPTURE_EXEC:
		ops->exec(arg, item->pid, item->owned);
		free(item->owned);
		break;
	case CAPTURE_FORK:
		ops->fork(arg, (pid_t)item->value, item->pid);
		break;
	case CAPTURE_EXIT:
		find_pending(capture, item->tid)->open = false;
		if (item->pid == item->tid)
			ops->exit(arg, item->pid);
		break;
	}
}

/* Tells, over all CPUs in the order of time, what is not younger than until_ns. */
static void tell_until(struct fault_capture *capture, uint64_t until_ns,
		       const struct fault_capture_ops *ops, void *arg)
{
	for (;;) {
		struct queue *next = NULL;
		uint64_t t_ns = until_ns;

		for (unsigned cpu = 0; cpu < capture->nr_cpus; cpu++) {
			struct queue *queue = &capture->queues[cpu];

			if (queue->first < queue->nr && queue->items[queue->first].t_ns <= t_ns) {
				next = queue;
				t_ns = queue->items[queue->first].t_ns;
			}
		}
		if (!next)
			break;
		tell_item(capture, &next->items[next->first++], ops, arg);
	}
	for (unsigned cpu = 0; cpu < capture->nr_cpus; cpu++) {
		struct queue *queue = &capture->queues[cpu];

		if (!queue->first)
			continue;
		memmove(queue->items, queue->items + queue->first,
			(queue->nr - queue->first) * sizeof(*queue->items));
		queue->nr -= queue->first;
		queue->first = 0;
	}
}

/*
 * Takes up to a chunk out of each ring: items are larger than records, and those of a full ring
 * would not fit into the caches. `until_ns` becomes the time up to which nothing younger than
 * what was taken can still be in a ring.
 */
static size_t drain(struct fault_capture *capture, uint64_t *until_ns)
{
	size_t nr = 0;

	capture->more = false;
	for (unsigned cpu = 0; cpu < capture->nr_cpus; cpu++) {
		struct queue *queue = &capture->queues[cpu];
		struct taker taker = { capture, queue };
		size_t before = queue->nr;
		uint64_t last_ns;

		if (!queue->ring)
			continue;
		perf_ring_drain(queue->ring, CHUNK_BYTES, take_record, &taker);
		nr += queue->nr - before;
		if (perf_ring_fill(queue->ring) < CHUNK_BYTES / 16)
			continue;
		capture->more = true;
		last_ns = queue->nr ? queue->items[queue->nr - 1].t_ns : 0;
		if (last_ns < *until_ns + DISORDER_NS)
			*until_ns = last_ns > DISORDER_NS ? last_ns - DISORDER_NS : 0;
	}
	return nr;
}

/* True where reading can wait: a burst is under way and has room. */
static bool is_patient(struct fault_capture *capture)
{
	uint64_t now_ns = clock_mono_ns();
	size_t fill = 0, before = capture->last_fill;

	if (!capture->config.patient || capture->more)
		return false;
	for (unsigned cpu = 0; cpu < capture->nr_cpus; cpu++) {
		const struct perf_ring *ring = capture->queues[cpu].ring;

		if (!ring)
			continue;
		fill += perf_ring_fill(ring);
		if (perf_ring_fill(ring) >= perf_ring_bytes(ring) / 2)
			return false;
	}
	/* One that is kept from its CPU for a moment is not over. */
	if (fill > before)
		capture->grew_ns = now_ns;
	capture->last_fill = fill;
	return fill > BURST_BYTES && now_ns - capture->grew_ns < PAUSE_NS &&
	       now_ns - capture->round_ns < BURST_NS;
}

size_t fault_capture_read(struct fault_capture *capture, int timeout_ms,
			  const struct fault_capture_ops *ops, void *arg)
{
	uint64_t until_ns = capture->round_ns;
	size_t nr;

	if (timeout_ms && !capture->more)
		poll(capture->polls, capture->nr_cpus, timeout_ms);
	if (is_patient(capture))
		return 0;
	capture->round_ns = clock_mono_ns();
	nr = drain(capture, &until_ns);
	capture->last_fill = 0;
	tell_until(capture, until_ns, ops, arg);
	return nr;
}

/*
 * What each event itself counts as lost (PERF_FORMAT_LOST, Linux 6.0). The LOST records of a
 * ring come only with the next record that finds room: at an end there may be none.
 */
static uint64_t count_lost(const struct fault_capture *capture)
{
	uint64_t nr = 0, value[2]; /* the event's count, lost */

	for (size_t i = 0; i < capture->nr_fds; i++)
		if (read(capture->fds[i], value, sizeof(value)) == sizeof(value))
			nr += value[1];
	return nr;
}

void fault_capture_stop(struct fault_capture *capture)
{
	for (size_t i = 0; i < capture->nr_fds && !capture->stopped; i++)
		ioctl(capture->fds[i], PERF_EVENT_IOC_DISABLE, 0);
	capture->stopped = true;
}

void fault_capture_flush(struct fault_capture *capture, const struct fault_capture_ops *ops,
			 void *arg)
{
	uint64_t until_ns = NEVER;

	fault_capture_stop(capture);
	do {
		until_ns = NEVER;
		drain(capture, &until_ns);
		if (capture->more)
			tell_until(capture, until_ns, ops, arg);
	} while (capture->more);
	drain(capture, &until_ns);
	tell_until(capture, NEVER, ops, arg);
	capture->nr_lost = count_lost(capture);
}

uint64_t fault_capture_lost(const struct fault_capture *capture)
{
	uint64_t nr = capture->nr_lost;

	if (nr)
		return nr;

	for (unsigned cpu = 0; cpu < capture->nr_cpus; cpu++)
		if (capture->queues[cpu].ring)
			nr += perf_ring_lost(capture->queues[cpu].ring);
	return nr;
}

const struct fault_capture_powers *fault_capture_powers(const struct fault_capture *capture)
{
	return &capture->powers;
}

/* Attaching. */
static struct perf_event_attr event_attr(const struct fault_capture *capture,
					 enum capture_kind kind)
{
	struct perf_event_attr attr = {
		.type = events[kind].name ? PERF_TYPE_TRACEPOINT : PERF_TYPE_SOFTWARE,
		.sample_period = 1,
		.sample_type = events[kind].name ? TRACE_SAMPLE : SOFT_SAMPLE,
		.read_format = PERF_FORMAT_LOST,
		.sample_id_all = 1,
		.use_clockid = 1,
		.clockid = CLOCK_MONOTONIC,
		.watermark = 1,
		.wakeup_watermark = (uint32_t)(capture->config.ring_bytes /
					       (capture->config.patient ? 2 : 8)),
		.inherit = 1,
		.inherit_thread = !capture->config.follow,
		.exclude_kernel = !capture->powers.sees_kernel,
		.exclude_hv = 1,
	};

	if (kind == CAPTURE_MINOR) {
		attr.config = PERF_COUNT_SW_PAGE_FAULTS_MIN;
		attr.mmap = attr.mmap2 = attr.mmap_data = 1;
		attr.comm = attr.comm_exec = attr.task = 1;
	} else if (kind == CAPTURE_MAJOR) {
		attr.config = PERF_COUNT_SW_PAGE_FAULTS_MAJ;
	} else {
		attr.config = capture->trace[kind].id;
	}
	return attr;
}

static int note_id(struct fault_capture *capture, int fd, enum capture_kind kind)
{
	uint64_t id;
	size_t index;

	if (ioctl(fd, PERF_EVENT_IOC_ID, &id))
		return -errno;
	if (!capture->nr_ids)
		capture->first_id = id;
	/* Numbers only grow; others' events may take some in between. */
	if (id < capture->first_id)
		return -ERANGE;
	index = (size_t)(id - capture->first_id);
	if (index >= capture->nr_ids) {
		size_t room = index * 2 + 64;

		capture->kind_of_id = xreallocarray(capture->kind_of_id, room, 1);
		memset(capture->kind_of_id + capture->nr_ids, CAPTURE_ADD, room - capture->nr_ids);
		capture->nr_ids = room;
	}
	capture->kind_of_id[index] = (uint8_t)kind;
	return 0;
}

/* Opens one event of one thread on one CPU and lets it write into that CPU's ring. */
static int attach_event(struct fault_capture *capture, pid_t tid, unsigned cpu,
			enum capture_kind kind)
{
	struct perf_event_attr attr = event_attr(capture, kind);
	struct queue *queue = &capture->queues[cpu];
	int ret = 0, fd = perf_open(capture->host, &attr, tid, (int)cpu);

	if (fd < 0)
		return fd;
	capture->fds = xgrow(capture->fds, capture->nr_fds, &capture->fds_room, sizeof(int));
	capture->fds[capture->nr_fds++] = fd;
	if (!queue->ring) {
		ret = perf_ring_new(fd, capture->config.ring_bytes, &queue->ring);
		queue->ring_fd = fd;
		capture->polls[cpu] = (struct pollfd){ .fd = fd, .events = POLLIN };
		if (!ret)
			capture->powers.ring_bytes = perf_ring_bytes(queue->ring);
	} else {
		ret = perf_share(capture->host, fd, queue->ring_fd);
	}
	if (!ret && events[kind].filter &&
	    ioctl(fd, PERF_EVENT_IOC_SET_FILTER, events[kind].filter))
		ret = -errno;
	return ret ? ret : note_id(capture, fd, kind);
}

static int attach_thread(struct fault_capture *capture, pid_t tid)
{
	/* The ring and the sideband first: MINOR is event 0. */
	for (unsigned cpu = 0; cpu < capture->nr_cpus; cpu++) {
		for (int kind = 0; kind < NR_CAPTURE_EVENT; kind++) {
			int ret = 0;

			if (capture->wanted[kind])
				ret = attach_event(capture, tid, cpu, (enum capture_kind)kind);
			/* A CPU that is offline has nothing to say. */
			if (ret && ret != -ENODEV)
				return ret;
		}
	}
	return 0;
}

static bool is_attached(const struct fault_capture *capture, pid_t tid)
{
	for (size_t i = 0; i < capture->nr_tids; i++)
		if (capture->tids[i] == tid)
			return true;
	return false;
}

/* True where one more thread leaves descriptors for all else that is to be opened. */
static bool has_room(const struct fault_capture *capture)
{
	size_t nr = 0;

	for (int kind = 0; kind < NR_CAPTURE_EVENT; kind++)
		nr += capture->wanted[kind] ? capture->nr_cpus : 0;
	return capture->nr_fds + nr + OTHER_DESCRIPTORS <= capture->most_fds;
}

/* Attaches to the threads that are not yet. Returns how many there were, or -errno. */
static int attach_new_threads(struct fault_capture *capture)
{
	char path[48];
	struct dirent *entry;
	int nr = 0, ret = 0, fd;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)capture->config.pid);
	fd = host_open(capture->host, path, O_RDONLY | O_DIRECTORY);
	if (fd < 0)
		return fd == -ENOENT ? -ESRCH : fd;
	dir = fdopendir(fd);
	while (!ret && dir && (entry = readdir(dir))) {
		pid_t tid = (pid_t)atoi(entry->d_name);

		if (tid <= 0 || is_attached(capture, tid))
			continue;
		ret = has_room(capture) || !capture->nr_tids ? attach_thread(capture, tid)
							     : -EMFILE;
		if (ret == -ESRCH) {
			ret = 0;
			continue;
		}
		if (ret == -EMFILE && capture->nr_tids) {
			capture->powers.nr_unattached++;
			ret = 0;
		}
		capture->tids = xgrow(capture->tids, capture->nr_tids, &capture->tids_room,
				      sizeof(*capture->tids));
		capture->tids[capture->nr_tids++] = tid;
		nr++;
	}
	if (dir)
		closedir(dir);
	return ret ? ret : nr;
}

/*
 * A thread that is born while others are attached to is inherited from where its parent was
 * already; of the rest the list is read until it names nobody new.
 */
static int attach_all(struct fault_capture *capture)
{
	int nr = 1;

	for (int look = 0; nr > 0 && look < MOST_ATTACH_LOOKS; look++)
		nr = attach_new_threads(capture);
	capture->powers.nr_threads = (unsigned)capture->nr_tids - capture->powers.nr_unattached;
	return nr < 0 ? nr : 0;
}

/* Looks up the tracepoints that are allowed here. */
static void find_tracepoints(struct fault_capture *capture)
{
	enum why *whys[NR_CAPTURE_EVENT] = {
		[CAPTURE_USER] = &capture->powers.error_code,
		[CAPTURE_KERNEL] = &capture->powers.error_code,
		[CAPTURE_SIGNAL] = &capture->powers.signals,
		[CAPTURE_ADD] = &capture->powers.cache_events,
		[CAPTURE_AROUND] = &capture->powers.cache_events,
	};
	int fd = capture->config.software_only ? -ECANCELED : tracefs_open(capture->host);

	for (int kind = CAPTURE_USER; kind < NR_CAPTURE_EVENT; kind++) {
		struct trace_event *event = &capture->trace[kind];
		int ret = fd < 0 ? fd
				 : tracefs_read_event(capture->host, fd, events[kind].name, event);

		*whys[kind] = ret == -ECANCELED ? WHY_NOT_ASKED
			      : ret == -ENOENT  ? WHY_UNSUPPORTED
			      : ret             ? why_from_errno(-ret)
						: WHY_OK;
		capture->wanted[kind] = !ret;
		if (ret)
			continue;
		if (kind == CAPTURE_SIGNAL) {
			capture->field_addr[kind] = trace_event_field(event, "sig");
			capture->field_ip[kind] = trace_event_field(event, "pid");
			capture->field_value[kind] = trace_event_field(event, "code");
		} else if (kind == CAPTURE_ADD) {
			capture->field_value[kind] = trace_event_field(event, "order");
		} else if (kind == CAPTURE_AROUND) {
			capture->field_value[kind] = trace_event_field(event, "index");
			capture->field_more[kind] = trace_event_field(event, "last_index");
		} else {
			capture->field_addr[kind] = trace_event_field(event, "address");
			capture->field_ip[kind] = trace_event_field(event, "ip");
			capture->field_value[kind] = trace_event_field(event, "error_code");
		}
	}
	if (fd >= 0)
		close(fd);
}

/* Whether tracepoints and the kernel's own faults are for us is known by trying. */
static int probe(struct fault_capture *capture)
{
	for (int kind = 0; kind < NR_CAPTURE_EVENT; kind++) {
		struct perf_event_attr attr;
		int fd;

		if (!capture->wanted[kind])
			continue;
		attr = event_attr(capture, (enum capture_kind)kind);
		attr.disabled = 1;
		fd = perf_open(capture->host, &attr, capture->config.pid, 0);
		if (fd >= 0) {
			close(fd);
			continue;
		}
		if (events[kind].name) {
			capture->wanted[kind] = false;
			if (kind == CAPTURE_USER || kind == CAPTURE_KERNEL)
				capture->powers.error_code = why_from_errno(-fd);
			else if (kind == CAPTURE_SIGNAL)
				capture->powers.signals = why_from_errno(-fd);
			else
				capture->powers.cache_events = why_from_errno(-fd);
		} else if (capture->powers.sees_kernel && (fd == -EACCES || fd == -EPERM)) {
			capture->powers.sees_kernel = false;
			kind--; /* once more, without the kernel's */
		} else {
			return fd;
		}
	}
	return 0;
}

/* As many descriptors as there may be: each thread takes some on each CPU. */
static void raise_descriptor_limit(struct fault_capture *capture)
{
	struct rlimit limit, more = { MOST_DESCRIPTORS, MOST_DESCRIPTORS };

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	/* Beyond the hard limit only with CAP_SYS_RESOURCE. */
	if (limit.rlim_max >= MOST_DESCRIPTORS || setrlimit(RLIMIT_NOFILE, &more)) {
		more.rlim_cur = more.rlim_max = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &more);
	}
	if (!getrlimit(RLIMIT_NOFILE, &limit))
		capture->most_fds = limit.rlim_cur;
}

static size_t default_ring_bytes(unsigned nr_cpus)
{
	size_t bytes = RINGS_BYTES / nr_cpus;

	return bytes > MOST_RING_BYTES    ? MOST_RING_BYTES
	       : bytes < LEAST_RING_BYTES ? LEAST_RING_BYTES
					  : bytes;
}

/*
 * The reader goes before those whose faults it reads: a program with many threads would else
 * leave it a small share of the CPUs while the rings run over. Where that is not allowed
 * (CAP_SYS_NICE), the rings must do.
 */
static void go_first(struct fault_capture *capture)
{
	errno = 0;
	capture->old_nice = getpriority(PRIO_PROCESS, 0);
	if (errno || capture->old_nice <= READER_NICE)
		return;
	capture->went_first = setpriority(PRIO_PROCESS, 0, READER_NICE) == 0;
}

int fault_capture_new(const struct host *host, const struct fault_capture_config *config,
		      struct fault_capture **out)
{
	struct fault_capture *capture = xcalloc(1, sizeof(*capture));
	long nr_cpus = sysconf(_SC_NPROCESSORS_CONF);
	int ret;

	capture->host = host;
	capture->config = *config;
	capture->nr_cpus = nr_cpus > 0 ? (unsigned)nr_cpus : 1;
	if (!capture->config.ring_bytes)
		capture->config.ring_bytes = default_ring_bytes(capture->nr_cpus);
	capture->queues = xcalloc(capture->nr_cpus, sizeof(*capture->queues));
	capture->polls = xcalloc(capture->nr_cpus, sizeof(*capture->polls));
	for (unsigned cpu = 0; cpu < capture->nr_cpus; cpu++)
		capture->polls[cpu].fd = -1;
	need_pending(capture, 1); /* the table is never without room */
	capture->wanted[CAPTURE_MINOR] = capture->wanted[CAPTURE_MAJOR] = true;
	capture->powers.sees_kernel = true;
	find_tracepoints(capture);
	ret = probe(capture);
	if (!ret) {
		raise_descriptor_limit(capture);
		ret = attach_all(capture);
	}
	if (!ret && !capture->nr_tids)
		ret = -ESRCH;
	if (ret)
		fault_capture_free(capture);
	else
		*out = capture;
	if (!ret)
		go_first(capture);
	return ret;
}

static void free_items(struct queue *queue)
{
	for (size_t i = queue->first; i < queue->nr; i++) {
		struct item *item = &queue->items[i];

		if (item->kind == CAPTURE_MAP)
			free((char *)((struct vma *)item->owned)->path);
		free(item->owned);
	}
	free(queue->items);
}

void fault_capture_free(struct fault_capture *capture)
{
	if (!capture)
		return;
	if (capture->went_first)
		setpriority(PRIO_PROCESS, 0, capture->old_nice);
	for (unsigned cpu = 0; cpu < capture->nr_cpus; cpu++) {
		perf_ring_free(capture->queues[cpu].ring);
		free_items(&capture->queues[cpu]);
	}
	for (size_t i = 0; i < capture->nr_fds; i++)
		close(capture->fds[i]);
	free(capture->fds);
	free(capture->tids);
	free(capture->kind_of_id);
	free(capture->pending);
	free(capture->queues);
	free(capture->polls);
	free(capture);
}
