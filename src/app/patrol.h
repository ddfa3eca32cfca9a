/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_APP_PATROL_H
#define PAGEWALK_APP_PATROL_H

#include "kernel/walk.h"
#include "model/grid.h"
#include "model/grid_rows.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What no counter of the process tells: a page that the kernel moves to another frame
 * (migration, compaction, KSM) without a fault. The cells on the screen are looked at again a
 * few at a time, round and round, by their frame numbers alone.
 */
struct patrol {
	struct walker *walker; /* kept from look to look */
	size_t grid, cell;     /* where the next look begins */
	uint64_t last_ns, cost_ns;
};

/*
 * Looks at the next cells of the view, or of the rows where `view` is NULL. True when a page in
 * them has another frame than the view says.
 */
bool patrol_look(struct patrol *patrol, struct proc *proc, const struct grid *view,
		 const struct grid_rows *rows);
/* Forgets the address space: another program runs, or it is the end. */
void patrol_forget(struct patrol *patrol);

#endif
