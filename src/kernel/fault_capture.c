/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Faults from the rings of perf. One ring for each CPU; the events of all threads write into it.
 * Where BPF programs may write a fault down instead of a sample, that goes into the CPU's log
 * (kernel/bpf_log.h), by the same clock; the rings keep the rest.
 * A software event says that a fault was accounted as minor or major
 * (mm/memory.c: mm_account_fault()); the tracepoint before it, at the entry of the exception,
 * carries the error code. Both name the thread and the address, by which they are brought
 * together after the rings' records are put in the order of time. A fault that is waiting for
 * its page may end on another CPU than it began, so no ring is told by itself.
 *
 * A thread born later inherits the events of the thread that made it (attr.inherit), and writes
 * into the same rings.
 */
#include "kernel/fault_capture_state.h"

#include "base/clock.h"
#include "base/xalloc.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <unistd.h>

#define CHUNK_BYTES ((size_t)2 << 20)
/* A record may stand that much behind a younger one: an interrupt came in between. */
#define DISORDER_NS (NS_PER_MS)
/* More than this in the rings is a burst, until nothing comes for a while. */
#define BURST_BYTES ((size_t)64 << 10)
#define PAUSE_NS    (30 * NS_PER_MS)
#define BURST_NS    NS_PER_S
#define NEVER       UINT64_MAX

/* Pending faults: open addressing, never more than half full. */
static struct capture_pending *find_pending(struct fault_capture *capture, pid_t tid)
{
	size_t mask = capture->pending_room - 1, at = (uint32_t)tid * UINT32_C(2654435761) & mask;

	while (capture->pending[at].tid && capture->pending[at].tid != tid)
		at = (at + 1) & mask;
	return &capture->pending[at];
}

static struct capture_pending *need_pending(struct fault_capture *capture, pid_t tid)
{
	struct capture_pending *slot;

	if (capture->nr_pending * 2 >= capture->pending_room) {
		struct capture_pending *old = capture->pending;
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

static void tell_end(struct fault_capture *capture, const struct capture_item *item,
		     const struct fault_capture_ops *ops, void *arg)
{
	struct capture_pending *begun = find_pending(capture, item->tid);
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

static void tell_begin(struct fault_capture *capture, const struct capture_item *item)
{
	*need_pending(capture, item->tid) = (struct capture_pending){
		.tid = item->tid,
		.open = true,
		.in_kernel = item->kind == CAPTURE_KERNEL,
		.error_code = (uint8_t)item->value,
		.t_ns = item->t_ns,
		.addr = item->addr,
		.ip = item->ip,
	};
}

static void tell_brought(struct fault_capture *capture, const struct capture_item *item)
{
	struct capture_pending *begun = find_pending(capture, item->tid);

	if (!begun->tid || !begun->open)
		return; /* read(2), not a fault */
	if (item->kind == CAPTURE_ADD)
		begun->pages_inserted += (uint32_t)item->value;
	else
		begun->pages_around += (uint32_t)item->value;
}

/* A first thread may end before the others; then the process, and its number, stay. */
static void forget_thread(struct fault_capture *capture, const struct capture_item *item)
{
	if (!capture->log)
		return;
	if (item->pid != item->tid || (kill(item->pid, 0) && errno == ESRCH))
		bpf_log_forget(capture->log, item->tid);
}

static void tell_item(struct fault_capture *capture, struct capture_item *item,
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
	case CAPTURE_NEWS:
		break; /* it has no samples */
	case CAPTURE_EXIT:
		find_pending(capture, item->tid)->open = false;
		forget_thread(capture, item);
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
		struct capture_queue *next = NULL;
		uint64_t t_ns = until_ns;

		for (size_t i = 0; i < capture->nr_queues; i++) {
			struct capture_queue *queue = &capture->queues[i];

			if (queue->first < queue->nr && queue->items[queue->first].t_ns <= t_ns) {
				next = queue;
				t_ns = queue->items[queue->first].t_ns;
			}
		}
		if (!next)
			break;
		tell_item(capture, &next->items[next->first++], ops, arg);
	}
	if (until_ns > capture->told_ns)
		capture->told_ns = until_ns;
	for (size_t i = 0; i < capture->nr_queues; i++) {
		struct capture_queue *queue = &capture->queues[i];

		if (!queue->first)
			continue;
		memmove(queue->items, queue->items + queue->first,
			(queue->nr - queue->first) * sizeof(*queue->items));
		queue->nr -= queue->first;
		queue->first = 0;
	}
}

/*
 * Takes up to a chunk out of each ring and log: items are larger than records, and those of a full
 * ring would not fit into the caches. `until_ns` becomes the time up to which nothing younger than
 * what was taken can still be in a ring.
 */
static size_t drain(struct fault_capture *capture, uint64_t *until_ns)
{
	size_t nr = 0;

	capture->more = false;
	for (size_t i = 0; i < capture->nr_queues; i++) {
		struct capture_queue *queue = &capture->queues[i];
		size_t before = queue->nr, room_bytes, left_bytes;
		uint64_t last_ns;

		capture_drain(capture, queue, CHUNK_BYTES);
		nr += queue->nr - before;
		left_bytes = capture_fill(capture, queue, &room_bytes);
		if (!left_bytes)
			continue;
		capture->more |= left_bytes >= CHUNK_BYTES / 16;
		last_ns = queue->nr ? queue->items[queue->nr - 1].t_ns : 0;
		last_ns = last_ns > DISORDER_NS ? last_ns - DISORDER_NS : 0;
		if (last_ns < *until_ns)
			*until_ns = last_ns;
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
	for (size_t i = 0; i < capture->nr_queues; i++) {
		size_t room_bytes, bytes = capture_fill(capture, &capture->queues[i], &room_bytes);

		fill += bytes;
		if (bytes && bytes >= room_bytes / 2)
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

/* What the events themselves count, which is right however full a ring or log was. */
struct event_counts {
	uint64_t nr_faults; /* that software events have seen */
	uint64_t nr_lost;
};

/*
 * PERF_FORMAT_LOST (Linux 6.0): the LOST records of a ring come only with the next record that
 * finds room: at an end there may be none.
 */
static struct event_counts read_counts(const struct fault_capture *capture)
{
	struct event_counts counts = { 0 };
	uint64_t value[2]; /* the event's count, lost */

	for (size_t i = 0; i < capture->nr_fds; i++) {
		enum capture_kind kind = capture->fds[i].kind;

		if (read(capture->fds[i].fd, value, sizeof(value)) != sizeof(value))
			continue;
		counts.nr_lost += value[1];
		if (kind == CAPTURE_MINOR || kind == CAPTURE_MAJOR)
			counts.nr_faults += value[0];
	}
	return counts;
}

/*
 * Of events that were counted before the last reading. A log counts what found no room; and what
 * software events have seen beyond what came by it was lost too, for whatever reason.
 */
static uint64_t count_lost(const struct fault_capture *capture, const struct event_counts *counts)
{
	uint64_t nr_logs = capture->log ? bpf_log_lost(capture->log) : 0;

	if (capture->logs_software && counts->nr_faults > capture->nr_logged + nr_logs)
		nr_logs = counts->nr_faults - capture->nr_logged;
	return counts->nr_lost + nr_logs;
}

void fault_capture_stop(struct fault_capture *capture)
{
	for (size_t i = 0; i < capture->nr_fds && !capture->stopped; i++)
		ioctl(capture->fds[i].fd, PERF_EVENT_IOC_DISABLE, 0);
	capture->stopped = true;
}

void fault_capture_flush(struct fault_capture *capture, const struct fault_capture_ops *ops,
			 void *arg)
{
	uint64_t until_ns = NEVER;
	struct event_counts counts;

	fault_capture_stop(capture);
	/* Exceptions that no software event follows any more are of no fault that is told. */
	if (capture->log)
		bpf_log_untrace(capture->log);
	counts = read_counts(capture);
	do {
		until_ns = NEVER;
		drain(capture, &until_ns);
		if (capture->more)
			tell_until(capture, until_ns, ops, arg);
	} while (capture->more);
	drain(capture, &until_ns);
	tell_until(capture, NEVER, ops, arg);
	capture->nr_lost = count_lost(capture, &counts);
}

uint64_t fault_capture_lost(const struct fault_capture *capture)
{
	uint64_t nr = capture->nr_lost;

	if (nr)
		return nr;

	for (unsigned cpu = 0; cpu < capture->nr_cpus; cpu++)
		if (capture->queues[cpu].ring)
			nr += perf_ring_lost(capture->queues[cpu].ring);
	return capture->log ? nr + bpf_log_lost(capture->log) : nr;
}

uint64_t fault_capture_told_ns(const struct fault_capture *capture)
{
	return capture->told_ns;
}

const struct fault_capture_powers *fault_capture_powers(const struct fault_capture *capture)
{
	return &capture->powers;
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
	capture->nr_queues = 2 * (size_t)capture->nr_cpus;
	capture->queues = xcalloc(capture->nr_queues, sizeof(*capture->queues));
	capture->polls = xcalloc(capture->nr_cpus, sizeof(*capture->polls));
	for (unsigned cpu = 0; cpu < capture->nr_cpus; cpu++)
		capture->polls[cpu].fd = -1;
	need_pending(capture, 1); /* the table is never without room */
	/* Already to attach: what is born meanwhile is the harder to follow the longer it takes. */
	capture_go_first(capture);
	ret = capture_attach(capture);
	if (ret)
		fault_capture_free(capture);
	else
		*out = capture;
	return ret;
}

static void forget_queue(struct capture_queue *queue)
{
	for (size_t i = queue->first; i < queue->nr; i++) {
		struct capture_item *item = &queue->items[i];

		if (item->kind == CAPTURE_MAP)
			free((char *)((struct vma *)item->owned)->path);
		free(item->owned);
	}
	free(queue->items);
	perf_ring_free(queue->ring);
	*queue = (struct capture_queue){ 0 };
}

void capture_detach(struct fault_capture *capture)
{
	/* A ring's descriptor must outlive it. */
	for (size_t i = 0; i < capture->nr_queues; i++)
		forget_queue(&capture->queues[i]);
	for (size_t i = 0; i < capture->nr_fds; i++)
		close(capture->fds[i].fd);
	capture->nr_fds = capture->nr_tids = capture->nr_ids = 0;
	capture->powers.nr_unattached = 0;
}

void fault_capture_free(struct fault_capture *capture)
{
	if (!capture)
		return;
	if (capture->went_first)
		setpriority(PRIO_PROCESS, 0, capture->old_nice);
	capture_detach(capture);
	bpf_log_free(capture->log);
	free(capture->fds);
	free(capture->tids);
	free(capture->kind_of_id);
	free(capture->pending);
	free(capture->queues);
	free(capture->polls);
	free(capture);
}
