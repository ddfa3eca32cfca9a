/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finding in screen 1: an address, a VMA by name, the next page that is there, VMAs of one kind.
 * What the screen holds is looked through first; what it does not hold (cells out of sight) is
 * a search that the sampler answers, VMA by VMA, with the next snapshot.
 */
#include "ui/map_state.h"

#include "base/fmt.h"
#include "base/text.h"
#include "ui/draw.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void say(struct map_screen *map, const char *text)
{
	snprintf(map->said, sizeof(map->said), "%s", text);
}

/* ---- an address ---- */

bool map_go_to(struct map_screen *map, uint64_t addr, char *error, size_t room)
{
	const struct snapshot *snapshot = map->snapshot;
	uint64_t vpn;

	if (!snapshot || !snapshot->vmas)
		return false;
	vpn = addr >> snapshot->geometry.page_shift;
	if (map_line_at(map, vpn) == SIZE_MAX) {
		if (!vma_list_find(snapshot->vmas->list, addr)) {
			snprintf(error, room, "no mapping holds %" PRIx64, addr);
			return false;
		}
		/* A filter hides it: what was asked for by address is to be seen. */
		map->filter = VMAS_ALL;
		map_make_lines(map);
	}
	return map_choose_page(map, vpn);
}

static void answer_addr(struct map_screen *map, const char *text)
{
	char error[80] = "";
	uint64_t addr;
	int ret = parse_addr(text, &addr);

	if (ret)
		snprintf(error, sizeof(error), "%s",
			 !text[0] ? "an address in hexadecimal, please"
				  : "not a hexadecimal address");
	if (!error[0] && map_go_to(map, addr, error, sizeof(error))) {
		map->focus = FOCUS_GRID;
		prompt_end(&map->prompt);
		return;
	}
	prompt_refuse(&map->prompt, error);
}

/* ---- a name ---- */

static bool name_matches(const struct vma *vma, const char *name)
{
	char *shown = vma_short_name(vma);
	bool matches = strcasestr(vma->path, name) || strcasestr(shown, name);

	free(shown);
	return matches;
}

/* The next VMA of the name in a direction, round the end; false where there is none. */
static bool find_name(struct map_screen *map, bool back)
{
	const struct vma_list *list = map->snapshot->vmas->list;
	size_t nr = map->nr_vma_lines, at = map->lines[map->chosen_line].row;

	for (size_t i = 1; i <= nr; i++) {
		size_t row = back ? (at + nr - i % nr) % nr : (at + i) % nr;
		size_t line = map->vma_lines[row];

		if (!name_matches(vma_list_at(list, map->lines[line].vma), map->name))
			continue;
		map->settled = true;
		map_choose_line(map, line);
		if (back ? row >= at : row <= at)
			say(map, i == nr ? "the only one of that name"
				 : back  ? "from the end again"
					 : "from the start again");
		return true;
	}
	return false;
}

static void answer_name(struct map_screen *map, const char *text)
{
	if (text[0])
		snprintf(map->name, sizeof(map->name), "%s", text);
	if (!map->name[0])
		prompt_refuse(&map->prompt, "a part of a mapping's name, please");
	else if (find_name(map, false))
		prompt_end(&map->prompt);
	else
		prompt_refuse(&map->prompt, "no mapping of that name");
}

/* ---- the next page that is there ---- */

static bool cell_is_empty(const struct grid_cell *cell)
{
	for (int class = 0; class < NR_CLASS; class ++)
		if (class != CLASS_ABSENT && class != CLASS_UNKNOWN && cell->nr[class])
			return false;
	return true;
}

/* The next cell with something in it among those that are in sight. */
static bool hunt_in_sight(struct map_screen *map)
{
	const struct grid *grid = map->snapshot->view;
	int64_t step = map->hunt.back ? -1 : 1, i;
	struct map_cell cell;

	if (map->view == VIEW_ROWS || !map_find_cell(map, map->cursor_vpn, &cell) ||
	    !grid_same_range(grid, cell.grid) || grid->pages_per_cell != map->pages_per_cell)
		return false;
	for (i = (int64_t)cell.index + step; i >= 0 && i < (int64_t)grid->nr_cells; i += step) {
		uint64_t place = (uint64_t)i * grid->pages_per_cell, vpn;

		if (cell_is_empty(&grid->cells[i]))
			continue;
		vpn = grid->fold ? fold_vpn(grid->fold, grid->start_index + place)
				 : grid->start_vpn + place;
		return map_choose_page(map, vpn);
	}
	return false;
}

static bool line_is_empty(const struct map_screen *map, size_t line)
{
	const struct vma_table *table = map->snapshot->vmas;
	size_t vma = map->lines[line].vma;

	return !vma_filter_match(VMAS_NON_EMPTY, vma_list_at(table->list, vma), &table->counts[vma],
				 table->why[vma]);
}

/* The next VMA in the direction of the hunt that has something; SIZE_MAX: none. */
static size_t next_full_line(const struct map_screen *map, size_t line)
{
	size_t row = map->lines[line].row;

	for (;;) {
		if (map->hunt.back ? row == 0 : row + 1 >= map->nr_vma_lines)
			return SIZE_MAX;
		row = map->hunt.back ? row - 1 : row + 1;
		if (!line_is_empty(map, map->vma_lines[row]))
			return map->vma_lines[row];
	}
}

static void line_pages(const struct map_screen *map, size_t line, uint64_t *first, uint64_t *past)
{
	const struct vma *vma = vma_list_at(map->snapshot->vmas->list, map->lines[line].vma);
	unsigned shift = map->snapshot->geometry.page_shift;

	*first = vma->start_addr >> shift;
	*past = vma->end_addr >> shift;
}

static void ask(struct map_screen *map, size_t line, uint64_t from_vpn, uint64_t past_vpn)
{
	map->hunt.going = true;
	map->hunt.line = line;
	map->hunt.seek = (struct map_seek){ map->hunt.seek.serial + 1, from_vpn, past_vpn,
					    map->hunt.back };
}

static void ask_next_line(struct map_screen *map)
{
	size_t line = next_full_line(map, map->hunt.line);
	uint64_t first, past;

	map->hunt.going = false;
	if (line == SIZE_MAX) {
		say(map, map->hunt.back ? "nothing in memory before this"
					: "nothing in memory behind this");
		return;
	}
	line_pages(map, line, &first, &past);
	ask(map, line, first, past);
}

/* In the list to the next VMA with something; in the cells to the next cell. */
static void hunt(struct map_screen *map, bool back)
{
	uint64_t first, past, here = map->cursor_vpn, cell = map_cursor_cell_pages(map), index;
	size_t line;

	map->hunt.back = back;
	map->hunt.line = map->chosen_line;
	if (map->focus == FOCUS_LIST) {
		line = next_full_line(map, map->chosen_line);
		if (line == SIZE_MAX)
			say(map, back ? "nothing in memory before this mapping"
				      : "nothing in memory behind this mapping");
		else
			map_choose_line(map, line);
		map->settled = true;
		return;
	}
	if (hunt_in_sight(map))
		return;
	line_pages(map, map->chosen_line, &first, &past);
	/* From the cell's border on; in a fold it may lie in another VMA, which is fine. */
	if (map->view != VIEW_ROWS && map->fold && fold_index(map->fold, here, &index)) {
		uint64_t start = index - index % map->pages_per_cell;

		here = here - first > index - start ? here - (index - start) : first;
	}
	if (back)
		past = here;
	else
		first = past - here > cell ? here + cell : past;
	ask(map, map->chosen_line, first, past);
}

void map_find_take(struct map_screen *map)
{
	const struct snapshot *snapshot = map->snapshot;

	if (!map->hunt.going || snapshot->seek_serial != map->hunt.seek.serial)
		return;
	map->hunt.going = false;
	if (map->hunt.line >= map->nr_lines)
		return;
	if (snapshot->seek_found)
		map_choose_page(map, snapshot->seek_vpn);
	else
		ask_next_line(map);
}

/* ---- VMAs of one kind ---- */

static void step_menu(struct map_screen *map, int step)
{
	do
		map->menu_at = (enum vma_filter)(((int)map->menu_at + NR_VMA_FILTER + step) %
						 NR_VMA_FILTER);
	while (!map_filter_nr(map, map->menu_at));
}

static void set_filter(struct map_screen *map, enum vma_filter filter)
{
	map->filter = filter;
	map->settled = true;
	map_make_lines(map);
	map_choose_line(map, map_line_of_chosen(map));
	map->top_line = map->top_row = 0;
}

static void menu_key(struct map_screen *map, uint32_t key)
{
	switch (key) {
	case KEY_UI_UP:
	case 'k':
	case KEY_UI_WHEEL_UP:
		step_menu(map, -1);
		break;
	case KEY_UI_DOWN:
	case 'j':
	case '\\':
	case KEY_UI_F1 + 3:
	case KEY_UI_WHEEL_DOWN:
		step_menu(map, 1);
		break;
	case KEY_UI_ENTER:
		map->menu = false;
		set_filter(map, map->menu_at);
		break;
	case KEY_UI_BACKSPACE:
		map->menu = false;
		set_filter(map, VMAS_ALL);
		break;
	default:
		map->menu = false;
	}
}

/* ---- keys ---- */

static void prompt_answer(struct map_screen *map, uint32_t key)
{
	char text[PROMPT_CHARS * 4 + 1];

	if (prompt_key(&map->prompt, key) != PROMPT_DONE)
		return;
	prompt_text(&map->prompt, text);
	if (map->asking == ASKING_ADDR)
		answer_addr(map, text);
	else
		answer_name(map, text);
}

static void open_prompt(struct map_screen *map, enum map_asking asking)
{
	map->asking = asking;
	prompt_begin(&map->prompt, asking == ASKING_ADDR ? "go to address" : "find mapping");
}

bool map_find_key(struct map_screen *map, const struct ui_event *event)
{
	map->said[0] = '\0';
	if (map->prompt.open) {
		prompt_answer(map, event->key);
		return true;
	}
	if (map->menu) {
		menu_key(map, event->key);
		return true;
	}
	switch (event->key) {
	case 'g':
		open_prompt(map, ASKING_ADDR);
		return true;
	case '/':
		open_prompt(map, ASKING_NAME);
		return true;
	case 'n':
	case 'N':
		if (!map->name[0])
			open_prompt(map, ASKING_NAME);
		else if (!find_name(map, event->key == 'N'))
			say(map, "no mapping of that name");
		return true;
	case '>':
	case '<':
		hunt(map, event->key == '<');
		return true;
	case '\\':
	case KEY_UI_F1 + 3:
		map->menu = true;
		map->menu_at = map->filter;
		return true;
	case KEY_UI_BACKSPACE:
		set_filter(map, VMAS_ALL);
		return true;
	default:
		return false;
	}
}

/* ---- drawn ---- */

static void draw_menu(const struct map_screen *map, struct canvas *canvas,
		      const struct theme *theme)
{
	const struct rect *list = &map->layout.list;
	struct rect at = { list->x + 2, list->y + 1, 29, NR_VMA_FILTER + 2 };
	char pointer[5] = { 0 };

	utf8_encode(theme_glyph(theme, GLYPH_POINTER), pointer);
	canvas_fill(canvas, at, (struct glyph){ ' ', COLOUR_TEXT, COLOUR_BAR_BG, 0 });
	canvas_text(canvas, at.x + 1, at.y, at.columns - 2, COLOUR_TITLE, ATTR_BOLD,
		    "Show only mappings that are");
	for (int filter = 0; filter < NR_VMA_FILTER; filter++) {
		size_t nr = map_filter_nr(map, (enum vma_filter)filter);
		bool here = filter == (int)map->menu_at;
		int y = at.y + 1 + filter;
		char count[FMT_LEN];

		if (here)
			canvas_fill(canvas, (struct rect){ at.x, y, at.columns, 1 },
				    (struct glyph){ ' ', COLOUR_TEXT, COLOUR_SELECT_BG, 0 });
		if (here)
			canvas_text(canvas, at.x + 1, y, 1, COLOUR_KEY, ATTR_BOLD, pointer);
		canvas_text(canvas, at.x + 3, y, 16, nr ? COLOUR_TEXT : COLOUR_FAINT,
			    here ? ATTR_BOLD : 0, vma_filter_name((enum vma_filter)filter));
		snprintf(count, sizeof(count), "%zu", nr);
		canvas_text_right(canvas, at.x + 19, y, 9, nr ? COLOUR_TEXT : COLOUR_FAINT, 0,
				  count);
	}
	canvas_text(canvas, at.x + 1, at.y + at.rows - 1, at.columns - 2, COLOUR_FAINT, 0,
		    "Enter take  BkSp all  Esc");
}

void map_draw_find(const struct map_screen *map, struct canvas *canvas, const struct theme *theme)
{
	const struct rect *keys = &map->layout.keys;

	if (map->menu)
		draw_menu(map, canvas, theme);
	if (map->prompt.open) {
		prompt_draw(&map->prompt, canvas, keys->y);
	} else if (map->said[0]) {
		canvas_fill(canvas, *keys, (struct glyph){ ' ', COLOUR_TEXT, COLOUR_BAR_BG, 0 });
		canvas_text(canvas, 1, keys->y, keys->columns - 2, COLOUR_WARN, ATTR_BOLD,
			    map->said);
	}
}
