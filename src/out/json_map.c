/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `map` and `translate` as JSON. */
#include "out/json.h"
#include "out/out.h"

#include "base/fmt.h"

#include <stdio.h>

static json_t *json_vma_head(const struct vma *vma)
{
	json_t *object = json_object();
	char perms[5], dev[FMT_LEN];

	snprintf(dev, sizeof(dev), "%02x:%02x", vma->dev_major, vma->dev_minor);
	json_object_set_new(object, "start", json_hex(vma->start_addr));
	json_object_set_new(object, "end", json_hex(vma->end_addr));
	json_object_set_new(object, "perms", json_string(vma_perms_text(vma, perms)));
	json_object_set_new(object, "offset_bytes", json_integer((json_int_t)vma->off_bytes));
	json_object_set_new(object, "dev", json_string(dev));
	json_object_set_new(object, "inode", json_integer((json_int_t)vma->inode));
	json_object_set_new(object, "path", json_text(vma->path));
	if (vma->deleted)
		json_object_set_new(object, "deleted", json_true());
	json_object_set_new(object, "kind", json_string(vma_kind_name(vma->kind)));
	return object;
}

/* A count that needs another source than the page table itself. */
struct count_field {
	const char *name;
	size_t offset;
	enum source source;
};

#define COUNT_FIELD(field, from)                                                                   \
	{                                                                                          \
#field, offsetof(struct page_counts, field), from                                  \
	}

static const struct count_field scan_fields[] = {
	COUNT_FIELD(zero, SOURCE_PAGEMAP_SCAN),
	COUNT_FIELD(huge, SOURCE_PAGEMAP_SCAN),
};

static const struct count_field frame_fields[] = {
	COUNT_FIELD(exclusive, SOURCE_PAGEMAP),     COUNT_FIELD(dirty, SOURCE_KPAGEFLAGS),
	COUNT_FIELD(writeback, SOURCE_KPAGEFLAGS),  COUNT_FIELD(active, SOURCE_KPAGEFLAGS),
	COUNT_FIELD(referenced, SOURCE_KPAGEFLAGS), COUNT_FIELD(ksm, SOURCE_KPAGEFLAGS),
	COUNT_FIELD(shared, SOURCE_KPAGECOUNT),
};

static uint64_t count_at(const struct page_counts *counts, const struct count_field *field)
{
	return *(const uint64_t *)((const char *)counts + field->offset);
}

/* A source that was never asked has nothing to say where no page is present: then 0 is right. */
static enum why why_of(const struct sources *sources, enum source source,
		       const struct page_counts *counts)
{
	enum why why = sources->why[source];

	return why == WHY_NOT_ASKED && !counts->present ? WHY_OK : why;
}

static void set_counts(json_t *object, const struct map_report *report,
		       const struct page_counts *counts, enum why why)
{
	const struct sources *sources = &report->snapshot->sources;

	json_object_set_new(object, "pages", json_integer((json_int_t)counts->pages));
	json_set_count(object, "present", counts->present, SOURCE_PAGEMAP, why);
	json_set_count(object, "swapped", counts->swapped, SOURCE_PAGEMAP, why);
	json_set_count(object, "file", counts->file, SOURCE_PAGEMAP, why);
	json_set_count(object, "anon", counts->anon, SOURCE_PAGEMAP, why);
	for (size_t i = 0; i < sizeof(scan_fields) / sizeof(scan_fields[0]); i++) {
		const struct count_field *field = &scan_fields[i];

		json_set_count(object, field->name, count_at(counts, field), field->source,
			       why == WHY_OK ? why_of(sources, field->source, counts) : why);
	}
	if (report->states_only)
		return;
	for (size_t i = 0; i < sizeof(frame_fields) / sizeof(frame_fields[0]); i++) {
		const struct count_field *field = &frame_fields[i];

		json_set_count(object, field->name, count_at(counts, field), field->source,
			       why == WHY_OK ? why_of(sources, field->source, counts) : why);
	}
}

static json_t *json_run(const struct map_report *report, const struct page_run *run)
{
	const struct sources *sources = &report->snapshot->sources;
	json_t *object = json_object();
	char reason[128];
	bool present = run->state & PAGE_PRESENT;

	json_object_set_new(object, "start",
			    json_hex(run->vpn << report->snapshot->geometry.page_shift));
	json_object_set_new(object, "pages", json_integer((json_int_t)run->nr_pages));
	json_object_set_new(object, "state", json_string(present ? "present" : "swapped"));
	json_object_set_new(object, "file", json_boolean(run->state & PAGE_FILE));
	json_object_set_new(object, "zero", json_boolean(run->state & PAGE_ZERO));
	json_object_set_new(object, "huge", json_boolean(run->state & PAGE_HUGE));
	if (!present || report->states_only)
		return object;
	json_object_set_new(object, "exclusive", json_boolean(run->state & PAGE_EXCLUSIVE));
	if (run->pfn)
		json_object_set_new(object, "pfn", json_hex(run->pfn));
	else
		json_set_unknown(object, "pfn",
				 source_refusal(SOURCE_FRAMES, sources->why[SOURCE_FRAMES], reason,
						sizeof(reason)));
	if (run->has_flags)
		json_object_set_new(object, "flags", json_frame_flags(run->flags));
	else
		json_set_unknown(object, "flags",
				 source_refusal(SOURCE_KPAGEFLAGS, sources->why[SOURCE_KPAGEFLAGS],
						reason, sizeof(reason)));
	json_set_count(object, "mapcount", run->mapcount, SOURCE_KPAGECOUNT,
		       run->has_mapcount ? WHY_OK : sources->why[SOURCE_KPAGECOUNT]);
	return object;
}

static json_t *json_runs(const struct map_report *report, const struct vma *vma)
{
	unsigned shift = report->snapshot->geometry.page_shift;
	json_t *array = json_array();
	size_t nr, first = run_list_within(report->runs, vma->start_addr >> shift,
					   vma->end_addr >> shift, &nr);

	for (size_t i = first; i < first + nr; i++)
		json_array_append_new(array, json_run(report, &report->runs->items[i]));
	return array;
}

static json_t *json_map_sources(const struct map_report *report)
{
	static const struct json_source groups[] = {
		{ "vmas", SOURCE_MAPS },         { "states", SOURCE_PAGEMAP_SCAN },
		{ "frames", SOURCE_PAGEMAP },    { "flags", SOURCE_KPAGEFLAGS },
		{ "counts", SOURCE_KPAGECOUNT }, { "rss_pages", SOURCE_STATUS },
	};
	json_t *object = json_sources(groups, sizeof(groups) / sizeof(groups[0]),
				      &report->snapshot->sources);

	if (!json_object_get(object, "states") && json_object_get(object, "frames"))
		json_object_set_new(object, "states", json_string(source_name(SOURCE_PAGEMAP)));
	return object;
}

int out_map_json(FILE *out, const struct map_report *report)
{
	static const char *const lives[] = {
		[PROCESS_LIVE] = "live",
		[PROCESS_KTHREAD] = "kernel thread",
		[PROCESS_ZOMBIE] = "zombie",
		[PROCESS_GONE] = "gone",
	};
	const struct snapshot *snapshot = report->snapshot;
	const struct process_info *process = &snapshot->process;
	const struct vma_table *table = snapshot->vmas;
	json_t *document = json_document("map", snapshot->taken_real_ns);
	json_t *totals = json_object(), *tail = json_object();

	json_object_set_new(document, "sources", json_map_sources(report));
	json_object_set_new(document, "pid", json_integer(process->pid));
	json_object_set_new(document, "comm", json_text(process->comm));
	json_object_set_new(document, "life", json_string(lives[process->life]));
	json_object_set_new(document, "start_time_ticks",
			    json_integer((json_int_t)process->start_time_ticks));
	json_object_set_new(document, "page_size",
			    json_integer((json_int_t)geometry_page_size(&snapshot->geometry)));
	json_object_set_new(document, "levels",
			    json_integer((json_int_t)snapshot->geometry.levels));
	json_object_set_new(document, "kernel", json_string(report->kernel));
	json_stream_begin(out, document, "vmas");
	for (size_t i = 0; i < vma_list_nr(table->list); i++) {
		const struct vma *vma = vma_list_at(table->list, i);
		json_t *object = json_vma_head(vma);

		set_counts(object, report, &table->counts[i], table->why[i]);
		if (report->runs)
			json_object_set_new(object, "runs", json_runs(report, vma));
		json_stream_item(out, object, i == 0);
	}
	set_counts(totals, report, &table->totals, WHY_OK);
	json_object_set_new(
		totals, "rss_pages",
		json_integer((json_int_t)(process->rss_bytes >> snapshot->geometry.page_shift)));
	json_object_set_new(tail, "totals", totals);
	return json_stream_end(out, tail);
}

static json_t *json_indexes(const struct page_detail *detail, const struct geometry *geometry)
{
	json_t *object = json_object();
	char reason[64];

	for (enum level level = LEVEL_PGD; level < NR_LEVELS; level++) {
		if (geometry_has_level(geometry, level)) {
			json_object_set_new(object, level_key(level),
					    json_integer(detail->split.index[level]));
			continue;
		}
		snprintf(reason, sizeof(reason), "folded: this machine has %u levels",
			 geometry->levels);
		json_set_unknown(object, level_key(level), reason);
	}
	json_object_set_new(object, "offset", json_integer((json_int_t)detail->split.offset_bytes));
	return object;
}

static void set_frame(json_t *object, const struct page_detail *detail,
		      const struct geometry *geometry)
{
	char reason[128];

	json_set_count(object, "leaf_bytes", detail->leaf_bytes, SOURCE_PAGEMAP_SCAN,
		       detail->leaf_why);
	if (detail->pfn_why == WHY_OK) {
		json_object_set_new(object, "pfn", json_hex(detail->pfn));
		json_object_set_new(object, "physical",
				    json_hex(page_detail_physical(detail, geometry)));
	} else {
		source_refusal(SOURCE_FRAMES, detail->pfn_why, reason, sizeof(reason));
		json_set_unknown(object, "pfn", reason);
		json_set_unknown(object, "physical", reason);
	}
	if (detail->flags_why == WHY_OK)
		json_object_set_new(object, "flags", json_frame_flags(detail->flags));
	else
		json_set_unknown(object, "flags",
				 source_refusal(SOURCE_KPAGEFLAGS, detail->flags_why, reason,
						sizeof(reason)));
	json_set_count(object, "mapcount", detail->mapcount, SOURCE_KPAGECOUNT,
		       detail->mapcount_why);
	if (detail->cgroup)
		json_object_set_new(object, "cgroup", json_text(detail->cgroup));
	else if (detail->cgroup_why == WHY_OK)
		json_set_unknown(object, "cgroup", "charged to no cgroup");
	else
		json_set_unknown(object, "cgroup",
				 source_refusal(SOURCE_KPAGECGROUP, detail->cgroup_why, reason,
						sizeof(reason)));
}

/* No frame stands behind the page: these fields do not exist rather than being unknown. */
static void set_no_frame(json_t *object)
{
	static const char *const fields[] = { "leaf_bytes", "pfn",      "physical",
					      "flags",      "mapcount", "cgroup" };

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		json_set_unknown(object, fields[i],
				 "not present: no frame stands behind this page");
}

static void set_swap(json_t *object, const struct page_detail *detail)
{
	json_t *swap;
	char reason[128];

	if (!(detail->state & PAGE_SWAPPED)) {
		json_object_set_new(object, "swap", json_null());
		return;
	}
	if (detail->swap_why != WHY_OK) {
		json_set_unknown(
			object, "swap",
			source_refusal(SOURCE_FRAMES, detail->swap_why, reason, sizeof(reason)));
		return;
	}
	swap = json_object();
	json_object_set_new(swap, "type", json_integer(detail->swap_type));
	json_object_set_new(swap, "offset", json_integer((json_int_t)detail->swap_offset));
	json_object_set_new(object, "swap", swap);
}

static void set_file(json_t *object, const struct page_detail *detail,
		     const struct geometry *geometry)
{
	uint64_t off_bytes = page_detail_file_offset(detail, geometry);
	json_t *file;

	if (!vma_has_file(&detail->vma)) {
		json_object_set_new(object, "file", json_null());
		return;
	}
	file = json_object();
	json_object_set_new(file, "path", json_text(detail->vma.path));
	json_object_set_new(file, "offset_bytes", json_integer((json_int_t)off_bytes));
	json_object_set_new(file, "page_index",
			    json_integer((json_int_t)(off_bytes >> geometry->page_shift)));
	json_object_set_new(object, "file", file);
}

static json_t *json_detail(const struct page_detail *detail, const struct geometry *geometry)
{
	json_t *object = json_object();
	char reason[128], sentence[256];

	json_object_set_new(object, "address", json_hex(detail->addr));
	if (detail->mapped)
		json_object_set_new(object, "vma", json_vma_head(&detail->vma));
	else
		json_object_set_new(object, "vma", json_null());
	json_object_set_new(object, "indexes", json_indexes(detail, geometry));
	json_object_set_new(object, "levels", json_integer((json_int_t)geometry->levels));
	json_object_set_new(object, "sentence",
			    json_string(page_detail_sentence(detail, sentence, sizeof(sentence))));
	if (detail->why == WHY_OK) {
		json_object_set_new(object, "present", json_boolean(detail->state & PAGE_PRESENT));
		json_object_set_new(object, "swapped", json_boolean(detail->state & PAGE_SWAPPED));
	} else {
		source_refusal(SOURCE_PAGEMAP, detail->why, reason, sizeof(reason));
		json_set_unknown(object, "present", reason);
		json_set_unknown(object, "swapped", reason);
	}
	set_swap(object, detail);
	if (detail->state & PAGE_PRESENT)
		set_frame(object, detail, geometry);
	else
		set_no_frame(object);
	set_file(object, detail, geometry);
	return object;
}

int out_translate_json(FILE *out, const struct translate_report *report)
{
	static const struct json_source groups[] = {
		{ "vma", SOURCE_MAPS },
		{ "present", SOURCE_PAGEMAP },
		{ "leaf_bytes", SOURCE_PAGEMAP_SCAN },
		{ "pfn", SOURCE_PAGEMAP },
		{ "flags", SOURCE_KPAGEFLAGS },
		{ "mapcount", SOURCE_KPAGECOUNT },
		{ "cgroup", SOURCE_KPAGECGROUP },
	};
	json_t *document = json_document("translate", report->taken_ns);
	json_t *results = json_array(), *sources = json_object();

	for (size_t i = 0; i < report->nr; i++) {
		json_t *answered = json_sources(groups, sizeof(groups) / sizeof(groups[0]),
						&report->details[i].sources);

		json_array_append_new(results, json_detail(&report->details[i], report->geometry));
		json_object_update(sources, answered);
		json_decref(answered);
	}
	json_object_set_new(document, "sources", sources);
	json_object_set_new(document, "pid", json_integer(report->process->pid));
	json_object_set_new(document, "comm", json_text(report->process->comm));
	json_object_set_new(document, "page_size",
			    json_integer((json_int_t)geometry_page_size(report->geometry)));
	json_object_set_new(document, "results", results);
	return json_print(out, document);
}
