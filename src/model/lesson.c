/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Claims and their verdicts. A claim whose quantity could not be measured is neither held nor
 * broken; a claim about a change needs both readings. Nothing here looks at the kernel, so that
 * tests can feed any observation.
 */
#include "model/lesson.h"

#include "base/xalloc.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct quantity_row {
	const char *name, *source;
	bool needs_frames;
};

static const struct quantity_row rows[NR_QUANTITY] = {
	[QUANTITY_SAID] = { "the program reports", "the program itself", false },
	[QUANTITY_SAID_YES] = { "the program reports", "the program itself", false },
	[QUANTITY_PRESENT] = { "pages present", "pagemap", false },
	[QUANTITY_SWAPPED] = { "pages in swap", "pagemap", false },
	[QUANTITY_ZERO] = { "pages on the zero page", "PAGEMAP_SCAN", false },
	[QUANTITY_HUGE] = { "pages under a huge leaf", "PAGEMAP_SCAN", false },
	[QUANTITY_FILE_PAGES] = { "file pages", "pagemap", false },
	[QUANTITY_EXCLUSIVE] = { "pages exclusively mapped", "pagemap", false },
	[QUANTITY_FRAMES] = { "pages with a frame", "pagemap", true },
	[QUANTITY_NR_FRAMES] = { "different frames", "pagemap", true },
	[QUANTITY_SAME_FRAMES] = { "pages with the same frame", "pagemap", true },
	[QUANTITY_IN_ORDER] = { "frames next to the one before", "pagemap", true },
	[QUANTITY_VMAS] = { "VMAs", "maps of the process", false },
	[QUANTITY_MAPPED] = { "pages in a VMA", "maps of the process", false },
	[QUANTITY_MINOR] = { "minor faults there", "perf", false },
	[QUANTITY_MAJOR] = { "major faults there", "perf", false },
	[QUANTITY_COUNTED_MINOR] = { "minor faults counted", "stat of the process", false },
	[QUANTITY_COUNTED_MAJOR] = { "major faults counted", "stat of the process", false },
	[QUANTITY_CACHED] = { "pages cached", "cachestat(2)", false },
	[QUANTITY_DIRTY] = { "pages dirty", "cachestat(2)", false },
	[QUANTITY_WRITEBACK] = { "pages under writeback", "cachestat(2)", false },
	[QUANTITY_READ_BYTES] = { "bytes read from storage", "io of the process", false },
	[QUANTITY_SHARES_VM] = { "one mm_struct", "kcmp(2)", false },
	[QUANTITY_SHARES_FILES] = { "one files_struct", "kcmp(2)", false },
	[QUANTITY_SHARES_FS] = { "one fs_struct", "kcmp(2)", false },
	[QUANTITY_SAME_OPEN_FILE] = { "one struct file", "kcmp(2)", false },
	[QUANTITY_SAME_INODE] = { "one inode", "fd of the process", false },
	[QUANTITY_POSITION] = { "position in bytes", "fdinfo of the process", false },
	[QUANTITY_COPIES] = { "copies of each byte", "the sender, at each call", false },
	[QUANTITY_CALLS] = { "system calls", "the sender, at each call", false },
	[QUANTITY_TOUCHED] = { "minor faults of the sender", "getrusage(2)", false },
	[QUANTITY_INTACT] = { "arrived intact", "XXH3 of what arrived", false },
	[QUANTITY_SHARED] = { "socket shares the pages", "overwrite proof", false },
	[QUANTITY_CPU_PERCENT] = { "percent of the CPU time", "getrusage(2), paired", false },
};

const char *quantity_name(enum quantity quantity)
{
	return rows[quantity].name;
}

const char *quantity_source(enum quantity quantity)
{
	return rows[quantity].source;
}

bool quantity_is_truth(enum quantity quantity)
{
	switch (quantity) {
	case QUANTITY_SAID_YES:
	case QUANTITY_SHARES_VM:
	case QUANTITY_SHARES_FILES:
	case QUANTITY_SHARES_FS:
	case QUANTITY_SAME_OPEN_FILE:
	case QUANTITY_SAME_INODE:
	case QUANTITY_INTACT:
	case QUANTITY_SHARED:
		return true;
	default:
		return false;
	}
}

bool quantity_is_event(enum quantity quantity)
{
	switch (quantity) {
	case QUANTITY_MINOR:
	case QUANTITY_MAJOR:
	case QUANTITY_COUNTED_MINOR:
	case QUANTITY_COUNTED_MAJOR:
	case QUANTITY_READ_BYTES:
		return true;
	default:
		return false;
	}
}

bool quantity_needs_frames(enum quantity quantity)
{
	return rows[quantity].needs_frames;
}

const char *verdict_text(enum verdict verdict)
{
	static const char *const texts[NR_VERDICT] = { "held", "not held", "not measured" };

	return texts[verdict];
}

enum verdict verdict_worse(enum verdict a, enum verdict b)
{
	if (a == VERDICT_NOT_HELD || b == VERDICT_NOT_HELD)
		return VERDICT_NOT_HELD;
	return a == VERDICT_UNKNOWN ? a : b;
}

static bool holds(const struct lesson_claim *claim, int64_t measured)
{
	switch (claim->relation) {
	case CLAIM_EQUAL:
		return measured == claim->expected;
	case CLAIM_NOT_EQUAL:
		return measured != claim->expected;
	case CLAIM_AT_LEAST:
		return measured >= claim->expected;
	case CLAIM_AT_MOST:
		return measured <= claim->expected;
	}
	return false;
}

void claim_judge(struct claim_result *result)
{
	const struct lesson_claim *claim = result->claim;
	const struct reading *lacking = NULL;

	if (claim->when != CLAIM_AFTER && result->before.why != WHY_OK)
		lacking = &result->before;
	else if (claim->when != CLAIM_BEFORE && result->after.why != WHY_OK)
		lacking = &result->after;
	result->reason = "";
	result->measured = 0;
	if (lacking) {
		result->verdict = VERDICT_UNKNOWN;
		result->reason = lacking->reason[0] ? lacking->reason : why_name(lacking->why);
		return;
	}
	if (claim->when == CLAIM_CHANGE)
		result->measured = result->after.value - result->before.value;
	else
		result->measured = claim->when == CLAIM_BEFORE ? result->before.value
							       : result->after.value;
	result->verdict = holds(claim, result->measured) ? VERDICT_HELD : VERDICT_NOT_HELD;
}

char *claim_expected_text(const struct lesson_claim *claim, char *out, size_t room)
{
	static const char *const relations[] = { "", "not ", "at least ", "at most " };
	const char *sign = claim->when == CLAIM_CHANGE && claim->expected >= 0 ? "+" : "";

	snprintf(out, room, "%s%s%" PRId64, relations[claim->relation], sign, claim->expected);
	return out;
}

struct step_result *step_result_new(const struct lesson *lesson, size_t step)
{
	struct step_result *result = xcalloc(1, sizeof(*result));

	atomic_init(&result->refs, 1);
	result->lesson = lesson;
	result->step = step;
	result->nr_tries = 1;
	result->nr_claims = lesson->steps[step].nr_claims;
	result->claims = xcalloc(result->nr_claims ? result->nr_claims : 1,
				 sizeof(*result->claims));
	for (size_t i = 0; i < result->nr_claims; i++) {
		struct claim_result *claim = &result->claims[i];

		claim->claim = &lesson->steps[step].claims[i];
		claim->before.why = WHY_NOT_ASKED;
		claim->after.why = WHY_NOT_ASKED;
		claim->verdict = VERDICT_UNKNOWN;
		claim->reason = "";
	}
	return result;
}

static struct lesson_page *copy_pages(const struct lesson_page *pages, size_t nr)
{
	struct lesson_page *copy = xcalloc(nr ? nr : 1, sizeof(*copy));

	memcpy(copy, pages, nr * sizeof(*copy));
	return copy;
}

struct step_result *step_result_copy(const struct step_result *result)
{
	struct step_result *copy = step_result_new(result->lesson, result->step);
	struct claim_result *claims = copy->claims;

	*copy = *result;
	atomic_init(&copy->refs, 1);
	copy->claims = claims;
	for (size_t i = 0; i < copy->nr_claims; i++) {
		claims[i] = result->claims[i];
		claims[i].reason = "";
	}
	for (size_t i = 0; i < copy->nr_regions; i++) {
		struct lesson_region *region = &copy->regions[i];

		region->before = copy_pages(region->before, region->nr_pages);
		region->after = copy_pages(region->after, region->nr_pages);
	}
	step_result_judge(copy);
	return copy;
}

struct step_result *step_result_ref(struct step_result *result)
{
	atomic_fetch_add(&result->refs, 1);
	return result;
}

void step_result_unref(struct step_result *result)
{
	if (!result || atomic_fetch_sub(&result->refs, 1) != 1)
		return;
	for (size_t i = 0; i < result->nr_regions; i++) {
		free(result->regions[i].before);
		free(result->regions[i].after);
	}
	free(result->claims);
	free(result);
}

void step_result_judge(struct step_result *result)
{
	result->verdict = VERDICT_HELD;
	for (size_t i = 0; i < result->nr_claims; i++) {
		claim_judge(&result->claims[i]);
		result->verdict = verdict_worse(result->verdict, result->claims[i].verdict);
	}
}

void step_result_refuse(struct step_result *result, enum why why, const char *reason)
{
	for (size_t i = 0; i < result->nr_claims; i++) {
		struct claim_result *claim = &result->claims[i];

		claim->before.why = claim->after.why = why;
		snprintf(claim->before.reason, sizeof(claim->before.reason), "%s", reason);
		snprintf(claim->after.reason, sizeof(claim->after.reason), "%s", reason);
	}
	step_result_judge(result);
}

void lesson_count_claims(const struct lesson *lesson, size_t *nr, size_t *nr_frames)
{
	*nr = *nr_frames = 0;
	for (size_t i = 0; i < lesson->nr_steps; i++) {
		const struct lesson_step *step = &lesson->steps[i];

		*nr += step->nr_claims;
		for (size_t j = 0; j < step->nr_claims; j++)
			*nr_frames += quantity_needs_frames(step->claims[j].quantity);
	}
}

char *lesson_missing(const struct lesson *lesson, const struct lesson_powers *powers, char *out,
		     size_t room)
{
	size_t nr, nr_frames;

	lesson_count_claims(lesson, &nr, &nr_frames);
	out[0] = '\0';
	if (lesson->needs_swap && !powers->swap)
		snprintf(out, room, "swap (--zram, as root)");
	else if (lesson->needs_disk && !powers->disk)
		snprintf(out, room, "a file system on a disk (--dir)");
	else if (nr_frames && !powers->frames)
		snprintf(out, room, "root for %zu of %zu claims", nr_frames, nr);
	return out;
}
