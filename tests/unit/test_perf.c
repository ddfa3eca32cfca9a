/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Formats of tracepoints, raw fields, and samples cut anywhere. */
#include "kernel/perf_ring.h"
#include "kernel/tracefs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

static const char format[] = "name: page_fault_user\n"
			     "ID: 190\n"
			     "format:\n"
			     "\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"
			     "\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n"
			     "\n"
			     "\tfield:unsigned long address;\toffset:8;\tsize:8;\tsigned:0;\n"
			     "\tfield:char comm[16];\toffset:16;\tsize:16;\tsigned:0;\n"
			     "\tfield:void *ip;\toffset:32;\tsize:8;\tsigned:0;\n"
			     "\n"
			     "print fmt: \"address=%ps\", (void *)REC->address\n";

static void test_format(void **state)
{
	struct trace_event event;
	const struct trace_field *field;

	(void)state;
	assert_int_equal(tracefs_parse_format(format, sizeof(format) - 1, &event), 0);
	assert_int_equal(event.id, 190);
	assert_int_equal(event.nr_fields, 5);
	field = trace_event_field(&event, "address");
	assert_non_null(field);
	assert_int_equal(field->off_bytes, 8);
	assert_int_equal(field->len_bytes, 8);
	assert_false(field->is_signed);
	assert_true(trace_event_field(&event, "common_pid")->is_signed);
	assert_int_equal(trace_event_field(&event, "comm")->len_bytes, 16);
	assert_int_equal(trace_event_field(&event, "ip")->off_bytes, 32);
	assert_null(trace_event_field(&event, "pfn"));
	assert_int_equal(tracefs_parse_format("ID: 4\n", 6, &event), -EPROTO);
	assert_int_equal(tracefs_parse_format("", 0, &event), -EPROTO);
	/* Cut anywhere it is refused or read in part, never beyond its end. */
	for (size_t len = 0; len < sizeof(format); len++)
		tracefs_parse_format(format, len, &event);
}

static void test_field_values(void **state)
{
	static const unsigned char raw[] = { 0xff, 0xfe, 0xff, 0, 0xfd, 0xff, 0xff, 0xff,
					     1,    2,    3,    4, 5,    6,    7,    8 };
	struct trace_field field = { .name = "x", .off_bytes = 0, .len_bytes = 1 };

	(void)state;
	assert_int_equal(trace_field_value(&field, raw, sizeof(raw)), 0xff);
	field.is_signed = true;
	assert_true((int64_t)trace_field_value(&field, raw, sizeof(raw)) == -1);
	field = (struct trace_field){ .off_bytes = 1, .len_bytes = 2, .is_signed = true };
	assert_true((int64_t)trace_field_value(&field, raw, sizeof(raw)) == -2);
	field = (struct trace_field){ .off_bytes = 4, .len_bytes = 4, .is_signed = true };
	assert_true((int64_t)trace_field_value(&field, raw, sizeof(raw)) == -3);
	field = (struct trace_field){ .off_bytes = 8, .len_bytes = 8 };
	assert_true(trace_field_value(&field, raw, sizeof(raw)) == 0x0807060504030201);
	assert_int_equal(trace_field_value(&field, raw, 15), 0);
	field.off_bytes = UINT32_MAX;
	assert_int_equal(trace_field_value(&field, raw, sizeof(raw)), 0);
	assert_int_equal(trace_field_value(NULL, raw, sizeof(raw)), 0);
}

/* A sample as perf_event_open(2) lays it out. */
struct record {
	struct perf_event_header header;
	uint64_t id, ip;
	uint32_t pid, tid;
	uint64_t t_ns, addr;
	uint32_t cpu, reserved;
	uint32_t raw_len;
	unsigned char raw[12];
};

static void test_sample(void **state)
{
	struct record record = {
		.header = { .type = PERF_RECORD_SAMPLE, .size = sizeof(record) },
		.id = 77,
		.ip = 0x401000,
		.pid = 12,
		.tid = 13,
		.t_ns = 5,
		.addr = 0x7f0000001000,
		.cpu = 1,
		.raw_len = 12,
		.raw = "abcdefghijk",
	};
	struct perf_sample sample;

	(void)state;
	assert_true(perf_parse_sample(&record.header, PERF_SAMPLE_WANTED, &sample));
	assert_int_equal(sample.id, 77);
	assert_int_equal(sample.ip, 0x401000);
	assert_int_equal(sample.pid, 12);
	assert_int_equal(sample.tid, 13);
	assert_int_equal(sample.t_ns, 5);
	assert_true(sample.addr == 0x7f0000001000);
	assert_int_equal(sample.cpu, 1);
	assert_int_equal(sample.raw_len_bytes, 12);
	assert_memory_equal(sample.raw, "abcdefghijk", 12);
	for (uint16_t size = 0; size < sizeof(record); size += 8) {
		record.header.size = size;
		assert_false(perf_parse_sample(&record.header, PERF_SAMPLE_WANTED, &sample));
	}
	record.header.size = sizeof(record);
	record.raw_len = 13;
	assert_false(perf_parse_sample(&record.header, PERF_SAMPLE_WANTED, &sample));
	record.header.type = PERF_RECORD_FORK;
	assert_false(perf_parse_sample(&record.header, PERF_SAMPLE_WANTED, &sample));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_format),
		cmocka_unit_test(test_field_values),
		cmocka_unit_test(test_sample),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
