/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A hash table of hot places, each 1 << shift pages; and sorted copies of it with running sums. */
#include "model/fault_heat.h"

#include "base/clock.h"
#include "base/xalloc.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

struct hot {
	uint64_t place; /* vpn >> shift, plus 1; 0: free */
	uint64_t at_ns;
	double heat; /* then */
};

struct fault_heat {
	size_t nr, most, mask;
	unsigned shift;
	struct hot *slots;
};

struct heat_map {
	atomic_uint refs;
	uint64_t taken_ns;
	unsigned shift;
	size_t nr;
	uint64_t *places;
	double *sums; /* sums[i]: of all places before i; nr + 1 of them */
};

/* 2 to the power of minus a sixteenth, two, three, ... */
static const double sixteenths[17] = {
	1.0,        0.95760328, 0.91700404, 0.87812608, 0.84089642, 0.80524517,
	0.77110541, 0.73841307, 0.70710678, 0.67712777, 0.64841978, 0.62092891,
	0.59460356, 0.56939432, 0.54525387, 0.52213689, 0.5,
};

/* Half of it for each second; between sixteenths of one on a straight line. */
static double decayed(double heat, uint64_t from_ns, uint64_t to_ns)
{
	uint64_t t_ns = to_ns > from_ns ? to_ns - from_ns : 0, halvings = t_ns / NS_PER_S;
	double place = (double)(t_ns % NS_PER_S) * 16 / (double)NS_PER_S;
	int at = (int)place;

	if (halvings >= 60)
		return 0;
	return heat / (double)(UINT64_C(1) << halvings) *
	       (sixteenths[at] + (sixteenths[at + 1] - sixteenths[at]) * (place - at));
}

struct fault_heat *fault_heat_new(size_t most)
{
	struct fault_heat *heat = xcalloc(1, sizeof(*heat));
	size_t slots = 16;

	while (slots < most * 2)
		slots *= 2;
	heat->most = most;
	heat->mask = slots - 1;
	heat->slots = xcalloc(slots, sizeof(*heat->slots));
	return heat;
}

void fault_heat_free(struct fault_heat *heat)
{
	if (!heat)
		return;
	free(heat->slots);
	free(heat);
}

void fault_heat_clear(struct fault_heat *heat)
{
	for (size_t i = 0; i <= heat->mask; i++)
		heat->slots[i] = (struct hot){ 0 };
	heat->nr = 0;
	heat->shift = 0;
}

static struct hot *find(struct fault_heat *heat, uint64_t place)
{
	size_t at = (place * UINT64_C(0x9e3779b97f4a7c15)) >> 20 & heat->mask;

	while (heat->slots[at].place && heat->slots[at].place != place + 1)
		at = (at + 1) & heat->mask;
	return &heat->slots[at];
}

static void warm(struct fault_heat *heat, uint64_t place, double more, uint64_t t_ns)
{
	struct hot *hot = find(heat, place);

	if (!hot->place) {
		heat->nr++;
		*hot = (struct hot){ .place = place + 1, .at_ns = t_ns };
	}
	hot->heat = decayed(hot->heat, hot->at_ns, t_ns) + more;
	if (t_ns > hot->at_ns)
		hot->at_ns = t_ns;
}

/* Puts what is still hot into a table afresh, at another shift. */
static void rebuild(struct fault_heat *heat, unsigned shift, uint64_t now_ns)
{
	struct hot *old = heat->slots;
	unsigned before = heat->shift;

	heat->slots = xcalloc(heat->mask + 1, sizeof(*heat->slots));
	heat->nr = 0;
	heat->shift = shift;
	for (size_t i = 0; i <= heat->mask; i++) {
		double left = decayed(old[i].heat, old[i].at_ns, now_ns);
		uint64_t place = old[i].place - 1;

		if (!old[i].place || left < FAULT_HEAT_LEAST)
			continue;
		if (shift >= before) {
			warm(heat, place >> (shift - before), left, now_ns);
			continue;
		}
		warm(heat, place * 2, left / 2, now_ns);
		warm(heat, place * 2 + 1, left / 2, now_ns);
	}
	free(old);
}

void fault_heat_add(struct fault_heat *heat, uint64_t vpn, uint64_t t_ns)
{
	if (heat->nr >= heat->most) {
		rebuild(heat, heat->shift, t_ns);
		/* Not worth the same again soon. */
		while (heat->nr > heat->most / 2)
			rebuild(heat, heat->shift + 1, t_ns);
	}
	warm(heat, vpn >> heat->shift, 1, t_ns);
}

static int by_place(const void *a, const void *b)
{
	const struct hot *x = a, *y = b;

	return (x->place > y->place) - (x->place < y->place);
}

struct heat_map *fault_heat_map(struct fault_heat *heat, uint64_t now_ns)
{
	struct heat_map *map = xcalloc(1, sizeof(*map));
	struct hot *hot;
	double sum = 0;
	size_t nr = 0;

	/* A place too cool to be drawn makes way, and few places can be told apart again. */
	rebuild(heat, heat->shift && heat->nr < heat->most / 8 ? heat->shift - 1 : heat->shift,
		now_ns);
	hot = xcalloc(heat->nr + 1, sizeof(*hot));
	for (size_t i = 0; i <= heat->mask; i++)
		if (heat->slots[i].place)
			hot[nr++] = heat->slots[i];
	qsort(hot, nr, sizeof(*hot), by_place);
	atomic_init(&map->refs, 1);
	map->taken_ns = now_ns;
	map->shift = heat->shift;
	map->nr = nr;
	map->places = xcalloc(nr + 1, sizeof(*map->places));
	map->sums = xcalloc(nr + 1, sizeof(*map->sums));
	for (size_t i = 0; i < nr; i++) {
		map->places[i] = hot[i].place - 1;
		map->sums[i] = sum;
		sum += decayed(hot[i].heat, hot[i].at_ns, now_ns);
	}
	map->sums[nr] = sum;
	free(hot);
	return map;
}

struct heat_map *heat_map_ref(struct heat_map *map)
{
	if (map)
		atomic_fetch_add_explicit(&map->refs, 1, memory_order_relaxed);
	return map;
}

void heat_map_unref(struct heat_map *map)
{
	if (!map || atomic_fetch_sub_explicit(&map->refs, 1, memory_order_acq_rel) != 1)
		return;
	free(map->places);
	free(map->sums);
	free(map);
}

/* Index of the first place that is not before this one. */
static size_t first_from(const struct heat_map *map, uint64_t place)
{
	size_t low = 0, high = map->nr;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (map->places[middle] < place)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The heat of one place; 0 where it is not hot. */
static double heat_of(const struct heat_map *map, uint64_t place)
{
	size_t i = first_from(map, place);

	return i < map->nr && map->places[i] == place ? map->sums[i + 1] - map->sums[i] : 0;
}

double heat_map_sum(const struct heat_map *map, uint64_t start_vpn, uint64_t past_vpn,
		    uint64_t now_ns)
{
	uint64_t first, last;
	double sum, pages;

	if (!map || !map->nr || past_vpn <= start_vpn)
		return 0;
	first = start_vpn >> map->shift;
	last = (past_vpn - 1) >> map->shift;
	pages = (double)(UINT64_C(1) << map->shift);
	sum = map->sums[first_from(map, last + 1)] - map->sums[first_from(map, first)];
	if (map->shift && sum > 0) {
		sum -= heat_of(map, first) * (double)(start_vpn - (first << map->shift)) / pages;
		sum -= heat_of(map, last) * (double)(((last + 1) << map->shift) - past_vpn) / pages;
	}
	return sum > 0 ? decayed(sum, map->taken_ns, now_ns) : 0;
}

double heat_map_total(const struct heat_map *map, uint64_t now_ns)
{
	return map ? decayed(map->sums[map->nr], map->taken_ns, now_ns) : 0;
}

uint64_t heat_map_pages(const struct heat_map *map)
{
	return map ? UINT64_C(1) << map->shift : 1;
}
