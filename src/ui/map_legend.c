/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The legend below the cells: what the colours mean now, how many pages of the view each has,
 * what changed last; the same about one cell, and about a mapping since the mark.
 */
#include "ui/map_colour.h"

#include "base/clock.h"
#include "base/fmt.h"
#include "base/text.h"
#include "model/paint.h"
#include "model/sources.h"
#include "ui/map_state.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static const char *const change_words[NR_PAGE_CHANGE] = {
	[CHANGE_CAME] = "+",           [CHANGE_WENT] = "-",       [CHANGE_MOVED] = "moved ",
	[CHANGE_DIRTIED] = "dirtied ", [CHANGE_OTHER] = "other ",
};

char *map_changes_text(const struct page_changes *changes, char *out, size_t room)
{
	size_t at = 0;

	out[0] = '\0';
	for (int change = 0; change < CHANGE_SAME; change++) {
		char count[FMT_LEN];
		int added;

		if (!changes->nr[change])
			continue;
		added = snprintf(out + at, room - at, "%s%s%s", at ? " " : "", change_words[change],
				 fmt_count(count, changes->nr[change]));
		if (added < 0 || (size_t)added >= room - at)
			break;
		at += (size_t)added;
	}
	return out;
}

/* The pages of a grid by bucket of its mode are added. */
static void count_grid(const struct grid *grid, uint64_t nr[NR_BUCKET])
{
	if (grid->paint) {
		for (size_t bucket = 0; bucket < NR_BUCKET; bucket++)
			nr[bucket] += grid->paint->nr[bucket];
		return;
	}
	for (size_t i = 0; i < grid->nr_cells; i++)
		for (int class = 0; class < NR_CLASS; class ++)
			nr[class] += grid->cells[i].nr[class];
}

/* The pages of the view by bucket of its mode. */
static void count_view(const struct map_screen *map, uint64_t nr[NR_BUCKET])
{
	const struct grid *grid;

	memset(nr, 0, NR_BUCKET * sizeof(nr[0]));
	for (size_t i = 0; (grid = map_nth_grid(map, i)); i++)
		count_grid(grid, nr);
}

/* The mode that the view was painted in: the one asked for may still be read. */
static enum colour_mode mode_of(const struct grid *grid)
{
	return grid->paint ? grid->paint->mode : MODE_STATE;
}

static const char *clock_text(uint64_t real_ns, char *out, size_t room)
{
	time_t seconds = (time_t)(real_ns / NS_PER_S);
	struct tm tm;

	localtime_r(&seconds, &tm);
	strftime(out, room, "%H:%M:%S", &tm);
	return out;
}

/* What the mode shows, and of which flag, how many nodes, since when. */
static int draw_title(const struct map_screen *map, struct canvas *canvas, int x, int y,
		      int columns)
{
	const struct snapshot *snapshot = map->snapshot;
	enum colour_mode mode = map->colour.mode;
	char extra[64] = "", clock[16];

	if (mode == MODE_FLAG)
		snprintf(extra, sizeof(extra), ": %s", frame_flag_name(map->colour.flag));
	else if (mode == MODE_NODE && snapshot->nr_nodes == 1)
		snprintf(extra, sizeof(extra), ": this machine has one");
	else if (mode == MODE_NODE && snapshot->nr_nodes)
		snprintf(extra, sizeof(extra), ": this machine has %zu", snapshot->nr_nodes);
	else if (mode == MODE_COMPARE && snapshot->mark.state == MARK_KEPT)
		snprintf(extra, sizeof(extra), " %s",
			 clock_text(snapshot->mark.taken_real_ns, clock, sizeof(clock)));
	return canvas_printf(canvas, x, y, columns, COLOUR_TITLE, ATTR_BOLD, "%s%s",
			     colour_mode_row(mode)->title, extra);
}

/* What there is to say of the mark; false: nothing. */
static bool notice_text(const struct map_screen *map, char *out, size_t room)
{
	const struct mark_info *mark = &map->snapshot->mark;
	char clock[16], runs[FMT_LEN];

	switch (map->colour.notice) {
	case NOTICE_NO_MARK:
		snprintf(out, room, "no mark yet: x marks now");
		return true;
	case NOTICE_LOST:
		snprintf(out, room, "exec: the mark is discarded");
		return true;
	case NOTICE_MARKED:
		if (mark->serial != map->colour.mark_serial)
			snprintf(out, room, "marking...");
		else
			snprintf(out, room, "marked %s, %s runs",
				 clock_text(mark->taken_real_ns, clock, sizeof(clock)),
				 fmt_count(runs, mark->nr_runs));
		return true;
	default:
		return false;
	}
}

/* What is less than exact in the comparison. */
static const char *level_text(enum moment_level level)
{
	if (level == MOMENT_STATES)
		return "moves not kept: ";
	return level == MOMENT_COUNTS ? "net: " : "";
}

/* What changed, at the right of the title. */
static void draw_changes(const struct map_screen *map, struct canvas *canvas, int x, int y,
			 int columns, uint64_t now_ns)
{
	const struct snapshot *snapshot = map->snapshot;
	const struct vma_changes *comparison = snapshot->vmas->comparison;
	bool compare = map->colour.mode == MODE_COMPARE;
	char text[128], all[192];
	uint8_t colour = COLOUR_FAINT;

	if (notice_text(map, text, sizeof(text))) {
		canvas_text_right(canvas, x, y, columns, COLOUR_WARN, 0, text);
		return;
	}
	if (compare && comparison) {
		map_changes_text(&comparison->total, text, sizeof(text));
		snprintf(all, sizeof(all), "%s%s", level_text(comparison->level),
			 text[0] ? text : "nothing");
		colour = COLOUR_TEXT;
	} else if (snapshot->changes_coarse) {
		snprintf(all, sizeof(all), "changes: by cell only");
	} else if (!compare && snapshot->changed_mono_ns) {
		snprintf(all, sizeof(all), "changed: %s",
			 map_changes_text(&snapshot->changed, text, sizeof(text)));
		if (now_ns - snapshot->changed_mono_ns < MAP_CHANGE_NS)
			colour = COLOUR_CHANGED;
	} else {
		return;
	}
	if (columns < (int)strlen(all) && !strncmp(all, "changed: ", 9))
		memmove(all, all + 9, strlen(all + 9) + 1);
	canvas_text_right(canvas, x, y, columns, colour, 0, all);
}

/* The order of the legend: kinds first, then what is not there and what is not known. */
static size_t nth_bucket(enum colour_mode mode, size_t n, size_t nr_buckets)
{
	if (mode == MODE_STATE)
		return n + 1 < nr_buckets ? n + 1 : CLASS_ABSENT;
	return (n + BUCKET_FIRST) % nr_buckets;
}

static int item_columns(const struct bucket *bucket)
{
	return 2 + (int)strlen(bucket->label) + 1 + 5 + 2;
}

/* Whether the buckets fit: all of them, or those that some page is in. */
static bool all_fit(const struct colour_mode_row *row, enum colour_mode mode,
		    const struct rect *rect)
{
	int x = 0, y = 0;

	for (size_t n = 0; n < row->nr_buckets; n++) {
		int columns = item_columns(&row->buckets[nth_bucket(mode, n, row->nr_buckets)]);

		if (x + columns - 2 > rect->columns) {
			x = 0;
			y++;
		}
		x += columns;
	}
	return y < rect->rows;
}

static void draw_item(struct canvas *canvas, int x, int y, const struct theme *theme,
		      const struct bucket *bucket, uint64_t nr)
{
	struct tile tile = { .first = bucket->hue,
			     .second = HUE_NONE,
			     .strength = NR_STRENGTH - 1,
			     .sign = bucket->full };
	char count[FMT_LEN];
	int label;

	draw_tile(canvas, x, y, theme, &tile, &tile);
	label = canvas_text(canvas, x + 2, y, 16, nr ? COLOUR_TEXT : COLOUR_FAINT, 0,
			    bucket->label);
	canvas_printf(canvas, x + 2 + label + 1, y, 5, nr ? COLOUR_TITLE : COLOUR_FAINT, 0, "%-5s",
		      fmt_count(count, nr));
}

static void draw_items(const struct map_screen *map, struct canvas *canvas,
		       const struct theme *theme, const struct rect *rect)
{
	enum colour_mode mode = mode_of(map_nth_grid(map, 0));
	const struct colour_mode_row *row = colour_mode_row(mode);
	bool all = all_fit(row, mode, rect);
	uint64_t nr[NR_BUCKET];
	int x = rect->x, y = rect->y, left_out = 0;

	count_view(map, nr);
	for (size_t n = 0; n < row->nr_buckets; n++) {
		size_t bucket = nth_bucket(mode, n, row->nr_buckets);
		int columns = item_columns(&row->buckets[bucket]);

		if (!all && !nr[bucket])
			continue;
		if (x + columns - 2 > rect->x + rect->columns) {
			x = rect->x;
			y++;
		}
		if (y < rect->y + rect->rows)
			draw_item(canvas, x, y, theme, &row->buckets[bucket], nr[bucket]);
		else
			left_out++;
		x += columns;
	}
	if (left_out)
		canvas_text_right(canvas, rect->x, rect->y + rect->rows - 1, rect->columns,
				  COLOUR_FAINT, 0, " ? all");
}

/* Why part of what the mode asks is not told; "" where all is. */
static const char *partial_refusal(const struct map_screen *map, char *out, size_t room)
{
	const struct paint *paint = map_nth_grid(map, 0)->paint;

	out[0] = '\0';
	if (paint && paint->mode == MODE_SHARING && paint->why != WHY_OK)
		source_refusal(paint->source, paint->why, out, room);
	return out;
}

void map_draw_legend(const struct map_screen *map, struct canvas *canvas, const struct theme *theme,
		     uint64_t now_ns)
{
	const struct rect *at = &map->layout.legend;
	struct rect items = { at->x + 1, at->y + 1, at->columns - 2, at->rows - 1 };
	char reason[128];
	int x = at->x + 1;

	if (map_heat_draw_legend(&map->heat, canvas, theme, at))
		return;
	x += draw_title(map, canvas, x, at->y, at->columns - 2) + 2;
	if (!map_nth_grid(map, 0))
		return;
	if (partial_refusal(map, reason, sizeof(reason))[0])
		canvas_text(canvas, x, at->y, at->x + at->columns - 1 - x, COLOUR_WARN, 0, reason);
	else
		draw_changes(map, canvas, x, at->y, at->x + at->columns - 1 - x, now_ns);
	draw_items(map, canvas, theme, &items);
}

bool map_draw_refusal(const struct map_screen *map, struct canvas *canvas)
{
	const struct grid *grid = map_nth_grid(map, 0);
	const struct paint *paint = grid ? grid->paint : NULL;
	const struct rect *at = &map->layout.grid;
	struct rect rect = { at->x + 2, at->y + 1, at->columns - 4, at->rows - 1 };
	char reason[128], text[256], runs[FMT_LEN];
	uint64_t told = 0;

	if (!paint || !paint->nr[BUCKET_UNKNOWN])
		return false;
	for (size_t bucket = BUCKET_FIRST; bucket < NR_BUCKET; bucket++)
		told += paint->nr[bucket];
	if (told)
		return false;
	if (paint->mode == MODE_COMPARE && map->snapshot->mark.level == MOMENT_COUNTS)
		snprintf(text, sizeof(text),
			 "The mark is kept by counts of each mapping only: %s runs of frames are "
			 "too many to keep. The list shows the net change.",
			 fmt_count(runs, map->snapshot->mark.nr_runs));
	else if (paint->why == WHY_TRUNCATED)
		snprintf(text, sizeof(text),
			 "Its pages lie in too many runs to be compared one by one.");
	else
		snprintf(text, sizeof(text), "Not known: %s",
			 source_refusal(paint->source, paint->why, reason, sizeof(reason)));
	draw_paragraph(canvas, rect, COLOUR_WARN, 0, text);
	return true;
}

int map_draw_buckets(const struct paint *paint, struct canvas *canvas, int x, int y, int columns,
		     size_t index, uint64_t now_ns)
{
	const struct colour_mode_row *row = colour_mode_row(paint->mode);
	const struct paint_cell *cell = &paint->cells[index];
	int from = x, end = x + columns;
	const char *separator = ": ";

	for (size_t n = 0; n < row->nr_buckets; n++) {
		size_t bucket = nth_bucket(paint->mode, n, row->nr_buckets);

		if (!cell->nr[bucket])
			continue;
		x += canvas_text(canvas, x, y, end - x, COLOUR_FAINT, 0, separator);
		x += canvas_printf(canvas, x, y, end - x, COLOUR_TEXT, 0, "%" PRIu64 " %s%s",
				   cell->nr[bucket], row->buckets[bucket].step ? row->phrase : "",
				   row->buckets[bucket].label);
		separator = ", ";
	}
	if (cell->changed_ns)
		x += canvas_printf(canvas, x, y, end - x, COLOUR_CHANGED, 0,
				   ", last change %" PRIu64 " s ago",
				   (now_ns - cell->changed_ns) / NS_PER_S);
	return x - from;
}

void map_draw_vma_changes(const struct vma_changes *comparison, struct canvas *canvas, int x, int y,
			  int columns, size_t index)
{
	char text[96];

	if (index >= comparison->nr)
		return;
	map_changes_text(&comparison->by_vma[index], text, sizeof(text));
	canvas_text(canvas, x, y, columns, text[0] ? COLOUR_CHANGED : COLOUR_FAINT, 0,
		    text[0] ? text : "same");
}
