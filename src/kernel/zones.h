/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_KERNEL_ZONES_H
#define PAGEWALK_KERNEL_ZONES_H

#include "kernel/host.h"
#include "model/frames.h"

/*
 * The nodes and zones of physical memory from /proc/zoneinfo (proc_zoneinfo(5)).
 * Zones that span no frame are left out. 0 or -errno; the caller frees *out.
 */
int zones_read(const struct host *host, struct zone **out, size_t *nr);

/* Parses the text of /proc/zoneinfo; returns how many zones, *out is the caller's. */
size_t zones_parse(const char *text, size_t len_bytes, struct zone **out);

#endif
