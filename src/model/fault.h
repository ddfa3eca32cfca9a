/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_MODEL_FAULT_H
#define PAGEWALK_MODEL_FAULT_H

#include "model/vma.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* What a page fault was for, as far as it can be told. */
enum fault_kind {
	FAULT_ANON_READ,    /* first touch by a load: the zero page is mapped */
	FAULT_ANON_WRITE,   /* first touch by a store: a new page */
	FAULT_STACK,        /* the stack grew */
	FAULT_FILE_MINOR,   /* a page of a file or of shared memory that was cached */
	FAULT_FILE_MAJOR,   /* the same, after waiting for storage */
	FAULT_SHARED_WRITE, /* a store to a shared file page that was clean: page_mkwrite */
	FAULT_COW,          /* a private page written: copied */
	FAULT_SWAP_IN,
	FAULT_HUGE, /* one fault mapped a huge page */
	FAULT_UFFD, /* handed to a userfaultfd */
	FAULT_SEGV, /* ended in SIGSEGV */
	FAULT_BUS,  /* ended in SIGBUS */
	FAULT_UNKNOWN,
	NR_FAULT_KIND,
};

enum fault_severity {
	FAULT_MINOR,
	FAULT_MAJOR,
	FAULT_FAILED, /* no page was mapped: a signal, or a system call that failed with EFAULT */
	NR_FAULT_SEVERITY,
};

/*
 * The bits of the hardware's error code of x86, as Documentation/arch/x86 and
 * asm/trap_pf.h (enum x86_pf_error_code) name them.
 */
enum fault_error {
	FAULT_ERROR_PRESENT = 1, /* a protection fault: the page was there */
	FAULT_ERROR_WRITE = 2,
	FAULT_ERROR_USER = 4,
	FAULT_ERROR_RESERVED = 8,
	FAULT_ERROR_INSTRUCTION = 16,
	FAULT_ERROR_PROTECTION_KEY = 32,
};

/* Why a kind, or a part of it, is not known. */
enum fault_doubt {
	FAULT_SURE,
	FAULT_NO_ERROR_CODE, /* whether it was a load or a store is not known */
	FAULT_NO_VMA,        /* the mapping that it struck was not seen */
	FAULT_DEVICE,        /* a device's or the kernel's own pages */
	FAULT_SPURIOUS, /* the page was there and could be read: another CPU was faster, or NUMA */
	FAULT_MAY_BE_HUGE, /* the process was gone before the leaf could be looked at */
	FAULT_WAITED,      /* anonymous and major, but nothing of the process was swapped */
	NR_FAULT_DOUBT,
};

/* One page fault. 56 bytes: many thousands of them are kept. */
struct fault {
	uint64_t t_ns; /* CLOCK_MONOTONIC */
	uint64_t addr; /* that was touched */
	uint64_t ip;   /* of the instruction, or 0 */
	pid_t pid, tid;
	uint32_t vma_id;         /* in the fault_space that saw it; FAULT_SPACE_NONE */
	uint32_t pages_mapped;   /* page table entries that it filled, 0: not known */
	uint32_t pages_inserted; /* into the page cache, by readahead */
	int16_t si_code;         /* of FAULT_SEGV and FAULT_BUS; 0: not known */
	uint8_t error_code;      /* enum fault_error */
	uint8_t has_error_code;
	uint8_t kind;           /* enum fault_kind */
	uint8_t severity;       /* enum fault_severity */
	uint8_t doubt;          /* enum fault_doubt */
	uint8_t in_kernel;      /* taken inside a system call */
	uint8_t evicted_before; /* its page was in the page cache and left it, during the watch */
};

/* What is known of the page and of the place, beside the fault itself. */
struct fault_facts {
	const struct vma *vma; /* NULL: not known */
	bool grew_stack;       /* the address lay below the stack as it was */
	bool was_swapped;      /* the page was in swap when last looked at */
	bool may_swap;         /* something of this process is or may be in swap */
	bool is_huge;          /* a huge leaf maps the address now */
	bool huge_unseen;      /* a huge leaf is possible there, but could not be looked for */
	bool is_zero;          /* the zero page does */
	bool page_known;       /* is_huge and is_zero were looked up */
	bool seen_before;      /* this page has faulted in this mapping before */
	bool has_uffd;         /* the mapping is registered with a userfaultfd */
	int signal;            /* SIGSEGV, SIGBUS or 0 */
};

/* Decides fault->kind and fault->doubt. The rules stand in fault.c, in their order. */
void fault_classify(struct fault *fault, const struct fault_facts *facts);
/* "anon-read": as in JSON and on the command line. */
const char *fault_kind_name(enum fault_kind kind);
/* "first touch, read: the zero page" */
const char *fault_kind_title(enum fault_kind kind);
/* False where there is no kind of that name. */
bool fault_kind_by_name(const char *name, enum fault_kind *kind);
/*
 * The kinds of a list such as "cow,swap-in" as bits. 0; or -EINVAL, and *bad is the first name that
 * is no kind's (within `list`, up to its comma).
 */
int fault_kinds_parse(const char *list, uint32_t *bits, const char **bad);
/* The names of all kinds, separated by blanks, into `out`; returns it. */
char *fault_kinds_text(char *out, size_t room);
/* "minor", "major", "failed" */
const char *fault_severity_name(enum fault_severity severity);
/* Why it is unknown, one clause; "" for FAULT_SURE. */
const char *fault_doubt_text(enum fault_doubt doubt);
/*
 * Which rule an access broke that ended in a signal: "no mapping there", "the mapping may not be
 * written". Static text.
 */
const char *fault_broken_rule(const struct fault *fault);

#endif
