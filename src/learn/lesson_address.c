/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "learn/lesson.h"
#include "learn/pupil_wire.h"

/* Region 0: 16 or 256 pages of anonymous memory. */

static const struct lesson_question first_question = {
	.text = "The mapping has 16 pages. The program stores one byte. How many page frames does "
		"the kernel hand out?",
	.choices = { "16", "1", "none: a byte is too small" },
	.right = 1,
	.why = "A frame is given to a page when the page is first used, and only to that page.",
};

static const struct lesson_claim first_claims[] = {
	{ "no page is present before", QUANTITY_PRESENT, CLAIM_BEFORE, CLAIM_EQUAL, .expected = 0 },
	{ "one page is present after", QUANTITY_PRESENT, CLAIM_AFTER, CLAIM_EQUAL, .expected = 1 },
	{ "it took one page fault", QUANTITY_MINOR, CLAIM_AFTER, CLAIM_EQUAL, .expected = 1 },
	{ "one page has a frame", QUANTITY_FRAMES, CLAIM_AFTER, CLAIM_EQUAL, .expected = 1 },
};

static const struct lesson_question same_question = {
	.text = "A second byte is stored, 2,920 bytes further on in the same page. What happens?",
	.choices = { "a second frame", "a second page fault", "neither" },
	.right = 2,
	.why = "The translation is made by page. Both addresses have the same page number, and "
	       "only "
	       "the offset differs: one entry, one frame.",
};

static const struct lesson_claim same_claims[] = {
	{ "the second byte takes no fault", QUANTITY_MINOR, CLAIM_AFTER, CLAIM_EQUAL,
	  .expected = 0 },
	{ "still one page is present", QUANTITY_PRESENT, CLAIM_AFTER, CLAIM_EQUAL, .expected = 1 },
	{ "still one frame", QUANTITY_NR_FRAMES, CLAIM_AFTER, CLAIM_EQUAL, .expected = 1 },
};

static const struct lesson_question order_question = {
	.text = "256 pages that follow each other get their frames. Do the frames follow each "
		"other?",
	.choices = { "yes, all of them", "not all of them" },
	.right = 1,
	.why = "The page table lets any page lie in any frame, so the kernel takes what is free.",
};

static const struct lesson_claim order_claims[] = {
	{ "all 256 pages are present", QUANTITY_PRESENT, CLAIM_AFTER, CLAIM_EQUAL,
	  .expected = 256 },
	{ "256 different frames", QUANTITY_NR_FRAMES, CLAIM_AFTER, CLAIM_EQUAL, .expected = 256 },
	{ "not every next page is in the next frame", QUANTITY_IN_ORDER, CLAIM_AFTER, CLAIM_AT_MOST,
	  .expected = 254 },
};

static const struct lesson_step steps[] = {
	{
		.title = "From address to frame",
		.prose = "A program knows virtual addresses only. The processor cuts each into "
			 "table indexes and an offset in the page. The indexes lead down the page "
			 "table to an entry with a page frame number: frame number times page "
			 "size, plus the offset, is the physical address. Now the program stores "
			 "one byte.",
		.question = &first_question,
		.prepare = "map-16",
		.action = "touch-byte",
		.look = { 1, "the detail line: indexes, frame, physical address" },
		.split_bytes = { LESSON_FIRST_BYTE },
		.nr_split = 1,
		LESSON_CLAIMS(first_claims),
	},
	{
		.title = "Two addresses, one frame",
		.prose = "The lowest bits of an address are the offset within the page and are not "
			 "translated. Addresses that differ in nothing else use the same page "
			 "table entry. The program now stores a second byte in the page that it "
			 "has used already.",
		.question = &same_question,
		.prepare = "map-16-touch-byte",
		.action = "touch-other-byte",
		.look = { 1, "the frame in the detail line stays as it is" },
		.split_bytes = { LESSON_FIRST_BYTE, LESSON_SECOND_BYTE },
		.nr_split = 2,
		LESSON_CLAIMS(same_claims),
	},
	{
		.title = "Neighbours here, strangers there",
		.prose = "Pages that follow each other in the address space need not do so in "
			 "physical memory. Each page has an entry of its own, so any free frame "
			 "will do. The program writes to 256 pages, first to every second one, "
			 "then to the rest.",
		.question = &order_question,
		.prepare = "map-256",
		.action = "write-scattered",
		.look = { 1, "the lit cells of physical memory" },
		LESSON_CLAIMS(order_claims),
	},
};

const struct lesson lesson_address = {
	.name = "address",
	.title = "From virtual address to page frame",
	.summary = "one address, its indexes, its frame; neighbours and strangers",
	LESSON_STEPS(steps),
};
