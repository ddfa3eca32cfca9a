/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `cache` as JSON. */
#include "out/json.h"
#include "out/out.h"

#include "model/vma.h"

static void set_counts(json_t *object, const struct cache_info *info,
		       const struct cache_counts *counts)
{
	const struct {
		const char *name;
		uint64_t count;
	} states[] = {
		{ "dirty", counts->dirty },
		{ "writeback", counts->writeback },
		{ "evicted", counts->evicted },
		{ "recently_evicted", counts->recently_evicted },
	};

	json_object_set_new(object, "pages", json_integer((json_int_t)counts->pages));
	json_set_count(object, "cached", counts->cached, info->source, info->why);
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		json_set_count(object, states[i].name, states[i].count,
			       info->why_states == WHY_UNSUPPORTED ? SOURCE_CACHESTAT
								   : info->source,
			       info->why_states);
}

static json_t *json_cells(const struct cache_info *info)
{
	json_t *array = json_array();

	for (size_t i = 0; i < info->nr_cells; i++) {
		json_t *cell = json_object();

		json_object_set_new(cell, "first_page",
				    json_integer((json_int_t)(i * info->pages_per_cell)));
		set_counts(cell, info, &info->cells[i]);
		json_array_append_new(array, cell);
	}
	return array;
}

static json_t *json_mapper(const struct mapper *mapper)
{
	struct vma vma = { .perms = mapper->perms };
	json_t *object = json_object();
	char perms[5];

	json_object_set_new(object, "pid", json_integer(mapper->pid));
	json_object_set_new(object, "comm", json_text(mapper->comm));
	json_object_set_new(object, "start", json_hex(mapper->start_addr));
	json_object_set_new(object, "end", json_hex(mapper->end_addr));
	json_object_set_new(object, "perms", json_string(vma_perms_text(&vma, perms)));
	json_object_set_new(object, "offset_bytes", json_integer((json_int_t)mapper->off_bytes));
	return object;
}

static void set_mappers(json_t *object, const struct cache_file *file)
{
	json_t *array;

	if (file->mappers_why == WHY_NOT_ASKED) {
		json_set_unknown(object, "mapped_by", "not asked: give --mapped-by");
		return;
	}
	if (file->mappers_why != WHY_OK) {
		json_set_unknown(object, "mapped_by", why_name(file->mappers_why));
		return;
	}
	array = json_array();
	for (size_t i = 0; i < file->mappers.nr; i++)
		json_array_append_new(array, json_mapper(&file->mappers.items[i]));
	json_object_set_new(object, "mapped_by", array);
	json_object_set_new(object, "mapped_by_denied",
			    json_integer((json_int_t)file->mappers.nr_denied));
}

/* Runs of frames, where they were asked for. */
static void set_runs(json_t *object, const struct cache_info *info)
{
	char reason[128];
	json_t *runs;

	if (info->frames_why == WHY_NOT_ASKED) {
		json_set_unknown(object, "runs", "not asked: give --pages");
		return;
	}
	if (info->frames_why != WHY_OK) {
		json_set_unknown(object, "runs",
				 source_refusal(SOURCE_OWN_MAPPING, info->frames_why, reason,
						sizeof(reason)));
		return;
	}
	runs = json_array();
	for (size_t i = 0; i < info->nr_runs; i++) {
		const struct cache_run *run = &info->runs[i];
		json_t *row = json_object();

		json_object_set_new(row, "first_page", json_integer((json_int_t)run->first_page));
		json_object_set_new(row, "pages", json_integer((json_int_t)run->pages));
		json_object_set_new(row, "pfn", json_hex(run->first.pfn));
		json_object_set_new(row, "flags", json_frame_flags(run->first.flags));
		json_object_set_new(row, "mapcount", json_integer((json_int_t)run->first.mapcount));
		json_array_append_new(runs, row);
	}
	json_object_set_new(object, "runs", runs);
	json_object_set_new(object, "pages_read_back",
			    json_integer((json_int_t)info->nr_read_back));
}

static json_t *json_file(const struct cache_file *file)
{
	const struct cache_info *info = &file->info;
	json_t *object = json_object();

	json_object_set_new(object, "path", json_text(file->path));
	json_object_set_new(object, "size_bytes", json_integer((json_int_t)info->size_bytes));
	json_object_set_new(object, "source", json_string(source_name(info->source)));
	set_counts(object, info, &info->total);
	if (info->nr_cells) {
		json_object_set_new(object, "pages_per_cell",
				    json_integer((json_int_t)info->pages_per_cell));
		json_object_set_new(object, "cells", json_cells(info));
	}
	if (file->nr_processes)
		json_object_set_new(object, "processes",
				    json_integer((json_int_t)file->nr_processes));
	set_runs(object, info);
	set_mappers(object, file);
	return object;
}

static json_t *json_total(const struct cache_report *report)
{
	json_t *object = json_object();
	struct cache_info sum;

	cache_sum(report, &sum);
	json_object_set_new(object, "size_bytes", json_integer((json_int_t)sum.size_bytes));
	set_counts(object, &sum, &sum.total);
	return object;
}

static void set_top(json_t *document, const struct cache_report *report)
{
	json_object_set_new(document, "files_seen", json_integer((json_int_t)report->nr_seen));
	json_object_set_new(document, "processes", json_integer((json_int_t)report->nr_processes));
	json_object_set_new(document, "processes_denied",
			    json_integer((json_int_t)report->nr_denied));
}

int out_cache_json(FILE *out, const struct cache_report *report)
{
	json_t *document = json_document("cache", report->taken_ns);
	json_t *files = json_array(), *sources = json_object();

	for (size_t i = 0; i < report->nr; i++) {
		const struct cache_info *info = &report->files[i].info;

		json_array_append_new(files, json_file(&report->files[i]));
		if (info->why == WHY_OK)
			json_object_set_new(sources, "cached",
					    json_string(source_name(info->source)));
		if (info->why == WHY_OK && info->frames_why == WHY_OK)
			json_object_set_new(sources, "runs",
					    json_string("own mapping for a moment "
							"(MADV_RANDOM, mincore, pagemap), "
							"kpageflags, kpagecount"));
		if (report->files[i].mappers_why == WHY_OK)
			json_object_set_new(sources, "mapped_by",
					    json_string(source_name(SOURCE_MAPS)));
	}
	json_object_set_new(document, "sources", sources);
	json_object_set_new(document, "page_size",
			    json_integer((json_int_t)1 << report->page_shift));
	json_object_set_new(document, "files", files);
	if (report->total)
		json_object_set_new(document, "total", json_total(report));
	if (report->is_top)
		set_top(document, report);
	return json_print(out, document);
}
