/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A moment kept and compared. 24 bytes a run; a process with huge pages or long files needs a
 * few thousand runs, one whose memory was handed out page by page one for each page. The
 * dirty bit is that of kpageflags: nothing is written to clear_refs.
 */
#include "model/moment.h"

#include "base/xalloc.h"

#include <stdlib.h>

struct moment *moment_new(uint64_t start_vpn, uint64_t end_vpn, size_t max_runs)
{
	struct moment *moment = xcalloc(1, sizeof(*moment));

	moment->start_vpn = start_vpn;
	moment->end_vpn = end_vpn;
	moment->max = max_runs;
	return moment;
}

void moment_free(struct moment *moment)
{
	if (!moment)
		return;
	free(moment->runs);
	free(moment);
}

/* Whether `next` carries `run` on, and as what. */
static bool joins(struct moment_run *run, const struct moment_run *next)
{
	uint64_t bits = run->bits & ~(uint64_t)MOMENT_ONE_FRAME;
	bool one_frame = run->bits & MOMENT_ONE_FRAME;

	if (next->vpn != run->vpn + run->nr_pages || next->bits != bits)
		return false;
	if (!run->pfn || !next->pfn)
		return !run->pfn && !next->pfn;
	if (!one_frame && next->pfn == run->pfn + run->nr_pages)
		return true;
	if (next->nr_pages != 1 || next->pfn != run->pfn || (!one_frame && run->nr_pages > 1))
		return false;
	run->bits |= MOMENT_ONE_FRAME;
	return true;
}

static void add_run(struct moment *moment, const struct moment_run *run);

/* Gives the frame numbers up: what follows each other is joined anew. */
static void forget_frames(struct moment *moment)
{
	size_t nr = moment->nr;

	moment->level = MOMENT_STATES;
	moment->nr = 0;
	moment->nr_seen = 0;
	for (size_t i = 0; i < nr; i++) {
		struct moment_run run = moment->runs[i];

		run.pfn = 0;
		run.bits &= ~(uint64_t)MOMENT_ONE_FRAME;
		add_run(moment, &run);
	}
}

static void forget_all(struct moment *moment)
{
	free(moment->runs);
	moment->runs = NULL;
	moment->nr = moment->room = 0;
	moment->level = MOMENT_COUNTS;
}

static void add_run(struct moment *moment, const struct moment_run *run)
{
	if (moment->level == MOMENT_COUNTS) {
		moment->nr_seen++;
		return;
	}
	if (moment->nr && joins(&moment->runs[moment->nr - 1], run)) {
		moment->runs[moment->nr - 1].nr_pages += run->nr_pages;
		return;
	}
	if (moment->nr == moment->max && moment->level == MOMENT_FRAMES) {
		struct moment_run bare = *run;

		forget_frames(moment);
		bare.pfn = 0;
		add_run(moment, &bare);
		return;
	}
	moment->nr_seen++;
	if (moment->nr == moment->max) {
		forget_all(moment);
		return;
	}
	moment->runs = xgrow(moment->runs, moment->nr, &moment->room, sizeof(*moment->runs));
	moment->runs[moment->nr++] = *run;
}

static uint64_t bits_of(const struct page_span *span, uint64_t i)
{
	uint64_t bits = 0, flags = span->flags ? span->flags[i] : 0;

	bits |= span->state & PAGE_PRESENT ? MOMENT_PRESENT : 0;
	bits |= span->state & PAGE_SWAPPED ? MOMENT_SWAPPED : 0;
	bits |= span->state & PAGE_FILE ? MOMENT_FILE : 0;
	if (span->flags && span->state & PAGE_PRESENT)
		bits |= MOMENT_HAS_FLAGS | (flags & KPF_BIT(KPF_DIRTY) ? MOMENT_DIRTY : 0);
	return bits;
}

void moment_add_span(struct moment *moment, const struct page_span *span)
{
	uint64_t first = span->vpn, past = span->vpn + span->nr_pages;
	bool each;

	if (first < moment->start_vpn)
		first = moment->start_vpn;
	if (past > moment->end_vpn)
		past = moment->end_vpn;
	if (first >= past)
		return;
	each = (span->pfns && moment->level == MOMENT_FRAMES) || span->flags;
	for (uint64_t vpn = first; vpn < past; vpn++) {
		uint64_t i = vpn - span->vpn;
		struct moment_run run = { .vpn = vpn, .nr_pages = 1, .bits = bits_of(span, i) };

		if (!each)
			run.nr_pages = past - vpn;
		if (span->pfns && moment->level == MOMENT_FRAMES && span->state & PAGE_PRESENT)
			run.pfn = span->pfns[i];
		add_run(moment, &run);
		vpn += run.nr_pages - 1;
	}
}

bool moment_comparable(const struct moment *before, const struct moment *now)
{
	return before && now && before->level != MOMENT_COUNTS && now->level != MOMENT_COUNTS;
}

static uint64_t pfn_at(const struct moment_run *run, uint64_t vpn)
{
	if (!run->pfn || run->bits & MOMENT_ONE_FRAME)
		return run->pfn;
	return run->pfn + (vpn - run->vpn);
}

/* NULL: absent. */
static enum page_change change_of(const struct moment_run *before, const struct moment_run *now,
				  uint64_t vpn)
{
	unsigned was = before ? before->bits : 0, is = now ? now->bits : 0;
	uint64_t old_pfn, new_pfn;

	if ((was ^ is) & MOMENT_PRESENT)
		return is & MOMENT_PRESENT ? CHANGE_CAME : CHANGE_WENT;
	if (!(is & MOMENT_PRESENT))
		return (was ^ is) & MOMENT_SWAPPED ? CHANGE_OTHER : CHANGE_SAME;
	old_pfn = pfn_at(before, vpn);
	new_pfn = pfn_at(now, vpn);
	/* A file's page that became anonymous was copied, though its frame be hidden. */
	if ((old_pfn && new_pfn && old_pfn != new_pfn) || (was ^ is) & MOMENT_FILE)
		return CHANGE_MOVED;
	if (!(was & is & MOMENT_HAS_FLAGS) || !((was ^ is) & MOMENT_DIRTY))
		return CHANGE_SAME;
	return is & MOMENT_DIRTY ? CHANGE_DIRTIED : CHANGE_OTHER;
}

/* Whether all pages from vpn on, as long as both runs last, share the fate of the first. */
static bool is_uniform(const struct moment_run *before, const struct moment_run *now)
{
	return !before || !now || !before->pfn || !now->pfn ||
	       !((before->bits ^ now->bits) & MOMENT_ONE_FRAME);
}

/* Index of the first run that ends behind vpn. */
static size_t first_run(const struct moment *moment, uint64_t vpn)
{
	size_t low = 0, high = moment->nr;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct moment_run *run = &moment->runs[middle];

		if (run->vpn + run->nr_pages <= vpn)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The run at vpn or NULL; *stop is brought down to where that ends. */
static const struct moment_run *run_at(const struct moment *moment, size_t *at, uint64_t vpn,
				       uint64_t *stop)
{
	const struct moment_run *run;
	uint64_t end;

	while (*at < moment->nr && moment->runs[*at].vpn + moment->runs[*at].nr_pages <= vpn)
		(*at)++;
	if (*at == moment->nr)
		return NULL;
	run = &moment->runs[*at];
	end = run->vpn > vpn ? run->vpn : run->vpn + run->nr_pages;
	if (end < *stop)
		*stop = end;
	return run->vpn > vpn ? NULL : run;
}

void moment_diff(const struct moment *before, const struct moment *now, uint64_t start_vpn,
		 uint64_t end_vpn, void (*fn)(void *arg, const struct change_run *run), void *arg)
{
	uint64_t vpn = start_vpn, end = end_vpn;
	size_t old_at, new_at;

	vpn = vpn < before->start_vpn ? before->start_vpn : vpn;
	vpn = vpn < now->start_vpn ? now->start_vpn : vpn;
	end = end > before->end_vpn ? before->end_vpn : end;
	end = end > now->end_vpn ? now->end_vpn : end;
	old_at = first_run(before, vpn);
	new_at = first_run(now, vpn);
	while (vpn < end) {
		uint64_t stop = end;
		const struct moment_run *was = run_at(before, &old_at, vpn, &stop);
		const struct moment_run *is = run_at(now, &new_at, vpn, &stop);
		struct change_run run = { .vpn = vpn, .change = change_of(was, is, vpn) };

		if (!is_uniform(was, is))
			stop = vpn + 1;
		run.nr_pages = stop - vpn;
		run.present = is && is->bits & MOMENT_PRESENT;
		fn(arg, &run);
		vpn = stop;
	}
}

uint64_t page_changes_total(const struct page_changes *changes)
{
	uint64_t total = 0;

	for (int change = 0; change < CHANGE_SAME; change++)
		total += changes->nr[change];
	return total;
}
