/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_KERNEL_PRIVILEGE_H
#define PAGEWALK_KERNEL_PRIVILEGE_H

#include <stdint.h>

/*
 * Raises the hard limit of descriptors, which bounds the reading of faults, where that is allowed.
 * Then gives up for good every capability that looking does not need (capabilities(7)), in the
 * permitted and effective sets of this thread and of those it starts later; call it before threads
 * are started and after a command was. Without privilege it also asks execve(2) never to
 * give any (PR_SET_NO_NEW_PRIVS); root does not, because the actors of the lab are to
 * have root's full rights again. 0 or -errno.
 */
int privilege_reduce(void);
/* The capabilities that privilege_reduce() keeps, as bits. */
uint64_t privilege_kept(void);

#endif
