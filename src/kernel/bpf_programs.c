/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The programs are put together here, instruction by instruction (Documentation/bpf/standardization/
 * instruction-set.rst): there are three shapes of them, of 10 to 50 instructions.
 */
#include "kernel/bpf_log_state.h"

#include "kernel/uapi/bpf_context.h"

#include <string.h>

/* Slots that stay free for programs which have asked for room and not taken it yet. */
#define SLACK_SLOTS 64

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
int bpf_load_software(const struct bpf_log *log, enum bpf_log_kind kind)
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
int bpf_load_traced(const struct bpf_log *log, enum bpf_log_kind kind, pid_t pid)
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
int bpf_load_fork(const struct bpf_log *log, const struct trace_field *child)
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
