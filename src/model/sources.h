/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_MODEL_SOURCES_H
#define PAGEWALK_MODEL_SOURCES_H

#include "base/why.h"

#include <stdbool.h>
#include <stddef.h>

/* The interfaces that figures come from. */
enum source {
	SOURCE_MAPS,
	SOURCE_PAGEMAP,
	SOURCE_PAGEMAP_SCAN,
	SOURCE_FRAMES, /* frame numbers within pagemap: CAP_SYS_ADMIN */
	SOURCE_KPAGEFLAGS,
	SOURCE_KPAGECOUNT,
	SOURCE_KPAGECGROUP,
	SOURCE_CACHESTAT,
	SOURCE_MINCORE,
	SOURCE_STATUS,
	SOURCE_SMAPS,
	SOURCE_ZONEINFO,
	SOURCE_STAT,
	SOURCE_FD, /* the links of /proc/PID/fd */
	SOURCE_FDINFO,
	SOURCE_KCMP,
	SOURCE_NET,         /* tables of sockets in /proc/PID/net */
	SOURCE_OWN_MAPPING, /* of a file, for a moment (kernel/ownmap.h) */
	SOURCE_LINK,        /* root, cwd, exe, ns of /proc/PID */
	NR_SOURCE,
};

/* Which interface answered in one pass, and why another did not. */
struct sources {
	enum why why[NR_SOURCE];
};

/* Every source set to WHY_NOT_ASKED. */
void sources_init(struct sources *sources);
bool sources_has(const struct sources *sources, enum source source);
/* "pagemap", "kpageflags", "cachestat", ... */
const char *source_name(enum source source);
/*
 * One clause that says why a source gave nothing and what would make it answer:
 * "denied: frame numbers need CAP_SYS_ADMIN (sudo, or setcap)". Fills and returns
 * `out`.
 */
char *source_refusal(enum source source, enum why why, char *out, size_t room);
/* "pagemap kpageflags kpagecount": those that answered. Fills and returns `out`. */
char *sources_text(const struct sources *sources, char *out, size_t room);

#endif
