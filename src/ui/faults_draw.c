/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Screen 2: the title, the stream, and what is told of the line under the cursor. */
#include "base/clock.h"
#include "base/fmt.h"
#include "base/text.h"
#include "ui/draw.h"
#include "ui/faults_state.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

struct faults_layout faults_layout(int columns, int rows, bool filtered)
{
	int plot = rows >= 48 ? 13 : rows >= 34 ? 9 : 6, detail = rows >= 34 ? 6 : 5;
	int kinds = columns >= 110 ? 40 : 20;
	struct faults_layout at = {
		.plot = { 0, 1, columns - kinds - 1, plot },
		.kinds = { columns - kinds, 1, kinds, plot },
		.tabs_y = plot + 1,
		.filter_y = filtered ? plot + 2 : 0,
		.columns_y = plot + 2 + filtered,
		.list = { 0, plot + 3 + filtered, columns,
			  rows - plot - 3 - filtered - detail - 2 },
		.rule_y = rows - detail - 2,
		.detail = { 1, rows - detail - 1, columns - 2, detail },
		.keys_y = rows - 1,
	};

	return at;
}

const struct fault_view *faults_shown(const struct faults_screen *screen)
{
	return screen->still ? screen->still : screen->live;
}

const struct fault_row *faults_chosen(const struct faults_screen *screen)
{
	const struct fault_view *view = faults_shown(screen);
	const struct fault_row *row = view ? fault_view_at(view, screen->cursor) : NULL;

	return row && fault_filter_passes(&screen->filter, row) ? row : NULL;
}

/* ---- the title ---- */

static void draw_state(const struct faults_screen *screen, struct canvas *canvas)
{
	const struct fault_view *view = screen->live;
	int columns = canvas_columns(canvas), status;
	uint8_t colour = COLOUR_GOOD;
	char text[64] = "live ", name[24];

	if (!view || view->watching == WATCH_STARTING) {
		snprintf(text, sizeof(text), "attaching ");
	} else if (view->watching == WATCH_ENDED) {
		status = view->process.wait_status;
		colour = COLOUR_BAD;
		if (view->process.exit_why != WHY_OK)
			snprintf(text, sizeof(text), "exited ");
		else if (WIFSIGNALED(status))
			snprintf(text, sizeof(text), "%s ",
				 signal_text(name, sizeof(name), WTERMSIG(status)));
		else
			snprintf(text, sizeof(text), "exit %d ", WEXITSTATUS(status));
	} else if (screen->still) {
		snprintf(text, sizeof(text), "paused ");
		colour = COLOUR_WARN;
	} else if (view->watching == WATCH_REFUSED) {
		snprintf(text, sizeof(text), "counters only ");
		colour = COLOUR_WARN;
	}
	canvas_text_right(canvas, 0, 0, columns, colour, ATTR_BOLD, text);
}

static void draw_title(const struct faults_screen *screen, struct canvas *canvas)
{
	const struct fault_view *view = screen->live;
	int columns = canvas_columns(canvas), x = 1;
	char count[FMT_LEN], extra[48] = "", *comm;

	canvas_fill(canvas, (struct rect){ 0, 0, columns, 1 },
		    (struct glyph){ ' ', COLOUR_TITLE, COLOUR_BAR_BG, 0 });
	x += canvas_text(canvas, x, 0, columns - x, COLOUR_TITLE, ATTR_BOLD, "pagewalk") + 2;
	draw_state(screen, canvas);
	if (!view)
		return;
	comm = text_safe_str(view->process.comm);
	/* The longest: seven digits and the fifteen characters of a command. */
	x += canvas_printf(canvas, x, 0, 23, COLOUR_TEXT, ATTR_BOLD, "%d %s",
			   (int)view->process.pid, comm) +
	     2;
	free(comm);
	if (x < 32)
		x = 32;
	if (columns >= 110)
		snprintf(extra, sizeof(extra), "  since %s%s",
			 view->from_start ? "its first instruction" : "it is watched",
			 view->nr_execs ? ", through exec" : "");
	if (view->watching == WATCH_REFUSED)
		return;
	x += canvas_printf(canvas, x, 0, columns - x - 16, COLOUR_TEXT, 0, "%5s faults%s",
			   fmt_count(count, fault_numbers_sum(&view->numbers)), extra) +
	     2;
	if (view->nr_lost)
		canvas_printf(canvas, x, 0, columns - x - 16, COLOUR_BAD, ATTR_BOLD, "%s lost",
			      fmt_count(count, view->nr_lost));
}

/* ---- the tabs ---- */

static const char *const tab_names[NR_TABLE] = { "STREAM", "BY MAPPING", "BY INSTRUCTION",
						 "BY KIND" };

static void draw_tabs(const struct faults_screen *screen, struct canvas *canvas)
{
	const struct fault_view *view = faults_shown(screen);
	int columns = canvas_columns(canvas), x = 1, y = screen->layout.tabs_y;
	uint64_t all = view->first ? view->past : 0;
	char text[200] = "", fitted[200], kept[FMT_LEN], of[FMT_LEN];

	canvas_fill(canvas, (struct rect){ 0, y, columns, 1 },
		    (struct glyph){ ' ', COLOUR_FAINT, COLOUR_BAR_BG, 0 });
	for (int table = 0; table < NR_TABLE; table++) {
		bool open = table == (int)screen->table;

		x += canvas_printf(canvas, x, y, columns - x, open ? COLOUR_TITLE : COLOUR_FAINT,
				   open ? ATTR_BOLD | ATTR_REVERSE : 0, open ? "[%s]" : " %s ",
				   tab_names[table]);
	}
	if (screen->table != TABLE_STREAM)
		snprintf(text, sizeof(text), "sorted by %s", faults_sort_name(screen));
	else if (all)
		snprintf(text, sizeof(text), "last %s of %s kept",
			 fmt_count(kept, view->past - view->first), fmt_count(of, all));
	text_fit(fitted, sizeof(fitted), text, columns - x - 2, false);
	canvas_text_right(canvas, x, y, columns - x - 1, COLOUR_FAINT, 0, fitted);
}

/* ---- the stream ---- */

/* Where the columns of the stream begin. */
struct stream_columns {
	int time, tid, severity, kind, addr, vma, site, end;
	bool wide;
};

static struct stream_columns stream_columns(int columns)
{
	struct stream_columns at = { .time = 2, .wide = columns >= 100, .end = columns };

	at.tid = at.time + (at.wide ? 12 : 9);
	at.severity = at.tid + 8;
	at.kind = at.severity + (at.wide ? 7 : 2);
	at.addr = at.kind + 15;
	at.vma = at.addr + 13;
	at.site = at.vma + (columns - at.vma) * (columns >= 140 ? 35 : 47) / 100;
	return at;
}

static void draw_stream_head(const struct stream_columns *at, struct canvas *canvas, int y)
{
	static const char *const heads[] = { "time",    "thread",  "",           "kind",
					     "address", "mapping", "instruction" };
	const int xs[] = { at->time, at->tid, at->severity, at->kind, at->addr, at->vma, at->site };

	canvas_text_right(canvas, at->time, y, at->wide ? 11 : 8, COLOUR_FAINT, 0, "time s");
	canvas_text_right(canvas, at->tid, y, 7, COLOUR_FAINT, 0, "thread");
	for (size_t i = 3; i < sizeof(xs) / sizeof(xs[0]); i++)
		canvas_text(canvas, xs[i], y, 16, COLOUR_FAINT, 0, heads[i]);
}

static void draw_fault(const struct fault_view *view, const struct fault_row *row,
		       const struct stream_columns *at, struct canvas *canvas, int y,
		       uint8_t weight)
{
	static const uint8_t colours[] = { COLOUR_FAINT, COLOUR_WARN, COLOUR_BAD };
	static const char *const marks[] = { " ", "M", "!" };
	const struct fault *fault = &row->fault;
	uint64_t t_ns = fault->t_ns > view->began_ns ? fault->t_ns - view->began_ns : 0;
	char name[400], text[600], fitted[600], addr[FMT_LEN], tid[16];

	if (at->wide)
		snprintf(text, sizeof(text), "%" PRIu64 ".%06u", t_ns / NS_PER_S,
			 (unsigned)(t_ns % NS_PER_S / 1000));
	else
		snprintf(text, sizeof(text), "%" PRIu64 ".%03u", t_ns / NS_PER_S,
			 (unsigned)(t_ns % NS_PER_S / NS_PER_MS));
	canvas_text_right(canvas, at->time, y, at->wide ? 11 : 8, COLOUR_FAINT, 0, text);
	snprintf(tid, sizeof(tid), "%d", (int)fault->tid);
	canvas_text_right(canvas, at->tid, y, 7, COLOUR_TEXT, 0, tid);
	canvas_text(canvas, at->severity, y, at->wide ? 6 : 1, colours[fault->severity],
		    fault->severity ? ATTR_BOLD : 0,
		    at->wide ? fault_severity_name((enum fault_severity)fault->severity)
			     : marks[fault->severity]);
	faults_draw_kind_sign(canvas, at->kind, y, (enum fault_kind)fault->kind);
	canvas_text(canvas, at->kind + 2, y, 12, COLOUR_TEXT, weight,
		    fault_kind_name((enum fault_kind)fault->kind));
	canvas_text(canvas, at->addr, y, 12, COLOUR_KEY, weight, fmt_addr(addr, fault->addr));
	faults_vma_text(view, row->vma, name, sizeof(name));
	snprintf(text, sizeof(text), "%s+%" PRIx64, name, row->vma_off_bytes);
	text_fit(fitted, sizeof(fitted), text, at->site - at->vma - 1, true);
	canvas_text(canvas, at->vma, y, at->site - at->vma - 1, COLOUR_TEXT, 0, fitted);
	faults_site_text(view, row->site, at->end - at->site >= 36, text, sizeof(text));
	text_fit(fitted, sizeof(fitted), text, at->end - at->site - 1, false);
	canvas_text(canvas, at->site, y, at->end - at->site - 1, COLOUR_TEXT, 0, fitted);
}

/* The numbers of the faults on the lines, from the last line upwards; how many there are. */
static int collect(const struct faults_screen *screen, uint64_t bottom, uint64_t *numbers, int rows)
{
	const struct fault_view *view = faults_shown(screen);
	int nr = 0;

	while (nr < rows && fault_view_seek(view, &screen->filter, bottom, true, &numbers[nr])) {
		bottom = numbers[nr++];
		if (!bottom--)
			break;
	}
	return nr;
}

/* Brings the cursor onto the lines, moving them no further than must be. */
static void settle(struct faults_screen *screen, int rows)
{
	const struct fault_view *view = faults_shown(screen);
	uint64_t numbers[256], at;
	int nr;

	if (!screen->still) {
		screen->cursor = screen->bottom = view->past ? view->past - 1 : 0;
		if (fault_view_seek(view, &screen->filter, screen->bottom, true, &at))
			screen->cursor = screen->bottom = at;
		return;
	}
	if (screen->cursor > screen->bottom)
		screen->bottom = screen->cursor;
	nr = collect(screen, screen->bottom, numbers, rows);
	if (nr && screen->cursor >= numbers[nr - 1] && nr == rows)
		return;
	/* The cursor is above, or the lines do not fill the screen: from it downwards. */
	screen->bottom = screen->cursor;
	nr = collect(screen, screen->bottom, numbers, rows);
	if (nr == rows && screen->cursor == screen->bottom)
		nr = 1;
	while (nr < rows &&
	       fault_view_seek(view, &screen->filter, screen->bottom + 1, false, &at)) {
		screen->bottom = at;
		nr++;
	}
}

static void draw_stream(struct faults_screen *screen, struct canvas *canvas,
			const struct theme *theme)
{
	const struct fault_view *view = faults_shown(screen);
	const struct rect *at = &screen->layout.list;
	struct stream_columns columns = stream_columns(at->columns);
	int rows = at->rows < 256 ? at->rows : 256, nr;
	uint64_t numbers[256];
	char pointer[5] = { 0 };

	draw_stream_head(&columns, canvas, screen->layout.columns_y);
	settle(screen, rows);
	nr = collect(screen, screen->bottom, numbers, rows);
	utf8_encode(theme_glyph(theme, GLYPH_POINTER), pointer);
	for (int i = 0; i < nr; i++) {
		int y = at->y + nr - 1 - i;
		bool chosen = numbers[i] == screen->cursor;

		if (chosen) {
			screen->cursor_line = y - at->y;
			canvas_fill(canvas, (struct rect){ at->x, y, at->columns, 1 },
				    (struct glyph){ ' ', COLOUR_TEXT, COLOUR_SELECT_BG, 0 });
			canvas_text(canvas, at->x, y, 1, COLOUR_KEY, ATTR_BOLD, pointer);
		}
		draw_fault(view, fault_view_at(view, numbers[i]), &columns, canvas, y,
			   chosen ? ATTR_BOLD : 0);
	}
	if (nr)
		return;
	canvas_text(canvas, 2, at->y + 1, at->columns - 4, COLOUR_FAINT, 0,
		    fault_filter_is_set(&screen->filter) && view->past ? FAULTS_NONE_PASSES
		    : view->watching == WATCH_LIVE
			    ? "No fault yet: it touches only pages that it has."
			    : "");
}

/* ---- what is told of the chosen line ---- */

static void draw_fault_detail(const struct faults_screen *screen, struct canvas *canvas,
			      const struct rect *at)
{
	const struct fault_view *view = faults_shown(screen);
	const struct fault_row *row = faults_chosen(screen);
	struct rect rest = { at->x, at->y + 1, at->columns, at->rows - 2 };
	int x = at->x, end = at->x + at->columns;
	char addr[FMT_LEN], name[300], site[600], text[1000];

	if (!row)
		return;
	x += canvas_printf(canvas, x, at->y, end - x, COLOUR_KEY, ATTR_BOLD, "%s",
			   fmt_addr(addr, row->fault.addr));
	x += canvas_printf(canvas, x, at->y, end - x, COLOUR_TEXT, 0, " in %s",
			   faults_vma_text(view, row->vma, name, sizeof(name)));
	x += canvas_printf(canvas, x, at->y, end - x, COLOUR_FAINT, 0, " by ");
	canvas_text(canvas, x, at->y, end - x, COLOUR_TEXT, 0,
		    faults_site_text(view, row->site, true, site, sizeof(site)));
	draw_paragraph(canvas, rest, COLOUR_TEXT, 0, faults_explain(row, text, sizeof(text)));
}

static void draw_row_detail(struct faults_screen *screen, struct canvas *canvas,
			    const struct rect *at)
{
	const struct fault_view *view = faults_shown(screen);
	uint32_t row = faults_chosen_row(screen);
	struct rect rest = { at->x, at->y + 1, at->columns, at->rows - 2 };
	const struct fault_count *count;
	char name[600], addr[FMT_LEN], text[700], safe[400] = "", evicted[200];

	if (row == FAULT_NO_ROW)
		return;
	if (screen->table == TABLE_KINDS) {
		canvas_printf(canvas, at->x, at->y, at->columns, COLOUR_KEY, ATTR_BOLD, "%s: %s",
			      fault_kind_name((enum fault_kind)row),
			      fault_kind_title((enum fault_kind)row));
		draw_paragraph(canvas, rest, COLOUR_TEXT, 0,
			       faults_kind_sentence((enum fault_kind)row));
		return;
	}
	count = faults_row_count(screen, row);
	if (screen->table == TABLE_VMAS && count->end_addr) {
		char *path = text_safe_str(view->names->vmas[row].path);

		text_fit(safe, sizeof(safe), path[0] ? path : "anonymous memory", at->columns - 30,
			 true);
		free(path);
		snprintf(name, sizeof(name), "%s %s", fmt_addr(addr, count->start_addr), safe);
	} else if (screen->table == TABLE_VMAS) {
		faults_vma_text(view, row, name, sizeof(name));
	} else {
		faults_site_text(view, row, true, name, sizeof(name));
	}
	canvas_text(canvas, at->x, at->y, at->columns, COLOUR_KEY, ATTR_BOLD, name);
	snprintf(text, sizeof(text), "Most of its faults%s: %s, %s.%s %s",
		 fault_filter_is_set(&screen->filter) ? " that pass the filter" : "",
		 fault_kind_name(count->kind), fault_kind_title(count->kind),
		 faults_evicted_text(count, evicted, sizeof(evicted)),
		 screen->table == TABLE_VMAS
			 ? "Enter shows only its faults in the stream, g goes to it on the map."
			 : "Enter shows only the faults that this instruction took.");
	draw_paragraph(canvas, rest, COLOUR_TEXT, 0, text);
}

static void draw_detail(struct faults_screen *screen, struct canvas *canvas)
{
	const struct rect *at = &screen->layout.detail;
	const struct fault_view *view = screen->live;
	int last = at->y + at->rows - 1;
	char text[400];

	if (screen->table == TABLE_STREAM)
		draw_fault_detail(screen, canvas, at);
	else
		draw_row_detail(screen, canvas, at);
	canvas_text(canvas, at->x, last, at->columns, view->nr_lost ? COLOUR_BAD : COLOUR_FAINT, 0,
		    faults_balance_text(view, at->columns < 110, text, sizeof(text)));
}

static void draw_rule(const struct faults_screen *screen, struct canvas *canvas,
		      const struct theme *theme)
{
	const struct fault_view *view = screen->live;
	int columns = canvas_columns(canvas), y = screen->layout.rule_y;
	char text[320], fitted[320], cost[48];

	draw_hline(canvas, 0, y, columns, theme);
	snprintf(cost, sizeof(cost), " own cost %u.%u %% ", view->cost_permille / 10,
		 view->cost_permille % 10);
	canvas_text_right(canvas, 0, y, columns - 1, COLOUR_FAINT, 0, cost);
	if (view->watching == WATCH_REFUSED || !faults_refusal_text(view, text, sizeof(text))[0])
		return;
	text_fit(fitted, sizeof(fitted), text, columns - 24, false);
	canvas_printf(canvas, 1, y, columns - 22, COLOUR_WARN, 0, " %s ", fitted);
}

void faults_draw(struct screen *base, struct canvas *canvas, const struct theme *theme,
		 uint64_t now_ns)
{
	struct faults_screen *screen = (struct faults_screen *)base;
	struct key_row keys[32];
	struct rect middle;
	char text[400];

	(void)now_ns;
	screen->layout = faults_layout(canvas_columns(canvas), canvas_rows(canvas),
				       fault_filter_is_set(&screen->filter));
	draw_title(screen, canvas);
	draw_keys(canvas, screen->layout.keys_y, keys, faults_keys(base, keys, 32));
	if (!screen->live) {
		canvas_text(canvas, 2, 3, 40, COLOUR_FAINT, 0, "attaching...");
		return;
	}
	faults_draw_plot(screen, canvas, theme);
	faults_draw_kinds(screen, canvas);
	draw_rule(screen, canvas, theme);
	if (screen->live->watching == WATCH_REFUSED) {
		middle = (struct rect){ 2, screen->layout.tabs_y + 1, canvas_columns(canvas) - 4,
					6 };
		snprintf(text, sizeof(text),
			 "The faults themselves cannot be shown: %s. The rates above are made of "
			 "the counters in /proc/PID/stat (minflt, majflt), which anybody may read.",
			 screen->live->error);
		draw_paragraph(canvas, middle, COLOUR_WARN, 0, text);
		draw_detail(screen, canvas);
		return;
	}
	draw_tabs(screen, canvas);
	faults_draw_filter(screen, canvas);
	if (screen->table == TABLE_STREAM)
		draw_stream(screen, canvas, theme);
	else
		faults_draw_table(screen, canvas, theme);
	draw_detail(screen, canvas);
}
