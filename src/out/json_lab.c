/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lab as JSON: the configuration, and for each lane what the screen shows of it. The
 * sender's and the sink's figures stand apart, because how the kernel's network work is
 * charged to one or the other changes from run to run; only their sum compares.
 */
#include "out/lab.h"

#include "base/clock.h"
#include "out/json.h"

static const char *start_name(enum lab_start start)
{
	return start == LAB_COLD ? "cold" : "hot";
}

static void set_count(json_t *object, const char *field, uint64_t count)
{
	json_object_set_new(object, field, json_integer((json_int_t)count));
}

static void set_text(json_t *object, const char *field, const char *text)
{
	json_object_set_new(object, field, json_text(text));
}

static json_t *sources_json(const struct lab_view *view)
{
	json_t *sources = json_object();
	bool mincore = view->nr_lanes && view->lanes[0].cache.source == SOURCE_MINCORE;

	set_text(sources, "cache", mincore ? "mincore(2)" : "cachestat(2)");
	set_text(sources, "start", mincore ? "mincore(2)" : "cachestat(2)");
	set_text(sources, "calls", "counted by the actor at each call");
	set_text(sources, "faults", "/proc/PID/stat; getrusage(2) of the actor once it is done");
	set_text(sources, "cpu", "/proc/PID/stat; getrusage(2) of the actor once it is done");
	set_text(sources, "bytes", "counted by sender and sink");
	set_text(sources, "hash",
		 "XXH3, 64 bits: of the file as written, and of what the sink got");
	return sources;
}

static json_t *config_json(const struct lab_view *view)
{
	json_t *config = json_object();

	set_count(config, "size_bytes", view->size_bytes);
	set_text(config, "start", start_name(view->start));
	json_object_set_new(config, "full_speed", json_boolean(!view->pace_bytes_per_s));
	if (view->pace_bytes_per_s)
		set_count(config, "pace_bytes_per_s", view->pace_bytes_per_s);
	else
		json_set_unknown(config, "pace_bytes_per_s", "full speed: no pace was asked for");
	if (view->nr_lanes) {
		const struct lane_setup *setup = &view->lanes[0].setup;

		set_text(config, "transport", transport_name(sink_info(setup->sink)->transport));
		set_text(config, "sink", sink_info(setup->sink)->key);
		json_object_set_new(config, "verify", json_boolean(setup->verify));
	}
	return config;
}

/* Calls by kind; those that were not made are left out. */
static json_t *kinds_json(const struct lane_side *side)
{
	json_t *kinds = json_object();

	for (int kind = 0; kind < NR_CALL; kind++)
		if (side->kinds[kind])
			set_count(kinds, call_kind_name((enum call_kind)kind), side->kinds[kind]);
	return kinds;
}

static json_t *side_json(const struct lane_side *side)
{
	static const char *const fields[] = { "user_ns", "system_ns", "minflt", "majflt" };
	const uint64_t counts[] = { side->user_ns, side->system_ns, side->minflt, side->majflt };
	json_t *object = json_object();

	if (side->pid)
		set_count(object, "pid", (uint64_t)side->pid);
	else
		json_set_unknown(object, "pid", "no such process runs");
	if (side->why == WHY_NOT_ASKED)
		json_set_unknown(object, "calls", "it was not started");
	else {
		set_count(object, "calls", side->calls);
		json_object_set_new(object, "calls_by_kind", kinds_json(side));
		set_count(object, "copied_bytes", side->copied_bytes);
	}
	if (side->why_switches == WHY_OK) {
		set_count(object, "voluntary_switches", side->nvcsw);
		set_count(object, "involuntary_switches", side->nivcsw);
	}
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		json_set_count(object, fields[i], counts[i], SOURCE_STATUS, side->why);
	return object;
}

/* Residency when the lane was started, as far as it could be verified. */
static json_t *start_json(const struct lab_view *view, const struct lane_view *lane)
{
	json_t *start = json_object();
	bool looked_at = lane->start_pages || !lane->size_bytes;
	enum why why = lane->cache.why == WHY_OK && !looked_at ? WHY_NOT_ASKED : lane->cache.why;

	set_text(start, "wanted", start_name(view->start));
	json_object_set_new(start, "verified", json_boolean(lane->start_verified));
	json_set_count(start, "cached_pages", lane->start_cached_pages, lane->cache.source, why);
	json_set_count(start, "pages", lane->start_pages, lane->cache.source, why);
	return start;
}

static json_t *cells_json(const struct cache_info *cache)
{
	json_t *cells = json_array();

	for (size_t i = 0; i < cache->nr_cells; i++)
		json_array_append_new(cells, json_integer((json_int_t)cache->cells[i].cached));
	return cells;
}

static json_t *cache_json(const struct cache_info *cache)
{
	json_t *object = json_object();
	const struct cache_counts *total = &cache->total;

	json_set_count(object, "pages", total->pages, cache->source, cache->why);
	json_set_count(object, "cached", total->cached, cache->source, cache->why);
	json_set_count(object, "dirty", total->dirty, cache->source, cache->why_states);
	json_set_count(object, "writeback", total->writeback, cache->source, cache->why_states);
	json_set_count(object, "evicted", total->evicted, cache->source, cache->why_states);
	json_set_count(object, "pages_per_cell", cache->pages_per_cell, cache->source, cache->why);
	if (cache->why == WHY_OK)
		json_object_set_new(object, "cells_cached", cells_json(cache));
	return object;
}

static void set_progress(json_t *object, const struct lane_view *lane)
{
	bool started = lane->sender.why != WHY_NOT_ASKED;
	bool done = lane->state == LANE_DONE;

	set_count(object, "size_bytes", lane->size_bytes);
	set_count(object, "sent_bytes", lane->sent_bytes);
	set_count(object, "received_bytes", lane->received_bytes);
	if (lane->buffer_bytes)
		set_count(object, "buffer_bytes", lane->buffer_bytes);
	else
		json_set_unknown(object, "buffer_bytes", "the sender was not started");
	if (started)
		set_count(object, "elapsed_ns", lane->elapsed_ns);
	else
		json_set_unknown(object, "elapsed_ns", "the sender was not started");
	if (done && lane->elapsed_ns)
		set_count(object, "bytes_per_s", lane->rate_bytes_per_s);
	else
		json_set_unknown(object, "bytes_per_s", "the transfer has not come to its end");
	if (lane->hash_state == HASH_PENDING)
		json_set_unknown(object, "hash", "the sink has not received the whole file");
	else if (lane->hash_state == HASH_NOT_ASKED)
		json_set_unknown(object, "hash", "verifying was not asked for");
	else if (lane->hash_state == HASH_IMPOSSIBLE)
		json_set_unknown(object, "hash", sink_info(lane->setup.sink)->says);
	else
		set_text(object, "hash", hash_state_name(lane->hash_state));
}

static json_t *lane_json(const struct lab_view *view, const struct lane_view *lane)
{
	const struct mode_info *mode = mode_info(lane->setup.mode);
	json_t *object = json_object();

	set_text(object, "mode", mode->key);
	set_text(object, "how", mode->calls);
	set_text(object, "avoids", mode->avoids);
	set_count(object, "copies", mode->copies);
	set_text(object, "state", lane_state_name(lane->state));
	if (lane->error[0])
		set_text(object, "error", lane->error);
	if (lane->note[0])
		set_text(object, "note", lane->note);
	if (lane->nr_completions) {
		set_count(object, "completions", lane->nr_completions);
		set_count(object, "completions_copied", lane->nr_copied_completions);
	}
	set_text(object, "path", lane->path);
	if (lane->congestion[0])
		set_text(object, "congestion_control", lane->congestion);
	else
		json_set_unknown(object, "congestion_control", "the lane used no TCP");
	set_progress(object, lane);
	json_object_set_new(object, "sender", side_json(&lane->sender));
	json_object_set_new(object, "sink", side_json(&lane->sink));
	json_object_set_new(object, "start", start_json(view, lane));
	json_object_set_new(object, "cache", cache_json(&lane->cache));
	return object;
}

int out_lab_json(FILE *out, const struct lab_view *view)
{
	uint64_t age_ns = clock_mono_ns() - view->taken_mono_ns;
	json_t *document = json_document("lab", clock_real_ns() - age_ns);
	json_t *lanes = json_array();

	json_object_set_new(document, "sources", sources_json(view));
	json_object_set_new(document, "config", config_json(view));
	if (view->phase == LAB_FAILED)
		set_text(document, "error", view->error);
	for (size_t i = 0; i < view->nr_lanes; i++)
		json_array_append_new(lanes, lane_json(view, &view->lanes[i]));
	json_object_set_new(document, "lanes", lanes);
	return json_print(out, document);
}
