/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The modes of colour of screen 1: which one is shown, its keys, and what a cell that was
 * counted by the buckets of a mode is drawn as.
 */
#include "ui/map_colour.h"

#include "base/clock.h"
#include "model/paint.h"
#include "ui/map_state.h"

void map_colour_init(struct map_colour *colour)
{
	colour->mode = colour->before = MODE_STATE;
	colour->flag = KPF_REFERENCED;
}

void map_colour_take(struct map_colour *colour, const struct snapshot *snapshot,
		     const struct snapshot *before)
{
	if (before && before->execed_mono_ns != snapshot->execed_mono_ns)
		history_clear(&colour->history);
	if (snapshot->process.life == PROCESS_LIVE)
		history_add(&colour->history, &snapshot->process, snapshot->taken_mono_ns);
	if (snapshot->mark.state == MARK_LOST && (!before || before->mark.state != MARK_LOST)) {
		colour->notice = NOTICE_LOST;
		if (colour->mode == MODE_COMPARE)
			colour->mode = colour->before;
	}
}

void map_colour_request(const struct map_colour *colour, struct map_request *request)
{
	request->mode = colour->mode;
	request->flag = colour->mode == MODE_FLAG ? colour->flag : 0;
	request->mark_serial = colour->mark_serial;
}

static bool has_mark(const struct map_colour *colour, const struct snapshot *snapshot)
{
	return snapshot &&
	       (snapshot->mark.state == MARK_KEPT || colour->mark_serial != snapshot->mark.serial);
}

static void step_mode(struct map_colour *colour, const struct snapshot *snapshot, int step)
{
	do
		colour->mode = (enum colour_mode)(((int)colour->mode + NR_COLOUR_MODE + step) %
						  NR_COLOUR_MODE);
	while (colour->mode == MODE_COMPARE && !has_mark(colour, snapshot));
}

static void toggle_compare(struct map_colour *colour, const struct snapshot *snapshot)
{
	if (colour->mode == MODE_COMPARE) {
		colour->mode = colour->before == MODE_COMPARE ? MODE_STATE : colour->before;
	} else if (has_mark(colour, snapshot)) {
		colour->before = colour->mode;
		colour->mode = MODE_COMPARE;
	} else {
		colour->notice = NOTICE_NO_MARK;
	}
}

static void choose_flag(struct map_colour *colour, const struct ui_event *event)
{
	if (!map_flags_event(&colour->flags, event))
		return;
	colour->flag = colour->flags.at;
	colour->mode = MODE_FLAG;
}

bool map_colour_key(struct map_colour *colour, const struct snapshot *snapshot,
		    const struct ui_event *event)
{
	enum map_notice notice = colour->notice;

	if (colour->flags.prompt.open) {
		choose_flag(colour, event);
		return true;
	}
	colour->notice = NOTICE_NONE;
	switch (event->key) {
	case 'm':
	case 'M':
		step_mode(colour, snapshot, event->key == 'm' ? 1 : -1);
		return true;
	case '*':
	case '#':
		/* The first time it only shows the flag that is chosen. */
		if (colour->mode == MODE_FLAG)
			colour->flag = colouring_step_flag(colour->flag,
							   event->key == '*' ? 1 : -1);
		colour->mode = MODE_FLAG;
		return true;
	case 'F':
		map_flags_open(&colour->flags, colour->flag);
		return true;
	case 'x':
		colour->mark_serial++;
		colour->notice = NOTICE_MARKED;
		return true;
	case 'X':
		toggle_compare(colour, snapshot);
		return true;
	case 't':
		colour->timeline = !colour->timeline;
		return true;
	default:
		colour->notice = notice;
		return false;
	}
}

/* A bucket that says "changed" in the modes that show changes. */
static bool is_change(const struct paint *paint, size_t bucket)
{
	return (paint->mode == MODE_RECENT || paint->mode == MODE_COMPARE) &&
	       bucket >= BUCKET_FIRST && bucket < BUCKET_FIRST + CHANGE_SAME;
}

static uint64_t pages_changed(const struct paint *paint, const struct paint_cell *cell)
{
	uint64_t nr = 0;

	for (size_t bucket = 0; bucket < NR_BUCKET; bucket++)
		nr += is_change(paint, bucket) ? cell->nr[bucket] : 0;
	return nr;
}

/*
 * The two buckets that a cell is drawn in. A change counts before what stayed as it was, so
 * that one page of a thousand still shows.
 */
static void choose_buckets(const struct paint *paint, const struct paint_cell *cell, size_t *first,
			   size_t *second)
{
	*first = *second = BUCKET_NONE;
	for (size_t bucket = BUCKET_UNKNOWN; bucket < NR_BUCKET; bucket++) {
		bool before = is_change(paint, bucket) && !is_change(paint, *first);
		bool as_much = is_change(paint, bucket) == is_change(paint, *first);

		if (!cell->nr[bucket])
			continue;
		if (*first == BUCKET_NONE || before ||
		    (as_much && cell->nr[bucket] > cell->nr[*first])) {
			*second = *first;
			*first = bucket;
		} else if (*second == BUCKET_NONE || cell->nr[bucket] > cell->nr[*second]) {
			*second = bucket;
		}
	}
}

/* Quarters of a whole, none only of nothing and all only of everything. */
static int strength_of(uint64_t part, uint64_t whole)
{
	int strength;

	if (part >= whole)
		return NR_STRENGTH - 1;
	strength = (int)((double)part / (double)whole * NR_STRENGTH);
	return strength > NR_STRENGTH - 2 ? NR_STRENGTH - 2 : strength;
}

/* The younger a change, the stronger. */
static int strength_of_age(uint64_t age_ns)
{
	static const uint64_t limits_ns[] = { 3 * NS_PER_S, 10 * NS_PER_S, 30 * NS_PER_S };
	int strength = NR_STRENGTH - 1;

	for (size_t i = 0; i < sizeof(limits_ns) / sizeof(limits_ns[0]); i++)
		strength -= age_ns >= limits_ns[i];
	return strength;
}

struct tile map_paint_tile(const struct paint *paint, size_t index, uint64_t now_ns)
{
	const struct paint_cell *cell = &paint->cells[index];
	const struct bucket *buckets = colour_mode_row(paint->mode)->buckets;
	struct tile tile = { .second = HUE_NONE };
	uint64_t pages = 0, changed = pages_changed(paint, cell);
	size_t first, second;

	for (size_t bucket = 0; bucket < NR_BUCKET; bucket++)
		pages += cell->nr[bucket];
	choose_buckets(paint, cell, &first, &second);
	tile.first = buckets[first].hue;
	/* A few strangers among many do not make a cell mixed; an eighth does. */
	if (second != BUCKET_NONE && cell->nr[second] * 8 >= pages)
		tile.second = buckets[second].hue;
	if (changed && paint->mode == MODE_RECENT)
		tile.strength = strength_of_age(now_ns - cell->changed_ns);
	else if (changed)
		tile.strength = strength_of(changed, pages);
	else
		tile.strength = strength_of(pages - cell->nr[BUCKET_NONE], pages);
	tile.sign = tile.strength < NR_STRENGTH - 1 ? buckets[first].part : buckets[first].full;
	return tile;
}

struct map_layout map_layout_now(const struct map_screen *map, int columns, int rows)
{
	struct map_layout at = layout_map(columns, rows);

	if (map->colour.timeline)
		layout_map_add_timeline(&at);
	return at;
}
