/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_KERNEL_FAULT_COUNT_H
#define PAGEWALK_KERNEL_FAULT_COUNT_H

#include "base/why.h"

#include <stdint.h>

/*
 * How many page faults the calling process takes, by perf in counting mode: two numbers, no ring,
 * no record (perf_event_open(2): PERF_COUNT_SW_PAGE_FAULTS_MIN and _MAJ). Threads that are born
 * later, those of io_uring too, are counted with it.
 */
struct fault_count {
	enum why why;           /* why it does not count, or WHY_OK */
	int minor_fd, major_fd; /* -1: none */
};

/*
 * Begins to count, from 0. Where the kernel does not let it see the faults that system calls take
 * (perf_event_paranoid above 1 and no CAP_PERFMON), it is WHY_DENIED: those are most of a transfer.
 */
void fault_count_open(struct fault_count *count);
/* What was counted so far; count->why where that is not known, and 0. */
enum why fault_count_read(const struct fault_count *count, uint64_t *minflt, uint64_t *majflt);
void fault_count_close(struct fault_count *count);

#endif
