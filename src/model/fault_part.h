/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_MODEL_FAULT_PART_H
#define PAGEWALK_MODEL_FAULT_PART_H

#include "model/fault_view.h"

#include <stdbool.h>
#include <stdint.h>

/* What a filter leaves of the faults of a view: the counts of its tables. */
struct fault_part {
	bool exact;      /* of all faults since the beginning; else of those that the view keeps */
	uint64_t nr_all; /* so many were looked at */
	struct fault_numbers numbers;     /* that passed */
	struct fault_count *vmas, *sites; /* rows as the view's; sum 0: nothing is left */
};

/*
 * Counts: the cells of the view where it has those that the filter needs, else the faults that it
 * keeps, FAULT_LOG_KEPT and a chunk at most. The caller frees it; nothing of the view is borrowed.
 */
struct fault_part *fault_part_new(const struct fault_view *view, const struct fault_filter *filter);
void fault_part_free(struct fault_part *part);

#endif
