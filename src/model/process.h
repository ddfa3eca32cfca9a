/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_MODEL_PROCESS_H
#define PAGEWALK_MODEL_PROCESS_H

#include "base/why.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum process_life {
	PROCESS_LIVE,
	PROCESS_KTHREAD, /* a kernel thread: it has no user address space */
	PROCESS_ZOMBIE,  /* exited and not yet reaped: its memory is given back */
	PROCESS_GONE,
};

/* What /proc says of a process as a whole. */
struct process_info {
	pid_t pid;
	pid_t ppid;
	uid_t uid;
	enum process_life life;
	char state;                /* R, S, D, T, Z, ... as in proc_pid_stat(5) */
	char comm[64];             /* raw bytes; make them safe before drawing */
	uint64_t start_time_ticks; /* since boot: with the PID, its identity */
	uint64_t exec_id;          /* changes when the process execs; 0 where hidden */
	unsigned nr_threads;
	uint64_t rss_bytes, swap_bytes, page_tables_bytes;
	uint64_t rss_anon_bytes, rss_file_bytes, rss_shmem_bytes; /* rss_bytes by kind */
	uint64_t minflt, majflt;
	uint64_t user_ns, system_ns; /* to the tick */
	enum why exit_why;           /* of wait_status; WHY_NOT_ASKED while it lives */
	int wait_status;             /* how it ended, as waitpid(2) tells it */
};

/* "SIGSEGV", "SIGRTMIN+3". Fills and returns `out`. */
char *signal_text(char *out, size_t room, int number);
/* "exited with status 3", "killed by SIGSEGV (core dumped)". Fills and returns `out`. */
char *wait_status_text(char *out, size_t room, int wait_status);

#endif
