/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as fdinfo and as mountinfo: what is kept is bounded by what was given. */
#include "fuzz.h"
#include "kernel/fdinfo.h"
#include "kernel/mounts.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char fuzz_corpus[] = "fdinfo";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len_bytes)
{
	struct mounts mounts;
	struct fdinfo info;
	char text[256];

	fdinfo_parse((const char *)data, len_bytes, &info);
	FUZZ_CHECK(strlen(info.note) < sizeof(info.note));
	FUZZ_CHECK(info.nr_watches * 4 <= len_bytes);
	FUZZ_CHECK(!(info.flags & O_CLOEXEC));
	FUZZ_CHECK(strlen(fd_flags_text(info.flags, text, sizeof(text))) < sizeof(text));
	for (size_t i = 0; i < info.nr_watches; i++)
		epoll_events_text(info.watches[i].events, text, sizeof(text));
	fdinfo_clear(&info);
	mounts_parse((const char *)data, len_bytes, &mounts);
	FUZZ_CHECK(mounts.nr * 8 <= len_bytes);
	for (size_t i = 0; i < mounts.nr; i++)
		FUZZ_CHECK(mounts_by_id(&mounts, mounts.items[i].id));
	mounts_clear(&mounts);
	return 0;
}
