/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_KERNEL_KALLSYMS_H
#define PAGEWALK_KERNEL_KALLSYMS_H

#include "base/why.h"
#include "kernel/host.h"

#include <stddef.h>
#include <stdint.h>

/*
 * The kernel's functions by address: /proc/kallsyms (proc(5)), read whole once. Addresses are all
 * zero for users without CAP_SYSLOG, where kernel.kptr_restrict forbids them, or in lockdown.
 */
struct kallsyms;

/* Always makes one; kallsyms_why() says whether it knows any name. */
struct kallsyms *kallsyms_new(const struct host *host);
/* The same from a text of that form, `len_bytes` long, which is taken over. For kallsyms_new(). */
struct kallsyms *kallsyms_parse(char *text, size_t len_bytes);
void kallsyms_free(struct kallsyms *kallsyms);
/* OK, DENIED (addresses are hidden), or why the file could not be read. */
enum why kallsyms_why(const struct kallsyms *kallsyms);
/*
 * The function that the address lies in, borrowed, and how many bytes after its beginning; NULL
 * where it lies before the first one.
 */
const char *kallsyms_find(const struct kallsyms *kallsyms, uint64_t addr, uint64_t *off_bytes);

#endif
