/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_MODEL_VMA_FILTER_H
#define PAGEWALK_MODEL_VMA_FILTER_H

#include "base/why.h"
#include "model/page.h"
#include "model/vma.h"

#include <stdbool.h>

/* Which VMAs are wanted. */
enum vma_filter {
	VMAS_ALL,
	VMAS_ANON, /* these by enum vma_kind */
	VMAS_HEAP,
	VMAS_STACK,
	VMAS_FILE,
	VMAS_SHMEM,
	VMAS_HUGETLB,
	VMAS_DEVICE,
	VMAS_SPECIAL,
	VMAS_WRITABLE,
	VMAS_EXECUTABLE,
	VMAS_NON_EMPTY, /* something present or swapped, or not known */
	NR_VMA_FILTER,
};

/* "anonymous", "non-empty", ... */
const char *vma_filter_name(enum vma_filter filter);
/* True where the VMA, of which `counts` are known as `why` says, is wanted. */
bool vma_filter_match(enum vma_filter filter, const struct vma *vma,
		      const struct page_counts *counts, enum why why);

#endif
