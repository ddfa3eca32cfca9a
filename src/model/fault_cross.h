/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_MODEL_FAULT_CROSS_H
#define PAGEWALK_MODEL_FAULT_CROSS_H

#include "model/fault.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Faults counted by mapping, instruction and kind together, and by these and the thread: what the
 * rows of a table come to under any filter. The memory it takes is bounded, and where it does not
 * suffice that is told.
 */
struct fault_cross;

/* Faults that are alike in all of this. */
struct fault_cell {
	uint32_t vma, site; /* rows of struct fault_tally */
	pid_t tid;          /* 0: threads are not told apart */
	uint8_t kind;       /* enum fault_kind */
	uint64_t by_severity[NR_FAULT_SEVERITY];
};

/* At most so many cells, and as many again that tell threads apart. */
struct fault_cross *fault_cross_new(size_t most_cells);
void fault_cross_free(struct fault_cross *cross);
/* Counts a fault that the tally has counted in these rows. */
void fault_cross_add(struct fault_cross *cross, const struct fault *fault, uint32_t vma,
		     uint32_t site);
/*
 * The cells, borrowed until the next fault is added, in the order in which they came; their number.
 * NULL: there were more than can be told apart, and no cell is kept any more.
 */
const struct fault_cell *fault_cross_cells(const struct fault_cross *cross, bool by_thread,
					   size_t *nr);

#endif
