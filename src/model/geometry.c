/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Address splitting. The lowest level is always the PTE; the highest always
 * carries the name PGD; in between, the kernel folds P4D first and PUD next.
 */
#include "model/geometry.h"

struct geometry geometry_make(uint64_t page_size_bytes, unsigned user_addr_bits)
{
	struct geometry g = { .user_addr_bits = user_addr_bits };
	unsigned index_bits;

	while ((UINT64_C(1) << g.page_shift) < page_size_bytes)
		g.page_shift++;
	index_bits = g.page_shift - 3;
	g.levels = (user_addr_bits - g.page_shift + index_bits - 1) / index_bits;
	if (g.levels < 2)
		g.levels = 2;
	if (g.levels > NR_LEVELS)
		g.levels = NR_LEVELS;
	return g;
}

uint64_t geometry_page_size(const struct geometry *g)
{
	return UINT64_C(1) << g->page_shift;
}

bool geometry_has_level(const struct geometry *g, enum level level)
{
	if (level == LEVEL_PGD)
		return true;
	return (unsigned)(LEVEL_PTE - level) < g->levels - 1;
}

/* How many present levels lie below this one. */
static unsigned levels_below(const struct geometry *g, enum level level)
{
	return level == LEVEL_PGD ? g->levels - 1 : (unsigned)(LEVEL_PTE - level);
}

static unsigned level_shift(const struct geometry *g, enum level level)
{
	return g->page_shift + levels_below(g, level) * (g->page_shift - 3);
}

uint64_t geometry_level_bytes(const struct geometry *g, enum level level)
{
	return UINT64_C(1) << level_shift(g, level);
}

struct addr_split geometry_split(const struct geometry *g, uint64_t addr)
{
	struct addr_split split = { .offset_bytes = addr & (geometry_page_size(g) - 1) };
	unsigned mask = (1u << (g->page_shift - 3)) - 1;

	for (enum level level = LEVEL_PGD; level < NR_LEVELS; level++)
		if (geometry_has_level(g, level))
			split.index[level] = (unsigned)(addr >> level_shift(g, level)) & mask;
	return split;
}

const char *level_name(enum level level)
{
	static const char *const names[NR_LEVELS] = {
		[LEVEL_PGD] = "PGD", [LEVEL_P4D] = "P4D", [LEVEL_PUD] = "PUD",
		[LEVEL_PMD] = "PMD", [LEVEL_PTE] = "PTE",
	};

	return names[level];
}

const char *level_key(enum level level)
{
	static const char *const keys[NR_LEVELS] = {
		[LEVEL_PGD] = "pgd", [LEVEL_P4D] = "p4d", [LEVEL_PUD] = "pud",
		[LEVEL_PMD] = "pmd", [LEVEL_PTE] = "pte",
	};

	return keys[level];
}
