/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Screen 4 drawn: title, list of files, strip and cells. Every figure has a fixed place and
 * width; what is not known is "?" and the reason stands below.
 */
#include "ui/cache_state.h"

#include "base/clock.h"
#include "base/fmt.h"
#include "base/text.h"
#include "ui/draw.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DETAIL_ROWS 4

struct cache_layout layout_cache(int columns, int rows, bool has_list)
{
	struct cache_layout at = { .has_list = has_list };
	int list = !has_list ? 0 : columns < 100 ? 26 : columns < 160 ? 40 : 60;
	int right = has_list ? list + 1 : 0, wide = columns - right;
	int events = rows < 30 ? 2 : rows < 44 ? 4 : 8, system = rows < 30 ? 2 : 6;
	/* Title, keys and three rules; above the cells: two lines of head, strip, range. */
	int top = rows - 2 - 3 - DETAIL_ROWS - events - system;

	at.title = (struct rect){ 0, 0, columns, 1 };
	at.list = (struct rect){ 0, 1, list, top };
	at.rule_x = list;
	at.head = (struct rect){ right, 1, wide, 2 };
	at.strip = (struct rect){ right, 3, wide, 1 };
	at.range = (struct rect){ right, 4, wide, 1 };
	at.grid = (struct rect){ right, 5, wide, top - 4 };
	at.detail_rule_y = 1 + top;
	at.detail = (struct rect){ 0, at.detail_rule_y + 1, columns, DETAIL_ROWS };
	at.events_rule_y = at.detail.y + DETAIL_ROWS;
	at.events = (struct rect){ 0, at.events_rule_y + 1, columns, events };
	at.system_rule_y = at.events.y + events;
	at.system = (struct rect){ 0, at.system_rule_y + 1, columns, system };
	at.keys = (struct rect){ 0, rows - 1, columns, 1 };
	return at;
}

/* The two classes that most pages of a cell are of; some that are dirty always show. */
static struct tile tile_of_cell(const struct cache_cell *cell, bool known, uint64_t now_ns)
{
	struct tile tile = { .first = CLASS_ABSENT,
			     .second = NR_CLASS,
			     .strength = NR_STRENGTH - 1 };
	uint64_t nr[NR_CLASS], pages = cell->counts.pages, shown;

	if (!known) {
		tile.first = CLASS_UNKNOWN;
		return tile;
	}
	cache_cell_classes(cell, nr);
	shown = pages - nr[CLASS_ABSENT];
	for (int class = CLASS_ABSENT + 1; class < NR_CLASS; class ++)
		if (nr[class] && (tile.first == CLASS_ABSENT || nr[class] > nr[tile.first]))
			tile.first = (enum page_class) class;
	for (int class = CLASS_ABSENT + 1; class < NR_CLASS; class ++)
		if (nr[class] && class != (int)tile.first &&
		    (class == CLASS_DIRTY || nr[class] * 8 >= pages))
			tile.second = (enum page_class) class;
	if (tile.first != CLASS_ABSENT && shown < pages) {
		tile.strength = (int)(shown * NR_STRENGTH / pages);
		if (tile.strength > NR_STRENGTH - 2)
			tile.strength = NR_STRENGTH - 2;
	}
	tile.changed = cell->changed_ns && now_ns - cell->changed_ns < CACHE_CHANGE_NS;
	return tile;
}

struct rank_row {
	const char *name;
	int hue;
	char sign;
};

/* From what is evicted first to what never is. */
static const struct rank_row ranks[NR_RANK] = {
	[RANK_INACTIVE] = { "inactive", HUE_SCALE, 'i' },
	[RANK_REFERENCED] = { "referenced", HUE_SCALE + 2, 'r' },
	[RANK_ACTIVE] = { "active", HUE_SCALE + 3, 'a' },
	[RANK_ACTIVE_REFERENCED] = { "both", HUE_SCALE + 5, 'A' },
	[RANK_UNEVICTABLE] = { "unevictable", CLASS_LOCKED, 'u' },
	[RANK_NO_LRU] = { "in no list", CLASS_OTHER, 'x' },
};

enum cache_rank cache_rank_of(uint64_t flags)
{
	if (flags & KPF_BIT(KPF_UNEVICTABLE))
		return RANK_UNEVICTABLE;
	if (!(flags & KPF_BIT(KPF_LRU)))
		return RANK_NO_LRU;
	if (flags & KPF_BIT(KPF_ACTIVE))
		return flags & KPF_BIT(KPF_REFERENCED) ? RANK_ACTIVE_REFERENCED : RANK_ACTIVE;
	return flags & KPF_BIT(KPF_REFERENCED) ? RANK_REFERENCED : RANK_INACTIVE;
}

static struct tile tile_of_rank(enum cache_rank rank)
{
	return (struct tile){ .first = ranks[rank].hue,
			      .second = HUE_NONE,
			      .strength = NR_STRENGTH - 1,
			      .sign = ranks[rank].sign };
}

/* The tile of a cell of one page, by the flags of its frame. */
static struct tile tile_of_frame(const struct cache_cell *cell, const struct cache_grid *grid,
				 uint64_t now_ns)
{
	struct tile tile = tile_of_cell(cell, grid->why == WHY_OK, now_ns);
	bool changed = tile.changed;

	if (!cell->counts.cached)
		return tile;
	tile.first = CLASS_UNKNOWN;
	if (grid->frames_why == WHY_OK && cell->frame.pfn)
		tile = tile_of_rank(cache_rank_of(cell->frame.flags));
	tile.changed = changed;
	return tile;
}

static void draw_freshness(const struct cache_screen *cache, struct canvas *canvas, uint64_t now_ns)
{
	const struct cache_view *view = cache->view;
	const struct rect *at = &cache->layout.title;
	char text[48], age[FMT_LEN];
	uint8_t colour = COLOUR_GOOD;
	uint64_t old_ns = view && now_ns > view->taken_mono_ns ? now_ns - view->taken_mono_ns : 0;

	if (!view) {
		snprintf(text, sizeof(text), "reading ");
	} else if (cache->paused) {
		snprintf(text, sizeof(text), "paused ");
		colour = COLOUR_WARN;
	} else if (old_ns > view->period_ns + CACHE_SILENT_NS + 10 * view->cost_ns) {
		snprintf(text, sizeof(text), "no answer for %s ", fmt_duration(age, old_ns));
		colour = COLOUR_BAD;
	} else {
		snprintf(text, sizeof(text), "live %g Hz ",
			 (double)(10000000000 / view->period_ns) / 10);
	}
	canvas_text_right(canvas, at->x, at->y, at->columns, colour, ATTR_BOLD, text);
}

/* The last part of a path, safe. */
static char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return text_safe_str(slash && slash[1] ? slash + 1 : path);
}

static void draw_title(const struct cache_screen *cache, struct canvas *canvas, uint64_t now_ns)
{
	const struct rect *at = &cache->layout.title;
	const struct cache_view *view = cache->view;
	char fitted[256], *name;
	int x = 1;

	canvas_fill(canvas, *at, (struct glyph){ ' ', COLOUR_TEXT, COLOUR_BAR_BG, 0 });
	x += canvas_text(canvas, x, 0, at->columns, COLOUR_TITLE, ATTR_BOLD, "pagewalk") + 2;
	x += canvas_text(canvas, x, 0, at->columns, COLOUR_TEXT, 0, "page cache of ");
	draw_freshness(cache, canvas, now_ns);
	if (!view || !view->path)
		return;
	name = base_name(view->path);
	text_fit(fitted, sizeof(fitted), name, at->columns - x - 40, false);
	x += canvas_text(canvas, x, 0, at->columns - x, COLOUR_TEXT, ATTR_BOLD, fitted) + 2;
	free(name);
	if (view->watched_pid)
		canvas_printf(canvas, x, 0, at->columns - x - 22, COLOUR_TEXT, 0, "of process %d",
			      (int)view->watched_pid);
}

static void draw_list_row(const struct cache_screen *cache, struct canvas *canvas,
			  const struct theme *theme, const struct cache_file_row *row, int y,
			  uint8_t weight)
{
	const struct rect *at = &cache->layout.list;
	int bar = at->columns < 40 ? 4 : 8, x = at->x + 2;
	char size[FMT_LEN], fitted[256], *name = base_name(row->path);

	canvas_text_right(canvas, x, y, 5, COLOUR_TEXT, weight, fmt_bytes(size, row->size_bytes));
	x += 6;
	if (row->why == WHY_OK)
		draw_thin_bar(canvas, x, y, bar, theme,
			      colour_of_class(CLASS_FILE, NR_STRENGTH - 1), row->cached,
			      row->pages);
	else
		canvas_text(canvas, x, y, bar, COLOUR_FAINT, 0, "?");
	x += bar + 1;
	text_fit(fitted, sizeof(fitted), name, at->columns - x, false);
	canvas_text(canvas, x, y, at->columns - x, COLOUR_TEXT, weight, fitted);
	free(name);
}

static void draw_list(const struct cache_screen *cache, struct canvas *canvas,
		      const struct theme *theme)
{
	const struct cache_file_list *files = cache->view->files;
	const struct rect *at = &cache->layout.list;
	bool focused = cache->focus == CACHE_FOCUS_LIST;
	char pointer[5] = { 0 };

	canvas_printf(canvas, at->x + 1, at->y, at->columns - 1, COLOUR_FAINT, ATTR_BOLD,
		      "FILES  %zu open or mapped", files->nr);
	utf8_encode(theme_glyph(theme, GLYPH_POINTER), pointer);
	for (int row = 1; row < at->rows; row++) {
		size_t index = cache->top_row + (size_t)row - 1;
		bool chosen = index < files->nr && files->rows[index].id == cache->chosen_id;
		int y = at->y + row;

		if (index >= files->nr)
			break;
		if (chosen && focused)
			canvas_fill(canvas, (struct rect){ at->x, y, at->columns, 1 },
				    (struct glyph){ ' ', COLOUR_TEXT, COLOUR_SELECT_BG, 0 });
		if (chosen)
			canvas_text(canvas, at->x, y, 1, COLOUR_KEY, ATTR_BOLD, pointer);
		draw_list_row(cache, canvas, theme, &files->rows[index], y, chosen ? ATTR_BOLD : 0);
	}
}

static int draw_amount(struct canvas *canvas, int x, int y, int room, const char *name,
		       uint64_t pages, unsigned shift, bool known)
{
	char amount[FMT_LEN] = "?";

	if (known)
		fmt_bytes(amount, pages << shift);
	return canvas_printf(canvas, x, y, room, COLOUR_TEXT, 0, "%s %-5s ", name, amount);
}

/* Its path, and what of it is cached. */
static void draw_head(const struct cache_screen *cache, struct canvas *canvas)
{
	const struct cache_view *view = cache->view;
	const struct cache_counts *total = &view->info.total;
	const struct rect *at = &cache->layout.head;
	bool known = view->info.why == WHY_OK, states = view->info.why_states == WHY_OK;
	char fitted[512], size[FMT_LEN], percent[FMT_LEN] = "?", *path = text_safe_str(view->path);
	int x = at->x + 1, end = at->x + at->columns, room = at->columns - 2;

	if (view->deleted || view->replaced)
		room -= 32;
	text_fit(fitted, sizeof(fitted), path, room, true);
	x += canvas_text(canvas, x, at->y, room, COLOUR_TEXT, ATTR_BOLD, fitted);
	free(path);
	if (view->deleted)
		canvas_text(canvas, x + 1, at->y, end - x, COLOUR_WARN, 0, "deleted, still open");
	else if (view->replaced)
		canvas_text(canvas, x + 1, at->y, end - x, COLOUR_WARN, 0,
			    "its name is another file now");
	if (known)
		fmt_percent(percent, total->cached, total->pages);
	x = at->x + 1;
	x += canvas_printf(canvas, x, at->y + 1, end - x, COLOUR_TEXT, ATTR_BOLD,
			   "size %-5s %5s cached ", fmt_bytes(size, view->info.size_bytes),
			   percent);
	x += draw_amount(canvas, x, at->y + 1, end - x, "dirty", total->dirty, view->page_shift,
			 states);
	if (at->columns >= 70)
		x += draw_amount(canvas, x, at->y + 1, end - x, "writeback", total->writeback,
				 view->page_shift, states);
	x += draw_amount(canvas, x, at->y + 1, end - x,
			 at->columns >= 70 ? "recently evicted" : "evicted",
			 total->recently_evicted, view->page_shift, states);
	if (at->columns >= 100)
		x += canvas_printf(canvas, x, at->y + 1, end - x, COLOUR_FAINT, 0,
				   "mapped by %zu process%s", view->nr_mappers,
				   view->nr_mappers == 1 ? "" : "es");
	if (at->columns >= 100 && view->nr_mappers_denied)
		canvas_printf(canvas, x, at->y + 1, end - x, COLOUR_WARN, 0, ", %zu not let in",
			      view->nr_mappers_denied);
}

/* The whole file in one line; what the cells below show of it is underlined. */
static void draw_strip(const struct cache_screen *cache, struct canvas *canvas,
		       const struct theme *theme, uint64_t now_ns)
{
	const struct cache_grid *strip = &cache->view->strip;
	const struct rect *at = &cache->layout.strip;
	uint64_t past = cache->start_page + (uint64_t)cache->cell_columns *
						    (uint64_t)cache->cell_rows *
						    cache->pages_per_cell;

	for (size_t i = 0; i < strip->nr_cells && i < (size_t)at->columns; i++) {
		struct tile tile = tile_of_cell(&strip->cells[i], strip->why == WHY_OK, now_ns);
		uint64_t page = i * strip->pages_per_cell;

		draw_tile(canvas, at->x + (int)i, at->y, theme, &tile, &tile);
		if (page + strip->pages_per_cell > cache->start_page && page < past)
			canvas_put(canvas, at->x + (int)i, cache->layout.range.y,
				   (struct glyph){ theme_glyph(theme, GLYPH_HLINE), COLOUR_KEY,
						   COLOUR_DEFAULT, 0 });
	}
}

/* Which part of the file the cells show, and what one stands for; in few words if need be. */
static void draw_range(const struct cache_screen *cache, struct canvas *canvas)
{
	const struct rect *at = &cache->layout.range;
	const struct cache_grid *grid = &cache->view->grid;
	char cell[FMT_LEN], text[128], source[32];
	uint64_t last = grid->nr_pages ? grid->start_page + grid->nr_pages - 1 : 0;
	int room;

	snprintf(source, sizeof(source), " %s ", source_name(cache->view->info.source));
	room = at->columns - 2 - (int)strlen(source);
	canvas_text_right(canvas, at->x, at->y, at->columns - 1, COLOUR_FAINT, 0, source);
	if (!cache_nr_pages(cache))
		return;
	fmt_bytes(cell, cache->pages_per_cell << cache->view->page_shift);
	snprintf(text, sizeof(text),
		 " pages %" PRIu64 "-%" PRIu64 "  1 cell = %" PRIu64 " page%s (%s) ",
		 grid->start_page, last, cache->pages_per_cell,
		 cache->pages_per_cell == 1 ? "" : "s", cell);
	if ((int)strlen(text) > room)
		snprintf(text, sizeof(text), " %" PRIu64 "-%" PRIu64 "  1 cell = %" PRIu64 " (%s) ",
			 grid->start_page, last, cache->pages_per_cell, cell);
	canvas_text(canvas, at->x + 1, at->y, room, COLOUR_FAINT, 0, text);
}

static bool is_marked(const struct cache_screen *cache, uint64_t page)
{
	uint64_t first, nr;

	if (!cache->has_mark)
		return false;
	cache_range(cache, &first, &nr);
	return page >= first && page < first + nr;
}

/* The tile of one place among the cells; false past the end of the file. */
static bool tile_at(const struct cache_screen *cache, int column, int row, uint64_t now_ns,
		    struct tile *tile)
{
	const struct cache_grid *grid = &cache->view->grid;
	uint64_t index = (uint64_t)row * (uint64_t)cache->cell_columns + (uint64_t)column;
	uint64_t page = cache->start_page + index * cache->pages_per_cell;
	const struct cache_cell *cell = cache_grid_cell(grid, page);

	if (page >= cache_nr_pages(cache))
		return false;
	*tile = (struct tile){ .first = CLASS_UNKNOWN, .second = NR_CLASS };
	if (cell && grid->pages_per_cell == cache->pages_per_cell)
		*tile = cache->frames ? tile_of_frame(cell, grid, now_ns)
				      : tile_of_cell(cell, grid->why == WHY_OK, now_ns);
	tile->changed |= is_marked(cache, page);
	tile->cursor = page == cache->cursor_page && cache->focus == CACHE_FOCUS_GRID;
	return true;
}

static void draw_grid(const struct cache_screen *cache, struct canvas *canvas,
		      const struct theme *theme, uint64_t now_ns)
{
	const struct rect *at = &cache->layout.grid;
	int step = cache->cell_rows / at->rows;

	for (int row = 0; row < at->rows; row++) {
		for (int column = 0; column < cache->cell_columns; column++) {
			struct tile upper, lower;
			bool has_lower;

			if (!tile_at(cache, column, row * step, now_ns, &upper))
				return;
			has_lower = step == 2 &&
				    tile_at(cache, column, row * step + 1, now_ns, &lower);
			draw_tile(canvas, at->x + column, at->y + row, theme, &upper,
				  has_lower ? &lower : NULL);
		}
	}
}

/* The price of looking, where there was one. */
static void draw_read_back(const struct cache_screen *cache, struct canvas *canvas)
{
	char text[64], count[FMT_LEN];

	if (!cache->view->nr_read_back)
		return;
	snprintf(text, sizeof(text), " looking read %s back ",
		 fmt_count(count, cache->view->nr_read_back));
	canvas_text_right(canvas, 0, cache->layout.detail_rule_y, canvas_columns(canvas) - 1,
			  COLOUR_WARN, 0, text);
}

/* The same for cells that show flags, with how many pages of the cells are so. */
static void draw_ranks(const struct cache_screen *cache, struct canvas *canvas,
		       const struct theme *theme, int y)
{
	const struct cache_grid *grid = &cache->view->grid;
	int columns = canvas_columns(canvas), x = 1;
	size_t nr[NR_RANK] = { 0 };
	char reason[128];

	if (grid->frames_why != WHY_OK && grid->frames_why != WHY_NOT_ASKED) {
		canvas_printf(canvas, x, y, columns - 2, COLOUR_WARN, 0, " flags ?: %s ",
			      source_refusal(SOURCE_OWN_MAPPING, grid->frames_why, reason,
					     sizeof(reason)));
		return;
	}
	for (size_t i = 0; i < grid->nr_cells; i++)
		if (grid->cells[i].frame.pfn)
			nr[cache_rank_of(grid->cells[i].frame.flags)]++;
	for (int rank = 0; rank < NR_RANK; rank++) {
		struct tile tile = tile_of_rank((enum cache_rank)rank);
		char count[FMT_LEN];

		/* The first four are always there, so that none of them moves. */
		if (rank > RANK_ACTIVE_REFERENCED && !nr[rank])
			continue;
		canvas_text(canvas, x, y, 1, COLOUR_TEXT, 0, " ");
		draw_tile(canvas, x + 1, y, theme, &tile, &tile);
		x += 2 + canvas_printf(canvas, x + 2, y, columns - x - 3, COLOUR_FAINT, 0,
				       " %s %4s ", ranks[rank].name, fmt_count(count, nr[rank]));
	}
}

/* What the colours mean, on the rule below the cells. */
static void draw_legend(const struct cache_screen *cache, struct canvas *canvas,
			const struct theme *theme)
{
	static const enum page_class classes[] = { CLASS_FILE, CLASS_SHMEM, CLASS_DIRTY,
						   CLASS_SWAPPED, CLASS_ABSENT };
	int y = cache->layout.detail_rule_y, columns = canvas_columns(canvas), x = 1;

	draw_hline(canvas, 0, y, columns, theme);
	if (cache->frames) {
		draw_ranks(cache, canvas, theme, y);
		return;
	}
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
		struct tile tile = { .first = classes[i],
				     .second = NR_CLASS,
				     .strength = NR_STRENGTH - 1 };

		canvas_text(canvas, x, y, 1, COLOUR_TEXT, 0, " ");
		draw_tile(canvas, x + 1, y, theme, &tile, &tile);
		x += 2 + canvas_printf(canvas, x + 2, y, columns - x, COLOUR_FAINT, 0, " %s ",
				       cache_class_name(classes[i]));
	}
}

static void draw_no_file(const struct cache_screen *cache, struct canvas *canvas)
{
	const struct cache_view *view = cache->view;
	const struct rect *grid = &cache->layout.grid;
	struct rect at = { grid->x + 3, grid->y, grid->columns - 6, 4 };
	char text[512], *path;
	const char *reason;

	if (!view || (!view->open_error && !view->path && !view->watched_pid)) {
		draw_paragraph(canvas, at, COLOUR_FAINT, 0, "reading...");
		return;
	}
	if (!view->open_error) {
		draw_paragraph(canvas, at, COLOUR_FAINT, 0,
			       !view->files      ? "reading..."
			       : view->files->nr ? "Choose a file."
						 : "This process has no regular file open or "
						   "mapped, or they may not be listed.");
		return;
	}
	reason = view->open_error == -EISDIR ? "is a directory, not a file"
		 : view->open_error == -ENODEV
			 ? "is not a regular file: only those have a page cache of their own"
			 : strerror(-view->open_error);
	path = text_safe_str(view->path ? view->path : "the file");
	snprintf(text, sizeof(text), "%s: %s", path, reason);
	free(path);
	draw_paragraph(canvas, at, COLOUR_WARN, 0, text);
}

/* Why the counts are not known, over the cells. */
static void draw_refusal(const struct cache_screen *cache, struct canvas *canvas)
{
	const struct cache_view *view = cache->view;
	const struct rect *grid = &cache->layout.grid;
	char reason[128];

	draw_paragraph(canvas, (struct rect){ grid->x + 3, grid->y + 1, grid->columns - 6, 3 },
		       COLOUR_WARN, 0,
		       source_refusal(view->info.source, view->info.why, reason, sizeof(reason)));
}

/* The question stands where the keys stand, so that nothing else is offered meanwhile. */
static void draw_question(const struct cache_screen *cache, struct canvas *canvas)
{
	const struct action *question = &cache->question;
	int y = cache->layout.keys.y, columns = canvas_columns(canvas);
	char text[256];

	switch (question->cache_command) {
	case CACHE_CMD_READ_PAGE:
		snprintf(text, sizeof(text),
			 "Read page %" PRIu64 " (pread)? Readahead may add others.", question->arg);
		break;
	case CACHE_CMD_READAHEAD:
		snprintf(text, sizeof(text),
			 "Read ahead %" PRIu64 " page%s from %" PRIu64 " on (readahead)?",
			 question->nr, question->nr == 1 ? "" : "s", question->arg);
		break;
	case CACHE_CMD_EVICT:
		snprintf(text, sizeof(text),
			 "Evict this file (fadvise DONTNEED)? Dirty and mapped pages stay.");
		break;
	default:
		snprintf(text, sizeof(text), "Write dirty pages back (sync_file_range)?");
	}
	canvas_printf(canvas, 0, y, columns, COLOUR_WARN, ATTR_REVERSE | ATTR_BOLD, " %-*s",
		      columns - 1, text);
	canvas_text_right(canvas, 0, y, columns - 1, COLOUR_WARN, ATTR_REVERSE | ATTR_BOLD,
			  "y yes  n no");
}

void cache_draw(struct screen *screen, struct canvas *canvas, const struct theme *theme,
		uint64_t now_ns)
{
	struct cache_screen *cache = (struct cache_screen *)screen;
	struct key_row keys[24];

	if (canvas_columns(canvas) < SCREEN_MIN_COLUMNS || canvas_rows(canvas) < SCREEN_MIN_ROWS) {
		draw_too_small(canvas);
		return;
	}
	cache->layout = layout_cache(canvas_columns(canvas), canvas_rows(canvas),
				     cache_has_list(cache));
	draw_title(cache, canvas, now_ns);
	if (cache->asking)
		draw_question(cache, canvas);
	else
		draw_keys(canvas, cache->layout.keys.y, keys,
			  cache_keys(screen, keys, sizeof(keys) / sizeof(keys[0])));
	if (cache_has_list(cache)) {
		draw_list(cache, canvas, theme);
		draw_vline(canvas, cache->layout.rule_x, 1, cache->layout.list.rows, theme);
	}
	if (!cache->view || !cache->view->path || cache->view->open_error) {
		draw_no_file(cache, canvas);
		return;
	}
	draw_head(cache, canvas);
	draw_strip(cache, canvas, theme, now_ns);
	draw_range(cache, canvas);
	if (cache->cell_rows >= cache->layout.grid.rows)
		draw_grid(cache, canvas, theme, now_ns);
	if (cache->view->info.why != WHY_OK)
		draw_refusal(cache, canvas);
	else if (!cache_nr_pages(cache))
		draw_paragraph(canvas, cache->layout.grid, COLOUR_FAINT, 0,
			       "   The file is empty: it has no pages.");
	draw_legend(cache, canvas, theme);
	draw_read_back(cache, canvas);
	cache_draw_detail(cache, canvas, now_ns);
	cache_draw_events(cache, canvas, theme, now_ns);
	cache_draw_system(cache, canvas, theme);
}

/* A key, and when it does something. */
enum key_need {
	NEED_NOTHING,
	NEED_FILE,
	NEED_LIST,
	NEED_WATCHED, /* the watched process maps the page under the cursor */
};

struct key_entry {
	struct key_row row;
	enum key_need need;
};

static const struct key_entry key_table[] = {
	{ { "?", "help", "explain this screen, its colours and glyphs" }, NEED_NOTHING },
	{ { "Tab", "files", "go between the list of files and the cells" }, NEED_LIST },
	{ { "Arrows", NULL, "choose a file or a cell (h j k l too)" }, NEED_FILE },
	{ { "+ -", "zoom", "halve or double the pages of a cell; the wheel does it too" },
	  NEED_FILE },
	{ { "0", NULL, "zoom out until the whole file is in sight" }, NEED_FILE },
	{ { "f", "flags", "one page a cell, by its frame's flags: active, referenced (root)" },
	  NEED_FILE },
	{ { "o", "map", "the page under the cursor in the map of the process (Enter too)" },
	  NEED_WATCHED },
	{ { "r", "read", "read the page under the cursor, after a question" }, NEED_FILE },
	{ { "a", "ahead", "read ahead the cell, or from the mark to the cursor" }, NEED_FILE },
	{ { "e", "evict", "evict the file's clean pages that nobody maps" }, NEED_FILE },
	{ { "w", "write back", "write the file's dirty pages back" }, NEED_FILE },
	{ { "q", "quit", "leave pagewalk (Ctrl-C too)" }, NEED_NOTHING },
	{ { "Esc", "back", "to the screen before" }, NEED_NOTHING },
	{ { "m", "mark", "mark this cell: a range reaches from here to the cursor" }, NEED_FILE },
	{ { "Space", "pause", "let the picture stand still, or go on" }, NEED_FILE },
	{ { "Home End", NULL, "the first and the last page or file" }, NEED_FILE },
	{ { "PgUp PgDn", NULL, "a page of the list or of the cells" }, NEED_FILE },
	{ { "p", NULL, "choose a process" }, NEED_NOTHING },
	{ { "c", NULL, "the next palette: dark background, projector" }, NEED_NOTHING },
	{ { "d", NULL, "two cells in a character, or one glyph for each cell" }, NEED_NOTHING },
};

size_t cache_keys(const struct screen *screen, struct key_row *rows, size_t room)
{
	const struct cache_screen *cache = (const struct cache_screen *)screen;
	bool watched = cache->view && cache->view->has_page && cache->view->page.watched_addr;
	const bool has[] = {
		[NEED_NOTHING] = true,
		[NEED_FILE] = cache_nr_pages(cache) > 0,
		[NEED_LIST] = cache_has_list(cache),
		[NEED_WATCHED] = watched,
	};
	size_t nr = 0;

	for (size_t i = 0; i < sizeof(key_table) / sizeof(key_table[0]) && nr < room; i++)
		if (has[key_table[i].need])
			rows[nr++] = key_table[i].row;
	return nr;
}
