/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What of root's rights pagewalk goes on with. pagemap hides frame numbers unless each file is
 * *opened* with CAP_SYS_ADMIN, and files are opened again and again, so that one must stay
 * effective; what can change files, devices, the network or other users' identity goes.
 *
 * CAP_SYS_RESOURCE goes too: the one bound for which it is needed, how many descriptors there may
 * be at most (the events of thousands of threads), is raised before. How many there may be now is
 * left as it is.
 */
#include "kernel/privilege.h"

#include "kernel/fault_capture.h"

#include <errno.h>
#include <linux/capability.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static const int kept[] = {
	CAP_SYS_ADMIN,       /* frame numbers in pagemap, /proc/PID/map_files */
	CAP_SYS_PTRACE,      /* maps, pagemap, memory and kcmp(2) of other users' processes */
	CAP_DAC_READ_SEARCH, /* to open their files below /proc, kpage*, and files to be looked at */
	CAP_FOWNER,          /* cachestat and mincore of files that others own */
	CAP_PERFMON,         /* page faults of other users' processes, and in the kernel */
	CAP_BPF,             /* the programs that write them down at less cost */
	CAP_SYSLOG,          /* the addresses of the kernel's functions, whose names they lead to */
	CAP_IPC_LOCK,        /* rings for perf events beyond perf_event_mlock_kb */
	CAP_SYS_NICE, /* the thread that reads faults before those that take them, or some are lost */
	CAP_KILL,     /* to end the command that was started, when it became another user */
};

uint64_t privilege_kept(void)
{
	uint64_t bits = 0;

	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		bits |= UINT64_C(1) << kept[i];
	return bits;
}

/* Where it may not, nothing is lost: screen 2 says how many threads are not watched. */
static void raise_hard_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_max >= FAULT_MOST_DESCRIPTORS)
		return;
	limit.rlim_max = FAULT_MOST_DESCRIPTORS;
	setrlimit(RLIMIT_NOFILE, &limit);
}

int privilege_reduce(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };
	uint64_t bits = privilege_kept();

	raise_hard_limit();
	if (syscall(SYS_capget, &header, data))
		return -errno;
	for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
		data[i].permitted &= (uint32_t)(bits >> 32 * i);
		data[i].effective &= (uint32_t)(bits >> 32 * i);
	}
	if (syscall(SYS_capset, &header, data))
		return -errno;
	if (geteuid() && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	return 0;
}
