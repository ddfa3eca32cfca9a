/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Walks into models. A whole address space is walked in one go, from the first VMA to the
 * last, so that 20,000 mappings cost no more calls than one; what the walk delivers is cut
 * at the VMAs' borders afterwards.
 */
#include "kernel/collect.h"

#include "base/clock.h"

#include <errno.h>
#include <time.h>

struct counting {
	const struct geometry *geometry;
	struct vma_table *table;
	struct frame_map *frames;
	struct run_list *runs;
	struct moment *moment;
	size_t cursor, last_index;
};

static void count_part(void *arg, size_t index, const struct page_span *part)
{
	struct counting *counting = arg;

	vma_table_add_part(counting->table, index, part);
	if (!counting->runs)
		return;
	if (index != counting->last_index)
		run_list_cut(counting->runs);
	counting->last_index = index;
	run_list_add_span(counting->runs, part);
}

static int count_span(void *arg, const struct page_span *span)
{
	struct counting *counting = arg;

	vma_table_split(counting->table, counting->geometry, span, &counting->cursor, count_part,
			counting);
	if (counting->frames)
		frame_map_add_span(counting->frames, span);
	if (counting->moment)
		moment_add_span(counting->moment, span);
	return 0;
}

/* Marks the VMAs beyond user addresses; returns the address behind the last other one. */
static uint64_t end_of_user_vmas(struct vma_table *table, const struct geometry *geometry)
{
	uint64_t limit = UINT64_C(1) << geometry->user_addr_bits, end = 0;

	for (size_t i = 0; i < vma_list_nr(table->list); i++) {
		const struct vma *vma = vma_list_at(table->list, i);

		if (vma->end_addr > limit)
			table->why[i] = WHY_UNSUPPORTED;
		else
			end = vma->end_addr;
	}
	return end;
}

/*
 * pagemap passes over what remap_pfn_range(9) mapped (VM_PFNMAP) as if nothing were there: of a
 * device's or the kernel's mapping in which nothing was found, nothing is known.
 */
static void doubt_devices(struct vma_table *table)
{
	for (size_t i = 0; i < vma_list_nr(table->list); i++) {
		const struct vma *vma = vma_list_at(table->list, i);

		if (table->why[i] == WHY_NOT_ASKED && vma_is_kernels(vma) &&
		    !table->counts[i].present && !table->counts[i].swapped)
			table->why[i] = WHY_UNSUPPORTED;
	}
}

int collect_counts(struct walker *walker, const struct host *host, unsigned want,
		   struct vma_table *table, struct frame_map *frames, struct run_list *runs,
		   struct moment *moment)
{
	unsigned shift = host->geometry.page_shift;
	struct counting counting = {
		.geometry = &host->geometry,
		.table = table,
		.frames = frames,
		.runs = runs,
		.moment = moment,
		.last_index = SIZE_MAX,
	};
	uint64_t end_addr = end_of_user_vmas(table, &host->geometry);
	int ret = 0;

	if (end_addr)
		ret = walk_pages(walker, vma_list_at(table->list, 0)->start_addr >> shift,
				 end_addr >> shift, want, count_span, &counting);
	if (runs)
		run_list_cut(runs);
	for (size_t i = 0; ret && i < vma_list_nr(table->list); i++)
		if (table->why[i] == WHY_NOT_ASKED)
			table->why[i] = why_from_errno(-ret);
	if (!ret)
		doubt_devices(table);
	table->has_zero_huge = walker_sources(walker)->why[SOURCE_PAGEMAP_SCAN] == WHY_OK;
	table->counted_mono_ns = clock_mono_ns();
	vma_table_finish(table);
	return ret;
}

struct filling {
	struct grid *grid;
	enum vma_kind kind;
	bool any; /* something was found */
	struct painter painter;
	struct moment *moment;
};

static int fill_span(void *arg, const struct page_span *span)
{
	struct filling *filling = arg;

	filling->any = true;
	grid_add_span(filling->grid, span, filling->kind);
	painter_add_span(&filling->painter, span);
	if (filling->moment)
		moment_add_span(filling->moment, span);
	return 0;
}

/* So many pages behind a range, but not past the end of user addresses. */
static uint64_t with_margin(const struct geometry *geometry, uint64_t past_vpn, uint64_t margin)
{
	uint64_t limit = UINT64_C(1) << (geometry->user_addr_bits - geometry->page_shift);

	return past_vpn + margin <= limit || past_vpn > limit ? past_vpn + margin : limit;
}

/* The VMAs of a folded grid one by one, where a walk across a gap would read the gap. */
static int walk_pieces(struct walker *walker, struct filling *filling)
{
	const struct grid *grid = filling->grid;
	uint64_t past_vpn = grid_past_vpn(grid);
	int ret = 0;

	for (size_t i = fold_find(grid->fold, grid->start_vpn); i < grid->fold->nr && !ret; i++) {
		const struct fold_piece *piece = &grid->fold->pieces[i];
		uint64_t first = piece->start_vpn, past = piece->start_vpn + piece->nr_pages;

		if (first >= past_vpn)
			break;
		ret = walk_pages(walker, first > grid->start_vpn ? first : grid->start_vpn,
				 past < past_vpn ? past : past_vpn, WALK_ALL, fill_span, filling);
	}
	return ret;
}

int collect_grid(struct walker *walker, struct grid *grid, enum vma_kind kind,
		 const struct paint_context *context, struct moment *moment)
{
	struct filling filling = { .grid = grid, .kind = kind, .moment = moment };
	uint64_t margin = colour_mode_margin(context->mode), first = grid->start_vpn;
	uint64_t past = grid_past_vpn(grid);
	enum why why;
	int ret;

	painter_begin(&filling.painter, grid, context);
	if (grid->fold && !walker_skips_gaps(walker))
		ret = walk_pieces(walker, &filling);
	else
		ret = walk_pages(walker, first > margin ? first - margin : 0,
				 with_margin(walker_geometry(walker), past, margin), WALK_ALL,
				 fill_span, &filling);
	why = ret == -EFAULT ? WHY_UNSUPPORTED : why_from_errno(-ret);
	/* As in doubt_devices(); a fold of many mappings is not judged as one. */
	if (!ret && !grid->fold && !filling.any && vma_kind_is_kernels(kind))
		why = WHY_UNSUPPORTED;
	grid_finish(grid, why);
	painter_end(&filling.painter, why);
	return ret;
}

static int fill_frames(void *arg, const struct page_span *span)
{
	grid_add_span(arg, span, VMA_ANON);
	return 0;
}

int collect_frames(struct walker *walker, struct grid *grid)
{
	int ret = walk_pages(walker, grid->start_vpn, grid_past_vpn(grid), WALK_FRAMES, fill_frames,
			     grid);

	grid_finish(grid, why_from_errno(-ret));
	return ret;
}

static bool has_stack(const struct vma_list *list)
{
	for (size_t i = vma_list_nr(list); i-- > 0;)
		if (vma_list_at(list, i)->kind == VMA_STACK)
			return true;
	return false;
}

/*
 * The mappings, but not those of a program that is just being loaded: in the middle of execve(2)
 * the stack has no name yet. One that never has any is taken after a few looks.
 */
static int read_whole_maps(struct proc *proc, struct vma_list **out)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	int ret = proc_read_maps(proc, out);

	for (int look = 0; !ret && look < 4 && vma_list_nr(*out) && !has_stack(*out); look++) {
		vma_list_free(*out);
		nanosleep(&pause, NULL);
		ret = proc_read_maps(proc, out);
	}
	return ret;
}

static int collect_vmas(struct proc *proc, unsigned want, struct run_list *runs,
			struct snapshot *snapshot)
{
	const struct host *host = proc_host(proc);
	struct walker *walker = NULL;
	struct vma_list *list;
	int ret = read_whole_maps(proc, &list);

	snapshot->maps_why = snapshot->sources.why[SOURCE_MAPS] = why_from_errno(-ret);
	if (ret)
		return ret;
	snapshot->vmas = vma_table_new(list, &host->geometry);
	if (!vma_list_nr(list))
		return 0;
	ret = walker_new(proc, WALK_CHUNK_PAGES, &walker);
	if (!ret)
		walker_use_two_threads(walker);
	if (!ret)
		ret = collect_counts(walker, host, want, snapshot->vmas, NULL, runs, NULL);
	if (walker)
		snapshot->sources = *walker_sources(walker);
	snapshot->sources.why[SOURCE_MAPS] = WHY_OK;
	walker_free(walker);
	return ret;
}

int collect_report(struct proc *proc, unsigned want, struct run_list *runs, struct snapshot **out)
{
	struct snapshot *snapshot = snapshot_new();
	struct process_info after;
	int ret;

	snapshot->geometry = proc_host(proc)->geometry;
	snapshot->taken_real_ns = clock_real_ns();
	snapshot->taken_mono_ns = clock_mono_ns();
	ret = proc_read_info(proc, &snapshot->process);
	if (!ret && snapshot->process.life == PROCESS_GONE)
		ret = -ESRCH;
	if (ret)
		goto out;
	ret = collect_vmas(proc, want, runs, snapshot);
	if (ret)
		goto out;
	/* An exec or an exit in between would make this a picture of two programs. */
	ret = proc_read_info(proc, &after);
	if (!ret && after.life == PROCESS_GONE)
		ret = -ESRCH;
	if (!ret &&
	    (after.exec_id != snapshot->process.exec_id || after.life != snapshot->process.life))
		ret = -EAGAIN;
	if (!ret)
		snapshot->process = after;
	snapshot->sources.why[SOURCE_STATUS] = WHY_OK;
out:
	if (ret)
		snapshot_unref(snapshot);
	else
		*out = snapshot;
	return ret;
}
