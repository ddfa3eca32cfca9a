/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_MODEL_FOLD_H
#define PAGEWALK_MODEL_FOLD_H

#include "model/page.h"
#include "model/vma_filter.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct geometry;
struct vma_table;

/*
 * An address space with its gaps folded away: VMAs laid end to end, so that page i of the
 * fold is the i-th page that belongs to one of them. Its size follows the VMAs, not their
 * pages. Reference counted and never changed, because grids and screens share it.
 */
struct fold_piece {
	uint64_t index; /* of its first page in the fold */
	uint64_t start_vpn, nr_pages;
	enum vma_kind kind;
};

struct fold {
	atomic_uint refs;
	size_t nr;
	uint64_t nr_pages; /* of all pieces */
	/*
	 * VMAs that match the filter and are left out because nothing of them is in memory, or
	 * pagemap never tells what is.
	 */
	size_t nr_left_out;
	uint64_t pages_left_out;
	struct fold_piece pieces[];
};

/* One run of pages by itself. The caller unrefs it. */
struct fold *fold_of_range(uint64_t start_vpn, uint64_t nr_pages, enum vma_kind kind);
/*
 * The VMAs of a table that match the filter, in address order; with `leave_out_empty` without
 * those that are known to have nothing present and nothing swapped. VMAs that no walk can
 * reach (beyond user addresses) are left out always. The caller unrefs it.
 */
struct fold *fold_of_table(const struct vma_table *table, const struct geometry *geometry,
			   enum vma_filter filter, bool leave_out_empty);
struct fold *fold_ref(struct fold *fold);
void fold_unref(struct fold *fold);
/* True when both lay the same pages to the same places. */
bool fold_equal(const struct fold *a, const struct fold *b);
/*
 * The place of a page. False where no piece holds it: *index is then the place of the next
 * page that one does, or of the last of all.
 */
bool fold_index(const struct fold *fold, uint64_t vpn, uint64_t *index);
/* The first piece of which some page lies at or behind a page; nr where there is none. */
size_t fold_find(const struct fold *fold, uint64_t vpn);
/* The page at a place, which must be below nr_pages. */
uint64_t fold_vpn(const struct fold *fold, uint64_t index);
/* The piece that holds a place below nr_pages. */
const struct fold_piece *fold_piece_at(const struct fold *fold, uint64_t index);
/*
 * Cuts a span at the pieces' borders and hands each part that lies in one to `fn` with its
 * place. *cursor is the piece to look from: 0 before the first of spans in address order, or
 * fold_find().
 */
void fold_split(const struct fold *fold, const struct page_span *span, size_t *cursor,
		void (*fn)(void *arg, uint64_t index, const struct page_span *part,
			   enum vma_kind kind),
		void *arg);

#endif
