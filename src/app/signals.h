/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_APP_SIGNALS_H
#define PAGEWALK_APP_SIGNALS_H

/*
 * Signals as events. From signals_open() on, the signals that a user or a terminal sends are
 * blocked in this thread and in every thread started after it, and are read from a
 * signalfd(2); signals of a crash give the terminal back first.
 */

/* Returns the signalfd; aborts where the kernel has none left. */
int signals_open(void);
/* The next signal that waits, 0 when there is none. */
int signals_next(int fd);
void signals_close(int fd);

#endif
