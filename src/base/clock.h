/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_BASE_CLOCK_H
#define PAGEWALK_BASE_CLOCK_H

#include <stdint.h>

#define NS_PER_S  UINT64_C(1000000000)
#define NS_PER_MS UINT64_C(1000000)

/* Nanoseconds of CLOCK_MONOTONIC, for durations (clock_gettime(2)). */
uint64_t clock_mono_ns(void);
/* Nanoseconds of CLOCK_REALTIME, for dates in reports. */
uint64_t clock_real_ns(void);
/* CPU time of this whole process in nanoseconds (CLOCK_PROCESS_CPUTIME_ID). */
uint64_t clock_own_cpu_ns(void);

#endif
