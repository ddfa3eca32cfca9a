/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_KERNEL_PEEK_H
#define PAGEWALK_KERNEL_PEEK_H

#include "kernel/proc.h"
#include "model/detail.h"
#include "model/peek.h"

/*
 * Reads the page that `detail` tells of, from /proc/PID/mem (proc_pid_mem(5)), if it is
 * present and no device's; on request only. The caller unrefs what is returned, never NULL.
 */
struct page_peek *peek_page(struct proc *proc, const struct page_detail *detail);

#endif
