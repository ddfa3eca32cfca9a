/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Zones from /proc/zoneinfo (proc_zoneinfo(5)). A zone begins with "Node 0, zone  Normal";
 * of its lines only spanned, present, managed and start_pfn are wanted. They can be read
 * by anybody, so the drawing of physical memory is right even where frames are hidden.
 */
#include "kernel/zones.h"

#include "base/xalloc.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Reads one line into the zone it belongs to. */
static void parse_line(const char *line, struct zone *zone)
{
	const struct {
		const char *name;
		uint64_t *value;
	} fields[] = {
		{ "spanned ", &zone->spanned },
		{ "present ", &zone->present },
		{ "managed ", &zone->managed },
		{ "start_pfn: ", &zone->start_pfn },
	};

	line += strspn(line, " ");
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		size_t len = strlen(fields[i].name);

		if (!strncmp(line, fields[i].name, len))
			*fields[i].value = strtoull(line + len, NULL, 10);
	}
}

size_t zones_parse(const char *text, size_t len_bytes, struct zone **out)
{
	const char *end = text + len_bytes;
	struct zone *zones = NULL;
	size_t nr = 0, room = 0, kept = 0;

	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		size_t len = (size_t)((newline ? newline : end) - text);
		struct zone zone = { 0 };
		char line[128];

		snprintf(line, sizeof(line), "%.*s", (int)(len < 127 ? len : 127), text);
		if (sscanf(line, "Node %u, zone %15s", &zone.node, zone.name) == 2) {
			zones = xgrow(zones, nr, &room, sizeof(*zones));
			zones[nr++] = zone;
		} else if (nr) {
			parse_line(line, &zones[nr - 1]);
		}
		text += len + 1;
	}
	for (size_t i = 0; i < nr; i++)
		if (zones[i].spanned)
			zones[kept++] = zones[i];
	*out = zones;
	return kept;
}

int zones_read(const struct host *host, struct zone **out, size_t *nr)
{
	size_t len_bytes;
	char *text;
	int ret = host_read_all(host, AT_FDCWD, "/proc/zoneinfo", &text, &len_bytes);

	if (ret)
		return ret;
	*nr = zones_parse(text, len_bytes, out);
	free(text);
	return 0;
}
