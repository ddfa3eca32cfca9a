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
	const struct fault_numbers others = { .by_kind = { [FAULT_COW] = 3 } };
	struct fault_summary summary = {
		.tally = tally, .balance_known = true, .nr_events = 3, .nr_hidden = 2, .minflt = 5
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
	json_decref(json);
	fault_tally_free(tally);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_line),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_summary),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
