/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_KERNEL_FAULT_CAPTURE_H
#define PAGEWALK_KERNEL_FAULT_CAPTURE_H

#include "kernel/host.h"
#include "model/fault.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Every page fault of a process as the kernel accounts it: the software events
 * PERF_COUNT_SW_PAGE_FAULTS_MIN and _MAJ (perf_event_open(2)), each with its address. With
 * privilege the tracepoints exceptions:page_fault_user and page_fault_kernel add the
 * hardware's error code, signal:signal_generate what ended in a signal, and
 * filemap:mm_filemap_add_to_page_cache and mm_filemap_map_pages what a fault brought.
 *
 * What get_user_pages takes (MAP_POPULATE, mlock(2), the strings of execve(2)) is counted by
 * the kernel in minflt, but gives no event to anybody.
 */
struct fault_capture;

/* What it asks for where it may: the thread that reads goes first, each thread has some events. */
#define FAULT_READER_NICE      (-15)
#define FAULT_MOST_DESCRIPTORS 1048576

struct fault_capture_config {
	pid_t pid;
	bool stopped;       /* it stands before its first instruction (kernel/launch.h) */
	bool follow;        /* its children too */
	bool software_only; /* leave the tracepoints out, even where they are allowed */
	bool no_bpf;        /* samples of perf, even where BPF programs are allowed */
	/*
	 * A burst is left in the rings until it is over, they are half full or a second has
	 * gone by: reading it at once would take CPU from the program that makes it.
	 */
	bool patient;
	/*
	 * Of each CPU's ring, or of its log, which may get less (kernel/bpf_log.h). 0: 512 MiB for
	 * all together, 2 to 128 for one.
	 */
	size_t ring_bytes;
};

/* What has been granted, and why the rest was not. */
struct fault_capture_powers {
	bool sees_kernel; /* faults inside system calls too */
	enum why error_code;
	enum why signals;
	enum why cache_events;
	enum why bpf;           /* whether faults are written down by programs (kernel/bpf_log.h) */
	unsigned nr_threads;    /* that were attached to */
	unsigned nr_unattached; /* threads for which descriptors did not suffice */
};

/* Told in the order of time. `fault` has neither kind nor vma_id yet. */
struct fault_capture_ops {
	/* `signal` is SIGSEGV, SIGBUS or 0. */
	void (*fault)(void *arg, const struct fault *fault, int signal);
	/* A mapping appeared or changed; vma->path is borrowed. */
	void (*map)(void *arg, pid_t pid, const struct vma *vma);
	void (*exec)(void *arg, pid_t pid, const char *comm);
	void (*fork)(void *arg, pid_t parent, pid_t child);
	void (*exit)(void *arg, pid_t pid);
};

/*
 * Attaches to a process, or to one thread that waits for its first instruction. 0; -EACCES or
 * -EPERM where perf is refused (perf_event_paranoid, seccomp, a container); -ESRCH; or -errno.
 * From then on events gather in the rings.
 */
int fault_capture_new(const struct host *host, const struct fault_capture_config *config,
		      struct fault_capture **out);
void fault_capture_free(struct fault_capture *capture);
const struct fault_capture_powers *fault_capture_powers(const struct fault_capture *capture);
/*
 * Waits until a ring is filled in part or timeout_ms have gone by, then reads a few MiB of each
 * ring and tells what is certain to be in order: the news of the last moments waits for the next
 * call, which does not wait where more is there. Returns how many records were read.
 */
size_t fault_capture_read(struct fault_capture *capture, int timeout_ms,
			  const struct fault_capture_ops *ops, void *arg);
/* No more events from now on; what has come can still be read. */
void fault_capture_stop(struct fault_capture *capture);
/* The end: stops, and tells all that is left. */
void fault_capture_flush(struct fault_capture *capture, const struct fault_capture_ops *ops,
			 void *arg);
/* CLOCK_MONOTONIC: all that is not younger has been told. UINT64_MAX after the end, 0 before. */
uint64_t fault_capture_told_ns(const struct fault_capture *capture);
/* Records that found no room in a ring or log. */
uint64_t fault_capture_lost(const struct fault_capture *capture);

#endif
