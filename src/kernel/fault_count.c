/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * perf's counters of page faults. They and the task's own (minflt and majflt, getrusage(2)) are
 * raised in one place of the kernel, handle_mm_fault(), but for one case: where the kernel itself
 * takes pages in (get_user_pages: pinning for MSG_ZEROCOPY or O_DIRECT, MAP_POPULATE), only the
 * task's count. So the two differ by exactly those.
 */
#include "kernel/fault_count.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <unistd.h>

static int open_one(uint64_t config)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = config,
		.inherit = 1,
		.exclude_hv = 1,
	};

	return (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
}

void fault_count_open(struct fault_count *count)
{
	*count = (struct fault_count){ .why = WHY_OK, .minor_fd = -1, .major_fd = -1 };
	count->minor_fd = open_one(PERF_COUNT_SW_PAGE_FAULTS_MIN);
	if (count->minor_fd >= 0)
		count->major_fd = open_one(PERF_COUNT_SW_PAGE_FAULTS_MAJ);
	if (count->minor_fd >= 0 && count->major_fd >= 0)
		return;
	count->why = why_from_errno(errno);
	fault_count_close(count);
}

static bool read_one(int fd, uint64_t *value)
{
	return read(fd, value, sizeof(*value)) == (ssize_t)sizeof(*value);
}

enum why fault_count_read(const struct fault_count *count, uint64_t *minflt, uint64_t *majflt)
{
	enum why why = count->why;

	if (why == WHY_OK &&
	    (!read_one(count->minor_fd, minflt) || !read_one(count->major_fd, majflt)))
		why = WHY_TRUNCATED;
	if (why != WHY_OK)
		*minflt = *majflt = 0;
	return why;
}

void fault_count_close(struct fault_count *count)
{
	if (count->minor_fd >= 0)
		close(count->minor_fd);
	if (count->major_fd >= 0)
		close(count->major_fd);
	count->minor_fd = count->major_fd = -1;
}
