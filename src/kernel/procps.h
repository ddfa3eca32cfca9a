/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_KERNEL_PROCPS_H
#define PAGEWALK_KERNEL_PROCPS_H

#include <libproc2/meminfo.h>
#include <libproc2/pids.h>
#include <libproc2/vmstat.h>
#include <stdbool.h>

/*
 * The functions of libproc2 that are used, under their own names without "procps_". It brings
 * seven more libraries with it, by libsystemd, and is loaded on demand (base/library.h).
 */
struct procps {
	__typeof__(&procps_pids_new) pids_new;
	__typeof__(&procps_pids_reap) pids_reap;
	__typeof__(&procps_pids_unref) pids_unref;
	__typeof__(&procps_meminfo_new) meminfo_new;
	__typeof__(&procps_meminfo_select) meminfo_select;
	__typeof__(&procps_meminfo_unref) meminfo_unref;
	__typeof__(&procps_vmstat_new) vmstat_new;
	__typeof__(&procps_vmstat_select) vmstat_select;
	__typeof__(&procps_vmstat_unref) vmstat_unref;
};

/* 0, or -ENOSYS where the library that this program was built with is not there. */
int procps_load(struct procps *procps);

#endif
