/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The flags of /proc/kpageflags in words. Bits 0 to 26 are described in
 * Documentation/admin-guide/mm/pagemap.rst; those from 32 on are the kernel's own business
 * (linux/kernel-page-flags.h) and are given for whoever works on it.
 */
#include "model/flag_about.h"

#include "model/page.h"

#include <stddef.h>

static const char *const abouts[NR_KPF] = {
	[KPF_LOCKED] = "held by someone for now, as while it is read or written",
	[KPF_ERROR] = "reading or writing it failed (older kernels)",
	[KPF_REFERENCED] = "used since reclaim last looked at it",
	[KPF_UPTODATE] = "its content is valid: reading it has succeeded",
	[KPF_DIRTY] = "changed and not yet written back",
	[KPF_LRU] = "in one of the lists from which reclaim takes pages",
	[KPF_ACTIVE] = "in the list of pages in use, which reclaim takes last",
	[KPF_SLAB] = "belongs to the kernel's allocator of small objects",
	[KPF_WRITEBACK] = "being written to storage right now",
	[KPF_RECLAIM] = "to be freed as soon as its writeback ends",
	[KPF_BUDDY] = "free, in the buddy allocator",
	[KPF_MMAP] = "mapped by some page table",
	[KPF_ANON] = "anonymous: of no file",
	[KPF_SWAPCACHE] = "has a slot in swap that holds or will hold the same",
	[KPF_SWAPBACKED] = "goes to swap under pressure, not to a file",
	[KPF_COMPOUND_HEAD] = "the first page of a folio or other compound page",
	[KPF_COMPOUND_TAIL] = "a further page of a compound page",
	[KPF_HUGE] = "of hugetlbfs: a huge page that was reserved",
	[KPF_UNEVICTABLE] = "not for reclaim: locked, or on a file system in memory",
	[KPF_HWPOISON] = "the hardware found an error in it: it is not used again",
	[KPF_NOPAGE] = "there is no memory behind this frame number",
	[KPF_KSM] = "one page for several with equal content (KSM)",
	[KPF_THP] = "part of a transparent huge page",
	[KPF_OFFLINE] = "taken out of use, as by a balloon driver",
	[KPF_ZERO_PAGE] = "a page of zeros that all share until they write",
	[KPF_IDLE] = "not used since it was marked by page_idle",
	[KPF_PGTABLE] = "holds a page table",
	[KPF_RESERVED] = "not managed as usual memory: firmware, kernel image",
	[KPF_MLOCKED] = "locked in memory by mlock(2)",
	[KPF_OWNER_2] = "for the kernel: of its owner, second bit",
	[KPF_PRIVATE] = "for the kernel: something hangs on it, such as buffer heads",
	[KPF_PRIVATE_2] = "for the kernel: of the file system, second bit",
	[KPF_OWNER_PRIVATE] = "for the kernel: of its owner, such as \"checked\"",
	[KPF_ARCH] = "for the kernel: of the architecture",
	[KPF_UNCACHED] = "for the kernel: mapped without the CPU's cache",
	[KPF_SOFTDIRTY] = "for the kernel: written since soft-dirty was cleared",
	[KPF_ARCH_2] = "for the kernel: of the architecture, second bit",
};

const char *frame_flag_about(unsigned flag)
{
	return flag < NR_KPF ? abouts[flag] : NULL;
}
