/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables of screen 2: faults by mapping, by instruction, by kind; sorted by any column. */
#include "base/fmt.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "ui/draw.h"
#include "ui/faults_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct sort_context {
	const struct fault_view *view;
	/* Under the filter. */
	const struct fault_numbers *numbers;
	const struct fault_count *counts; /* of the rows of the table; NULL: a table of kinds */
	char **names; /* of instructions, by row; NULL where they are not sorted by name */
	enum faults_table table;
	enum faults_sort sort;
};

static const char *const sort_names[NR_SORT] = { "all", "minor", "major", "failed", "name" };

const char *faults_sort_name(const struct faults_screen *screen)
{
	enum faults_sort sort = screen->sort[screen->table];

	return sort == SORT_NAME && screen->table == TABLE_VMAS ? "address" : sort_names[sort];
}

bool faults_can_sort(enum faults_table table, enum faults_sort sort)
{
	return table == TABLE_VMAS || table == TABLE_SITES ||
	       (table == TABLE_KINDS && (sort == SORT_ALL || sort == SORT_NAME));
}

/* The rows' counts; NULL: the open table has none. */
static const struct fault_count *counts(struct faults_screen *screen)
{
	const struct fault_part *part = faults_part(screen);
	const struct fault_view *view = faults_shown(screen);

	if (screen->table == TABLE_VMAS)
		return part ? part->vmas : view->vmas;
	if (screen->table == TABLE_SITES)
		return part ? part->sites : view->sites;
	return NULL;
}

const struct fault_count *faults_row_count(struct faults_screen *screen, uint32_t row)
{
	return &counts(screen)[row];
}

const struct fault_numbers *faults_passed(struct faults_screen *screen)
{
	const struct fault_part *part = faults_part(screen);

	return part ? &part->numbers : &faults_shown(screen)->numbers;
}

/* All faults of a row. */
static uint64_t sum_of(const struct sort_context *context, uint32_t row)
{
	return context->counts ? fault_count_sum(&context->counts[row])
			       : context->numbers->by_kind[row];
}

static uint64_t value_of(const struct sort_context *context, uint32_t row)
{
	if (!context->counts || context->sort == SORT_ALL)
		return sum_of(context, row);
	return context->counts[row].by_severity[FAULT_MINOR + (context->sort - SORT_MINOR)];
}

static int by_name(const struct sort_context *context, uint32_t a, uint32_t b)
{
	if (context->table == TABLE_VMAS) {
		uint64_t x = context->view->vmas[a].start_addr;
		uint64_t y = context->view->vmas[b].start_addr;

		return (x > y) - (x < y);
	}
	if (context->table == TABLE_KINDS)
		return 0;
	return strcmp(context->names[a], context->names[b]);
}

/* The names of the rows in the order, made once: a sort compares each of them many times. */
static char **make_names(const struct faults_screen *screen, size_t nr)
{
	char **names = xcalloc(nr, sizeof(*names)), text[400];

	for (size_t i = 0; i < screen->nr_order; i++)
		names[screen->order[i]] = xstrdup(faults_site_text(
			faults_shown(screen), screen->order[i], false, text, sizeof(text)));
	return names;
}

static void free_names(char **names, size_t nr)
{
	for (size_t i = 0; names && i < nr; i++)
		free(names[i]);
	free(names);
}

static int compare(const void *a, const void *b, void *arg)
{
	const struct sort_context *context = arg;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	int order = 0;

	if (context->sort == SORT_NAME) {
		order = by_name(context, x, y);
	} else {
		uint64_t of_x = value_of(context, x), of_y = value_of(context, y);

		order = (of_x < of_y) - (of_x > of_y);
	}
	return order ? order : (x > y) - (x < y);
}

static size_t nr_rows(const struct fault_view *view, enum faults_table table)
{
	return table == TABLE_VMAS    ? view->nr_vmas
	       : table == TABLE_SITES ? view->nr_sites
	       : table == TABLE_KINDS ? NR_FAULT_KIND
				      : 0;
}

/* The place of the chosen row in the order; 0 where it is not in it. */
static size_t chosen_at(const struct faults_screen *screen)
{
	for (size_t i = 0; i < screen->nr_order; i++)
		if (screen->order[i] == screen->chosen[screen->table])
			return i;
	return 0;
}

uint32_t faults_chosen_row(const struct faults_screen *screen)
{
	return screen->nr_order ? screen->order[chosen_at(screen)] : FAULT_NO_ROW;
}

size_t faults_sort_rows(struct faults_screen *screen)
{
	struct sort_context context = {
		.view = faults_shown(screen),
		.numbers = faults_passed(screen),
		.counts = counts(screen),
		.table = screen->table,
		.sort = screen->sort[screen->table],
	};
	size_t nr = nr_rows(context.view, screen->table);

	if (nr > screen->order_room) {
		screen->order = xreallocarray(screen->order, nr, sizeof(*screen->order));
		screen->order_room = nr;
	}
	screen->nr_order = 0;
	for (uint32_t row = 0; row < nr; row++)
		if (sum_of(&context, row))
			screen->order[screen->nr_order++] = row;
	if (!screen->nr_order)
		return 0;
	if (screen->table == TABLE_SITES && context.sort == SORT_NAME)
		context.names = make_names(screen, nr);
	qsort_r(screen->order, screen->nr_order, sizeof(*screen->order), compare, &context);
	free_names(context.names, nr);
	return chosen_at(screen);
}

static void draw_counts(struct canvas *canvas, int x, int y, const uint64_t *nr, uint8_t weight)
{
	static const uint8_t colours[NR_FAULT_SEVERITY] = { COLOUR_TEXT, COLOUR_WARN, COLOUR_BAD };
	char count[FMT_LEN];

	for (int i = 0; i < NR_FAULT_SEVERITY; i++)
		canvas_text_right(canvas, x + i * 7, y, 6, nr[i] ? colours[i] : COLOUR_FAINT,
				  weight, nr[i] ? fmt_count(count, nr[i]) : "-");
}

/* True where the table of mappings has the room for a column of evictions. */
static bool has_evicted(int columns)
{
	return columns >= 100;
}

static void draw_evicted(const struct fault_count *count, struct canvas *canvas, int x, int y,
			 uint8_t weight)
{
	char text[FMT_LEN] = "-";
	uint8_t colour = COLOUR_FAINT;

	if (count->is_file && count->evicted_doubt) {
		snprintf(text, sizeof(text), "?");
	} else if (count->nr_evicted) {
		fmt_count(text, count->nr_evicted);
		colour = COLOUR_WARN;
	}
	canvas_text_right(canvas, x, y, 7, colour, weight, text);
}

static void draw_vma(struct faults_screen *screen, struct canvas *canvas, int x, int y, int end,
		     uint32_t row, uint8_t weight)
{
	const struct fault_view *view = faults_shown(screen);
	const struct fault_count *count = faults_row_count(screen, row);
	const struct vma vma = { .perms = view->names->vmas[row].perms };
	const char *path = view->names->vmas[row].path;
	char name[300], fitted[300], start[FMT_LEN], size[FMT_LEN], perms[5], *safe;

	faults_draw_kind_sign(canvas, x, y, count->kind);
	draw_counts(canvas, x + 2, y, count->by_severity, weight);
	if (has_evicted(canvas_columns(canvas))) {
		draw_evicted(count, canvas, x + 23, y, weight);
		x += 8;
	}
	x += 24;
	if (count->end_addr)
		x += canvas_printf(canvas, x, y, end - x, COLOUR_FAINT, 0, "%-12s %s %5s ",
				   fmt_addr(start, count->start_addr), vma_perms_text(&vma, perms),
				   fmt_bytes(size, count->end_addr - count->start_addr));
	if (path && path[0] == '/' && end - x >= 40) {
		safe = text_safe_str(path);
		text_fit(fitted, sizeof(fitted), safe, end - x, true);
		free(safe);
	} else {
		text_fit(fitted, sizeof(fitted), faults_vma_text(view, row, name, sizeof(name)),
			 end - x, false);
	}
	canvas_text(canvas, x, y, end - x, COLOUR_TEXT, weight, fitted);
}

static void draw_site(struct faults_screen *screen, struct canvas *canvas, int x, int y, int end,
		      uint32_t row, uint8_t weight)
{
	const struct fault_view *view = faults_shown(screen);
	const struct fault_count *count = faults_row_count(screen, row);
	char name[600], fitted[600];

	faults_draw_kind_sign(canvas, x, y, count->kind);
	draw_counts(canvas, x + 2, y, count->by_severity, weight);
	x += 24;
	text_fit(fitted, sizeof(fitted), faults_site_text(view, row, true, name, sizeof(name)),
		 end - x, false);
	canvas_text(canvas, x, y, end - x, COLOUR_TEXT, weight, fitted);
}

static void draw_kind(struct faults_screen *screen, struct canvas *canvas,
		      const struct theme *theme, int x, int y, int end, uint32_t row,
		      uint8_t weight)
{
	const struct fault_numbers *numbers = faults_passed(screen);
	uint64_t nr = numbers->by_kind[row], all = fault_numbers_sum(numbers);
	int hue = faults_kind_hue((enum fault_kind)row), bar = end - x >= 100 ? 24 : 12;
	char count[FMT_LEN], share[FMT_LEN];

	faults_draw_kind_sign(canvas, x, y, (enum fault_kind)row);
	canvas_text(canvas, x + 2, y, 12, COLOUR_TEXT, weight,
		    fault_kind_name((enum fault_kind)row));
	canvas_text_right(canvas, x + 14, y, 6, COLOUR_TEXT, weight, fmt_count(count, nr));
	canvas_text_right(canvas, x + 21, y, 5, COLOUR_FAINT, 0, fmt_percent(share, nr, all));
	draw_thin_bar(canvas, x + 27, y, bar, theme,
		      hue == HUE_NONE ? COLOUR_BAD : colour_of_hue(hue, NR_STRENGTH - 1), nr, all);
	x += 28 + bar;
	canvas_text(canvas, x, y, end - x, COLOUR_TEXT, 0, fault_kind_title((enum fault_kind)row));
}

static void draw_columns(const struct faults_screen *screen, struct canvas *canvas)
{
	static const char *const heads[NR_TABLE] = {
		[TABLE_VMAS] = "   minor  major failed  from         perm  size mapping",
		[TABLE_SITES] = "   minor  major failed  instruction",
		[TABLE_KINDS] = "  kind         count share",
	};
	static const char with_evicted[] =
		"   minor  major failed evicted  from         perm  size mapping";
	bool more = screen->table == TABLE_VMAS && has_evicted(canvas_columns(canvas));

	canvas_text(canvas, 2, screen->layout.columns_y, canvas_columns(canvas) - 3, COLOUR_FAINT,
		    0, more ? with_evicted : heads[screen->table]);
}

void faults_draw_table(struct faults_screen *screen, struct canvas *canvas,
		       const struct theme *theme)
{
	const struct rect *at = &screen->layout.list;
	size_t chosen = faults_sort_rows(screen), *top = &screen->top[screen->table];
	int end = at->x + at->columns - 1;
	char pointer[5] = { 0 };

	draw_columns(screen, canvas);
	if (chosen < *top)
		*top = chosen;
	if (chosen >= *top + (size_t)at->rows)
		*top = chosen - (size_t)at->rows + 1;
	if (*top + (size_t)at->rows > screen->nr_order)
		*top = screen->nr_order > (size_t)at->rows ? screen->nr_order - (size_t)at->rows
							   : 0;
	utf8_encode(theme_glyph(theme, GLYPH_POINTER), pointer);
	for (size_t i = *top; i < screen->nr_order && i < *top + (size_t)at->rows; i++) {
		int y = at->y + (int)(i - *top);
		uint8_t weight = i == chosen ? ATTR_BOLD : 0;
		uint32_t row = screen->order[i];

		if (i == chosen) {
			canvas_fill(canvas, (struct rect){ at->x, y, at->columns, 1 },
				    (struct glyph){ ' ', COLOUR_TEXT, COLOUR_SELECT_BG, 0 });
			canvas_text(canvas, at->x, y, 1, COLOUR_KEY, ATTR_BOLD, pointer);
		}
		if (screen->table == TABLE_VMAS)
			draw_vma(screen, canvas, at->x + 2, y, end, row, weight);
		else if (screen->table == TABLE_SITES)
			draw_site(screen, canvas, at->x + 2, y, end, row, weight);
		else
			draw_kind(screen, canvas, theme, at->x + 2, y, end, row, weight);
	}
	if (!screen->nr_order && fault_filter_is_set(&screen->filter))
		canvas_text(canvas, 2, at->y + 1, at->columns - 4, COLOUR_FAINT, 0,
			    FAULTS_NONE_PASSES);
}
