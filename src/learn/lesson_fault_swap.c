/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "learn/lesson.h"

/* Region 0: 64 pages of anonymous memory. Said 0: pages with the byte that was written. */

static const struct lesson_question out_question = {
	.text = "64 written pages of anonymous memory are to be reclaimed. What has the kernel to "
		"do "
		"first?",
	.choices = { "nothing: it can drop them", "write them to swap" },
	.right = 1,
	.why = "There is no file behind them, so this is the only copy. Clean file pages can be "
	       "dropped, anonymous pages cannot.",
};

static const struct lesson_claim out_claims[] = {
	{ "all 64 pages are present before", QUANTITY_PRESENT, CLAIM_BEFORE, CLAIM_EQUAL,
	  .expected = 64 },
	{ "all 64 are in swap after", QUANTITY_SWAPPED, .expected = 64 },
	{ "and none is present", QUANTITY_PRESENT, .expected = 0 },
	{ "the addresses are still mapped", QUANTITY_MAPPED, .expected = 64 },
};

static const struct lesson_question in_question = {
	.text = "The program reads one byte of a page that is in swap. What happens?",
	.choices = { "SIGSEGV: the page is away", "a minor fault", "a major fault" },
	.right = 2,
	.why = "The entry says where in swap the page lies. The handler has to read it in before "
	       "the "
	       "program can go on.",
};

static const struct lesson_claim in_claims[] = {
	{ "all 64 pages are in swap before", QUANTITY_SWAPPED, CLAIM_BEFORE, CLAIM_EQUAL,
	  .expected = 64 },
	{ "the access took a major fault", QUANTITY_MAJOR, .relation = CLAIM_AT_LEAST,
	  .expected = 1 },
	{ "that page is present now", QUANTITY_PRESENT, .relation = CLAIM_AT_LEAST, .expected = 1 },
	{ "others stay in swap", QUANTITY_SWAPPED, .relation = CLAIM_AT_LEAST, .expected = 1 },
};

static const struct lesson_claim all_claims[] = {
	{ "all 64 pages are in swap before", QUANTITY_SWAPPED, CLAIM_BEFORE, CLAIM_EQUAL,
	  .expected = 64 },
	{ "all 64 have the bytes that were written", QUANTITY_SAID, .expected = 64 },
	{ "all 64 are present", QUANTITY_PRESENT, .expected = 64 },
	{ "none is in swap", QUANTITY_SWAPPED, .expected = 0 },
};

static const struct lesson_step steps[] = {
	{
		.title = "Pushed out to swap",
		.prose = "When memory is short, the kernel reclaims frames. A page of anonymous "
			 "memory has to be written to swap first. Its page table entry then holds "
			 "the place in swap instead of a frame. The program asks for this itself, "
			 "by madvise with MADV_PAGEOUT.",
		.question = &out_question,
		.prepare = "map-for-swap",
		.action = "page-out",
		.look = { 1, "the row turns to swapped" },
		LESSON_CLAIMS(out_claims),
	},
	{
		.title = "Swap-in is a major fault",
		.prose = "A swapped entry is not present, so an access faults. The handler reads "
			 "the page from swap into a new frame. The program reads one byte of the "
			 "first page.",
		.question = &in_question,
		.prepare = "map-and-page-out",
		.action = "read-first",
		.look = { 2, "a fault of kind swap-in" },
		LESSON_CLAIMS(in_claims),
	},
	{
		.title = "Nothing was lost",
		.prose = "Swapping changes where a page lies and how long an access takes, and "
			 "nothing else. The program reads all 64 pages and compares them with what "
			 "it wrote.",
		.prepare = "map-and-page-out",
		.action = "check-all",
		.look = { 1, "the pages come back, in other frames" },
		LESSON_CLAIMS(all_claims),
	},
};

const struct lesson lesson_fault_swap = {
	.name = "fault-swap",
	.title = "Swap",
	.summary = "pushed out, swapped entry, swap-in",
	.needs_swap = true,
	LESSON_STEPS(steps),
};
