/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_LEARN_LESSON_H
#define PAGEWALK_LEARN_LESSON_H

#include "model/lesson.h"

#include <stddef.h>

/* All lessons in the order in which they are taught. */
extern const struct lesson *const lessons[];
extern const size_t nr_lessons;

/* NULL where there is none of that name. */
const struct lesson *lesson_find(const char *name);

/* For the tables. */
#define LESSON_NR(array)     (sizeof(array) / sizeof((array)[0]))
#define LESSON_CLAIMS(array) .claims = (array), .nr_claims = LESSON_NR(array)
#define LESSON_STEPS(array)  .steps = (array), .nr_steps = LESSON_NR(array)

/* One line for each file lesson_NAME.c. */
extern const struct lesson lesson_address;
extern const struct lesson lesson_task;
extern const struct lesson lesson_vma;
extern const struct lesson lesson_file;
extern const struct lesson lesson_cache;
extern const struct lesson lesson_fault_anon;
extern const struct lesson lesson_fault_file;
extern const struct lesson lesson_fault_cow;
extern const struct lesson lesson_fault_swap;
extern const struct lesson lesson_fault_segv;
extern const struct lesson lesson_copy;
extern const struct lesson lesson_direct;
extern const struct lesson lesson_mmap_write;
extern const struct lesson lesson_sendfile;
extern const struct lesson lesson_boundaries;

#endif
