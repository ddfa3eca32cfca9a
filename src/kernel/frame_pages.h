/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_KERNEL_FRAME_PAGES_H
#define PAGEWALK_KERNEL_FRAME_PAGES_H

#include "kernel/walk.h"
#include "model/fold.h"
#include "model/frame_pages.h"

/*
 * Which pages of a process lie in a range of frames: a walk over the frame numbers in its
 * pagemap (Documentation/admin-guide/mm/pagemap.rst). pages->why says why it is not known.
 * 0 or -errno; -ECANCELED and its like from the walker's hook leave `pages` unfinished.
 */
int frame_pages_read(struct walker *walker, const struct host *host, const struct fold *fold,
		     struct frame_pages *pages);
/* What the frames of the range are used for, from kpageflags, where it is small enough. */
void frame_pages_read_uses(const struct host *host, struct frame_pages *pages);
/*
 * The first page from from_vpn on that is present or swapped, before past_vpn; or with `back`
 * the last one of [from_vpn, past_vpn). 0, -ENOENT where there is none, or -errno.
 */
int walk_seek(struct walker *walker, uint64_t from_vpn, uint64_t past_vpn, bool back,
	      uint64_t *vpn);

#endif
