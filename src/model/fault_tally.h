/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_MODEL_FAULT_TALLY_H
#define PAGEWALK_MODEL_FAULT_TALLY_H

#include "model/fault.h"
#include "model/fault_evictions.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Faults counted by kind, by mapping and by the place in the program that took them. The memory
 * it takes is bounded: what finds no row any more is counted in the row "others".
 */
struct fault_tally;

struct fault_numbers {
	uint64_t by_severity[NR_FAULT_SEVERITY];
	uint64_t by_kind[NR_FAULT_KIND];
};

/* A mapping: of this process, beginning there, under that name, of that file. */
struct fault_tally_vma {
	pid_t pid; /* 0: the row of all others */
	uint64_t start_addr, end_addr;
	unsigned perms;
	char *name; /* raw path, "" for anonymous memory; owned by the tally */
	struct fault_numbers numbers;
	uint64_t first_ns, last_ns;
	/* Of a mapping of a file (fault_evictions_concern()); inode 0: of nothing such. */
	uint64_t inode, off_bytes;
	uint32_t dev_major, dev_minor;
	uint64_t nr_evicted; /* pages of its part of the file, since its first fault */
	uint32_t next;       /* row + 1 of another one whose file has the same hash */
};

/* The module of instructions of the kernel itself, which took a fault on a process's behalf. */
#define FAULT_MODULE_KERNEL "[kernel]"

/* An instruction: so far into the file of a module. */
struct fault_tally_site {
	char *module;       /* raw path; "" where the code is no file's; owned by the tally */
	uint64_t off_bytes; /* in the file; without a file, the address itself */
	pid_t pid;          /* of one process that took it there */
	uint64_t ip;        /* in that process */
	struct fault_numbers numbers;
};

/* At most so many rows of mappings and of sites. */
struct fault_tally *fault_tally_new(size_t most_vmas, size_t most_sites);
void fault_tally_free(struct fault_tally *tally);
/* Counts a fault. `vma` is the mapping that it struck, `code` that of its instruction; or NULL. */
void fault_tally_add(struct fault_tally *tally, const struct fault *fault, const struct vma *vma,
		     const struct vma *code);
/* Counts an eviction in the rows of all mappings that have the pages. */
void fault_tally_evict(struct fault_tally *tally, const struct fault_eviction *eviction,
		       unsigned page_shift);
const struct fault_numbers *fault_tally_numbers(const struct fault_tally *tally);
uint64_t fault_numbers_sum(const struct fault_numbers *numbers);
/* Rows in the order in which they came, borrowed; the last one may be that of all others. */
size_t fault_tally_nr_vmas(const struct fault_tally *tally);
const struct fault_tally_vma *fault_tally_vma(const struct fault_tally *tally, size_t index);
size_t fault_tally_nr_sites(const struct fault_tally *tally);
const struct fault_tally_site *fault_tally_site(const struct fault_tally *tally, size_t index);
/* The numbers of the mapping and of the site that fault_tally_add() counted last. */
size_t fault_tally_last_vma(const struct fault_tally *tally);
size_t fault_tally_last_site(const struct fault_tally *tally);

#endif
