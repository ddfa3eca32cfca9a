/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Gaps folded away. Pieces stand in the order of their addresses and so in that of their
 * places, and both ways are found by bisection.
 */
#include "model/fold.h"

#include "base/xalloc.h"
#include "model/geometry.h"
#include "model/snapshot.h"

#include <stdlib.h>

static struct fold *fold_new(size_t room)
{
	struct fold *fold = xcalloc(1, sizeof(*fold) + room * sizeof(fold->pieces[0]));

	fold->refs = 1;
	return fold;
}

static void add_piece(struct fold *fold, uint64_t start_vpn, uint64_t nr_pages, enum vma_kind kind)
{
	fold->pieces[fold->nr++] = (struct fold_piece){ fold->nr_pages, start_vpn, nr_pages, kind };
	fold->nr_pages += nr_pages;
}

struct fold *fold_of_range(uint64_t start_vpn, uint64_t nr_pages, enum vma_kind kind)
{
	struct fold *fold = fold_new(1);

	if (nr_pages)
		add_piece(fold, start_vpn, nr_pages, kind);
	return fold;
}

struct fold *fold_of_table(const struct vma_table *table, const struct geometry *geometry,
			   enum vma_filter filter, bool leave_out_empty)
{
	uint64_t limit = UINT64_C(1) << geometry->user_addr_bits;
	size_t nr = vma_list_nr(table->list);
	struct fold *fold = fold_new(nr);

	for (size_t i = 0; i < nr; i++) {
		const struct vma *vma = vma_list_at(table->list, i);
		uint64_t nr_pages = vma_len_bytes(vma) >> geometry->page_shift;

		if (vma->end_addr > limit || !nr_pages ||
		    !vma_filter_match(filter, vma, &table->counts[i], table->why[i]))
			continue;
		/* Where pagemap never tells of a mapping, there is no picture of it either. */
		if (leave_out_empty &&
		    (table->why[i] == WHY_UNSUPPORTED ||
		     !vma_filter_match(VMAS_NON_EMPTY, vma, &table->counts[i], table->why[i]))) {
			fold->nr_left_out++;
			fold->pages_left_out += nr_pages;
			continue;
		}
		add_piece(fold, vma->start_addr >> geometry->page_shift, nr_pages, vma->kind);
	}
	return fold;
}

struct fold *fold_ref(struct fold *fold)
{
	if (fold)
		atomic_fetch_add(&fold->refs, 1);
	return fold;
}

void fold_unref(struct fold *fold)
{
	if (fold && atomic_fetch_sub(&fold->refs, 1) == 1)
		free(fold);
}

bool fold_equal(const struct fold *a, const struct fold *b)
{
	if (a == b)
		return true;
	if (!a || !b || a->nr != b->nr || a->nr_pages != b->nr_pages)
		return false;
	for (size_t i = 0; i < a->nr; i++)
		if (a->pieces[i].start_vpn != b->pieces[i].start_vpn ||
		    a->pieces[i].nr_pages != b->pieces[i].nr_pages)
			return false;
	return true;
}

size_t fold_find(const struct fold *fold, uint64_t vpn)
{
	size_t low = 0, high = fold->nr;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct fold_piece *piece = &fold->pieces[middle];

		if (piece->start_vpn + piece->nr_pages > vpn)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

bool fold_index(const struct fold *fold, uint64_t vpn, uint64_t *index)
{
	size_t at = fold_find(fold, vpn);

	if (at == fold->nr) {
		*index = fold->nr_pages ? fold->nr_pages - 1 : 0;
		return false;
	}
	*index = fold->pieces[at].index;
	if (vpn < fold->pieces[at].start_vpn)
		return false;
	*index += vpn - fold->pieces[at].start_vpn;
	return true;
}

const struct fold_piece *fold_piece_at(const struct fold *fold, uint64_t index)
{
	size_t low = 0, high = fold->nr;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (fold->pieces[middle].index <= index)
			low = middle;
		else
			high = middle;
	}
	return &fold->pieces[low];
}

uint64_t fold_vpn(const struct fold *fold, uint64_t index)
{
	const struct fold_piece *piece = fold_piece_at(fold, index);

	return piece->start_vpn + (index - piece->index);
}

void fold_split(const struct fold *fold, const struct page_span *span, size_t *cursor,
		void (*fn)(void *arg, uint64_t index, const struct page_span *part,
			   enum vma_kind kind),
		void *arg)
{
	uint64_t past = span->vpn + span->nr_pages;

	for (; *cursor < fold->nr; (*cursor)++) {
		const struct fold_piece *piece = &fold->pieces[*cursor];
		uint64_t piece_past = piece->start_vpn + piece->nr_pages;
		uint64_t first = piece->start_vpn > span->vpn ? piece->start_vpn : span->vpn;
		uint64_t stop = piece_past < past ? piece_past : past;

		if (piece->start_vpn >= past)
			break;
		if (first < stop) {
			struct page_span part = page_span_part(span, first, stop - first);

			fn(arg, piece->index + (first - piece->start_vpn), &part, piece->kind);
		}
		if (piece_past > past)
			break;
	}
}
