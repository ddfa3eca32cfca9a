/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What colours and glyphs look like. The hues of page classes are those of Okabe and Ito
 * (2008); a strength mixes the hue with the cell background. The weakest still has more
 * than a third of its hue, because one page in a cell must show against none. On 256
 * colours mixing would drop several shades into one slot of the cube, so there each shade
 * has its own slot, chosen by hand and kept apart by a unit test.
 */
#include "ui/theme.h"

#define RGB(hex)                                                                                   \
	{                                                                                          \
		(uint8_t)((hex) >> 16), (uint8_t)((hex) >> 8 & 0xff), (uint8_t)((hex)&0xff)        \
	}

/* Parts of 100 that the hue has in each strength. */
static const int strength_percent[NR_STRENGTH] = { 38, 58, 79, 100 };
/* Parts of 100 of white in the shade of what just changed. */
static const int change_percent = 60;

struct look {
	struct rgb rgb;
	uint8_t slot; /* of the 256; 0: nearest_256 finds it */
	bool is_default;
};

/* Colours with one meaning. */
static const struct look fixed_look[NR_PALETTE][COLOUR_CELLS] = {
	[PALETTE_DARK] = {
		[COLOUR_DEFAULT] = { RGB(0xd0d0d0), 252, true },
		[COLOUR_TEXT] = { RGB(0xd0d0d0), 252, true },
		[COLOUR_FAINT] = { RGB(0x8f959b), 246, false },
		[COLOUR_TITLE] = { RGB(0xffffff), 231, false },
		[COLOUR_KEY] = { RGB(0x8fd3ff), 117, false },
		[COLOUR_GOOD] = { RGB(0x2fc496), 43, false },
		[COLOUR_WARN] = { RGB(0xff9a3c), 208, false },
		[COLOUR_BAD] = { RGB(0xff6b6b), 203, false },
		[COLOUR_BAR_BG] = { RGB(0x2a3744), 238, false },
		[COLOUR_SELECT_BG] = { RGB(0x1d4a66), 24, false },
		[COLOUR_CHANGED] = { RGB(0xffffff), 231, false },
		[COLOUR_CURSOR] = { RGB(0xffffff), 231, false },
		[COLOUR_BG] = { RGB(0x15181b), 234, false },
	},
	[PALETTE_CONTRAST] = {
		[COLOUR_DEFAULT] = { RGB(0xffffff), 231, false },
		[COLOUR_TEXT] = { RGB(0xffffff), 231, false },
		[COLOUR_FAINT] = { RGB(0xc6c6c6), 251, false },
		[COLOUR_TITLE] = { RGB(0xffffff), 231, false },
		[COLOUR_KEY] = { RGB(0xffe94a), 227, false },
		[COLOUR_GOOD] = { RGB(0x2effb4), 49, false },
		[COLOUR_WARN] = { RGB(0xffa01e), 214, false },
		[COLOUR_BAD] = { RGB(0xff7a7a), 210, false },
		[COLOUR_BAR_BG] = { RGB(0x003b7a), 18, false },
		[COLOUR_SELECT_BG] = { RGB(0x005f9f), 25, false },
		[COLOUR_CHANGED] = { RGB(0xffffff), 231, false },
		[COLOUR_CURSOR] = { RGB(0xffffff), 231, false },
		[COLOUR_BG] = { RGB(0x000000), 16, false },
	},
	/* It brings its own ground, so that it is the same on a terminal that is dark. */
	[PALETTE_LIGHT] = {
		[COLOUR_DEFAULT] = { RGB(0x202428), 235, false },
		[COLOUR_TEXT] = { RGB(0x202428), 235, false },
		[COLOUR_FAINT] = { RGB(0x5c646c), 241, false },
		[COLOUR_TITLE] = { RGB(0x000000), 16, false },
		[COLOUR_KEY] = { RGB(0x005a9c), 25, false },
		[COLOUR_GOOD] = { RGB(0x00704f), 23, false },
		[COLOUR_WARN] = { RGB(0x9a4a00), 94, false },
		[COLOUR_BAD] = { RGB(0xb00020), 124, false },
		[COLOUR_BAR_BG] = { RGB(0xdce3ea), 252, false },
		[COLOUR_SELECT_BG] = { RGB(0xb9dcf5), 153, false },
		[COLOUR_CHANGED] = { RGB(0x000000), 16, false },
		[COLOUR_CURSOR] = { RGB(0x000000), 16, false },
		[COLOUR_BG] = { RGB(0xfcfcfc), 231, false },
	},
};

struct class_look {
	struct rgb hue[NR_PALETTE];
	uint8_t slots[NR_PALETTE][NR_SHADE];
};

static const struct class_look class_look[NR_CLASS] = {
	[CLASS_ABSENT] = { { RGB(0x31363b), RGB(0x2c2c2c) },
			   { { 236, 236, 236, 236, 249 }, { 236, 236, 236, 236, 249 } } },
	[CLASS_ANON] = { { RGB(0xe69f00), RGB(0xffb000) },
			 { { 94, 136, 172, 214, 222 }, { 136, 172, 208, 214, 223 } } },
	[CLASS_FILE] = { { RGB(0x56b4e9), RGB(0x5cc8ff) },
			 { { 24, 31, 68, 74, 153 }, { 31, 38, 75, 81, 153 } } },
	[CLASS_SHMEM] = { { RGB(0x009e73), RGB(0x00d69b) },
			  { { 22, 23, 29, 36, 115 }, { 28, 35, 41, 48, 158 } } },
	[CLASS_DIRTY] = { { RGB(0xd55e00), RGB(0xff6a00) },
			  { { 52, 88, 130, 166, 216 }, { 88, 160, 166, 202, 216 } } },
	[CLASS_SWAPPED] = { { RGB(0xcc79a7), RGB(0xff8fcb) },
			    { { 53, 96, 132, 175, 225 }, { 90, 132, 169, 212, 225 } } },
	[CLASS_ZERO] = { { RGB(0xb8c4d8), RGB(0xd7e3ff) },
			 { { 60, 103, 146, 152, 254 }, { 60, 103, 146, 189, 255 } } },
	[CLASS_HUGE] = { { RGB(0xf0e442), RGB(0xfff04a) },
			 { { 58, 100, 185, 227, 230 }, { 142, 184, 227, 228, 230 } } },
	[CLASS_KSM] = { { RGB(0x6fd8d2), RGB(0x7dfff7) },
			{ { 30, 37, 73, 80, 159 }, { 37, 44, 51, 87, 159 } } },
	[CLASS_LOCKED] = { { RGB(0xb26bff), RGB(0xc48bff) },
			   { { 54, 55, 92, 99, 183 }, { 55, 56, 93, 135, 183 } } },
	[CLASS_OTHER] = { { RGB(0x0072b2), RGB(0x3d8bff) },
			  { { 17, 18, 19, 25, 111 }, { 19, 20, 27, 33, 111 } } },
	[CLASS_UNKNOWN] = { { RGB(0x9aa0a6), RGB(0xd0d0d0) },
			    { { 239, 241, 243, 245, 250 }, { 242, 244, 247, 252, 253 } } },
};

/*
 * On a light ground a strength makes darker, and so does a change. Yellow and sky blue are a little
 * darker than Okabe's and Ito's, or white would swallow them.
 */
static const struct {
	struct rgb hue;
	uint8_t slots[NR_SHADE];
} light_look[NR_CLASS] = {
	[CLASS_ABSENT] = { RGB(0xe4e7ea), { 254, 254, 254, 254, 249 } },
	[CLASS_ANON] = { RGB(0xe69f00), { 223, 222, 215, 214, 94 } },
	[CLASS_FILE] = { RGB(0x4aa8de), { 153, 117, 111, 74, 24 } },
	[CLASS_SHMEM] = { RGB(0x009e73), { 151, 79, 72, 35, 22 } },
	[CLASS_DIRTY] = { RGB(0xd55e00), { 217, 179, 173, 166, 88 } },
	[CLASS_SWAPPED] = { RGB(0xcc79a7), { 225, 182, 176, 175, 89 } },
	[CLASS_ZERO] = { RGB(0x8090b0), { 188, 146, 109, 103, 60 } },
	[CLASS_HUGE] = { RGB(0xd8c800), { 229, 227, 220, 184, 100 } },
	[CLASS_KSM] = { RGB(0x2aa9a2), { 152, 115, 73, 37, 23 } },
	[CLASS_LOCKED] = { RGB(0x9a50f0), { 183, 141, 135, 99, 54 } },
	[CLASS_OTHER] = { RGB(0x0072b2), { 110, 68, 67, 25, 17 } },
	[CLASS_UNKNOWN] = { RGB(0x6b7177), { 251, 248, 245, 242, 237 } },
};

/*
 * A scale from little to much: each step stands out more than the one before and has a hue of its
 * own as well, so that a strength of one step is not taken for another step. Any kind of colour
 * vision tells them apart. On a dark ground and on a light one.
 */
static const struct {
	struct rgb hue;
	uint8_t slots[NR_SHADE];
} scale_look[2][NR_SCALE] = {
	{
		{ RGB(0x8a6fe0), { 54, 55, 61, 98, 146 } },
		{ RGB(0x3f8fe8), { 24, 26, 32, 69, 111 } },
		{ RGB(0x1fb3a8), { 23, 29, 30, 37, 116 } },
		{ RGB(0x5fd068), { 22, 28, 71, 77, 157 } },
		{ RGB(0xb4dc32), { 58, 64, 106, 148, 192 } },
		{ RGB(0xfde725), { 100, 142, 184, 227, 230 } },
	},
	{
		{ RGB(0xe0b800), { 230, 229, 227, 220, 136 } },
		{ RGB(0x5fc75f), { 194, 157, 120, 77, 28 } },
		{ RGB(0x00a5a5), { 159, 122, 80, 37, 23 } },
		{ RGB(0x1f7fd0), { 153, 117, 75, 32, 18 } },
		{ RGB(0x5f5fd7), { 189, 147, 104, 62, 55 } },
		{ RGB(0x5f0087), { 183, 140, 97, 54, 53 } },
	},
};

struct theme theme_make(enum palette palette, int colours, bool utf8)
{
	return (struct theme){
		.palette = palette,
		.ascii = !utf8,
		.dense = utf8 && colours >= 256,
		.colours = colours,
	};
}

static uint8_t mix_channel(uint8_t hue, uint8_t ground, int percent)
{
	return (uint8_t)((hue * percent + ground * (100 - percent) + 50) / 100);
}

static struct rgb mix(struct rgb hue, struct rgb ground, int percent)
{
	return (struct rgb){
		mix_channel(hue.red, ground.red, percent),
		mix_channel(hue.green, ground.green, percent),
		mix_channel(hue.blue, ground.blue, percent),
	};
}

/* Steps of the 6x6x6 cube. */
static const uint8_t cube_level[6] = { 0, 95, 135, 175, 215, 255 };

static struct rgb rgb_of_slot(int slot)
{
	if (slot >= 232) {
		uint8_t grey = (uint8_t)(8 + 10 * (slot - 232));

		return (struct rgb){ grey, grey, grey };
	}
	slot -= 16;
	return (struct rgb){ cube_level[slot / 36], cube_level[slot / 6 % 6],
			     cube_level[slot % 6] };
}

/* The hue of a class or of a step of the scale, and its slots of the 256. */
static struct rgb find_hue(const struct theme *theme, int number, const uint8_t **slots)
{
	int step = number - HUE_SCALE < 0 ? 0 : number - HUE_SCALE;

	if (number >= NR_CLASS) {
		*slots = scale_look[theme->palette == PALETTE_LIGHT][step].slots;
		return scale_look[theme->palette == PALETTE_LIGHT][step].hue;
	}
	if (theme->palette == PALETTE_LIGHT) {
		*slots = light_look[number].slots;
		return light_look[number].hue;
	}
	*slots = class_look[number].slots[theme->palette];
	return class_look[number].hue[theme->palette];
}

static struct rgb hue_rgb(const struct theme *theme, int number, int shade)
{
	static const struct rgb white = RGB(0xffffff), black = RGB(0x000000);
	const uint8_t *slots;
	struct rgb hue = find_hue(theme, number, &slots);

	if (theme->colours <= 256)
		return rgb_of_slot(slots[shade]);
	if (shade == NR_STRENGTH)
		return mix(theme->palette == PALETTE_LIGHT ? black : white, hue, change_percent);
	if (number == CLASS_ABSENT)
		return hue;
	return mix(hue, fixed_look[theme->palette][COLOUR_BG].rgb, strength_percent[shade]);
}

struct rgb theme_rgb(const struct theme *theme, uint8_t colour)
{
	if (colour >= NR_COLOUR)
		colour = COLOUR_TEXT;
	if (colour < COLOUR_CELLS) {
		const struct look *look = &fixed_look[theme->palette][colour];

		return theme->colours <= 256 ? rgb_of_slot(look->slot) : look->rgb;
	}
	colour = (uint8_t)(colour - COLOUR_CELLS);
	return hue_rgb(theme, colour / NR_SHADE, colour % NR_SHADE);
}

bool theme_is_default(const struct theme *theme, uint8_t colour)
{
	return colour < COLOUR_CELLS && fixed_look[theme->palette][colour].is_default;
}

static int distance(struct rgb a, struct rgb b)
{
	int red = a.red - b.red, green = a.green - b.green, blue = a.blue - b.blue;

	/* The eye is most sensitive to green and least to blue. */
	return 3 * red * red + 4 * green * green + 2 * blue * blue;
}

int theme_nearest_256(struct rgb rgb)
{
	int best = 16, best_distance = distance(rgb, rgb_of_slot(16));

	for (int slot = 17; slot < 256 && best_distance; slot++) {
		int away = distance(rgb, rgb_of_slot(slot));

		if (away < best_distance) {
			best = slot;
			best_distance = away;
		}
	}
	return best;
}

int theme_ansi_8(uint8_t colour)
{
	static const int8_t fixed[COLOUR_CELLS] = {
		[COLOUR_DEFAULT] = -1,  [COLOUR_TEXT] = -1,    [COLOUR_FAINT] = -1,
		[COLOUR_TITLE] = 15,    [COLOUR_KEY] = 14,     [COLOUR_GOOD] = 10,
		[COLOUR_WARN] = 11,     [COLOUR_BAD] = 9,      [COLOUR_BAR_BG] = 4,
		[COLOUR_SELECT_BG] = 4, [COLOUR_CHANGED] = 15, [COLOUR_CURSOR] = 7,
		[COLOUR_BG] = -1,
	};
	static const int8_t hues[NR_HUE] = {
		[CLASS_ABSENT] = -1,  [CLASS_ANON] = 3,     [CLASS_FILE] = 6,
		[CLASS_SHMEM] = 2,    [CLASS_DIRTY] = 9,    [CLASS_SWAPPED] = 5,
		[CLASS_ZERO] = 15,    [CLASS_HUGE] = 11,    [CLASS_KSM] = 14,
		[CLASS_LOCKED] = 13,  [CLASS_OTHER] = 12,   [CLASS_UNKNOWN] = 7,
		[HUE_NONE] = -1,      [HUE_SCALE] = 5,      [HUE_SCALE + 1] = 6,
		[HUE_SCALE + 2] = 14, [HUE_SCALE + 3] = 10, [HUE_SCALE + 4] = 11,
		[HUE_SCALE + 5] = 15,
	};

	if (colour >= NR_COLOUR)
		return -1;
	if (colour < COLOUR_CELLS)
		return fixed[colour];
	return hues[(colour - COLOUR_CELLS) / NR_SHADE];
}

#define FULL(class) (GLYPH_CLASS_FULL + (class))
#define PART(class) (GLYPH_CLASS_PART + (class))

struct glyph_pair {
	uint32_t unicode, ascii;
};

static const struct glyph_pair glyphs[NR_GLYPH] = {
	[FULL(CLASS_ABSENT)] = { 0x00b7, '.' },
	[PART(CLASS_ABSENT)] = { 0x00b7, '.' },
	[FULL(CLASS_ANON)] = { 0x25a0, '#' },
	[PART(CLASS_ANON)] = { 0x25a1, '+' },
	[FULL(CLASS_FILE)] = { 0x25cf, 'F' },
	[PART(CLASS_FILE)] = { 0x25cb, 'f' },
	[FULL(CLASS_SHMEM)] = { 0x25b2, 'S' },
	[PART(CLASS_SHMEM)] = { 0x25b3, 's' },
	[FULL(CLASS_DIRTY)] = { 0x25c6, 'D' },
	[PART(CLASS_DIRTY)] = { 0x25c7, 'd' },
	[FULL(CLASS_SWAPPED)] = { 0x25bc, 'W' },
	[PART(CLASS_SWAPPED)] = { 0x25bd, 'w' },
	[FULL(CLASS_ZERO)] = { '0', '0' },
	[PART(CLASS_ZERO)] = { 'o', 'o' },
	[FULL(CLASS_HUGE)] = { 0x2588, 'H' },
	[PART(CLASS_HUGE)] = { 0x2584, 'h' },
	[FULL(CLASS_KSM)] = { 0x2605, 'K' },
	[PART(CLASS_KSM)] = { 0x2606, 'k' },
	[FULL(CLASS_LOCKED)] = { 'L', 'L' },
	[PART(CLASS_LOCKED)] = { 'l', 'l' },
	[FULL(CLASS_OTHER)] = { 0x25ae, 'X' },
	[PART(CLASS_OTHER)] = { 0x25af, 'x' },
	[FULL(CLASS_UNKNOWN)] = { 0x2592, '?' },
	[PART(CLASS_UNKNOWN)] = { 0x2592, '?' },
	[GLYPH_MIXED] = { '*', '*' },
	[GLYPH_UPPER_HALF] = { 0x2580, '"' },
	[GLYPH_LOWER_HALF] = { 0x2584, '_' },
	[GLYPH_QUADRANT + 0] = { ' ', ' ' },
	[GLYPH_QUADRANT + 1] = { 0x2598, '*' },
	[GLYPH_QUADRANT + 2] = { 0x259d, '*' },
	[GLYPH_QUADRANT + 3] = { 0x2580, '"' },
	[GLYPH_QUADRANT + 4] = { 0x2596, '*' },
	[GLYPH_QUADRANT + 5] = { 0x258c, '*' },
	[GLYPH_QUADRANT + 6] = { 0x259e, '*' },
	[GLYPH_QUADRANT + 7] = { 0x259b, '*' },
	[GLYPH_QUADRANT + 8] = { 0x2597, '*' },
	[GLYPH_QUADRANT + 9] = { 0x259a, '*' },
	[GLYPH_QUADRANT + 10] = { 0x2590, '*' },
	[GLYPH_QUADRANT + 11] = { 0x259c, '*' },
	[GLYPH_QUADRANT + 12] = { 0x2584, '_' },
	[GLYPH_QUADRANT + 13] = { 0x2599, '*' },
	[GLYPH_QUADRANT + 14] = { 0x259f, '*' },
	[GLYPH_QUADRANT_ALL] = { 0x2588, '#' },
	[GLYPH_HLINE] = { 0x2500, '-' },
	[GLYPH_VLINE] = { 0x2502, '|' },
	[GLYPH_CROSS] = { 0x253c, '+' },
	[GLYPH_TEE_DOWN] = { 0x252c, '+' },
	[GLYPH_TEE_UP] = { 0x2534, '+' },
	[GLYPH_TEE_RIGHT] = { 0x251c, '+' },
	[GLYPH_TEE_LEFT] = { 0x2524, '+' },
	[GLYPH_CORNER_UPPER_LEFT] = { 0x250c, '+' },
	[GLYPH_CORNER_UPPER_RIGHT] = { 0x2510, '+' },
	[GLYPH_CORNER_LOWER_LEFT] = { 0x2514, '+' },
	[GLYPH_CORNER_LOWER_RIGHT] = { 0x2518, '+' },
	[GLYPH_ARROW_DOWN] = { 0x2193, 'v' },
	[GLYPH_ARROW_RIGHT] = { 0x2192, '>' },
	[GLYPH_POINTER] = { 0x25b6, '>' },
	[GLYPH_SHADE_1 + 0] = { 0x2591, ':' },
	[GLYPH_SHADE_1 + 1] = { 0x2592, '+' },
	[GLYPH_SHADE_1 + 2] = { 0x2593, '%' },
	[GLYPH_SHADE_1 + 3] = { 0x2588, '#' },
	[GLYPH_TICK] = { 0x2713, '+' },
	[GLYPH_CROSS_MARK] = { 0x2717, 'x' },
	[GLYPH_BAR_1 + 0] = { 0x258f, '-' },
	[GLYPH_BAR_1 + 1] = { 0x258e, '-' },
	[GLYPH_BAR_1 + 2] = { 0x258d, '-' },
	[GLYPH_BAR_1 + 3] = { 0x258c, '-' },
	[GLYPH_BAR_1 + 4] = { 0x258b, '=' },
	[GLYPH_BAR_1 + 5] = { 0x258a, '=' },
	[GLYPH_BAR_1 + 6] = { 0x2589, '=' },
	[GLYPH_BAR_8] = { 0x2588, '#' },
	[GLYPH_RISE_1 + 0] = { 0x2581, '.' },
	[GLYPH_RISE_1 + 1] = { 0x2582, '.' },
	[GLYPH_RISE_1 + 2] = { 0x2583, '.' },
	[GLYPH_RISE_1 + 3] = { 0x2584, '|' },
	[GLYPH_RISE_1 + 4] = { 0x2585, '|' },
	[GLYPH_RISE_1 + 5] = { 0x2586, '|' },
	[GLYPH_RISE_1 + 6] = { 0x2587, '|' },
	[GLYPH_RISE_1 + 7] = { 0x2588, '|' },
};

uint32_t theme_glyph(const struct theme *theme, enum glyph_name name)
{
	return theme->ascii ? glyphs[name].ascii : glyphs[name].unicode;
}
