/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of the fault stream: JSON that stays JSON whatever the names are, text of one line. */
#include "out/faults.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct vma hostile = {
	.start_addr = 0x1000,
	.end_addr = 0x9000,
	.inode = 4,
	.off_bytes = 0x2000,
	.kind = VMA_FILE,
	.path = "/tmp/\"a\\\033[2J\n\xff",
};

static char *print_fault(void (*fn)(FILE *, const struct fault_line *), const struct fault_line *in)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	fn(out, in);
	fclose(out);
	return text;
}

static void test_line(void **state)
{
	const struct fault fault = {
		.t_ns = 1500,
		.addr = 0x1234,
		.ip = 0x1010,
		.pid = 5,
		.tid = 6,
		.kind = FAULT_COW,
		.has_error_code = 1,
		.error_code = 7,
	};
	struct fault_line line = { .fault = &fault,
				   .vma = &hostile,
				   .code = &hostile,
				   .symbol = "f",
				   .source = "",
				   .began_ns = 500 };
	char *text = print_fault(out_fault_json, &line);
	json_t *json = json_loads(text, 0, NULL);

	(void)state;
	assert_non_null(json);
	assert_null(json_object_get(json, "evicted_before"));
	assert_null(strchr(text, 033));
	assert_int_equal(json_integer_value(json_object_get(json, "t_ns")), 1000);
	assert_string_equal(json_string_value(json_object_get(json, "kind")), "cow");
	assert_string_equal(json_string_value(json_object_get(json, "address")), "0x1234");
	assert_int_equal(json_integer_value(json_object_get(json, "vma_offset")), 0x234);
	assert_string_equal(json_string_value(json_object_get(json, "module_offset")), "0x2010");
	assert_string_equal(json_string_value(json_object_get(json, "symbol")), "f");
	assert_true(json_is_null(json_object_get(json, "source_line")));
	assert_int_equal(json_integer_value(json_object_get(json, "error_code")), 7);
	json_decref(json);
	free(text);
	text = print_fault(out_fault_text, &line);
	assert_null(strchr(text, 033));
	assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
	free(text);
}

/* A page that was evicted says so at the end of its line. */
static void test_evicted_before(void **state)
{
	const struct fault fault = { .addr = 0x1234,
				     .kind = FAULT_FILE_MAJOR,
				     .severity = FAULT_MAJOR,
				     .evicted_before = 1 };
	struct fault_line line = { .fault = &fault, .vma = &hostile };
	char *text = print_fault(out_fault_json, &line);
	json_t *json = json_loads(text, 0, NULL);

	(void)state;
	assert_non_null(json);
	assert_true(json_is_true(json_object_get(json, "evicted_before")));
	json_decref(json);
	free(text);
	text = print_fault(out_fault_text, &line);
	assert_non_null(strstr(text, "  evicted before\n"));
	free(text);
}

/* Nothing known but the address: null with its reason, never 0. */
static void test_unknown(void **state)
{
	const struct fault fault = { .addr = 0x1234, .kind = FAULT_UNKNOWN, .doubt = FAULT_NO_VMA };
	static const char *const others[] = { "module", "module_offset", "symbol", "source_line" };
	struct fault_line line = { .fault = &fault };
	char *text = print_fault(out_fault_json, &line);
	json_t *json = json_loads(text, 0, NULL);

	(void)state;
	assert_non_null(json);
	assert_true(json_is_null(json_object_get(json, "vma")));
	assert_true(json_is_null(json_object_get(json, "vma_offset")));
	assert_true(json_is_null(json_object_get(json, "module")));
	assert_true(json_is_null(json_object_get(json, "error_code")));
	assert_string_equal(
		json_string_value(json_object_get(json_object_get(json, "unknown"), "kind")),
		fault_doubt_text(FAULT_NO_VMA));
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		assert_true(json_is_null(json_object_get(json, others[i])));
		assert_non_null(json_object_get(json_object_get(json, "unknown"), others[i]));
	}
	json_decref(json);
	free(text);
}

static json_t *summary_json(const struct fault_summary *summary)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	json_t *json;

	out_faults_summary_json(out, summary);
	fclose(out);
	json = json_loads(text, 0, NULL);
	assert_non_null(json);
	free(text);
	return json;
}

static void test_summary(void **state)
{
	struct fault_tally *tally = fault_tally_new(4, 4);
	const struct fault_evictions evictions = { 0 };
	const struct fault_numbers others = { .by_kind = { [FAULT_COW] = 3 } };
	struct fault_summary summary = {
		.tally = tally,
		.evictions = &evictions,
		.balance_known = true,
		.nr_events = 3,
		.nr_hidden = 2,
		.minflt = 5,
	};
	json_t *json = summary_json(&summary);

	(void)state;
	assert_int_equal(json_integer_value(json_object_get(json, "hidden")), 2);
	assert_true(json_is_integer(json_object_get(json, "hidden")));
	/* Nothing is left out unless it is asked for. */
	assert_int_equal(json_object_size(json_object_get(json, "left_out")), 0);
	json_decref(json);
	summary.left_out = &others;
	json = summary_json(&summary);
	assert_int_equal(json_object_size(json_object_get(json, "left_out")), 1);
	assert_int_equal(
		json_integer_value(json_object_get(json_object_get(json, "left_out"), "cow")), 3);
	json_decref(json);
	/* Where records were lost, nobody can say what was hidden. */
	summary.nr_lost = 1;
	json = summary_json(&summary);
	assert_true(json_is_null(json_object_get(json, "hidden")));
	assert_int_equal(json_integer_value(json_object_get(json, "lost")), 1);
	json_decref(json);
	summary.nr_lost = 0;
	summary.balance_known = false;
	json = summary_json(&summary);
	assert_true(json_is_null(json_object_get(json, "minflt")));
	assert_true(json_is_null(json_object_get(json, "hidden")));
	json_decref(json);
	/* Without events there is no tally, and no 0 in its place. */
	summary = (struct fault_summary){ .no_events = "refused", .balance_known = true };
	json = summary_json(&summary);
	assert_true(json_is_null(json_object_get(json, "events")));
	assert_string_equal(
		json_string_value(json_object_get(json_object_get(json, "unknown"), "events")),
		"refused");
	assert_true(json_is_integer(json_object_get(json, "minflt")));
	assert_true(json_is_null(json_object_get(json, "evicted")));
	assert_true(json_is_null(json_object_get(json, "evicted_by_file")));
	json_decref(json);
	fault_tally_free(tally);
}

static const char *reason_of(const json_t *object, const char *field)
{
	assert_true(json_is_null(json_object_get(object, field)));
	return json_string_value(json_object_get(json_object_get(object, "unknown"), field));
}

static char *summary_text(const struct fault_summary *summary)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	out_faults_summary_text(out, summary, 0);
	fclose(out);
	return text;
}

static void expect_text(const struct fault_summary *summary, const char *wanted)
{
	char *text = summary_text(summary);

	if (!strstr(text, wanted))
		fail_msg("no \"%s\" in:\n%s", wanted, text);
	free(text);
}

static void test_threads_that_are_not_watched(void **state)
{
	struct fault_tally *tally = fault_tally_new(1, 1);
	struct fault_evictions evictions = { 0 };
	struct fault_summary summary = { .tally = tally,
					 .evictions = &evictions,
					 .balance_known = true,
					 .sees_kernel = true,
					 .nr_hidden = 7 };

	(void)state;
	expect_text(&summary, "hidden       7 without an event: before its start");
	summary.nr_unattached = 2;
	expect_text(&summary, "hidden       7 without an event: in threads that are not watched, "
			      "before its start");
	fault_tally_free(tally);
}

/* The names of the columns stand above faults, and not where none follow. */
static void test_head_of_a_summary(void **state)
{
	struct fault_head head = { .pid = 5, .nr_threads = 1, .sees_kernel = true };

	(void)state;
	for (int i = 0; i < 2; i++) {
		char *text = NULL;
		size_t len;
		FILE *out = open_memstream(&text, &len);

		head.summary_only = i;
		out_faults_head_text(out, &head);
		fclose(out);
		assert_non_null(strstr(text, "# faults of process 5, 1 thread\n"));
		assert_int_equal(strstr(text, "ADDRESS") == NULL, i);
		free(text);
	}
}

/* A mapping of a file with 3 evicted pages, and one of anonymous memory. */
static void test_evictions(void **state)
{
	const struct vma anon = { .start_addr = 0x10000, .end_addr = 0x11000, .path = "" };
	const struct vma other = { .inode = 99, .kind = VMA_FILE, .path = "/b/more" };
	struct fault_eviction more = { .nr_pages = 50, .t_ns = 1600 };
	struct fault_tally *tally = fault_tally_new(4, 4);
	struct fault_evictions evictions = { 0 };
	const struct fault fault = { .t_ns = 600, .pid = 5 };
	struct fault_summary summary = {
		.tally = tally, .evictions = &evictions, .began_ns = 500, .balance_known = true
	};
	const struct fault_eviction eviction = { fault_evictions_add_file(&evictions, &hostile), 3,
						 3, 1500 };
	json_t *json, *rows, *row;

	(void)state;
	fault_tally_add(tally, &fault, &hostile, NULL);
	fault_tally_add(tally, &fault, &anon, NULL);
	fault_evictions_take(&evictions, &eviction);
	fault_tally_evict(tally, &eviction, 12);
	json = summary_json(&summary);
	assert_int_equal(json_integer_value(json_object_get(json, "evicted")), 3);
	assert_true(json_is_integer(json_object_get(json, "evictions_lost")));
	rows = json_object_get(json, "by_vma");
	assert_int_equal(json_integer_value(json_object_get(json_array_get(rows, 0), "evicted")),
			 3);
	assert_null(json_object_get(json_array_get(rows, 1), "evicted"));
	rows = json_object_get(json, "evicted_by_file");
	assert_int_equal(json_array_size(rows), 1);
	row = json_array_get(rows, 0);
	assert_int_equal(json_integer_value(json_object_get(row, "pages")), 3);
	assert_int_equal(json_integer_value(json_object_get(row, "last_t_ns")), 1000);
	json_decref(json);
	expect_text(&summary, "evicted      3 pages of mapped files left the page cache\n");
	expect_text(&summary, "the last at 0.000001000\n");
	/* Lost records: a number would be too low. */
	evictions.nr_lost = 2;
	json = summary_json(&summary);
	assert_string_equal(reason_of(json, "evicted"), eviction_doubt_text(EVICTIONS_LOST));
	assert_int_equal(json_integer_value(json_object_get(json, "evictions_lost")), 2);
	row = json_array_get(json_object_get(json, "by_vma"), 0);
	assert_string_equal(reason_of(row, "evicted"), eviction_doubt_text(EVICTIONS_LOST));
	json_decref(json);
	expect_text(&summary, "evicted      at least 3 pages");
	/* Refused: nothing is known, and 0 is not said. */
	evictions.doubt = EVICTIONS_DENIED;
	json = summary_json(&summary);
	assert_string_equal(reason_of(json, "evicted"), eviction_doubt_text(EVICTIONS_DENIED));
	assert_non_null(reason_of(json, "evictions_lost"));
	assert_non_null(reason_of(json, "evicted_by_file"));
	json_decref(json);
	expect_text(&summary, "evicted      ? (the page cache's tracepoints need root");
	/* Files: most pages first. */
	evictions.doubt = EVICTIONS_KNOWN;
	evictions.nr_lost = 0;
	more.file = fault_evictions_add_file(&evictions, &other);
	fault_evictions_take(&evictions, &more);
	expect_text(&summary, "page cache\n          50  /b/more, the last at 0.000001100\n"
			      "           3  ");
	fault_evictions_clear(&evictions);
	fault_tally_free(tally);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_line),
		cmocka_unit_test(test_evicted_before),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_summary),
		cmocka_unit_test(test_threads_that_are_not_watched),
		cmocka_unit_test(test_head_of_a_summary),
		cmocka_unit_test(test_evictions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
