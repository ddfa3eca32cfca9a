/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_MODEL_FAULT_SPACE_H
#define PAGEWALK_MODEL_FAULT_SPACE_H

#include "model/vma.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The mappings of a process as its faults see them: put together, in the order of time, from
 * one reading of /proc/PID/maps and the news of mmap(2), brk(2) and mprotect(2) that perf gives
 * (PERF_RECORD_MMAP2). munmap(2) is not among that news: what was unmapped stays until
 * something else lies there. Every mapping ever seen keeps its number, so that a fault can name it.
 */
struct fault_space;

#define FAULT_SPACE_NONE UINT32_MAX

/* `page_bytes` is the page size, to which a stack grows. The caller frees it. */
struct fault_space *fault_space_new(uint64_t page_bytes);
void fault_space_free(struct fault_space *space);
/* Another one with the same mappings now, as fork(2) makes; numbers begin afresh. */
struct fault_space *fault_space_copy(const struct fault_space *space);
/* Nothing is mapped any more, as after execve(2); numbers of old mappings stay valid. */
void fault_space_clear(struct fault_space *space);
/*
 * A mapping appears, or changes; what it covers of others is cut away. One that continues its
 * neighbour in memory, file and permissions becomes one with it. The path is copied.
 */
void fault_space_map(struct fault_space *space, const struct vma *vma);
/*
 * Fills the gaps from a list that was read later than the faults that are to be placed: what
 * the news has told stays, for a list knows nothing of what lay there at the time of a fault.
 */
void fault_space_load(struct fault_space *space, const struct vma_list *list);
/*
 * The number of the mapping at addr, FAULT_SPACE_NONE where none is. A little below a stack, it
 * is the stack, which grows to there: *grew (may be NULL) says so.
 */
uint32_t fault_space_find(struct fault_space *space, uint64_t addr, bool *grew);
/* A mapping by its number, as it is or was last; borrowed until the next change. */
const struct vma *fault_space_at(const struct fault_space *space, uint32_t id);
/* How many numbers have been given. */
uint32_t fault_space_nr(const struct fault_space *space);

#endif
