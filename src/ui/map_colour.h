/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_UI_MAP_COLOUR_H
#define PAGEWALK_UI_MAP_COLOUR_H

#include "model/history.h"
#include "model/snapshot.h"
#include "ui/canvas.h"
#include "ui/draw.h"
#include "ui/map_flags.h"
#include "ui/term.h"
#include "ui/theme.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct map_screen;

/* What is said in the line above the legend until the next key of this part. */
enum map_notice {
	NOTICE_NONE,
	NOTICE_NO_MARK,
	NOTICE_MARKED,
	NOTICE_LOST,
};

/* What the colours of screen 1 mean, the mark and the timeline. */
struct map_colour {
	enum colour_mode mode;
	enum colour_mode before; /* the mode that X leads back to */
	unsigned flag;           /* MODE_FLAG: enum frame_flag */
	struct map_flags flags;  /* its list */
	unsigned mark_serial;    /* how often a moment was marked */
	enum map_notice notice;
	bool timeline;
	struct history history;
};

void map_colour_init(struct map_colour *colour);
/* Notes a newer snapshot; `before` is the one it follows, or NULL. */
void map_colour_take(struct map_colour *colour, const struct snapshot *snapshot,
		     const struct snapshot *before);
/* Adds to what the screen wants. */
void map_colour_request(const struct map_colour *colour, struct map_request *request);
/* Keys of modes, mark and timeline; false: another key. */
bool map_colour_key(struct map_colour *colour, const struct snapshot *snapshot,
		    const struct ui_event *event);

/* What a cell of the view is drawn as in a mode other than MODE_STATE. */
struct tile map_paint_tile(const struct paint *paint, size_t index, uint64_t now_ns);
/* Where the parts lie on a canvas, the legend and the timeline included. */
struct map_layout map_layout_now(const struct map_screen *map, int columns, int rows);
/* The legend, in map_legend.c. */
void map_draw_legend(const struct map_screen *map, struct canvas *canvas, const struct theme *theme,
		     uint64_t now_ns);
/* Why the mode can tell nothing at all, over the cells; false: it can. */
bool map_draw_refusal(const struct map_screen *map, struct canvas *canvas);
/* "40 mapped once, 24 no frame" about a cell; returns the columns drawn. */
int map_draw_buckets(const struct paint *paint, struct canvas *canvas, int x, int y, int columns,
		     size_t index, uint64_t now_ns);
/* What became of a mapping since the mark, in `columns` columns of its line of the list. */
void map_draw_vma_changes(const struct vma_changes *comparison, struct canvas *canvas, int x, int y,
			  int columns, size_t index);
/* Changes as text: "+12 -3 moved 4 dirtied 9"; "" for none. Fills and returns `out`. */
char *map_changes_text(const struct page_changes *changes, char *out, size_t room);
/* In map_timeline.c. */
void map_draw_timeline(const struct map_screen *map, struct canvas *canvas,
		       const struct theme *theme);

#endif
