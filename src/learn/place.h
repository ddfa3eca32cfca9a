/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_LEARN_PLACE_H
#define PAGEWALK_LEARN_PLACE_H

#include <stdbool.h>

/*
 * The directory for a lesson's files: `asked`, or where that is NULL the first of $TMPDIR, /var/tmp
 * and $HOME that may be written and is not memory. *on_disk is false for tmpfs and ramfs, whose
 * pages are the only copy and cannot be dropped (statfs(2)). Borrowed from the arguments, the
 * environment, or static.
 */
const char *place_choose(const char *asked, bool *on_disk);

#endif
