/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the sampler reads of the memory of its process: the page under the cursor, what is on the
 * screen, the whole. Between the chunks of a walk a hook looks whether the screen wants something
 * else meanwhile, and serves it.
 */
#include "app/sampler_state.h"

#include "app/finder.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "kernel/collect.h"
#include "kernel/inspect.h"
#include "kernel/peek.h"

#include <errno.h>
#include <stdlib.h>

/* Once for each time that it is asked for: the page under the cursor, which was just inspected. */
static void read_peek(struct sampler *sampler)
{
	struct parts *parts = &sampler->parts;
	unsigned serial = sampler->request.peek_serial;

	if (serial == sampler->peek_serial)
		return;
	sampler->peek_serial = serial;
	page_peek_unref(parts->peek);
	parts->peek = peek_page(sampler->proc, &parts->detail);
	parts->peek->serial = serial;
}

static void read_detail(struct sampler *sampler)
{
	struct parts *parts = &sampler->parts;
	struct page_detail detail;

	parts_forget_detail(parts);
	sampler->times.detail_ns = clock_mono_ns();
	if (!sampler->request.has_cursor || !parts->vmas)
		return;
	if (inspect_address(sampler->proc, parts->vmas->list, sampler->cgroups,
			    sampler->request.cursor_addr, &detail)) {
		page_detail_clear(&detail);
		return;
	}
	parts->detail = detail;
	parts->has_detail = true;
	read_peek(sampler);
}

void sampler_serve(struct sampler *sampler)
{
	read_detail(sampler);
	finder_seek(sampler->proc, &sampler->request.seek, &sampler->parts);
}

void sampler_answer(struct sampler *sampler)
{
	sampler_serve(sampler);
	sampler_publish(sampler, true);
}

/* While the view is read: ends when another view is wanted, serves a moved cursor. */
static int view_hook(void *arg)
{
	struct sampler *sampler = arg;
	struct map_request before = sampler->request;

	if (!sampler_take_request(sampler))
		return -ECANCELED;
	if (!map_request_same_view(&before, &sampler->request)) {
		sampler_answer(sampler);
		return -EAGAIN;
	}
	if (!map_request_equal(&before, &sampler->request))
		sampler_answer(sampler);
	return 0;
}

static enum vma_kind kind_at(const struct vma_table *table, uint64_t addr)
{
	const struct vma *vma = table ? vma_list_find(table->list, addr) : NULL;

	return vma ? vma->kind : VMA_ANON;
}

/* An empty grid for what the request wants; NULL where there is nothing to be seen. */
static struct grid *new_view(const struct sampler *sampler)
{
	const struct map_request *request = &sampler->request;
	uint64_t nr_pages = request->nr_pages, start = request->start_index;
	struct grid *grid = NULL;
	struct fold *fold;

	if (request->view != VIEW_WHOLE)
		return nr_pages ? grid_new(request->start_vpn, nr_pages, request->pages_per_cell)
				: NULL;
	fold = fold_of_table(sampler->parts.vmas, &sampler->host->geometry, request->filter,
			     request->leave_out_empty);
	/* The mappings may have changed since the screen saw them. */
	if (start >= fold->nr_pages)
		start = 0;
	if (nr_pages > fold->nr_pages - start)
		nr_pages = fold->nr_pages - start;
	if (nr_pages)
		grid = grid_new_folded(fold, start, nr_pages, request->pages_per_cell);
	fold_unref(fold);
	return grid;
}

/*
 * True where the process has ended while it was read: a walk over an address space that was given
 * up finds nothing, without an error, and that is not to be the last picture.
 */
static bool has_ended(struct sampler *sampler)
{
	struct process_info now = { 0 };

	return !proc_read_info(sampler->proc, &now) && now.life != PROCESS_LIVE;
}

static int read_grid(struct sampler *sampler, struct walker *walker)
{
	const struct map_request *request = &sampler->request;
	struct paint_context context = { request->mode, request->flag, &sampler->nodes, 0 };
	unsigned shift = sampler->host->geometry.page_shift;
	struct parts *parts = &sampler->parts;
	struct grid *grid = new_view(sampler);
	struct moment *moment;
	int ret;

	if (!grid)
		return 0;
	moment = changes_new_view(grid);
	ret = collect_grid(walker, grid, kind_at(parts->vmas, grid->start_vpn << shift), &context,
			   moment);
	if (!ret && has_ended(sampler))
		ret = -ESRCH;
	if (ret && ret != -EFAULT) {
		moment_free(moment);
		grid_unref(grid);
		return ret;
	}
	changes_take_view(&sampler->changes, grid, parts->view, moment, clock_mono_ns());
	grid_unref(parts->view);
	parts->view = grid;
	return 0;
}

/* One grid for each row. */
static int read_rows(struct sampler *sampler, struct walker *walker)
{
	const struct map_request request = sampler->request;
	struct paint_context context = { request.mode, request.flag, &sampler->nodes, 0 };
	unsigned shift = sampler->host->geometry.page_shift;
	struct grid_rows *rows = grid_rows_new(request.nr_rows);
	struct moment **moments = xcalloc(request.nr_rows, sizeof(*moments));
	struct parts *parts = &sampler->parts;
	int ret = 0;

	for (size_t i = 0; i < rows->nr; i++) {
		const struct map_row *row = &request.rows[i];
		struct grid *grid = grid_new(row->start_vpn, row->nr_pages, row->pages_per_cell);

		rows->grids[i] = grid;
		moments[i] = changes_new_row(grid);
		ret = collect_grid(walker, grid, kind_at(parts->vmas, row->start_vpn << shift),
				   &context, moments[i]);
		if (ret && ret != -EFAULT)
			break;
		ret = 0;
	}
	if (ret) {
		changes_free_rows(moments, rows->nr);
		grid_rows_unref(rows);
		return ret;
	}
	changes_take_rows(&sampler->changes, rows, parts->rows, moments, clock_mono_ns());
	grid_rows_unref(parts->rows);
	parts->rows = rows;
	return 0;
}

int sampler_read_view(struct sampler *sampler)
{
	uint64_t start_ns = clock_mono_ns();
	int ret = 0;

	do {
		struct walker *walker;

		ret = walker_new(sampler->proc, WALK_CHUNK_PAGES, &walker);
		if (ret)
			return ret;
		walker_set_hook(walker, view_hook, sampler);
		if (sampler->request.view == VIEW_ROWS)
			ret = read_rows(sampler, walker);
		else
			ret = read_grid(sampler, walker);
		parts_note_sources(&sampler->parts, walker_sources(walker));
		walker_free(walker);
	} while (ret == -EAGAIN);
	sampler->times.view_ns = clock_mono_ns();
	sampler->times.view_cost_ns = sampler->times.view_ns - start_ns;
	return ret;
}

int sampler_read_frame_pages(struct sampler *sampler)
{
	uint64_t start_ns = clock_mono_ns();
	int ret = finder_read_frame_pages(sampler->proc, &sampler->request, view_hook, sampler,
					  &sampler->parts);

	sampler->times.whole_cost_ns += clock_mono_ns() - start_ns;
	return ret;
}

/* True when the target moved while a long walk was under way; asked once a period. */
static bool has_moved_meanwhile(struct sampler *sampler)
{
	struct process_info now = { 0 };
	uint64_t pulse;

	if (!sampler_is_due(sampler->times.pulse_ns, sampler->period_ns, 0))
		return false;
	sampler->times.pulse_ns = clock_mono_ns();
	/* An exec is for the next pass. */
	if (proc_read_info(sampler->proc, &now) || now.life != PROCESS_LIVE ||
	    sampler_is_other_program(&sampler->parts.process, &now) ||
	    proc_read_pulse(sampler->proc, &pulse) || pulse == sampler->pulse)
		return false;
	sampler->pulse = pulse;
	sampler->stale_whole = sampler->stale_pss = true;
	return sampler_view_is_due(sampler, true);
}

/* While the whole is walked: what the screen wants meanwhile is served at once. */
static int whole_hook(void *arg)
{
	struct sampler *sampler = arg;
	struct map_request before = sampler->request;
	int ret = 0;

	if (!sampler_take_request(sampler))
		return -ECANCELED;
	if (!map_request_equal(&before, &sampler->request))
		sampler_answer(sampler);
	if (map_request_same_view(&before, &sampler->request) && !has_moved_meanwhile(sampler))
		return 0;
	ret = sampler_read_view(sampler);
	sampler_publish(sampler, true);
	return ret;
}

int sampler_read_whole(struct sampler *sampler)
{
	const struct host *host = sampler->host;
	struct parts *parts = &sampler->parts;
	const struct map_request request = sampler->request;
	bool keep = changes_want_whole(&sampler->changes, &request);
	unsigned want = host->may_see_frames ? WALK_FRAMES : WALK_STATES;
	struct frame_map *frames = host->may_see_frames
					   ? finder_new_frame_map(sampler->zones, sampler->nr_zones,
								  &request)
					   : NULL;
	uint64_t start_ns = clock_mono_ns(), taken_real_ns = clock_real_ns();
	struct moment *moment = keep ? changes_new_whole() : NULL;
	struct vma_table *table;
	struct walker *walker;
	int ret = walker_new(sampler->proc, WALK_CHUNK_PAGES, &walker);

	if (ret) {
		moment_free(moment);
		frame_map_unref(frames);
		return ret;
	}
	/* Whether a page is dirty is told by its frame's flags. */
	if (keep)
		want |= WALK_FLAGS;
	table = vma_table_again(parts->vmas, &host->geometry);
	walker_set_hook(walker, whole_hook, sampler);
	ret = collect_counts(walker, host, want, table, frames, NULL, moment);
	parts_note_sources(parts, walker_sources(walker));
	walker_free(walker);
	if (!ret && has_ended(sampler))
		ret = -ESRCH;
	if (ret) {
		moment_free(moment);
		vma_table_unref(table);
		frame_map_unref(frames);
		return ret;
	}
	if (moment)
		changes_take_whole(&sampler->changes, &request, &host->geometry, table, moment,
				   taken_real_ns);
	vma_table_unref(parts->vmas);
	parts->vmas = table;
	frame_map_unref(parts->frames);
	parts->frames = frames;
	parts->frames_why = frames ? WHY_OK : WHY_DENIED;
	sampler->times.whole_ns = clock_mono_ns();
	sampler->times.whole_cost_ns = sampler->times.whole_ns - start_ns;
	return 0;
}
