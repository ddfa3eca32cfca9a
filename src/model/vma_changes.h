/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_MODEL_VMA_CHANGES_H
#define PAGEWALK_MODEL_VMA_CHANGES_H

#include "model/geometry.h"
#include "model/moment.h"
#include "model/vma.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What became of the pages of a marked moment, mapping by mapping. */
struct vma_changes {
	size_t nr;
	struct page_changes *by_vma; /* in the order of the list it was made for */
	struct page_changes gone;    /* pages of mappings that are no more */
	struct page_changes total;
	enum moment_level level; /* MOMENT_COUNTS: came and went are net, the rest is unknown */
};

/* Whether and how a moment is kept; in every snapshot. */
enum mark_state {
	MARK_NONE,
	MARK_KEPT,
	MARK_LOST, /* the process ran another program: nothing can be compared */
};

struct mark_info {
	enum mark_state state;
	unsigned serial; /* of the request that it answers */
	uint64_t taken_real_ns;
	enum moment_level level;
	uint64_t nr_runs;
};

struct vma_table;

/*
 * Compares two moments that are comparable: pages of the table's VMAs are counted there,
 * others as gone. The caller frees it.
 */
struct vma_changes *vma_changes_new(const struct vma_table *table, const struct geometry *geometry,
				    const struct moment *mark, const struct moment *now);
/* By the counts of present pages alone: what a mark of MOMENT_COUNTS still tells. */
struct vma_changes *vma_changes_new_net(const struct vma_table *table,
					const struct vma_table *mark_table);
/*
 * What is known of the mappings of another table that have the same borders; NULL of NULL. The
 * caller frees it.
 */
struct vma_changes *vma_changes_carry(const struct vma_changes *comparison,
				      const struct vma_table *of, const struct vma_table *to);
void vma_changes_free(struct vma_changes *comparison);

#endif
