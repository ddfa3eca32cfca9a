/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/fault_rates.h"

#include "base/clock.h"

#include <string.h>

#define STEPS_PER_S ((unsigned)(NS_PER_S / FAULT_RATE_STEP_NS))

void fault_rates_init(struct fault_rates *rates, uint64_t now_ns)
{
	memset(rates, 0, sizeof(*rates));
	rates->first_step = rates->newest_step = now_ns / FAULT_RATE_STEP_NS;
}

void fault_rates_advance(struct fault_rates *rates, uint64_t now_ns)
{
	uint64_t step = now_ns / FAULT_RATE_STEP_NS, from = rates->newest_step + 1;

	if (step <= rates->newest_step)
		return;
	if (step - rates->newest_step > FAULT_RATE_POINTS)
		from = step - FAULT_RATE_POINTS + 1;
	for (; from <= step; from++)
		memset(&rates->points[from % FAULT_RATE_POINTS], 0, sizeof(rates->points[0]));
	rates->newest_step = step;
}

void fault_rates_add(struct fault_rates *rates, enum fault_severity severity, uint64_t t_ns,
		     uint64_t nr)
{
	uint64_t step = t_ns / FAULT_RATE_STEP_NS;

	fault_rates_advance(rates, t_ns);
	if (step + FAULT_RATE_POINTS <= rates->newest_step)
		return;
	if (step < rates->first_step)
		step = rates->first_step;
	rates->points[step % FAULT_RATE_POINTS].nr[severity] += nr;
}

const struct fault_rate_point *fault_rates_at(const struct fault_rates *rates, unsigned back)
{
	if (back >= FAULT_RATE_POINTS || rates->newest_step - rates->first_step < back)
		return NULL;
	return &rates->points[(rates->newest_step - back) % FAULT_RATE_POINTS];
}

uint64_t fault_rates_now(const struct fault_rates *rates, enum fault_severity severity)
{
	const struct fault_rate_point *point;
	uint64_t sum = 0;
	unsigned nr = 0;

	while (nr < STEPS_PER_S && (point = fault_rates_at(rates, nr + 1))) {
		sum += point->nr[severity];
		nr++;
	}
	return nr ? sum * STEPS_PER_S / nr : 0;
}

uint64_t fault_rates_peak(const struct fault_rates *rates, unsigned nr)
{
	uint64_t peak = 0;

	for (unsigned back = 1; back <= nr; back++) {
		const struct fault_rate_point *point = fault_rates_at(rates, back);
		uint64_t sum;

		if (!point)
			break;
		sum = (point->nr[FAULT_MINOR] + point->nr[FAULT_MAJOR]) * STEPS_PER_S;
		if (sum > peak)
			peak = sum;
	}
	return peak;
}
