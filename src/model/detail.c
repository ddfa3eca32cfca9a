/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/detail.h"

#include "base/fmt.h"
#include "base/xalloc.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

uint64_t page_detail_file_offset(const struct page_detail *detail, const struct geometry *g)
{
	uint64_t page_addr = detail->addr & ~(geometry_page_size(g) - 1);

	return detail->vma.off_bytes + (page_addr - detail->vma.start_addr);
}

uint64_t page_detail_physical(const struct page_detail *detail, const struct geometry *g)
{
	return (detail->pfn << g->page_shift) + detail->split.offset_bytes;
}

enum page_class page_detail_class(const struct page_detail *detail)
{
	if (detail->why != WHY_OK)
		return CLASS_UNKNOWN;
	return page_classify(detail->state, detail->flags, detail->flags_why == WHY_OK,
			     detail->vma.kind);
}

static const char *mapped_times(uint64_t mapcount, char out[FMT_LEN])
{
	if (mapcount == 1)
		return "mapped once";
	snprintf(out, FMT_LEN, "mapped %" PRIu64 " times", mapcount);
	return out;
}

static void describe_present(const struct page_detail *detail, char *out, size_t room)
{
	char leaf[FMT_LEN], times[FMT_LEN], refusal[96];
	bool locked = detail->flags_why == WHY_OK && detail->flags & KPF_BIT(KPF_MLOCKED);
	/* Here is room to say what it is besides being locked. */
	enum page_class class = page_classify(detail->state, detail->flags & ~KPF_BIT(KPF_MLOCKED),
					      detail->flags_why == WHY_OK, detail->vma.kind);
	int at = snprintf(out, room, "%s, present%s", page_class_name(class),
			  locked ? ", locked" : "");

	if (detail->leaf_why == WHY_OK && at < (int)room)
		at += snprintf(out + at, room - (size_t)at, ", %s leaf",
			       fmt_bytes_long(leaf, detail->leaf_bytes));
	if (at >= (int)room)
		return;
	if (detail->pfn_why == WHY_OK)
		at += snprintf(out + at, room - (size_t)at, ", frame %" PRIx64, detail->pfn);
	else if (detail->pfn_why == WHY_DENIED)
		/* Short, for a line of 80 columns; the map of physical memory says it in full. */
		at += snprintf(out + at, room - (size_t)at,
			       ", frame hidden: needs CAP_SYS_ADMIN (sudo)");
	else
		at += snprintf(
			out + at, room - (size_t)at, ", frame unknown: %s",
			source_refusal(SOURCE_FRAMES, detail->pfn_why, refusal, sizeof(refusal)));
	if (detail->mapcount_why == WHY_OK && at < (int)room)
		snprintf(out + at, room - (size_t)at, ", %s",
			 mapped_times(detail->mapcount, times));
}

char *page_detail_sentence(const struct page_detail *detail, char *out, size_t room)
{
	char refusal[96];

	if (!detail->mapped)
		snprintf(out, room, "no VMA holds this address: an access ends in SIGSEGV");
	else if (detail->why != WHY_OK)
		snprintf(out, room, "state unknown: %s",
			 source_refusal(SOURCE_PAGEMAP, detail->why, refusal, sizeof(refusal)));
	else if (detail->state & PAGE_PRESENT)
		describe_present(detail, out, room);
	else if (detail->state & PAGE_SWAPPED && detail->swap_why == WHY_OK)
		snprintf(out, room,
			 "swapped out to area %u, slot %" PRIu64
			 ": the next access is a major fault",
			 detail->swap_type, detail->swap_offset);
	else if (detail->state & PAGE_SWAPPED)
		snprintf(out, room, "swapped out: the next access is a major fault");
	else if (!(detail->vma.perms & (VMA_READ | VMA_WRITE | VMA_EXEC)))
		snprintf(out, room, "absent, and PROT_NONE: an access ends in SIGSEGV");
	else
		snprintf(out, room, "absent: no page table entry; the first access faults it in");
	return out;
}

struct page_detail page_detail_copy(const struct page_detail *detail)
{
	struct page_detail copy = *detail;

	copy.vma.path = detail->vma.path ? xstrdup(detail->vma.path) : NULL;
	copy.cgroup = detail->cgroup ? xstrdup(detail->cgroup) : NULL;
	return copy;
}

void page_detail_clear(struct page_detail *detail)
{
	free((char *)detail->vma.path);
	free(detail->cgroup);
	detail->vma.path = NULL;
	detail->cgroup = NULL;
}
