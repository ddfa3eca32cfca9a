/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A message from the network: what is taken is within bounds and survives a round trip. */
#include "fuzz.h"
#include "lab/remote_wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char fuzz_corpus[] = "remote";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len_bytes)
{
	unsigned char bytes[REMOTE_BYTES];
	struct remote_message got, again;

	if (remote_decode(data, len_bytes, &got))
		return 0;
	FUZZ_CHECK(len_bytes == REMOTE_BYTES);
	FUZZ_CHECK(got.type < NR_REMOTE_TYPE && got.status < NR_REMOTE_STATUS);
	FUZZ_CHECK(got.sink < NR_REMOTE_SINK && remote_sink_name(got.sink));
	FUZZ_CHECK(got.size_bytes <= REMOTE_MOST_BYTES);
	FUZZ_CHECK(got.buffer_bytes <= REMOTE_MOST_BUFFER_BYTES);
	FUZZ_CHECK(strlen(got.text) < REMOTE_TEXT);
	remote_encode(&got, bytes);
	FUZZ_CHECK(!remote_decode(bytes, sizeof(bytes), &again));
	FUZZ_CHECK(!memcmp(&got, &again, sizeof(got)));
	return 0;
}
