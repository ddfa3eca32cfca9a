/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "learn/lesson.h"

/* Descriptor 0: a file of 256 pages; region 0 maps the first 64, shared. */

static const struct lesson_question cold_question = {
	.text = "The file is mapped, and none of it is cached. The program reads one byte. What "
		"kind "
		"of fault is that?",
	.choices = { "minor", "major" },
	.right = 1,
	.why = "The fault has to wait for storage: that is what major means. It fills the page "
	       "cache "
	       "first and the page table entry then.",
};

static const struct lesson_claim cold_claims[] = {
	{ "nothing of the file is cached before", QUANTITY_CACHED, CLAIM_BEFORE, CLAIM_EQUAL,
	  .expected = 0 },
	{ "the access took a major fault", QUANTITY_MAJOR, .relation = CLAIM_AT_LEAST,
	  .expected = 1 },
	{ "bytes were read from storage", QUANTITY_READ_BYTES, CLAIM_CHANGE, CLAIM_AT_LEAST,
	  .expected = 1 },
	{ "pages of the file are cached now", QUANTITY_CACHED, .relation = CLAIM_AT_LEAST,
	  .expected = 1 },
};

static const struct lesson_question warm_question = {
	.text = "The same again, but all of the file is cached. The program reads one byte. How "
		"many "
		"pages become present?",
	.choices = { "1", "more than 1" },
	.right = 1,
	.why = "The neighbours are cached as well, and mapping them costs next to nothing. The "
	       "kernel "
	       "does so in the same fault: fault-around.",
};

static const struct lesson_claim warm_claims[] = {
	{ "all 256 pages are cached before", QUANTITY_CACHED, CLAIM_BEFORE, CLAIM_EQUAL,
	  .expected = 256 },
	{ "no page is present before", QUANTITY_PRESENT, CLAIM_BEFORE, CLAIM_EQUAL, .expected = 0 },
	{ "no major fault", QUANTITY_MAJOR, .expected = 0 },
	{ "one minor fault", QUANTITY_MINOR, .expected = 1 },
	{ "made more than one page present", QUANTITY_PRESENT, .relation = CLAIM_AT_LEAST,
	  .expected = 2 },
};

static const struct lesson_claim all_claims[] = {
	{ "all 64 pages became present", QUANTITY_PRESENT, CLAIM_CHANGE, CLAIM_EQUAL,
	  .expected = 64 },
	{ "by at most 32 faults", QUANTITY_MINOR, .relation = CLAIM_AT_MOST, .expected = 32 },
	{ "and at least one", QUANTITY_MINOR, .relation = CLAIM_AT_LEAST, .expected = 1 },
	{ "they are pages of the file", QUANTITY_FILE_PAGES, .expected = 64 },
	{ "nothing was read from storage", QUANTITY_READ_BYTES, CLAIM_CHANGE, CLAIM_EQUAL,
	  .expected = 0 },
};

static const struct lesson_step steps[] = {
	{
		.title = "Cold: a major fault",
		.prose = "Where a VMA maps a file, the fault handler asks the file's address_space "
			 "for the page. If it is not in the page cache, it has to be read from "
			 "storage while the program waits. The program reads the first byte.",
		.question = &cold_question,
		.prepare = "map-cold",
		.action = "touch-file-page",
		.look = { 2, "a fault of kind file-major" },
		LESSON_CLAIMS(cold_claims),
	},
	{
		.title = "Cached: a minor fault",
		.prose =
			"Now the page is in the page cache. The handler only has to point the page "
			"table entry at its frame: a minor fault. No byte is copied.",
		.question = &warm_question,
		.prepare = "map-warm",
		.action = "touch-file-page",
		.look = { 1, "a group of pages fills, not one" },
		LESSON_CLAIMS(warm_claims),
	},
	{
		.title = "Fault-around: many by one",
		.prose = "Fault-around maps cached neighbours in an aligned window, 64 KiB unless "
			 "it is set otherwise. So a program that walks through a cached file takes "
			 "far fewer faults than it reads pages. The program reads one byte in each "
			 "of 64 pages.",
		.prepare = "map-warm",
		.action = "touch-file-pages",
		.look = { 2, "a few faults for 64 pages" },
		LESSON_CLAIMS(all_claims),
	},
};

const struct lesson lesson_fault_file = {
	.name = "fault-file",
	.title = "Faults on a mapped file",
	.summary = "major when cold, minor when cached, fault-around",
	.needs_disk = true,
	.shows_cache = true,
	LESSON_STEPS(steps),
};
