/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "out/cache_watch.h"

#include "base/fmt.h"
#include "base/text.h"
#include "out/json.h"

#include <inttypes.h>
#include <stdlib.h>

static void set_number(json_t *object, const char *field, uint64_t value)
{
	json_object_set_new(object, field, json_integer((json_int_t)value));
}

static void put_line(FILE *out, json_t *object)
{
	json_dumpf(object, out, JSON_COMPACT | JSON_PRESERVE_ORDER);
	fputc('\n', out);
	json_decref(object);
}

static void head_json(FILE *out, const struct cache_watch_head *head)
{
	json_t *line = json_document("cache", head->taken_ns), *sources = json_object();

	json_object_set_new(line, "type", json_string("start"));
	json_object_set_new(line, "path", json_text(head->path));
	set_number(line, "size_bytes", head->info->size_bytes);
	set_number(line, "pages", head->info->total.pages);
	set_number(line, "page_size", UINT64_C(1) << head->page_shift);
	json_set_count(line, "cached", head->info->total.cached, head->info->source,
		       head->info->why);
	if (head->events_why == WHY_OK) {
		json_object_set_new(sources, "changes", json_string("filemap tracepoints"));
	} else {
		json_set_unknown(line, "events", CACHE_WATCH_NO_EVENTS);
		set_number(line, "pages_per_cell", head->pages_per_cell);
		json_object_set_new(sources, "changes", json_string("difference of two looks"));
	}
	if (head->info->why == WHY_OK)
		json_object_set_new(sources, "cached",
				    json_string(source_name(head->info->source)));
	json_object_set_new(line, "sources", sources);
	put_line(out, line);
}

void out_cache_watch_head(FILE *out, bool json, const struct cache_watch_head *head)
{
	char *path;

	if (json) {
		head_json(out, head);
		return;
	}
	path = text_safe_str(head->path);
	fprintf(out, "watching %s, %" PRIu64 " pages", path, head->info->total.pages);
	if (head->info->why == WHY_OK)
		fprintf(out, ", %" PRIu64 " cached", head->info->total.cached);
	fputc('\n', out);
	if (head->events_why != WHY_OK)
		fprintf(out, CACHE_WATCH_NO_EVENTS ", by %" PRIu64 " page(s)\n",
			head->pages_per_cell);
	free(path);
}

void out_cache_watch_event(FILE *out, bool json, uint64_t t_ns, const struct cache_event *event)
{
	json_t *line;

	if (!json) {
		fprintf(out,
			"%11.6f  %c %7" PRIu64 " pages at %-10" PRIu64 " %5" PRIu64
			" folio(s) of order %-2u %-9s  tid %-8d frame %" PRIx64 "\n",
			(double)t_ns / 1e9, event->inserted ? '+' : '-', event->nr_pages,
			event->page, event->nr_folios, event->order,
			event->inserted ? cache_cause_name(event->cause) : "", (int)event->tid,
			event->pfn);
		return;
	}
	line = json_object();
	json_object_set_new(line, "type", json_string(event->inserted ? "insert" : "evict"));
	set_number(line, "t_ns", t_ns);
	set_number(line, "page", event->page);
	set_number(line, "pages", event->nr_pages);
	set_number(line, "folios", event->nr_folios);
	set_number(line, "order", event->order);
	json_object_set_new(line, "pfn", json_hex(event->pfn));
	json_object_set_new(line, "pid", json_integer(event->pid));
	json_object_set_new(line, "tid", json_integer(event->tid));
	if (event->inserted)
		json_object_set_new(line, "cause", json_string(cache_cause_name(event->cause)));
	put_line(out, line);
}

void out_cache_watch_difference(FILE *out, bool json, uint64_t t_ns,
				const struct cache_difference *difference)
{
	json_t *line;

	if (!json) {
		fprintf(out,
			"%11.6f  pages %" PRIu64 "-%" PRIu64 ": %" PRIu64 " -> %" PRIu64
			" cached\n",
			(double)t_ns / 1e9, difference->page,
			difference->page + difference->nr_pages - 1, difference->before,
			difference->now);
		return;
	}
	line = json_object();
	json_object_set_new(line, "type", json_string("change"));
	set_number(line, "t_ns", t_ns);
	set_number(line, "page", difference->page);
	set_number(line, "pages", difference->nr_pages);
	set_number(line, "cached_before", difference->before);
	set_number(line, "cached", difference->now);
	put_line(out, line);
}

static void summary_json(FILE *out, const struct cache_watch_summary *summary)
{
	static const char *const names[NR_CAUSE] = {
		[CAUSE_ASKED] = "asked_for_pages",
		[CAUSE_READAHEAD] = "readahead_pages",
		[CAUSE_OTHER] = "other_pages",
	};
	bool events = summary->events_why == WHY_OK;
	json_t *line = json_object();

	json_object_set_new(line, "type", json_string("summary"));
	set_number(line, "elapsed_ns", summary->elapsed_ns);
	set_number(line, "inserted_pages", summary->came);
	set_number(line, "evicted_pages", summary->went);
	for (int cause = 0; cause < NR_CAUSE; cause++) {
		if (events)
			set_number(line, names[cause], summary->inserted[cause]);
		else
			json_set_unknown(line, names[cause], CACHE_WATCH_NO_EVENTS);
	}
	if (events)
		set_number(line, "lost", summary->lost);
	else
		json_set_unknown(line, "lost", CACHE_WATCH_NO_EVENTS);
	json_set_count(line, "cached_before", summary->before->total.cached,
		       summary->before->source, summary->before->why);
	json_set_count(line, "cached", summary->now->total.cached, summary->now->source,
		       summary->now->why);
	put_line(out, line);
}

void out_cache_watch_summary(FILE *out, bool json, const struct cache_watch_summary *summary)
{
	if (json) {
		summary_json(out, summary);
		return;
	}
	fprintf(out, "%.3f s: %" PRIu64 " pages came, %" PRIu64 " went",
		(double)summary->elapsed_ns / 1e9, summary->came, summary->went);
	if (summary->events_why == WHY_OK)
		fprintf(out,
			"; of those that came %" PRIu64 " were asked for, %" PRIu64
			" brought by readahead, %" PRIu64 " other; %" PRIu64 " events lost",
			summary->inserted[CAUSE_ASKED], summary->inserted[CAUSE_READAHEAD],
			summary->inserted[CAUSE_OTHER], summary->lost);
	if (summary->before->why == WHY_OK && summary->now->why == WHY_OK)
		fprintf(out, "; cached %" PRIu64 " -> %" PRIu64 " pages",
			summary->before->total.cached, summary->now->total.cached);
	fputc('\n', out);
}
