/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The processes of this machine for the picker, by libproc2 (procps_pids(3)), which reads
 * stat, statm and status of each. The command line is read here: libproc2 4.0 makes
 * question marks of what is not ASCII. It always reads the live /proc. A process that
 * ends meanwhile is left out; figures that the kernel hides from others (hidepid) are
 * hidden by leaving out the process as a whole.
 */
#include "kernel/plist.h"

#include "base/clock.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "kernel/proc.h"
#include "kernel/procps.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
	ITEM_START,
	NR_ITEMS,
};

static const enum pids_item wanted[NR_ITEMS] = {
	[ITEM_PID] = PIDS_ID_PID,      [ITEM_PPID] = PIDS_ID_PPID,   [ITEM_EUID] = PIDS_ID_EUID,
	[ITEM_EUSER] = PIDS_ID_EUSER,  [ITEM_STATE] = PIDS_STATE,    [ITEM_THREADS] = PIDS_NLWP,
	[ITEM_RSS_KIB] = PIDS_MEM_RES, [ITEM_MINFLT] = PIDS_FLT_MIN, [ITEM_MAJFLT] = PIDS_FLT_MAJ,
	[ITEM_FLAGS] = PIDS_FLAGS,     [ITEM_COMM] = PIDS_CMD,       [ITEM_START] = PIDS_TICS_BEGAN,
};

static char *safe_or_empty(const char *text)
{
	return text_safe_str(text ? text : "");
}

/* Bytes of a command line that are kept: no screen is wider. */
#define CMDLINE_ROOM 1024

/* The arguments with blanks between them; bytes, 0 where there are none. */
static size_t read_cmdline(pid_t pid, char out[CMDLINE_ROOM])
{
	char path[32];
	ssize_t got = -1;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		got = read(fd, out, CMDLINE_ROOM);
		close(fd);
	}
	/* The last argument ends in a NUL as well; a program may have written over all of it. */
	while (got > 0 && !out[got - 1])
		got--;
	return got > 0 ? (size_t)got : 0;
}

/* The last part of the path that is the first argument. */
static char *program_of(const char *cmdline, size_t len)
{
	const char *end = memchr(cmdline, '\0', len), *start;

	if (!end)
		end = cmdline + len;
	start = memrchr(cmdline, '/', (size_t)(end - cmdline));
	start = start ? start + 1 : cmdline;
	return xstrndup(start, (size_t)(end - start));
}

static char *command_of(char *cmdline, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!cmdline[i])
			cmdline[i] = ' ';
	return text_safe(cmdline, len);
}

static void add_process(struct plist *list, const struct pids_stack *stack)
{
	const char *comm = PIDS_VAL(ITEM_COMM, str, stack, NULL);
	char cmdline[CMDLINE_ROOM];
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
		.start_ticks = PIDS_VAL(ITEM_START, ull_int, stack, NULL),
		.comm = xstrdup(comm ? comm : ""),
	};
	size_t len = row.kthread ? 0 : read_cmdline(row.pid, cmdline);

	/* Kernel threads and zombies have no command line; their name stands in brackets. */
	row.program = program_of(cmdline, len);
	if (!len) {
		char *safe = safe_or_empty(comm);

		row.command = xasprintf("[%s]", safe);
		free(safe);
	} else {
		row.command = command_of(cmdline, len);
	}
	plist_add(list, &row);
}

int plist_read(struct plist **out)
{
	enum pids_item items[NR_ITEMS];
	struct pids_info *info = NULL;
	struct pids_fetch *fetch;
	struct plist *list = NULL;
	struct procps procps;
	int err = procps_load(&procps);

	if (err)
		return err;
	memcpy(items, wanted, sizeof(items));
	err = procps.pids_new(&info, items, NR_ITEMS);
	if (err < 0)
		return err;
	errno = 0;
	fetch = procps.pids_reap(info, PIDS_FETCH_TASKS_ONLY);
	if (!fetch) {
		err = errno ? -errno : -EIO;
		goto out;
	}
	list = plist_new();
	for (int i = 0; i < fetch->counts->total; i++)
		add_process(list, fetch->stacks[i]);
	list->taken_mono_ns = clock_mono_ns();
	*out = list;
	err = 0;
out:
	procps.pids_unref(&info);
	return err;
}
