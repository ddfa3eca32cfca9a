/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "learn/lesson.h"

/* Region 0: 256 pages of anonymous memory; 1: 16 pages of heap; 2: 16 pages of stack. */

static const struct lesson_question map_question = {
	.text = "The program maps 1 MiB. How much physical memory does that take?",
	.choices = { "1 MiB", "one page", "none" },
	.right = 2,
	.why = "mmap only notes down which addresses are valid and what for. Pages come with the "
	       "first access to each.",
};

static const struct lesson_claim map_claims[] = {
	{ "no VMA is there before", QUANTITY_VMAS, CLAIM_BEFORE, CLAIM_EQUAL, .expected = 0 },
	{ "one VMA after", QUANTITY_VMAS, CLAIM_AFTER, CLAIM_EQUAL, .expected = 1 },
	{ "it covers 256 pages", QUANTITY_MAPPED, CLAIM_AFTER, CLAIM_EQUAL, .expected = 256 },
	{ "no page of it is present", QUANTITY_PRESENT, CLAIM_AFTER, CLAIM_EQUAL, .expected = 0 },
};

static const struct lesson_claim touch_claims[] = {
	{ "16 pages became present", QUANTITY_PRESENT, CLAIM_CHANGE, CLAIM_EQUAL, .expected = 16 },
	{ "it is still one VMA", QUANTITY_VMAS, CLAIM_AFTER, CLAIM_EQUAL, .expected = 1 },
	{ "of 256 pages", QUANTITY_MAPPED, CLAIM_AFTER, CLAIM_EQUAL, .expected = 256 },
};

static const struct lesson_question protect_question = {
	.text = "mprotect makes four pages in the middle read-only. How many VMAs are there then?",
	.choices = { "1", "2", "3" },
	.right = 2,
	.why = "All addresses of a VMA have the same permissions. So the kernel splits it: before, "
	       "within and after the four pages.",
};

static const struct lesson_claim protect_claims[] = {
	{ "one VMA before", QUANTITY_VMAS, CLAIM_BEFORE, CLAIM_EQUAL, .expected = 1 },
	{ "three VMAs after", QUANTITY_VMAS, CLAIM_AFTER, CLAIM_EQUAL, .expected = 3 },
	{ "no page came or went", QUANTITY_PRESENT, CLAIM_CHANGE, CLAIM_EQUAL, .expected = 0 },
};

static const struct lesson_claim unmap_claims[] = {
	{ "two VMAs after", QUANTITY_VMAS, CLAIM_AFTER, CLAIM_EQUAL, .expected = 2 },
	{ "four pages of addresses went", QUANTITY_MAPPED, CLAIM_CHANGE, CLAIM_EQUAL,
	  .expected = -4 },
	{ "and four present pages", QUANTITY_PRESENT, CLAIM_CHANGE, CLAIM_EQUAL, .expected = -4 },
};

static const struct lesson_claim heap_claims[] = {
	{ "above the break nothing is mapped", QUANTITY_MAPPED, CLAIM_BEFORE, CLAIM_EQUAL,
	  .subject = 1, .expected = 0 },
	{ "brk made 16 pages valid", QUANTITY_MAPPED, CLAIM_AFTER, CLAIM_EQUAL, .subject = 1,
	  .expected = 16 },
	{ "none of them is present", QUANTITY_PRESENT, CLAIM_AFTER, CLAIM_EQUAL, .subject = 1,
	  .expected = 0 },
};

static const struct lesson_question stack_question = {
	.text = "An access strikes 16 pages or more below the lowest address of the stack. What "
		"does "
		"the kernel do?",
	.choices = { "it sends SIGSEGV", "it grows the stack" },
	.right = 1,
	.why = "The VMA of the stack may grow downwards. The fault handler extends it as far as "
	       "the "
	       "limit of the stack allows, and then resolves the fault.",
};

static const struct lesson_claim stack_claims[] = {
	{ "below the stack nothing is mapped", QUANTITY_MAPPED, CLAIM_BEFORE, CLAIM_EQUAL,
	  .subject = 2, .expected = 0 },
	{ "the stack grew over all 16 pages", QUANTITY_MAPPED, CLAIM_AFTER, CLAIM_EQUAL,
	  .subject = 2, .expected = 16 },
	{ "only the touched page is present", QUANTITY_PRESENT, CLAIM_AFTER, CLAIM_EQUAL,
	  .subject = 2, .expected = 1 },
	{ "by one fault", QUANTITY_MINOR, CLAIM_AFTER, CLAIM_EQUAL, .subject = 2, .expected = 1 },
};

static const struct lesson_step steps[] = {
	{
		.title = "mmap makes a VMA and no page",
		.prose = "A virtual memory area (VMA) is a range of addresses with one purpose and "
			 "one set of permissions. The mm_struct holds them all in order. The "
			 "program now maps 256 pages of anonymous memory and does not use them.",
		.question = &map_question,
		.prepare = "name-256",
		.action = "map-256",
		.look = { 1, "a new row in the address space, and it is empty" },
		LESSON_CLAIMS(map_claims),
	},
	{
		.title = "Pages come one by one",
		.prose = "The VMA says what may be there; the page table says what is there. The "
			 "program now writes to the first 16 of the 256 pages. The VMA does not "
			 "change by that.",
		.prepare = "map-256",
		.action = "write-16",
		.look = { 1, "16 pages fill up at the start of the row" },
		LESSON_CLAIMS(touch_claims),
	},
	{
		.title = "mprotect splits",
		.prose = "Permissions belong to the VMA. The program now makes pages 8 to 11 "
			 "read-only and leaves the others as they are.",
		.question = &protect_question,
		.prepare = "map-256-write-16",
		.action = "protect-middle",
		.look = { 1, "one row becomes three" },
		LESSON_CLAIMS(protect_claims),
	},
	{
		.title = "munmap cuts a hole",
		.prose = "munmap takes away addresses, and with them the pages that were there. It "
			 "need not take a whole VMA. The program unmaps pages 8 to 11.",
		.prepare = "map-256-write-16",
		.action = "unmap-middle",
		.look = { 1, "two rows with a gap between them" },
		LESSON_CLAIMS(unmap_claims),
	},
	{
		.title = "The heap grows by brk",
		.prose = "The heap is a VMA too. Its end is called the break, and brk moves it; "
			 "malloc does so when it needs more. The program moves the break up by 16 "
			 "pages.",
		.prepare = "find-heap",
		.action = "grow-heap",
		.look = { 1, "the row [heap] becomes longer" },
		LESSON_CLAIMS(heap_claims),
	},
	{
		.title = "The stack grows by itself",
		.prose = "Nobody calls the kernel to make the stack larger. The program just uses "
			 "an address below it, where no VMA is yet.",
		.question = &stack_question,
		.prepare = "find-stack",
		.action = "touch-stack",
		.look = { 1, "the row [stack] becomes longer" },
		LESSON_CLAIMS(stack_claims),
	},
};

const struct lesson lesson_vma = {
	.name = "vma",
	.title = "Virtual memory areas",
	.summary = "mmap, mprotect, munmap, heap and stack",
	LESSON_STEPS(steps),
};
