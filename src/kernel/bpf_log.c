/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A program reserves a slot by an atomic addition to the head, fills it, and stores the time last:
 * a slot whose time is 0 is not there yet. An interrupt that faults in the middle of a program has
 * its own slot so. The reader sets the time back to 0 before it moves the tail.
 */
#include "kernel/bpf_log_state.h"

#include "base/xalloc.h"
#include "kernel/perf_ring.h"
#include "kernel/uapi/bpf_context.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The verifier refuses offsets from BPF_MAX_VAR_OFF (512 MiB) on. */
#define MOST_ARRAY_BYTES ((size_t)256 << 20)
/* PROC_PID_INIT_INO of include/linux/proc_ns.h: the number of the first PID namespace. */
#define FIRST_PID_NAMESPACE 0xEFFFFFFCU
/* Processes of a family that are told apart from all others; the last that took a fault stay. */
#define MOST_FAMILY 16384
#define LEAST_SLOTS ((size_t)1 << 12)

int bpf_call(const struct host *host, enum bpf_cmd command, union bpf_attr *attr)
{
	long ret;

	atomic_fetch_add_explicit(host->nr_calls, 1, memory_order_relaxed);
	ret = syscall(SYS_bpf, command, attr, sizeof(*attr));
	return ret < 0 ? -errno : (int)ret;
}

static struct area *area_of(const struct bpf_log *log, unsigned cpu)
{
	return (struct area *)(void *)(log->map + cpu * log->area_bytes);
}

static struct slot *slot_of(const struct bpf_log *log, unsigned cpu, uint64_t at)
{
	struct slot *slots = (struct slot *)(void *)(log->map + cpu * log->area_bytes +
						     sizeof(struct area));

	return &slots[at & (log->nr_slots - 1)];
}

size_t bpf_log_bytes(const struct bpf_log *log)
{
	return log->nr_slots * sizeof(struct slot);
}

size_t bpf_log_fill(const struct bpf_log *log, unsigned cpu)
{
	const struct area *area = area_of(log, cpu);

	return (size_t)(atomic_load_explicit(&area->head, memory_order_acquire) -
			atomic_load_explicit(&area->tail, memory_order_relaxed)) *
	       sizeof(struct slot);
}

uint64_t bpf_log_lost(const struct bpf_log *log)
{
	uint64_t nr = 0;

	for (unsigned cpu = 0; cpu < log->nr_cpus; cpu++)
		nr += atomic_load_explicit(&area_of(log, cpu)->nr_lost, memory_order_relaxed);
	return nr;
}

size_t bpf_log_drain(struct bpf_log *log, unsigned cpu, size_t most_bytes,
		     void (*fn)(void *arg, const struct bpf_log_record *record), void *arg)
{
	struct area *area = area_of(log, cpu);
	uint64_t head = atomic_load_explicit(&area->head, memory_order_acquire);
	uint64_t start = atomic_load_explicit(&area->tail, memory_order_relaxed), at;

	for (at = start; at != head; at++) {
		struct slot *slot = slot_of(log, cpu, at);
		struct bpf_log_record record = {
			.t_ns = atomic_load_explicit(&slot->t_ns, memory_order_acquire),
		};

		if (!record.t_ns || (most_bytes && (at - start) * sizeof(*slot) >= most_bytes))
			break;
		record.addr = slot->addr;
		record.ip = slot->ip;
		record.tid = (pid_t)(slot->ids & ID_MASK);
		record.pid = (pid_t)(slot->ids >> PID_SHIFT & ID_MASK);
		record.kind = (enum bpf_log_kind)(slot->ids >> KIND_SHIFT & KIND_MASK);
		record.error_code = (uint8_t)(slot->ids >> ERROR_CODE_SHIFT);
		atomic_store_explicit(&slot->t_ns, 0, memory_order_relaxed);
		fn(arg, &record);
	}
	atomic_store_explicit(&area->tail, at, memory_order_release);
	return (size_t)(at - start) * sizeof(struct slot);
}

/* The set of processes, with `pid` in it, and the event that adds children to it. */
static int trace_family(struct bpf_log *log, pid_t pid, const struct trace_event *fork)
{
	const struct trace_field *child = trace_event_field(fork, "child_pid");
	struct perf_event_attr event = {
		.type = PERF_TYPE_TRACEPOINT,
		.config = fork->id,
		.sample_period = 1,
	};
	uint64_t key = (uint64_t)pid;
	union bpf_attr attr;
	int program, ret;

	if (!child || child->len_bytes != sizeof(uint32_t))
		return -EPROTO;
	memset(&attr, 0, sizeof(attr));
	attr.map_type = BPF_MAP_TYPE_LRU_HASH;
	attr.key_size = sizeof(key);
	attr.value_size = sizeof(key);
	attr.max_entries = MOST_FAMILY;
	strcpy(attr.map_name, "pagewalk_family");
	log->family_fd = bpf_call(log->host, BPF_MAP_CREATE, &attr);
	if (log->family_fd < 0)
		return log->family_fd;
	memset(&attr, 0, sizeof(attr));
	attr.map_fd = (uint32_t)log->family_fd;
	attr.key = attr.value = (uintptr_t)&key;
	ret = bpf_call(log->host, BPF_MAP_UPDATE_ELEM, &attr);
	program = ret ? ret : bpf_load_fork(log, child);
	if (program < 0)
		return program;
	/* A program of a tracepoint runs on every CPU, whichever its event names. */
	log->fork_fd = perf_open(log->host, &event, -1, 0);
	ret = log->fork_fd < 0 ? log->fork_fd : 0;
	if (!ret && ioctl(log->fork_fd, PERF_EVENT_IOC_SET_BPF, program))
		ret = -errno;
	close(program);
	return ret;
}

static int load_software_programs(struct bpf_log *log)
{
	for (int kind = 0; kind < NR_SOFTWARE; kind++) {
		log->programs[kind] = bpf_load_software(log, (enum bpf_log_kind)kind);
		if (log->programs[kind] < 0)
			return log->programs[kind];
	}
	return 0;
}

static int trace_exceptions(struct bpf_log *log, enum bpf_log_kind kind, pid_t pid)
{
	static const char *const names[NR_BPF_LOG_KIND] = {
		[BPF_LOG_USER] = "page_fault_user",
		[BPF_LOG_KERNEL] = "page_fault_kernel",
	};
	int program = bpf_load_traced(log, kind, pid), fd;
	union bpf_attr attr;

	if (program < 0)
		return program;
	memset(&attr, 0, sizeof(attr));
	attr.raw_tracepoint.name = (uintptr_t)names[kind];
	attr.raw_tracepoint.prog_fd = (uint32_t)program;
	fd = bpf_call(log->host, BPF_RAW_TRACEPOINT_OPEN, &attr);
	close(program);
	log->links[kind - BPF_LOG_USER] = fd;
	return fd < 0 ? fd : 0;
}

static void close_one(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void bpf_log_forget(struct bpf_log *log, pid_t tid)
{
	uint64_t key = (uint64_t)tid;
	union bpf_attr attr;

	if (log->family_fd < 0)
		return;
	memset(&attr, 0, sizeof(attr));
	attr.map_fd = (uint32_t)log->family_fd;
	attr.key = (uintptr_t)&key;
	bpf_call(log->host, BPF_MAP_DELETE_ELEM, &attr);
}

static void forget_family(struct bpf_log *log)
{
	close_one(&log->fork_fd);
	close_one(&log->family_fd);
}

int bpf_log_trace(struct bpf_log *log, pid_t pid, const struct trace_event *fork)
{
	int ret = fork ? trace_family(log, pid, fork) : 0;

	for (enum bpf_log_kind kind = BPF_LOG_USER; !ret && kind <= BPF_LOG_KERNEL; kind++)
		ret = trace_exceptions(log, kind, pid);
	if (ret) {
		bpf_log_untrace(log);
		forget_family(log);
	}
	return ret;
}

void bpf_log_untrace(struct bpf_log *log)
{
	for (int i = 0; i < NR_TRACED; i++)
		close_one(&log->links[i]);
}

int bpf_log_attach(struct bpf_log *log, int fd, enum bpf_log_kind kind)
{
	atomic_fetch_add_explicit(log->host->nr_calls, 1, memory_order_relaxed);
	return ioctl(fd, PERF_EVENT_IOC_SET_BPF, log->programs[kind]) ? -errno : 0;
}

/* The array, as large as is asked for, or as there is memory. */
static int make_map(struct bpf_log *log)
{
	const size_t page = (size_t)1 << log->host->geometry.page_shift;
	union bpf_attr attr;

	for (;; log->nr_slots /= 2) {
		log->area_bytes = sizeof(struct area) + log->nr_slots * sizeof(struct slot);
		log->map_bytes = log->nr_cpus * log->area_bytes;
		memset(&attr, 0, sizeof(attr));
		attr.map_type = BPF_MAP_TYPE_ARRAY;
		attr.key_size = sizeof(uint32_t);
		attr.value_size = (uint32_t)log->map_bytes;
		attr.max_entries = 1;
		attr.map_flags = BPF_F_MMAPABLE;
		strcpy(attr.map_name, "pagewalk_faults");
		log->map_fd = log->map_bytes > MOST_ARRAY_BYTES
				      ? -ENOMEM
				      : bpf_call(log->host, BPF_MAP_CREATE, &attr);
		if (log->map_fd != -ENOMEM || log->nr_slots <= LEAST_SLOTS)
			break;
	}
	if (log->map_fd < 0)
		return log->map_fd;
	log->map_bytes = (log->map_bytes + page - 1) & ~(page - 1);
	log->map = mmap(NULL, log->map_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, log->map_fd, 0);
	return log->map == MAP_FAILED ? -errno : 0;
}

/* Where the programs' numbers of processes are ours too. */
static bool is_first_pid_namespace(const struct host *host)
{
	struct stat st;

	atomic_fetch_add_explicit(host->nr_calls, 1, memory_order_relaxed);
	return !stat("/proc/self/ns/pid", &st) && st.st_ino == FIRST_PID_NAMESPACE;
}

int bpf_log_new(const struct host *host, unsigned nr_cpus, size_t bytes, struct bpf_log **out)
{
	struct bpf_log *log;
	int ret;

	if (!BPF_CONTEXT_IS_KNOWN || !is_first_pid_namespace(host))
		return -EOPNOTSUPP;
	log = xcalloc(1, sizeof(*log));
	log->host = host;
	log->nr_cpus = nr_cpus;
	log->map_fd = log->family_fd = log->fork_fd = -1;
	log->map = MAP_FAILED;
	for (int i = 0; i < NR_SOFTWARE; i++)
		log->programs[i] = -1;
	for (int i = 0; i < NR_TRACED; i++)
		log->links[i] = -1;
	log->nr_slots = LEAST_SLOTS;
	while (log->nr_slots * sizeof(struct slot) < bytes)
		log->nr_slots *= 2;
	ret = make_map(log);
	if (!ret)
		ret = load_software_programs(log);
	if (ret)
		bpf_log_free(log);
	else
		*out = log;
	return ret;
}

void bpf_log_free(struct bpf_log *log)
{
	if (!log)
		return;
	bpf_log_untrace(log);
	forget_family(log);
	for (int i = 0; i < NR_SOFTWARE; i++)
		close_one(&log->programs[i]);
	if (log->map != MAP_FAILED)
		munmap(log->map, log->map_bytes);
	close_one(&log->map_fd);
	free(log);
}
