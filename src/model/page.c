/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One virtual page and the frame behind it: the bits of pagemap entries and of
 * /proc/kpageflags (Documentation/admin-guide/mm/pagemap.rst), and the one class
 * that gives a page its colour. Pure: nothing here reads anything.
 */
#include "model/page.h"

#include <stdio.h>
#include <string.h>

unsigned page_state_of_entry(uint64_t entry)
{
	unsigned state = 0;

	if (entry & PM_PRESENT)
		state |= PAGE_PRESENT;
	if (entry & PM_SWAPPED)
		state |= PAGE_SWAPPED;
	if (entry & PM_FILE)
		state |= PAGE_FILE;
	if (entry & PM_EXCLUSIVE)
		state |= PAGE_EXCLUSIVE;
	if (entry & PM_SOFT_DIRTY)
		state |= PAGE_SOFT_DIRTY;
	if (entry & PM_UFFD_WP)
		state |= PAGE_UFFD_WP;
	if (entry & PM_GUARD)
		state |= PAGE_GUARD;
	return state;
}

uint64_t page_pfn_of_entry(uint64_t entry)
{
	return entry & PM_PRESENT ? entry & PM_PFN_MASK : 0;
}

unsigned page_swap_type(uint64_t entry)
{
	return (unsigned)(entry & 0x1f);
}

uint64_t page_swap_offset(uint64_t entry)
{
	return (entry & PM_PFN_MASK) >> 5;
}

static const char *const flag_names[NR_KPF] = {
	[KPF_LOCKED] = "locked",
	[KPF_ERROR] = "error",
	[KPF_REFERENCED] = "referenced",
	[KPF_UPTODATE] = "uptodate",
	[KPF_DIRTY] = "dirty",
	[KPF_LRU] = "lru",
	[KPF_ACTIVE] = "active",
	[KPF_SLAB] = "slab",
	[KPF_WRITEBACK] = "writeback",
	[KPF_RECLAIM] = "reclaim",
	[KPF_BUDDY] = "buddy",
	[KPF_MMAP] = "mmap",
	[KPF_ANON] = "anon",
	[KPF_SWAPCACHE] = "swapcache",
	[KPF_SWAPBACKED] = "swapbacked",
	[KPF_COMPOUND_HEAD] = "compound_head",
	[KPF_COMPOUND_TAIL] = "compound_tail",
	[KPF_HUGE] = "huge",
	[KPF_UNEVICTABLE] = "unevictable",
	[KPF_HWPOISON] = "hwpoison",
	[KPF_NOPAGE] = "nopage",
	[KPF_KSM] = "ksm",
	[KPF_THP] = "thp",
	[KPF_OFFLINE] = "offline",
	[KPF_ZERO_PAGE] = "zero_page",
	[KPF_IDLE] = "idle",
	[KPF_PGTABLE] = "pgtable",
	[KPF_RESERVED] = "reserved",
	[KPF_MLOCKED] = "mlocked",
	[KPF_OWNER_2] = "owner_2",
	[KPF_PRIVATE] = "private",
	[KPF_PRIVATE_2] = "private_2",
	[KPF_OWNER_PRIVATE] = "owner_private",
	[KPF_ARCH] = "arch",
	[KPF_UNCACHED] = "uncached",
	[KPF_SOFTDIRTY] = "softdirty",
	[KPF_ARCH_2] = "arch_2",
};

const char *frame_flag_name(unsigned flag)
{
	return flag < NR_KPF ? flag_names[flag] : NULL;
}

uint64_t frame_flags_clean(uint64_t flags)
{
	if (flags & KPF_BIT(KPF_SLAB))
		flags &= ~(KPF_BIT(KPF_ANON) | KPF_BIT(KPF_KSM));
	return flags;
}

char *frame_flags_text(uint64_t flags, char *out, size_t room)
{
	size_t at = 0;

	out[0] = '\0';
	for (unsigned flag = 0; flag < NR_KPF; flag++) {
		int added;

		if (!(flags & KPF_BIT(flag)) || !flag_names[flag])
			continue;
		added = snprintf(out + at, room - at, "%s%s", at ? "," : "", flag_names[flag]);
		if (added < 0 || (size_t)added >= room - at) {
			out[at] = '\0';
			break;
		}
		at += (size_t)added;
	}
	return out;
}

const char *page_class_name(enum page_class class)
{
	static const char *const names[NR_CLASS] = {
		[CLASS_ABSENT] = "absent",
		[CLASS_ANON] = "anonymous",
		[CLASS_FILE] = "file",
		[CLASS_SHMEM] = "shared memory",
		[CLASS_DIRTY] = "file dirty",
		[CLASS_SWAPPED] = "swapped",
		[CLASS_ZERO] = "zero page",
		[CLASS_HUGE] = "huge page",
		[CLASS_KSM] = "KSM",
		[CLASS_LOCKED] = "locked",
		[CLASS_OTHER] = "kernel or device",
		[CLASS_UNKNOWN] = "unknown",
	};

	return names[class];
}

static enum page_class classify_file(uint64_t flags, bool flags_known, enum vma_kind kind)
{
	bool swapbacked = flags_known && flags & KPF_BIT(KPF_SWAPBACKED);

	if (kind == VMA_SHMEM || swapbacked)
		return CLASS_SHMEM;
	if (flags_known && flags & (KPF_BIT(KPF_DIRTY) | KPF_BIT(KPF_WRITEBACK)))
		return CLASS_DIRTY;
	return CLASS_FILE;
}

enum page_class page_classify(unsigned state, uint64_t flags, bool flags_known, enum vma_kind kind)
{
	flags = frame_flags_clean(flags);
	if (state & PAGE_SWAPPED)
		return CLASS_SWAPPED;
	if (!(state & PAGE_PRESENT))
		return CLASS_ABSENT;
	if (state & PAGE_ZERO || (flags_known && flags & KPF_BIT(KPF_ZERO_PAGE)))
		return CLASS_ZERO;
	if (state & PAGE_HUGE || kind == VMA_HUGETLB)
		return CLASS_HUGE;
	if (flags_known && flags & KPF_BIT(KPF_KSM))
		return CLASS_KSM;
	if (kind == VMA_SPECIAL || kind == VMA_DEVICE ||
	    (flags_known && flags & KPF_BIT(KPF_NOPAGE)))
		return CLASS_OTHER;
	if (flags_known && flags & KPF_BIT(KPF_MLOCKED))
		return CLASS_LOCKED;
	if (state & PAGE_FILE)
		return classify_file(flags, flags_known, kind);
	return CLASS_ANON;
}

static void count_flags(struct page_counts *counts, const struct page_span *span)
{
	for (uint64_t i = 0; i < span->nr_pages; i++) {
		uint64_t flags = frame_flags_clean(span->flags[i]);

		counts->dirty += !!(flags & KPF_BIT(KPF_DIRTY));
		counts->writeback += !!(flags & KPF_BIT(KPF_WRITEBACK));
		counts->active += !!(flags & KPF_BIT(KPF_ACTIVE));
		counts->referenced += !!(flags & KPF_BIT(KPF_REFERENCED));
		counts->ksm += !!(flags & KPF_BIT(KPF_KSM));
	}
}

void page_counts_add_span(struct page_counts *counts, const struct page_span *span)
{
	if (span->state & PAGE_SWAPPED)
		counts->swapped += span->nr_pages;
	if (!(span->state & PAGE_PRESENT))
		return;
	counts->present += span->nr_pages;
	if (span->state & PAGE_FILE)
		counts->file += span->nr_pages;
	else
		counts->anon += span->nr_pages;
	if (span->state & PAGE_ZERO)
		counts->zero += span->nr_pages;
	if (span->state & PAGE_HUGE)
		counts->huge += span->nr_pages;
	if (span->entries)
		for (uint64_t i = 0; i < span->nr_pages; i++)
			counts->exclusive += !!(span->entries[i] & PM_EXCLUSIVE);
	if (span->flags)
		count_flags(counts, span);
	if (span->mapcounts)
		for (uint64_t i = 0; i < span->nr_pages; i++)
			counts->shared += span->mapcounts[i] > 1;
}

void page_counts_add(struct page_counts *to, const struct page_counts *from)
{
	to->pages += from->pages;
	to->present += from->present;
	to->swapped += from->swapped;
	to->file += from->file;
	to->anon += from->anon;
	to->zero += from->zero;
	to->huge += from->huge;
	to->exclusive += from->exclusive;
	to->dirty += from->dirty;
	to->writeback += from->writeback;
	to->active += from->active;
	to->referenced += from->referenced;
	to->ksm += from->ksm;
	to->shared += from->shared;
}

struct page_span page_span_part(const struct page_span *span, uint64_t first, uint64_t nr)
{
	struct page_span part = *span;
	uint64_t skip = first - span->vpn;

	part.vpn = first;
	part.nr_pages = nr;
	part.pfns = span->pfns ? span->pfns + skip : NULL;
	part.flags = span->flags ? span->flags + skip : NULL;
	part.mapcounts = span->mapcounts ? span->mapcounts + skip : NULL;
	part.entries = span->entries ? span->entries + skip : NULL;
	return part;
}
