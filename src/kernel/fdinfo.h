/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_KERNEL_FDINFO_H
#define PAGEWALK_KERNEL_FDINFO_H

#include "model/objects.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What /proc/PID/fdinfo/N says (proc_pid_fdinfo(5), Documentation/filesystems/proc.rst). */
struct fdinfo {
	bool has_pos, has_flags;
	uint64_t pos_bytes;
	unsigned flags; /* of open(2), without O_CLOEXEC */
	bool cloexec;
	uint64_t mnt_id; /* 0 where it is missing */
	char note[160];  /* what the kind's own lines say, one clause; "" none */
	struct obj_watch *watches;
	size_t nr_watches, room_watches;
	unsigned nr_inotify; /* watches of an inotify instance */
};

/* Parses the text; lines that are not known are skipped. The caller calls fdinfo_clear(). */
void fdinfo_parse(const char *text, size_t len_bytes, struct fdinfo *out);
void fdinfo_clear(struct fdinfo *info);

#endif
