/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The fault stream as JSON lines. A line is made by hand and not by way of a tree: there may be
 * a million of them in a second, and each must be cheaper than the fault that it tells of.
 */
#include "out/faults.h"

#include "base/text.h"
#include "base/xalloc.h"
#include "out/fault_reasons.h"
#include "out/json.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* A line that is being put together. Names longer than this are cut by nobody: they go apart. */
struct line {
	char text[1024];
	size_t len;
	FILE *out;
};

static void flush(struct line *line)
{
	fwrite(line->text, 1, line->len, line->out);
	line->len = 0;
}

static void put(struct line *line, const char *text, size_t len)
{
	if (len > sizeof(line->text) - line->len)
		flush(line);
	if (len > sizeof(line->text)) {
		fwrite(text, 1, len, line->out);
		return;
	}
	memcpy(line->text + line->len, text, len);
	line->len += len;
}

static void put_text(struct line *line, const char *text)
{
	put(line, text, strlen(text));
}

static void put_number(struct line *line, uint64_t value)
{
	char digits[20], *at = digits + sizeof(digits);

	do {
		*--at = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	put(line, at, (size_t)(digits + sizeof(digits) - at));
}

static void put_hex(struct line *line, uint64_t value)
{
	static const char hex[] = "0123456789abcdef";
	char digits[20], *at = digits + sizeof(digits);

	*--at = '"';
	do {
		*--at = hex[value & 15];
		value >>= 4;
	} while (value);
	*--at = 'x';
	*--at = '0';
	*--at = '"';
	put(line, at, (size_t)(digits + sizeof(digits) - at));
}

/* A string from outside. Most need no escape; jansson knows how to write the others. */
static void put_string(struct line *line, const char *raw)
{
	const char *at = raw;
	json_t *string;
	char *text;

	while (*at >= ' ' && *at < 127 && *at != '"' && *at != '\\')
		at++;
	if (!*at) {
		put(line, "\"", 1);
		put(line, raw, (size_t)(at - raw));
		put(line, "\"", 1);
		return;
	}
	string = json_text(raw);
	text = json_dumps(string, JSON_ENCODE_ANY);
	put_text(line, text ? text : "null");
	free(text);
	json_decref(string);
}

/* What a mapping without a path is called. */
static const char *vma_name(const struct vma *vma)
{
	return vma->path[0] ? vma->path : "anon";
}

static void put_place(struct line *line, const struct fault_line *in)
{
	const struct fault *fault = in->fault;

	put_text(line, ",\"address\":");
	put_hex(line, fault->addr);
	put_text(line, ",\"vma\":");
	if (in->vma) {
		put_string(line, vma_name(in->vma));
		put_text(line, ",\"vma_start\":");
		put_hex(line, in->vma->start_addr);
		put_text(line, ",\"vma_offset\":");
		put_number(line, fault->addr - in->vma->start_addr);
	} else {
		put_text(line, "null,\"vma_start\":null,\"vma_offset\":null");
	}
}

static void put_site(struct line *line, const struct fault_line *in)
{
	const struct fault *fault = in->fault;

	put_text(line, ",\"ip\":");
	put_hex(line, fault->ip);
	put_text(line, ",\"module\":");
	if (fault->in_kernel) {
		put_text(line, "\"" FAULT_MODULE_KERNEL "\",\"module_offset\":null");
	} else if (in->code && in->code->inode) {
		put_string(line, in->code->path);
		put_text(line, ",\"module_offset\":");
		put_hex(line, fault->ip - in->code->start_addr + in->code->off_bytes);
	} else if (in->code && in->code->path[0]) {
		put_string(line, in->code->path);
		put_text(line, ",\"module_offset\":");
		put_hex(line, fault->ip - in->code->start_addr);
	} else {
		put_text(line, "null,\"module_offset\":null");
	}
	put_text(line, ",\"symbol\":");
	if (in->symbol && in->symbol[0])
		put_string(line, in->symbol);
	else
		put_text(line, "null");
	put_text(line, ",\"source_line\":");
	if (in->source && in->source[0])
		put_string(line, in->source);
	else
		put_text(line, "null");
}

/* One more reason of the object "unknown"; NULL: the field is known. */
static void put_reason(struct line *line, bool *any, const char *field, const char *reason)
{
	if (!reason)
		return;
	put_text(line, *any ? ",\"" : ",\"unknown\":{\"");
	*any = true;
	put_text(line, field);
	put_text(line, "\":");
	put_string(line, reason);
}

static void put_reasons(struct line *line, const struct fault_line *in)
{
	const struct fault *fault = in->fault;
	const char *module = fault_module_reason(in);
	bool any = false;

	if (fault->doubt != FAULT_SURE)
		put_reason(line, &any, "kind", fault_doubt_text((enum fault_doubt)fault->doubt));
	put_reason(line, &any, "vma", in->vma ? NULL : fault_doubt_text(FAULT_NO_VMA));
	put_reason(line, &any, "module", module);
	put_reason(line, &any, "module_offset",
		   fault->in_kernel ? "the kernel is no file" : module);
	put_reason(line, &any, "symbol", fault_symbol_reason(in));
	put_reason(line, &any, "source_line", fault_source_reason(in));
	if (any)
		put_text(line, "}");
}

void out_fault_json(FILE *out, const struct fault_line *in)
{
	const struct fault *fault = in->fault;
	struct line line = { .out = out };

	put_text(&line, "{\"type\":\"fault\",\"t_ns\":");
	put_number(&line, fault->t_ns > in->began_ns ? fault->t_ns - in->began_ns : 0);
	put_text(&line, ",\"pid\":");
	put_number(&line, (uint64_t)fault->pid);
	put_text(&line, ",\"tid\":");
	put_number(&line, (uint64_t)fault->tid);
	put_text(&line, ",\"kind\":\"");
	put_text(&line, fault_kind_name((enum fault_kind)fault->kind));
	put_text(&line, "\",\"severity\":\"");
	put_text(&line, fault_severity_name((enum fault_severity)fault->severity));
	put_text(&line, "\"");
	put_place(&line, in);
	put_site(&line, in);
	put_text(&line, ",\"error_code\":");
	if (fault->has_error_code)
		put_number(&line, fault->error_code);
	else
		put_text(&line, "null");
	if (fault->pages_mapped) {
		put_text(&line, ",\"pages_mapped\":");
		put_number(&line, fault->pages_mapped);
	}
	if (fault->pages_inserted) {
		put_text(&line, ",\"pages_inserted\":");
		put_number(&line, fault->pages_inserted);
	}
	if (fault->evicted_before)
		put_text(&line, ",\"evicted_before\":true");
	if (fault->severity == FAULT_FAILED) {
		put_text(&line, ",\"broken_rule\":");
		put_string(&line, fault_broken_rule(fault));
	}
	put_reasons(&line, in);
	put_text(&line, "}\n");
	flush(&line);
}

static const char no_balance[] = "the process was gone before its counters were read";

/* A number of evicted pages, or null with the reason. */
static void set_evicted(json_t *object, const char *name, uint64_t nr, enum eviction_doubt doubt)
{
	if (doubt)
		json_set_unknown(object, name, eviction_doubt_text(doubt));
	else
		json_object_set_new(object, name, json_integer((json_int_t)nr));
}

static void set_power(json_t *object, const char *name, enum why why)
{
	if (why == WHY_OK)
		json_object_set_new(object, name, json_true());
	else
		json_set_unknown(object, name, why_name(why));
}

/* One line; the object is given up. */
static void put_object(FILE *out, json_t *object)
{
	json_dumpf(object, out, JSON_COMPACT);
	fputc('\n', out);
	json_decref(object);
}

void out_faults_head_json(FILE *out, const struct fault_head *head)
{
	json_t *line = json_document("faults", head->taken_ns), *sources = json_object();

	json_object_set_new(line, "type", json_string("start"));
	json_object_set_new(line, "pid", json_integer(head->pid));
	if (head->no_events) {
		json_set_unknown(line, "events", head->no_events);
		json_object_set_new(line, "follow", json_boolean(head->follow));
		json_object_set_new(sources, "minflt", json_string("stat"));
		json_object_set_new(line, "sources", sources);
		put_object(out, line);
		return;
	}
	json_object_set_new(line, "threads", json_integer(head->nr_threads));
	json_object_set_new(line, "threads_unwatched", json_integer(head->nr_unattached));
	json_object_set_new(line, "follow", json_boolean(head->follow));
	json_object_set_new(line, "in_kernel", json_boolean(head->sees_kernel));
	set_power(line, "error_codes", head->error_code);
	set_power(line, "signals", head->signals);
	set_power(line, "cache_events", head->cache_events);
	set_power(line, "bpf", head->bpf);
	if (head->evictions)
		json_set_unknown(line, "evictions", eviction_doubt_text(head->evictions));
	else
		json_object_set_new(line, "evictions", json_true());
	json_object_set_new(sources, "faults", json_string("perf page-faults"));
	if (head->error_code == WHY_OK)
		json_object_set_new(sources, "error_code",
				    json_string("exceptions:page_fault_user"));
	json_object_set_new(line, "sources", sources);
	put_object(out, line);
}

void out_fault_rate_json(FILE *out, const struct fault_rate *rate)
{
	fprintf(out,
		"{\"type\":\"rate\",\"t_ns\":%" PRIu64 ",\"minflt\":%" PRIu64 ",\"majflt\":%" PRIu64
		",\"minflt_per_s\":%" PRIu64 ",\"majflt_per_s\":%" PRIu64 "}\n",
		rate->t_ns, rate->minflt, rate->majflt, rate->minflt_per_s, rate->majflt_per_s);
}

static json_t *kinds_json(const struct fault_numbers *numbers)
{
	json_t *kinds = json_object();

	for (int kind = 0; kind < NR_FAULT_KIND; kind++)
		if (numbers->by_kind[kind])
			json_object_set_new(kinds, fault_kind_name((enum fault_kind)kind),
					    json_integer((json_int_t)numbers->by_kind[kind]));
	return kinds;
}

static void set_numbers(json_t *row, const struct fault_numbers *numbers)
{
	for (int severity = 0; severity < NR_FAULT_SEVERITY; severity++)
		json_object_set_new(row, fault_severity_name((enum fault_severity)severity),
				    json_integer((json_int_t)numbers->by_severity[severity]));
	json_object_set_new(row, "by_kind", kinds_json(numbers));
}

static json_t *vmas_json(const struct fault_tally *tally, const struct fault_evictions *evictions)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < fault_tally_nr_vmas(tally); i++) {
		const struct fault_tally_vma *vma = fault_tally_vma(tally, i);
		json_t *row = json_object();

		if (vma->end_addr) {
			json_object_set_new(row, "pid", json_integer(vma->pid));
			json_object_set_new(row, "vma",
					    json_text(vma->name[0] ? vma->name : "anon"));
			json_object_set_new(row, "start", json_hex(vma->start_addr));
			json_object_set_new(row, "end", json_hex(vma->end_addr));
		} else {
			json_set_unknown(row, "vma",
					 vma->pid ? fault_doubt_text(FAULT_NO_VMA)
						  : "all mappings beyond the most that are kept");
		}
		set_numbers(row, &vma->numbers);
		if (vma->inode)
			set_evicted(row, "evicted", vma->nr_evicted,
				    fault_evictions_doubt_of(evictions, vma->dev_major,
							     vma->dev_minor, vma->inode));
		json_array_append_new(rows, row);
	}
	return rows;
}

/* The files of which pages were evicted, and those of which that is not known. */
static json_t *evicted_json(const struct fault_summary *summary)
{
	const struct fault_evictions *evictions = summary->evictions;
	json_t *rows = json_array();

	for (size_t i = 0; i < evictions->nr; i++) {
		const struct evicted_file *file = &evictions->files[i];
		json_t *row;

		if (!file->nr_pages && !file->doubt)
			continue;
		row = json_object();
		json_object_set_new(row, "file", json_text(file->path));
		set_evicted(row, "pages", file->nr_pages,
			    fault_evictions_doubt_of(evictions, file->dev_major, file->dev_minor,
						     file->inode));
		if (file->last_ns)
			json_object_set_new(row, "last_t_ns",
					    json_integer(file->last_ns > summary->began_ns
								 ? (json_int_t)(file->last_ns -
										summary->began_ns)
								 : 0));
		json_array_append_new(rows, row);
	}
	return rows;
}

static void set_evictions(json_t *line, const struct fault_summary *summary)
{
	const struct fault_evictions *evictions = summary->evictions;

	set_evicted(line, "evicted", evictions->nr_pages, fault_evictions_doubt(evictions));
	set_evicted(line, "evictions_lost", evictions->nr_lost, evictions->doubt);
	if (evictions->doubt)
		json_set_unknown(line, "evicted_by_file", eviction_doubt_text(evictions->doubt));
	else
		json_object_set_new(line, "evicted_by_file", evicted_json(summary));
}

/* A name, or null with its reason. */
static void set_name(json_t *row, const char *field, const char *name, const char *reason)
{
	if (reason)
		json_set_unknown(row, field, reason);
	else
		json_object_set_new(row, field, json_text(name));
}

static json_t *sites_json(const struct fault_summary *summary)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < fault_tally_nr_sites(summary->tally); i++) {
		const struct fault_tally_site *site = fault_tally_site(summary->tally, i);
		const struct fault_site_name *name = summary->names ? &summary->names[i] : NULL;
		json_t *row = json_object();

		set_name(row, "module", site->module, fault_site_module_reason(site));
		json_object_set_new(row, "module_offset", json_hex(site->off_bytes));
		set_name(row, "symbol", name ? name->symbol : NULL,
			 fault_site_symbol_reason(site, name));
		set_name(row, "source_line", name ? name->source : NULL,
			 fault_site_source_reason(site, name));
		set_numbers(row, &site->numbers);
		json_array_append_new(rows, row);
	}
	return rows;
}

/* What only events tell. */
static void set_events(json_t *line, const struct fault_summary *summary)
{
	static const char *const fields[] = { "events",    "lost",           "failed",
					      "unprinted", "hidden",         "by_kind",
					      "by_vma",    "by_site",        "left_out",
					      "evicted",   "evictions_lost", "evicted_by_file" };

	if (summary->no_events) {
		for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
			json_set_unknown(line, fields[i], i ? "no events" : summary->no_events);
		return;
	}
	json_object_set_new(line, "events", json_integer((json_int_t)summary->nr_events));
	json_object_set_new(line, "lost", json_integer((json_int_t)summary->nr_lost));
	json_object_set_new(line, "failed", json_integer((json_int_t)summary->nr_failed));
	json_object_set_new(line, "unprinted", json_integer((json_int_t)summary->nr_unprinted));
	if (!summary->balance_known)
		json_set_unknown(line, "hidden", no_balance);
	else if (summary->nr_lost)
		json_set_unknown(line, "hidden", "records were lost, faults perhaps among them");
	else
		json_object_set_new(line, "hidden", json_integer((json_int_t)summary->nr_hidden));
	json_object_set_new(line, "by_kind", kinds_json(fault_tally_numbers(summary->tally)));
	json_object_set_new(line, "left_out",
			    summary->left_out ? kinds_json(summary->left_out) : json_object());
	json_object_set_new(line, "by_vma", vmas_json(summary->tally, summary->evictions));
	set_evictions(line, summary);
	json_object_set_new(line, "by_site", sites_json(summary));
}

void out_faults_summary_json(FILE *out, const struct fault_summary *summary)
{
	json_t *line = json_object();

	json_object_set_new(line, "type", json_string("summary"));
	json_object_set_new(line, "elapsed_ns", json_integer((json_int_t)summary->elapsed_ns));
	if (summary->balance_known) {
		json_object_set_new(line, "minflt", json_integer((json_int_t)summary->minflt));
		json_object_set_new(line, "majflt", json_integer((json_int_t)summary->majflt));
	} else {
		json_set_unknown(line, "minflt", no_balance);
		json_set_unknown(line, "majflt", no_balance);
	}
	set_events(line, summary);
	if (fault_summary_lacks_signal(summary))
		json_set_unknown(line, "fatal_address", FAULTS_NO_SIGNALS);
	if (summary->has_exit)
		json_object_set_new(line, "exit_status", json_integer(summary->exit_status));
	put_object(out, line);
}
