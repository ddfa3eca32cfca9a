/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_KERNEL_UAPI_PROCMAP_QUERY_H
#define PAGEWALK_KERNEL_UAPI_PROCMAP_QUERY_H

#include <linux/types.h>
#include <sys/ioctl.h>

/*
 * The ioctl PROCMAP_QUERY of /proc/PID/maps (include/uapi/linux/fs.h, Linux 6.11),
 * declared here because the headers of Debian 12 are older.
 */
#ifndef PROCMAP_QUERY

struct procmap_query {
	__u64 size; /* of this struct */
	__u64 query_flags;
	__u64 query_addr;
	__u64 vma_start;
	__u64 vma_end;
	__u64 vma_flags;
	__u64 vma_page_size; /* bytes */
	__u64 vma_offset;
	__u64 inode;
	__u32 dev_major;
	__u32 dev_minor;
	__u32 vma_name_size;
	__u32 build_id_size;
	__u64 vma_name_addr;
	__u64 build_id_addr;
};

#define PROCMAP_QUERY _IOWR('f', 17, struct procmap_query)

#endif
#endif
