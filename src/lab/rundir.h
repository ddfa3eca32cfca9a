/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_LAB_RUNDIR_H
#define PAGEWALK_LAB_RUNDIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The directory that holds the files of one run of the lab. While the run lives it holds
 * a lock (flock(2)), which the kernel drops however the run ends; the next run removes
 * directories whose lock is free.
 */
struct run_dir;

/*
 * Makes a directory for this run in `dir` (NULL: $XDG_CACHE_HOME/pagewalk or
 * ~/.cache/pagewalk; created, 0700, where it is missing) and removes what runs that were
 * killed left there. With `keep` its files outlive it; else a process of the program at actor_path
 * waits beside it and removes them should the caller be killed. That process is a child of the
 * caller until run_dir_close() ends it. 0, or -errno with one line in error[room].
 */
int run_dir_open(const char *dir, bool keep, const char *actor_path, struct run_dir **out,
		 char *error, size_t room);
/* Removes the files and the directory unless they are to be kept. */
void run_dir_close(struct run_dir *run);
/* Its path, borrowed. */
const char *run_dir_path(const struct run_dir *run);
/* 0 where `len_bytes` fit (statvfs(3)), else -ENOSPC with one line in error[room], or -errno. */
int run_dir_check_space(const struct run_dir *run, uint64_t len_bytes, char *error, size_t room);

#endif
