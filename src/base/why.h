/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_BASE_WHY_H
#define PAGEWALK_BASE_WHY_H

/* Why a figure is not known. Unknown is data: it is drawn, never replaced by 0. */
enum why {
	WHY_OK,          /* it is known */
	WHY_NOT_ASKED,   /* nobody wanted it in this pass */
	WHY_DENIED,      /* the kernel refused: privilege is missing */
	WHY_UNSUPPORTED, /* this kernel or this kind of object does not have it */
	WHY_GONE,        /* the process, mapping or file went away meanwhile */
	WHY_TRUNCATED,   /* less came back than was asked for */
	NR_WHY,
};

/* One word: "ok", "denied", "unsupported", ... */
const char *why_name(enum why why);

/*
 * The reason behind an errno value (positive): EPERM and EACCES are DENIED,
 * ESRCH GONE, ENOENT GONE, everything that says "no such operation" UNSUPPORTED.
 */
enum why why_from_errno(int err);

#endif
