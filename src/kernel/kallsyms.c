/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/kallsyms.h"

#include "base/xalloc.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

struct function {
	uint64_t addr;
	const char *name; /* in the text */
};

struct kallsyms {
	char *text;
	struct function *functions; /* by address */
	size_t nr, room;
	enum why why;
};

static int compare(const void *one, const void *other)
{
	uint64_t a = ((const struct function *)one)->addr,
		 b = ((const struct function *)other)->addr;

	return a < b ? -1 : a > b;
}

/* "ffffffff81000000 T _text" or "... t name\t[module]": functions only. */
static void take_line(struct kallsyms *kallsyms, char *line)
{
	char *after, *name;
	uint64_t addr = strtoull(line, &after, 16);

	if (after == line || after[0] != ' ' || !after[1] || after[2] != ' ' || !after[3])
		return;
	if (!strchr("tTwW", after[1]))
		return;
	if (!addr) {
		kallsyms->why = WHY_DENIED;
		return;
	}
	name = after + 3;
	name[strcspn(name, "\t")] = '\0';
	/* The bytes before a function, that a patch may use, have the function's name too. */
	if (!strncmp(name, "__pfx_", strlen("__pfx_")))
		return;
	kallsyms->functions = xgrow(kallsyms->functions, kallsyms->nr, &kallsyms->room,
				    sizeof(*kallsyms->functions));
	kallsyms->functions[kallsyms->nr++] = (struct function){ addr, name };
}

struct kallsyms *kallsyms_parse(char *text, size_t len_bytes)
{
	struct kallsyms *kallsyms = xcalloc(1, sizeof(*kallsyms));
	char *line = text, *end = text + len_bytes;

	kallsyms->text = text;
	while (line < end) {
		char *newline = memchr(line, '\n', (size_t)(end - line));

		if (!newline)
			break; /* a part of a line */
		*newline = '\0';
		take_line(kallsyms, line);
		line = newline + 1;
	}
	if (kallsyms->nr) {
		qsort(kallsyms->functions, kallsyms->nr, sizeof(*kallsyms->functions), compare);
		kallsyms->why = WHY_OK;
	} else if (kallsyms->why == WHY_OK) {
		kallsyms->why = WHY_UNSUPPORTED;
	}
	return kallsyms;
}

struct kallsyms *kallsyms_new(const struct host *host)
{
	struct kallsyms *kallsyms;
	char *text;
	size_t len_bytes;
	int ret = host_read_all(host, AT_FDCWD, "/proc/kallsyms", &text, &len_bytes);

	if (!ret)
		return kallsyms_parse(text, len_bytes);
	kallsyms = xcalloc(1, sizeof(*kallsyms));
	kallsyms->why = why_from_errno(-ret);
	return kallsyms;
}

void kallsyms_free(struct kallsyms *kallsyms)
{
	if (!kallsyms)
		return;
	free(kallsyms->functions);
	free(kallsyms->text);
	free(kallsyms);
}

enum why kallsyms_why(const struct kallsyms *kallsyms)
{
	return kallsyms->why;
}

const char *kallsyms_find(const struct kallsyms *kallsyms, uint64_t addr, uint64_t *off_bytes)
{
	size_t low = 0, high = kallsyms->nr;

	/* The first that begins after it. */
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (kallsyms->functions[middle].addr <= addr)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low)
		return NULL;
	*off_bytes = addr - kallsyms->functions[low - 1].addr;
	return kallsyms->functions[low - 1].name;
}
