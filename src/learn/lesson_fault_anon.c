/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "learn/lesson.h"

/* Region 0: 16 or 256 pages of anonymous memory, or as many as a huge page has. */

static const struct lesson_question read_question = {
	.text = "The program reads 16 pages that nobody has written. How many new frames does it "
		"get?",
	.choices = { "16", "1", "none of its own" },
	.right = 2,
	.why = "There is nothing to keep yet, so every entry points to one frame full of zeros "
	       "that "
	       "the whole system shares: the zero page.",
};

static const struct lesson_claim read_claims[] = {
	{ "each of the 16 pages took one fault", QUANTITY_MINOR, .expected = 16 },
	{ "all 16 map the zero page", QUANTITY_ZERO, .expected = 16 },
	{ "which is one frame", QUANTITY_NR_FRAMES, .expected = 1 },
};

static const struct lesson_question write_question = {
	.text = "Now the program writes to the same 16 pages. How many faults is that?",
	.choices = { "none: they are present", "16" },
	.right = 1,
	.why = "The zero page is mapped read-only. Each store faults, and the handler puts a new "
	       "frame in its place.",
};

static const struct lesson_claim write_claims[] = {
	{ "all 16 map the zero page before", QUANTITY_ZERO, CLAIM_BEFORE, CLAIM_EQUAL,
	  .expected = 16 },
	{ "each page took one more fault", QUANTITY_MINOR, .expected = 16 },
	{ "none maps the zero page after", QUANTITY_ZERO, .expected = 0 },
	{ "each has a frame of its own", QUANTITY_NR_FRAMES, .expected = 16 },
};

static const struct lesson_claim many_claims[] = {
	{ "no page is present before", QUANTITY_PRESENT, CLAIM_BEFORE, CLAIM_EQUAL, .expected = 0 },
	{ "256 pages took 256 faults", QUANTITY_MINOR, .expected = 256 },
	{ "the kernel's own count agrees", QUANTITY_COUNTED_MINOR, CLAIM_CHANGE, CLAIM_AT_LEAST,
	  .expected = 256 },
	{ "all 256 are present", QUANTITY_PRESENT, .expected = 256 },
	{ "none of them came from storage", QUANTITY_MAJOR, .expected = 0 },
};

static const struct lesson_claim again_claims[] = {
	{ "all 256 pages are present before", QUANTITY_PRESENT, CLAIM_BEFORE, CLAIM_EQUAL,
	  .expected = 256 },
	{ "writing them again takes no fault", QUANTITY_MINOR, .expected = 0 },
};

static const struct lesson_question huge_question = {
	.text = "The region is as large as one huge page. The program writes one byte. How many "
		"faults is that, and how many pages become present?",
	.choices = { "one fault, one page", "one fault, all pages", "a fault for each page" },
	.right = 1,
	.why = "The entry of the upper level points to the memory directly: a leaf. One fault "
	       "fills "
	       "it, and no lowest-level table is needed.",
};

static const struct lesson_claim huge_claims[] = {
	{ "no page is present before", QUANTITY_PRESENT, CLAIM_BEFORE, CLAIM_EQUAL, .expected = 0 },
	{ "one fault", QUANTITY_MINOR, .expected = 1 },
	{ "made more than one page present", QUANTITY_PRESENT, .relation = CLAIM_AT_LEAST,
	  .expected = 2 },
	{ "all of them under a huge leaf", QUANTITY_HUGE, .relation = CLAIM_AT_LEAST,
	  .expected = 2 },
};

static const struct lesson_step steps[] = {
	{
		.title = "First touch by a read",
		.prose = "A page fault is an exception of the processor: the page table has no "
			 "entry for the address. The handler looks for the VMA. If there is one, "
			 "it fills the entry in, and the instruction runs again. The program reads "
			 "one byte in each of 16 untouched pages.",
		.question = &read_question,
		.prepare = "map-16",
		.action = "read-all",
		.look = { 2, "16 faults, kind anon-read" },
		LESSON_CLAIMS(read_claims),
	},
	{
		.title = "First touch by a write",
		.prose = "The 16 pages have been read and map the zero page. That must stay zero "
			 "for everybody, so it can only be read. The program writes one byte to "
			 "each.",
		.question = &write_question,
		.prepare = "map-16-read",
		.action = "write-all",
		.look = { 2, "16 more faults in the same pages" },
		LESSON_CLAIMS(write_claims),
	},
	{
		.title = "N pages, N faults",
		.prose = "This is demand paging: memory is given page by page, at the moment of "
			 "need. None of it has to be read from storage, so these faults are "
			 "minor. The program writes to 256 new pages.",
		.prepare = "map-256",
		.action = "write-all",
		.look = { 2, "one fault for each page, in order" },
		LESSON_CLAIMS(many_claims),
	},
	{
		.title = "The second time is free",
		.prose = "Once the entry is there, the processor translates by itself, and the "
			 "kernel does not hear of it. The program writes to the same 256 pages "
			 "again.",
		.prepare = "map-256-write",
		.action = "write-all",
		.look = { 2, "no fault" },
		LESSON_CLAIMS(again_claims),
	},
	{
		.title = "A huge page: one fault",
		.prose =
			"An entry of the level above the lowest can point to memory itself instead "
			"of a table. On x86-64 such a page has 2 MiB, that is 512 pages. The "
			"program has asked for huge pages by madvise and writes one byte.",
		.question = &huge_question,
		.prepare = "map-huge",
		.action = "write-one",
		.look = { 1, "the whole row fills at once" },
		LESSON_CLAIMS(huge_claims),
	},
};

const struct lesson lesson_fault_anon = {
	.name = "fault-anon",
	.title = "First touch of anonymous memory",
	.summary = "zero page, demand paging, huge page",
	LESSON_STEPS(steps),
};
