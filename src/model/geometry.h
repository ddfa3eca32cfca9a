/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_MODEL_GEOMETRY_H
#define PAGEWALK_MODEL_GEOMETRY_H

#include <stdbool.h>
#include <stdint.h>

/*
 * How this machine splits an address (Documentation/mm/page_tables.rst). A page
 * table fills one page with entries of 8 bytes, so a level has page_size / 8
 * entries and index_bits = page_shift - 3; the number of levels follows from how
 * many bits a user address has. Nothing in pagewalk hard-codes 4096 or four levels.
 */
struct geometry {
	unsigned page_shift;     /* page size = 1 << page_shift bytes */
	unsigned levels;         /* 2 to 5 */
	unsigned user_addr_bits; /* user addresses are below 1 << user_addr_bits */
};

enum level {
	LEVEL_PGD,
	LEVEL_P4D,
	LEVEL_PUD,
	LEVEL_PMD,
	LEVEL_PTE,
	NR_LEVELS,
};

/* An address taken apart; index[] is meaningful where geometry_has_level(). */
struct addr_split {
	unsigned index[NR_LEVELS];
	uint64_t offset_bytes; /* within the page */
};

/* The geometry for a page size (a power of two >= 512) and user address bits. */
struct geometry geometry_make(uint64_t page_size_bytes, unsigned user_addr_bits);
uint64_t geometry_page_size(const struct geometry *g);
/* Levels that are folded away (P4D with four levels) have no index. */
bool geometry_has_level(const struct geometry *g, enum level level);
/* Bytes that one entry of this level maps: PTE 4 KiB, PMD 2 MiB, ... on x86-64. */
uint64_t geometry_level_bytes(const struct geometry *g, enum level level);
struct addr_split geometry_split(const struct geometry *g, uint64_t addr);
/* "PGD", "P4D", ... */
const char *level_name(enum level level);
/* "pgd", "p4d", ..., the names in JSON. */
const char *level_key(enum level level);

#endif
