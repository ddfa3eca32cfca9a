/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The heat of screen 1: cells where faults struck glow in the steps of a scale and cool down; all
 * other cells step back. It lies over whatever the colours mean otherwise.
 */
#include "ui/map_heat.h"

#include "base/clock.h"
#include "base/fmt.h"
#include "ui/map_state.h"

#include <stdio.h>

/*
 * The part of a cell's pages that faulted lately, from which on a step is drawn; and its sign where a
 * cell is one character. One hot page of a million still has the first.
 */
static const struct {
	double least;
	const char *label;
	char sign;
} steps[NR_SCALE] = {
	{ 0, "some", '.' },      { 1.0 / 16, "1/16", '1' }, { 1.0 / 4, "1/4", '2' },
	{ 1.0 / 2, "1/2", '3' }, { 3.0 / 4, "3/4", '4' },   { 1, "all", '@' },
};

/* What cools from the very moment is still "all" for a glance. */
#define GLANCE 0.94

static int step_of(double heat, uint64_t pages)
{
	double part = pages ? heat / (double)pages / GLANCE : 0;
	int step = 0;

	if (heat < FAULT_HEAT_LEAST)
		return -1;
	while (step + 1 < NR_SCALE && part >= steps[step + 1].least)
		step++;
	return step;
}

static bool is_on(const struct map_heat *heat)
{
	return heat->on && heat->faults && heat->faults->heat;
}

void map_heat_free(struct map_heat *heat)
{
	fault_view_unref(heat->faults);
	heat->faults = NULL;
}

void map_heat_tile(const struct map_heat *heat, uint64_t first_vpn, uint64_t past_vpn,
		   uint64_t pages, uint64_t now_ns, struct tile *tile)
{
	int step;

	if (!is_on(heat))
		return;
	step = step_of(heat_map_sum(heat->faults->heat, first_vpn, past_vpn, now_ns), pages);
	tile->changed = false;
	if (step < 0) {
		tile->strength = 0;
		tile->second = HUE_NONE;
		return;
	}
	tile->first = HUE_SCALE + step;
	tile->second = HUE_NONE;
	tile->strength = NR_STRENGTH - 1;
	tile->sign = steps[step].sign;
}

bool map_heat_animates(const struct map_heat *heat, uint64_t now_ns)
{
	return is_on(heat) && heat_map_total(heat->faults->heat, now_ns) >= FAULT_HEAT_LEAST;
}

/* What there is to say where nothing can glow. */
static const char *why_not(const struct map_heat *heat)
{
	if (!heat->faults)
		return "attaching...";
	if (heat->faults->watching == WATCH_REFUSED)
		return heat->faults->error;
	if (heat->faults->watching == WATCH_ENDED)
		return "the process has exited";
	return NULL;
}

bool map_heat_draw_legend(const struct map_heat *heat, struct canvas *canvas,
			  const struct theme *theme, const struct rect *at)
{
	int x = at->x + 1, y = at->y + 1, end = at->x + at->columns - 1;
	const char *reason;
	char count[FMT_LEN];

	if (!heat->on)
		return false;
	x += canvas_text(canvas, x, at->y, end - x, COLOUR_TITLE, ATTR_BOLD, "heat: page faults") +
	     1;
	reason = why_not(heat);
	if (reason) {
		canvas_text(canvas, x, at->y, end - x, COLOUR_WARN, 0, reason);
		return true;
	}
	canvas_printf(canvas, x, at->y, end - x, COLOUR_TEXT, 0, "%5s/s, halved each second",
		      fmt_count(count, fault_rates_now(&heat->faults->rates, FAULT_MINOR) +
					       fault_rates_now(&heat->faults->rates, FAULT_MAJOR)));
	x = at->x + 1;
	for (int step = 0; step < NR_SCALE; step++) {
		struct tile tile = { .first = HUE_SCALE + step,
				     .second = HUE_NONE,
				     .strength = NR_STRENGTH - 1,
				     .sign = steps[step].sign };

		draw_tile(canvas, x, y, theme, &tile, &tile);
		x += 2 +
		     canvas_text(canvas, x + 2, y, end - x - 2, COLOUR_TEXT, 0, steps[step].label) +
		     2;
	}
	canvas_text(canvas, x, y, end - x, COLOUR_FAINT, 0, "of its pages");
	if (at->rows > 2)
		canvas_text(canvas, at->x + 1, y + 1, end - at->x - 1, COLOUR_FAINT, 0,
			    "the part of a cell's pages that faulted lately; dim: none");
	return true;
}
