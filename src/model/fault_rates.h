/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_MODEL_FAULT_RATES_H
#define PAGEWALK_MODEL_FAULT_RATES_H

#include "model/fault.h"

#include <stdint.h>

/* How many faults struck in each step of time: a ring of fixed size, a plain value. */
#define FAULT_RATE_POINTS  512
#define FAULT_RATE_STEP_NS UINT64_C(200000000)

struct fault_rate_point {
	uint64_t nr[NR_FAULT_SEVERITY];
};

struct fault_rates {
	uint64_t first_step, newest_step; /* of CLOCK_MONOTONIC; newest 0: none yet */
	struct fault_rate_point points[FAULT_RATE_POINTS];
};

/* Steps begin at now_ns. */
void fault_rates_init(struct fault_rates *rates, uint64_t now_ns);
/* Time has gone by: steps without faults are counted as such. */
void fault_rates_advance(struct fault_rates *rates, uint64_t now_ns);
/* Counts `nr` faults of a time; what is older than the ring is passed over. */
void fault_rates_add(struct fault_rates *rates, enum fault_severity severity, uint64_t t_ns,
		     uint64_t nr);
/* The step `back` before the newest (0, which still goes on); NULL: none is known. */
const struct fault_rate_point *fault_rates_at(const struct fault_rates *rates, unsigned back);
/* Faults per second over the last second of whole steps, or as many of them as there are. */
uint64_t fault_rates_now(const struct fault_rates *rates, enum fault_severity severity);
/* The most of minor and major faults in one of the newest `nr` whole steps, per second. */
uint64_t fault_rates_peak(const struct fault_rates *rates, unsigned nr);

#endif
