/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Physical memory in screen 1: all zones at a scale that fits, or a part of one zone closer,
 * down to one frame a cell; and the way back from a frame to the pages that lie in it. The
 * sampler counts only what is shown; until a new part is counted, the one before stands in.
 */
#include "ui/map_state.h"

#include "base/fmt.h"
#include "base/text.h"
#include "ui/draw.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

void map_frames_free(struct map_frames *frames)
{
	frame_map_unref(frames->all);
	frame_map_unref(frames->geometry);
}

static size_t panel_columns(const struct map_screen *map)
{
	return (size_t)(map->layout.frames.columns - LAYOUT_ZONE_COLUMNS);
}

/* The zone of a frame, or NULL. */
static const struct zone *zone_of(const struct map_frames *frames, uint64_t pfn)
{
	for (size_t z = 0; frames->all && z < frames->all->nr_zones; z++)
		if (pfn - frames->all->zones[z].start_pfn < frames->all->zones[z].spanned)
			return &frames->all->zones[z];
	return NULL;
}

/* The first cell with a page of the process, or the first of all. */
static uint64_t first_hit(const struct frame_map *all)
{
	uint64_t pfn = 0, nr_frames;

	for (size_t i = 0; i < all->nr_cells; i++)
		if (all->hits[i] && frame_map_cell_frames(all, i, &pfn, &nr_frames))
			return pfn;
	return all->zones[0].start_pfn;
}

/* The cursor begins where the page under the other cursor lies, as soon as that is known. */
static void place_cursor(struct map_screen *map)
{
	struct map_frames *frames = &map->frames;
	const struct snapshot *snapshot = map->snapshot;
	const struct page_detail *detail = &snapshot->detail;

	if (frames->has_cursor && zone_of(frames, frames->cursor_pfn))
		return;
	if (!frames->cursor_pfn || !zone_of(frames, frames->cursor_pfn))
		frames->cursor_pfn = first_hit(frames->all);
	if (!snapshot->has_detail ||
	    detail->addr >> snapshot->geometry.page_shift != map->cursor_vpn)
		return;
	if (detail->pfn_why == WHY_OK && zone_of(frames, detail->pfn))
		frames->cursor_pfn = detail->pfn;
	frames->has_cursor = true;
}

/* The part that is shown: whole rows of cells of the cursor's zone, around the cursor. */
static void settle_part(struct map_screen *map, const struct zone *zone)
{
	struct map_frames *frames = &map->frames;
	uint64_t row = panel_columns(map) * frames->frames_per_cell;
	uint64_t rows = (uint64_t)map->layout.frames.rows, at, top, all;

	at = (frames->cursor_pfn - zone->start_pfn) / row;
	all = (zone->spanned + row - 1) / row;
	top = frames->nr_shown && frames->shown_pfn >= zone->start_pfn
		      ? (frames->shown_pfn - zone->start_pfn) / row
		      : (at > rows / 2 ? at - rows / 2 : 0);
	if (at < top)
		top = at;
	if (at >= top + rows)
		top = at - rows + 1;
	if (top + rows > all)
		top = all > rows ? all - rows : 0;
	frames->shown_pfn = zone->start_pfn + top * row;
	frames->nr_shown = rows * row;
	if (frames->nr_shown > zone->spanned - top * row)
		frames->nr_shown = zone->spanned - top * row;
}

static void make_geometry(struct map_screen *map)
{
	struct map_frames *frames = &map->frames;
	const struct zone *zone = zone_of(frames, frames->cursor_pfn);

	frame_map_unref(frames->geometry);
	if (!frames->frames_per_cell || !zone) {
		frames->nr_shown = 0;
		frames->frames_per_cell = 0;
	} else {
		settle_part(map, zone);
	}
	frames->geometry = frame_map_of_part(frames->all->zones, frames->all->nr_zones,
					     panel_columns(map), (size_t)map->layout.frames.rows,
					     frames->shown_pfn, frames->nr_shown,
					     frames->frames_per_cell);
}

void map_frames_take(struct map_screen *map)
{
	struct frame_map *now = map->snapshot->frames;

	if (!now || now->is_part)
		return;
	frame_map_unref(map->frames.all);
	map->frames.all = frame_map_ref(now);
}

/* The cell of the cursor: its first frame and how many it has. */
static bool cursor_cell(const struct map_frames *frames, uint64_t *first_pfn, uint64_t *nr_frames)
{
	const struct frame_map *geometry = frames->geometry;
	size_t cell = geometry ? frame_map_cell(geometry, frames->cursor_pfn) : SIZE_MAX;

	if (cell == SIZE_MAX)
		return false;
	return frame_map_cell_frames(geometry, cell, first_pfn, nr_frames);
}

void map_frames_request(struct map_screen *map, struct map_request *request)
{
	struct map_frames *frames = &map->frames;

	request->frame_columns = panel_columns(map);
	request->frame_rows = (size_t)map->layout.frames.rows;
	request->neighbours = map->focus == FOCUS_GRID;
	if (!frames->all)
		return;
	if (map->focus == FOCUS_FRAMES)
		place_cursor(map);
	make_geometry(map);
	request->shown_pfn = frames->nr_shown ? frames->shown_pfn : 0;
	request->nr_shown = frames->nr_shown;
	request->frames_per_cell = frames->frames_per_cell;
	if (map->focus == FOCUS_FRAMES)
		cursor_cell(frames, &request->asked_pfn, &request->nr_asked);
}

void map_frames_zoom(struct map_screen *map, bool in)
{
	struct map_frames *frames = &map->frames;
	const struct zone *zone = zone_of(frames, frames->cursor_pfn);
	uint64_t now = frames->frames_per_cell, zone_fit;

	if (!zone || (!now && !in))
		return;
	zone_fit = frame_map_fit(zone, 1, panel_columns(map), (size_t)map->layout.frames.rows);
	if (!now && zone_fit >= frames->all->frames_per_cell)
		zone_fit = frames->all->frames_per_cell / 2;
	if (!now)
		now = zone_fit;
	else if (in)
		now = now > 1 ? now / 2 : 1;
	else
		now = now >= zone_fit ? 0 : now * 2;
	frames->frames_per_cell = now;
	frames->nr_shown = 0;
}

static void set_cursor(struct map_frames *frames, uint64_t pfn)
{
	frames->cursor_pfn = pfn;
	frames->has_cursor = true;
	frames->next = 0;
}

/* By cells within the cursor's zone; up and down lead on into the zone before and after. */
static void move(struct map_screen *map, int64_t cells)
{
	struct map_frames *frames = &map->frames;
	const struct zone *zone = zone_of(frames, frames->cursor_pfn), *to;
	uint64_t step, offset;

	if (!zone || !frames->geometry)
		return;
	step = frames->geometry->frames_per_cell;
	offset = (frames->cursor_pfn - zone->start_pfn) / step * step;
	to = zone;
	if (cells < 0 && (uint64_t)-cells * step > offset) {
		to = zone > frames->all->zones ? zone - 1 : zone;
		offset = to == zone ? 0 : (to->spanned - 1) / step * step;
	} else if (cells > 0 && offset + (uint64_t)cells * step >= zone->spanned) {
		to = zone + 1 < frames->all->zones + frames->all->nr_zones ? zone + 1 : zone;
		offset = to == zone ? (zone->spanned - 1) / step * step : 0;
	} else {
		offset += (uint64_t)cells * step;
	}
	if (to != zone)
		frames->nr_shown = 0;
	set_cursor(frames, to->start_pfn + offset);
}

/* To the next page that lies in the cell. */
static void go_to_next_page(struct map_screen *map)
{
	const struct frame_pages *pages = map_lit_pages(map);
	struct map_frames *frames = &map->frames;
	char error[80];
	uint64_t vpn, pfn;

	if (!pages || !pages->nr_pages_kept)
		return;
	if (frames->next >= pages->nr_pages_kept)
		frames->next = 0;
	if (!frame_pages_at(pages, frames->next, &vpn, &pfn))
		return;
	frames->next++;
	map_go_to(map, vpn << map->snapshot->geometry.page_shift, error, sizeof(error));
}

bool map_frames_key(struct map_screen *map, const struct ui_event *event)
{
	struct map_frames *frames = &map->frames;
	int64_t columns = (int64_t)panel_columns(map);

	switch (event->key) {
	case KEY_UI_UP:
	case 'k':
		move(map, -columns);
		return true;
	case KEY_UI_DOWN:
	case 'j':
		move(map, columns);
		return true;
	case KEY_UI_LEFT:
	case 'h':
		move(map, -1);
		return true;
	case KEY_UI_RIGHT:
	case 'l':
		move(map, 1);
		return true;
	case KEY_UI_PAGE_UP:
	case KEY_UI_PAGE_DOWN:
		move(map,
		     (event->key == KEY_UI_PAGE_UP ? -columns : columns) * map->layout.frames.rows);
		return true;
	case '+':
	case '=':
	case '-':
		map_frames_zoom(map, event->key != '-');
		frames->next = 0;
		return true;
	case '0':
	case 'f':
		frames->frames_per_cell = 0;
		frames->next = 0;
		return true;
	case KEY_UI_ENTER:
		go_to_next_page(map);
		return true;
	default:
		return false;
	}
}

/* Where a zone's cells begin; false where there is no room for it. */
static bool zone_row(const struct map_screen *map, const struct frame_map *geometry, size_t zone,
		     int *row, int *rows)
{
	size_t columns = panel_columns(map);

	*row = 0;
	for (size_t z = 0; z <= zone; z++) {
		*rows = (int)((frame_map_zone_cells(geometry, z) + columns - 1) / columns);
		if (z < zone)
			*row += *rows;
	}
	return *row + *rows <= map->layout.frames.rows;
}

bool map_frames_click(struct map_screen *map, int x, int y)
{
	const struct frame_map *geometry = map->frames.geometry;
	const struct rect *at = &map->layout.frames;
	int column = x - at->x - LAYOUT_ZONE_COLUMNS, row, rows;

	for (size_t z = 0; geometry && column >= 0 && z < geometry->nr_zones; z++) {
		size_t cell;
		uint64_t pfn, nr;

		if (!zone_row(map, geometry, z, &row, &rows) || y - at->y < row ||
		    y - at->y >= row + rows)
			continue;
		cell = (size_t)(y - at->y - row) * panel_columns(map) + (size_t)column;
		if (cell >= frame_map_zone_cells(geometry, z))
			return false;
		frame_map_cell_frames(geometry, geometry->first_cell[z] + cell, &pfn, &nr);
		set_cursor(&map->frames, pfn);
		return true;
	}
	return false;
}

const struct frame_pages *map_lit_pages(const struct map_screen *map)
{
	const struct frame_pages *pages = map->snapshot ? map->snapshot->frame_pages : NULL;
	uint64_t first_pfn, nr_frames;

	if (map->focus != FOCUS_FRAMES || !pages ||
	    !cursor_cell(&map->frames, &first_pfn, &nr_frames) || pages->first_pfn != first_pfn ||
	    pages->nr_frames != nr_frames)
		return NULL;
	return pages;
}

/* ---- drawn ---- */

/* How full of this process a cell of physical memory is, as one of four shades. */
static struct glyph frame_glyph(const struct frame_map *counted, const struct theme *theme,
				uint64_t pfn, bool lit)
{
	struct glyph glyph = { .ch = ' ', .fg = COLOUR_GOOD };
	size_t cell = frame_map_cell(counted, pfn);
	uint64_t hits = cell == SIZE_MAX ? 0 : counted->hits[cell];
	unsigned shade = 0;

	if (cell != SIZE_MAX && !hits) {
		glyph.ch = theme_glyph(theme, GLYPH_CLASS_FULL + CLASS_ABSENT);
		glyph.fg = COLOUR_FAINT;
	} else if (hits) {
		while (shade < 3 && hits * 4 > counted->frames_per_cell * (shade + 1))
			shade++;
		glyph.ch = theme_glyph(theme, GLYPH_SHADE_1 + shade);
	}
	if (lit) {
		glyph.fg = COLOUR_CURSOR;
		glyph.attrs = ATTR_REVERSE | ATTR_BOLD;
	}
	return glyph;
}

/* One zone, on as many rows as it needs. */
static void draw_zone(const struct map_screen *map, struct canvas *canvas,
		      const struct theme *theme, const struct frame_map *geometry, size_t zone,
		      size_t lit_cell)
{
	const struct rect *at = &map->layout.frames;
	size_t nr = frame_map_zone_cells(geometry, zone), columns = panel_columns(map);
	int row, rows;

	if (!zone_row(map, geometry, zone, &row, &rows))
		return;
	canvas_printf(canvas, at->x + 1, at->y + row, LAYOUT_ZONE_COLUMNS - 2, COLOUR_TEXT, 0,
		      "%u %s", geometry->zones[zone].node, geometry->zones[zone].name);
	for (size_t i = 0; i < nr; i++) {
		size_t cell = geometry->first_cell[zone] + i;
		uint64_t pfn, nr_frames;

		frame_map_cell_frames(geometry, cell, &pfn, &nr_frames);
		canvas_put(canvas, at->x + LAYOUT_ZONE_COLUMNS + (int)(i % columns),
			   at->y + row + (int)(i / columns),
			   frame_glyph(map->snapshot->frames, theme, pfn, cell == lit_cell));
	}
}

/*
 * "3 anon* [file] 2 free": runs of equal use in order, at most `around` frames from the one that
 * is marked; * where they are pages of this process.
 */
static void uses_text(const struct frame_pages *pages, uint64_t mark_pfn, uint64_t around,
		      char *out, size_t room)
{
	uint64_t mark = mark_pfn - pages->first_pfn, past = pages->nr_frames, i = 0;
	size_t at = 0;

	if (mark < past) {
		i = mark > around ? mark - around : 0;
		past = mark + around + 1 < past ? mark + around + 1 : past;
	}
	out[0] = '\0';
	while (i < past && at + 24 < room) {
		uint64_t pfn = pages->first_pfn + i, end = i + 1;
		bool ours = frame_pages_hold(pages, pfn), marked = pfn == mark_pfn;

		while (!marked && end < past && pages->uses[end] == pages->uses[i] &&
		       frame_pages_hold(pages, pages->first_pfn + end) == ours &&
		       pages->first_pfn + end != mark_pfn)
			end++;
		if (marked)
			at += (size_t)snprintf(out + at, room - at, "%s[%s%s]", at ? " " : "",
					       frame_use_name(pages->uses[i]), ours ? "*" : "");
		else
			at += (size_t)snprintf(out + at, room - at, "%s%" PRIu64 " %s%s",
					       at ? " " : "", end - i,
					       frame_use_name(pages->uses[i]), ours ? "*" : "");
		i = end;
	}
}

/* What lies around the frame of the page under the cursor; false: nothing to be told. */
static bool draw_neighbours(const struct map_screen *map, struct canvas *canvas, int x, int columns)
{
	const struct snapshot *snapshot = map->snapshot;
	const struct frame_pages *pages = snapshot->frame_pages;
	const struct rect *head = &map->layout.frames_head;
	uint64_t around = FRAME_USES_MAX; /* fewer, where there is no room for all */
	char text[256];

	if (map->focus != FOCUS_GRID || !pages || pages->uses_why != WHY_OK ||
	    !snapshot->has_detail || snapshot->detail.pfn_why != WHY_OK ||
	    snapshot->detail.pfn - pages->first_pfn >= pages->nr_frames)
		return false;
	do
		uses_text(pages, snapshot->detail.pfn, around, text, sizeof(text));
	while (text_width(text) > columns && --around);
	x += canvas_text(canvas, x, head->y, columns, COLOUR_TEXT, 0, text);
	if (columns > 66)
		canvas_text(canvas, x + 2, head->y, columns - text_width(text) - 2, COLOUR_FAINT, 0,
			    "(* a page of this process)");
	return true;
}

static void draw_head(const struct map_screen *map, struct canvas *canvas)
{
	const struct rect *head = &map->layout.frames_head;
	const struct frame_map *geometry = map->frames.geometry ? map->frames.geometry
								: map->snapshot->frames;
	bool focused = map->focus == FOCUS_FRAMES, wide = head->columns > 60;
	int x = head->x + 1;
	char size[FMT_LEN];

	x += canvas_text(canvas, x, head->y, head->columns - 1, focused ? COLOUR_KEY : COLOUR_FAINT,
			 ATTR_BOLD, "PHYSICAL FRAMES") +
	     2;
	if (!geometry)
		return;
	fmt_bytes_long(size, geometry->frames_per_cell << map->snapshot->geometry.page_shift);
	if (wide)
		x += canvas_printf(canvas, x, head->y, 30, COLOUR_FAINT, 0, "1 cell = %s", size) +
		     2;
	if (draw_neighbours(map, canvas, x, head->x + head->columns - x))
		return;
	if (!wide)
		x += canvas_printf(canvas, x, head->y, 30, COLOUR_FAINT, 0, "1 cell = %s", size) +
		     2;
	if (map->frames.nr_shown)
		canvas_printf(canvas, x, head->y, head->x + head->columns - x, COLOUR_FAINT, 0,
			      wide ? "frames %" PRIx64 "-%" PRIx64 " of the zone" : "%" PRIx64,
			      map->frames.shown_pfn,
			      map->frames.shown_pfn + map->frames.nr_shown - 1);
}

void map_draw_frames(const struct map_screen *map, struct canvas *canvas, const struct theme *theme)
{
	const struct snapshot *snapshot = map->snapshot;
	const struct rect *at = &map->layout.frames;
	const struct frame_map *geometry = map->frames.geometry ? map->frames.geometry
								: snapshot->frames;
	size_t lit_cell = SIZE_MAX;
	char reason[128];

	draw_head(map, canvas);
	if (!snapshot->frames) {
		if (snapshot->frames_why != WHY_NOT_ASKED)
			draw_paragraph(canvas,
				       (struct rect){ at->x + 1, at->y, at->columns - 2, at->rows },
				       COLOUR_WARN, 0,
				       source_refusal(SOURCE_FRAMES, snapshot->frames_why, reason,
						      sizeof(reason)));
		return;
	}
	if (map->focus == FOCUS_FRAMES)
		lit_cell = frame_map_cell(geometry, map->frames.cursor_pfn);
	else if (snapshot->has_detail && snapshot->detail.pfn_why == WHY_OK)
		lit_cell = frame_map_cell(geometry, snapshot->detail.pfn);
	for (size_t zone = 0; zone < geometry->nr_zones; zone++)
		draw_zone(map, canvas, theme, geometry, zone, lit_cell);
}

/* One page of the list: its address, the VMA it belongs to, its frame. */
static void draw_page(const struct map_screen *map, struct canvas *canvas, int x, int y, uint64_t i)
{
	const struct snapshot *snapshot = map->snapshot;
	uint64_t vpn = 0, pfn = 0, addr;
	char text[FMT_LEN], fitted[32];
	const struct vma *vma;
	char *name;

	if (!frame_pages_at(snapshot->frame_pages, i, &vpn, &pfn))
		return;
	addr = vpn << snapshot->geometry.page_shift;
	vma = vma_list_find(snapshot->vmas->list, addr);
	name = vma ? vma_short_name(vma) : text_safe_str("unmapped");
	text_fit(fitted, sizeof(fitted), name, 12, false);
	free(name);
	canvas_printf(canvas, x, y, 38, i + 1 == map->frames.next ? COLOUR_KEY : COLOUR_TEXT,
		      i + 1 == map->frames.next ? ATTR_BOLD : 0, "%s %-12s -> %" PRIx64,
		      fmt_addr(text, addr), fitted, pfn);
}

static void draw_pages(const struct map_screen *map, struct canvas *canvas,
		       const struct frame_pages *pages)
{
	const struct rect *at = &map->layout.detail;
	int columns = canvas_columns(canvas) / 40, room = columns * (at->rows - 1);
	uint64_t first = 0;

	/* The page that Enter went to last is always among those that are drawn. */
	if (map->frames.next > (uint64_t)room)
		first = map->frames.next - (uint64_t)room;
	for (int i = 0; i < room && first + (uint64_t)i < pages->nr_pages_kept; i++)
		draw_page(map, canvas, 1 + i % columns * 40, at->y + 1 + i / columns,
			  first + (uint64_t)i);
}

/* "frames 13d000-13dfff: 37 pages of this process" */
static int draw_cell_head(const struct map_screen *map, struct canvas *canvas, uint64_t first_pfn,
			  uint64_t nr_frames, const struct frame_pages *pages)
{
	int columns = canvas_columns(canvas) - 1, x = 1, y = map->layout.detail.y;
	char text[256];

	x += canvas_printf(canvas, x, y, columns - x, COLOUR_KEY, ATTR_BOLD,
			   nr_frames == 1 ? "frame %" PRIx64 : "frames %" PRIx64 "-%" PRIx64,
			   first_pfn, first_pfn + nr_frames - 1);
	if (!pages) {
		canvas_text(canvas, x, y, columns - x, COLOUR_FAINT, 0,
			    ": looking for its pages...");
		return x;
	}
	if (pages->why != WHY_OK)
		return x;
	x += canvas_printf(canvas, x, y, columns - x, COLOUR_TEXT, 0,
			   pages->nr_pages ? ": %" PRIu64 " page%s of this process"
					   : ": none of this process's pages",
			   pages->nr_pages, pages->nr_pages == 1 ? "" : "s");
	if (pages->nr_pages_kept < pages->nr_pages)
		x += canvas_printf(canvas, x, y, columns - x, COLOUR_WARN, 0,
				   ", the first %" PRIu64 " are told", pages->nr_pages_kept);
	if (pages->uses_why == WHY_OK) {
		uses_text(pages, UINT64_MAX, 0, text, sizeof(text));
		x += canvas_printf(canvas, x, y, columns - x, COLOUR_FAINT, 0, "; %s", text);
	}
	return x;
}

void map_draw_frame_detail(const struct map_screen *map, struct canvas *canvas)
{
	const struct frame_pages *pages = map_lit_pages(map);
	const struct rect *at = &map->layout.detail;
	uint64_t first_pfn, nr_frames;
	char reason[128];

	if (!cursor_cell(&map->frames, &first_pfn, &nr_frames)) {
		canvas_text(canvas, 1, at->y, at->columns - 2, COLOUR_WARN, 0,
			    map->snapshot->frames_why == WHY_NOT_ASKED
				    ? "reading..."
				    : source_refusal(SOURCE_FRAMES, map->snapshot->frames_why,
						     reason, sizeof(reason)));
		return;
	}
	draw_cell_head(map, canvas, first_pfn, nr_frames, pages);
	if (!pages)
		return;
	if (pages->why != WHY_OK)
		canvas_text(canvas, 1, at->y + 1, at->columns - 2, COLOUR_WARN, 0,
			    source_refusal(SOURCE_FRAMES, pages->why, reason, sizeof(reason)));
	else
		draw_pages(map, canvas, pages);
}
