/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_LEARN_MEASURE_H
#define PAGEWALK_LEARN_MEASURE_H

#include "kernel/host.h"
#include "learn/pupil_wire.h"
#include "model/lesson.h"

#include <stdbool.h>
#include <stddef.h>

/* The faults of one action. */
struct measure_faults {
	enum why why; /* why they are not known */
	struct measure_fault {
		uint64_t addr;
		bool major;
	} * items;
	size_t nr, room;
};

/* One moment of the pupil, from outside; `stage` is what it has said that there is. */
struct measure_moment {
	const struct host *host;
	const struct pupil_answer *stage;
	const struct measure_faults *faults; /* NULL before the action */
	bool after;                          /* the action */
};

/*
 * Reads the regions of this moment into result->regions (before or after) and then the readings
 * of all claims that need this moment, from pagemap with its scan, maps, stat, io, fdinfo,
 * cachestat and kcmp, without disturbing any of it. What is refused says why in its reading.
 */
void measure_step(const struct measure_moment *moment, struct step_result *result);

#endif
