/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The programs are put together here, instruction by instruction (Documentation/bpf/standardization/
 * instruction-set.rst): there are three shapes of them, of 10 to 50 instructions.
 *
 * A program reserves a slot by an atomic addition to the head, fills it, and stores the time last:
 * a slot whose time is 0 is not there yet. An interrupt that faults in the middle of a program has
 * its own slot so. The reader sets the time back to 0 before it moves the tail.
 */
#include "kernel/bpf_log.h"

#include "base/xalloc.h"
#include "kernel/perf_ring.h"
#include "kernel/uapi/bpf_context.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A CPU's part of the array: this, then the slots. Each counter has a cache line. */
struct area {
	_Atomic uint64_t head; /* slots that were ever reserved */
	uint64_t pad1[7];
	_Atomic uint64_t tail; /* slots that were read */
	uint64_t pad2[7];
	_Atomic uint64_t nr_lost;
	uint64_t pad3[7];
};

struct slot {
	uint64_t addr, ip;
	uint64_t ids; /* thread, kind, process, error code: see below */
	_Atomic uint64_t t_ns;
};

/* The numbers of threads and processes have 22 bits at most (PID_MAX_LIMIT). */
#define ID_BITS          22
#define ID_MASK          ((UINT64_C(1) << ID_BITS) - 1)
#define KIND_SHIFT       ID_BITS
#define KIND_MASK        15
#define PID_SHIFT        32
#define ERROR_CODE_SHIFT (PID_SHIFT + ID_BITS)
/* Slots that stay free for programs which have asked for room and not taken it yet. */
#define SLACK_SLOTS 64
#define LEAST_SLOTS ((size_t)1 << 12)
/* The verifier refuses offsets from BPF_MAX_VAR_OFF (512 MiB) on. */
#define MOST_ARRAY_BYTES ((size_t)256 << 20)
/* PROC_PID_INIT_INO of include/linux/proc_ns.h: the number of the first PID namespace. */
#define FIRST_PID_NAMESPACE 0xEFFFFFFCU

/* Processes of a family that are told apart from all others; the last that took a fault stay. */
#define MOST_FAMILY 16384

#define NR_SOFTWARE 2
#define NR_TRACED   2

struct bpf_log {
	const struct host *host;
	unsigned nr_cpus;
	size_t nr_slots; /* of each CPU; a power of two */
	size_t area_bytes, map_bytes;
	int map_fd;
	unsigned char *map;
	int programs[NR_SOFTWARE];
	int links[NR_TRACED];
	int family_fd; /* a set of processes that are traced; -1: one only */
	int fork_fd;   /* the event that adds to it */
};

static int bpf_call(const struct host *host, enum bpf_cmd command, union bpf_attr *attr)
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

#define MOST_INSNS 96
#define MOST_JUMPS 8

/* A program that is being put together. */
struct code {
	struct bpf_insn insns[MOST_INSNS];
	size_t nr;
	size_t to_end[MOST_JUMPS]; /* jumps that go to the end */
	size_t nr_to_end;
};

/*
 * Registers: those up to R5 are lost in a call, the others are kept. R10 is the frame of the
 * program on the stack.
 */
enum {
	R0, /* what a call returns */
	R1, /* arguments of calls */
	R2,
	R3,
	R4,
	R6 = 6, /* the context, later unused */
	R7,     /* the area of this CPU */
	R8,     /* the number of the slot, then its offset */
	R9,     /* the ids, then the slot */
	R10,
};

static void emit(struct code *code, int op, unsigned dst, unsigned src, size_t off, long imm)
{
	code->insns[code->nr++] = (struct bpf_insn){
		.code = (uint8_t)op,
		.dst_reg = dst & 15,
		.src_reg = src & 15,
		.off = (int16_t)off,
		.imm = (int32_t)imm,
	};
}

static void move(struct code *code, unsigned dst, unsigned src)
{
	emit(code, BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0);
}

static void calculate(struct code *code, int op, unsigned dst, long value)
{
	emit(code, BPF_ALU64 | BPF_K | op, dst, 0, 0, value);
}

static void add(struct code *code, unsigned dst, unsigned src)
{
	emit(code, BPF_ALU64 | BPF_ADD | BPF_X, dst, src, 0, 0);
}

static void load(struct code *code, unsigned dst, unsigned from, size_t off)
{
	emit(code, BPF_LDX | BPF_MEM | BPF_DW, dst, from, off, 0);
}

static void store(struct code *code, unsigned to, size_t off, unsigned src)
{
	emit(code, BPF_STX | BPF_MEM | BPF_DW, to, src, off, 0);
}

/* On memory, all at once; BPF_FETCH leaves the old value in `src`. */
static void atomically(struct code *code, int op, unsigned to, size_t off, unsigned src)
{
	emit(code, BPF_STX | BPF_ATOMIC | BPF_DW, to, src, off, op);
}

static void call(struct code *code, enum bpf_func_id function)
{
	emit(code, BPF_JMP | BPF_CALL, 0, 0, 0, function);
}

/* To the end, where the condition holds. */
static void end_if(struct code *code, int op, unsigned reg, long value)
{
	code->to_end[code->nr_to_end++] = code->nr;
	emit(code, BPF_JMP | BPF_K | op, reg, 0, 0, value);
}

/* What BPF_PSEUDO_MAP_FD (the map) or BPF_PSEUDO_MAP_VALUE (its first value) says of a map. */
static void load_map(struct code *code, unsigned dst, unsigned what, int map_fd)
{
	emit(code, BPF_LD | BPF_IMM | BPF_DW, dst, what, 0, map_fd);
	emit(code, 0, 0, 0, 0, 0);
}

/* R7 = this CPU's area. */
static void emit_area(struct code *code, const struct bpf_log *log)
{
	call(code, BPF_FUNC_get_smp_processor_id);
	end_if(code, BPF_JGE, R0, log->nr_cpus);
	calculate(code, BPF_MUL, R0, (long)log->area_bytes);
	load_map(code, R7, BPF_PSEUDO_MAP_VALUE, log->map_fd);
	add(code, R7, R0);
}

/* The slot is reserved and becomes R9, whose ids are stored in it; or a record is lost. */
static void emit_slot(struct code *code, const struct bpf_log *log)
{
	load(code, R1, R7, offsetof(struct area, head));
	load(code, R2, R7, offsetof(struct area, tail));
	emit(code, BPF_ALU64 | BPF_SUB | BPF_X, R1, R2, 0, 0);
	emit(code, BPF_JMP | BPF_K | BPF_JLT, R1, 0, 3, (long)(log->nr_slots - SLACK_SLOTS));
	calculate(code, BPF_MOV, R1, 1);
	atomically(code, BPF_ADD, R7, offsetof(struct area, nr_lost), R1);
	end_if(code, BPF_JA, 0, 0);
	calculate(code, BPF_MOV, R8, 1);
	atomically(code, BPF_ADD | BPF_FETCH, R7, offsetof(struct area, head), R8);
	calculate(code, BPF_AND, R8, (long)(log->nr_slots - 1));
	calculate(code, BPF_MUL, R8, sizeof(struct slot));
	add(code, R8, R7);
	store(code, R8, sizeof(struct area) + offsetof(struct slot, ids), R9);
	move(code, R9, R8);
}

/* The time makes the slot a record. */
static void emit_time(struct code *code)
{
	call(code, BPF_FUNC_ktime_get_ns);
	atomically(code, BPF_XCHG, R9, sizeof(struct area) + offsetof(struct slot, t_ns), R0);
}

/*
 * What a program returns: of a perf event 0 is no sample; of a tracepoint 0 would keep its samples
 * and counts from all who listen to it, on the whole machine.
 */
enum program_result {
	DROP_SAMPLE,
	KEEP_SAMPLE,
};

static void emit_end(struct code *code, enum program_result result)
{
	for (size_t i = 0; i < code->nr_to_end; i++)
		code->insns[code->to_end[i]].off = (int16_t)(code->nr - code->to_end[i] - 1);
	calculate(code, BPF_MOV, R0, result);
	emit(code, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

/* R0, as bpf_get_current_pid_tgid() returns it, with the kind: R9. */
static void emit_ids(struct code *code, enum bpf_log_kind kind)
{
	move(code, R9, R0);
	calculate(code, BPF_OR, R9, (long)kind << KIND_SHIFT);
}

static int load_program(const struct host *host, const struct code *code, enum bpf_prog_type type)
{
	static const char license[] = "GPL";
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = type;
	attr.insns = (uintptr_t)code->insns;
	attr.insn_cnt = (uint32_t)code->nr;
	attr.license = (uintptr_t)license;
	strcpy(attr.prog_name, "pagewalk_fault");
	return bpf_call(host, BPF_PROG_LOAD, &attr);
}

/* Of a software event: its context has the address and the registers. */
static int load_software(const struct bpf_log *log, enum bpf_log_kind kind)
{
	const size_t slot = sizeof(struct area);
	struct code code = { .nr = 0 };

	move(&code, R6, R1);
	call(&code, BPF_FUNC_get_current_pid_tgid);
	emit_ids(&code, kind);
	emit_area(&code, log);
	emit_slot(&code, log);
	load(&code, R1, R6, offsetof(struct bpf_perf_event_data, addr));
	store(&code, R9, slot + offsetof(struct slot, addr), R1);
	load(&code, R1, R6, BPF_CONTEXT_IP_OFF);
	store(&code, R9, slot + offsetof(struct slot, ip), R1);
	emit_time(&code);
	emit_end(&code, DROP_SAMPLE);
	return load_program(log->host, &code, BPF_PROG_TYPE_PERF_EVENT);
}

/* R1, a process, as a key on the stack: R1 = the family, R2 = the key. */
static void emit_family_key(struct code *code, const struct bpf_log *log)
{
	store(code, R10, (size_t)-8, R1);
	load_map(code, R1, BPF_PSEUDO_MAP_FD, log->family_fd);
	move(code, R2, R10);
	calculate(code, BPF_ADD, R2, -8);
}

/* To the end, unless the process in `ids` is one that is traced. */
static void emit_is_traced(struct code *code, const struct bpf_log *log, unsigned ids, pid_t pid)
{
	move(code, R1, ids);
	calculate(code, BPF_RSH, R1, PID_SHIFT);
	if (log->family_fd < 0) {
		end_if(code, BPF_JNE, R1, pid);
		return;
	}
	emit_family_key(code, log);
	call(code, BPF_FUNC_map_lookup_elem);
	end_if(code, BPF_JEQ, R0, 0);
}

/* Of exceptions:page_fault_user and page_fault_kernel: address, struct pt_regs *, error code. */
static int load_traced(const struct bpf_log *log, enum bpf_log_kind kind, pid_t pid)
{
	const size_t slot = sizeof(struct area);
	struct code code = { .nr = 0 };

	move(&code, R6, R1);
	call(&code, BPF_FUNC_get_current_pid_tgid);
	emit_ids(&code, kind);
	emit_is_traced(&code, log, R9, pid);
	load(&code, R1, R6, 16);
	calculate(&code, BPF_LSH, R1, ERROR_CODE_SHIFT);
	emit(&code, BPF_ALU64 | BPF_OR | BPF_X, R9, R1, 0, 0);
	emit_area(&code, log);
	emit_slot(&code, log);
	load(&code, R1, R6, 0);
	store(&code, R9, slot + offsetof(struct slot, addr), R1);
	move(&code, R1, R9);
	calculate(&code, BPF_ADD, R1, (long)(slot + offsetof(struct slot, ip)));
	calculate(&code, BPF_MOV, R2, sizeof(uint64_t));
	load(&code, R3, R6, 8);
	calculate(&code, BPF_ADD, R3, BPF_PT_REGS_IP_OFF);
	call(&code, BPF_FUNC_probe_read_kernel);
	emit_time(&code);
	emit_end(&code, DROP_SAMPLE); /* nobody asks */
	return load_program(log->host, &code, BPF_PROG_TYPE_RAW_TRACEPOINT);
}

/*
 * Of sched:sched_process_fork: a child of the family belongs to it. The number is a thread's: that
 * of the first one is the process's too, others are never asked for.
 */
static int load_fork(const struct bpf_log *log, const struct trace_field *child)
{
	struct code code = { .nr = 0 };

	move(&code, R6, R1);
	call(&code, BPF_FUNC_get_current_pid_tgid);
	move(&code, R9, R0);
	emit_is_traced(&code, log, R9, 0);
	emit(&code, BPF_LDX | BPF_MEM | BPF_W, R1, R6, child->off_bytes, 0);
	emit_family_key(&code, log);
	move(&code, R3, R2);
	calculate(&code, BPF_MOV, R4, BPF_ANY);
	call(&code, BPF_FUNC_map_update_elem);
	emit_end(&code, KEEP_SAMPLE);
	return load_program(log->host, &code, BPF_PROG_TYPE_TRACEPOINT);
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
	program = ret ? ret : load_fork(log, child);
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
		log->programs[kind] = load_software(log, (enum bpf_log_kind)kind);
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
	int program = load_traced(log, kind, pid), fd;
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
