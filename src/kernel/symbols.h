/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_KERNEL_SYMBOLS_H
#define PAGEWALK_KERNEL_SYMBOLS_H

#include "base/why.h"
#include "kernel/host.h"
#include "model/vma.h"

#include <stdint.h>
#include <sys/types.h>

/*
 * Names for places in programs and in the kernel: the function and, in programs where there is
 * debugging information, the source line (libdw of elfutils). Modules stay open between questions. One thread's only;
 * the first question about a module may take a while.
 */
struct symbols;

struct symbol {
	enum why
		why; /* why there is no name: GONE: the file is; UNSUPPORTED: stripped, or no file */
	char *name;  /* raw, "" where not known; the caller frees it */
	uint64_t off_bytes; /* into the function */
	char *source;       /* "main.c:12", "" where not known; the caller frees it */
};

struct symbols *symbols_new(const struct host *host);
void symbols_free(struct symbols *symbols);
/*
 * Names the instruction at `ip` of the kernel (kernel/kallsyms.h); no source line. `why` is DENIED
 * where the kernel hides its addresses from this user.
 */
void symbols_find_kernel(struct symbols *symbols, uint64_t ip, struct symbol *out);
/*
 * Names the instruction at `ip` of process `pid`, which lies in the mapping `code`. The file is
 * opened through the process where that is possible, so that it is the one that is mapped, also
 * when it was deleted or lies in another mount namespace.
 */
void symbols_find(struct symbols *symbols, pid_t pid, const struct vma *code, uint64_t ip,
		  struct symbol *out);
void symbol_clear(struct symbol *symbol);

#endif
