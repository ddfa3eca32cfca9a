/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The processes of this machine for the picker, by libproc2 (procps_pids(3)), which reads
 * stat, statm, status and cmdline of each. It always reads the live /proc. A process that
 * ends meanwhile is left out; figures that the kernel hides from others (hidepid) are
 * hidden by leaving out the process as a whole.
 */
#include "kernel/plist.h"

#include "base/text.h"
#include "base/xalloc.h"
#include "kernel/proc.h"

#include <errno.h>
#include <libproc2/pids.h>
#include <stdlib.h>
#include <string.h>

enum {
	ITEM_PID,
	ITEM_PPID,
	ITEM_EUID,
	ITEM_EUSER,
	ITEM_STATE,
	ITEM_THREADS,
	ITEM_RSS_KIB,
	ITEM_MINFLT,
	ITEM_MAJFLT,
	ITEM_FLAGS,
	ITEM_COMM,
	ITEM_CMDLINE,
	NR_ITEMS,
};

static const enum pids_item wanted[NR_ITEMS] = {
	[ITEM_PID] = PIDS_ID_PID,      [ITEM_PPID] = PIDS_ID_PPID,   [ITEM_EUID] = PIDS_ID_EUID,
	[ITEM_EUSER] = PIDS_ID_EUSER,  [ITEM_STATE] = PIDS_STATE,    [ITEM_THREADS] = PIDS_NLWP,
	[ITEM_RSS_KIB] = PIDS_MEM_RES, [ITEM_MINFLT] = PIDS_FLT_MIN, [ITEM_MAJFLT] = PIDS_FLT_MAJ,
	[ITEM_FLAGS] = PIDS_FLAGS,     [ITEM_COMM] = PIDS_CMD,       [ITEM_CMDLINE] = PIDS_CMDLINE,
};

static char *safe_or_empty(const char *text)
{
	return text_safe_str(text ? text : "");
}

static void add_process(struct plist *list, const struct pids_stack *stack)
{
	const char *comm = PIDS_VAL(ITEM_COMM, str, stack, NULL);
	const char *command = PIDS_VAL(ITEM_CMDLINE, str, stack, NULL);
	struct plist_row row = {
		.pid = PIDS_VAL(ITEM_PID, s_int, stack, NULL),
		.ppid = PIDS_VAL(ITEM_PPID, s_int, stack, NULL),
		.uid = PIDS_VAL(ITEM_EUID, u_int, stack, NULL),
		.state = PIDS_VAL(ITEM_STATE, s_ch, stack, NULL),
		.kthread = PIDS_VAL(ITEM_FLAGS, ul_int, stack, NULL) & TASK_IS_KTHREAD,
		.nr_threads = (unsigned)PIDS_VAL(ITEM_THREADS, s_int, stack, NULL),
		.rss_bytes = (uint64_t)PIDS_VAL(ITEM_RSS_KIB, ul_int, stack, NULL) * 1024,
		.minflt = PIDS_VAL(ITEM_MINFLT, ul_int, stack, NULL),
		.majflt = PIDS_VAL(ITEM_MAJFLT, ul_int, stack, NULL),
		.user = safe_or_empty(PIDS_VAL(ITEM_EUSER, str, stack, NULL)),
		.comm = xstrdup(comm ? comm : ""),
	};

	/* Kernel threads and zombies have no command line; their name stands in brackets. */
	if (row.kthread || !command || !*command) {
		char *safe = safe_or_empty(comm);

		row.command = xasprintf("[%s]", safe);
		free(safe);
	} else {
		row.command = text_safe_str(command);
	}
	plist_add(list, &row);
}

int plist_read(struct plist **out)
{
	enum pids_item items[NR_ITEMS];
	struct pids_info *info = NULL;
	struct pids_fetch *fetch;
	struct plist *list = NULL;
	int err;

	memcpy(items, wanted, sizeof(items));
	err = procps_pids_new(&info, items, NR_ITEMS);
	if (err < 0)
		return err;
	errno = 0;
	fetch = procps_pids_reap(info, PIDS_FETCH_TASKS_ONLY);
	if (!fetch) {
		err = errno ? -errno : -EIO;
		goto out;
	}
	list = plist_new();
	for (int i = 0; i < fetch->counts->total; i++)
		add_process(list, fetch->stacks[i]);
	plist_sort_rss(list);
	*out = list;
	err = 0;
out:
	procps_pids_unref(&info);
	return err;
}
