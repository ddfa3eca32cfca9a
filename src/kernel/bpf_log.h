/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_KERNEL_BPF_LOG_H
#define PAGEWALK_KERNEL_BPF_LOG_H

#include "kernel/host.h"
#include "kernel/tracefs.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Page faults, written down by small BPF programs of our own (bpf(2)) that the kernel runs in the
 * place where it would put a sample together. A record of perf is made field by field, by a
 * function for each; a program stores four words. The log of a CPU is a part of one array in
 * memory that the kernel shares with us (BPF_F_MMAPABLE, Linux 5.5): programs write at its head
 * (BPF_FETCH, Linux 5.12), we read at its tail. Needs CAP_BPF and CAP_PERFMON.
 */
struct bpf_log;

enum bpf_log_kind {
	BPF_LOG_MINOR, /* a software event has counted a fault: mm/memory.c, mm_account_fault() */
	BPF_LOG_MAJOR,
	BPF_LOG_USER,   /* the exception's entry: exceptions:page_fault_user */
	BPF_LOG_KERNEL, /* exceptions:page_fault_kernel */
	NR_BPF_LOG_KIND,
};

struct bpf_log_record {
	uint64_t addr, ip;
	uint64_t t_ns; /* CLOCK_MONOTONIC */
	pid_t pid, tid;
	enum bpf_log_kind kind;
	uint8_t error_code; /* of USER and KERNEL: the processor's, its lowest 8 bits */
};

/*
 * A log of about `bytes` for each of nr_cpus CPUs, or as many as there is memory for, and the
 * programs for software events. 0; -EPERM; -ENOSYS or -EOPNOTSUPP where this kernel or machine
 * has none, and in a PID namespace, whose numbers the programs do not know; or -errno.
 */
int bpf_log_new(const struct host *host, unsigned nr_cpus, size_t bytes, struct bpf_log **out);
void bpf_log_free(struct bpf_log *log);
/*
 * From now on a software event of perf_event_open(2) writes a MINOR or MAJOR record for each
 * sample, instead of the sample. 0 or -errno. fd stays the caller's.
 */
int bpf_log_attach(struct bpf_log *log, int fd, enum bpf_log_kind kind);
/*
 * From now on every exception of the process `pid` is written down at its entry, by raw
 * tracepoints: USER and KERNEL records. `fork` is the tracepoint sched/sched_process_fork, by
 * which its children and theirs are known from their birth on; NULL: they are left out. 0 or
 * -errno.
 */
int bpf_log_trace(struct bpf_log *log, pid_t pid, const struct trace_event *fork);
/* A thread or process that is no more: its number may be a stranger's from now on. */
void bpf_log_forget(struct bpf_log *log, pid_t tid);
/*
 * From now on no exception is written down. The tracepoint of fork(2), whose end waits for all
 * CPUs, is left to bpf_log_free().
 */
void bpf_log_untrace(struct bpf_log *log);

/*
 * Hands at most `most_bytes` of a CPU's records (0: all) to `fn` in the order in which they were
 * begun, and gives their room back. Returns how many bytes were read.
 */
size_t bpf_log_drain(struct bpf_log *log, unsigned cpu, size_t most_bytes,
		     void (*fn)(void *arg, const struct bpf_log_record *record), void *arg);
/* Bytes of records that wait to be read. */
size_t bpf_log_fill(const struct bpf_log *log, unsigned cpu);
/* Bytes that the log of one CPU has room for. */
size_t bpf_log_bytes(const struct bpf_log *log);
/* Records that found no room, of all CPUs. */
uint64_t bpf_log_lost(const struct bpf_log *log);

#endif
