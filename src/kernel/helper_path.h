/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_KERNEL_HELPER_PATH_H
#define PAGEWALK_KERNEL_HELPER_PATH_H

/*
 * The path of a program of pagewalk's own ("pagewalk-actor"): beside pagewalk itself where that
 * runs in place, else where it was installed. The caller frees it.
 */
char *helper_path(const char *name);

#endif
