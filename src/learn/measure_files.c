/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What lessons claim of descriptors, files and tasks: positions, what two of them have in common,
 * and what of a file is in the page cache.
 */
#include "kernel/fdinfo.h"
#include "kernel/fds.h"
#include "kernel/filecache.h"
#include "kernel/kcmp.h"
#include "kernel/proc.h"
#include "learn/measure_pass.h"
#include "model/page.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static int fd_of(const struct pass *pass, unsigned index)
{
	return pass->pupil ? pass->moment->stage->fds[index] : -1;
}

/* Asks once for each descriptor and moment: the picture and all figures come from that. */
static enum why read_cache(struct pass *pass, unsigned index)
{
	struct cache_info *info = &pass->cache[index];
	struct filecache *file;
	char name[32];
	int ret = -EBADF;

	if (pass->has_cache[index])
		return pass->cache_why[index];
	snprintf(name, sizeof(name), "fd/%d", fd_of(pass, index));
	if (fd_of(pass, index) >= 0)
		ret = filecache_open_at(pass->moment->host, proc_dir_fd(pass->pupil), name,
					FILECACHE_AUTO, &file);
	if (!ret) {
		ret = filecache_read(file, PUPIL_PAGES, info);
		filecache_close(file);
	}
	pass->has_cache[index] = true;
	pass->cache_why[index] = ret ? why_from_errno(-ret) : WHY_OK;
	return pass->cache_why[index];
}

void measure_cache(struct pass *pass, const struct lesson_claim *claim, struct reading *out)
{
	const struct cache_info *info = &pass->cache[claim->subject];
	enum why why = read_cache(pass, claim->subject);

	if (why != WHY_OK) {
		reading_set_unknown(out, why, "the file is not open");
		return;
	}
	why = claim->quantity == QUANTITY_CACHED || info->why != WHY_OK ? info->why
									: info->why_states;
	if (why != WHY_OK)
		reading_set_refused(out, SOURCE_CACHESTAT, why);
	else
		reading_set_value(out,
				  (int64_t)(claim->quantity == QUANTITY_CACHED ? info->total.cached
					    : claim->quantity == QUANTITY_DIRTY
						    ? info->total.dirty
						    : info->total.writeback));
}

/* A cached page in the terms of a mapped one, so that one picture draws both. */
static struct lesson_page page_of(const struct cache_counts *cell)
{
	struct lesson_page page = { 0 };

	if (cell->cached)
		page.state = PAGE_PRESENT | PAGE_FILE;
	if (cell->dirty)
		page.flags |= KPF_BIT(KPF_DIRTY);
	if (cell->writeback)
		page.flags |= KPF_BIT(KPF_WRITEBACK);
	return page;
}

void measure_read_cache(struct pass *pass)
{
	const struct cache_info *info = &pass->cache[0];
	struct pupil_region from = { .name = "page cache of the file",
				     .pid = pass->moment->stage->tasks[0] };
	struct lesson_region *region;
	struct lesson_page *pages;

	if (read_cache(pass, 0) != WHY_OK || info->why != WHY_OK || info->pages_per_cell != 1)
		return;
	from.nr_pages = (uint32_t)info->nr_cells;
	region = measure_keep_region(pass->result, LESSON_CACHE, &from);
	if (!region)
		return;
	region->has_flags = info->why_states == WHY_OK;
	pages = pass->moment->after ? region->after : region->before;
	for (size_t i = 0; i < info->nr_cells; i++)
		pages[i] = page_of(&info->cells[i]);
	*(pass->moment->after ? &region->nr_after : &region->nr_before) = region->nr_pages;
}

void measure_shares(struct pass *pass, const struct lesson_claim *claim, struct reading *out)
{
	static const enum share shares[NR_QUANTITY] = {
		[QUANTITY_SHARES_VM] = SHARE_VM,
		[QUANTITY_SHARES_FILES] = SHARE_FILES,
		[QUANTITY_SHARES_FS] = SHARE_FS,
	};
	const int32_t *tasks = pass->moment->stage->tasks;
	int ret = -ESRCH;

	if (tasks[claim->subject] && tasks[claim->other])
		ret = kcmp_share(pass->moment->host, tasks[claim->subject], tasks[claim->other],
				 shares[claim->quantity]);
	if (ret < 0)
		reading_set_refused(out, SOURCE_KCMP, why_from_errno(-ret));
	else
		reading_set_value(out, ret == 0);
}

void measure_open_file(struct pass *pass, const struct lesson_claim *claim, struct reading *out)
{
	pid_t pid = pass->moment->stage->tasks[0];
	int a = fd_of(pass, claim->subject), b = fd_of(pass, claim->other);
	int ret = a < 0 || b < 0 ? -EBADF : kcmp_file(pass->moment->host, pid, a, pid, b);

	if (ret < 0)
		reading_set_refused(out, SOURCE_KCMP, why_from_errno(-ret));
	else
		reading_set_value(out, ret == 0);
}

void measure_inode(struct pass *pass, const struct lesson_claim *claim, struct reading *out)
{
	const unsigned indexes[2] = { claim->subject, claim->other };
	struct inode_stat stats[2];

	for (int i = 0; i < 2; i++) {
		char name[32];
		int fd = fd_of(pass, indexes[i]), ret = -EBADF;

		snprintf(name, sizeof(name), "fd/%d", fd);
		if (fd >= 0)
			ret = fds_stat(pass->pupil, name, &stats[i]);
		if (ret) {
			reading_set_refused(out, SOURCE_FD, why_from_errno(-ret));
			return;
		}
	}
	reading_set_value(out, stats[0].ino == stats[1].ino &&
				       stats[0].dev_major == stats[1].dev_major &&
				       stats[0].dev_minor == stats[1].dev_minor);
}

void measure_position(struct pass *pass, const struct lesson_claim *claim, struct reading *out)
{
	int fd = fd_of(pass, claim->subject), ret = -EBADF;
	struct fdinfo info;
	size_t len_bytes;
	char name[32], *text;

	snprintf(name, sizeof(name), "fdinfo/%d", fd);
	if (fd >= 0)
		ret = host_read_all(pass->moment->host, proc_dir_fd(pass->pupil), name, &text,
				    &len_bytes);
	if (ret) {
		reading_set_refused(out, SOURCE_FDINFO, why_from_errno(-ret));
		return;
	}
	fdinfo_parse(text, len_bytes, &info);
	if (info.has_pos)
		reading_set_value(out, (int64_t)info.pos_bytes);
	else
		reading_set_refused(out, SOURCE_FDINFO, WHY_UNSUPPORTED);
	fdinfo_clear(&info);
	free(text);
}

/* The first descriptor that is the same struct file; false where the kernel does not tell. */
static bool find_open_file(const struct pass *pass, unsigned index, unsigned *first)
{
	pid_t pid = pass->moment->stage->tasks[0];

	for (*first = 0; *first < index; ++*first) {
		int ret = kcmp_file(pass->moment->host, pid, fd_of(pass, *first), pid,
				    fd_of(pass, index));

		if (ret <= 0)
			return ret == 0;
	}
	return true;
}

void measure_read_descriptors(struct pass *pass)
{
	struct step_result *result = pass->result;

	result->nr_descriptors = 0;
	for (unsigned i = 0; i < LESSON_SUBJECTS && fd_of(pass, i) >= 0; i++) {
		struct lesson_descriptor *descriptor = &result->descriptors[i];
		const struct lesson_claim claim = { .quantity = QUANTITY_POSITION, .subject = i };

		descriptor->fd = fd_of(pass, i);
		descriptor->has_open_file = find_open_file(pass, i, &descriptor->open_file);
		measure_position(pass, &claim,
				 pass->moment->after ? &descriptor->after : &descriptor->before);
		result->nr_descriptors++;
	}
}
