/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_MODEL_DETAIL_H
#define PAGEWALK_MODEL_DETAIL_H

#include "base/why.h"
#include "model/geometry.h"
#include "model/page.h"
#include "model/sources.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All that can be told of one address; each part carries why it is not known. */
struct page_detail {
	uint64_t addr;
	struct addr_split split;
	bool mapped;    /* a VMA holds it */
	struct vma vma; /* path is owned by the detail */
	enum why why;   /* of state */
	unsigned state; /* enum page_state */
	enum why leaf_why;
	uint64_t leaf_bytes; /* 0 where nothing is present */
	enum why pfn_why;
	uint64_t pfn;
	enum why swap_why;
	unsigned swap_type;
	uint64_t swap_offset; /* in pages of the swap area */
	enum why flags_why;
	uint64_t flags; /* enum frame_flag bits, cleaned */
	enum why mapcount_why;
	uint64_t mapcount;
	enum why cgroup_why;
	char *cgroup; /* path below the cgroup mount, safe to draw; NULL unknown or none */
	struct sources sources;
};

/* The page of the file that backs the address; only for VMAs with a file. */
uint64_t page_detail_file_offset(const struct page_detail *detail, const struct geometry *g);
/* The physical address of the byte itself; only where the frame is known. */
uint64_t page_detail_physical(const struct page_detail *detail, const struct geometry *g);
enum page_class page_detail_class(const struct page_detail *detail);
/*
 * One sentence for people: "anonymous, present, 4 KiB leaf, in frame 13d1d6, mapped once".
 * Fills and returns `out`.
 */
char *page_detail_sentence(const struct page_detail *detail, char *out, size_t room);
/* A copy that owns its strings. */
struct page_detail page_detail_copy(const struct page_detail *detail);
void page_detail_clear(struct page_detail *detail);

#endif
