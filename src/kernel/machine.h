/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_KERNEL_MACHINE_H
#define PAGEWALK_KERNEL_MACHINE_H

#include "kernel/host.h"
#include "model/machine.h"

#include <stddef.h>

/*
 * CPU time of the whole machine from the first line of /proc/stat (proc_stat(5)); to the
 * clock tick. What is not known says why in times->why.
 */
void machine_read_times(const struct host *host, struct cpu_times *times);
/* Parses that line; false, and *times is left alone, where it is none. */
bool machine_parse_times(const char *text, uint64_t tick_ns, struct cpu_times *times);
/*
 * Processors, their model (/proc/cpuinfo), memory (sysinfo(2)), and the congestion control of
 * TCP (/proc/sys/net/ipv4/tcp_congestion_control, tcp(7)).
 */
void machine_read(const struct host *host, struct machine *machine);
/* The type of the file system that holds fd: "ext4", "tmpfs", or its magic in hex (statfs(2)). */
char *machine_fs_name(int fd, char *out, size_t room);

#endif
