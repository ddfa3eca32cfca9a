/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Views of the faults. The log is a ring of chunks that views share by reference: its writer adds
 * behind the last fault that any view may read, so readers and writer never meet.
 */
#include "model/fault_view.h"

#include "base/xalloc.h"

#include <stdlib.h>
#include <string.h>

/* One more than are full, so that the number kept never falls below FAULT_LOG_KEPT. */
#define NR_CHUNKS (FAULT_LOG_KEPT / FAULT_LOG_CHUNK + 1)

struct fault_chunk {
	atomic_uint refs;
	struct fault_row rows[FAULT_LOG_CHUNK];
};

struct fault_log {
	uint64_t past;                         /* number of the next fault */
	struct fault_chunk *chunks[NR_CHUNKS]; /* chunk c at c % NR_CHUNKS */
};

static void chunk_unref(struct fault_chunk *chunk)
{
	if (chunk && atomic_fetch_sub_explicit(&chunk->refs, 1, memory_order_acq_rel) == 1)
		free(chunk);
}

struct fault_log *fault_log_new(void)
{
	return xcalloc(1, sizeof(struct fault_log));
}

void fault_log_free(struct fault_log *log)
{
	if (!log)
		return;
	for (size_t i = 0; i < NR_CHUNKS; i++)
		chunk_unref(log->chunks[i]);
	free(log);
}

void fault_log_add(struct fault_log *log, const struct fault_row *row)
{
	struct fault_chunk **slot = &log->chunks[log->past / FAULT_LOG_CHUNK % NR_CHUNKS];

	if (log->past % FAULT_LOG_CHUNK == 0) {
		chunk_unref(*slot);
		*slot = xmalloc(sizeof(**slot));
		atomic_init(&(*slot)->refs, 1);
	}
	(*slot)->rows[log->past++ % FAULT_LOG_CHUNK] = *row;
}

uint64_t fault_log_nr(const struct fault_log *log)
{
	return log->past;
}

struct fault_names *fault_names_new(size_t most_vmas, size_t most_sites)
{
	struct fault_names *names = xcalloc(1, sizeof(*names));

	atomic_init(&names->refs, 1);
	names->most_vmas = most_vmas;
	names->most_sites = most_sites;
	names->vmas = xcalloc(most_vmas, sizeof(*names->vmas));
	names->sites = xcalloc(most_sites, sizeof(*names->sites));
	return names;
}

struct fault_names *fault_names_ref(struct fault_names *names)
{
	if (names)
		atomic_fetch_add_explicit(&names->refs, 1, memory_order_relaxed);
	return names;
}

static void symbol_free(struct fault_symbol *symbol)
{
	if (!symbol)
		return;
	free(symbol->name);
	free(symbol->source);
	free(symbol);
}

void fault_names_unref(struct fault_names *names)
{
	if (!names || atomic_fetch_sub_explicit(&names->refs, 1, memory_order_acq_rel) != 1)
		return;
	for (size_t i = 0; i < names->most_vmas; i++)
		free(names->vmas[i].path);
	for (size_t i = 0; i < names->most_sites; i++) {
		free(names->sites[i].module);
		symbol_free(atomic_load(&names->sites[i].symbol));
	}
	free(names->vmas);
	free(names->sites);
	free(names);
}

void fault_names_set_vma(struct fault_names *names, size_t row, const struct fault_tally_vma *vma)
{
	struct fault_vma_label *name = &names->vmas[row];

	name->path = vma->pid && vma->end_addr ? xstrdup(vma->name) : NULL;
	name->start_addr = vma->start_addr;
	name->perms = vma->perms;
	name->others = !vma->pid;
}

void fault_names_set_site(struct fault_names *names, size_t row,
			  const struct fault_tally_site *site, bool in_kernel)
{
	struct fault_site_label *name = &names->sites[row];

	name->module = xstrdup(site->module ? site->module : "");
	name->off_bytes = site->off_bytes;
	name->ip = site->ip;
	name->in_kernel = in_kernel;
	name->others = !site->pid;
}

void fault_names_set_symbol(struct fault_names *names, size_t row, const char *name,
			    uint64_t off_bytes, const char *source)
{
	struct fault_symbol *symbol = xcalloc(1, sizeof(*symbol));

	symbol->name = xstrdup(name);
	symbol->source = xstrdup(source);
	symbol->off_bytes = off_bytes;
	symbol_free(atomic_exchange(&names->sites[row].symbol, symbol));
}

struct fault_view *fault_view_new(void)
{
	struct fault_view *view = xcalloc(1, sizeof(*view));

	atomic_init(&view->refs, 1);
	return view;
}

struct fault_view *fault_view_ref(struct fault_view *view)
{
	if (view)
		atomic_fetch_add_explicit(&view->refs, 1, memory_order_relaxed);
	return view;
}

void fault_view_unref(struct fault_view *view)
{
	if (!view || atomic_fetch_sub_explicit(&view->refs, 1, memory_order_acq_rel) != 1)
		return;
	for (size_t i = 0; i < view->nr_chunks; i++)
		chunk_unref(view->chunks[i]);
	free(view->chunks);
	free(view->vmas);
	free(view->sites);
	free(view->places.cells);
	free(view->threads.cells);
	heat_map_unref(view->heat);
	fault_names_unref(view->names);
	free(view);
}

void fault_view_take_log(struct fault_view *view, const struct fault_log *log)
{
	uint64_t past_chunk = (log->past + FAULT_LOG_CHUNK - 1) / FAULT_LOG_CHUNK;
	uint64_t first_chunk = past_chunk > NR_CHUNKS ? past_chunk - NR_CHUNKS : 0;

	view->first = first_chunk * FAULT_LOG_CHUNK;
	view->past = log->past;
	view->nr_chunks = (size_t)(past_chunk - first_chunk);
	view->chunks = xcalloc(view->nr_chunks + 1, sizeof(*view->chunks));
	for (size_t i = 0; i < view->nr_chunks; i++) {
		view->chunks[i] = log->chunks[(first_chunk + i) % NR_CHUNKS];
		atomic_fetch_add_explicit(&view->chunks[i]->refs, 1, memory_order_relaxed);
	}
}

static enum fault_kind most_kind(const struct fault_numbers *numbers)
{
	int most = 0;

	for (int kind = 1; kind < NR_FAULT_KIND; kind++)
		if (numbers->by_kind[kind] > numbers->by_kind[most])
			most = kind;
	return (enum fault_kind)most;
}

void fault_count_set(struct fault_count *count, const struct fault_numbers *numbers)
{
	memcpy(count->by_severity, numbers->by_severity, sizeof(count->by_severity));
	count->kind = most_kind(numbers);
}

void fault_view_take_tally(struct fault_view *view, const struct fault_tally *tally,
			   const struct fault_evictions *evictions, struct fault_names *names)
{
	view->numbers = *fault_tally_numbers(tally);
	view->names = fault_names_ref(names);
	view->nr_vmas = fault_tally_nr_vmas(tally);
	view->nr_sites = fault_tally_nr_sites(tally);
	view->vmas = xcalloc(view->nr_vmas + 1, sizeof(*view->vmas));
	view->sites = xcalloc(view->nr_sites + 1, sizeof(*view->sites));
	for (size_t i = 0; i < view->nr_vmas; i++) {
		const struct fault_tally_vma *vma = fault_tally_vma(tally, i);

		fault_count_set(&view->vmas[i], &vma->numbers);
		view->vmas[i].start_addr = vma->start_addr;
		view->vmas[i].end_addr = vma->end_addr;
		view->vmas[i].is_file = vma->inode;
		view->vmas[i].nr_evicted = vma->nr_evicted;
		if (vma->inode)
			view->vmas[i].evicted_doubt = fault_evictions_doubt_of(
				evictions, vma->dev_major, vma->dev_minor, vma->inode);
	}
	for (size_t i = 0; i < view->nr_sites; i++)
		fault_count_set(&view->sites[i], &fault_tally_site(tally, i)->numbers);
}

static void take_cells(struct fault_cells *taken, const struct fault_cross *cross, bool by_thread)
{
	const struct fault_cell *cells = fault_cross_cells(cross, by_thread, &taken->nr);

	taken->whole = cells != NULL;
	if (!taken->nr)
		return;
	taken->cells = xmalloc(taken->nr * sizeof(*cells));
	memcpy(taken->cells, cells, taken->nr * sizeof(*cells));
}

void fault_view_take_cross(struct fault_view *view, const struct fault_cross *cross)
{
	take_cells(&view->places, cross, false);
	take_cells(&view->threads, cross, true);
}

const struct fault_row *fault_view_at(const struct fault_view *view, uint64_t number)
{
	uint64_t at = number - view->first;

	if (number < view->first || number >= view->past)
		return NULL;
	return &view->chunks[at / FAULT_LOG_CHUNK]->rows[at % FAULT_LOG_CHUNK];
}

uint64_t fault_count_sum(const struct fault_count *count)
{
	uint64_t sum = 0;

	for (int i = 0; i < NR_FAULT_SEVERITY; i++)
		sum += count->by_severity[i];
	return sum;
}

bool fault_filter_is_set(const struct fault_filter *filter)
{
	return filter->by_kind || filter->by_vma || filter->by_site || filter->by_thread;
}

bool fault_filter_is_same(const struct fault_filter *filter, const struct fault_filter *other)
{
	return filter->by_kind == other->by_kind && filter->by_vma == other->by_vma &&
	       filter->by_site == other->by_site && filter->by_thread == other->by_thread &&
	       (!filter->by_kind || filter->kind == other->kind) &&
	       (!filter->by_vma || filter->vma == other->vma) &&
	       (!filter->by_site || filter->site == other->site) &&
	       (!filter->by_thread || filter->tid == other->tid);
}

bool fault_filter_passes(const struct fault_filter *filter, const struct fault_row *row)
{
	return (!filter->by_kind || row->fault.kind == filter->kind) &&
	       (!filter->by_vma || row->vma == filter->vma) &&
	       (!filter->by_site || row->site == filter->site) &&
	       (!filter->by_thread || row->fault.tid == filter->tid);
}

bool fault_view_seek(const struct fault_view *view, const struct fault_filter *filter,
		     uint64_t number, bool back, uint64_t *found)
{
	if (view->past == view->first)
		return false;
	if (number < view->first) {
		if (back)
			return false;
		number = view->first;
	}
	if (number >= view->past) {
		if (!back)
			return false;
		number = view->past - 1;
	}
	while (!fault_filter_passes(filter, fault_view_at(view, number))) {
		if (back ? number == view->first : number + 1 == view->past)
			return false;
		number += back ? UINT64_MAX : 1;
	}
	*found = number;
	return true;
}
