/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_UI_CACHE_STATE_H
#define PAGEWALK_UI_CACHE_STATE_H

#include "model/cache_view.h"
#include "ui/screen.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The inside of screen 4, shared by its keys (screen_cache.c) and its drawing (cache_draw.c). */

/* Where its parts lie; follows from the size and from whether there is a list. */
struct cache_layout {
	bool has_list;
	struct rect title, list, head, strip, range, grid, detail, events, system, keys;
	int rule_x, detail_rule_y, events_rule_y, system_rule_y;
};

enum cache_focus {
	CACHE_FOCUS_GRID,
	CACHE_FOCUS_LIST,
};

struct cache_screen {
	struct screen base;
	struct cache_view *view; /* NULL before the first */
	bool paused;
	enum cache_focus focus;
	size_t chosen_row, top_row; /* of the list */
	uint64_t chosen_id;
	unsigned generation; /* of the file that the cursor is in */

	struct cache_layout layout;
	int cell_columns, cell_rows;
	uint64_t pages_per_cell;
	bool fit, frames; /* frames: cells of one page, coloured by what kpageflags says */
	uint64_t start_page, cursor_page;
	bool has_mark;
	uint64_t mark_page;

	bool asking; /* a question stands in the bottom line */
	struct action question;
};

struct cache_layout layout_cache(int columns, int rows, bool has_list);
/* Pages of the file; 0 where there is none. */
uint64_t cache_nr_pages(const struct cache_screen *cache);
/* How the kernel ranks a page for eviction, as cells show it. */
enum cache_rank {
	RANK_INACTIVE,
	RANK_REFERENCED,
	RANK_ACTIVE,
	RANK_ACTIVE_REFERENCED,
	RANK_UNEVICTABLE,
	RANK_NO_LRU,
	NR_RANK,
};

enum cache_rank cache_rank_of(uint64_t flags);
/* The range that readahead would be asked for. */
void cache_range(const struct cache_screen *cache, uint64_t *first, uint64_t *nr);
bool cache_has_list(const struct cache_screen *cache);

void cache_draw(struct screen *screen, struct canvas *canvas, const struct theme *theme,
		uint64_t now_ns);
/* The parts below the grid, in cache_detail.c. */
void cache_draw_detail(const struct cache_screen *cache, struct canvas *canvas, uint64_t now_ns);
void cache_draw_events(const struct cache_screen *cache, struct canvas *canvas,
		       const struct theme *theme, uint64_t now_ns);
void cache_draw_system(const struct cache_screen *cache, struct canvas *canvas,
		       const struct theme *theme);
/* Fills rows[] with the keys that apply now; returns how many. */
size_t cache_keys(const struct screen *screen, struct key_row *rows, size_t room);

/* How long the mark of a change stays. */
#define CACHE_CHANGE_NS UINT64_C(1200000000)
/* Without news for so long beyond its period the file system is said to hold the worker. */
#define CACHE_SILENT_NS UINT64_C(2000000000)

#endif
