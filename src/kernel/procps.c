/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/procps.h"

#include "base/library.h"

#include <errno.h>
#include <stddef.h>

static const struct library_function functions[] = {
	{ "procps_pids_new", offsetof(struct procps, pids_new) },
	{ "procps_pids_reap", offsetof(struct procps, pids_reap) },
	{ "procps_pids_unref", offsetof(struct procps, pids_unref) },
	{ "procps_meminfo_new", offsetof(struct procps, meminfo_new) },
	{ "procps_meminfo_select", offsetof(struct procps, meminfo_select) },
	{ "procps_meminfo_unref", offsetof(struct procps, meminfo_unref) },
	{ "procps_vmstat_new", offsetof(struct procps, vmstat_new) },
	{ "procps_vmstat_select", offsetof(struct procps, vmstat_select) },
	{ "procps_vmstat_unref", offsetof(struct procps, vmstat_unref) },
};

int procps_load(struct procps *procps)
{
	/* Its soname is that of the library that its headers came with: configure tells. */
	return library_find(PROC2_SONAME, functions, sizeof(functions) / sizeof(functions[0]),
			    procps)
		       ? 0
		       : -ENOSYS;
}
