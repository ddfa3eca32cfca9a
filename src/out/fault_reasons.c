/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Why a place in a program has no name: code that is in no file (a JIT's), a file that is gone
 * or may not be read, a file without symbols.
 */
#include "out/fault_reasons.h"

#include <stddef.h>
#include <string.h>

#define NO_CODE     "the mapping of the instruction was not seen"
#define NO_FILE     "the code is in no file: made at run time (JIT)"
#define KERNEL_LINE "source lines of the kernel are not looked up"
#define NO_LINE     "the file has no debugging information there"

/* What symbols_find() (kernel/symbols.h) says of a module's file. */
static const char *lookup_reason(enum why why)
{
	switch (why) {
	case WHY_NOT_ASKED:
		return "not looked up (--no-symbols)";
	case WHY_GONE:
		return "the file that was mapped is gone";
	case WHY_DENIED:
		return "the file may not be read";
	default:
		return "the file names no function there (stripped)";
	}
}

/* What symbols_find_kernel() says. */
static const char *kernel_reason(enum why why)
{
	switch (why) {
	case WHY_NOT_ASKED:
		return lookup_reason(why);
	case WHY_DENIED:
		return "the kernel hides its addresses (kernel.kptr_restrict; as root)";
	default:
		return "/proc/kallsyms names no function there";
	}
}

const char *fault_module_reason(const struct fault_line *line)
{
	if (line->fault->in_kernel)
		return NULL;
	if (!line->code)
		return NO_CODE;
	return line->code->inode || line->code->path[0] ? NULL : NO_FILE;
}

const char *fault_symbol_reason(const struct fault_line *line)
{
	const char *reason = fault_module_reason(line);

	if (line->symbol && line->symbol[0])
		return NULL;
	if (line->fault->in_kernel)
		return kernel_reason(line->symbol ? line->symbol_why : WHY_NOT_ASKED);
	/* The kernel's own pages (vdso) have a name, but are no file. */
	if (!reason && !line->code->inode)
		return "the module is no file";
	return reason ? reason : lookup_reason(line->symbol ? line->symbol_why : WHY_NOT_ASKED);
}

const char *fault_source_reason(const struct fault_line *line)
{
	const char *reason = fault_symbol_reason(line);

	if (line->source && line->source[0])
		return NULL;
	if (!reason && line->fault->in_kernel)
		return KERNEL_LINE;
	return reason ? reason : NO_LINE;
}

const char *fault_site_module_reason(const struct fault_tally_site *site)
{
	return site->module[0] ? NULL : NO_FILE ", or its mapping was not seen";
}

const char *fault_site_symbol_reason(const struct fault_tally_site *site,
				     const struct fault_site_name *name)
{
	if (name && name->symbol[0])
		return NULL;
	if (!site->module[0])
		return fault_site_module_reason(site);
	if (!strcmp(site->module, FAULT_MODULE_KERNEL))
		return kernel_reason(name ? name->why : WHY_NOT_ASKED);
	return lookup_reason(name ? name->why : WHY_NOT_ASKED);
}

const char *fault_site_source_reason(const struct fault_tally_site *site,
				     const struct fault_site_name *name)
{
	const char *reason = fault_site_symbol_reason(site, name);

	if (name && name->source[0])
		return NULL;
	if (!reason && !strcmp(site->module, FAULT_MODULE_KERNEL))
		return KERNEL_LINE;
	return reason ? reason : NO_LINE;
}
