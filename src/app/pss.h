/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_APP_PSS_H
#define PAGEWALK_APP_PSS_H

#include "kernel/proc.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * The proportional set size of a process, read by a thread of its own: the kernel walks the whole
 * address space for it in one go (16 GiB: half a second), and no key shall wait for that.
 */
struct pss;

/* What one reading gave: 0 or -errno in `ret`. */
struct pss_result {
	int ret;
	uint64_t bytes, cost_ns;
};

/* Starts the thread on the same process; NULL where that cannot be. */
struct pss *pss_new(const struct proc *proc);
/* Waits for a reading under way. NULL is allowed. */
void pss_free(struct pss *pss);
/* Asks for a reading; nothing where one is under way. */
void pss_ask(struct pss *pss);
/* True, once, for each reading that has ended. */
bool pss_take(struct pss *pss, struct pss_result *result);

#endif
