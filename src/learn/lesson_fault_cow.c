/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "learn/lesson.h"

/*
 * Region 0: 16 pages of the parent, region 1: the same in the child. In the last step region 0 is
 * a private mapping of 8 pages of a file, and figure 0 counts the file's bytes that changed.
 */

static const struct lesson_question fork_question = {
	.text = "A process with 16 written pages forks. How many pages does fork copy?",
	.choices = { "all 16", "none of them" },
	.right = 1,
	.why = "Only page table entries are copied, and made read-only in both. Copying is put off "
	       "until one of the two writes, and often that never happens.",
};

static const struct lesson_claim fork_claims[] = {
	{ "all 16 pages are the parent's own before", QUANTITY_EXCLUSIVE, CLAIM_BEFORE, CLAIM_EQUAL,
	  .expected = 16 },
	{ "none is after", QUANTITY_EXCLUSIVE, .expected = 0 },
	{ "the child has all 16 pages", QUANTITY_PRESENT, .subject = 1, .expected = 16 },
	{ "each in the frame of the parent's", QUANTITY_SAME_FRAMES, .other = 1, .expected = 16 },
};

static const struct lesson_question write_question = {
	.text = "The parent now writes to 4 of the 16 pages. How many pages do the two still "
		"share?",
	.choices = { "16", "12", "none" },
	.right = 1,
	.why = "Each store faults on a read-only entry whose VMA allows writing. The handler "
	       "copies "
	       "that one page and leaves the others shared.",
};

static const struct lesson_claim write_claims[] = {
	{ "none is the parent's own before", QUANTITY_EXCLUSIVE, CLAIM_BEFORE, CLAIM_EQUAL,
	  .expected = 0 },
	{ "each written page took one fault", QUANTITY_MINOR, .expected = 4 },
	{ "the four are the parent's own now", QUANTITY_EXCLUSIVE, .expected = 4 },
	{ "12 pages are still in one frame", QUANTITY_SAME_FRAMES, .other = 1, .expected = 12 },
	{ "all 16 are present in the child", QUANTITY_PRESENT, .subject = 1, .expected = 16 },
};

static const struct lesson_claim last_claims[] = {
	{ "all 16 pages are present before", QUANTITY_PRESENT, CLAIM_BEFORE, CLAIM_EQUAL,
	  .expected = 16 },
	{ "each written page took one fault", QUANTITY_MINOR, .expected = 4 },
	{ "16 different frames, as before", QUANTITY_NR_FRAMES, CLAIM_CHANGE, CLAIM_EQUAL,
	  .expected = 0 },
	{ "all 16 pages are the parent's own", QUANTITY_EXCLUSIVE, .expected = 16 },
};

static const struct lesson_question private_question = {
	.text = "A file is mapped with MAP_PRIVATE, and the program writes to two pages. Does the "
		"file change?",
	.choices = { "yes", "no" },
	.right = 1,
	.why = "The first store to a page copies it into anonymous memory. The page in the page "
	       "cache "
	       "stays as it is, and with it the file.",
};

static const struct lesson_claim private_claims[] = {
	{ "all 8 pages are the file's before", QUANTITY_FILE_PAGES, CLAIM_BEFORE, CLAIM_EQUAL,
	  .expected = 8 },
	{ "two of them are not any more", QUANTITY_FILE_PAGES, .expected = 6 },
	{ "all 8 are present", QUANTITY_PRESENT, .expected = 8 },
	{ "each written page took one fault", QUANTITY_MINOR, .expected = 2 },
	{ "no byte of the file has changed", QUANTITY_SAID, .expected = 0 },
};

static const struct lesson_step steps[] = {
	{
		.title = "fork shares all pages",
		.prose = "fork gives the child the same memory contents, yet it does not copy "
			 "them. Both page tables point to the same frames, and the entries become "
			 "read-only. The program has written 16 pages and now forks.",
		.question = &fork_question,
		.prepare = "fill-16",
		.action = "fork-16",
		.look = { 1, "the pages are mapped twice" },
		LESSON_CLAIMS(fork_claims),
	},
	{
		.title = "A write separates one page",
		.prose = "The VMA allows writing, but the entry does not: that is how the fault "
			 "handler knows a page that is to be copied on write. It takes a new "
			 "frame, copies the page, and makes the new entry writable. The parent "
			 "writes to 4 pages.",
		.question = &write_question,
		.prepare = "fill-and-fork",
		.action = "write-four-pages",
		.look = { 2, "four faults of kind cow" },
		LESSON_CLAIMS(write_claims),
	},
	{
		.title = "The last owner copies nothing",
		.prose = "The child has ended, so nobody else maps the pages; yet the entries are "
			 "still read-only. The parent writes to 4 pages. Each store faults, but "
			 "the handler sees that the page has one owner and only makes the entry "
			 "writable.",
		.prepare = "fork-and-end",
		.action = "write-four-pages",
		.look = { 2, "four faults, and the frames stay" },
		LESSON_CLAIMS(last_claims),
	},
	{
		.title = "A private mapping of a file",
		.prose = "A private mapping reads the page cache like a shared one. Only a store "
			 "makes the difference: it must not reach the file. The program has read "
			 "8 pages and writes to two of them.",
		.question = &private_question,
		.prepare = "map-private",
		.action = "write-private",
		.look = { 1, "two file pages become anonymous" },
		LESSON_CLAIMS(private_claims),
	},
};

const struct lesson lesson_fault_cow = {
	.name = "fault-cow",
	.title = "Copy on write",
	.summary = "fork, one page at a time, private file mappings",
	LESSON_STEPS(steps),
};
