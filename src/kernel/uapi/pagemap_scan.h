/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_KERNEL_UAPI_PAGEMAP_SCAN_H
#define PAGEWALK_KERNEL_UAPI_PAGEMAP_SCAN_H

#include <linux/types.h>
#include <sys/ioctl.h>

/*
 * The ioctl PAGEMAP_SCAN of /proc/PID/pagemap (include/uapi/linux/fs.h, Linux 6.7;
 * Documentation/admin-guide/mm/pagemap.rst), declared here because the headers of
 * Debian 12 are older. Whether the running kernel has it is probed at run time.
 */
#ifndef PAGEMAP_SCAN

#define PAGE_IS_WPALLOWED  (1 << 0)
#define PAGE_IS_WRITTEN    (1 << 1)
#define PAGE_IS_FILE       (1 << 2)
#define PAGE_IS_PRESENT    (1 << 3)
#define PAGE_IS_SWAPPED    (1 << 4)
#define PAGE_IS_PFNZERO    (1 << 5)
#define PAGE_IS_HUGE       (1 << 6)
#define PAGE_IS_SOFT_DIRTY (1 << 7)
#define PAGE_IS_GUARD      (1 << 8) /* Linux 6.14 */

struct page_region {
	__u64 start; /* address of the first page */
	__u64 end;   /* exclusive */
	__u64 categories;
};

struct pm_scan_arg {
	__u64 size; /* of this struct */
	__u64 flags;
	__u64 start;
	__u64 end;
	__u64 walk_end; /* out: where the walk ended */
	__u64 vec;      /* out: array of struct page_region */
	__u64 vec_len;
	__u64 max_pages;
	__u64 category_inverted;
	__u64 category_mask;
	__u64 category_anyof_mask;
	__u64 return_mask;
};

#define PAGEMAP_SCAN _IOWR('f', 16, struct pm_scan_arg)

#endif
#endif
