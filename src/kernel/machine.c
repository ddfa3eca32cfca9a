/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machine as a whole: how busy its processors were, and what it is. Under load from
 * elsewhere a benchmark measures the load, so the times are read around each run.
 */
#include "kernel/machine.h"

#include "base/clock.h"
#include "base/text.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <sys/vfs.h>
#include <unistd.h>

/* The columns of the line, in ticks. Guest time is within user and nice already. */
enum column {
	COLUMN_USER,
	COLUMN_NICE,
	COLUMN_SYSTEM,
	COLUMN_IDLE,
	COLUMN_IOWAIT,
	COLUMN_IRQ,
	COLUMN_SOFTIRQ,
	COLUMN_STEAL,
	NR_COLUMN,
};

bool machine_parse_times(const char *text, uint64_t tick_ns, struct cpu_times *times)
{
	uint64_t ticks[NR_COLUMN];
	char *end;

	if (strncmp(text, "cpu ", 4))
		return false;
	text += 4;
	for (int i = 0; i < NR_COLUMN; i++) {
		ticks[i] = strtoull(text, &end, 10);
		if (end == text)
			return false;
		text = end;
	}
	*times = (struct cpu_times){
		.why = WHY_OK,
		.busy_ns = (ticks[COLUMN_USER] + ticks[COLUMN_NICE] + ticks[COLUMN_SYSTEM] +
			    ticks[COLUMN_IRQ] + ticks[COLUMN_SOFTIRQ]) *
			   tick_ns,
		.steal_ns = ticks[COLUMN_STEAL] * tick_ns,
	};
	return true;
}

void machine_read_times(const struct host *host, struct cpu_times *times)
{
	long ticks_per_s = sysconf(_SC_CLK_TCK);
	size_t len_bytes;
	char *text;
	int err = host_read_all(host, AT_FDCWD, "/proc/stat", &text, &len_bytes);

	*times = (struct cpu_times){ .why = err ? why_from_errno(-err) : WHY_UNSUPPORTED };
	if (err)
		return;
	if (ticks_per_s > 0)
		machine_parse_times(text, NS_PER_S / (uint64_t)ticks_per_s, times);
	free(text);
}

static void read_model(const struct host *host, struct machine *machine)
{
	const char *key = "model name";
	char *text, *at, *safe;
	size_t len_bytes;

	if (host_read_all(host, AT_FDCWD, "/proc/cpuinfo", &text, &len_bytes))
		return;
	at = strstr(text, key);
	if (at) {
		at += strlen(key);
		at += strspn(at, " \t:");
		safe = text_safe(at, strcspn(at, "\n"));
		snprintf(machine->cpu, sizeof(machine->cpu), "%s", safe);
		free(safe);
	}
	free(text);
}

static void read_congestion(const struct host *host, struct machine *machine)
{
	char *text, *safe;
	size_t len_bytes;

	if (host_read_all(host, AT_FDCWD, "/proc/sys/net/ipv4/tcp_congestion_control", &text,
			  &len_bytes))
		return;
	safe = text_safe(text, strcspn(text, "\n"));
	snprintf(machine->congestion, sizeof(machine->congestion), "%s", safe);
	free(safe);
	free(text);
}

void machine_read(const struct host *host, struct machine *machine)
{
	long nr_cpus = sysconf(_SC_NPROCESSORS_ONLN);
	struct sysinfo info;

	*machine = (struct machine){ .nr_cpus = nr_cpus > 0 ? (unsigned)nr_cpus : 1 };
	if (!sysinfo(&info))
		machine->memory_bytes = (uint64_t)info.totalram * info.mem_unit;
	read_model(host, machine);
	read_congestion(host, machine);
}

char *machine_fs_name(int fd, char *out, size_t room)
{
	/* From linux/magic.h, and for xfs and zfs from statfs(2). */
	static const struct {
		unsigned long magic;
		const char *name;
	} names[] = {
		{ 0xef53, "ext4" },      { 0x01021994, "tmpfs" }, { 0x794c7630, "overlay" },
		{ 0x58465342, "xfs" },   { 0x9123683e, "btrfs" }, { 0x6969, "nfs" },
		{ 0x2fc12fc1, "zfs" },   { 0xf2f52010, "f2fs" },  { 0x65735546, "fuse" },
		{ 0x858458f6, "ramfs" },
	};
	struct statfs fs;

	snprintf(out, room, "?");
	if (fstatfs(fd, &fs))
		return out;
	snprintf(out, room, "0x%lx", (unsigned long)fs.f_type);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].magic == (unsigned long)fs.f_type)
			snprintf(out, room, "%s", names[i].name);
	return out;
}
