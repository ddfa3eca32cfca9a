/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bare_scan PID: the least that the states of a process's pages can cost. PAGEMAP_SCAN of the
 * whole address space into 1,024 regions a call, and the number of pages present.
 */
#include "kernel/uapi/pagemap_scan.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define NR_REGIONS 1024

int main(int argc, char **argv)
{
	static struct page_region regions[NR_REGIONS];
	struct pm_scan_arg arg = {
		.size = sizeof(arg),
		.end = (UINT64_C(1) << 47) - (uint64_t)sysconf(_SC_PAGESIZE),
		.vec = (uintptr_t)regions,
		.vec_len = NR_REGIONS,
		.category_anyof_mask = PAGE_IS_PRESENT | PAGE_IS_SWAPPED,
		.return_mask = PAGE_IS_PRESENT | PAGE_IS_SWAPPED | PAGE_IS_FILE | PAGE_IS_PFNZERO |
			       PAGE_IS_HUGE,
	};
	uint64_t nr_bytes = 0;
	char path[64];
	int fd, nr;

	snprintf(path, sizeof(path), "/proc/%s/pagemap", argc == 2 ? argv[1] : "self");
	fd = open(path, O_RDONLY);
	while (arg.start < arg.end) {
		nr = ioctl(fd, PAGEMAP_SCAN, &arg);
		if (nr < 0) {
			perror("bare_scan");
			return 1;
		}
		for (int i = 0; i < nr; i++)
			nr_bytes += regions[i].end - regions[i].start;
		arg.start = arg.walk_end;
	}
	printf("%" PRIu64 "\n", nr_bytes / (uint64_t)sysconf(_SC_PAGESIZE));
	return 0;
}
