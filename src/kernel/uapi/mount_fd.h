/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_KERNEL_UAPI_MOUNT_FD_H
#define PAGEWALK_KERNEL_UAPI_MOUNT_FD_H

/*
 * From include/uapi/linux/mount.h of Linux 5.2, under names of our own: that header and
 * <sys/mount.h> of glibc cannot be included together.
 */
#define UAPI_FSOPEN_CLOEXEC      1
#define UAPI_FSMOUNT_CLOEXEC     1
#define UAPI_FSCONFIG_CMD_CREATE 6

#endif
