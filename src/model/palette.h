/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_MODEL_PALETTE_H
#define PAGEWALK_MODEL_PALETTE_H

/*
 * Sets of colours; what each looks like is ui/theme.c's. All are made of the hues of Okabe and Ito
 * (2008), which people with any kind of colour vision can tell apart.
 */
enum palette {
	PALETTE_DARK,     /* for a dark background */
	PALETTE_CONTRAST, /* high contrast, for projectors */
	PALETTE_LIGHT,    /* for a light background */
	NR_PALETTE,
};

/* "dark", "contrast", "light". */
extern const char *const palette_names[NR_PALETTE];

#endif
