/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The keys of screen 1, as its bottom line and its help name them. */
#include "ui/map_state.h"

/* A key, and whether it does something only where there is a map. */
struct key_entry {
	struct key_row row;
	bool needs_map;
};

static const struct key_entry key_table[] = {
	{ { "?", "help", "explain this screen, its colours and glyphs" }, false },
	{ { "Tab", "list/cells", "go between the list of mappings and the cells" }, true },
	{ { "Arrows", "move", "choose a mapping or a cell (h j k l too)" }, true },
	{ { "+ -", "zoom", "halve or double the pages of a cell; the wheel does it too" }, true },
	{ { "* #", NULL, "colour by one flag of the frames: the next flag, the one before" },
	  true },
	{ { "t", NULL, "a timeline of what was resident and swapped" }, true },
	{ { "0", "whole", "zoom out until the whole mapping is in sight" }, true },
	{ { "[ ]", NULL, "the mapping before and after, from the cells too" }, true },
	{ { "Home End", NULL, "the first and the last mapping or page" }, true },
	{ { "PgUp PgDn", NULL, "a page of the list or of the cells" }, true },
	{ { "Space", "pause", "let the picture stand still, or go on" }, true },
	/* What stands first is seen in 80 columns too: the way out must be. */
	{ { "q", "quit", "leave pagewalk (Ctrl-C too)" }, false },
	{ { "m M", "mode", "what the colours mean: the next mode, the one before" }, true },
	{ { "x X", "mark", "mark this moment; compare with it, and back" }, true },
	{ { "p", "processes", "choose another process" }, false },
	{ { "O", NULL, "what the command that pagewalk started has written" }, false },
	{ { "Esc", "back", "from the cells to the list, from there to the screen before" }, false },
	{ { "c", "colours", "the next palette: dark, projector, light" }, false },
	{ { "y", NULL, "the mouse on and off: off, the terminal selects text" }, false },
	{ { "S", NULL, "save palette, mouse, order of the list as settings" }, false },
	{ { "d", NULL, "two cells in a character, or one glyph for each cell" }, false },
};

size_t map_keys(const struct screen *screen, struct key_row *rows, size_t room)
{
	const struct map_screen *map = (const struct map_screen *)screen;
	size_t nr = 0;

	for (size_t i = 0; i < sizeof(key_table) / sizeof(key_table[0]) && nr < room; i++) {
		if (key_table[i].needs_map && !map->nr_lines)
			continue;
		rows[nr++] = key_table[i].row;
	}
	return nr;
}
