/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the lanes' files lie, and that they do not lie about afterwards:
 *
 *	BASE/run-XXXXXX/pagewalk.lock	locked as long as the run lives
 *	BASE/run-XXXXXX/lane-1-....bin
 *	BASE/kept-XXXXXX/...		made with --keep; never removed by us
 *
 * Making and cleaning happen under a lock of BASE itself, so that no run is taken for a
 * stale one between mkdtemp(3) and its own lock. A run that is killed is cleaned up after by
 * the tidy role of the actor, which is there before the directory is (lab/tidy.c); should that
 * be killed too, by the next run.
 */
#include "lab/rundir.h"

#include "base/fmt.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "lab/leftover.h"
#include "lab/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

struct run_dir {
	char *path;
	int dir_fd;
	int lock_fd; /* -1 with keep */
	bool keep;
	struct actor tidy; /* none with keep */
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

static int make_lock(struct run_dir *run)
{
	run->lock_fd = openat(run->dir_fd, RUN_LOCK_NAME, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC,
			      0600);
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

/* Started first, so that there is no moment without it. */
static int start_tidy(struct run_dir *run, int base_fd, char *base, const char *actor_path,
		      char *error, size_t room)
{
	char *const argv[] = { (char *)"pagewalk-actor", (char *)"tidy", base, NULL };
	int err = run->keep ? 0 : actor_spawn_with(&run->tidy, actor_path, argv, base_fd);

	return err ? say(error, room, err, "cannot start", actor_path) : 0;
}

static void end_tidy(struct run_dir *run)
{
	const struct wire_message dismiss = wire_message_make(WIRE_DISMISS);
	struct actor *const actors[] = { &run->tidy };

	if (run->tidy.pid)
		actor_tell(&run->tidy, &dismiss);
	actors_end(actors, 1);
}

static int open_in(struct run_dir *run, char *base, const char *actor_path, char *error,
		   size_t room)
{
	int base_fd, err = make_path(base);

	if (err)
		return say(error, room, err, "cannot make directory", base);
	base_fd = open(base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (base_fd < 0)
		return say(error, room, -errno, "cannot open directory", base);
	err = start_tidy(run, base_fd, base, actor_path, error, room);
	if (err)
		goto out;
	err = leftover_lock(base_fd);
	if (err) {
		say(error, room, err, "cannot lock directory", base);
	} else {
		leftover_remove_all(base_fd);
		err = make_run(run, base);
		if (err)
			say(error, room, err, "cannot make a directory in", base);
		/* The tidy process has the descriptor too: closing ours would not be enough. */
		leftover_unlock(base_fd);
	}
out:
	close(base_fd);
	return err;
}

int run_dir_open(const char *dir, bool keep, const char *actor_path, struct run_dir **out,
		 char *error, size_t room)
{
	struct run_dir *run = xcalloc(1, sizeof(*run));
	char *base = dir ? xstrdup(dir) : default_base();
	int err;

	run->dir_fd = -1;
	run->lock_fd = -1;
	run->keep = keep;
	actor_init(&run->tidy);
	err = base[0] ? open_in(run, base, actor_path, error, room)
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
	if (run->dir_fd >= 0 && !run->keep)
		leftover_empty(run->dir_fd);
	/* A directory that is kept holds files, unless the run failed early: then it goes. */
	if (run->path)
		rmdir(run->path);
	if (run->lock_fd >= 0)
		close(run->lock_fd);
	if (run->dir_fd >= 0)
		close(run->dir_fd);
	end_tidy(run);
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
