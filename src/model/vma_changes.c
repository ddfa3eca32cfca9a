/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/vma_changes.h"

#include "base/xalloc.h"
#include "model/snapshot.h"

#include <stdlib.h>

static struct vma_changes *new_for(const struct vma_table *table, enum moment_level level)
{
	struct vma_changes *comparison = xcalloc(1, sizeof(*comparison));

	comparison->nr = vma_list_nr(table->list);
	comparison->by_vma = xcalloc(comparison->nr, sizeof(*comparison->by_vma));
	comparison->level = level;
	return comparison;
}

void vma_changes_free(struct vma_changes *comparison)
{
	if (!comparison)
		return;
	free(comparison->by_vma);
	free(comparison);
}

struct vma_changes *vma_changes_carry(const struct vma_changes *comparison,
				      const struct vma_table *of, const struct vma_table *to)
{
	struct vma_changes *carried;
	size_t old = 0;

	if (!comparison)
		return NULL;
	carried = new_for(to, comparison->level);
	carried->gone = comparison->gone;
	carried->total = comparison->total;
	for (size_t i = 0; i < carried->nr; i++) {
		const struct vma *vma = vma_list_at(to->list, i);

		while (old < comparison->nr &&
		       vma_list_at(of->list, old)->start_addr < vma->start_addr)
			old++;
		if (old < comparison->nr &&
		    vma_list_at(of->list, old)->start_addr == vma->start_addr &&
		    vma_list_at(of->list, old)->end_addr == vma->end_addr)
			carried->by_vma[i] = comparison->by_vma[old];
	}
	return carried;
}

struct comparing {
	struct vma_changes *comparison;
	const struct vma_list *list;
	unsigned shift;
	size_t at; /* the VMA to look from; runs come in address order */
};

static void note(struct vma_changes *comparison, struct page_changes *where,
		 enum page_change change, uint64_t nr_pages)
{
	where->nr[change] += nr_pages;
	comparison->total.nr[change] += nr_pages;
}

static void add_change(void *arg, const struct change_run *run)
{
	struct comparing *comparing = arg;
	struct vma_changes *comparison = comparing->comparison;
	uint64_t vpn = run->vpn, end = run->vpn + run->nr_pages;

	while (run->change != CHANGE_SAME && vpn < end) {
		const struct vma *vma = NULL;
		struct page_changes *where = &comparison->gone;
		uint64_t stop = end;

		while (comparing->at < comparison->nr) {
			vma = vma_list_at(comparing->list, comparing->at);
			if (vma->end_addr >> comparing->shift > vpn)
				break;
			comparing->at++;
			vma = NULL;
		}
		if (vma && vma->start_addr >> comparing->shift <= vpn) {
			where = &comparison->by_vma[comparing->at];
			stop = vma->end_addr >> comparing->shift;
		} else if (vma) {
			stop = vma->start_addr >> comparing->shift;
		}
		stop = stop < end ? stop : end;
		note(comparison, where, run->change, stop - vpn);
		vpn = stop;
	}
}

struct vma_changes *vma_changes_new(const struct vma_table *table, const struct geometry *geometry,
				    const struct moment *mark, const struct moment *now)
{
	enum moment_level level = now->level > mark->level ? now->level : mark->level;
	struct comparing comparing = { new_for(table, level), table->list, geometry->page_shift,
				       0 };

	moment_diff(mark, now, 0, UINT64_MAX, add_change, &comparing);
	return comparing.comparison;
}

static void add_net(struct vma_changes *comparison, struct page_changes *where, uint64_t before,
		    uint64_t now)
{
	if (now > before)
		note(comparison, where, CHANGE_CAME, now - before);
	else
		note(comparison, where, CHANGE_WENT, before - now);
}

/* Mappings are the same where they begin and end at the same addresses. */
struct vma_changes *vma_changes_new_net(const struct vma_table *table,
					const struct vma_table *mark_table)
{
	struct vma_changes *comparison = new_for(table, MOMENT_COUNTS);
	size_t nr_marked = vma_list_nr(mark_table->list), old = 0;

	for (size_t i = 0; i < comparison->nr; i++) {
		const struct vma *vma = vma_list_at(table->list, i), *was = NULL;
		uint64_t before = 0;

		for (; old < nr_marked; old++) {
			was = vma_list_at(mark_table->list, old);
			if (was->start_addr >= vma->start_addr)
				break;
			add_net(comparison, &comparison->gone, mark_table->counts[old].present, 0);
		}
		if (old < nr_marked && was->start_addr == vma->start_addr &&
		    was->end_addr == vma->end_addr)
			before = mark_table->counts[old++].present;
		add_net(comparison, &comparison->by_vma[i], before, table->counts[i].present);
	}
	for (; old < nr_marked; old++)
		add_net(comparison, &comparison->gone, mark_table->counts[old].present, 0);
	return comparison;
}
