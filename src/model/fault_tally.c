/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hash tables of rows that keep their place. A fault comes most often where the one before
 * came, so the last row is looked at first.
 *
 * A mapping is known by where it begins. Anonymous memory grows at its start as well, when the
 * kernel joins what is mapped below it, as an allocator does again and again: it is then known
 * by its end.
 */
#include "model/fault_tally.h"

#include "base/xalloc.h"

#include <stdlib.h>
#include <string.h>

#define FILE_HEADS 256

struct fault_tally {
	struct fault_numbers all;
	struct fault_tally_vma *vmas;
	struct fault_tally_site *sites;
	size_t nr_vmas, most_vmas, last_vma;
	size_t nr_sites, most_sites, last_site;
	/* Row + 1 by hash; 0 is free. Twice as large as there can be rows. */
	uint32_t *vma_slots, *end_slots, *site_slots; /* end: of anonymous mappings */
	size_t vma_mask, site_mask;
	uint32_t file_rows[FILE_HEADS]; /* row + 1 of the last mapping, by hash of its file */
};

static size_t slots_for(size_t rows)
{
	size_t slots = 16;

	while (slots < rows * 2)
		slots *= 2;
	return slots;
}

struct fault_tally *fault_tally_new(size_t most_vmas, size_t most_sites)
{
	struct fault_tally *tally = xcalloc(1, sizeof(*tally));

	tally->most_vmas = most_vmas;
	tally->most_sites = most_sites;
	tally->vma_mask = slots_for(most_vmas) - 1;
	tally->site_mask = slots_for(most_sites) - 1;
	/* One more for all others. */
	tally->vmas = xcalloc(most_vmas + 1, sizeof(*tally->vmas));
	tally->sites = xcalloc(most_sites + 1, sizeof(*tally->sites));
	tally->vma_slots = xcalloc(tally->vma_mask + 1, sizeof(uint32_t));
	tally->end_slots = xcalloc(tally->vma_mask + 1, sizeof(uint32_t));
	tally->site_slots = xcalloc(tally->site_mask + 1, sizeof(uint32_t));
	return tally;
}

void fault_tally_free(struct fault_tally *tally)
{
	if (!tally)
		return;
	for (size_t i = 0; i < tally->nr_vmas; i++)
		free(tally->vmas[i].name);
	for (size_t i = 0; i < tally->nr_sites; i++)
		free(tally->sites[i].module);
	free(tally->vmas);
	free(tally->sites);
	free(tally->vma_slots);
	free(tally->end_slots);
	free(tally->site_slots);
	free(tally);
}

static uint64_t mix(uint64_t value)
{
	value ^= value >> 33;
	value *= UINT64_C(0xff51afd7ed558ccd);
	return value ^ value >> 29;
}

static uint64_t hash_text(const char *text)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
	return hash;
}

/* A mapping that grows at its start is a stack: it is known by its end. */
static uint64_t vma_key(const struct vma *vma)
{
	return vma->kind == VMA_STACK ? vma->end_addr : vma->start_addr;
}

/* A file that was replaced by rename(2) is another one under the same path. */
static bool is_file(const struct fault_tally_vma *row, const struct vma *vma)
{
	if (!fault_evictions_concern(vma))
		return !row->inode;
	return row->inode == vma->inode && row->dev_minor == vma->dev_minor &&
	       row->dev_major == vma->dev_major;
}

static bool is_vma(const struct fault_tally_vma *row, pid_t pid, const struct vma *vma)
{
	uint64_t at = vma->kind == VMA_STACK ? row->end_addr : row->start_addr;

	return row->pid == pid && at == vma_key(vma) && row->perms == vma->perms &&
	       is_file(row, vma) && !strcmp(row->name, vma->path);
}

static uint32_t *file_head(struct fault_tally *tally, uint64_t inode)
{
	return &tally->file_rows[mix(inode) % FILE_HEADS];
}

static void note_file(struct fault_tally *tally, const struct vma *vma)
{
	struct fault_tally_vma *row = &tally->vmas[tally->nr_vmas];
	uint32_t *head = file_head(tally, vma->inode);

	row->inode = vma->inode;
	row->dev_major = vma->dev_major;
	row->dev_minor = vma->dev_minor;
	row->off_bytes = vma->off_bytes;
	row->next = *head;
	*head = (uint32_t)tally->nr_vmas + 1;
}

static size_t add_vma(struct fault_tally *tally, pid_t pid, const struct vma *vma)
{
	struct fault_tally_vma *row = &tally->vmas[tally->nr_vmas];

	*row = (struct fault_tally_vma){ .name = xstrdup(vma ? vma->path : "") };
	if (vma) {
		row->pid = pid;
		row->start_addr = vma->start_addr;
		row->end_addr = vma->end_addr;
		row->perms = vma->perms;
		if (fault_evictions_concern(vma))
			note_file(tally, vma);
	}
	return tally->nr_vmas++;
}

static size_t first_slot(const struct fault_tally *tally, pid_t pid, uint64_t addr)
{
	return mix(addr ^ (uint64_t)(uint32_t)pid << 40) & tally->vma_mask;
}

/* The row of an anonymous mapping that ends where this one does; SIZE_MAX: none. */
static size_t find_by_end(const struct fault_tally *tally, pid_t pid, const struct vma *vma)
{
	size_t at = first_slot(tally, pid, vma->end_addr);

	for (; tally->end_slots[at]; at = (at + 1) & tally->vma_mask) {
		const struct fault_tally_vma *row = &tally->vmas[tally->end_slots[at] - 1];

		if (row->pid == pid && row->end_addr == vma->end_addr && row->perms == vma->perms &&
		    !row->name[0])
			return tally->end_slots[at] - 1;
	}
	return SIZE_MAX;
}

static void note_end(struct fault_tally *tally, pid_t pid, const struct vma *vma, size_t row)
{
	size_t at = first_slot(tally, pid, vma->end_addr);

	while (tally->end_slots[at])
		at = (at + 1) & tally->vma_mask;
	tally->end_slots[at] = (uint32_t)row + 1;
}

static bool is_anon(const struct vma *vma)
{
	return vma->kind == VMA_ANON && vma->end_addr && !vma->path[0];
}

static size_t find_vma(struct fault_tally *tally, pid_t pid, const struct vma *vma)
{
	size_t at, found;

	if (tally->nr_vmas && is_vma(&tally->vmas[tally->last_vma], pid, vma))
		return tally->last_vma;
	at = first_slot(tally, pid, vma_key(vma));
	for (; tally->vma_slots[at]; at = (at + 1) & tally->vma_mask)
		if (is_vma(&tally->vmas[tally->vma_slots[at] - 1], pid, vma))
			return tally->vma_slots[at] - 1;
	found = is_anon(vma) ? find_by_end(tally, pid, vma) : SIZE_MAX;
	if (found != SIZE_MAX)
		return found;
	if (tally->nr_vmas >= tally->most_vmas) {
		if (tally->nr_vmas == tally->most_vmas)
			add_vma(tally, 0, NULL);
		return tally->most_vmas;
	}
	tally->vma_slots[at] = (uint32_t)tally->nr_vmas + 1;
	if (is_anon(vma))
		note_end(tally, pid, vma, tally->nr_vmas);
	return add_vma(tally, pid, vma);
}

static bool is_site(const struct fault_tally_site *row, const char *module, uint64_t off_bytes)
{
	return row->off_bytes == off_bytes && !strcmp(row->module, module);
}

static size_t add_site(struct fault_tally *tally, const char *module, uint64_t off_bytes)
{
	struct fault_tally_site *row = &tally->sites[tally->nr_sites];

	*row = (struct fault_tally_site){ .module = xstrdup(module), .off_bytes = off_bytes };
	return tally->nr_sites++;
}

static size_t find_site(struct fault_tally *tally, const struct fault *fault,
			const struct vma *code)
{
	const char *module = fault->in_kernel ? FAULT_MODULE_KERNEL : code ? code->path : "";
	uint64_t off_bytes = fault->ip;
	size_t at;

	if (code && code->inode && !fault->in_kernel)
		off_bytes = fault->ip - code->start_addr + code->off_bytes;
	if (tally->nr_sites && is_site(&tally->sites[tally->last_site], module, off_bytes))
		return tally->last_site;
	at = mix(off_bytes ^ hash_text(module)) & tally->site_mask;
	for (; tally->site_slots[at]; at = (at + 1) & tally->site_mask)
		if (is_site(&tally->sites[tally->site_slots[at] - 1], module, off_bytes))
			return tally->site_slots[at] - 1;
	if (tally->nr_sites >= tally->most_sites) {
		if (tally->nr_sites == tally->most_sites)
			add_site(tally, "", 0);
		return tally->most_sites;
	}
	tally->site_slots[at] = (uint32_t)tally->nr_sites + 1;
	at = add_site(tally, module, off_bytes);
	tally->sites[at].pid = fault->pid;
	tally->sites[at].ip = fault->ip;
	return at;
}

static void count(struct fault_numbers *numbers, const struct fault *fault)
{
	numbers->by_severity[fault->severity]++;
	numbers->by_kind[fault->kind]++;
}

void fault_tally_add(struct fault_tally *tally, const struct fault *fault, const struct vma *vma,
		     const struct vma *code)
{
	static const struct vma nowhere = { .path = "" };
	struct fault_tally_vma *row;

	count(&tally->all, fault);
	if (!vma)
		vma = &nowhere;
	tally->last_vma = find_vma(tally, fault->pid, vma);
	row = &tally->vmas[tally->last_vma];
	count(&row->numbers, fault);
	if (row->pid) {
		/* The heap grows up, a stack down, anonymous memory either way. */
		row->start_addr = vma->start_addr;
		row->end_addr = vma->end_addr;
		row->off_bytes = vma->off_bytes;
	}
	if (!row->first_ns)
		row->first_ns = fault->t_ns;
	row->last_ns = fault->t_ns;
	tally->last_site = find_site(tally, fault, code);
	count(&tally->sites[tally->last_site].numbers, fault);
}

/* How many pages of the eviction lie in the row's part of the file. */
static uint64_t pages_within(const struct fault_tally_vma *row,
			     const struct fault_eviction *eviction, unsigned page_shift)
{
	uint64_t first = row->off_bytes >> page_shift;
	uint64_t past = first + ((row->end_addr - row->start_addr) >> page_shift);
	uint64_t from = eviction->page > first ? eviction->page : first;
	uint64_t to = eviction->page + eviction->nr_pages;

	if (to > past)
		to = past;
	return from < to ? to - from : 0;
}

void fault_tally_evict(struct fault_tally *tally, const struct fault_eviction *eviction,
		       unsigned page_shift)
{
	const struct evicted_file *file = eviction->file;
	uint32_t at = *file_head(tally, file->inode);

	while (at) {
		struct fault_tally_vma *row = &tally->vmas[at - 1];

		/* What left before its first fault was never this mapping's. */
		if (row->inode == file->inode && row->dev_minor == file->dev_minor &&
		    row->dev_major == file->dev_major && row->first_ns <= eviction->t_ns)
			row->nr_evicted += pages_within(row, eviction, page_shift);
		at = row->next;
	}
}

const struct fault_numbers *fault_tally_numbers(const struct fault_tally *tally)
{
	return &tally->all;
}

uint64_t fault_numbers_sum(const struct fault_numbers *numbers)
{
	uint64_t sum = 0;

	for (int i = 0; i < NR_FAULT_SEVERITY; i++)
		sum += numbers->by_severity[i];
	return sum;
}

size_t fault_tally_nr_vmas(const struct fault_tally *tally)
{
	return tally->nr_vmas;
}

const struct fault_tally_vma *fault_tally_vma(const struct fault_tally *tally, size_t index)
{
	return &tally->vmas[index];
}

size_t fault_tally_nr_sites(const struct fault_tally *tally)
{
	return tally->nr_sites;
}

const struct fault_tally_site *fault_tally_site(const struct fault_tally *tally, size_t index)
{
	return &tally->sites[index];
}

size_t fault_tally_last_vma(const struct fault_tally *tally)
{
	return tally->last_vma;
}

size_t fault_tally_last_site(const struct fault_tally *tally)
{
	return tally->last_site;
}
