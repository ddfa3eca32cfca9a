/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_MODEL_GRID_ROWS_H
#define PAGEWALK_MODEL_GRID_ROWS_H

#include "model/grid.h"

#include <stdatomic.h>
#include <stddef.h>

/* Several grids of one picture, each with a scale of its own: one row for each VMA. */
struct grid_rows {
	atomic_uint refs;
	size_t nr;
	struct grid *grids[]; /* owned; NULL where it was not read */
};

/* Rows without grids. The caller unrefs it. */
struct grid_rows *grid_rows_new(size_t nr);
struct grid_rows *grid_rows_ref(struct grid_rows *rows);
void grid_rows_unref(struct grid_rows *rows);
/* The grid whose first page is start_vpn, or NULL; `rows` may be NULL. */
struct grid *grid_rows_find(const struct grid_rows *rows, uint64_t start_vpn);

#endif
