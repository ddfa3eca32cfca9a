/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A map from addresses to mappings that changes with time. What is mapped now is an array of
 * extents in address order; what was ever mapped is a table of VMAs that only grows, into which
 * extents and faults point by number.
 */
#include "model/fault_space.h"

#include "base/xalloc.h"

#include <stdlib.h>
#include <string.h>

/* How far below a stack's start an access may make it grow: RLIMIT_STACK's usual 8 MiB. */
#define STACK_REACH_BYTES (UINT64_C(8) << 20)

struct extent {
	uint64_t start_addr, end_addr;
	uint32_t id;
};

struct fault_space {
	uint64_t page_bytes;
	struct extent *extents; /* in address order, without overlap */
	size_t nr, room;
	struct vma *vmas; /* by number; paths owned */
	size_t nr_vmas, vmas_room;
};

struct fault_space *fault_space_new(uint64_t page_bytes)
{
	struct fault_space *space = xcalloc(1, sizeof(*space));

	space->page_bytes = page_bytes;
	return space;
}

void fault_space_free(struct fault_space *space)
{
	if (!space)
		return;
	for (size_t i = 0; i < space->nr_vmas; i++)
		free((char *)space->vmas[i].path);
	free(space->vmas);
	free(space->extents);
	free(space);
}

/* Index of the first extent that ends behind addr. */
static size_t first_behind(const struct fault_space *space, uint64_t addr)
{
	size_t low = 0, high = space->nr;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (space->extents[middle].end_addr <= addr)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void insert_extent(struct fault_space *space, size_t index, struct extent extent)
{
	space->extents = xgrow(space->extents, space->nr, &space->room, sizeof(*space->extents));
	memmove(&space->extents[index + 1], &space->extents[index],
		(space->nr - index) * sizeof(*space->extents));
	space->extents[index] = extent;
	space->nr++;
}

static void remove_extents(struct fault_space *space, size_t index, size_t nr)
{
	if (!nr)
		return;
	memmove(&space->extents[index], &space->extents[index + nr],
		(space->nr - index - nr) * sizeof(*space->extents));
	space->nr -= nr;
}

static uint32_t add_vma(struct fault_space *space, const struct vma *vma)
{
	space->vmas = xgrow(space->vmas, space->nr_vmas, &space->vmas_room, sizeof(*space->vmas));
	space->vmas[space->nr_vmas] = *vma;
	space->vmas[space->nr_vmas].path = xstrdup(vma->path ? vma->path : "");
	return (uint32_t)space->nr_vmas++;
}

/* The extent's VMA says where it lies; a file's offset moves with its start. */
static void set_borders(struct fault_space *space, size_t index, uint64_t start_addr,
			uint64_t end_addr)
{
	struct extent *extent = &space->extents[index];
	struct vma *vma = &space->vmas[extent->id];

	vma->off_bytes += start_addr - vma->start_addr;
	vma->start_addr = extent->start_addr = start_addr;
	vma->end_addr = extent->end_addr = end_addr;
}

/* Takes [start, end) out of the extents; one that it splits keeps its number below. */
static void cut(struct fault_space *space, uint64_t start_addr, uint64_t end_addr)
{
	size_t index = first_behind(space, start_addr), nr = 0;

	if (index < space->nr && space->extents[index].start_addr < start_addr) {
		struct extent whole = space->extents[index];

		if (whole.end_addr > end_addr) {
			struct vma tail = space->vmas[whole.id];
			uint32_t id;

			tail.off_bytes += end_addr - tail.start_addr;
			tail.start_addr = end_addr;
			id = add_vma(space, &tail);
			insert_extent(space, index + 1,
				      (struct extent){ end_addr, whole.end_addr, id });
		}
		set_borders(space, index, whole.start_addr, start_addr);
		index++;
	}
	while (index + nr < space->nr && space->extents[index + nr].end_addr <= end_addr)
		nr++;
	remove_extents(space, index, nr);
	if (index < space->nr && space->extents[index].start_addr < end_addr)
		set_borders(space, index, end_addr, space->extents[index].end_addr);
}

static bool same_object(const struct vma *a, const struct vma *b)
{
	return a->perms == b->perms && a->kind == b->kind && a->inode == b->inode &&
	       a->dev_major == b->dev_major && a->dev_minor == b->dev_minor &&
	       !strcmp(a->path, b->path ? b->path : "");
}

/* True where `vma` goes on where the extent at index ends. */
static bool continues(const struct fault_space *space, size_t index, const struct vma *vma)
{
	const struct vma *before = &space->vmas[space->extents[index].id];

	return before->end_addr == vma->start_addr && same_object(before, vma) &&
	       (!vma->inode || before->off_bytes + vma_len_bytes(before) == vma->off_bytes);
}

/* True where this is a stack that is known already: how far it grew is told by its faults. */
static bool is_known_stack(const struct fault_space *space, const struct vma *vma)
{
	size_t index;

	if (vma->kind != VMA_STACK)
		return false;
	index = first_behind(space, vma->end_addr - 1);
	return index < space->nr && space->extents[index].end_addr == vma->end_addr &&
	       space->extents[index].start_addr >= vma->start_addr &&
	       space->vmas[space->extents[index].id].kind == VMA_STACK;
}

void fault_space_map(struct fault_space *space, const struct vma *vma)
{
	size_t index;

	if (vma->start_addr >= vma->end_addr || is_known_stack(space, vma))
		return;
	index = first_behind(space, vma->start_addr);
	if (index < space->nr) {
		const struct vma *there = &space->vmas[space->extents[index].id];

		/* Known already, or grown at its end like the heap: it keeps its number. */
		if (there->start_addr == vma->start_addr && there->end_addr <= vma->end_addr &&
		    there->off_bytes == vma->off_bytes && same_object(there, vma)) {
			if (there->end_addr < vma->end_addr)
				cut(space, there->end_addr, vma->end_addr);
			set_borders(space, index, vma->start_addr, vma->end_addr);
			return;
		}
	}
	cut(space, vma->start_addr, vma->end_addr);
	index = first_behind(space, vma->start_addr);
	if (index && continues(space, index - 1, vma)) {
		set_borders(space, index - 1, space->extents[index - 1].start_addr, vma->end_addr);
		return;
	}
	insert_extent(space, index,
		      (struct extent){ vma->start_addr, vma->end_addr, add_vma(space, vma) });
}

struct fault_space *fault_space_copy(const struct fault_space *space)
{
	struct fault_space *copy = fault_space_new(space->page_bytes);

	for (size_t i = 0; i < space->nr; i++)
		fault_space_map(copy, &space->vmas[space->extents[i].id]);
	return copy;
}

void fault_space_clear(struct fault_space *space)
{
	space->nr = 0;
}

/* The parts of a mapping where nothing is known to be. */
static void fill_gaps(struct fault_space *space, const struct vma *vma)
{
	uint64_t at = vma->start_addr;

	while (at < vma->end_addr) {
		size_t index = first_behind(space, at);
		struct vma part = *vma;

		if (index < space->nr && space->extents[index].start_addr <= at) {
			at = space->extents[index].end_addr;
			continue;
		}
		part.start_addr = at;
		if (index < space->nr && space->extents[index].start_addr < part.end_addr)
			part.end_addr = space->extents[index].start_addr;
		if (vma->inode)
			part.off_bytes += at - vma->start_addr;
		fault_space_map(space, &part);
		at = part.end_addr;
	}
}

void fault_space_load(struct fault_space *space, const struct vma_list *list)
{
	for (size_t i = 0; i < vma_list_nr(list); i++) {
		const struct vma *vma = vma_list_at(list, i);

		if (!is_known_stack(space, vma))
			fill_gaps(space, vma);
	}
}

uint32_t fault_space_find(struct fault_space *space, uint64_t addr, bool *grew)
{
	size_t index = first_behind(space, addr);
	const struct vma *vma;

	if (grew)
		*grew = false;
	if (index == space->nr)
		return FAULT_SPACE_NONE;
	vma = &space->vmas[space->extents[index].id];
	if (addr >= vma->start_addr)
		return space->extents[index].id;
	if (vma->kind != VMA_STACK || vma->start_addr - addr > STACK_REACH_BYTES ||
	    (index && space->extents[index - 1].end_addr > addr))
		return FAULT_SPACE_NONE;
	set_borders(space, index, addr - addr % space->page_bytes, vma->end_addr);
	if (grew)
		*grew = true;
	return space->extents[index].id;
}

const struct vma *fault_space_at(const struct fault_space *space, uint32_t id)
{
	return id < space->nr_vmas ? &space->vmas[id] : NULL;
}

uint32_t fault_space_nr(const struct fault_space *space)
{
	return (uint32_t)space->nr_vmas;
}
