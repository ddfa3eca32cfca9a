/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Watching one process. A pass reads, in this order: who it is; the range on the screen with
 * everything that is allowed; the page under the cursor; then the whole address space for the
 * bars and the map of physical memory. While the whole is walked, a hook between chunks looks
 * whether the screen wants something else and serves that at once, so that a 100 GiB process
 * answers keys as a small one does.
 *
 * A process that does nothing costs nothing much: its fault counters and resident size are
 * read (proc_read_pulse()), and only when they move, or now and then, is it walked again.
 */
#include "app/sampler.h"

#include "app/changes.h"
#include "app/finder.h"
#include "app/parts.h"
#include "app/pss.h"
#include "app/wake.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "kernel/collect.h"
#include "kernel/inspect.h"
#include "kernel/peek.h"
#include "kernel/nodes.h"
#include "kernel/zones.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

/* Walked again after this long although the counters stood still: mprotect, migration. */
#define VIEW_AGE_NS  (NS_PER_S / 2)
#define WHOLE_AGE_NS (2 * NS_PER_S)
/* After a walk, at least so many times its own cost goes by before the next one. */
#define IDLE_SHARE  800 /* nothing has moved */
#define VIEW_SHARE  1   /* something has; what is on the screen */
#define WHOLE_SHARE 5   /* the bars and the frames */
#define PSS_AGE_NS  (2 * NS_PER_S)
#define PSS_SHARE   100 /* something has moved; else IDLE_SHARE */

/* The timeline has two points a second. */
#define HEARTBEAT_NS (NS_PER_S / 2)

/* When things were last done, and what they cost. */
struct times {
	uint64_t view_ns, view_cost_ns, whole_ns, whole_cost_ns, pss_ns, pss_cost_ns, detail_ns;
	uint64_t pulse_ns;
};

struct sampler {
	const struct host *host;
	struct proc *proc;
	uint64_t period_ns;
	int event_fd, wake_fd;
	pthread_t thread;

	pthread_mutex_t lock; /* guards what follows, up to the blank line */
	struct map_request wanted;
	bool paused, quit;
	struct snapshot *published;

	struct map_request request; /* the thread's copies of `wanted` and `paused` */
	bool holding;
	struct parts parts;
	struct changes changes;
	struct times times;
	uint64_t told_ns;     /* when the last event was sent */
	unsigned peek_serial; /* the last that was answered */
	uint64_t pulse;
	bool stale_view, stale_whole, stale_pss; /* the target moved since they were read */
	struct zone *zones;
	size_t nr_zones;
	struct node_map nodes;
	struct cgroup_names *cgroups;
	struct pss *pss; /* NULL: it could not be */
};

static void publish(struct sampler *sampler, bool scanning)
{
	struct snapshot *snapshot = parts_snapshot(&sampler->parts, &sampler->host->geometry);
	struct snapshot *before;
	uint64_t now_ns = clock_mono_ns();
	bool news;

	snapshot->period_ns = sampler->period_ns;
	snapshot->scanning = scanning;
	snapshot->nr_nodes = sampler->nodes.nr_nodes;
	changes_tell(&sampler->changes, snapshot);
	pthread_mutex_lock(&sampler->lock);
	before = sampler->published;
	/* Drawing costs more than looking: what would look the same is drawn now and then. */
	news = !before || now_ns - sampler->told_ns >= HEARTBEAT_NS ||
	       !snapshot_shows_same(before, snapshot);
	sampler->published = snapshot;
	pthread_mutex_unlock(&sampler->lock);
	snapshot_unref(before);
	if (!news)
		return;
	sampler->told_ns = now_ns;
	wake_send(sampler->event_fd);
}

/* Takes the newest request over. True while the thread shall go on. */
static bool take_request(struct sampler *sampler)
{
	bool go_on;

	pthread_mutex_lock(&sampler->lock);
	sampler->request = sampler->wanted;
	sampler->holding = sampler->paused;
	go_on = !sampler->quit;
	pthread_mutex_unlock(&sampler->lock);
	return go_on;
}

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

/* What can be answered at once while a longer walk is under way. */
static void serve(struct sampler *sampler)
{
	read_detail(sampler);
	finder_seek(sampler->proc, &sampler->request.seek, &sampler->parts);
}

/* The page that the cursor was moved to is shown before anything that may take long. */
static void answer(struct sampler *sampler)
{
	serve(sampler);
	publish(sampler, true);
}

/* While the view is read: ends when another view is wanted, serves a moved cursor. */
static int view_hook(void *arg)
{
	struct sampler *sampler = arg;
	struct map_request before = sampler->request;

	if (!take_request(sampler))
		return -ECANCELED;
	if (!map_request_same_view(&before, &sampler->request)) {
		answer(sampler);
		return -EAGAIN;
	}
	if (!map_request_equal(&before, &sampler->request))
		answer(sampler);
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

/* Reads what is on the screen, until it is what is wanted. 0 or -errno. */
static int read_view(struct sampler *sampler)
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

/* True when the frames panel shows another part of physical memory than was counted. */
static bool frames_are_due(const struct sampler *sampler, const struct map_request *before)
{
	const struct map_request *now = &sampler->request;

	return now->shown_pfn != before->shown_pfn || now->nr_shown != before->nr_shown ||
	       now->frames_per_cell != before->frames_per_cell;
}

/* Which pages lie in the frames that were asked about. 0 or -errno. */
static int read_frame_pages(struct sampler *sampler)
{
	uint64_t start_ns = clock_mono_ns();
	int ret = finder_read_frame_pages(sampler->proc, &sampler->request, view_hook, sampler,
					  &sampler->parts);

	sampler->times.whole_cost_ns += clock_mono_ns() - start_ns;
	return ret;
}

static bool is_due(uint64_t last_ns, uint64_t age_ns, uint64_t cost_ns)
{
	return clock_mono_ns() - last_ns >= (cost_ns > age_ns ? cost_ns : age_ns);
}

static bool is_other_program(const struct process_info *before, const struct process_info *now)
{
	return before->exec_id && now->exec_id && before->exec_id != now->exec_id;
}

static bool view_is_due(const struct sampler *sampler, bool moved)
{
	const struct times *times = &sampler->times;

	return moved ? is_due(times->view_ns, 0, times->view_cost_ns * VIEW_SHARE)
		     : is_due(times->view_ns, VIEW_AGE_NS, times->view_cost_ns * IDLE_SHARE);
}

/* True when the target moved while a long walk was under way; asked once a period. */
static bool has_moved_meanwhile(struct sampler *sampler)
{
	struct process_info now = { 0 };
	uint64_t pulse;

	if (!is_due(sampler->times.pulse_ns, sampler->period_ns, 0))
		return false;
	sampler->times.pulse_ns = clock_mono_ns();
	/* An exec is for the next pass. */
	if (proc_read_info(sampler->proc, &now) || now.life != PROCESS_LIVE ||
	    is_other_program(&sampler->parts.process, &now) ||
	    proc_read_pulse(sampler->proc, &pulse) || pulse == sampler->pulse)
		return false;
	sampler->pulse = pulse;
	sampler->stale_whole = sampler->stale_pss = true;
	return view_is_due(sampler, true);
}

/* While the whole is walked: what the screen wants meanwhile is served at once. */
static int whole_hook(void *arg)
{
	struct sampler *sampler = arg;
	struct map_request before = sampler->request;
	int ret = 0;

	if (!take_request(sampler))
		return -ECANCELED;
	if (!map_request_equal(&before, &sampler->request))
		answer(sampler);
	if (map_request_same_view(&before, &sampler->request) && !has_moved_meanwhile(sampler))
		return 0;
	ret = read_view(sampler);
	publish(sampler, true);
	return ret;
}

/* Counts every VMA and every frame. 0 or -errno. */
static int read_whole(struct sampler *sampler)
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

/* Reads the mappings. */
static void read_maps(struct sampler *sampler)
{
	struct parts *parts = &sampler->parts;
	struct vma_list *list;
	int ret = proc_read_maps(sampler->proc, &list);

	parts->sources.why[SOURCE_MAPS] = why_from_errno(-ret);
	parts->maps_why = why_from_errno(-ret);
	/* Gone in between: the last picture stays. Refused: there must not be one. */
	if (ret == -EACCES || ret == -EPERM)
		parts_forget_memory(parts);
	if (ret)
		return;
	if (parts_take_vmas(parts, &sampler->host->geometry, list))
		sampler->stale_whole = true;
}

/* Takes over what was read meanwhile, and asks for more when it is time. */
static void read_pss(struct sampler *sampler)
{
	struct parts *parts = &sampler->parts;
	struct times *times = &sampler->times;
	uint64_t share = sampler->stale_pss ? PSS_SHARE : IDLE_SHARE;
	struct pss_result result;

	if (!sampler->pss)
		return;
	if (pss_take(sampler->pss, &result)) {
		parts->pss_why = why_from_errno(-result.ret);
		parts->sources.why[SOURCE_SMAPS] = parts->pss_why;
		if (!result.ret)
			parts->pss_bytes = result.bytes;
		times->pss_cost_ns = result.cost_ns;
	}
	if (times->pss_ns && !is_due(times->pss_ns, PSS_AGE_NS, times->pss_cost_ns * share))
		return;
	sampler->stale_pss = false;
	times->pss_ns = clock_mono_ns();
	pss_ask(sampler->pss);
}

/* Forgets what belonged to the program that ran before an exec. */
static void start_afresh(struct sampler *sampler)
{
	parts_forget_memory(&sampler->parts);
	changes_forget(&sampler->changes);
	sampler->parts.execed_mono_ns = clock_mono_ns();
	if (proc_read_exe(sampler->proc, sampler->parts.exe, sizeof(sampler->parts.exe)))
		sampler->parts.exe[0] = '\0';
	sampler->times.pss_ns = 0;
	sampler->times.whole_ns = 0;
}

/* Who it is now. False when there is nothing to be walked. */
static bool read_process(struct sampler *sampler)
{
	struct parts *parts = &sampler->parts;
	struct process_info before = parts->process;

	if (proc_read_info(sampler->proc, &parts->process))
		return false;
	parts->sources.why[SOURCE_STATUS] = WHY_OK;
	if (is_other_program(&before, &parts->process))
		start_afresh(sampler);
	parts_update_rates(parts, sampler->host);
	return parts->process.life == PROCESS_LIVE;
}

/* True when the pass saw one program from its beginning to its end. */
static bool is_still_the_same(struct sampler *sampler)
{
	struct process_info now = { 0 };

	return proc_read_info(sampler->proc, &now) ||
	       !is_other_program(&sampler->parts.process, &now);
}

/* True when the whole address space is to be walked in this pass. */
static bool whole_is_due(const struct sampler *sampler, bool moved)
{
	const struct times *times = &sampler->times;

	if (!times->whole_ns)
		return true;
	return moved ? is_due(times->whole_ns, 0, times->whole_cost_ns * WHOLE_SHARE)
		     : is_due(times->whole_ns, WHOLE_AGE_NS, times->whole_cost_ns * IDLE_SHARE);
}

/* While paused the picture stands still; only what the user moves to is read. */
static void hold(struct sampler *sampler, bool other_view)
{
	if (other_view) {
		answer(sampler);
		read_view(sampler);
	}
	serve(sampler);
	read_frame_pages(sampler);
	publish(sampler, false);
}

/* One pass; what has ended or is refused simply gives fewer parts. */
static void sample(struct sampler *sampler, const struct map_request *before)
{
	struct parts *parts = &sampler->parts;
	bool other_view = !map_request_same_view(before, &sampler->request);
	bool moved, whole, read = false;
	uint64_t pulse = 0;

	if (sampler->holding && parts->vmas) {
		hold(sampler, other_view);
		return;
	}
	if (!read_process(sampler)) {
		publish(sampler, false);
		return;
	}
	moved = proc_read_pulse(sampler->proc, &pulse) || pulse != sampler->pulse || !parts->vmas;
	sampler->pulse = pulse;
	sampler->times.pulse_ns = clock_mono_ns();
	/* What moved while a walk was not due is not forgotten until it is. */
	sampler->stale_view = sampler->stale_view || moved;
	sampler->stale_whole = sampler->stale_whole || moved;
	sampler->stale_pss = sampler->stale_pss || moved;
	whole = whole_is_due(sampler, sampler->stale_whole) ||
		changes_are_due(&sampler->changes, &sampler->request, parts->vmas) ||
		frames_are_due(sampler, before);
	if (moved || whole)
		read_maps(sampler);
	if (parts->vmas && !map_request_equal(before, &sampler->request))
		answer(sampler);
	if (parts->vmas && (other_view || view_is_due(sampler, sampler->stale_view))) {
		sampler->stale_view = false;
		read_view(sampler);
		read = true;
	}
	if (read || moved || whole || is_due(sampler->times.detail_ns, VIEW_AGE_NS, 0)) {
		serve(sampler);
		read = true;
	}
	if (!whole)
		read_frame_pages(sampler);
	read_pss(sampler);
	if (parts->vmas && whole) {
		sampler->stale_whole = false;
		publish(sampler, true);
		read_whole(sampler);
		finder_forget(parts);
		read_frame_pages(sampler);
	}
	/* Else the mappings of one program may stand beside the pages of another. */
	if (!read || is_still_the_same(sampler))
		publish(sampler, false);
}

static void wait_for_work(struct sampler *sampler, uint64_t until_ns)
{
	uint64_t now_ns = clock_mono_ns();

	if (sampler->holding)
		wake_wait(sampler->wake_fd, UINT64_MAX);
	else
		wake_wait(sampler->wake_fd, until_ns > now_ns ? until_ns - now_ns : 0);
}

static void *run(void *arg)
{
	struct sampler *sampler = arg;
	struct map_request before = { 0 };

	while (take_request(sampler)) {
		uint64_t start_ns = clock_mono_ns();

		sample(sampler, &before);
		before = sampler->request;
		wait_for_work(sampler, start_ns + sampler->period_ns);
	}
	return NULL;
}

struct sampler *sampler_new(const struct host *host, struct proc *proc, uint64_t period_ns)
{
	struct sampler *sampler = xcalloc(1, sizeof(*sampler));

	sampler->host = host;
	sampler->proc = proc;
	sampler->period_ns = period_ns;
	sampler->event_fd = wake_new();
	sampler->wake_fd = wake_new();
	sampler->cgroups = cgroup_names_new(host);
	sampler->pss = pss_new(proc);
	parts_init(&sampler->parts);
	pthread_mutex_init(&sampler->lock, NULL);
	if (zones_read(host, &sampler->zones, &sampler->nr_zones) == 0)
		sampler->parts.sources.why[SOURCE_ZONEINFO] = WHY_OK;
	nodes_read(host, sampler->zones, sampler->nr_zones, &sampler->nodes);
	if (pthread_create(&sampler->thread, NULL, run, sampler))
		abort();
	return sampler;
}

void sampler_free(struct sampler *sampler)
{
	if (!sampler)
		return;
	pthread_mutex_lock(&sampler->lock);
	sampler->quit = true;
	pthread_mutex_unlock(&sampler->lock);
	wake_send(sampler->wake_fd);
	pthread_join(sampler->thread, NULL);
	snapshot_unref(sampler->published);
	parts_forget_memory(&sampler->parts);
	changes_free(&sampler->changes);
	node_map_clear(&sampler->nodes);
	pss_free(sampler->pss);
	proc_close(sampler->proc);
	cgroup_names_free(sampler->cgroups);
	free(sampler->zones);
	close(sampler->event_fd);
	close(sampler->wake_fd);
	pthread_mutex_destroy(&sampler->lock);
	free(sampler);
}

void sampler_request(struct sampler *sampler, const struct map_request *request)
{
	pthread_mutex_lock(&sampler->lock);
	sampler->wanted = *request;
	pthread_mutex_unlock(&sampler->lock);
	wake_send(sampler->wake_fd);
}

void sampler_pause(struct sampler *sampler, bool paused)
{
	pthread_mutex_lock(&sampler->lock);
	sampler->paused = paused;
	pthread_mutex_unlock(&sampler->lock);
	wake_send(sampler->wake_fd);
}

struct snapshot *sampler_get(struct sampler *sampler)
{
	struct snapshot *snapshot;

	pthread_mutex_lock(&sampler->lock);
	snapshot = snapshot_ref(sampler->published);
	pthread_mutex_unlock(&sampler->lock);
	return snapshot;
}

int sampler_event_fd(const struct sampler *sampler)
{
	return sampler->event_fd;
}
