/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as what a command wrote, kept in a ring of a size that the first byte chooses: lines
 * are safe to draw, and nothing of the terminal's is left in them.
 */
#include "fuzz.h"
#include "base/text.h"
#include "model/output.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char fuzz_corpus[] = "output";

static void check_line(const char *line)
{
	size_t len = strlen(line);

	while (len) {
		uint32_t ch;
		size_t step = utf8_decode(line, len, &ch);

		FUZZ_CHECK(step && text_drawable(ch));
		line += step;
		len -= step;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len_bytes)
{
	struct output *output;
	size_t kept;

	if (!len_bytes)
		return 0;
	output = output_new((size_t)data[0] * 4 + 1);
	/* In two pieces, as reads cut it. */
	output_add(output, (const char *)data + 1, (len_bytes - 1) / 2);
	output_add(output, (const char *)data + 1 + (len_bytes - 1) / 2,
		   len_bytes - 1 - (len_bytes - 1) / 2);
	FUZZ_CHECK(output_total_bytes(output) == len_bytes - 1);
	kept = (size_t)(output_total_bytes(output) - output_dropped_bytes(output));
	FUZZ_CHECK(kept <= (size_t)data[0] * 4 + 1);
	FUZZ_CHECK(output_nr_lines(output) <= kept);
	for (size_t i = 0; i < output_nr_lines(output); i++) {
		char *line = output_line(output, i);

		check_line(line);
		free(line);
	}
	output_free(output);
	return 0;
}
