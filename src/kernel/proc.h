/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_KERNEL_PROC_H
#define PAGEWALK_KERNEL_PROC_H

#include "kernel/host.h"
#include "model/process.h"
#include "model/vma.h"

#include <sys/types.h>

/* PF_KTHREAD of the kernel's include/linux/sched.h, as it stands in field 9 of stat. */
#define TASK_IS_KTHREAD 0x00200000UL

/*
 * One process, held by its pidfd and an open /proc/PID directory, so that a PID
 * that is used again is never taken for it: both stay bound to the first process.
 */
struct proc;

/*
 * Opens process `pid` (pidfd_open(2), Linux 5.3). 0, -ESRCH where there is none,
 * or -errno. The caller closes it with proc_close().
 */
int proc_open(const struct host *host, pid_t pid, struct proc **out);
void proc_close(struct proc *proc);
/*
 * A second handle on the same process, for another thread; bound to it as the first one
 * is, whatever has become of the PID. 0 or -errno (too many descriptors). The host is
 * shared; the caller closes *out.
 */
int proc_clone(const struct proc *proc, struct proc **out);
const struct host *proc_host(const struct proc *proc);
/* The open /proc/PID directory, borrowed. */
int proc_dir_fd(const struct proc *proc);
/* Its pidfd, borrowed; -1 on a recorded machine. */
int proc_pid_fd(const struct proc *proc);

/*
 * Identity, counters and life of the process from stat, status and statm
 * (proc_pid_stat(5), proc_pid_status(5)). 0, or -errno; a process that is gone is
 * no error: info->life is then PROCESS_GONE and the rest keeps what it had. So do the
 * sizes of one that has exited and not been reaped. How it ended comes from stat, or, once it is
 * reaped, from the pidfd (PIDFD_INFO_EXIT, Linux 6.15).
 */
int proc_read_info(struct proc *proc, struct process_info *info);
/*
 * The program that it executes, raw, from the link /proc/PID/exe (proc_pid_exe(5)): 0 or -errno
 * (-EACCES for another user's process).
 */
int proc_read_exe(struct proc *proc, char *path, size_t room);
/*
 * A cheap sign of change: the faults and the program that proc_read_info() last saw, and the
 * sizes of statm by one small read, folded into one number. 0 or -errno.
 */
int proc_read_pulse(struct proc *proc, uint64_t *pulse);
/*
 * CPU time that the main thread has used, in ns and not rounded to the tick, from
 * /proc/PID/schedstat (Documentation/scheduler/sched-stats.rst). 0 or -errno; -ENOENT where
 * the kernel does not keep it.
 */
int proc_read_cpu(struct proc *proc, uint64_t *cpu_ns);
/* The proportional set size in bytes, from smaps_rollup (Linux 4.14). 0 or -errno. */
int proc_read_pss(struct proc *proc, uint64_t *pss_bytes);
/*
 * The mappings now, from /proc/PID/maps; -EACCES without ptrace read access, -ESRCH
 * when gone. An empty list means no user memory (kernel thread, zombie).
 */
int proc_read_maps(struct proc *proc, struct vma_list **out);
/*
 * The VMA that holds addr by PROCMAP_QUERY (Linux 6.11), without its path and kind. 0,
 * -ENOENT where there is none, or -errno.
 */
int proc_query_vma(struct proc *proc, uint64_t addr, struct vma *out);
/* Page size in bytes of the VMA at addr by PROCMAP_QUERY (Linux 6.11). 0 or -errno. */
int proc_query_vma_page_size(struct proc *proc, uint64_t addr, uint64_t *page_bytes);

#endif
