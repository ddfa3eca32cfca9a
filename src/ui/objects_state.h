/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_UI_OBJECTS_STATE_H
#define PAGEWALK_UI_OBJECTS_STATE_H

#include "model/objects.h"
#include "ui/screen.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The inside of screen 3, shared by the files that make it up. */

/* The boxes, from left to right as they point to each other. */
enum obj_box {
	BOX_TASK,
	BOX_MM,
	BOX_FS,
	BOX_FD, /* files_struct: the table of descriptors */
	BOX_FILE,
	BOX_INODE,
	BOX_CACHE, /* address_space of the chosen inode; nothing to choose in it */
	BOX_VMA,   /* of the chosen inode, or all of the mm */
	NR_BOX,
};

struct objects_layout {
	struct rect box[NR_BOX]; /* borders included; no rows: not shown */
	struct rect scale;       /* the address scale of the mm; no rows: not shown */
	struct rect detail;
	int rule_y, keys_y;
	int gutter_x[3]; /* first of three columns between the boxes, for lines */
};

struct objects_screen {
	struct screen base;
	struct objects *objects; /* NULL before the first */
	bool paused, gone;
	enum obj_box focus;
	bool of_mm; /* at the right stands the mm, not the chain of files */
	/* Indexes into the arrays of `objects`; OBJ_NONE: none. */
	uint32_t chosen[NR_BOX];
	size_t top[NR_BOX];
	struct objects_layout layout;
	/* The VMAs in their box: of the chosen inode, or all. */
	uint32_t *vmas;
	size_t nr_vmas;
};

/* Where the boxes lie on a canvas of at least 80x24: pure geometry. */
struct objects_layout objects_layout(int columns, int rows, bool of_mm, enum obj_box focus);

/* How many lines a box's list has, and the line of what is chosen in it (SIZE_MAX: none). */
size_t objects_nr_lines(const struct objects_screen *screen, enum obj_box box);
size_t objects_chosen_line(const struct objects_screen *screen, enum obj_box box);
/* The chosen object, or NULL. */
const struct obj_task *objects_task(const struct objects_screen *screen);
const struct obj_fd *objects_fd(const struct objects_screen *screen);
const struct obj_file *objects_file(const struct objects_screen *screen);
const struct obj_inode *objects_inode(const struct objects_screen *screen);
const struct vma *objects_vma(const struct objects_screen *screen);

/* Draws everything, in objects_draw.c. */
void objects_draw_all(struct objects_screen *screen, struct canvas *canvas,
		      const struct theme *theme);
/* Draws the lines between the boxes, in objects_links.c. */
void objects_draw_links(const struct objects_screen *screen, struct canvas *canvas,
			const struct theme *theme);
/* The row of line `line` of a box's list, or -1 where it is scrolled out of sight. */
int objects_line_y(const struct objects_screen *screen, enum obj_box box, size_t line);
/* Draws the address scale of the mm, in objects_scale.c. */
void objects_draw_scale(const struct objects_screen *screen, struct canvas *canvas,
			const struct theme *theme);

/* Line `nr` of what is said of the chosen object, in objects_about.c; false past the last. */
bool objects_about(const struct objects_screen *screen, int nr, char *out, size_t room);

#endif
