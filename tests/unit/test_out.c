/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reports of made-up snapshots, read back: every field of the contract, what is not known as
 * null with its reason beside it, CSV that a reader takes apart into equal rows, and names
 * that would break a document or a terminal.
 */
#include "base/xalloc.h"
#include "out/out.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct geometry four_levels = { .page_shift = 12, .levels = 4, .user_addr_bits = 47 };
static const struct geometry five_levels = { .page_shift = 12, .levels = 5, .user_addr_bits = 56 };

/* A newline, an escape, a quote, a comma and a byte that is no UTF-8. */
#define HOSTILE_RAW  "/tmp/a\\012b\x1b[2J\",c\xff"
#define HOSTILE_JSON "/tmp/a\nb\x1b[2J\",c\\xff"

static const char maps[] = "400000-404000 r-xp 00001000 fe:0a 77 /usr/bin/target\n"
			   "500000-510000 rw-p 00000000 00:00 0 [heap]\n"
			   "600000-601000 r--s 00002000 fe:00 5 " HOSTILE_RAW "\n"
			   "ffffffffff600000-ffffffffff601000 --xp 0 00:00 0 [vsyscall]\n";

/* Runs one of the printers; what it wrote is the caller's to free. */
#define CAPTURE(printer, report)                                                                   \
	({                                                                                         \
		char *text_ = NULL;                                                                \
		size_t len_ = 0;                                                                   \
		FILE *out_ = open_memstream(&text_, &len_);                                        \
		assert_non_null(out_);                                                             \
		assert_int_equal(printer(out_, report), 0);                                        \
		fclose(out_);                                                                      \
		text_;                                                                             \
	})

static json_t *parse(char *text)
{
	json_error_t error;
	json_t *document = json_loads(text, 0, &error);

	if (!document)
		fail_msg("no JSON: %s at line %d\n%s", error.text, error.line, text);
	free(text);
	return document;
}

static void expect_text(const json_t *object, const char *field, const char *expected)
{
	const char *got = json_string_value(json_object_get(object, field));

	if (!got)
		fail_msg("%s is no string", field);
	assert_string_equal(got, expected);
}

static void expect_number(const json_t *object, const char *field, uint64_t expected)
{
	if (!json_is_integer(json_object_get(object, field)))
		fail_msg("%s is no number", field);
	assert_int_equal(json_integer_value(json_object_get(object, field)), expected);
}

/* Null, and the reason beside it, which holds `reason`. */
static void expect_unknown(const json_t *object, const char *field, const char *reason)
{
	const char *why = json_string_value(
		json_object_get(json_object_get(object, "unknown"), field));

	if (!json_is_null(json_object_get(object, field)))
		fail_msg("%s is not null", field);
	if (!why || !strstr(why, reason))
		fail_msg("why %s is unknown: %s", field, why ? why : "(nothing)");
}

static void expect_missing(const json_t *object, const char *field)
{
	if (json_object_get(object, field))
		fail_msg("%s is there", field);
}

/* Pages 0x500 to 0x503 of the heap: three in a row of frames, one elsewhere. */
static void count_heap(struct snapshot *snapshot, struct run_list *runs)
{
	static const uint64_t entries[4] = {
		PM_PRESENT | PM_EXCLUSIVE,
		PM_PRESENT | PM_EXCLUSIVE,
		PM_PRESENT | PM_EXCLUSIVE,
		PM_PRESENT,
	};
	static const uint64_t pfns[4] = { 0x100, 0x101, 0x102, 0x200 };
	static const uint64_t flags[4] = { KPF_BIT(KPF_LRU), KPF_BIT(KPF_LRU), KPF_BIT(KPF_LRU),
					   KPF_BIT(KPF_DIRTY) };
	static const uint64_t mapcounts[4] = { 1, 1, 1, 3 };
	struct page_span span = { .vpn = 0x500,
				  .nr_pages = 4,
				  .state = PAGE_PRESENT,
				  .entries = entries,
				  .pfns = pfns,
				  .flags = flags,
				  .mapcounts = mapcounts };

	vma_table_add_part(snapshot->vmas, 1, &span);
	run_list_add_span(runs, &span);
	run_list_cut(runs);
}

static struct snapshot *make_snapshot(struct run_list *runs, bool privileged)
{
	struct snapshot *snapshot = snapshot_new();
	static const enum source always[] = { SOURCE_MAPS, SOURCE_PAGEMAP, SOURCE_STATUS,
					      SOURCE_PAGEMAP_SCAN };
	static const enum source frames[] = { SOURCE_FRAMES, SOURCE_KPAGEFLAGS, SOURCE_KPAGECOUNT };

	snapshot->geometry = four_levels;
	snapshot->taken_real_ns = UINT64_C(1700000000123456789);
	snapshot->maps_why = WHY_OK;
	snapshot->process = (struct process_info){
		.pid = 4312,
		.start_time_ticks = 99,
		.life = PROCESS_LIVE,
		.rss_bytes = 5 * 4096,
		.comm = "bad\xff\n",
	};
	snapshot->vmas = vma_table_new(vma_parse_maps(maps, strlen(maps), NULL), &four_levels);
	for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++)
		snapshot->sources.why[always[i]] = WHY_OK;
	for (size_t i = 0; i < sizeof(frames) / sizeof(frames[0]); i++)
		snapshot->sources.why[frames[i]] = privileged ? WHY_OK : WHY_DENIED;
	snapshot->vmas->why[3] = WHY_UNSUPPORTED;
	if (privileged) {
		count_heap(snapshot, runs);
	} else {
		struct page_span span = { .vpn = 0x500, .nr_pages = 4, .state = PAGE_PRESENT };
		uint64_t entries[4] = { PM_PRESENT, PM_PRESENT, PM_PRESENT, PM_PRESENT };

		span.entries = entries;
		vma_table_add_part(snapshot->vmas, 1, &span);
		run_list_add_span(runs, &span);
	}
	snapshot->vmas->has_zero_huge = true;
	vma_table_finish(snapshot->vmas);
	return snapshot;
}

static json_t *map_document(bool privileged, bool states_only, bool with_runs)
{
	struct run_list runs = { 0 };
	struct snapshot *snapshot = make_snapshot(&runs, privileged);
	struct map_report report = { .snapshot = snapshot,
				     .kernel = "6.18.0",
				     .states_only = states_only,
				     .runs = with_runs ? &runs : NULL };
	json_t *document = parse(CAPTURE(out_map_json, &report));

	run_list_clear(&runs);
	snapshot_unref(snapshot);
	return document;
}

static json_t *vma_at(const json_t *document, size_t i)
{
	return json_array_get(json_object_get(document, "vmas"), i);
}

static void test_map_has_the_fields_of_the_contract(void **state)
{
	static const char *const counts[] = {
		"pages", "present",   "swapped", "file",       "anon", "zero",   "huge",
		"dirty", "writeback", "active",  "referenced", "ksm",  "shared", "exclusive",
	};
	json_t *document = map_document(true, false, false), *vma = vma_at(document, 0);
	json_t *totals = json_object_get(document, "totals");

	(void)state;
	expect_text(document, "command", "map");
	assert_true(json_is_string(json_object_get(document, "pagewalk")));
	expect_number(document, "taken_ns", UINT64_C(1700000000123456789));
	expect_number(document, "pid", 4312);
	expect_text(document, "comm", "bad\\xff\n");
	expect_number(document, "start_time_ticks", 99);
	expect_number(document, "page_size", 4096);
	expect_text(document, "kernel", "6.18.0");
	expect_text(json_object_get(document, "sources"), "vmas", "maps");
	expect_text(json_object_get(document, "sources"), "flags", "kpageflags");
	assert_int_equal(json_array_size(json_object_get(document, "vmas")), 4);
	expect_text(vma, "start", "0x400000");
	expect_text(vma, "end", "0x404000");
	expect_text(vma, "perms", "r-xp");
	expect_number(vma, "offset_bytes", 0x1000);
	expect_text(vma, "dev", "fe:0a");
	expect_number(vma, "inode", 77);
	expect_text(vma, "path", "/usr/bin/target");
	expect_text(vma, "kind", "file");
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		assert_true(json_is_integer(json_object_get(vma, counts[i])));
		assert_true(json_is_integer(json_object_get(totals, counts[i])));
	}
	vma = vma_at(document, 1);
	expect_number(vma, "pages", 16);
	expect_number(vma, "present", 4);
	expect_number(vma, "anon", 4);
	expect_number(vma, "exclusive", 3);
	expect_number(vma, "dirty", 1);
	expect_number(vma, "shared", 1);
	expect_number(totals, "present", 4);
	expect_number(totals, "rss_pages", 5);
	expect_text(vma_at(document, 2), "path", HOSTILE_JSON);
	expect_missing(vma, "runs");
	json_decref(document);
}

static void test_map_says_what_is_unknown(void **state)
{
	json_t *document = map_document(false, false, false);
	json_t *heap = vma_at(document, 1), *vsyscall = vma_at(document, 3);

	(void)state;
	expect_number(heap, "present", 4);
	expect_unknown(heap, "dirty", "denied");
	expect_unknown(heap, "shared", "denied");
	expect_unknown(vsyscall, "present", "unsupported");
	expect_unknown(vsyscall, "zero", "unsupported");
	expect_number(vsyscall, "pages", 1);
	expect_missing(json_object_get(document, "sources"), "flags");
	json_decref(document);
	document = map_document(false, true, false);
	expect_missing(vma_at(document, 1), "dirty");
	expect_missing(vma_at(document, 1), "exclusive");
	expect_number(vma_at(document, 1), "present", 4);
	json_decref(document);
}

static void test_map_runs(void **state)
{
	json_t *document = map_document(true, false, true);
	json_t *runs = json_object_get(vma_at(document, 1), "runs"), *run = json_array_get(runs, 0);

	(void)state;
	assert_int_equal(json_array_size(runs), 2);
	expect_text(run, "start", "0x500000");
	expect_number(run, "pages", 3);
	expect_text(run, "state", "present");
	expect_text(run, "pfn", "0x100");
	expect_number(run, "mapcount", 1);
	assert_string_equal(json_string_value(json_array_get(json_object_get(run, "flags"), 0)),
			    "lru");
	run = json_array_get(runs, 1);
	expect_text(run, "start", "0x503000");
	expect_text(run, "pfn", "0x200");
	assert_int_equal(json_array_size(json_object_get(vma_at(document, 0), "runs")), 0);
	json_decref(document);
	/* Frames refused: the run is there, its frame is null and says why. */
	document = map_document(false, false, true);
	run = json_array_get(json_object_get(vma_at(document, 1), "runs"), 0);
	expect_number(run, "pages", 4);
	expect_unknown(run, "pfn", "CAP_SYS_ADMIN");
	expect_unknown(run, "flags", "denied");
	expect_unknown(run, "mapcount", "denied");
	json_decref(document);
}

static json_t *translate_document(const struct page_detail *details, size_t nr,
				  const struct geometry *geometry)
{
	struct process_info process = { .pid = 7, .comm = "target" };
	struct translate_report report = { .process = &process,
					   .geometry = geometry,
					   .taken_ns = 5,
					   .details = details,
					   .nr = nr };

	return parse(CAPTURE(out_translate_json, &report));
}

static struct page_detail make_detail(const struct geometry *geometry)
{
	struct page_detail detail = {
		.addr = 0x7f59fea62abc,
		.mapped = true,
		.state = PAGE_PRESENT | PAGE_FILE,
		.split = geometry_split(geometry, 0x7f59fea62abc),
		.leaf_bytes = 4096,
		.pfn = 0x13d1d6,
		.flags = KPF_BIT(KPF_LRU) | KPF_BIT(KPF_MMAP),
		.mapcount = 2,
		.vma = { .start_addr = 0x7f59fea60000,
			 .end_addr = 0x7f59fea70000,
			 .off_bytes = 0x4000,
			 .kind = VMA_FILE,
			 .perms = VMA_READ,
			 .path = "/f" },
		.cgroup = NULL,
	};

	sources_init(&detail.sources);
	detail.sources.why[SOURCE_PAGEMAP] = WHY_OK;
	return detail;
}

static void test_translate_present(void **state)
{
	struct page_detail detail = make_detail(&four_levels);
	json_t *document = translate_document(&detail, 1, &four_levels);
	json_t *result = json_array_get(json_object_get(document, "results"), 0);
	json_t *indexes = json_object_get(result, "indexes");
	json_t *file = json_object_get(result, "file");

	(void)state;
	expect_text(document, "command", "translate");
	expect_text(result, "address", "0x7f59fea62abc");
	expect_number(result, "levels", 4);
	expect_number(indexes, "pgd", 254);
	expect_unknown(indexes, "p4d", "folded");
	expect_number(indexes, "pud", 359);
	expect_number(indexes, "pmd", 501);
	expect_number(indexes, "pte", 98);
	expect_number(indexes, "offset", 0xabc);
	assert_true(json_is_true(json_object_get(result, "present")));
	assert_true(json_is_false(json_object_get(result, "swapped")));
	assert_true(json_is_null(json_object_get(result, "swap")));
	expect_text(result, "pfn", "0x13d1d6");
	expect_text(result, "physical", "0x13d1d6abc");
	expect_number(result, "leaf_bytes", 4096);
	expect_number(result, "mapcount", 2);
	assert_int_equal(json_array_size(json_object_get(result, "flags")), 2);
	expect_text(file, "path", "/f");
	expect_number(file, "offset_bytes", 0x6000);
	expect_number(file, "page_index", 6);
	expect_text(json_object_get(result, "vma"), "perms", "r--p");
	json_decref(document);
}

static void test_translate_the_rest(void **state)
{
	struct page_detail details[4];
	json_t *document, *results;

	(void)state;
	for (size_t i = 0; i < 4; i++)
		details[i] = make_detail(&five_levels);
	details[0].state = PAGE_SWAPPED;
	details[0].swap_type = 1;
	details[0].swap_offset = 4711;
	details[1].state = 0;
	details[2].mapped = false;
	details[2].state = 0;
	details[3].pfn_why = details[3].flags_why = details[3].mapcount_why = WHY_DENIED;
	details[3].cgroup_why = WHY_DENIED;
	document = translate_document(details, 4, &five_levels);
	results = json_object_get(document, "results");
	expect_number(json_object_get(json_array_get(results, 0), "swap"), "type", 1);
	expect_number(json_object_get(json_array_get(results, 0), "swap"), "offset", 4711);
	expect_unknown(json_array_get(results, 0), "pfn", "not present");
	expect_number(json_object_get(json_array_get(results, 0), "indexes"), "p4d", 254);
	expect_number(json_object_get(json_array_get(results, 0), "indexes"), "pgd", 0);
	expect_unknown(json_array_get(results, 1), "physical", "not present");
	assert_true(json_is_null(json_object_get(json_array_get(results, 2), "vma")));
	expect_unknown(json_array_get(results, 3), "pfn", "CAP_SYS_ADMIN");
	expect_unknown(json_array_get(results, 3), "mapcount", "denied");
	json_decref(document);
}

/* A file that is known with two cells, and one that was refused. */
static void make_files(struct cache_file files[2])
{
	files[0] = (struct cache_file){ .path = "/tmp/a\nb\x1b[2J\",c\xff",
					.mappers_why = WHY_NOT_ASKED };
	files[0].info = (struct cache_info){
		.size_bytes = 5 * 4096 + 1,
		.source = SOURCE_CACHESTAT,
		.pages_per_cell = 4,
		.nr_cells = 2,
		.total = { 6, 5, 2, 1, 3, 4 },
	};
	files[0].info.cells = xcalloc(2, sizeof(struct cache_counts));
	files[0].info.cells[0] = (struct cache_counts){ 4, 4, 2, 1, 0, 0 };
	files[0].info.cells[1] = (struct cache_counts){ 2, 1, 0, 0, 3, 4 };
	files[1] = (struct cache_file){ .path = "/refused", .mappers_why = WHY_OK };
	files[1].info = (struct cache_info){ .size_bytes = 4096,
					     .source = SOURCE_MINCORE,
					     .why = WHY_DENIED,
					     .why_states = WHY_UNSUPPORTED,
					     .total = { .pages = 1 } };
}

static void test_cache_json(void **state)
{
	struct cache_file files[2];
	struct cache_report report = { .taken_ns = 9, .files = files, .nr = 2, .page_shift = 12 };
	json_t *document, *file, *cells;

	(void)state;
	make_files(files);
	document = parse(CAPTURE(out_cache_json, &report));
	expect_text(document, "command", "cache");
	expect_number(document, "page_size", 4096);
	file = json_array_get(json_object_get(document, "files"), 0);
	expect_text(file, "path", HOSTILE_JSON);
	expect_number(file, "size_bytes", 5 * 4096 + 1);
	expect_number(file, "pages", 6);
	expect_number(file, "cached", 5);
	expect_number(file, "dirty", 2);
	expect_number(file, "writeback", 1);
	expect_number(file, "evicted", 3);
	expect_number(file, "recently_evicted", 4);
	expect_unknown(file, "mapped_by", "not asked");
	cells = json_object_get(file, "cells");
	assert_int_equal(json_array_size(cells), 2);
	expect_number(json_array_get(cells, 1), "first_page", 4);
	expect_number(json_array_get(cells, 1), "cached", 1);
	file = json_array_get(json_object_get(document, "files"), 1);
	expect_number(file, "pages", 1);
	expect_unknown(file, "cached", "owner");
	expect_unknown(file, "dirty", "6.5");
	expect_missing(file, "cells");
	assert_int_equal(json_array_size(json_object_get(file, "mapped_by")), 0);
	json_decref(document);
	cache_info_clear(&files[0].info);
}

/* Fields of the row at *text, quotes undone, into `out`; *text goes on behind the row. */
static size_t csv_row(const char **text, char out[][256], size_t room)
{
	const char *at = *text;
	size_t nr = 0;

	do {
		size_t len = 0;
		bool quoted = *at == '"';

		assert_in_range(nr, 0, room - 1);
		at += quoted;
		for (; *at && (quoted || (*at != ',' && *at != '\n')); at++) {
			if (quoted && *at == '"') {
				if (at[1] != '"')
					break;
				at++;
			}
			assert_in_range(len, 0, 254);
			out[nr][len++] = *at;
		}
		at += quoted;
		out[nr++][len] = '\0';
	} while (*at++ == ',');
	*text = at;
	return nr;
}

/* Checks that every row has as many fields as the header; returns the rows below it. */
static size_t check_csv(const char *text, char last[][256], size_t room)
{
	size_t width = csv_row(&text, last, room), rows = 0;

	for (; *text; rows++)
		assert_int_equal(csv_row(&text, last, room), width);
	return rows;
}

static void test_csv(void **state)
{
	struct run_list runs = { 0 };
	struct snapshot *snapshot = make_snapshot(&runs, true);
	struct map_report report = { .snapshot = snapshot, .kernel = "6.18.0" };
	struct cache_file files[2];
	struct cache_report cache = { .taken_ns = 9, .files = files, .nr = 1, .page_shift = 12 };
	char(*fields)[256] = xcalloc(32, 256), *text = CAPTURE(out_map_csv, &report);

	(void)state;
	assert_int_equal(check_csv(text, fields, 32), 4);
	assert_string_equal(fields[6], "[vsyscall]");
	assert_string_equal(fields[8], "1");
	assert_string_equal(fields[9], ""); /* unknown is empty, not 0 */
	free(text);
	report.runs = &runs;
	text = CAPTURE(out_map_csv, &report);
	assert_int_equal(check_csv(text, fields, 32), 2);
	assert_string_equal(fields[0], "0x503000");
	assert_string_equal(fields[4], "0x200");
	assert_string_equal(fields[6], "3");
	free(text);
	make_files(files);
	text = CAPTURE(out_cache_csv, &cache);
	assert_int_equal(check_csv(text, fields, 32), 2);
	assert_string_equal(fields[0], HOSTILE_JSON);
	assert_string_equal(fields[2], "4");
	assert_string_equal(fields[4], "1");
	free(text);
	cache_info_clear(&files[0].info);
	free(fields);
	run_list_clear(&runs);
	snapshot_unref(snapshot);
}

static void test_csv_quoting(void **state)
{
	static const struct {
		const char *raw, *quoted;
	} cases[] = {
		{ "", "" },
		{ "plain", "plain" },
		{ "a b", "a b" },
		{ "a,b", "\"a,b\"" },
		{ "say \"x\"", "\"say \"\"x\"\"\"" },
		{ "a\nb", "\"a\nb\"" },
		{ "a\rb", "\"a\rb\"" },
		{ "\"", "\"\"\"\"" },
		{ "\xff", "\\xff" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char out[64] = "";
		FILE *file = fmemopen(out, sizeof(out), "w");

		csv_text(file, cases[i].raw);
		fclose(file);
		assert_string_equal(out, cases[i].quoted);
	}
}

/* Nothing of a name reaches the terminal as it is; unknown is "?". */
static void test_text_is_safe(void **state)
{
	struct run_list runs = { 0 };
	struct snapshot *snapshot = make_snapshot(&runs, false);
	struct map_report report = { .snapshot = snapshot, .kernel = "6.18.0", .runs = &runs };
	struct cache_file files[2];
	struct cache_report cache = { .taken_ns = 9, .files = files, .nr = 2, .page_shift = 12 };
	struct page_detail detail = make_detail(&four_levels);
	struct process_info process = { .pid = 7, .comm = "a\x1b[2J" };
	struct translate_report translate = {
		.process = &process, .geometry = &four_levels, .details = &detail, .nr = 1
	};
	char *texts[3];

	(void)state;
	detail.vma.path = "/x\x1b[2J\n";
	make_files(files);
	texts[0] = CAPTURE(out_map_text, &report);
	texts[1] = CAPTURE(out_cache_text, &cache);
	texts[2] = CAPTURE(out_translate_text, &translate);
	for (size_t i = 0; i < 3; i++) {
		for (const char *at = texts[i]; *at; at++)
			if ((unsigned char)*at < ' ' && *at != '\n')
				fail_msg("control character %d in: %s", *at, texts[i]);
		if (i < 2)
			assert_non_null(strchr(texts[i], '?'));
		free(texts[i]);
	}
	cache_info_clear(&files[0].info);
	run_list_clear(&runs);
	snapshot_unref(snapshot);
}

static void test_a_full_disk_is_an_error(void **state)
{
	struct run_list runs = { 0 };
	struct snapshot *snapshot = make_snapshot(&runs, true);
	struct map_report report = { .snapshot = snapshot, .kernel = "6.18.0", .runs = &runs };
	int (*const printers[])(FILE *, const struct map_report *) = { out_map_json, out_map_csv,
								       out_map_text };

	(void)state;
	for (size_t i = 0; i < sizeof(printers) / sizeof(printers[0]); i++) {
		FILE *full = fopen("/dev/full", "w");

		assert_non_null(full);
		assert_true(printers[i](full, &report) < 0);
		fclose(full);
	}
	run_list_clear(&runs);
	snapshot_unref(snapshot);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_map_has_the_fields_of_the_contract),
		cmocka_unit_test(test_map_says_what_is_unknown),
		cmocka_unit_test(test_map_runs),
		cmocka_unit_test(test_translate_present),
		cmocka_unit_test(test_translate_the_rest),
		cmocka_unit_test(test_cache_json),
		cmocka_unit_test(test_csv),
		cmocka_unit_test(test_csv_quoting),
		cmocka_unit_test(test_text_is_safe),
		cmocka_unit_test(test_a_full_disk_is_an_error),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
