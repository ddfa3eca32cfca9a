/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Screen 1: what snapshots and keys do to the state of the map. The list is in map_list.c, the
 * cells are in map_move.c.
 */
#include "ui/screen_map.h"

#include "base/xalloc.h"
#include "ui/map_state.h"

#include <stdio.h>
#include <stdlib.h>

static struct map_screen *map_of(struct screen *screen)
{
	return (struct map_screen *)screen;
}

void screen_map_set_snapshot(struct screen *screen, struct snapshot *snapshot)
{
	struct map_screen *map = map_of(screen);

	/* Another program: what was chosen in the one before means nothing now. */
	if (map->snapshot && map->snapshot->execed_mono_ns != snapshot->execed_mono_ns) {
		map->settled = false;
		map->counted_ns = 0;
		map->focus = FOCUS_LIST;
		map->chosen_addr = 0;
		map->hunt.going = false;
		map->frames.has_cursor = false;
		map->peek.open = false;
	}
	map_colour_take(&map->colour, snapshot, map->snapshot);
	/* The new one is referenced before the old is let go: they may be the same. */
	snapshot_ref(snapshot);
	snapshot_unref(map->snapshot);
	map->snapshot = snapshot;
	if (!snapshot->vmas || !vma_list_nr(snapshot->vmas->list)) {
		map->nr_lines = 0;
		map->lines_of = NULL;
		return;
	}
	/* What is empty may have changed though the mappings are the same. */
	if (map->lines_of != snapshot->vmas->list || map->lines_filter != map->filter ||
	    map->filter == VMAS_NON_EMPTY)
		map_make_lines(map);
	if (!map->settled && map->focus == FOCUS_LIST)
		map_choose_line(map, map_most_resident_line(map));
	else
		map->chosen_line = map_line_of_chosen(map);
	if (!map->counted_ns)
		map->counted_ns = snapshot->vmas->counted_mono_ns;
	if (map->counted_ns && snapshot->taken_mono_ns - map->counted_ns >= MAP_SETTLE_NS)
		map->settled = true;
	map_frames_take(map);
	map_find_take(map);
}

void screen_map_set_faults(struct screen *screen, struct fault_view *view)
{
	struct map_heat *heat = &map_of(screen)->heat;
	struct fault_view *before = heat->faults;

	heat->faults = fault_view_ref(view);
	fault_view_unref(before);
}

void screen_map_set_paused(struct screen *screen, bool paused)
{
	map_of(screen)->paused = paused;
}

void screen_map_set_command(struct screen *screen)
{
	map_of(screen)->has_command = true;
}

struct map_request screen_map_wanted(struct screen *screen, const struct theme *theme, int columns,
				     int rows)
{
	struct map_screen *map = map_of(screen);
	struct map_request request = { 0 };
	uint64_t first, nr_pages;

	if (columns < SCREEN_MIN_COLUMNS || rows < SCREEN_MIN_ROWS)
		return request;
	map->layout = map_layout_now(map, columns, rows);
	map->cell_columns = map->layout.grid.columns;
	map->cell_rows = map->layout.grid.rows * (theme->dense ? 2 : 1);
	map_colour_request(&map->colour, &request);
	request.frame_columns = (size_t)(map->layout.frames.columns - LAYOUT_ZONE_COLUMNS);
	request.frame_rows = (size_t)map->layout.frames.rows;
	request.seek = map->hunt.seek;
	map_chosen_pages(map, &first, &nr_pages);
	if (!nr_pages)
		return request;
	map_settle_list(map);
	map_settle_view(map);
	map_request_view(map, &request);
	map_frames_request(map, &request);
	request.has_cursor = true;
	request.peek_serial = map->peek.serial;
	request.cursor_addr = map->cursor_vpn << map->snapshot->geometry.page_shift;
	return request;
}

/* The page cache of the file behind the page under the cursor, at that page. */
static struct action open_file(struct map_screen *map)
{
	const struct vma *vma = map_chosen(map);
	struct action action = { .kind = ACTION_OPEN_FILE };
	unsigned shift;

	if (!vma || !vma_has_file(vma) || !vma->path[0]) {
		snprintf(map->said, sizeof(map->said), "this mapping is not of a file");
		return (struct action){ .kind = ACTION_REDRAW };
	}
	shift = map->snapshot->geometry.page_shift;
	free(map->path);
	map->path = xstrdup(vma->path);
	action.path = map->path;
	action.addr = map->cursor_vpn << shift;
	action.arg = (action.addr - vma->start_addr + vma->off_bytes) >> shift;
	return action;
}

void screen_map_go_to(struct screen *screen, uint64_t addr)
{
	struct map_screen *map = map_of(screen);

	if (map->nr_lines && map_go_to(map, addr, map->said, sizeof(map->said)))
		map->focus = FOCUS_GRID;
}

static struct action handle_event(struct screen *screen, const struct ui_event *event)
{
	struct map_screen *map = map_of(screen);
	struct action action;

	if (map->peek.open && map_peek_key(map, event, &action))
		return action;
	/* What is being typed comes before any key. */
	if (map->nr_lines && map->colour.flags.prompt.open) {
		map_colour_key(&map->colour, map->snapshot, event);
		return (struct action){ .kind = ACTION_REQUEST };
	}
	if (map->nr_lines && map_find_key(map, event))
		return (struct action){ .kind = ACTION_REQUEST };
	if (map_peek_key(map, event, &action))
		return action;
	if (map->nr_lines && (map_handle_move(map, event) || map_handle_view(map, event) ||
			      map_colour_key(&map->colour, map->snapshot, event)))
		return (struct action){ .kind = ACTION_REQUEST };
	switch (event->key) {
	case ' ':
		return (struct action){ .kind = ACTION_PAUSE };
	case 'H':
		map->heat.on = !map->heat.on;
		return (struct action){ .kind = ACTION_HEAT, .arg = map->heat.on };
	case 'o':
		return open_file(map);
	case 'p':
		return (struct action){ .kind = ACTION_PICK };
	case 'O':
		return (struct action){ .kind = ACTION_OUTPUT };
	case 'S':
		return (struct action){ .kind = ACTION_SAVE };
	case 'y':
		return (struct action){ .kind = ACTION_MOUSE };
	case 'c':
		return (struct action){ .kind = ACTION_THEME, .arg = THEME_NEXT_PALETTE };
	case 'd':
		return (struct action){ .kind = ACTION_THEME, .arg = THEME_DENSE };
	case '?':
	case KEY_UI_F1:
		return (struct action){ .kind = ACTION_HELP };
	case KEY_UI_ESCAPE:
		if (map->focus != FOCUS_LIST) {
			map->focus = FOCUS_LIST;
			return (struct action){ .kind = ACTION_REDRAW };
		}
		return (struct action){ .kind = ACTION_BACK };
	case 'q':
		return (struct action){ .kind = ACTION_QUIT };
	default:
		return (struct action){ .kind = ACTION_NONE };
	}
}

bool map_is_turning(const struct map_screen *map, uint64_t now_ns)
{
	const struct snapshot *snapshot = map->snapshot;

	return snapshot && snapshot->execed_mono_ns &&
	       now_ns - snapshot->execed_mono_ns < MAP_TURN_NS;
}

static bool animates(const struct screen *screen, uint64_t now_ns)
{
	const struct map_screen *map = (const struct map_screen *)screen;
	const struct grid *grid = map->snapshot ? map->snapshot->view : NULL;

	if (map_is_turning(map, now_ns) || map_heat_animates(&map->heat, now_ns))
		return true;
	for (size_t i = 0; grid && i < grid->nr_cells; i++)
		if (grid->cells[i].changed_ns && now_ns - grid->cells[i].changed_ns < MAP_CHANGE_NS)
			return true;
	return false;
}

static const struct colour_mode_row *legend(const struct screen *screen)
{
	const struct map_screen *map = (const struct map_screen *)screen;

	return map->colour.mode == MODE_STATE ? NULL : colour_mode_row(map->colour.mode);
}

static bool is_typing(const struct screen *screen)
{
	const struct map_screen *map = (const struct map_screen *)screen;

	return map->prompt.open || map->colour.flags.prompt.open;
}

static void free_map(struct screen *screen)
{
	struct map_screen *map = map_of(screen);

	snapshot_unref(map->snapshot);
	map_frames_free(&map->frames);
	map_heat_free(&map->heat);
	fold_unref(map->fold);
	free(map->lines);
	free(map->vma_lines);
	free(map->path);
	free(map);
}

static const struct screen_ops map_ops = {
	.number = 1,
	.name = "map",
	.about = "The address space of a process and where its pages lie. Left: its mappings "
		 "(VMAs), each with the share of it that is in memory, and the gaps between "
		 "them. Right: the pages of the chosen mapping as cells; a cell stands for the "
		 "number of pages that the heading names and counts every one of them: its "
		 "strength says how many are present, its hue what they are. Below: physical "
		 "memory by zone, lit where frames of this process lie. At the bottom: the page "
		 "under the cursor, from its address through the page table to its frame. "
		 "Looking never faults a page in.",
	.draw = map_draw,
	.event = handle_event,
	.keys = map_keys,
	.legend = legend,
	.animates = animates,
	.is_typing = is_typing,
	.free = free_map,
};

struct screen *screen_map_new(void)
{
	struct map_screen *map = xcalloc(1, sizeof(*map));

	map->base.ops = &map_ops;
	map->fit = true;
	map_colour_init(&map->colour);
	return &map->base;
}
