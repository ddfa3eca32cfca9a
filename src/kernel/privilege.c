/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What of root's rights pagewalk goes on with. pagemap hides frame numbers unless each file is
 * *opened* with CAP_SYS_ADMIN, and files are opened again and again, so that one must stay
 * effective; what can change files, devices, the network or other users' identity goes.
 */
#include "kernel/privilege.h"

#include <errno.h>
#include <linux/capability.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static const int kept[] = {
	CAP_SYS_ADMIN,       /* frame numbers in pagemap, /proc/PID/map_files */
	CAP_SYS_PTRACE,      /* maps, pagemap, memory and kcmp(2) of other users' processes */
	CAP_DAC_READ_SEARCH, /* to open their files below /proc, kpage*, and files to be looked at */
	CAP_FOWNER,          /* cachestat and mincore of files that others own */
	CAP_PERFMON,         /* page faults of other users' processes, and in the kernel */
	CAP_IPC_LOCK,        /* rings for perf events beyond perf_event_mlock_kb */
	CAP_KILL,            /* to end the command that was started, when it became another user */
};

uint64_t privilege_kept(void)
{
	uint64_t bits = 0;

	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		bits |= UINT64_C(1) << kept[i];
	return bits;
}

int privilege_reduce(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };
	uint64_t bits = privilege_kept();

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
