/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A snapshot is what was read in one pass, put together from parts that are shared with
 * the snapshots before and after it where they did not change.
 */
#include "model/snapshot.h"

#include "base/xalloc.h"

#include <stdlib.h>
#include <string.h>

static struct vma_list *copy_list(const struct vma_list *list)
{
	struct vma_list *copy = vma_list_new();

	for (size_t i = 0; i < vma_list_nr(list); i++)
		vma_list_add(copy, vma_list_at(list, i));
	return copy;
}

struct vma_table *vma_table_new(struct vma_list *list, const struct geometry *geometry)
{
	struct vma_table *table = xcalloc(1, sizeof(*table));
	size_t nr = vma_list_nr(list);

	table->refs = 1;
	table->list = list;
	table->counts = xcalloc(nr, sizeof(*table->counts));
	table->why = xcalloc(nr, sizeof(*table->why));
	for (size_t i = 0; i < nr; i++) {
		table->counts[i].pages = vma_len_bytes(vma_list_at(list, i)) >>
					 geometry->page_shift;
		table->why[i] = WHY_NOT_ASKED;
	}
	return table;
}

struct vma_table *vma_table_again(const struct vma_table *table, const struct geometry *geometry)
{
	return vma_table_new(copy_list(table->list), geometry);
}

struct vma_table *vma_table_ref(struct vma_table *table)
{
	if (table)
		atomic_fetch_add(&table->refs, 1);
	return table;
}

void vma_table_unref(struct vma_table *table)
{
	if (!table || atomic_fetch_sub(&table->refs, 1) > 1)
		return;
	vma_list_free(table->list);
	free(table->counts);
	free(table->why);
	vma_changes_free(table->comparison);
	free(table);
}

void vma_table_keep_counts(struct vma_table *table, const struct vma_table *before)
{
	size_t nr_before = vma_list_nr(before->list), old = 0;

	for (size_t i = 0; i < vma_list_nr(table->list); i++) {
		const struct vma *vma = vma_list_at(table->list, i);

		while (old < nr_before &&
		       vma_list_at(before->list, old)->start_addr < vma->start_addr)
			old++;
		if (old == nr_before)
			break;
		if (vma_list_at(before->list, old)->start_addr != vma->start_addr ||
		    vma_list_at(before->list, old)->end_addr != vma->end_addr)
			continue;
		table->counts[i] = before->counts[old];
		table->why[i] = before->why[old];
	}
	table->comparison = vma_changes_carry(before->comparison, before, table);
	table->totals = before->totals;
	table->has_zero_huge = before->has_zero_huge;
	table->counted_mono_ns = before->counted_mono_ns;
}

void vma_table_split(const struct vma_table *table, const struct geometry *geometry,
		     const struct page_span *span, size_t *cursor,
		     void (*fn)(void *arg, size_t index, const struct page_span *part), void *arg)
{
	uint64_t past = span->vpn + span->nr_pages;
	size_t nr = vma_list_nr(table->list);

	for (; *cursor < nr; (*cursor)++) {
		const struct vma *vma = vma_list_at(table->list, *cursor);
		uint64_t vma_first = vma->start_addr >> geometry->page_shift;
		uint64_t vma_past = vma->end_addr >> geometry->page_shift;
		uint64_t first = vma_first > span->vpn ? vma_first : span->vpn;
		uint64_t stop = vma_past < past ? vma_past : past;

		if (vma_first >= past)
			break;
		if (first < stop) {
			struct page_span part = page_span_part(span, first, stop - first);

			fn(arg, *cursor, &part);
		}
		if (vma_past > past)
			break;
	}
}

void vma_table_add_part(struct vma_table *table, size_t index, const struct page_span *part)
{
	table->has_frames = table->has_frames || part->entries;
	table->has_flags = table->has_flags || part->flags;
	table->has_mapcounts = table->has_mapcounts || part->mapcounts;
	page_counts_add_span(&table->counts[index], part);
}

void vma_table_finish(struct vma_table *table)
{
	struct page_counts totals = { 0 };

	for (size_t i = 0; i < vma_list_nr(table->list); i++) {
		if (table->why[i] == WHY_NOT_ASKED)
			table->why[i] = WHY_OK;
		if (table->why[i] == WHY_OK)
			page_counts_add(&totals, &table->counts[i]);
	}
	table->totals = totals;
}

size_t vma_table_find(const struct vma_table *table, uint64_t addr)
{
	const struct vma *vma = vma_list_find(table->list, addr);

	return vma ? (size_t)(vma - vma_list_at(table->list, 0)) : SIZE_MAX;
}

struct snapshot *snapshot_new(void)
{
	struct snapshot *snapshot = xcalloc(1, sizeof(*snapshot));

	snapshot->refs = 1;
	snapshot->maps_why = WHY_NOT_ASKED;
	snapshot->frames_why = WHY_NOT_ASKED;
	snapshot->pss_why = WHY_NOT_ASKED;
	sources_init(&snapshot->sources);
	return snapshot;
}

struct snapshot *snapshot_ref(struct snapshot *snapshot)
{
	if (snapshot)
		atomic_fetch_add(&snapshot->refs, 1);
	return snapshot;
}

void snapshot_unref(struct snapshot *snapshot)
{
	if (!snapshot || atomic_fetch_sub(&snapshot->refs, 1) > 1)
		return;
	vma_table_unref(snapshot->vmas);
	grid_unref(snapshot->view);
	grid_rows_unref(snapshot->rows);
	frame_map_unref(snapshot->frames);
	page_peek_unref(snapshot->peek);
	frame_pages_unref(snapshot->frame_pages);
	if (snapshot->has_detail)
		page_detail_clear(&snapshot->detail);
	free(snapshot);
}

static bool same_process(const struct process_info *a, const struct process_info *b)
{
	return a->pid == b->pid && a->life == b->life && a->state == b->state &&
	       a->exec_id == b->exec_id && a->nr_threads == b->nr_threads &&
	       a->rss_bytes == b->rss_bytes && a->swap_bytes == b->swap_bytes &&
	       a->minflt == b->minflt && a->majflt == b->majflt && a->exit_why == b->exit_why &&
	       !strcmp(a->comm, b->comm);
}

static bool same_detail(const struct page_detail *a, const struct page_detail *b)
{
	return a->addr == b->addr && a->mapped == b->mapped && a->why == b->why &&
	       a->state == b->state && a->leaf_bytes == b->leaf_bytes && a->pfn_why == b->pfn_why &&
	       a->pfn == b->pfn && a->flags_why == b->flags_why && a->flags == b->flags &&
	       a->mapcount_why == b->mapcount_why && a->mapcount == b->mapcount &&
	       a->swap_offset == b->swap_offset && a->vma.start_addr == b->vma.start_addr &&
	       a->vma.end_addr == b->vma.end_addr && a->vma.perms == b->vma.perms;
}

bool snapshot_shows_same(const struct snapshot *a, const struct snapshot *b)
{
	if (a->vmas != b->vmas || a->view != b->view || a->rows != b->rows ||
	    a->frames != b->frames || a->frame_pages != b->frame_pages || a->peek != b->peek)
		return false;
	if (!same_process(&a->process, &b->process) || a->execed_mono_ns != b->execed_mono_ns ||
	    a->maps_why != b->maps_why || a->frames_why != b->frames_why ||
	    a->pss_why != b->pss_why || a->pss_bytes != b->pss_bytes ||
	    a->scanning != b->scanning || a->seek_serial != b->seek_serial ||
	    a->seek_found != b->seek_found || a->changed_mono_ns != b->changed_mono_ns ||
	    a->mark.state != b->mark.state || a->mark.serial != b->mark.serial)
		return false;
	return a->minflt_per_s == b->minflt_per_s && a->majflt_per_s == b->majflt_per_s &&
	       a->has_detail == b->has_detail &&
	       (!a->has_detail || same_detail(&a->detail, &b->detail));
}

bool map_request_same_view(const struct map_request *a, const struct map_request *b)
{
	if (a->view != b->view || a->mode != b->mode || a->flag != b->flag)
		return false;
	if (a->view != VIEW_ROWS)
		return a->start_vpn == b->start_vpn && a->nr_pages == b->nr_pages &&
		       a->pages_per_cell == b->pages_per_cell && a->start_index == b->start_index &&
		       a->filter == b->filter && a->leave_out_empty == b->leave_out_empty;
	if (a->nr_rows != b->nr_rows)
		return false;
	for (size_t i = 0; i < a->nr_rows; i++)
		if (a->rows[i].start_vpn != b->rows[i].start_vpn ||
		    a->rows[i].nr_pages != b->rows[i].nr_pages ||
		    a->rows[i].pages_per_cell != b->rows[i].pages_per_cell)
			return false;
	return true;
}

static bool same_frames(const struct map_request *a, const struct map_request *b)
{
	return a->frame_columns == b->frame_columns && a->frame_rows == b->frame_rows &&
	       a->shown_pfn == b->shown_pfn && a->nr_shown == b->nr_shown &&
	       a->frames_per_cell == b->frames_per_cell && a->asked_pfn == b->asked_pfn &&
	       a->nr_asked == b->nr_asked && a->neighbours == b->neighbours;
}

bool map_request_equal(const struct map_request *a, const struct map_request *b)
{
	return map_request_same_view(a, b) && same_frames(a, b) &&
	       a->cursor_addr == b->cursor_addr && a->has_cursor == b->has_cursor &&
	       a->mark_serial == b->mark_serial && a->seek.serial == b->seek.serial &&
	       a->peek_serial == b->peek_serial;
}
