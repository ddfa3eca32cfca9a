/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_LEARN_MEASURE_PASS_H
#define PAGEWALK_LEARN_MEASURE_PASS_H

#include "kernel/proc.h"
#include "learn/measure.h"
#include "model/cache.h"
#include "model/sources.h"
#include "model/vma.h"

#include <stdio.h>

/* The inside of measuring, shared by the files that measure one kind of thing each. */

/* What one pass over what there is leaves for the claims. */
struct pass {
	const struct measure_moment *moment;
	struct step_result *result;
	struct proc *procs[LESSON_SUBJECTS]; /* of the regions; NULL: gone */
	enum why region_why[LESSON_SUBJECTS];
	struct sources sources[LESSON_SUBJECTS];
	struct vma_list *vmas[LESSON_SUBJECTS];
	/* Where regions of the stage stand in the result. */
	struct lesson_region *regions[LESSON_SUBJECTS];
	struct proc *pupil;
	/* The page cache of the file behind each descriptor, where it was asked for. */
	bool has_cache[LESSON_SUBJECTS];
	enum why cache_why[LESSON_SUBJECTS]; /* why the file could not be asked about */
	struct cache_info cache[LESSON_SUBJECTS];
};

typedef void measure_fn(struct pass *pass, const struct lesson_claim *claim, struct reading *out);

measure_fn measure_cache, measure_shares, measure_open_file, measure_inode, measure_position;
/* Reads the page cache of the file behind descriptor 0 into a region of the result. */
void measure_read_cache(struct pass *pass);

/* Reads the pupil's descriptors, what each points to and its position, into the result. */
void measure_read_descriptors(struct pass *pass);

/* The result's own region for one of the stage: the same range, or a new one; NULL: no room. */
struct lesson_region *measure_keep_region(struct step_result *result, size_t index,
					  const struct pupil_region *from);

static inline void reading_set_value(struct reading *out, int64_t value)
{
	out->why = WHY_OK;
	out->value = value;
	out->reason[0] = '\0';
}

static inline void reading_set_unknown(struct reading *out, enum why why, const char *reason)
{
	out->why = why;
	snprintf(out->reason, sizeof(out->reason), "%s", reason);
}

static inline void reading_set_refused(struct reading *out, enum source source, enum why why)
{
	out->why = why;
	source_refusal(source, why, out->reason, sizeof(out->reason));
}

#endif
