/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as settings: values stay within their bounds, and writing them back settles. */
#include "fuzz.h"
#include "model/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char fuzz_corpus[] = "config";

static void complain(void *arg, unsigned line, const char *what)
{
	unsigned *last = arg;

	FUZZ_CHECK(line > *last);
	*last = line;
	FUZZ_CHECK(what[0]);
	for (; *what; what++)
		FUZZ_CHECK((unsigned char)*what >= 0x20 && *what != 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len_bytes)
{
	struct config config = config_default(), again = config_default();
	unsigned last = 0;
	char *text, *twice;

	config_parse((const char *)data, len_bytes, &config, complain, &last);
	FUZZ_CHECK(config.palette >= 0 && config.palette < NR_PALETTE);
	FUZZ_CHECK(config.sort >= 0 && config.sort < NR_PLIST_KEY);
	FUZZ_CHECK(config.period_ns >= CONFIG_LEAST_PERIOD_NS &&
		   config.period_ns <= CONFIG_MOST_PERIOD_NS);
	/* printf stops at a NUL, and a file of settings has none: only text is held to it. */
	if (memchr(data, 0, len_bytes))
		return 0;
	text = config_update((const char *)data, len_bytes, &config);
	last = 0;
	config_parse(text, strlen(text), &again, complain, &last);
	FUZZ_CHECK(config.palette == again.palette && config.sort == again.sort);
	FUZZ_CHECK(config.mouse == again.mouse && config.tree == again.tree);
	twice = config_update(text, strlen(text), &again);
	FUZZ_CHECK(!strcmp(text, twice));
	free(text);
	free(twice);
	return 0;
}
