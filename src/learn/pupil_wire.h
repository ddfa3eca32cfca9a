/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_LEARN_PUPIL_WIRE_H
#define PAGEWALK_LEARN_PUPIL_WIRE_H

#include "model/lesson.h"

#include <stdint.h>

/*
 * What the runner and the pupil say to each other: an order names an action, the answer says
 * what there is to look at now. One to a packet, over the control socket that the pupil is
 * started with (lab/wire.h has the descriptors). Both ends come from one build.
 */
#define PUPIL_MAGIC   UINT32_C(0x50574c50)
#define PUPIL_SAID    16
#define PUPIL_ACTION  40
#define PUPIL_TEXT    120
#define PUPIL_PAGES   LESSON_PAGES
#define PUPIL_NO_TASK 0

/* The two bytes of lesson `address`, within the first page of region 0. */
#define LESSON_FIRST_BYTE  0x2a8
#define LESSON_SECOND_BYTE 0xe10

struct pupil_order {
	uint32_t magic;
	char action[PUPIL_ACTION]; /* NUL-terminated */
};

struct pupil_region {
	char name[24];     /* "" where there is none of this index */
	int32_t pid;       /* whose address it is */
	uint32_t nr_pages; /* at most PUPIL_PAGES */
	uint64_t start_addr;
};

struct pupil_answer {
	uint32_t magic;
	int32_t error;         /* 0, or a positive errno */
	char text[PUPIL_TEXT]; /* what failed; NUL-terminated */
	struct pupil_region regions[LESSON_SUBJECTS];
	int32_t fds[LESSON_SUBJECTS];   /* -1: none */
	int32_t tasks[LESSON_SUBJECTS]; /* 0: none; tasks[0] is the pupil */
	int64_t said[PUPIL_SAID];
};

#endif
