/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VMAs by kind, permission or content. What is not known is never taken for empty. */
#include "model/vma_filter.h"

static const struct {
	const char *name;
	bool by_kind;
	enum vma_kind kind;
	unsigned perm; /* one of enum vma_perm; 0: none */
} rows[NR_VMA_FILTER] = {
	[VMAS_ALL] = { .name = "all" },
	[VMAS_ANON] = { .name = "anonymous", .by_kind = true, .kind = VMA_ANON },
	[VMAS_HEAP] = { .name = "heap", .by_kind = true, .kind = VMA_HEAP },
	[VMAS_STACK] = { .name = "stack", .by_kind = true, .kind = VMA_STACK },
	[VMAS_FILE] = { .name = "file", .by_kind = true, .kind = VMA_FILE },
	[VMAS_SHMEM] = { .name = "shared memory", .by_kind = true, .kind = VMA_SHMEM },
	[VMAS_HUGETLB] = { .name = "hugetlb", .by_kind = true, .kind = VMA_HUGETLB },
	[VMAS_DEVICE] = { .name = "device", .by_kind = true, .kind = VMA_DEVICE },
	[VMAS_SPECIAL] = { .name = "special", .by_kind = true, .kind = VMA_SPECIAL },
	[VMAS_WRITABLE] = { .name = "writable", .perm = VMA_WRITE },
	[VMAS_EXECUTABLE] = { .name = "executable", .perm = VMA_EXEC },
	[VMAS_NON_EMPTY] = { .name = "non-empty" },
};

const char *vma_filter_name(enum vma_filter filter)
{
	return rows[filter].name;
}

bool vma_filter_match(enum vma_filter filter, const struct vma *vma,
		      const struct page_counts *counts, enum why why)
{
	if (rows[filter].by_kind)
		return vma->kind == rows[filter].kind;
	if (rows[filter].perm)
		return vma->perms & rows[filter].perm;
	return filter != VMAS_NON_EMPTY || why != WHY_OK || counts->present || counts->swapped;
}
