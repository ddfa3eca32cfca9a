/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where figures come from, and in what words a missing one is explained. */
#include "model/sources.h"

#include <stdio.h>

struct source_row {
	const char *name;
	const char *denied;      /* what the privilege is, and how to have it */
	const char *unsupported; /* since when it exists */
};

static const struct source_row rows[NR_SOURCE] = {
	[SOURCE_MAPS] = { "maps", "another user's process needs CAP_SYS_PTRACE (sudo, or setcap)",
			  "" },
	[SOURCE_PAGEMAP] = { "pagemap",
			     "another user's process needs CAP_SYS_PTRACE (sudo, or setcap)",
			     "pagemap passes over memory of the kernel and of devices" },
	[SOURCE_PAGEMAP_SCAN] = { "PAGEMAP_SCAN", "", "PAGEMAP_SCAN is since Linux 6.7" },
	[SOURCE_FRAMES] = { "pagemap frame numbers",
			    "frame numbers need CAP_SYS_ADMIN (sudo, or setcap)", "" },
	[SOURCE_KPAGEFLAGS] = { "kpageflags", "/proc/kpageflags is for root (sudo)",
				"this kernel has no /proc/kpageflags" },
	[SOURCE_KPAGECOUNT] = { "kpagecount", "/proc/kpagecount is for root (sudo)",
				"this kernel has no /proc/kpagecount" },
	[SOURCE_KPAGECGROUP] = { "kpagecgroup", "/proc/kpagecgroup is for root (sudo)",
				 "this kernel has no memory cgroups" },
	[SOURCE_CACHESTAT] = { "cachestat",
			       "the page cache is told only to a file's owner or writer (sudo)",
			       "cachestat is since Linux 6.5" },
	[SOURCE_MINCORE] = { "mincore",
			     "mincore says 'all resident' to all but a file's owner or writer "
			     "(sudo)",
			     "this file cannot be mapped" },
	[SOURCE_STATUS] = { "status", "", "" },
	[SOURCE_SMAPS] = { "smaps_rollup",
			   "another user's process needs CAP_SYS_PTRACE (sudo, or setcap)",
			   "smaps_rollup is since Linux 4.14" },
	[SOURCE_ZONEINFO] = { "zoneinfo", "", "" },
	[SOURCE_STAT] = { "stat", "another user's process needs CAP_SYS_PTRACE (sudo)", "" },
	[SOURCE_FD] = { "fd", "another user's process needs CAP_SYS_PTRACE (sudo)", "" },
	[SOURCE_FDINFO] = { "fdinfo", "another user's process needs CAP_SYS_PTRACE (sudo)", "" },
	[SOURCE_KCMP] = { "kcmp", "comparing needs ptrace access to both tasks (sudo)",
			  "this kernel has no kcmp" },
	[SOURCE_NET] = { "net", "another user's process needs CAP_SYS_PTRACE (sudo)",
			 "the socket is not in this process's network namespace" },
	[SOURCE_OWN_MAPPING] = { "own mapping",
				 "frames, their flags and counts are for root (sudo)",
				 "mapping a page here would mark it as used, or cannot be done" },
	[SOURCE_LINK] = { "links of /proc/PID",
			  "another user's process needs CAP_SYS_PTRACE (sudo)", "" },
};

void sources_init(struct sources *sources)
{
	for (int i = 0; i < NR_SOURCE; i++)
		sources->why[i] = WHY_NOT_ASKED;
}

bool sources_has(const struct sources *sources, enum source source)
{
	return sources->why[source] == WHY_OK;
}

const char *source_name(enum source source)
{
	return rows[source].name;
}

char *source_refusal(enum source source, enum why why, char *out, size_t room)
{
	const char *detail = "";

	if (why == WHY_DENIED)
		detail = rows[source].denied;
	else if (why == WHY_UNSUPPORTED)
		detail = rows[source].unsupported;
	if (detail[0])
		snprintf(out, room, "%s: %s", why_name(why), detail);
	else
		snprintf(out, room, "%s (%s)", why_name(why), rows[source].name);
	return out;
}

char *sources_text(const struct sources *sources, char *out, size_t room)
{
	size_t at = 0;

	out[0] = '\0';
	for (int i = 0; i < NR_SOURCE; i++) {
		int added;

		/* Frame numbers come out of pagemap, which is named already. */
		if (sources->why[i] != WHY_OK || i == SOURCE_FRAMES)
			continue;
		added = snprintf(out + at, room - at, "%s%s", at ? " " : "", rows[i].name);
		if (added < 0 || (size_t)added >= room - at)
			break;
		at += (size_t)added;
	}
	return out;
}
