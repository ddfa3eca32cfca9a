/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any text as a number, size, address or time: a value only with 0, and back through fmt_. */
#include "base/fmt.h"
#include "fuzz.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char fuzz_corpus[] = "parse";

#define UNTOUCHED UINT64_C(0x5a5a5a5a5a5a5a5a)

/* What a parser that takes text alone gives for it; 0 where it refuses. */
static uint64_t parsed_by(int (*parse)(const char *, uint64_t *), const char *text)
{
	uint64_t value = UNTOUCHED;
	int ret = parse(text, &value);

	FUZZ_CHECK(ret == 0 || ret == -EINVAL || ret == -ERANGE);
	FUZZ_CHECK(ret == 0 || value == UNTOUCHED);
	return ret ? 0 : value;
}

static void check_printed(uint64_t value)
{
	char out[FMT_LEN];
	uint64_t back = 0;

	FUZZ_CHECK(strlen(fmt_count(out, value)) < FMT_LEN);
	FUZZ_CHECK(strlen(fmt_bytes_long(out, value)) < FMT_LEN);
	FUZZ_CHECK(strlen(fmt_duration(out, value)) < FMT_LEN);
	FUZZ_CHECK(!parse_addr(fmt_hex(out, value), &back) && back == value);
	FUZZ_CHECK(!parse_addr(fmt_addr(out, value), &back) && back == value);
	if (value >> 60)
		return; /* no size that people type has the suffix E */
	/* Three digits are kept, so it comes back a little less, never more. */
	FUZZ_CHECK(!parse_bytes(fmt_bytes(out, value), &back) && back <= value);
	FUZZ_CHECK(back >= value - value / 64);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len_bytes)
{
	char *text = malloc(len_bytes + 1);
	uint64_t value = 0, most = len_bytes ? data[0] : 0;

	memcpy(text, data, len_bytes);
	text[len_bytes] = '\0';
	check_printed(parsed_by(parse_bytes, text));
	check_printed(parsed_by(parse_addr, text));
	parsed_by(parse_seconds, text);
	FUZZ_CHECK(parse_u64(text, most, &value) || value <= most);
	free(text);
	return 0;
}
