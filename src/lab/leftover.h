/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_LAB_LEFTOVER_H
#define PAGEWALK_LAB_LEFTOVER_H

/*
 * What runs of the lab leave in their base directory where they are killed (lab/rundir.h says
 * what lies there), and its removal: by the tidy role of the actor at once, else by the next run.
 */
#define RUN_LOCK_NAME "pagewalk.lock"

/*
 * Takes the lock of the base directory, under which runs are made and leftovers removed. It is of
 * the open file, so whoever was given the descriptor too has it with us. 0, -EWOULDBLOCK where
 * it is not free within seconds, or -errno.
 */
int leftover_lock(int base_fd);
void leftover_unlock(int base_fd);
/* Removes runs that nobody holds any more. The caller holds the lock. */
void leftover_remove_all(int base_fd);
/* Removes the files of a run's directory: how many. */
unsigned leftover_empty(int run_fd);

#endif
