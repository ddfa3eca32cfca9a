/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Measures what lessons claim. The pages of each region are walked once for each moment, and the
 * picture and the figures both come from that walk, so that they cannot disagree. A region that
 * is not mapped has no page present, which is known and not unknown. What is measured of files and
 * tasks stands in measure_files.c.
 */
#include "learn/measure.h"

#include "base/xalloc.h"
#include "kernel/proc.h"
#include "kernel/walk.h"
#include "learn/measure_pass.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the pages ---- */

struct page_taker {
	struct lesson_page *pages;
	uint64_t first_vpn;
	size_t nr_pages;
};

static int take_span(void *arg, const struct page_span *span)
{
	struct page_taker *taker = arg;

	for (uint64_t i = 0; i < span->nr_pages; i++) {
		uint64_t at = span->vpn + i - taker->first_vpn;
		struct lesson_page *page = &taker->pages[at];

		if (at >= taker->nr_pages)
			break;
		page->state = span->state;
		if (span->entries && span->entries[i] & PM_EXCLUSIVE)
			page->state |= PAGE_EXCLUSIVE;
		if (span->pfns)
			page->pfn = span->pfns[i];
		if (span->flags)
			page->flags = span->flags[i];
	}
	return 0;
}

struct lesson_region *measure_keep_region(struct step_result *result, size_t index,
					  const struct pupil_region *from)
{
	struct lesson_region *region;

	for (size_t i = 0; i < result->nr_regions; i++) {
		region = &result->regions[i];
		if (region->index == index && region->pid == from->pid &&
		    region->start_addr == from->start_addr && region->nr_pages == from->nr_pages)
			return region;
	}
	if (result->nr_regions == LESSON_SUBJECTS)
		return NULL;
	region = &result->regions[result->nr_regions++];
	snprintf(region->name, sizeof(region->name), "%s", from->name);
	region->index = (unsigned)index;
	region->pid = from->pid;
	region->start_addr = from->start_addr;
	region->nr_pages = from->nr_pages;
	region->before = xcalloc(region->nr_pages, sizeof(*region->before));
	region->after = xcalloc(region->nr_pages, sizeof(*region->after));
	return region;
}

static int walk_region(struct pass *pass, size_t index, const struct pupil_region *from)
{
	struct lesson_region *region = pass->regions[index];
	struct page_taker taker = { .nr_pages = region->nr_pages };
	struct walker *walker;
	int ret = walker_new(pass->procs[index], WALK_CHUNK_PAGES, &walker);

	if (ret)
		return ret;
	taker.pages = pass->moment->after ? region->after : region->before;
	taker.first_vpn = from->start_addr >> walker_geometry(walker)->page_shift;
	ret = walk_pages(walker, taker.first_vpn, taker.first_vpn + taker.nr_pages,
			 WALK_FRAMES | WALK_FLAGS, take_span, &taker);
	pass->sources[index] = *walker_sources(walker);
	region->has_frames = sources_has(&pass->sources[index], SOURCE_FRAMES);
	region->has_flags = sources_has(&pass->sources[index], SOURCE_KPAGEFLAGS);
	walker_free(walker);
	if (!ret)
		*(pass->moment->after ? &region->nr_after : &region->nr_before) = region->nr_pages;
	return ret;
}

static void read_region(struct pass *pass, size_t index)
{
	const struct pupil_region *from = &pass->moment->stage->regions[index];
	int ret;

	pass->region_why[index] = WHY_GONE;
	if (!from->name[0] || !from->nr_pages || from->nr_pages > PUPIL_PAGES)
		return;
	pass->regions[index] = measure_keep_region(pass->result, index, from);
	if (!pass->regions[index])
		return;
	ret = proc_open(pass->moment->host, from->pid, &pass->procs[index]);
	if (!ret)
		ret = proc_read_maps(pass->procs[index], &pass->vmas[index]);
	if (!ret)
		ret = walk_region(pass, index, from);
	pass->region_why[index] = ret ? why_from_errno(-ret) : WHY_OK;
}

/* ---- quantities of pages ---- */

static const struct lesson_page *pages_of(const struct pass *pass, unsigned index, size_t *nr)
{
	const struct lesson_region *region = pass->regions[index];

	*nr = region->nr_pages;
	return pass->moment->after ? region->after : region->before;
}

static int64_t count_state(const struct lesson_page *pages, size_t nr, unsigned state)
{
	int64_t count = 0;

	for (size_t i = 0; i < nr; i++)
		count += (pages[i].state & state) == state;
	return count;
}

static int64_t count_different(const struct lesson_page *pages, size_t nr)
{
	int64_t count = 0;

	for (size_t i = 0; i < nr; i++) {
		bool seen = !pages[i].pfn;

		for (size_t j = 0; j < i && !seen; j++)
			seen = pages[j].pfn == pages[i].pfn;
		count += !seen;
	}
	return count;
}

static int64_t count_frames(const struct pass *pass, const struct lesson_claim *claim)
{
	size_t nr, nr_other = 0;
	const struct lesson_page *pages = pages_of(pass, claim->subject, &nr);
	const struct lesson_page *other = NULL;
	int64_t count = 0;

	if (claim->quantity == QUANTITY_NR_FRAMES)
		return count_different(pages, nr);
	if (claim->quantity == QUANTITY_SAME_FRAMES)
		other = pages_of(pass, claim->other, &nr_other);
	for (size_t i = 0; i < nr; i++) {
		if (!pages[i].pfn)
			continue;
		if (other)
			count += i < nr_other && pages[i].pfn == other[i].pfn;
		else if (claim->quantity == QUANTITY_IN_ORDER)
			count += i > 0 && pages[i - 1].pfn + 1 == pages[i].pfn;
		else
			count++;
	}
	return count;
}

static unsigned state_of_quantity(enum quantity quantity)
{
	static const unsigned states[NR_QUANTITY] = {
		[QUANTITY_PRESENT] = PAGE_PRESENT,
		[QUANTITY_SWAPPED] = PAGE_SWAPPED,
		[QUANTITY_ZERO] = PAGE_PRESENT | PAGE_ZERO,
		[QUANTITY_HUGE] = PAGE_PRESENT | PAGE_HUGE,
		[QUANTITY_FILE_PAGES] = PAGE_PRESENT | PAGE_FILE,
		[QUANTITY_EXCLUSIVE] = PAGE_PRESENT | PAGE_EXCLUSIVE,
	};

	return states[quantity];
}

static bool region_is_known(const struct pass *pass, unsigned index, enum source source,
			    struct reading *out)
{
	enum why why = pass->region_why[index];

	if (why != WHY_OK) {
		reading_set_unknown(out, why,
				    pass->moment->stage->regions[index].name[0]
					    ? "the process is gone"
					    : "the region is not there");
		return false;
	}
	if (source == SOURCE_PAGEMAP)
		return true;
	why = pass->sources[index].why[source];
	/* Where nothing is present nothing was asked, and nothing is known to be there. */
	if (why == WHY_OK || (why == WHY_NOT_ASKED && source == SOURCE_PAGEMAP_SCAN))
		return true;
	reading_set_refused(out, source, why);
	return false;
}

static void measure_pages(struct pass *pass, const struct lesson_claim *claim, struct reading *out)
{
	bool scanned = claim->quantity == QUANTITY_ZERO || claim->quantity == QUANTITY_HUGE;
	size_t nr;
	const struct lesson_page *pages;

	if (!region_is_known(pass, claim->subject, scanned ? SOURCE_PAGEMAP_SCAN : SOURCE_PAGEMAP,
			     out))
		return;
	pages = pages_of(pass, claim->subject, &nr);
	reading_set_value(out, count_state(pages, nr, state_of_quantity(claim->quantity)));
}

static void measure_frames(struct pass *pass, const struct lesson_claim *claim, struct reading *out)
{
	if (!pass->moment->host->may_see_frames) {
		reading_set_refused(out, SOURCE_FRAMES, WHY_DENIED);
		return;
	}
	if (!region_is_known(pass, claim->subject, SOURCE_PAGEMAP, out) ||
	    (claim->quantity == QUANTITY_SAME_FRAMES &&
	     !region_is_known(pass, claim->other, SOURCE_PAGEMAP, out)))
		return;
	reading_set_value(out, count_frames(pass, claim));
}

static void measure_vmas(struct pass *pass, const struct lesson_claim *claim, struct reading *out)
{
	const struct pupil_region *region = &pass->moment->stage->regions[claim->subject];
	uint64_t page_bytes = geometry_page_size(&pass->moment->host->geometry);
	uint64_t end_addr = region->start_addr + region->nr_pages * page_bytes;
	int64_t nr_vmas = 0, nr_pages = 0;

	if (!region_is_known(pass, claim->subject, SOURCE_PAGEMAP, out))
		return;
	for (size_t i = 0; i < vma_list_nr(pass->vmas[claim->subject]); i++) {
		const struct vma *vma = vma_list_at(pass->vmas[claim->subject], i);
		uint64_t from = vma->start_addr > region->start_addr ? vma->start_addr
								     : region->start_addr;
		uint64_t to = vma->end_addr < end_addr ? vma->end_addr : end_addr;

		if (from >= to)
			continue;
		nr_vmas++;
		nr_pages += (int64_t)((to - from) / page_bytes);
	}
	reading_set_value(out, claim->quantity == QUANTITY_VMAS ? nr_vmas : nr_pages);
}

/* ---- faults ---- */

static void measure_faults(struct pass *pass, const struct lesson_claim *claim, struct reading *out)
{
	const struct measure_faults *faults = pass->moment->faults;
	const struct pupil_region *region = &pass->moment->stage->regions[claim->subject];
	uint64_t page_bytes = geometry_page_size(&pass->moment->host->geometry);
	int64_t count = 0;

	if (!faults) {
		reading_set_value(out, 0);
		return;
	}
	if (faults->why != WHY_OK) {
		reading_set_unknown(
			out, faults->why,
			faults->why == WHY_TRUNCATED
				? "fault events were lost"
				: "perf events are refused (perf_event_paranoid, seccomp)");
		return;
	}
	for (size_t i = 0; i < faults->nr; i++)
		count += faults->items[i].major == (claim->quantity == QUANTITY_MAJOR) &&
			 faults->items[i].addr - region->start_addr < region->nr_pages * page_bytes;
	reading_set_value(out, count);
}

static void measure_counted(struct pass *pass, const struct lesson_claim *claim,
			    struct reading *out)
{
	struct process_info info;
	int ret = pass->pupil ? proc_read_info(pass->pupil, &info) : -ESRCH;

	if (ret || info.life == PROCESS_GONE)
		reading_set_refused(out, SOURCE_STAT, ret ? why_from_errno(-ret) : WHY_GONE);
	else
		reading_set_value(out, (int64_t)(claim->quantity == QUANTITY_COUNTED_MINOR
							 ? info.minflt
							 : info.majflt));
}

/* "read_bytes: 4096" of /proc/PID/io (proc_pid_io(5)). */
static void measure_read_bytes(struct pass *pass, const struct lesson_claim *claim,
			       struct reading *out)
{
	static const char key[] = "\nread_bytes: ";
	char *text, *at;
	size_t len_bytes;
	int ret = -ESRCH;

	(void)claim;
	if (pass->pupil)
		ret = host_read_all(pass->moment->host, proc_dir_fd(pass->pupil), "io", &text,
				    &len_bytes);
	if (ret) {
		reading_set_unknown(out, ret == -ENOENT ? WHY_UNSUPPORTED : why_from_errno(-ret),
				    "this kernel does not account storage to processes");
		return;
	}
	at = strstr(text, key);
	if (at)
		reading_set_value(out, strtoll(at + strlen(key), NULL, 10));
	else
		reading_set_unknown(out, WHY_UNSUPPORTED, "no read_bytes in io");
	free(text);
}

static void measure_said(struct pass *pass, const struct lesson_claim *claim, struct reading *out)
{
	reading_set_value(out, pass->moment->stage->said[claim->subject]);
}

/* ---- all of it ---- */

static measure_fn *const measures[NR_QUANTITY] = {
	[QUANTITY_SAID] = measure_said,
	[QUANTITY_SAID_YES] = measure_said,
	[QUANTITY_PRESENT] = measure_pages,
	[QUANTITY_SWAPPED] = measure_pages,
	[QUANTITY_ZERO] = measure_pages,
	[QUANTITY_HUGE] = measure_pages,
	[QUANTITY_FILE_PAGES] = measure_pages,
	[QUANTITY_EXCLUSIVE] = measure_pages,
	[QUANTITY_FRAMES] = measure_frames,
	[QUANTITY_NR_FRAMES] = measure_frames,
	[QUANTITY_SAME_FRAMES] = measure_frames,
	[QUANTITY_IN_ORDER] = measure_frames,
	[QUANTITY_VMAS] = measure_vmas,
	[QUANTITY_MAPPED] = measure_vmas,
	[QUANTITY_MINOR] = measure_faults,
	[QUANTITY_MAJOR] = measure_faults,
	[QUANTITY_COUNTED_MINOR] = measure_counted,
	[QUANTITY_COUNTED_MAJOR] = measure_counted,
	[QUANTITY_CACHED] = measure_cache,
	[QUANTITY_DIRTY] = measure_cache,
	[QUANTITY_WRITEBACK] = measure_cache,
	[QUANTITY_READ_BYTES] = measure_read_bytes,
	[QUANTITY_SHARES_VM] = measure_shares,
	[QUANTITY_SHARES_FILES] = measure_shares,
	[QUANTITY_SHARES_FS] = measure_shares,
	[QUANTITY_SAME_OPEN_FILE] = measure_open_file,
	[QUANTITY_SAME_INODE] = measure_inode,
	[QUANTITY_POSITION] = measure_position,
};

void measure_step(const struct measure_moment *moment, struct step_result *result)
{
	struct pass pass = { .moment = moment, .result = result };

	result->geometry = moment->host->geometry;
	/* Its own counters first: what follows cannot disturb them, but they move by themselves. */
	if (proc_open(moment->host, moment->stage->tasks[0], &pass.pupil))
		pass.pupil = NULL;
	for (size_t i = 0; i < LESSON_SUBJECTS; i++)
		read_region(&pass, i);
	if (result->lesson->shows_cache)
		measure_read_cache(&pass);
	if (result->lesson->steps[result->step].shows_descriptors)
		measure_read_descriptors(&pass);
	for (size_t i = 0; i < result->nr_claims; i++) {
		struct claim_result *claim = &result->claims[i];
		enum claim_when when = claim->claim->when;

		if (when == (moment->after ? CLAIM_BEFORE : CLAIM_AFTER))
			continue;
		measures[claim->claim->quantity](&pass, claim->claim,
						 moment->after ? &claim->after : &claim->before);
	}
	for (size_t i = 0; i < LESSON_SUBJECTS; i++) {
		vma_list_free(pass.vmas[i]);
		cache_info_clear(&pass.cache[i]);
		if (pass.procs[i])
			proc_close(pass.procs[i]);
	}
	if (pass.pupil)
		proc_close(pass.pupil);
}
