/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The events of a capture: each thread has some on each CPU, all of one CPU write into one ring.
 * What is allowed here is known by trying.
 */
#include "kernel/fault_capture_state.h"

#include "base/xalloc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

/* All rings together, and the bounds of one. A second of faults at full speed is 50 MiB. */
#define RINGS_BYTES       ((size_t)512 << 20)
#define MOST_RING_BYTES   ((size_t)128 << 20)
#define LEAST_RING_BYTES  ((size_t)2 << 20)
#define RING_SHARE        4   /* of the log's bytes for the ring beside it */
#define OTHER_DESCRIPTORS 256 /* for what else the program opens */
#define MOST_ATTACH_LOOKS 50

const struct capture_event capture_events[NR_CAPTURE_EVENT] = {
	[CAPTURE_USER] = { "exceptions/page_fault_user", NULL },
	[CAPTURE_KERNEL] = { "exceptions/page_fault_kernel", NULL },
	[CAPTURE_SIGNAL] = { "signal/signal_generate", "sig == 11 || sig == 7" },
	[CAPTURE_ADD] = { "filemap/mm_filemap_add_to_page_cache", NULL },
	[CAPTURE_AROUND] = { "filemap/mm_filemap_map_pages", NULL },
};

uint64_t capture_sample_type(enum capture_kind kind)
{
	if (capture_events[kind].name)
		return TRACE_SAMPLE;
	return kind == CAPTURE_MAJOR ? MAJOR_SAMPLE : SOFT_SAMPLE;
}

/* A fault that the kernel has accounted: a software event. */
static bool is_fault(enum capture_kind kind)
{
	return kind == CAPTURE_MINOR || kind == CAPTURE_MAJOR;
}

/* Of each ring. Where faults go to the log, what is left for the rings comes less often. */
static size_t ring_bytes(const struct fault_capture *capture)
{
	return capture->logs_software && !capture->wanted[CAPTURE_USER]
		       ? capture->config.ring_bytes / RING_SHARE
		       : capture->config.ring_bytes;
}

static struct perf_event_attr event_attr(const struct fault_capture *capture,
					 enum capture_kind kind)
{
	struct perf_event_attr attr = {
		.type = capture_events[kind].name ? PERF_TYPE_TRACEPOINT : PERF_TYPE_SOFTWARE,
		.sample_period = 1,
		.sample_type = capture_sample_type(kind),
		.read_format = PERF_FORMAT_LOST,
		.sample_id_all = 1,
		.use_clockid = 1,
		.clockid = CLOCK_MONOTONIC,
		.watermark = 1,
		.wakeup_watermark = (uint32_t)(ring_bytes(capture) /
					       (capture->config.patient ? 2 : 8)),
		.inherit = 1,
		.inherit_thread = !capture->config.follow,
		.exclude_kernel = !capture->powers.sees_kernel,
		.exclude_hv = 1,
	};

	if (kind == CAPTURE_NEWS) {
		attr.config = PERF_COUNT_SW_DUMMY;
		attr.mmap = attr.mmap2 = attr.mmap_data = 1;
		attr.comm = attr.comm_exec = attr.task = 1;
	} else if (is_fault(kind)) {
		attr.config = kind == CAPTURE_MINOR ? PERF_COUNT_SW_PAGE_FAULTS_MIN
						    : PERF_COUNT_SW_PAGE_FAULTS_MAJ;
	} else {
		attr.config = capture->trace[kind].id;
	}
	/* The program does it all, from when it is attached on. */
	if (is_fault(kind) && capture->logs_software) {
		attr.sample_type = 0;
		attr.disabled = 1;
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
		/* Those between are others'. */
		memset(capture->kind_of_id + capture->nr_ids, NR_CAPTURE_EVENT,
		       room - capture->nr_ids);
		capture->nr_ids = room;
	}
	capture->kind_of_id[index] = (uint8_t)kind;
	return 0;
}

static int attach_log(struct fault_capture *capture, int fd, enum capture_kind kind)
{
	int ret = bpf_log_attach(capture->log, fd,
				 kind == CAPTURE_MINOR ? BPF_LOG_MINOR : BPF_LOG_MAJOR);

	if (!ret && ioctl(fd, PERF_EVENT_IOC_ENABLE, 0))
		ret = -errno;
	return ret;
}

/* Opens one event of one thread on one CPU and lets it write into that CPU's ring or log. */
static int attach_event(struct fault_capture *capture, pid_t tid, unsigned cpu,
			enum capture_kind kind)
{
	struct perf_event_attr attr = event_attr(capture, kind);
	struct capture_queue *queue = &capture->queues[cpu];
	int ret = 0, fd = perf_open(capture->host, &attr, tid, (int)cpu);

	if (fd < 0)
		return fd;
	capture->fds = xgrow(capture->fds, capture->nr_fds, &capture->fds_room,
			     sizeof(*capture->fds));
	capture->fds[capture->nr_fds++] = (struct capture_fd){ fd, kind };
	if (capture->logs_software && is_fault(kind))
		return attach_log(capture, fd, kind);
	if (!queue->ring) {
		ret = perf_ring_new(fd, ring_bytes(capture), &queue->ring);
		queue->ring_fd = fd;
		capture->polls[cpu] = (struct pollfd){ .fd = fd, .events = POLLIN };
	} else {
		ret = perf_share(capture->host, fd, queue->ring_fd);
	}
	if (!ret && capture_events[kind].filter &&
	    ioctl(fd, PERF_EVENT_IOC_SET_FILTER, capture_events[kind].filter))
		ret = -errno;
	return ret ? ret : note_id(capture, fd, kind);
}

static int attach_thread(struct fault_capture *capture, pid_t tid)
{
	/* The ring and the news first: NEWS is event 0. */
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
				 : tracefs_read_event(capture->host, fd, capture_events[kind].name,
						      event);

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

/* What a refusal of one kind of event means for all. 0: it goes on without, or once more. */
static int give_up(struct fault_capture *capture, int kind, int error)
{
	enum why why = why_from_errno(-error);

	if (!capture_events[kind].name) {
		if (!capture->powers.sees_kernel || (error != -EACCES && error != -EPERM))
			return error;
		capture->powers.sees_kernel = false;
		return 0;
	}
	capture->wanted[kind] = false;
	if (kind == CAPTURE_USER || kind == CAPTURE_KERNEL)
		capture->powers.error_code = why;
	else if (kind == CAPTURE_SIGNAL)
		capture->powers.signals = why;
	else
		capture->powers.cache_events = why;
	return 0;
}

/*
 * Whether tracepoints and the kernel's own faults are for us is known by trying. The events that
 * were tried stay open until those that are needed are there: the last one of a tracepoint that is
 * closed waits for all CPUs.
 */
static int probe(struct fault_capture *capture, int fds[NR_CAPTURE_EVENT])
{
	for (int kind = 0; kind < NR_CAPTURE_EVENT; kind++) {
		struct perf_event_attr attr;
		int ret;

		while (capture->wanted[kind]) {
			attr = event_attr(capture, (enum capture_kind)kind);
			attr.disabled = 1;
			fds[kind] = perf_open(capture->host, &attr, capture->config.pid, 0);
			if (fds[kind] >= 0)
				break;
			ret = give_up(capture, kind, fds[kind]);
			if (ret)
				return ret;
		}
	}
	return 0;
}

/* As many descriptors as there may be: each thread takes some on each CPU. */
static void raise_descriptor_limit(struct fault_capture *capture)
{
	struct rlimit limit, more = { FAULT_MOST_DESCRIPTORS, FAULT_MOST_DESCRIPTORS };

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	/* Beyond the hard limit only with CAP_SYS_RESOURCE; privilege_reduce() has raised that. */
	if (limit.rlim_max >= FAULT_MOST_DESCRIPTORS || setrlimit(RLIMIT_NOFILE, &more)) {
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

/* The entries of exceptions by BPF programs, which know children by the tracepoint of fork(2). */
static int trace_exceptions(struct fault_capture *capture)
{
	struct trace_event fork;
	int ret, fd;

	if (!capture->config.follow)
		return bpf_log_trace(capture->log, capture->config.pid, NULL);
	fd = tracefs_open(capture->host);
	if (fd < 0)
		return fd;
	ret = tracefs_read_event(capture->host, fd, "sched/sched_process_fork", &fork);
	close(fd);
	return ret ? ret : bpf_log_trace(capture->log, capture->config.pid, &fork);
}

/* Where BPF programs may do what samples do, for less than half of the price. */
static void try_log(struct fault_capture *capture)
{
	int ret = bpf_log_new(capture->host, capture->nr_cpus, capture->config.ring_bytes,
			      &capture->log);

	capture->powers.bpf = ret ? why_from_errno(-ret) : WHY_OK;
	capture->logs_software = !ret;
	if (ret || capture->config.software_only || trace_exceptions(capture))
		return;
	capture->wanted[CAPTURE_USER] = capture->wanted[CAPTURE_KERNEL] = false;
	capture->powers.error_code = WHY_OK;
}

/*
 * The reader goes before those whose faults it reads: a program with many threads would else
 * leave it a small share of the CPUs while the rings run over. Where that is not allowed
 * (CAP_SYS_NICE), the rings must do.
 */
void capture_go_first(struct fault_capture *capture)
{
	errno = 0;
	capture->old_nice = getpriority(PRIO_PROCESS, 0);
	if (errno || capture->old_nice <= FAULT_READER_NICE)
		return;
	capture->went_first = setpriority(PRIO_PROCESS, 0, FAULT_READER_NICE) == 0;
}

/* True where a thread or process was born while it was attached to. */
static bool was_born_meanwhile(struct fault_capture *capture)
{
	for (size_t i = 0; i < capture->nr_queues; i++)
		capture_drain(capture, &capture->queues[i], 0);
	return capture->nr_births;
}

/*
 * A thread inherits the program of an event, but not from between the opening of the event and
 * the attaching of the program. Where threads are being born, software events take samples, as
 * those are inherited at any time.
 */
static int attach_process(struct fault_capture *capture)
{
	int ret;

	raise_descriptor_limit(capture);
	ret = attach_all(capture);
	if (!ret && capture->logs_software && !capture->config.stopped &&
	    was_born_meanwhile(capture)) {
		capture_detach(capture);
		capture->logs_software = false;
		ret = attach_all(capture);
	}
	return !ret && !capture->nr_tids ? -ESRCH : ret;
}

int capture_attach(struct fault_capture *capture)
{
	int fds[NR_CAPTURE_EVENT], ret;

	for (int kind = 0; kind < NR_CAPTURE_EVENT; kind++)
		fds[kind] = -1;
	if (!capture->config.ring_bytes)
		capture->config.ring_bytes = default_ring_bytes(capture->nr_cpus);
	capture->wanted[CAPTURE_NEWS] = true;
	capture->wanted[CAPTURE_MINOR] = capture->wanted[CAPTURE_MAJOR] = true;
	capture->powers.sees_kernel = true;
	capture->powers.bpf = WHY_NOT_ASKED;
	find_tracepoints(capture);
	if (!capture->config.no_bpf)
		try_log(capture);
	ret = probe(capture, fds);
	if (!ret)
		ret = attach_process(capture);
	for (int kind = 0; kind < NR_CAPTURE_EVENT; kind++)
		if (fds[kind] >= 0)
			close(fds[kind]);
	return ret;
}
