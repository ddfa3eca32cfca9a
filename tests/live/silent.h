/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_TESTS_SILENT_H
#define PAGEWALK_TESTS_SILENT_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/types.h>

/*
 * A FUSE file system of one file, "file", that answers until it is told to fall silent, and a
 * process that has the file open and mapped by then. It speaks to /dev/fuse itself.
 */
#define SILENT_FILE_BYTES (1 << 20)

struct silent {
	char dir[128], path[160];
	int fuse_fd, wake_fd;
	pthread_t thread;
	atomic_bool mute;
	pid_t holder; /* it has the file open as descriptor `holder_fd` */
	int holder_fd;
};

/* Mounts it at a directory that this makes. False with the reason where that is not for us. */
bool silent_start(struct silent *silent, const char *dir, const char **why);
/* Starts the process, and then falls silent. */
void silent_hold(struct silent *silent);
/* Ends the process, unmounts, and removes the directory. */
void silent_end(struct silent *silent);

#endif
