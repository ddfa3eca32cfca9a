/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_KERNEL_KCMP_H
#define PAGEWALK_KERNEL_KCMP_H

#include "kernel/host.h"
#include "model/objects.h"

/*
 * kcmp(2) (Linux 3.5; for everybody since 5.12): are two pointers in two tasks the same? It
 * also orders them, by their addresses made unrecognizable, so that n of them are sorted in
 * n log n calls. It asks for ptrace read access to both tasks.
 */

/*
 * Compares a struct of two tasks: 0 the same, 1 or 2 less or greater, 3 different but without
 * an order, or -errno.
 */
int kcmp_share(const struct host *host, pid_t a, pid_t b, enum share share);
/* The same for the open files behind descriptor fd_a of task a and fd_b of b. */
int kcmp_file(const struct host *host, pid_t a, int fd_a, pid_t b, int fd_b);

/* A descriptor of some task, to be grouped with those that are the same open file. */
struct kcmp_fd {
	pid_t pid;
	int fd;
	uint32_t dev_major, dev_minor; /* of its inode: only equal ones are compared */
	uint64_t ino;
	uint32_t tag;   /* the caller's own */
	uint32_t group; /* out: equal for one open file */
	enum why why;   /* out: why it stands alone although others might be it */
};

/*
 * Puts items into an order where those of one open file are neighbours with equal `group`
 * (numbers from 0 on). Safe against descriptors that close or change meanwhile: such may
 * stand alone.
 */
void kcmp_group(const struct host *host, struct kcmp_fd *items, size_t nr);

#endif
