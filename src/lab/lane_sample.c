/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is known of a lane at a moment. While it runs, bytes and calls come from the page
 * that the actors share, faults from /proc/PID/stat and CPU time from schedstat as for any PID
 * (how it divides into user and system only to the tick); when a half has reported, its own
 * getrusage(2) takes their place. What it had used before the transfer (loading, linking) is
 * left out in both.
 */
#include "lab/lane.h"

#include "base/clock.h"
#include "base/xalloc.h"
#include "kernel/extents.h"

#include <stdio.h>
#include <string.h>

#define RATE_SPAN_NS  NS_PER_S
#define RATE_LEAST_NS (NS_PER_S / (LANE_RATE_SAMPLES - 4))

static uint64_t above(uint64_t value, uint64_t base)
{
	return value > base ? value - base : 0;
}

static struct lane_side *side_of(struct lane *lane, enum lane_part part)
{
	return part == LANE_SENDER ? &lane->view.sender : &lane->view.sink;
}

/* The counters that the actor itself keeps. */
static void take_counters(struct lane_side *side, const struct wire_progress *progress)
{
	/* A sink elsewhere shares no page with us; its receipt says what it did. */
	if (!progress)
		return;
	side->calls = 0;
	for (int kind = 0; kind < NR_CALL; kind++) {
		side->kinds[kind] = atomic_load(&progress->calls[kind]);
		side->calls += side->kinds[kind];
	}
	side->copied_bytes = atomic_load(&progress->copied_bytes);
}

static void sample_half(struct lane *lane, enum lane_part part)
{
	struct lane_half *half = &lane->halves[part];
	struct lane_side *side = side_of(lane, part);
	struct process_info info = { 0 };
	uint64_t cpu_ns;
	int err;

	if (half->reported || !half->actor.progress)
		return;
	take_counters(side, half->actor.progress);
	if (!half->proc) {
		side->why = WHY_DENIED;
		return;
	}
	err = proc_read_info(half->proc, &info);
	if (err || info.life == PROCESS_GONE || info.life == PROCESS_ZOMBIE) {
		/* What was read before stays true; only without it nothing is known. */
		if (side->why != WHY_OK)
			side->why = err ? why_from_errno(-err) : WHY_GONE;
		return;
	}
	side->why = WHY_OK;
	side->user_ns = above(info.user_ns, half->base.user_ns);
	side->system_ns = above(info.system_ns, half->base.system_ns);
	side->cpu_ns = side->user_ns + side->system_ns;
	if (!proc_read_cpu(half->proc, &cpu_ns))
		side->cpu_ns = above(cpu_ns, half->base.user_ns + half->base.system_ns);
	side->minflt = above(info.minflt, half->base.minflt);
	side->majflt = above(info.majflt, half->base.majflt);
}

/* Time since the start without pauses, as the sender has noted them. */
static uint64_t elapsed_ns(const struct lane *lane, uint64_t now_ns)
{
	const struct wire_progress *progress = lane->halves[LANE_SENDER].actor.progress;
	uint64_t started_ns = atomic_load(&progress->started_ns);
	uint64_t began_ns = atomic_load(&progress->pause_began_ns);
	uint64_t paused_ns = atomic_load(&progress->paused_ns);

	if (!started_ns)
		return 0;
	if (began_ns && began_ns < now_ns)
		now_ns = began_ns;
	return above(above(now_ns, started_ns), paused_ns);
}

static uint64_t rate(uint64_t bytes, uint64_t t_ns)
{
	return t_ns ? (uint64_t)((double)bytes * (double)NS_PER_S / (double)t_ns) : 0;
}

/* The rate over about the last second of sending; samples are kept oldest first. */
static void sample_rate(struct lane *lane)
{
	struct lane_view *view = &lane->view;
	struct lane_sample now = { view->elapsed_ns, view->received_bytes };
	size_t oldest = 0;

	while (oldest + 1 < lane->nr_samples &&
	       lane->samples[oldest + 1].elapsed_ns + RATE_SPAN_NS <= now.elapsed_ns)
		oldest++;
	memmove(lane->samples, lane->samples + oldest, (lane->nr_samples - oldest) * sizeof(now));
	lane->nr_samples -= oldest;
	if (!lane->nr_samples ||
	    lane->samples[lane->nr_samples - 1].elapsed_ns + RATE_LEAST_NS <= now.elapsed_ns) {
		if (lane->nr_samples == LANE_RATE_SAMPLES)
			memmove(lane->samples, lane->samples + 1, --lane->nr_samples * sizeof(now));
		lane->samples[lane->nr_samples++] = now;
	}
	view->rate_bytes_per_s = rate(above(now.bytes, lane->samples[0].bytes),
				      above(now.elapsed_ns, lane->samples[0].elapsed_ns));
}

void lane_sample(struct lane *lane)
{
	struct lane_view *view = &lane->view;
	const struct wire_progress *sent = lane->halves[LANE_SENDER].actor.progress;
	const struct wire_progress *received = lane->halves[LANE_SINK].actor.progress;
	uint64_t now_ns;

	/* Before it is ready, what it used belongs to its loading. */
	if (lane_state_is_final(view->state) || view->state == LANE_PREPARING)
		return;
	for (int part = 0; part < NR_LANE_PART; part++)
		sample_half(lane, (enum lane_part)part);
	if (!sent || !received)
		return;
	view->received_bytes = atomic_load(&received->bytes);
	view->sent_bytes = atomic_load(&sent->bytes);
	/* The sink may have counted what the sender has not yet. */
	if (view->sent_bytes < view->received_bytes)
		view->sent_bytes = view->received_bytes;
	now_ns = elapsed_ns(lane, clock_mono_ns());
	if (now_ns > view->elapsed_ns)
		view->elapsed_ns = now_ns;
	lane_follow_step(lane);
	if (view->state == LANE_RUNNING)
		sample_rate(lane);
}

void lane_sample_cache(struct lane *lane, size_t nr_cells, unsigned thrift)
{
	struct cache_info info = { 0 };
	uint64_t began_ns = clock_mono_ns(), ended_ns;
	int err;

	if (!lane->cache || (thrift && began_ns < lane->next_cache_ns))
		return;
	err = filecache_read(lane->cache, nr_cells, &info);
	if (err) {
		cache_info_clear(&info);
		info = (struct cache_info){ .source = lane->view.cache.source };
		info.why = info.why_states = why_from_errno(-err);
	}
	cache_info_clear(&lane->view.cache);
	lane->view.cache = info;
	ended_ns = clock_mono_ns();
	lane->next_cache_ns = ended_ns + (ended_ns - began_ns) * thrift;
}

/* Both sides of a file-to-file copy end in blocks: are they the same ones? */
static void note_extents(struct lane *lane)
{
	uint32_t nr_shared, nr_extents;
	enum why why = extents_count_shared(lane->target_path, &nr_shared, &nr_extents);
	char *note = lane->view.note;

	if (!lane->view.size_bytes)
		return;
	if (why != WHY_OK)
		snprintf(note, sizeof(lane->view.note),
			 "whether the blocks are shared is not known: %s", why_name(why));
	else if (nr_extents && nr_shared == nr_extents)
		snprintf(note, sizeof(lane->view.note),
			 "the file system shares all blocks (reflink): nothing was copied");
	else if (nr_shared)
		snprintf(note, sizeof(lane->view.note), "%u of %u extents are shared (reflink)",
			 nr_shared, nr_extents);
	else
		snprintf(note, sizeof(lane->view.note),
			 "no block is shared: the kernel copied through the page cache");
}

static void note_completions(struct lane_view *view)
{
	if (!view->nr_completions)
		snprintf(view->note, sizeof(view->note), "the kernel sent no completion");
	else if (view->nr_copied_completions)
		snprintf(view->note, sizeof(view->note),
			 "%llu of %llu completions say COPIED: the kernel copied after all",
			 (unsigned long long)view->nr_copied_completions,
			 (unsigned long long)view->nr_completions);
	else
		snprintf(view->note, sizeof(view->note),
			 "none of %llu completions says COPIED: the pages themselves were sent",
			 (unsigned long long)view->nr_completions);
}

/* Direct reading leaves a cold file cold; only then can it be told. */
static void note_cache(struct lane *lane)
{
	bool cold = lane->view.start_verified && !lane->view.start_cached_pages;

	lane_sample_cache(lane, lane->view.cache.nr_cells, 0);
	if (cold && lane->view.cache.why == WHY_OK && lane->view.cache.total.cached)
		snprintf(lane->view.note, sizeof(lane->view.note),
			 "%llu pages came into the page cache: not all of it was read directly",
			 (unsigned long long)lane->view.cache.total.cached);
}

/* Where the kernel may have taken another way than asked for, the row says which. */
static void note_way(struct lane *lane)
{
	const struct mode_info *mode = mode_info(lane->view.setup.mode);

	if (mode->file_to_file)
		note_extents(lane);
	else if (mode->reports && lane->view.size_bytes)
		note_completions(&lane->view);
	else if (lane->view.setup.mode == MODE_ODIRECT)
		note_cache(lane);
}

static void finish(struct lane *lane)
{
	struct lane_view *view = &lane->view;
	char why[sizeof(view->error)];

	/* All bytes may have come, but then they are not what is there now. */
	if (!lane_file_is_as_it_was(lane, why, sizeof(why))) {
		lane_fail(lane, "%s", why);
		return;
	}
	view->elapsed_ns = elapsed_ns(lane, lane->finished_ns);
	view->sent_bytes = view->received_bytes = view->size_bytes;
	lane_follow_step(lane);
	view->rate_bytes_per_s = rate(view->size_bytes, view->elapsed_ns);
	if (lane->hashed)
		view->hash_state = lane->received_hash == lane->hash ? HASH_EQUAL : HASH_DIFFERS;
	note_way(lane);
	view->state = LANE_DONE;
}

void lane_take_report(struct lane *lane, enum lane_part part, const struct wire_message *report)
{
	struct lane_side *side = side_of(lane, part);

	lane->halves[part].reported = true;
	side->why = WHY_OK;
	side->user_ns = report->usage.user_ns;
	side->system_ns = report->usage.system_ns;
	side->cpu_ns = side->user_ns + side->system_ns;
	side->minflt = report->usage.minflt;
	side->majflt = report->usage.majflt;
	side->why_perf = (enum why)report->usage.perf_why;
	side->perf_minflt = report->usage.perf_minflt;
	side->perf_majflt = report->usage.perf_majflt;
	side->why_switches = WHY_OK;
	side->nvcsw = report->usage.nvcsw;
	side->nivcsw = report->usage.nivcsw;
	take_counters(side, lane->halves[part].actor.progress);
	if (part == LANE_SINK) {
		lane->finished_ns = report->finished_ns;
		lane->received_hash = report->hash;
		lane->hashed = report->flags & WIRE_HASHED;
	} else {
		lane->view.nr_completions = report->nr_completions;
		lane->view.nr_copied_completions = report->nr_copied_completions;
	}
	if (lane->halves[LANE_SENDER].reported && lane->halves[LANE_SINK].reported)
		finish(lane);
}

void lane_copy_view(const struct lane *lane, struct lane_view *out)
{
	const struct cache_info *cache = &lane->view.cache;

	*out = lane->view;
	if (!cache->cells)
		return;
	out->cache.cells = xcalloc(cache->nr_cells, sizeof(*cache->cells));
	memcpy(out->cache.cells, cache->cells, cache->nr_cells * sizeof(*cache->cells));
}
