/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The filter of screen 2, which holds for the stream and for all tables: the keys that set it, and
 * its line, which says what is shown and out of how many.
 */
#include "base/fmt.h"
#include "base/text.h"
#include "ui/faults_state.h"

#include <stdio.h>
#include <string.h>

static const struct action nothing = { .kind = ACTION_NONE };
static const struct action redraw = { .kind = ACTION_REDRAW };

const struct fault_part *faults_part(struct faults_screen *screen)
{
	const struct fault_view *view = faults_shown(screen);

	if (!fault_filter_is_set(&screen->filter)) {
		faults_drop_part(screen);
		return NULL;
	}
	if (screen->part && screen->part_view == view &&
	    fault_filter_is_same(&screen->part_filter, &screen->filter))
		return screen->part;
	faults_drop_part(screen);
	/* A reference, so that no other view can come to lie at its address. */
	screen->part_view = fault_view_ref(screen->still ? screen->still : screen->live);
	screen->part_filter = screen->filter;
	screen->part = fault_part_new(view, &screen->filter);
	return screen->part;
}

void faults_drop_part(struct faults_screen *screen)
{
	fault_part_free(screen->part);
	fault_view_unref(screen->part_view);
	screen->part = NULL;
	screen->part_view = NULL;
}

/* The cursor of a stream that stands still, on a fault that passes. */
static void settle_cursor(struct faults_screen *screen)
{
	if (screen->still &&
	    !fault_view_seek(screen->still, &screen->filter, screen->cursor, true,
			     &screen->cursor) &&
	    !fault_view_seek(screen->still, &screen->filter, screen->cursor, false,
			     &screen->cursor))
		screen->cursor = UINT64_MAX;
}

/* Sets the part of the filter that the open table is a table of. */
static void filter_by_row(struct faults_screen *screen, uint32_t row)
{
	struct fault_filter *filter = &screen->filter;

	switch (screen->table) {
	case TABLE_VMAS:
		filter->by_vma = true;
		filter->vma = row;
		break;
	case TABLE_SITES:
		filter->by_site = true;
		filter->site = row;
		break;
	default:
		filter->by_kind = true;
		filter->kind = (enum fault_kind)row;
	}
}

struct action faults_show_row(struct faults_screen *screen)
{
	uint32_t row;

	faults_sort_rows(screen);
	row = faults_chosen_row(screen);
	if (row == FAULT_NO_ROW)
		return nothing;
	filter_by_row(screen, row);
	screen->table = TABLE_STREAM;
	screen->cursor = screen->bottom = UINT64_MAX;
	settle_cursor(screen);
	return redraw;
}

/* The part of the filter that a key sets. */
static bool *part_of_key(struct fault_filter *filter, uint32_t key)
{
	return key == 'K'   ? &filter->by_kind
	       : key == 'V' ? &filter->by_vma
	       : key == 'I' ? &filter->by_site
			    : &filter->by_thread;
}

static bool filter_by_fault(struct faults_screen *screen, uint32_t key)
{
	const struct fault_row *row = faults_chosen(screen);
	struct fault_filter *filter = &screen->filter;

	if (!row)
		return false;
	*part_of_key(filter, key) = true;
	/* What is not set is not looked at. */
	if (key == 'K')
		filter->kind = (enum fault_kind)row->fault.kind;
	else if (key == 'V')
		filter->vma = row->vma;
	else if (key == 'I')
		filter->site = row->site;
	else
		filter->tid = row->fault.tid;
	return true;
}

/* A row of a table has one thing that can be filtered by: what the table is of. */
static bool filter_by_chosen_row(struct faults_screen *screen, uint32_t key)
{
	static const uint32_t keys[NR_TABLE] = {
		[TABLE_VMAS] = 'V', [TABLE_SITES] = 'I', [TABLE_KINDS] = 'K'
	};
	uint32_t row;

	faults_sort_rows(screen);
	row = faults_chosen_row(screen);
	if (key != keys[screen->table] || row == FAULT_NO_ROW)
		return false;
	filter_by_row(screen, row);
	return true;
}

struct action faults_filter_key(struct faults_screen *screen, uint32_t key)
{
	bool *part = part_of_key(&screen->filter, key);

	if (*part)
		*part = false;
	else if (screen->table == TABLE_STREAM ? !filter_by_fault(screen, key)
					       : !filter_by_chosen_row(screen, key))
		return nothing;
	settle_cursor(screen);
	return redraw;
}

struct action faults_clear_filter(struct faults_screen *screen)
{
	screen->filter = (struct fault_filter){ 0 };
	settle_cursor(screen);
	return redraw;
}

/* "only cow, libc.so.6, thread 78" */
static void filter_text(const struct faults_screen *screen, char *out, size_t room)
{
	const struct fault_filter *filter = &screen->filter;
	const struct fault_view *view = faults_shown(screen);
	char parts[4][200] = { "" };
	size_t len;

	if (filter->by_kind)
		snprintf(parts[0], sizeof(parts[0]), "%s", fault_kind_name(filter->kind));
	if (filter->by_vma)
		faults_vma_text(view, filter->vma, parts[1], sizeof(parts[1]));
	if (filter->by_site)
		faults_site_text(view, filter->site, false, parts[2], sizeof(parts[2]));
	if (filter->by_thread)
		snprintf(parts[3], sizeof(parts[3]), "thread %d", (int)filter->tid);
	len = (size_t)snprintf(out, room, "only");
	for (int i = 0; i < 4; i++)
		if (parts[i][0] && len + strlen(parts[i]) + 3 < room)
			len += (size_t)snprintf(out + len, room - len, "%s %s", len > 4 ? "," : "",
						parts[i]);
}

/* "12 of 44 faults": of all, or of those that are kept. */
static void part_text(const struct fault_part *part, bool wide, char *out, size_t room)
{
	char passed[FMT_LEN], all[FMT_LEN];

	fmt_count(passed, fault_numbers_sum(&part->numbers));
	fmt_count(all, part->nr_all);
	if (part->exact)
		snprintf(out, room, "%s of %s faults", passed, all);
	else
		snprintf(out, room, "%s of the last %s faults kept%s", passed, all,
			 wide ? " (before: too many to tell apart)" : "");
}

void faults_draw_filter(struct faults_screen *screen, struct canvas *canvas)
{
	const struct fault_part *part = faults_part(screen);
	int columns = canvas_columns(canvas), y = screen->layout.filter_y, left;
	char text[700], fitted[700], numbers[160];

	if (!part)
		return;
	part_text(part, columns >= 110, numbers, sizeof(numbers));
	canvas_text_right(canvas, 1, y, columns - 2, part->exact ? COLOUR_TEXT : COLOUR_WARN, 0,
			  numbers);
	left = columns - 5 - (int)strlen(numbers);
	filter_text(screen, text, sizeof(text));
	text_fit(fitted, sizeof(fitted), text, left, false);
	canvas_text(canvas, 2, y, left, COLOUR_WARN, ATTR_BOLD, fitted);
}
