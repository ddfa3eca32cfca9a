/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kind of a page fault, decided from the hardware's error code, the mapping that was struck
 * and what the page table says. The order of the rules is that in which the kernel decides
 * (arch/x86/mm/fault.c: do_user_addr_fault(); mm/memory.c: handle_pte_fault()).
 */
#include "model/fault.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

struct kind_row {
	const char *name, *title;
};

static const struct kind_row kinds[NR_FAULT_KIND] = {
	[FAULT_ANON_READ] = { "anon-read", "first touch by a load: the zero page" },
	[FAULT_ANON_WRITE] = { "anon-write", "first touch by a store: a new page" },
	[FAULT_STACK] = { "stack", "the stack grew" },
	[FAULT_FILE_MINOR] = { "file-minor", "a file's page, already cached" },
	[FAULT_FILE_MAJOR] = { "file-major", "a file's page, read from storage" },
	[FAULT_SHARED_WRITE] = { "shared-write", "a clean shared file page is written" },
	[FAULT_COW] = { "cow", "copy on write" },
	[FAULT_SWAP_IN] = { "swap-in", "read back from swap" },
	[FAULT_HUGE] = { "huge", "a huge page at once" },
	[FAULT_UFFD] = { "uffd", "handed to a userfaultfd" },
	[FAULT_SEGV] = { "segv", "ended in SIGSEGV" },
	[FAULT_BUS] = { "bus", "ended in SIGBUS" },
	[FAULT_UNKNOWN] = { "unknown", "not known" },
};

static const char *const severities[NR_FAULT_SEVERITY] = {
	[FAULT_MINOR] = "minor",
	[FAULT_MAJOR] = "major",
	[FAULT_FAILED] = "failed",
};

static const char *const doubts[NR_FAULT_DOUBT] = {
	[FAULT_SURE] = "",
	[FAULT_NO_ERROR_CODE] = "load or store is not known without the tracepoint's error code",
	[FAULT_NO_VMA] = "the mapping that it struck was not seen",
	[FAULT_DEVICE] = "pages of a device or of the kernel have no kind",
	[FAULT_SPURIOUS] = "the page was there: another CPU was faster, or NUMA balancing looked",
	[FAULT_MAY_BE_HUGE] = "perhaps a huge page: gone before it was seen",
	[FAULT_WAITED] = "it waited, but nothing of this process was in swap",
};

static void decide(struct fault *fault, enum fault_kind kind, enum fault_doubt doubt)
{
	fault->kind = (uint8_t)kind;
	fault->doubt = (uint8_t)doubt;
}

static bool is_private(const struct vma *vma)
{
	return !(vma->perms & VMA_SHARED);
}

/* The page was in the page table: what remains is a store that was not allowed yet. */
static void classify_protection(struct fault *fault, const struct fault_facts *facts)
{
	if (!(fault->error_code & FAULT_ERROR_WRITE))
		decide(fault, FAULT_UNKNOWN, FAULT_SPURIOUS);
	else if (facts->has_uffd)
		decide(fault, FAULT_UFFD, FAULT_SURE);
	else if (is_private(facts->vma))
		decide(fault, FAULT_COW, FAULT_SURE);
	else
		decide(fault, FAULT_SHARED_WRITE, FAULT_SURE);
}

/* Nothing was mapped at an address of private memory without a file. */
static void classify_anon(struct fault *fault, const struct fault_facts *facts)
{
	bool knows_write = fault->has_error_code, write = fault->error_code & FAULT_ERROR_WRITE;

	if (facts->grew_stack)
		decide(fault, FAULT_STACK, FAULT_SURE);
	else if (facts->was_swapped || (fault->severity == FAULT_MAJOR && facts->may_swap))
		decide(fault, FAULT_SWAP_IN, FAULT_SURE);
	else if (fault->severity == FAULT_MAJOR)
		decide(fault, FAULT_UNKNOWN, FAULT_WAITED);
	else if (facts->is_huge)
		decide(fault, FAULT_HUGE, FAULT_SURE);
	else if (knows_write)
		decide(fault, write ? FAULT_ANON_WRITE : FAULT_ANON_READ,
		       facts->huge_unseen ? FAULT_MAY_BE_HUGE : FAULT_SURE);
	else if (facts->seen_before)
		decide(fault, FAULT_COW, FAULT_NO_ERROR_CODE);
	else if (facts->page_known)
		decide(fault, facts->is_zero ? FAULT_ANON_READ : FAULT_ANON_WRITE,
		       FAULT_NO_ERROR_CODE);
	else
		decide(fault, FAULT_UNKNOWN, FAULT_NO_ERROR_CODE);
}

/* Nothing was mapped at an address of a file or of shared memory. */
static void classify_file(struct fault *fault, const struct fault_facts *facts)
{
	bool write = fault->has_error_code && fault->error_code & FAULT_ERROR_WRITE;

	if (facts->was_swapped)
		decide(fault, FAULT_SWAP_IN, FAULT_SURE);
	else if (facts->vma->kind == VMA_SHMEM && fault->severity == FAULT_MAJOR && facts->may_swap)
		decide(fault, FAULT_SWAP_IN, FAULT_SURE);
	else if (write && is_private(facts->vma))
		decide(fault, FAULT_COW, FAULT_SURE);
	else if (fault->severity == FAULT_MAJOR)
		decide(fault, FAULT_FILE_MAJOR, FAULT_SURE);
	else if (facts->is_huge)
		decide(fault, FAULT_HUGE, FAULT_SURE);
	else if (write && facts->vma->kind == VMA_FILE)
		decide(fault, FAULT_SHARED_WRITE, FAULT_SURE);
	else if (!fault->has_error_code && facts->seen_before)
		decide(fault, is_private(facts->vma) ? FAULT_COW : FAULT_SHARED_WRITE,
		       FAULT_NO_ERROR_CODE);
	else
		decide(fault, FAULT_FILE_MINOR, FAULT_SURE);
}

void fault_classify(struct fault *fault, const struct fault_facts *facts)
{
	if (facts->signal == SIGSEGV || facts->signal == SIGBUS) {
		fault->severity = FAULT_FAILED;
		decide(fault, facts->signal == SIGBUS ? FAULT_BUS : FAULT_SEGV, FAULT_SURE);
		return;
	}
	if (!facts->vma) {
		decide(fault, FAULT_UNKNOWN, FAULT_NO_VMA);
	} else if (facts->vma->kind == VMA_HUGETLB) {
		decide(fault, FAULT_HUGE, FAULT_SURE);
	} else if (facts->vma->kind == VMA_DEVICE || facts->vma->kind == VMA_SPECIAL) {
		decide(fault, FAULT_UNKNOWN, FAULT_DEVICE);
	} else if (fault->has_error_code && fault->error_code & FAULT_ERROR_PRESENT) {
		classify_protection(fault, facts);
	} else if (facts->has_uffd) {
		decide(fault, FAULT_UFFD, FAULT_SURE);
	} else if (vma_has_file(facts->vma)) {
		classify_file(fault, facts);
	} else {
		classify_anon(fault, facts);
	}
}

const char *fault_kind_name(enum fault_kind kind)
{
	return kinds[kind].name;
}

const char *fault_kind_title(enum fault_kind kind)
{
	return kinds[kind].title;
}

bool fault_kind_by_name(const char *name, enum fault_kind *kind)
{
	for (int i = 0; i < NR_FAULT_KIND; i++) {
		if (strcmp(kinds[i].name, name))
			continue;
		*kind = (enum fault_kind)i;
		return true;
	}
	return false;
}

int fault_kinds_parse(const char *list, uint32_t *bits, const char **bad)
{
	char name[16];

	*bits = 0;
	for (;;) {
		size_t len = strcspn(list, ",");
		enum fault_kind kind;

		*bad = list;
		if (len >= sizeof(name))
			return -EINVAL;
		memcpy(name, list, len);
		name[len] = '\0';
		if (!fault_kind_by_name(name, &kind))
			return -EINVAL;
		*bits |= UINT32_C(1) << kind;
		if (!list[len])
			return 0;
		list += len + 1;
	}
}

char *fault_kinds_text(char *out, size_t room)
{
	size_t at = 0;

	out[0] = '\0';
	for (int i = 0; i < NR_FAULT_KIND && at < room; i++)
		at += (size_t)snprintf(out + at, room - at, "%s%s", at ? " " : "", kinds[i].name);
	return out;
}

const char *fault_severity_name(enum fault_severity severity)
{
	return severities[severity];
}

const char *fault_doubt_text(enum fault_doubt doubt)
{
	return doubts[doubt];
}

const char *fault_broken_rule(const struct fault *fault)
{
	if (fault->kind == FAULT_BUS)
		return fault->si_code == BUS_ADRERR || !fault->si_code
			       ? "the mapping has no page of its file there"
			       : "the page could not be had";
	if (fault->si_code == SEGV_MAPERR)
		return "no mapping there";
	if (fault->has_error_code && fault->error_code & FAULT_ERROR_PROTECTION_KEY)
		return "a protection key forbids it";
	if (fault->has_error_code && fault->error_code & FAULT_ERROR_INSTRUCTION)
		return "the mapping may not be executed";
	if (fault->has_error_code && fault->error_code & FAULT_ERROR_WRITE)
		return "the mapping may not be written";
	if (fault->has_error_code)
		return "the mapping may not be read";
	return "no mapping there, or one that does not allow it";
}
