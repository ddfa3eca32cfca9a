/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_KERNEL_TASKSTAT_H
#define PAGEWALK_KERNEL_TASKSTAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Numbers of /proc/PID/stat, by their place in proc_pid_stat(5). */
enum stat_field {
	STAT_PPID = 4,
	STAT_FLAGS = 9,
	STAT_MINFLT = 10,
	STAT_CMINFLT = 11,
	STAT_MAJFLT = 12,
	STAT_CMAJFLT = 13,
	STAT_UTIME = 14,
	STAT_STIME = 15,
	STAT_NUM_THREADS = 20,
	STAT_STARTTIME = 22,
	STAT_VSIZE = 23,
	STAT_STARTCODE = 26,
	STAT_ENDCODE = 27,
	STAT_STARTSTACK = 28,
	STAT_START_DATA = 45,
	STAT_END_DATA = 46,
	STAT_START_BRK = 47,
	STAT_ARG_START = 48,
	STAT_ARG_END = 49,
	STAT_ENV_START = 50,
	STAT_ENV_END = 51,
	STAT_EXIT_CODE = 52,
	NR_STAT_FIELD = 53,
};

struct task_stat {
	char comm[64]; /* raw */
	char state;
	uint64_t field[NR_STAT_FIELD]; /* 0 where the line was shorter */
};

/* Parses the line of /proc/PID/stat; false where it is none. */
bool task_stat_parse(const char *text, size_t len_bytes, struct task_stat *out);
/*
 * The number behind "Name:" in the text of /proc/PID/status (proc_pid_status(5)), which is
 * octal for base 8; false where there is no such line.
 */
bool task_status_number(const char *text, size_t len_bytes, const char *name, int base,
			uint64_t *value);

#endif
