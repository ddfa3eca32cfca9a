/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_KERNEL_UFFD_RANGES_H
#define PAGEWALK_KERNEL_UFFD_RANGES_H

#include "kernel/host.h"
#include "kernel/proc.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Which addresses of a process are registered with a userfaultfd, from the VmFlags of
 * /proc/PID/smaps (um, uw, ui). That file is dear, so it is read only where the process has a
 * userfaultfd open, which its links in /proc/PID/fd tell; one that only another process
 * holds is not seen.
 */
struct uffd_range {
	uint64_t start_addr, end_addr;
};

struct uffd_ranges {
	struct uffd_range *ranges;
	size_t nr, room;
	uint64_t next_ns; /* CLOCK_MONOTONIC: not looked at again before */
	uint64_t seen_ns; /* when it was looked at last */
};

/*
 * Whether the address is registered; looked up again for a fault at t_ns that is younger than what
 * is known, but only so often that it costs little.
 */
bool uffd_ranges_has(struct uffd_ranges *uffd, const struct host *host, const struct proc *proc,
		     uint64_t addr, uint64_t t_ns);
/* Takes the ranges out of the text of smaps. */
void uffd_ranges_parse(struct uffd_ranges *uffd, const char *text);
/* Forgets all, as after execve(2). */
void uffd_ranges_clear(struct uffd_ranges *uffd);

#endif
