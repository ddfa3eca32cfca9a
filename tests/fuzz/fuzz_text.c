/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes made safe: only drawable UTF-8 comes out, what was safe stays as it is, and a cut
 * is never wider than asked for. The first two bytes choose columns and room.
 */
#include "base/text.h"
#include "fuzz.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char fuzz_corpus[] = "text";

static void check_utf8(const char *text, bool drawable)
{
	size_t left = strlen(text);

	while (left) {
		uint32_t ch;
		size_t used = utf8_decode(text, left, &ch);
		char back[4];

		FUZZ_CHECK(used);
		FUZZ_CHECK(!drawable || text_drawable(ch));
		FUZZ_CHECK(utf8_encode(ch, back) == used && !memcmp(back, text, used));
		text += used;
		left -= used;
	}
}

static void check_fit(const char *safe, int columns, size_t room, bool keep_end)
{
	char *out = malloc(room);
	int used = text_fit(out, room, safe, columns, keep_end);

	FUZZ_CHECK(strlen(out) < room);
	FUZZ_CHECK(used <= (columns > 0 ? columns : 0));
	FUZZ_CHECK(text_width(out) == used);
	check_utf8(out, true);
	free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len_bytes)
{
	char *safe, *again, *utf8;
	int columns;
	size_t room;

	setlocale(LC_CTYPE, "C.UTF-8");
	if (len_bytes < 2)
		return 0;
	columns = data[0];
	room = 8 + data[1];
	safe = text_safe((const char *)data + 2, len_bytes - 2);
	check_utf8(safe, true);
	again = text_safe_str(safe);
	FUZZ_CHECK(!strcmp(safe, again));
	check_fit(safe, columns, room, false);
	check_fit(safe, columns, room, true);
	utf8 = text_utf8((const char *)data + 2, len_bytes - 2);
	check_utf8(utf8, false);
	free(utf8);
	free(again);
	free(safe);
	return 0;
}
