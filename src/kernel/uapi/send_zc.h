/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_KERNEL_UAPI_SEND_ZC_H
#define PAGEWALK_KERNEL_UAPI_SEND_ZC_H

/*
 * From include/uapi/linux/io_uring.h of Linux 6.2: whether a SEND_ZC was sent without a
 * copy is told in its notification. liburing 2.3 is older than that.
 */
#include <liburing.h>

#ifndef IORING_SEND_ZC_REPORT_USAGE
#define IORING_SEND_ZC_REPORT_USAGE (1U << 3)
#define IORING_NOTIF_USAGE_ZC_COPIED (1U << 31)
#endif

#endif
