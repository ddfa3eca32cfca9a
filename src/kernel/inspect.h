/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_KERNEL_INSPECT_H
#define PAGEWALK_KERNEL_INSPECT_H

#include "kernel/cgroup.h"
#include "kernel/proc.h"
#include "model/detail.h"
#include "model/vma.h"

/*
 * Everything about one address of a process: pagemap, PAGEMAP_SCAN, PROCMAP_QUERY,
 * kpageflags, kpagecount, kpagecgroup (Documentation/admin-guide/mm/pagemap.rst), without
 * touching the page. What was refused carries its reason in *out. 0, or -ESRCH when the
 * process is gone, or -errno. The caller clears *out by page_detail_clear().
 */
int inspect_address(struct proc *proc, const struct vma_list *vmas, struct cgroup_names *cgroups,
		    uint64_t addr, struct page_detail *out);

#endif
