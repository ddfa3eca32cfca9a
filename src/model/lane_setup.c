/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sinks as facts, and the bounds of what a lane may be asked for. */
#include "model/lane_setup.h"

#include <stdio.h>
#include <string.h>

static const struct sink_info sinks[NR_SINK] = {
	[SINK_MEMORY] = {
		.key = "memory",
		.calls = "recv(2)",
		.transport = TRANSPORT_TCP,
		.copies = 1,
		.can_verify = true,
		.says = "copies each byte into a buffer of its own",
	},
	[SINK_DISCARD] = {
		.key = "discard",
		.calls = "recv(2) with MSG_TRUNC",
		.transport = TRANSPORT_TCP,
		.copies = 0,
		.says = "drops the bytes unread, so nobody can hash them",
	},
	[SINK_DISK] = {
		.key = "disk",
		.calls = "recv(2), write(2), fdatasync(2)",
		.transport = TRANSPORT_TCP,
		.copies = 2,
		.can_verify = true,
		.says = "copies each byte into a buffer and from there into the page cache of a "
			"file, and brings the file to the disk",
	},
	[SINK_UNIX] = {
		.key = "unix",
		.calls = "recv(2)",
		.transport = TRANSPORT_UNIX,
		.copies = 1,
		.can_verify = true,
		.says = "copies each byte into a buffer of its own, without TCP between",
	},
};

const struct sink_info *sink_info(enum sink_kind sink)
{
	return &sinks[sink];
}

bool sink_by_key(const char *key, enum sink_kind *sink)
{
	for (int i = 0; i < NR_SINK; i++) {
		if (strcmp(sinks[i].key, key))
			continue;
		*sink = (enum sink_kind)i;
		return true;
	}
	return false;
}

const char *transport_name(enum transport transport)
{
	static const char *const names[NR_TRANSPORT] = {
		[TRANSPORT_TCP] = "tcp 127.0.0.1",
		[TRANSPORT_UNIX] = "unix stream",
	};

	return names[transport];
}

bool setup_buffer_fits(uint64_t buffer_bytes)
{
	return !buffer_bytes ||
	       (buffer_bytes >= SETUP_MIN_BUFFER_BYTES && buffer_bytes <= SETUP_MAX_BUFFER_BYTES);
}

bool setup_window_fits(uint64_t window_bytes)
{
	return window_bytes <= SETUP_MAX_WINDOW_BYTES && window_bytes % SETUP_WINDOW_UNIT == 0;
}

bool setup_is_possible(const struct lane_setup *setup, char *why, size_t room)
{
	const struct mode_info *mode = mode_info(setup->mode);

	if (!setup_buffer_fits(setup->buffer_bytes) || !setup_buffer_fits(setup->receive_bytes))
		snprintf(why, room, "a buffer has 512 bytes to 64 MiB");
	else if (!setup_window_fits(setup->window_bytes))
		snprintf(why, room, "a window is a multiple of 64 KiB, up to 1 GiB");
	else if (mode->file_to_file && setup->sink != SINK_DISK)
		snprintf(why, room, "%s writes to a file: it needs the disk sink", mode->key);
	else
		return true;
	return false;
}
