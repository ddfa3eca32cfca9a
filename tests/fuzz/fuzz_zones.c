/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as /proc/zoneinfo: what is kept spans something and has a name. */
#include "fuzz.h"
#include "kernel/zones.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char fuzz_corpus[] = "zones";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len_bytes)
{
	struct zone *zones = NULL;
	size_t nr = zones_parse((const char *)data, len_bytes, &zones);

	for (size_t i = 0; i < nr; i++) {
		FUZZ_CHECK(zones[i].spanned > 0);
		FUZZ_CHECK(memchr(zones[i].name, '\0', sizeof(zones[i].name)));
		FUZZ_CHECK(zones[i].name[0]);
	}
	free(zones);
	return 0;
}
