/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_APP_WAKE_H
#define PAGEWALK_APP_WAKE_H

#include <stdint.h>

/* Threads that wake each other by an eventfd(2). */

/* A new eventfd, non-blocking and close-on-exec; aborts where the kernel has none left. */
int wake_new(void);
void wake_send(int fd);
/* Forgets that somebody sent. */
void wake_clear(int fd);
/* Waits until somebody sends or t_ns have gone by; UINT64_MAX: without end. Clears it. */
void wake_wait(int fd, uint64_t t_ns);

#endif
