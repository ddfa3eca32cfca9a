/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The counts under a filter, from the cells of the view or from the faults that it keeps. */
#include "model/fault_part.h"

#include "base/xalloc.h"

#include <stdlib.h>

/* With the kinds of each row, of which only the most frequent one is told in the end. */
struct counting {
	const struct fault_view *view;
	struct fault_numbers all, *vmas, *sites;
};

static void add(struct fault_numbers *numbers, enum fault_kind kind, enum fault_severity severity,
		uint64_t nr)
{
	numbers->by_kind[kind] += nr;
	numbers->by_severity[severity] += nr;
}

static void count(struct counting *counting, const struct fault_row *row, uint64_t nr)
{
	enum fault_kind kind = (enum fault_kind)row->fault.kind;
	enum fault_severity severity = (enum fault_severity)row->fault.severity;

	add(&counting->all, kind, severity, nr);
	if (row->vma < counting->view->nr_vmas)
		add(&counting->vmas[row->vma], kind, severity, nr);
	if (row->site < counting->view->nr_sites)
		add(&counting->sites[row->site], kind, severity, nr);
}

static void count_cells(struct counting *counting, const struct fault_cells *cells,
			const struct fault_filter *filter)
{
	for (size_t i = 0; i < cells->nr; i++) {
		const struct fault_cell *cell = &cells->cells[i];
		struct fault_row row = {
			.fault = { .tid = cell->tid, .kind = cell->kind },
			.vma = cell->vma,
			.site = cell->site,
		};

		if (!fault_filter_passes(filter, &row))
			continue;
		for (int severity = 0; severity < NR_FAULT_SEVERITY; severity++) {
			row.fault.severity = (uint8_t)severity;
			count(counting, &row, cell->by_severity[severity]);
		}
	}
}

static void count_kept(struct counting *counting, const struct fault_filter *filter)
{
	const struct fault_view *view = counting->view;

	for (uint64_t number = view->first; number < view->past; number++) {
		const struct fault_row *row = fault_view_at(view, number);

		if (fault_filter_passes(filter, row))
			count(counting, row, 1);
	}
}

/* The counts of rows as tables show them; `of` has what does not depend on the filter. */
static struct fault_count *counts_of(const struct fault_numbers *numbers,
				     const struct fault_count *of, size_t nr)
{
	struct fault_count *counts = xcalloc(nr + 1, sizeof(*counts));

	for (size_t i = 0; i < nr; i++) {
		counts[i] = of[i];
		fault_count_set(&counts[i], &numbers[i]);
	}
	return counts;
}

struct fault_part *fault_part_new(const struct fault_view *view, const struct fault_filter *filter)
{
	const struct fault_cells *cells = filter->by_thread ? &view->threads : &view->places;
	struct fault_part *part = xcalloc(1, sizeof(*part));
	struct counting counting = {
		.view = view,
		.vmas = xcalloc(view->nr_vmas + 1, sizeof(*counting.vmas)),
		.sites = xcalloc(view->nr_sites + 1, sizeof(*counting.sites)),
	};

	if (cells->whole)
		count_cells(&counting, cells, filter);
	else
		count_kept(&counting, filter);
	part->exact = cells->whole || !view->first;
	part->nr_all = part->exact ? fault_numbers_sum(&view->numbers) : view->past - view->first;
	part->numbers = counting.all;
	part->vmas = counts_of(counting.vmas, view->vmas, view->nr_vmas);
	part->sites = counts_of(counting.sites, view->sites, view->nr_sites);
	free(counting.vmas);
	free(counting.sites);
	return part;
}

void fault_part_free(struct fault_part *part)
{
	if (!part)
		return;
	free(part->vmas);
	free(part->sites);
	free(part);
}
