/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The keys of screen 1, as its bottom line and its help name them. */
#include "ui/map_state.h"

/* When a key does something. */
enum key_needs {
	ALWAYS,
	A_MAP,
	THE_CELLS,
	THE_FRAMES,
	A_FILE,
	A_COMMAND,
	A_FILTER,
	THE_WHOLE,
	A_NAME,
};

struct key_entry {
	struct key_row row;
	enum key_needs needs;
};

static const struct key_entry key_table[] = {
	{ { "?", "help", "explain this screen, its colours and glyphs" }, ALWAYS },
	{ { "Tab", "panel", "from the list of mappings to the cells, to physical memory" }, A_MAP },
	{ { "v", "view", "one mapping; a row for each; the whole space without its gaps" }, A_MAP },
	{ { "+ -", "zoom", "fewer or more pages or frames in a cell; the wheel does it too" },
	  A_MAP },
	/* What stands first is seen in 80 columns too: the way out must be. */
	{ { "q", "quit", "leave pagewalk (Ctrl-C too)" }, ALWAYS },
	{ { "O", "output", "what the command that pagewalk started has written" }, A_COMMAND },
	{ { "Enter", "next page", "to the next page that lies in the frames of this cell" },
	  THE_FRAMES },
	{ { "BkSp", "all", "show all mappings again" }, A_FILTER },
	{ { "E", "blanks", "show the mappings without any page to see too, or leave them out" },
	  THE_WHOLE },
	{ { "o", "file", "the page cache of the file behind the page under the cursor" }, A_FILE },
	{ { "g", "go to", "to an address, in hexadecimal" }, A_MAP },
	{ { "/", "find", "a mapping by a part of its name" }, A_MAP },
	{ { "n N", NULL, "the next mapping of that name, the one before" }, A_NAME },
	{ { "m M", "mode", "what the colours mean: the next mode, the one before" }, A_MAP },
	{ { "H", "heat", "page faults as heat over the cells: where they struck lately" }, A_MAP },
	{ { "x X", "mark", "mark this moment; compare with it, and back" }, A_MAP },
	{ { "\\ F4", "kind", "show only mappings of one kind" }, A_MAP },
	{ { "> <", NULL, "the next or last mapping or cell with something in memory" }, A_MAP },
	{ { "e", "bytes", "examine: the bytes of the page under the cursor, if it is present" },
	  A_MAP },
	{ { "Arrows", NULL, "choose a mapping, a cell or frames (h j k l too)" }, A_MAP },
	{ { "0", NULL, "zoom out until all is in sight" }, A_MAP },
	{ { "{ }", NULL, "move the cells up and down under the cursor; dragging does it too" },
	  THE_CELLS },
	{ { "[ ]", NULL, "the mapping before and after, from the cells too" }, A_MAP },
	{ { "Home End", NULL, "the first and the last mapping or page" }, A_MAP },
	{ { "PgUp PgDn", NULL, "a page of the list, of the cells or of the frames" }, A_MAP },
	{ { "F", "flag", "choose the flag of the frames that the cells are coloured by" }, A_MAP },
	{ { "* #", NULL, "colour by one flag of the frames: the next flag, the one before" },
	  A_MAP },
	{ { "t", NULL, "a timeline of what was resident and swapped" }, A_MAP },
	{ { "Space", "pause", "let the picture stand still, or go on" }, A_MAP },
	{ { "p", "processes", "choose another process" }, ALWAYS },
	{ { "Esc", "back", "to the list of mappings, from there to the screen before" }, ALWAYS },
	{ { "c", "colours", "the next palette: dark, projector, light" }, ALWAYS },
	{ { "y", NULL, "the mouse on and off: off, the terminal selects text" }, ALWAYS },
	{ { "S", NULL, "save palette, mouse, order of the list as settings" }, ALWAYS },
	{ { "d", NULL, "two cells in a character, or one glyph for each cell" }, ALWAYS },
};

static bool applies(const struct map_screen *map, enum key_needs needs)
{
	switch (needs) {
	case ALWAYS:
		return true;
	case THE_CELLS:
		return map->nr_lines && map->view != VIEW_ROWS;
	case THE_FRAMES:
		return map->nr_lines && map->focus == FOCUS_FRAMES;
	case A_FILE:
		return map_chosen(map) && vma_has_file(map_chosen(map));
	case A_COMMAND:
		return map->has_command;
	case A_FILTER:
		return map->filter != VMAS_ALL;
	case THE_WHOLE:
		return map->nr_lines && map->view == VIEW_WHOLE;
	case A_NAME:
		return map->nr_lines && map->name[0];
	default:
		return map->nr_lines > 0;
	}
}

size_t map_keys(const struct screen *screen, struct key_row *rows, size_t room)
{
	const struct map_screen *map = (const struct map_screen *)screen;
	size_t nr = 0;

	if (map->peek.open && map->nr_lines)
		return map_peek_keys(rows, room);
	for (size_t i = 0; i < sizeof(key_table) / sizeof(key_table[0]) && nr < room; i++)
		if (applies(map, key_table[i].needs))
			rows[nr++] = key_table[i].row;
	return nr;
}
