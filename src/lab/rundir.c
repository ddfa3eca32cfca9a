/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the lanes' files lie, and that they do not lie about afterwards:
 *
 *	BASE/run-XXXXXX/pagewalk.lock	locked as long as the run lives
 *	BASE/run-XXXXXX/lane-1-....bin
 *	BASE/kept-XXXXXX/...		made with --keep; never removed by us
 *
 * Making and cleaning happen under a lock of BASE itself, so that no run is taken for a
 * stale one between mkdtemp(3) and its own lock. Cleaning removes only directories that
 * are ours by owner, name and lock file, and in them only files of the names above.
 */
#include "lab/rundir.h"

#include "base/clock.h"
#include "base/fmt.h"
#include "base/text.h"
#include "base/xalloc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#define LOCK_NAME    "pagewalk.lock"
#define LANE_PATTERN "lane-*.bin"
#define RUN_PATTERN  "run-??????"
#define BASE_LOCK_NS (5 * NS_PER_S)

struct run_dir {
	char *path;
	int dir_fd;
	int lock_fd; /* -1 with keep */
	bool keep;
};

static int say(char *error, size_t room, int err, const char *what, const char *path)
{
	char *safe = text_safe_str(path);

	snprintf(error, room, "%s %s: %s", what, safe, strerror(-err));
	free(safe);
	return err;
}

/* $XDG_CACHE_HOME counts only where it is absolute (XDG Base Directory Specification). */
static char *default_base(void)
{
	const char *cache = getenv("XDG_CACHE_HOME");
	const char *home = getenv("HOME");

	if (cache && cache[0] == '/')
		return xasprintf("%s/pagewalk", cache);
	if (!home || home[0] != '/') {
		const struct passwd *user = getpwuid(geteuid());

		home = user && user->pw_dir ? user->pw_dir : "/tmp";
	}
	return xasprintf("%s/.cache/pagewalk", home);
}

/* Makes a directory and those above it that are missing. 0 or -errno. */
static int make_path(char *path)
{
	for (char *at = path + 1; *at; at++) {
		if (*at != '/')
			continue;
		*at = '\0';
		int err = mkdir(path, 0700) ? -errno : 0;
		bool there = !err || err == -EEXIST || !access(path, F_OK);

		*at = '/';
		if (!there)
			return err;
	}
	return mkdir(path, 0700) && errno != EEXIST ? -errno : 0;
}

/* A lock that is free within a moment, or -EWOULDBLOCK. */
static int lock_base(int base_fd)
{
	uint64_t end_ns = clock_mono_ns() + BASE_LOCK_NS;
	const struct timespec nap = { 0, 10 * (long)NS_PER_MS };

	while (flock(base_fd, LOCK_EX | LOCK_NB)) {
		if (errno != EWOULDBLOCK || clock_mono_ns() > end_ns)
			return -errno;
		nanosleep(&nap, NULL);
	}
	return 0;
}

/* Calls fn for each name in the directory that matches; the descriptor stays open. */
static void for_each_name(int dir_fd, const char *pattern, void (*fn)(int dir_fd, const char *name))
{
	int copy = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	const struct dirent *entry;

	if (!dir) {
		if (copy >= 0)
			close(copy);
		return;
	}
	while ((entry = readdir(dir)))
		if (!fnmatch(pattern, entry->d_name, 0))
			fn(dir_fd, entry->d_name);
	closedir(dir);
}

static void remove_file(int dir_fd, const char *name)
{
	unlinkat(dir_fd, name, 0);
}

/* Removes the files of a run whose lock is free, and then the directory. */
static void remove_stale(int base_fd, const char *name)
{
	int dir_fd = openat(base_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int lock_fd = -1;
	struct stat st;

	if (dir_fd < 0)
		return;
	if (!fstat(dir_fd, &st) && st.st_uid == geteuid()) {
		lock_fd = openat(dir_fd, LOCK_NAME, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
		if (lock_fd >= 0 && !flock(lock_fd, LOCK_EX | LOCK_NB)) {
			for_each_name(dir_fd, LANE_PATTERN, remove_file);
			remove_file(dir_fd, LOCK_NAME);
			unlinkat(base_fd, name, AT_REMOVEDIR);
		} else if (lock_fd < 0 && errno == ENOENT) {
			/* Killed before its lock was made: gone if it is empty, else not ours. */
			unlinkat(base_fd, name, AT_REMOVEDIR);
		}
	}
	if (lock_fd >= 0)
		close(lock_fd);
	close(dir_fd);
}

static int make_lock(struct run_dir *run)
{
	run->lock_fd = openat(run->dir_fd, LOCK_NAME, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (run->lock_fd < 0 || flock(run->lock_fd, LOCK_EX | LOCK_NB))
		return -errno;
	return 0;
}

/* Makes the directory of this run; run->path is set where it succeeded. */
static int make_run(struct run_dir *run, const char *base)
{
	char *path = xasprintf("%s/%s-XXXXXX", base, run->keep ? "kept" : "run");

	if (!mkdtemp(path)) {
		int err = -errno;

		free(path);
		return err;
	}
	run->path = path;
	run->dir_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (run->dir_fd < 0)
		return -errno;
	return run->keep ? 0 : make_lock(run);
}

static int open_in(struct run_dir *run, char *base, char *error, size_t room)
{
	int base_fd, err = make_path(base);

	if (err)
		return say(error, room, err, "cannot make directory", base);
	base_fd = open(base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (base_fd < 0)
		return say(error, room, -errno, "cannot open directory", base);
	err = lock_base(base_fd);
	if (err) {
		say(error, room, err, "cannot lock directory", base);
	} else {
		for_each_name(base_fd, RUN_PATTERN, remove_stale);
		err = make_run(run, base);
		if (err)
			say(error, room, err, "cannot make a directory in", base);
	}
	close(base_fd);
	return err;
}

int run_dir_open(const char *dir, bool keep, struct run_dir **out, char *error, size_t room)
{
	struct run_dir *run = xcalloc(1, sizeof(*run));
	char *base = dir ? xstrdup(dir) : default_base();
	int err;

	run->dir_fd = -1;
	run->lock_fd = -1;
	run->keep = keep;
	err = base[0] ? open_in(run, base, error, room)
		      : say(error, room, -ENOENT, "cannot make directory", "''");
	free(base);
	if (err) {
		run_dir_close(run);
		return err;
	}
	*out = run;
	return 0;
}

void run_dir_close(struct run_dir *run)
{
	if (!run)
		return;
	if (run->dir_fd >= 0 && !run->keep) {
		for_each_name(run->dir_fd, LANE_PATTERN, remove_file);
		remove_file(run->dir_fd, LOCK_NAME);
	}
	/* A directory that is kept holds files, unless the run failed early: then it goes. */
	if (run->path)
		rmdir(run->path);
	if (run->lock_fd >= 0)
		close(run->lock_fd);
	if (run->dir_fd >= 0)
		close(run->dir_fd);
	free(run->path);
	free(run);
}

const char *run_dir_path(const struct run_dir *run)
{
	return run->path;
}

int run_dir_check_space(const struct run_dir *run, uint64_t len_bytes, char *error, size_t room)
{
	char need[FMT_LEN], has[FMT_LEN];
	struct statvfs fs;
	uint64_t free_bytes;

	if (fstatvfs(run->dir_fd, &fs))
		return say(error, room, -errno, "cannot ask for free space of", run->path);
	free_bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
	if (len_bytes <= free_bytes)
		return 0;
	char *safe = text_safe_str(run->path);

	snprintf(error, room, "the lanes' files need %s, but %s has only %s free",
		 fmt_bytes_long(need, len_bytes), safe, fmt_bytes_long(has, free_bytes));
	free(safe);
	return -ENOSPC;
}
