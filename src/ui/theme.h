/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_UI_THEME_H
#define PAGEWALK_UI_THEME_H

#include "model/palette.h"
#include "ui/colour.h"

#include <stdbool.h>
#include <stdint.h>

/* How colours and glyphs look: palettes, the glyph sets, and what the terminal can show. */

struct rgb {
	uint8_t red, green, blue;
};

enum glyph_name {
	/* Full and partial glyph of each class, for drawings of one cell a character. */
	GLYPH_CLASS_FULL,
	GLYPH_CLASS_PART = GLYPH_CLASS_FULL + NR_CLASS,
	GLYPH_MIXED = GLYPH_CLASS_PART + NR_CLASS, /* no class has most of the cell */
	GLYPH_UPPER_HALF,
	GLYPH_LOWER_HALF,
	GLYPH_QUADRANT, /* + set of quarters: 1 upper left, 2 upper right, 4 and 8 lower */
	GLYPH_QUADRANT_ALL = GLYPH_QUADRANT + 15,
	GLYPH_HLINE,
	GLYPH_VLINE,
	GLYPH_CROSS, /* where an hline meets a vline */
	GLYPH_TEE_DOWN,
	GLYPH_TEE_UP,
	GLYPH_TEE_RIGHT,
	GLYPH_TEE_LEFT,
	GLYPH_CORNER_UPPER_LEFT,
	GLYPH_CORNER_UPPER_RIGHT,
	GLYPH_CORNER_LOWER_LEFT,
	GLYPH_CORNER_LOWER_RIGHT,
	GLYPH_ARROW_DOWN,
	GLYPH_ARROW_RIGHT,
	GLYPH_POINTER, /* of the chosen line */
	GLYPH_SHADE_1, /* how full a cell is, in quarters: GLYPH_SHADE_1 + 0..3 */
	GLYPH_SHADE_4 = GLYPH_SHADE_1 + 3,
	GLYPH_TICK,
	GLYPH_CROSS_MARK,
	GLYPH_BAR_1, /* bars by eighths, GLYPH_BAR_1 + 0..7 */
	GLYPH_BAR_8 = GLYPH_BAR_1 + 7,
	GLYPH_RISE_1, /* columns by eighths, GLYPH_RISE_1 + 0..7 */
	GLYPH_RISE_8 = GLYPH_RISE_1 + 7,
	NR_GLYPH,
};

struct theme {
	enum palette palette;
	bool ascii;  /* no character outside ASCII */
	bool dense;  /* a character holds two cells, one above the other */
	int colours; /* that the terminal has: 0, 8, 16, 88, 256, 1 << 24 */
};

/*
 * What suits a terminal with `colours` colours and, with utf8, any character: dense cells
 * from 256 colours on, one glyph per cell below.
 */
struct theme theme_make(enum palette palette, int colours, bool utf8);
/*
 * What a colour looks like: on a terminal with 256 colours or fewer, exactly one of the
 * cube, chosen so that neither hues nor strengths fall together.
 */
struct rgb theme_rgb(const struct theme *theme, uint8_t colour);
/* True where the terminal's own foreground or background is to be left as it is. */
bool theme_is_default(const struct theme *theme, uint8_t colour);
uint32_t theme_glyph(const struct theme *theme, enum glyph_name name);
/* Nearest of the 256-colour cube and greys (16 to 255). */
int theme_nearest_256(struct rgb rgb);
/*
 * One of the ANSI colours by meaning, so that hues stay apart: 0 to 7, 8 to 15 for the
 * bright one (bold, where there are only 8). -1: the default.
 */
int theme_ansi_8(uint8_t colour);

#endif
