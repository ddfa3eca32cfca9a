/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/grid_rows.h"

#include "base/xalloc.h"

#include <stdlib.h>

struct grid_rows *grid_rows_new(size_t nr)
{
	struct grid_rows *rows = xcalloc(1, sizeof(*rows) + nr * sizeof(rows->grids[0]));

	rows->refs = 1;
	rows->nr = nr;
	return rows;
}

struct grid_rows *grid_rows_ref(struct grid_rows *rows)
{
	if (rows)
		atomic_fetch_add(&rows->refs, 1);
	return rows;
}

void grid_rows_unref(struct grid_rows *rows)
{
	if (!rows || atomic_fetch_sub(&rows->refs, 1) > 1)
		return;
	for (size_t i = 0; i < rows->nr; i++)
		grid_unref(rows->grids[i]);
	free(rows);
}

struct grid *grid_rows_find(const struct grid_rows *rows, uint64_t start_vpn)
{
	for (size_t i = 0; rows && i < rows->nr; i++)
		if (rows->grids[i] && rows->grids[i]->start_vpn == start_vpn)
			return rows->grids[i];
	return NULL;
}
