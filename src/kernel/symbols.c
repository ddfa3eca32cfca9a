/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Symbols by libdwfl, each module reported for itself: what is asked is an offset in a file, so
 * no address space need be reconstructed, and a process that has ended can still be asked about.
 * A module is known by its device and inode. Its file is opened by /proc/PID/map_files
 * (CAP_CHECKPOINT_RESTORE or CAP_SYS_ADMIN), else by its path, if that still leads to the inode.
 *
 * libdw and what it needs are loaded when the first name is asked for (base/library.h).
 */
#include "kernel/symbols.h"

#include "base/library.h"
#include "base/xalloc.h"
#include "kernel/kallsyms.h"

#include <elfutils/libdwfl.h>
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define MOST_MODULES 256

/* The functions of libdw.so.1 and libelf.so.1 that are used, under their own names. */
struct dw {
	bool loaded;
	__typeof__(&dwfl_begin) dwfl_begin;
	__typeof__(&dwfl_end) dwfl_end;
	__typeof__(&dwfl_report_begin) dwfl_report_begin;
	__typeof__(&dwfl_report_offline) dwfl_report_offline;
	__typeof__(&dwfl_report_end) dwfl_report_end;
	__typeof__(&dwfl_module_getelf) dwfl_module_getelf;
	__typeof__(&dwfl_module_addrinfo) dwfl_module_addrinfo;
	__typeof__(&dwfl_module_getsrc) dwfl_module_getsrc;
	__typeof__(&dwfl_lineinfo) dwfl_lineinfo;
	__typeof__(&dwfl_build_id_find_elf) dwfl_build_id_find_elf;
	__typeof__(&dwfl_standard_find_debuginfo) dwfl_standard_find_debuginfo;
	__typeof__(&dwfl_offline_section_address) dwfl_offline_section_address;
	__typeof__(&elf_getphdrnum) elf_getphdrnum;
	__typeof__(&gelf_getphdr) gelf_getphdr;
};

static const struct library_function dw_functions[] = {
	{ "dwfl_begin", offsetof(struct dw, dwfl_begin) },
	{ "dwfl_end", offsetof(struct dw, dwfl_end) },
	{ "dwfl_report_begin", offsetof(struct dw, dwfl_report_begin) },
	{ "dwfl_report_offline", offsetof(struct dw, dwfl_report_offline) },
	{ "dwfl_report_end", offsetof(struct dw, dwfl_report_end) },
	{ "dwfl_module_getelf", offsetof(struct dw, dwfl_module_getelf) },
	{ "dwfl_module_addrinfo", offsetof(struct dw, dwfl_module_addrinfo) },
	{ "dwfl_module_getsrc", offsetof(struct dw, dwfl_module_getsrc) },
	{ "dwfl_lineinfo", offsetof(struct dw, dwfl_lineinfo) },
	{ "dwfl_build_id_find_elf", offsetof(struct dw, dwfl_build_id_find_elf) },
	{ "dwfl_standard_find_debuginfo", offsetof(struct dw, dwfl_standard_find_debuginfo) },
	{ "dwfl_offline_section_address", offsetof(struct dw, dwfl_offline_section_address) },
};

static const struct library_function elf_functions[] = {
	{ "elf_getphdrnum", offsetof(struct dw, elf_getphdrnum) },
	{ "gelf_getphdr", offsetof(struct dw, gelf_getphdr) },
};

/* False where the libraries, or one of the functions, are not there. */
static bool load(struct dw *dw)
{
	dw->loaded = dw->loaded ||
		     (library_find("libdw.so.1", dw_functions,
				   sizeof(dw_functions) / sizeof(dw_functions[0]), dw) &&
		      library_find("libelf.so.1", elf_functions,
				   sizeof(elf_functions) / sizeof(elf_functions[0]), dw));
	return dw->loaded;
}

struct module {
	uint32_t dev_major, dev_minor;
	uint64_t inode;
	enum why why;
	Dwfl *dwfl; /* NULL: `why` */
	Dwfl_Module *dwfl_module;
};

struct symbols {
	const struct host *host;
	struct dw dw;
	Dwfl_Callbacks callbacks;
	struct module modules[MOST_MODULES];
	size_t nr_modules;
	struct kallsyms *kernel; /* NULL: not asked for yet */
};

struct symbols *symbols_new(const struct host *host)
{
	struct symbols *symbols = xcalloc(1, sizeof(*symbols));

	symbols->host = host;
	return symbols;
}

static void close_module(const struct dw *dw, struct module *module)
{
	if (module->dwfl)
		dw->dwfl_end(module->dwfl);
}

void symbols_free(struct symbols *symbols)
{
	if (!symbols)
		return;
	for (size_t i = 0; i < symbols->nr_modules; i++)
		close_module(&symbols->dw, &symbols->modules[i]);
	kallsyms_free(symbols->kernel);
	free(symbols);
}

/* A descriptor of the file that is mapped, or -errno. */
static int open_mapped(const struct symbols *symbols, pid_t pid, const struct vma *code)
{
	char path[96];
	struct stat status;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/map_files/%llx-%llx", (int)pid,
		 (unsigned long long)code->start_addr, (unsigned long long)code->end_addr);
	fd = host_open(symbols->host, path, O_RDONLY);
	if (fd >= 0)
		return fd;
	if (code->path[0] != '/')
		return -ENOENT;
	/* Never a device or a FIFO: opening one may block, or do something. */
	if (stat(code->path, &status))
		return -errno;
	if (!S_ISREG(status.st_mode) || status.st_ino != code->inode)
		return -ENOENT;
	fd = open(code->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

static void open_module(struct symbols *symbols, struct module *module, pid_t pid,
			const struct vma *code)
{
	const struct dw *dw = &symbols->dw;
	int fd = load(&symbols->dw) ? open_mapped(symbols, pid, code) : -ENOSYS;

	module->why = fd < 0 ? why_from_errno(-fd) : WHY_UNSUPPORTED;
	if (fd < 0)
		return;
	symbols->callbacks = (Dwfl_Callbacks){
		.find_elf = dw->dwfl_build_id_find_elf,
		.find_debuginfo = dw->dwfl_standard_find_debuginfo,
		.section_address = dw->dwfl_offline_section_address,
	};
	module->dwfl = dw->dwfl_begin(&symbols->callbacks);
	if (module->dwfl) {
		dw->dwfl_report_begin(module->dwfl);
		/* It owns the descriptor from here, when it succeeds. */
		module->dwfl_module = dw->dwfl_report_offline(module->dwfl, code->path, code->path,
							      fd);
		dw->dwfl_report_end(module->dwfl, NULL, NULL);
	}
	if (module->dwfl_module) {
		module->why = WHY_OK;
		return;
	}
	close(fd);
	if (module->dwfl)
		dw->dwfl_end(module->dwfl);
	module->dwfl = NULL;
}

static struct module *find_module(struct symbols *symbols, pid_t pid, const struct vma *code)
{
	struct module *module;

	for (size_t i = 0; i < symbols->nr_modules; i++) {
		module = &symbols->modules[i];
		if (module->inode == code->inode && module->dev_major == code->dev_major &&
		    module->dev_minor == code->dev_minor)
			return module;
	}
	if (symbols->nr_modules == MOST_MODULES)
		close_module(&symbols->dw, &symbols->modules[--symbols->nr_modules]);
	module = &symbols->modules[symbols->nr_modules++];
	*module = (struct module){ .dev_major = code->dev_major,
				   .dev_minor = code->dev_minor,
				   .inode = code->inode };
	open_module(symbols, module, pid, code);
	return module;
}

/* The address that the module's own headers give to an offset in its file. */
static bool vaddr_of_offset(const struct dw *dw, struct module *module, uint64_t off_bytes,
			    GElf_Addr *addr)
{
	GElf_Addr bias;
	Elf *elf = dw->dwfl_module_getelf(module->dwfl_module, &bias);
	size_t nr;

	if (!elf || dw->elf_getphdrnum(elf, &nr))
		return false;
	for (size_t i = 0; i < nr; i++) {
		GElf_Phdr header;

		if (!dw->gelf_getphdr(elf, (int)i, &header) || header.p_type != PT_LOAD ||
		    off_bytes < header.p_offset || off_bytes - header.p_offset >= header.p_filesz)
			continue;
		*addr = off_bytes - header.p_offset + header.p_vaddr + bias;
		return true;
	}
	return false;
}

static char *source_of(const struct dw *dw, struct module *module, GElf_Addr addr)
{
	Dwfl_Line *line = dw->dwfl_module_getsrc(module->dwfl_module, addr);
	const char *file, *slash;
	int number;

	file = line ? dw->dwfl_lineinfo(line, &addr, &number, NULL, NULL, NULL) : NULL;
	if (!file)
		return xstrdup("");
	slash = strrchr(file, '/');
	return xasprintf("%s:%d", slash && slash[1] ? slash + 1 : file, number);
}

void symbols_find_kernel(struct symbols *symbols, uint64_t ip, struct symbol *out)
{
	const char *name;

	if (!symbols->kernel)
		symbols->kernel = kallsyms_new(symbols->host);
	*out = (struct symbol){ .why = kallsyms_why(symbols->kernel), .source = xstrdup("") };
	name = kallsyms_find(symbols->kernel, ip, &out->off_bytes);
	if (!name && out->why == WHY_OK)
		out->why = WHY_UNSUPPORTED;
	out->name = xstrdup(name ? name : "");
}

void symbols_find(struct symbols *symbols, pid_t pid, const struct vma *code, uint64_t ip,
		  struct symbol *out)
{
	struct module *module;
	GElf_Addr addr;
	GElf_Off off = 0;
	GElf_Sym symbol;
	const char *name = NULL;

	*out = (struct symbol){ .why = WHY_UNSUPPORTED };
	if (code && code->inode) {
		module = find_module(symbols, pid, code);
		out->why = module->why;
		if (module->why == WHY_OK &&
		    vaddr_of_offset(&symbols->dw, module, ip - code->start_addr + code->off_bytes,
				    &addr)) {
			name = symbols->dw.dwfl_module_addrinfo(module->dwfl_module, addr, &off,
								&symbol, NULL, NULL, NULL);
			out->source = source_of(&symbols->dw, module, addr);
		}
		out->off_bytes = name ? off : 0;
		if (module->why == WHY_OK && !name)
			out->why = WHY_UNSUPPORTED;
	}
	out->name = xstrdup(name ? name : "");
	if (!out->source)
		out->source = xstrdup("");
}

void symbol_clear(struct symbol *symbol)
{
	free(symbol->name);
	free(symbol->source);
	*symbol = (struct symbol){ 0 };
}
