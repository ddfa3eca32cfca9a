/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_KERNEL_PLIST_H
#define PAGEWALK_KERNEL_PLIST_H

#include "model/plist.h"

/*
 * The processes of the machine, by libproc2 (procps_pids(3)). 0 or -errno; the
 * caller frees *out with plist_free().
 */
int plist_read(struct plist **out);

#endif
