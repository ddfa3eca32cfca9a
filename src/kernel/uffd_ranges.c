/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/uffd_ranges.h"

#include "base/clock.h"
#include "base/xalloc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LEAST_PERIOD_NS (20 * NS_PER_MS)
#define COST_SHARE      20 /* one part in so many of the time is spent on looking */

static const char *next_line(const char *line)
{
	const char *newline = strchr(line, '\n');

	return newline ? newline + 1 : NULL;
}

void uffd_ranges_parse(struct uffd_ranges *uffd, const char *text)
{
	struct uffd_range range = { 0 };
	const char *line;

	uffd->nr = 0;
	for (line = text; line && *line; line = next_line(line)) {
		unsigned long long from, to;
		char flags[256];

		if (line[0] != 'V' && sscanf(line, "%llx-%llx ", &from, &to) == 2)
			range = (struct uffd_range){ from, to };
		if (sscanf(line, "VmFlags:%255[^\n]", flags) != 1 ||
		    !(strstr(flags, " um") || strstr(flags, " uw") || strstr(flags, " ui")))
			continue;
		uffd->ranges = xgrow(uffd->ranges, uffd->nr, &uffd->room, sizeof(*uffd->ranges));
		uffd->ranges[uffd->nr++] = range;
	}
}

void uffd_ranges_clear(struct uffd_ranges *uffd)
{
	free(uffd->ranges);
	*uffd = (struct uffd_ranges){ 0 };
}

static bool has_descriptor(const struct host *host, const struct proc *proc)
{
	int fd = host_openat(host, proc_dir_fd(proc), "fd", O_RDONLY | O_DIRECTORY);
	const struct dirent *entry;
	bool found = false;
	DIR *dir;

	if (fd < 0)
		return false;
	dir = fdopendir(fd);
	if (!dir) {
		close(fd);
		return false;
	}
	while (!found && (entry = readdir(dir))) {
		char target[64];
		ssize_t len = host_readlinkat(host, fd, entry->d_name, target, sizeof(target) - 1);

		target[len > 0 ? len : 0] = '\0';
		found = !strcmp(target, "anon_inode:[userfaultfd]");
	}
	closedir(dir);
	return found;
}

static void look(struct uffd_ranges *uffd, const struct host *host, const struct proc *proc,
		 uint64_t now_ns)
{
	size_t len_bytes;
	char *text;

	uffd->seen_ns = now_ns;
	if (!has_descriptor(host, proc)) {
		uffd->nr = 0;
	} else if (!host_read_all(host, proc_dir_fd(proc), "smaps", &text, &len_bytes)) {
		uffd_ranges_parse(uffd, text);
		free(text);
	}
	uffd->next_ns = clock_mono_ns();
	uffd->next_ns += LEAST_PERIOD_NS + (uffd->next_ns - now_ns) * COST_SHARE;
}

bool uffd_ranges_has(struct uffd_ranges *uffd, const struct host *host, const struct proc *proc,
		     uint64_t addr, uint64_t t_ns)
{
	if (t_ns > uffd->seen_ns || !uffd->seen_ns) {
		uint64_t now_ns = clock_mono_ns();

		if (now_ns >= uffd->next_ns)
			look(uffd, host, proc, now_ns);
	}
	for (size_t i = 0; i < uffd->nr; i++)
		if (uffd->ranges[i].start_addr <= addr && addr < uffd->ranges[i].end_addr)
			return true;
	return false;
}
