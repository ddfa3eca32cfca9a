/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_MODEL_PAGE_H
#define PAGEWALK_MODEL_PAGE_H

#include "model/vma.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the page table says of one virtual page, whatever interface told it. */
enum page_state {
	PAGE_PRESENT = 1 << 0,
	PAGE_SWAPPED = 1 << 1,
	PAGE_FILE = 1 << 2,      /* file page or shared anonymous memory */
	PAGE_ZERO = 1 << 3,      /* the zero page: PAGEMAP_SCAN or kpageflags tell */
	PAGE_HUGE = 1 << 4,      /* mapped by a leaf above the lowest level: PAGEMAP_SCAN tells */
	PAGE_EXCLUSIVE = 1 << 5, /* mapped by this process alone: pagemap tells */
	PAGE_SOFT_DIRTY = 1 << 6,
	PAGE_UFFD_WP = 1 << 7,
	PAGE_GUARD = 1 << 8,
};

/* Pagemap entries (Documentation/admin-guide/mm/pagemap.rst). */
#define PM_PFN_MASK   ((UINT64_C(1) << 55) - 1)
#define PM_SOFT_DIRTY (UINT64_C(1) << 55)
#define PM_EXCLUSIVE  (UINT64_C(1) << 56)
#define PM_UFFD_WP    (UINT64_C(1) << 57)
#define PM_GUARD      (UINT64_C(1) << 58)
#define PM_FILE       (UINT64_C(1) << 61)
#define PM_SWAPPED    (UINT64_C(1) << 62)
#define PM_PRESENT    (UINT64_C(1) << 63)

/* The enum page_state bits of a pagemap entry. */
unsigned page_state_of_entry(uint64_t entry);
/* The frame number of an entry, 0 where the kernel hid it or nothing is present. */
uint64_t page_pfn_of_entry(uint64_t entry);
/* Swap type and offset of an entry that is swapped and not hidden. */
unsigned page_swap_type(uint64_t entry);
uint64_t page_swap_offset(uint64_t entry);

/* Frame flags, by their bit in /proc/kpageflags (include/uapi/linux/kernel-page-flags.h). */
enum frame_flag {
	KPF_LOCKED = 0,
	KPF_ERROR = 1,
	KPF_REFERENCED = 2,
	KPF_UPTODATE = 3,
	KPF_DIRTY = 4,
	KPF_LRU = 5,
	KPF_ACTIVE = 6,
	KPF_SLAB = 7,
	KPF_WRITEBACK = 8,
	KPF_RECLAIM = 9,
	KPF_BUDDY = 10,
	KPF_MMAP = 11,
	KPF_ANON = 12,
	KPF_SWAPCACHE = 13,
	KPF_SWAPBACKED = 14,
	KPF_COMPOUND_HEAD = 15,
	KPF_COMPOUND_TAIL = 16,
	KPF_HUGE = 17,
	KPF_UNEVICTABLE = 18,
	KPF_HWPOISON = 19,
	KPF_NOPAGE = 20,
	KPF_KSM = 21,
	KPF_THP = 22,
	KPF_OFFLINE = 23,
	KPF_ZERO_PAGE = 24,
	KPF_IDLE = 25,
	KPF_PGTABLE = 26,
	KPF_RESERVED = 32,
	KPF_MLOCKED = 33,
	KPF_OWNER_2 = 34,
	KPF_PRIVATE = 35,
	KPF_PRIVATE_2 = 36,
	KPF_OWNER_PRIVATE = 37,
	KPF_ARCH = 38,
	KPF_UNCACHED = 39,
	KPF_SOFTDIRTY = 40,
	KPF_ARCH_2 = 41,
	NR_KPF = 42,
};

#define KPF_BIT(flag) (UINT64_C(1) << (flag))

/* The kernel's name of a flag in lower case ("lru", "mmap"), NULL for an unnamed bit. */
const char *frame_flag_name(unsigned flag);
/*
 * The flags with those bits removed that mean nothing in company: slab frames
 * carry ANON and KSM since 6.x (measured on 6.18), because they share the field.
 */
uint64_t frame_flags_clean(uint64_t flags);
/* "uptodate,lru,active,mmap,anon" into `out`; returns it. */
char *frame_flags_text(uint64_t flags, char *out, size_t room);

/* The one thing that a page is, for its colour and glyph. */
enum page_class {
	CLASS_ABSENT,
	CLASS_ANON,
	CLASS_FILE,
	CLASS_SHMEM,
	CLASS_DIRTY, /* file page, dirty or under writeback */
	CLASS_SWAPPED,
	CLASS_ZERO,
	CLASS_HUGE,
	CLASS_KSM,
	CLASS_LOCKED,  /* mlock(2): the frame is unevictable */
	CLASS_OTHER,   /* device memory, vdso and what else belongs to the kernel */
	CLASS_UNKNOWN, /* the kernel did not say */
	NR_CLASS,
};

/* "absent", "anonymous", "file", ... */
const char *page_class_name(enum page_class class);

/*
 * The class of a page: its state, its frame's flags (0 and flags_known false
 * where they were refused or not asked) and the kind of its VMA.
 */
enum page_class page_classify(unsigned state, uint64_t flags, bool flags_known, enum vma_kind kind);

/*
 * A span: pages that follow each other with one state, as a walk delivers them.
 * The arrays have nr_pages elements, are borrowed until the callback returns, and
 * are NULL where not asked for or refused. A frame number of 0 is unknown.
 */
struct page_span {
	uint64_t vpn; /* first page: address / page size */
	uint64_t nr_pages;
	unsigned state; /* enum page_state, without PAGE_EXCLUSIVE where entries differ */
	const uint64_t *pfns;
	const uint64_t *flags;     /* kpageflags */
	const uint64_t *mapcounts; /* kpagecount */
	const uint64_t *entries;   /* pagemap */
};

/* The part of a span from page `first` on, nr pages long; both must lie in it. */
struct page_span page_span_part(const struct page_span *span, uint64_t first, uint64_t nr);

/* Counts over pages; what a field means is its name in the JSON of `map`. */
struct page_counts {
	uint64_t pages;
	uint64_t present, swapped, file, anon, zero, huge;
	uint64_t exclusive;                                 /* from pagemap */
	uint64_t dirty, writeback, active, referenced, ksm; /* from kpageflags */
	uint64_t shared; /* from kpagecount: mapped more than once */
};

/* Adds a span's pages; `pages` itself is not touched (it is the VMA's size). */
void page_counts_add_span(struct page_counts *counts, const struct page_span *span);
void page_counts_add(struct page_counts *to, const struct page_counts *from);

#endif
