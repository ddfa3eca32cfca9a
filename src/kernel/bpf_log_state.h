/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_KERNEL_BPF_LOG_STATE_H
#define PAGEWALK_KERNEL_BPF_LOG_STATE_H

#include "kernel/bpf_log.h"

#include <linux/bpf.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The inside of a log, shared by its two files: bpf_log.c makes it and reads it, bpf_programs.c has
 * the programs that write into it.
 */

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

/* bpf(2), counted: what it returned, or -errno. */
int bpf_call(const struct host *host, enum bpf_cmd command, union bpf_attr *attr);

/*
 * Each loads a program and returns its descriptor, the caller's to close, or -errno. Where the
 * log has a family, that is whom they are about, else one process.
 */

/* Of a software event: MINOR or MAJOR. */
int bpf_load_software(const struct bpf_log *log, enum bpf_log_kind kind);
/* Of exceptions:page_fault_user and page_fault_kernel: USER or KERNEL. */
int bpf_load_traced(const struct bpf_log *log, enum bpf_log_kind kind, pid_t pid);
/* Of sched:sched_process_fork, whose field child_pid is `child`. */
int bpf_load_fork(const struct bpf_log *log, const struct trace_field *child);

#endif
