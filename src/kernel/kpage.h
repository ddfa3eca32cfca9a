/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_KERNEL_KPAGE_H
#define PAGEWALK_KERNEL_KPAGE_H

#include "kernel/host.h"
#include "model/sources.h"

#include <stddef.h>
#include <stdint.h>

/*
 * What the kernel knows of each page frame: /proc/kpageflags (Linux 2.6.25), kpagecount
 * and kpagecgroup (Linux 4.3), all in Documentation/admin-guide/mm/pagemap.rst.
 */
struct kpage;

/* Opens what may be opened; never fails as a whole. The caller closes it. */
struct kpage *kpage_open(const struct host *host);
void kpage_close(struct kpage *kpage);
/* Why a source (SOURCE_KPAGEFLAGS, _KPAGECOUNT, _KPAGECGROUP) gives nothing, or WHY_OK. */
enum why kpage_why(const struct kpage *kpage, enum source source);
/*
 * Reads the source's value of each of nr frames into values[]. Neighbouring frames are
 * read together, whichever way they run. A frame number of 0 gives 0; a number that is no
 * frame gives `none`. 0 or -errno.
 */
int kpage_read(struct kpage *kpage, enum source source, const uint64_t *pfns, size_t nr,
	       uint64_t none, uint64_t *values);

/* One of several sources that are read of the same frames. */
struct kpage_want {
	enum source source;
	uint64_t none;
	uint64_t *values; /* room for as many as were planned */
	int ret;          /* out: 0 or -errno */
};

/*
 * The same in two steps, for more than one source. kpage_plan() copies the numbers. The sources
 * are read in turn, some frames at a time, while the kernel's record of these is still in
 * the processor's cache: the second then costs half.
 */
void kpage_plan(struct kpage *kpage, const uint64_t *pfns, size_t nr);
void kpage_read_planned(struct kpage *kpage, struct kpage_want *wants, size_t nr_wants);

#endif
