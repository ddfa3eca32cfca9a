/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lessons, in the order of the article that they follow. */
#include "learn/lesson.h"

#include <string.h>

const struct lesson *const lessons[] = {
	&lesson_address,    &lesson_task,       &lesson_vma,        &lesson_file,
	&lesson_cache,      &lesson_fault_anon, &lesson_fault_file, &lesson_fault_cow,
	&lesson_fault_swap, &lesson_fault_segv, &lesson_copy,       &lesson_direct,
	&lesson_mmap_write, &lesson_sendfile,   &lesson_boundaries,
};

const size_t nr_lessons = LESSON_NR(lessons);

const struct lesson *lesson_find(const char *name)
{
	for (size_t i = 0; i < nr_lessons; i++)
		if (!strcmp(lessons[i]->name, name))
			return lessons[i];
	return NULL;
}
