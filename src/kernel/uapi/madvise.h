/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_KERNEL_UAPI_MADVISE_H
#define PAGEWALK_KERNEL_UAPI_MADVISE_H

/* Origin: include/uapi/asm-generic/mman-common.h, Linux 6.1; Debian 12's libc is older. */
#include <sys/mman.h>

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

#endif
