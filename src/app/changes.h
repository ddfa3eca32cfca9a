/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_APP_CHANGES_H
#define PAGEWALK_APP_CHANGES_H

#include "model/recent.h"
#include "model/snapshot.h"

/*
 * What the sampler remembers from pass to pass so that changes can be told: the pages that the
 * view had, the changes of the last minute, and the marked moment. Only the sampler's thread
 * touches it.
 */
struct changes {
	struct moment *view;
	struct moment **rows; /* of a view of rows; NULL for one that was not read */
	size_t nr_rows;
	struct recent recent;
	uint64_t changed_mono_ns;
	struct page_changes changed;
	bool coarse;

	struct mark_info mark;
	struct moment *marked;        /* of the whole address space */
	struct vma_table *mark_table; /* counted at the mark */
};

/* Forgets everything: another program runs. A mark that was kept is lost. */
void changes_forget(struct changes *changes);
void changes_free(struct changes *changes);
/* A moment for the pages of a view, and one for the whole address space; moment_free(). */
struct moment *changes_new_view(const struct grid *grid);
struct moment *changes_new_row(const struct grid *grid);
struct moment *changes_new_whole(void);
void changes_free_rows(struct moment **rows, size_t nr);
/*
 * Takes over the pages of a view that was read, tells what changed since `before` (the view's
 * grid in the pass before, or NULL), marks the cells, and paints the modes that show changes.
 */
void changes_take_view(struct changes *changes, struct grid *grid, const struct grid *before,
		       struct moment *now, uint64_t now_ns);
/* The same for a view of rows: takes the array over, which has a moment for each row. */
void changes_take_rows(struct changes *changes, const struct grid_rows *rows,
		       const struct grid_rows *before, struct moment **now, uint64_t now_ns);
/* True when a whole walk has to keep its pages for what the request wants. */
bool changes_want_whole(const struct changes *changes, const struct map_request *request);
/* True when it has to be made now, whether anything moved or not. */
bool changes_are_due(const struct changes *changes, const struct map_request *request,
		     const struct vma_table *table);
/*
 * Takes over the pages of a whole walk that began at taken_real_ns, and the table it counted:
 * makes them the mark where the request asks for a new one, and compares them with it.
 */
void changes_take_whole(struct changes *changes, const struct map_request *request,
			const struct geometry *geometry, struct vma_table *table,
			struct moment *now, uint64_t taken_real_ns);
/* Tells a snapshot. */
void changes_tell(const struct changes *changes, struct snapshot *snapshot);

#endif
