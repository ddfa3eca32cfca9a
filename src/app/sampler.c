/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Watching one process. A pass reads, in this order: who it is; the range on the screen with
 * everything that is allowed; the page under the cursor; then the whole address space for the
 * bars and the map of physical memory. While the whole is walked, a hook between chunks looks
 * whether the screen wants something else and serves that at once, so that a 100 GiB process
 * answers keys as a small one does.
 *
 * A process that does nothing costs nothing much: its fault counters and sizes are read
 * (proc_read_pulse()), and only when they move, or now and then, is it walked again. What these do
 * not tell is looked for at a pace that its own cost sets: changes of the mappings (mprotect) by
 * reading their list, frames that the kernel changed (migration) by app/patrol.c. What neither
 * tells (flags of frames, map counts) is as old as the last walk.
 */
#include "app/sampler_state.h"

#include "app/finder.h"
#include "app/wake.h"
#include "base/clock.h"
#include "base/xalloc.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

/* Walked again after this long although nothing was seen to move. */
#define VIEW_AGE_NS  (NS_PER_S / 2)
#define WHOLE_AGE_NS (2 * NS_PER_S)
/* After a walk, at least so many times its own cost goes by before the next one. */
#define IDLE_SHARE   800 /* nothing has moved */
#define VIEW_SHARE   1   /* something has; what is on the screen */
#define WHOLE_SHARE  5   /* the bars and the frames */
#define MAPS_AGE_NS  (NS_PER_S / 2)
#define MAPS_SHARE   100 /* the list of mappings: 1 % of a core at most */
#define PATROL_SHARE 250 /* frames of some cells */
#define PSS_AGE_NS   (2 * NS_PER_S)
#define PSS_SHARE    100 /* something has moved; else IDLE_SHARE */

/* The timeline has two points a second; one while the sampler rests. */
#define HEARTBEAT_NS (NS_PER_S / 2)
#define REST_NS      NS_PER_S

void sampler_publish(struct sampler *sampler, bool scanning)
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

bool sampler_take_request(struct sampler *sampler)
{
	bool go_on;

	pthread_mutex_lock(&sampler->lock);
	sampler->request = sampler->wanted;
	sampler->holding = sampler->paused;
	sampler->slow = sampler->resting;
	go_on = !sampler->quit;
	pthread_mutex_unlock(&sampler->lock);
	return go_on;
}

/* True when the frames panel shows another part of physical memory than was counted. */
static bool frames_are_due(const struct sampler *sampler, const struct map_request *before)
{
	const struct map_request *now = &sampler->request;

	return now->shown_pfn != before->shown_pfn || now->nr_shown != before->nr_shown ||
	       now->frames_per_cell != before->frames_per_cell;
}

bool sampler_is_due(uint64_t last_ns, uint64_t age_ns, uint64_t cost_ns)
{
	return clock_mono_ns() - last_ns >= (cost_ns > age_ns ? cost_ns : age_ns);
}

bool sampler_is_other_program(const struct process_info *before, const struct process_info *now)
{
	return before->exec_id && now->exec_id && before->exec_id != now->exec_id;
}

bool sampler_view_is_due(const struct sampler *sampler, bool moved)
{
	const struct times *times = &sampler->times;

	return moved ? sampler_is_due(times->view_ns, 0, times->view_cost_ns * VIEW_SHARE)
		     : sampler_is_due(times->view_ns, VIEW_AGE_NS,
				      times->view_cost_ns * IDLE_SHARE);
}

/* Reads the mappings. */
static void read_maps(struct sampler *sampler)
{
	struct parts *parts = &sampler->parts;
	struct vma_list *list;
	uint64_t start_ns = clock_mono_ns();
	int ret = proc_read_maps(sampler->proc, &list);

	sampler->times.maps_ns = clock_mono_ns();
	sampler->times.maps_cost_ns = sampler->times.maps_ns - start_ns;
	parts->sources.why[SOURCE_MAPS] = why_from_errno(-ret);
	parts->maps_why = why_from_errno(-ret);
	/* Gone in between: the last picture stays. Refused: there must not be one. */
	if (ret == -EACCES || ret == -EPERM)
		parts_forget_memory(parts);
	if (ret)
		return;
	/* It is ending just now: its memory is given up before it is a zombie. The picture stays. */
	if (!vma_list_nr(list) && parts->vmas && vma_list_nr(parts->vmas->list)) {
		vma_list_free(list);
		return;
	}
	/* Pages of other mappings are of other kinds. */
	if (parts_take_vmas(parts, &sampler->host->geometry, list))
		sampler->stale_view = sampler->stale_whole = true;
}

/* Looks for what the counters do not tell, where they tell nothing. */
static void patrol(struct sampler *sampler)
{
	const struct patrol *last = &sampler->patrol;
	const struct parts *parts = &sampler->parts;
	const struct times *times = &sampler->times;

	if (sampler_is_due(times->maps_ns, MAPS_AGE_NS, times->maps_cost_ns * MAPS_SHARE))
		read_maps(sampler);
	/* A picture that is to be read again proves nothing. */
	if (sampler->stale_view || !sampler->host->may_see_frames ||
	    !sampler_is_due(last->last_ns, 0, last->cost_ns * PATROL_SHARE))
		return;
	if (patrol_look(&sampler->patrol, sampler->proc,
			sampler->request.view == VIEW_ROWS ? NULL : parts->view, parts->rows))
		sampler->stale_view = sampler->stale_whole = true;
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
	if (times->pss_ns && !sampler_is_due(times->pss_ns, PSS_AGE_NS, times->pss_cost_ns * share))
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
	patrol_forget(&sampler->patrol);
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
	if (sampler_is_other_program(&before, &parts->process))
		start_afresh(sampler);
	parts_update_rates(parts, sampler->host);
	return parts->process.life == PROCESS_LIVE;
}

/* True when the pass saw one program from its beginning to its end. */
static bool is_still_the_same(struct sampler *sampler)
{
	struct process_info now = { 0 };

	return proc_read_info(sampler->proc, &now) ||
	       !sampler_is_other_program(&sampler->parts.process, &now);
}

/* True when the whole address space is to be walked in this pass. */
static bool whole_is_due(const struct sampler *sampler, bool moved)
{
	const struct times *times = &sampler->times;

	if (!times->whole_ns)
		return true;
	return moved ? sampler_is_due(times->whole_ns, 0, times->whole_cost_ns * WHOLE_SHARE)
		     : sampler_is_due(times->whole_ns, WHOLE_AGE_NS,
				      times->whole_cost_ns * IDLE_SHARE);
}

/* While paused the picture stands still; only what the user moves to is read. */
static void hold(struct sampler *sampler, bool other_view)
{
	if (other_view) {
		sampler_answer(sampler);
		sampler_read_view(sampler);
	}
	sampler_serve(sampler);
	sampler_read_frame_pages(sampler);
	sampler_publish(sampler, false);
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
		sampler_publish(sampler, false);
		return;
	}
	moved = proc_read_pulse(sampler->proc, &pulse) || pulse != sampler->pulse || !parts->vmas;
	sampler->pulse = pulse;
	sampler->times.pulse_ns = clock_mono_ns();
	/* What moved while a walk was not due is not forgotten until it is. */
	sampler->stale_view = sampler->stale_view || moved;
	sampler->stale_whole = sampler->stale_whole || moved;
	sampler->stale_pss = sampler->stale_pss || moved;
	if (!moved)
		patrol(sampler);
	whole = whole_is_due(sampler, sampler->stale_whole) ||
		changes_are_due(&sampler->changes, &sampler->request, parts->vmas) ||
		frames_are_due(sampler, before);
	if (moved || whole)
		read_maps(sampler);
	if (parts->vmas && !map_request_equal(before, &sampler->request))
		sampler_answer(sampler);
	if (parts->vmas && (other_view || sampler_view_is_due(sampler, sampler->stale_view))) {
		sampler->stale_view = false;
		sampler_read_view(sampler);
		read = true;
	}
	if (read || moved || whole || sampler_is_due(sampler->times.detail_ns, VIEW_AGE_NS, 0)) {
		sampler_serve(sampler);
		read = true;
	}
	if (!whole)
		sampler_read_frame_pages(sampler);
	read_pss(sampler);
	if (parts->vmas && whole) {
		sampler->stale_whole = false;
		sampler_publish(sampler, true);
		sampler_read_whole(sampler);
		finder_forget(parts);
		sampler_read_frame_pages(sampler);
	}
	/* Else the mappings of one program may stand beside the pages of another. */
	if (!read || is_still_the_same(sampler))
		sampler_publish(sampler, false);
}

static void wait_for_work(struct sampler *sampler, uint64_t start_ns)
{
	uint64_t period_ns = sampler->slow && sampler->period_ns < REST_NS ? REST_NS
									   : sampler->period_ns;
	uint64_t until_ns = start_ns + period_ns, now_ns = clock_mono_ns();

	if (sampler->holding)
		wake_wait(sampler->wake_fd, UINT64_MAX);
	else
		wake_wait(sampler->wake_fd, until_ns > now_ns ? until_ns - now_ns : 0);
}

static void *run(void *arg)
{
	struct sampler *sampler = arg;
	struct map_request before = { 0 };

	while (sampler_take_request(sampler)) {
		uint64_t start_ns = clock_mono_ns();

		sample(sampler, &before);
		before = sampler->request;
		wait_for_work(sampler, start_ns);
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
	patrol_forget(&sampler->patrol);
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

void sampler_rest(struct sampler *sampler, bool resting)
{
	pthread_mutex_lock(&sampler->lock);
	sampler->resting = resting;
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
