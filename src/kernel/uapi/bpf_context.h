/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_KERNEL_UAPI_BPF_CONTEXT_H
#define PAGEWALK_KERNEL_UAPI_BPF_CONTEXT_H

#include <linux/bpf_perf_event.h>
#include <stddef.h>

/*
 * Where a BPF program finds the instruction pointer: in the context of a perf event (struct
 * bpf_perf_event_data), and in struct pt_regs, to which the tracepoints of exceptions point. Those
 * tracepoints and their error code are of x86.
 */
#if defined(__x86_64__)
#define BPF_CONTEXT_IS_KNOWN 1
#define BPF_CONTEXT_IP_OFF   offsetof(struct bpf_perf_event_data, regs.rip)
#define BPF_PT_REGS_IP_OFF   offsetof(struct pt_regs, rip)
#else
#define BPF_CONTEXT_IS_KNOWN 0
#define BPF_CONTEXT_IP_OFF   0
#define BPF_PT_REGS_IP_OFF   0
#endif

#endif
