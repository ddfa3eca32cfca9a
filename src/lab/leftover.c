/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Removes only directories that are ours by owner, name and lock file, and in them only files of
 * names that the lab gives. A run holds the lock of its own lock file (flock(2)), which the kernel
 * drops however the run ends.
 */
#include "lab/leftover.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LANE_PATTERN "lane-*.bin"
#define RUN_PATTERN  "run-??????"
#define NR_TRIES     500
#define NAP_NS       10000000L

int leftover_lock(int base_fd)
{
	const struct timespec nap = { 0, NAP_NS };

	for (int i = 0; flock(base_fd, LOCK_EX | LOCK_NB); i++) {
		if (errno != EWOULDBLOCK || i == NR_TRIES)
			return -errno;
		nanosleep(&nap, NULL);
	}
	return 0;
}

void leftover_unlock(int base_fd)
{
	flock(base_fd, LOCK_UN);
}

/* Calls fn for each name in the directory that matches: how many times it said true. */
static unsigned for_each_name(int dir_fd, const char *pattern,
			      int (*fn)(int dir_fd, const char *name))
{
	int copy = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	const struct dirent *entry;
	unsigned nr = 0;

	if (!dir) {
		if (copy >= 0)
			close(copy);
		return 0;
	}
	while ((entry = readdir(dir)))
		if (!fnmatch(pattern, entry->d_name, 0) && fn(dir_fd, entry->d_name))
			nr++;
	closedir(dir);
	return nr;
}

static int remove_file(int dir_fd, const char *name)
{
	return !unlinkat(dir_fd, name, 0);
}

unsigned leftover_empty(int run_fd)
{
	unsigned nr = for_each_name(run_fd, LANE_PATTERN, remove_file);

	return nr + (unsigned)remove_file(run_fd, RUN_LOCK_NAME);
}

/*
 * A sink that is about to die with its run may make its file between the two steps: then the
 * directory is not empty, and there is something to remove again. What is not ours stays, and
 * the directory with it.
 */
static void remove_run(int base_fd, int run_fd, const char *name)
{
	while (leftover_empty(run_fd))
		if (!unlinkat(base_fd, name, AT_REMOVEDIR) || errno != ENOTEMPTY)
			break;
}

/* Removes a run whose lock is free. */
static int remove_stale(int base_fd, const char *name)
{
	int run_fd = openat(base_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int lock_fd = -1;
	struct stat st;

	if (run_fd < 0)
		return 0;
	if (!fstat(run_fd, &st) && st.st_uid == geteuid()) {
		lock_fd = openat(run_fd, RUN_LOCK_NAME,
				 O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
		if (lock_fd >= 0 && !flock(lock_fd, LOCK_EX | LOCK_NB))
			remove_run(base_fd, run_fd, name);
		else if (lock_fd < 0 && errno == ENOENT)
			/* Killed before its lock was made: gone if it is empty, else not ours. */
			unlinkat(base_fd, name, AT_REMOVEDIR);
	}
	if (lock_fd >= 0)
		close(lock_fd);
	close(run_fd);
	return 1;
}

void leftover_remove_all(int base_fd)
{
	for_each_name(base_fd, RUN_PATTERN, remove_stale);
}
