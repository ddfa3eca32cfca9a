/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/taskstat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * The command name is in parentheses and may hold blanks and parentheses itself, so its end
 * is the last ')' of the line.
 */
bool task_stat_parse(const char *text, size_t len_bytes, struct task_stat *out)
{
	char line[2048], *open, *close;

	memset(out, 0, sizeof(*out));
	if (len_bytes >= sizeof(line))
		len_bytes = sizeof(line) - 1;
	memcpy(line, text, len_bytes);
	line[len_bytes] = '\0';
	open = strchr(line, '(');
	close = strrchr(line, ')');
	if (!open || !close || close < open || !close[1] || !close[2])
		return false;
	snprintf(out->comm, sizeof(out->comm), "%.*s", (int)(close - open - 1), open + 1);
	out->state = close[2];
	close += 3;
	for (int i = STAT_PPID; i < NR_STAT_FIELD && *close; i++) {
		char *end;

		out->field[i] = strtoull(close, &end, 10);
		if (end == close)
			return i > STAT_STARTTIME;
		close = end;
	}
	return true;
}

bool task_status_number(const char *text, size_t len_bytes, const char *name, int base,
			uint64_t *value)
{
	size_t name_len = strlen(name);
	const char *end = text + len_bytes;

	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		size_t len = (size_t)((newline ? newline : end) - text);
		char line[64];

		if (len > name_len && !memcmp(text, name, name_len) && text[name_len] == ':') {
			snprintf(line, sizeof(line), "%.*s", (int)(len - name_len - 1),
				 text + name_len + 1);
			*value = strtoull(line, NULL, base);
			return true;
		}
		text += len + 1;
	}
	return false;
}
