/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_MODEL_COLOURING_H
#define PAGEWALK_MODEL_COLOURING_H

#include "model/page.h"
#include "model/sources.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What the colours of the cells mean. Each mode puts every page into one of a few buckets;
 * the table of modes names them, and which hue and glyph each has.
 */
enum colour_mode {
	MODE_STATE, /* the page's class */
	MODE_SHARING,
	MODE_CONTIGUITY,
	MODE_NODE,
	MODE_FLAG,    /* one flag of the frame, of one's choice */
	MODE_RECENT,  /* what changed in the last minute */
	MODE_COMPARE, /* what changed since the mark */
	NR_COLOUR_MODE,
};

/*
 * A hue is that of a page class, or one step of a scale from little to much. HUE_NONE is no
 * hue: it has the number of NR_CLASS, which says "no class".
 */
#define HUE_NONE  NR_CLASS
#define HUE_SCALE (NR_CLASS + 1)
#define NR_SCALE  6
#define NR_HUE    (HUE_SCALE + NR_SCALE)

/* Every mode but MODE_STATE, whose buckets are the classes, begins with these two. */
enum {
	BUCKET_NONE,    /* there is no page, or no frame */
	BUCKET_UNKNOWN, /* the kernel did not say */
	BUCKET_FIRST,
	NR_BUCKET = 12, /* room for those of any mode */
};

enum sharing_bucket {
	SHARING_1 = BUCKET_FIRST,
	SHARING_2,
	SHARING_3,
	SHARING_8,
	SHARING_32,
	SHARING_EXCLUSIVE, /* only pagemap's bit 56 is known */
	SHARING_SHARED,
	SHARING_UNCOUNTED, /* the zero page and what else the kernel does not count */
};

enum flag_bucket {
	FLAG_SET = BUCKET_FIRST,
	FLAG_CLEAR,
};

/* Nodes from here on by number; the last but one holds all further ones. */
enum {
	NODE_FIRST = BUCKET_FIRST,
	NODE_MORE = NODE_FIRST + 7,
	NODE_OUTSIDE, /* a frame of no node: device memory */
};

struct bucket {
	const char *label;
	uint8_t hue;
	bool step;       /* of a scale: its label alone says little */
	char full, part; /* glyph of a cell full of it, and of one with some; 0: the class's own */
};

struct colour_mode_row {
	const char *name;   /* one word */
	const char *title;  /* what it shows, for the line above the legend */
	const char *phrase; /* before the label of a bucket of a scale, in a sentence: "mapped " */
	enum source source; /* without which it says little or nothing */
	size_t nr_buckets;
	const struct bucket *buckets;
};

const struct colour_mode_row *colour_mode_row(enum colour_mode mode);
/* Pages before and behind a range that have to be seen to colour its first and last ones. */
uint64_t colour_mode_margin(enum colour_mode mode);

/* By the map count of a present page, or where it is not known (NULL) by pagemap's bit 56. */
unsigned bucket_of_sharing(unsigned state, const uint64_t *mapcount, const uint64_t *entry);
/* By how many frames follow each other, in as many pages that do. */
unsigned bucket_of_contiguity(uint64_t nr_pages);
/* By NUMA node; -1: of none. */
unsigned bucket_of_node(int node);
unsigned bucket_of_flag(uint64_t flags, unsigned flag);
/* The next flag that has a name, round the end (step 1) or the beginning (-1). */
unsigned colouring_step_flag(unsigned flag, int step);

#endif
