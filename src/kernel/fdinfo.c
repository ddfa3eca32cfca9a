/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The text of /proc/PID/fdinfo/N: position, flags and mount of every descriptor, and the lines
 * that eventfd, epoll, timerfd, signalfd, inotify, pidfd, BPF and perf add. All but a few
 * numbers is left out, because a clause must fit under the list.
 */
#include "kernel/fdinfo.h"

#include "base/xalloc.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Adds a clause to the note; what does not fit is cut. */
__attribute__((format(printf, 2, 3))) static void add_note(struct fdinfo *info, const char *format,
							   ...)
{
	size_t at = strlen(info->note);
	va_list args;

	if (at && at + 3 < sizeof(info->note))
		at += (size_t)snprintf(info->note + at, sizeof(info->note) - at, ", ");
	va_start(args, format);
	vsnprintf(info->note + at, sizeof(info->note) - at, format, args);
	va_end(args);
}

static void take_pos(struct fdinfo *info, const char *value)
{
	info->has_pos = true;
	info->pos_bytes = strtoull(value, NULL, 10);
}

static void take_flags(struct fdinfo *info, const char *value)
{
	unsigned long flags = strtoul(value, NULL, 8);

	info->has_flags = true;
	info->cloexec = flags & O_CLOEXEC;
	info->flags = (unsigned)flags & ~(unsigned)O_CLOEXEC;
}

static void take_mnt_id(struct fdinfo *info, const char *value)
{
	info->mnt_id = strtoull(value, NULL, 10);
}

static void take_eventfd(struct fdinfo *info, const char *value)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRIu64, (uint64_t)strtoull(value, NULL, 16));
	add_note(info, "count %s", text);
}

static void take_tfd(struct fdinfo *info, const char *value)
{
	const char *events = strstr(value, "events:");
	struct obj_watch *watch;

	info->watches = xgrow(info->watches, info->nr_watches, &info->room_watches,
			      sizeof(*info->watches));
	watch = &info->watches[info->nr_watches++];
	watch->fd = (int)strtol(value, NULL, 10);
	watch->events = events ? (uint32_t)strtoul(events + 7, NULL, 16) : 0;
}

static void take_inotify(struct fdinfo *info, const char *value)
{
	(void)value;
	info->nr_inotify++;
}

static void take_sigmask(struct fdinfo *info, const char *value)
{
	uint64_t mask = strtoull(value, NULL, 16);
	char list[96] = "";

	for (unsigned i = 0; i < 64; i++) {
		size_t at = strlen(list);

		if (mask >> i & 1 && at + 4 < sizeof(list))
			snprintf(list + at, sizeof(list) - at, "%s%u", at ? " " : "", i + 1);
	}
	add_note(info, "signals %s", list[0] ? list : "none");
}

static void take_pid(struct fdinfo *info, const char *value)
{
	long pid = strtol(value, NULL, 10);
	char text[24];

	snprintf(text, sizeof(text), "%ld", pid);
	if (pid > 0)
		add_note(info, "process %s", text);
	else
		add_note(info, "%s",
			 pid < 0 ? "a process that has exited"
				 : "a process outside this PID namespace");
}

static void take_clockid(struct fdinfo *info, const char *value)
{
	static const struct {
		long id;
		const char *name;
	} clocks[] = {
		{ 0, "CLOCK_REALTIME" },       { 1, "CLOCK_MONOTONIC" },
		{ 7, "CLOCK_BOOTTIME" },       { 8, "CLOCK_REALTIME_ALARM" },
		{ 9, "CLOCK_BOOTTIME_ALARM" },
	};
	long id = strtol(value, NULL, 10);

	for (size_t i = 0; i < sizeof(clocks) / sizeof(clocks[0]); i++)
		if (clocks[i].id == id)
			add_note(info, "%s", clocks[i].name);
}

/* "(seconds, nanoseconds)"; false where it is no time or none at all. */
static bool read_time(const char *value, uint64_t *seconds, unsigned *ms)
{
	uint64_t ns;

	if (sscanf(value, " (%" SCNu64 ", %" SCNu64 ")", seconds, &ns) != 2)
		return false;
	*ms = (unsigned)(ns / 1000000 % 1000);
	return *seconds || ns;
}

static void take_it_value(struct fdinfo *info, const char *value)
{
	uint64_t seconds;
	unsigned ms;

	if (read_time(value, &seconds, &ms))
		add_note(info, "next in %" PRIu64 ".%03u s", seconds, ms);
}

static void take_it_interval(struct fdinfo *info, const char *value)
{
	uint64_t seconds;
	unsigned ms;

	if (read_time(value, &seconds, &ms))
		add_note(info, "every %" PRIu64 ".%03u s", seconds, ms);
}

static void take_map_id(struct fdinfo *info, const char *value)
{
	add_note(info, "map %s", value);
}

static void take_max_entries(struct fdinfo *info, const char *value)
{
	add_note(info, "%s entries", value);
}

static void take_prog_id(struct fdinfo *info, const char *value)
{
	add_note(info, "program %s", value);
}

static void take_link_id(struct fdinfo *info, const char *value)
{
	add_note(info, "link %s", value);
}

static void take_tty(struct fdinfo *info, const char *value)
{
	add_note(info, "tty %s", value);
}

static const struct {
	const char *key;
	void (*take)(struct fdinfo *info, const char *value);
} rows[] = {
	{ "pos", take_pos },
	{ "flags", take_flags },
	{ "mnt_id", take_mnt_id },
	{ "eventfd-count", take_eventfd },
	{ "tfd", take_tfd },
	{ "inotify wd", take_inotify },
	{ "sigmask", take_sigmask },
	{ "Pid", take_pid },
	{ "clockid", take_clockid },
	{ "it_value", take_it_value },
	{ "it_interval", take_it_interval },
	{ "map_id", take_map_id },
	{ "max_entries", take_max_entries },
	{ "prog_id", take_prog_id },
	{ "link_id", take_link_id },
	{ "tty-index", take_tty },
};

/* "inotify wd:1 ino:..." has the colon behind two words, all others behind one. */
static void parse_line(struct fdinfo *info, char *line)
{
	char *colon = strchr(line, ':'), *value;

	if (!colon)
		return;
	*colon = '\0';
	value = colon + 1 + strspn(colon + 1, " \t");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (!strcmp(line, rows[i].key)) {
			rows[i].take(info, value);
			return;
		}
	}
}

void fdinfo_parse(const char *text, size_t len_bytes, struct fdinfo *out)
{
	const char *end = text + len_bytes;
	char line[256], number[24];

	memset(out, 0, sizeof(*out));
	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		size_t len = (size_t)((newline ? newline : end) - text);

		snprintf(line, sizeof(line), "%.*s", (int)(len < 255 ? len : 255), text);
		parse_line(out, line);
		text += len + 1;
	}
	if (out->nr_watches) {
		snprintf(number, sizeof(number), "%zu", out->nr_watches);
		add_note(out, "watches %s descriptors", number);
	}
	if (out->nr_inotify) {
		snprintf(number, sizeof(number), "%u", out->nr_inotify);
		add_note(out, "%s watches", number);
	}
}

void fdinfo_clear(struct fdinfo *info)
{
	free(info->watches);
	*info = (struct fdinfo){ 0 };
}
