/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_MODEL_MACHINE_H
#define PAGEWALK_MODEL_MACHINE_H

#include "base/why.h"

#include <stdint.h>

/* CPU time of all processors together since boot. */
struct cpu_times {
	enum why why;
	uint64_t busy_ns;  /* user, nice, system, interrupts */
	uint64_t steal_ns; /* the hypervisor ran something else */
};

/* What figures of a benchmark depend on and a reader elsewhere cannot know. */
struct machine {
	char cpu[96]; /* model name; "" where the kernel does not say */
	unsigned nr_cpus;
	uint64_t memory_bytes;
	char congestion[24]; /* that TCP takes where nothing else is asked for; "": not known */
};

#endif
