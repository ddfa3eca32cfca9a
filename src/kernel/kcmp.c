/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which pointers of tasks are the same, by kcmp(2). An open file never changes its inode, so
 * only descriptors of one inode are compared with each other: 10,000 regular files cost no
 * call at all, and 10,000 eventfds, which share one inode, are merge-sorted.
 */
#include "kernel/kcmp.h"

#include "base/xalloc.h"

#include <errno.h>
#include <linux/kcmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int compare(const struct host *host, pid_t a, pid_t b, int type, unsigned long index_a,
		   unsigned long index_b)
{
	long ret;

	atomic_fetch_add_explicit(host->nr_calls, 1, memory_order_relaxed);
	ret = syscall(SYS_kcmp, a, b, type, index_a, index_b);
	return ret < 0 ? -errno : (int)ret;
}

int kcmp_share(const struct host *host, pid_t a, pid_t b, enum share share)
{
	static const int types[NR_SHARE] = {
		[SHARE_VM] = KCMP_VM,
		[SHARE_FILES] = KCMP_FILES,
		[SHARE_FS] = KCMP_FS,
		[SHARE_SIGHAND] = KCMP_SIGHAND,
	};

	return compare(host, a, b, types[share], 0, 0);
}

int kcmp_file(const struct host *host, pid_t a, int fd_a, pid_t b, int fd_b)
{
	return compare(host, a, b, KCMP_FILE, (unsigned long)fd_a, (unsigned long)fd_b);
}

static int by_inode(const void *left, const void *right)
{
	const struct kcmp_fd *a = left, *b = right;

	if (a->ino != b->ino)
		return a->ino < b->ino ? -1 : 1;
	if (a->dev_major != b->dev_major)
		return a->dev_major < b->dev_major ? -1 : 1;
	if (a->dev_minor != b->dev_minor)
		return a->dev_minor < b->dev_minor ? -1 : 1;
	if (a->pid != b->pid)
		return a->pid < b->pid ? -1 : 1;
	return (a->fd > b->fd) - (a->fd < b->fd);
}

static bool same_inode(const struct kcmp_fd *a, const struct kcmp_fd *b)
{
	return a->ino == b->ino && a->dev_major == b->dev_major && a->dev_minor == b->dev_minor;
}

/*
 * Order of two open files: -1, 0, 1. What cannot be compared is put in order of its place and
 * marked. Answers may contradict each other while descriptors change; a merge stays within
 * its arrays whatever they are.
 */
static int order(const struct host *host, struct kcmp_fd *a, struct kcmp_fd *b)
{
	int ret = kcmp_file(host, a->pid, a->fd, b->pid, b->fd);

	if (ret < 0) {
		enum why why = ret == -EBADF ? WHY_GONE : why_from_errno(-ret);

		a->why = b->why = why;
		return -1;
	}
	return ret == 0 ? 0 : ret == 2 ? 1 : -1;
}

static void merge_sort(const struct host *host, struct kcmp_fd *items, size_t nr,
		       struct kcmp_fd *scratch)
{
	size_t half = nr / 2, left = 0, right = half, at = 0;

	if (nr < 2)
		return;
	merge_sort(host, items, half, scratch);
	merge_sort(host, items + half, nr - half, scratch);
	memcpy(scratch, items, nr * sizeof(*items));
	while (left < half && right < nr)
		items[at++] = order(host, &scratch[left], &scratch[right]) <= 0 ? scratch[left++]
										: scratch[right++];
	while (left < half)
		items[at++] = scratch[left++];
	while (right < nr)
		items[at++] = scratch[right++];
}

void kcmp_group(const struct host *host, struct kcmp_fd *items, size_t nr)
{
	struct kcmp_fd *scratch = xreallocarray(NULL, nr + 1, sizeof(*scratch));
	uint32_t group = 0;

	if (nr)
		qsort(items, nr, sizeof(*items), by_inode);
	for (size_t at = 0, end; at < nr; at = end) {
		for (end = at + 1; end < nr && same_inode(&items[at], &items[end]);)
			end++;
		for (size_t i = at; i < end; i++)
			items[i].why = WHY_OK;
		merge_sort(host, items + at, end - at, scratch);
		items[at].group = group++;
		for (size_t i = at + 1; i < end; i++)
			items[i].group = order(host, &items[i - 1], &items[i]) ? group++
									       : items[i - 1].group;
	}
	free(scratch);
}
