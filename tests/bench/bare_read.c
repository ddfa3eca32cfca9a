/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bare_read PID: the least that reading frames, flags and counts of a process can cost. One
 * thread; pagemap in pieces of 32,768 entries over each mapping of /proc/PID/maps, kpageflags
 * and kpagecount for each run of frames that follow each other (of any length, up to the
 * piece). It sums what it reads and prints three figures; no model, no JSON.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define PIECE       32768
#define PM_PRESENT  (UINT64_C(1) << 63)
#define PM_PFN_MASK ((UINT64_C(1) << 55) - 1)

static uint64_t entries[PIECE], values[PIECE];
static uint64_t nr_present, sum_flags, sum_counts;
static int pagemap_fd, flags_fd, counts_fd;

static void read_run(uint64_t pfn, size_t nr)
{
	ssize_t got = pread(flags_fd, values, nr * 8, (off_t)(pfn * 8));

	for (ssize_t i = 0; i < got / 8; i++)
		sum_flags += values[i] & 0xffff;
	got = pread(counts_fd, values, nr * 8, (off_t)(pfn * 8));
	for (ssize_t i = 0; i < got / 8; i++)
		sum_counts += values[i];
}

static void read_piece(uint64_t vpn, size_t nr)
{
	ssize_t got = pread(pagemap_fd, entries, nr * 8, (off_t)(vpn * 8));
	uint64_t first = 0;
	size_t run = 0;

	for (ssize_t i = 0; i < got / 8; i++) {
		uint64_t pfn = entries[i] & PM_PFN_MASK;

		if (!(entries[i] & PM_PRESENT))
			continue;
		nr_present++;
		if (run && pfn == first + run) {
			run++;
			continue;
		}
		if (run)
			read_run(first, run);
		first = pfn;
		run = 1;
	}
	if (run)
		read_run(first, run);
}

static int open_of(const char *pid, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%s/%s", pid, name);
	return open(path, O_RDONLY);
}

int main(int argc, char **argv)
{
	uint64_t start, end, page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
	char line[8192];
	FILE *maps;

	if (argc != 2)
		return 2;
	pagemap_fd = open_of(argv[1], "pagemap");
	flags_fd = open("/proc/kpageflags", O_RDONLY);
	counts_fd = open("/proc/kpagecount", O_RDONLY);
	maps = fdopen(open_of(argv[1], "maps"), "r");
	if (pagemap_fd < 0 || flags_fd < 0 || counts_fd < 0 || !maps) {
		perror("bare_read");
		return 1;
	}
	while (fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%" SCNx64 "-%" SCNx64, &start, &end) != 2 || start >> 47)
			continue;
		for (uint64_t vpn = start / page_bytes; vpn < end / page_bytes; vpn += PIECE) {
			uint64_t left = end / page_bytes - vpn;

			read_piece(vpn, left < PIECE ? left : PIECE);
		}
	}
	printf("%" PRIu64 " %" PRIu64 " %" PRIu64 "\n", nr_present, sum_flags, sum_counts);
	return 0;
}
