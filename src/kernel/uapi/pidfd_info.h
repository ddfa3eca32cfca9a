/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_KERNEL_UAPI_PIDFD_INFO_H
#define PAGEWALK_KERNEL_UAPI_PIDFD_INFO_H

#include <linux/types.h>
#include <sys/ioctl.h>

/*
 * Declarations of include/uapi/linux/pidfd.h (PIDFD_GET_INFO Linux 6.13, PIDFD_INFO_EXIT 6.15),
 * for systems whose headers are older.
 */
#ifndef PIDFD_GET_INFO
struct pidfd_info {
	__u64 mask;
	__u64 cgroupid;
	__u32 pid;
	__u32 tgid;
	__u32 ppid;
	__u32 ruid;
	__u32 rgid;
	__u32 euid;
	__u32 egid;
	__u32 suid;
	__u32 sgid;
	__u32 fsuid;
	__u32 fsgid;
	__s32 exit_code;
};
#define PIDFD_GET_INFO _IOWR(0xff, 11, struct pidfd_info)
#endif
#ifndef PIDFD_INFO_EXIT
#define PIDFD_INFO_EXIT (1UL << 3)
#endif

#endif
