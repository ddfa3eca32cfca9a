/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as a record of a perf ring, as the format of a tracepoint and as smaps: what is taken out
 * lies within, and a ring that holds nonsense is read to its end.
 */
#include "fuzz.h"
#include "kernel/perf_ring.h"
#include "kernel/tracefs.h"
#include "kernel/uffd_ranges.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char fuzz_corpus[] = "perf";

static void check_sample(const uint8_t *data, size_t len_bytes)
{
	/* Aligned and exactly as large, as a ring gives it. */
	struct perf_event_header *header = malloc(len_bytes ? len_bytes : 1);
	struct perf_sample sample;

	memcpy(header, data, len_bytes);
	if (len_bytes >= sizeof(*header) && header->size <= len_bytes &&
	    perf_parse_sample(header, PERF_SAMPLE_WANTED, &sample)) {
		const uint8_t *raw = sample.raw, *start = (const uint8_t *)header;

		FUZZ_CHECK(raw >= start + sizeof(*header));
		FUZZ_CHECK(raw + sample.raw_len_bytes <= start + header->size);
	}
	free(header);
}

static void check_format(const uint8_t *data, size_t len_bytes)
{
	struct trace_event event;

	if (tracefs_parse_format((const char *)data, len_bytes, &event))
		return;
	FUZZ_CHECK(event.nr_fields > 0 && event.nr_fields <= TRACE_MAX_FIELDS);
	for (size_t i = 0; i < event.nr_fields; i++) {
		const struct trace_field *field = &event.fields[i];

		FUZZ_CHECK(memchr(field->name, '\0', sizeof(field->name)));
		FUZZ_CHECK(trace_event_field(&event, field->name));
		trace_field_value(field, data, len_bytes);
	}
}

static void check_smaps(const uint8_t *data, size_t len_bytes)
{
	struct uffd_ranges uffd = { 0 };
	char *text = malloc(len_bytes + 1);

	memcpy(text, data, len_bytes);
	text[len_bytes] = '\0';
	uffd_ranges_parse(&uffd, text);
	FUZZ_CHECK(uffd.nr <= uffd.room);
	uffd_ranges_clear(&uffd);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len_bytes)
{
	check_sample(data, len_bytes);
	check_format(data, len_bytes);
	check_smaps(data, len_bytes);
	return 0;
}
