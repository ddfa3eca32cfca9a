/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_UI_COLOUR_H
#define PAGEWALK_UI_COLOUR_H

#include "model/colouring.h"

#include <stdint.h>

/*
 * Colours by what they mean. A theme (ui/theme.h) says what each looks like, the terminal
 * turns that into what it can show. The map's hues are the Okabe-Ito set, which people
 * with any kind of colour vision can tell apart (Okabe and Ito, 2008).
 */

enum colour {
	COLOUR_DEFAULT, /* the terminal's own */
	COLOUR_TEXT,
	COLOUR_FAINT, /* labels, rules, what is less important */
	COLOUR_TITLE,
	COLOUR_KEY, /* key names in the bottom line */
	COLOUR_GOOD,
	COLOUR_WARN,
	COLOUR_BAD,
	COLOUR_BAR_BG,    /* background of the title and key lines */
	COLOUR_SELECT_BG, /* background of the chosen line */
	COLOUR_CHANGED,   /* mark of a cell that just changed */
	COLOUR_CURSOR,
	COLOUR_BG, /* cell background */
	/* From here on: a hue (model/colouring.h) at a strength. */
	COLOUR_CELLS,
};

/* How much of a cell's pages are of its class: a quarter, a half, three quarters, all. */
#define NR_STRENGTH 4
/* One more shade of each class, lighter than all: it changed just now. */
#define NR_SHADE (NR_STRENGTH + 1)

#define NR_COLOUR (COLOUR_CELLS + NR_HUE * NR_SHADE)

/* The colour of a hue, which a class is, at strength 0 (weak) to NR_STRENGTH - 1 (full). */
static inline uint8_t colour_of_hue(int hue, int strength)
{
	return (uint8_t)(COLOUR_CELLS + hue * NR_SHADE + strength);
}

static inline uint8_t colour_of_class(enum page_class class, int strength)
{
	return colour_of_hue((int)class, strength);
}

/* The colour of a hue where a page of it changed just now. */
static inline uint8_t colour_of_change(int hue)
{
	return colour_of_hue(hue, NR_STRENGTH);
}

#endif
